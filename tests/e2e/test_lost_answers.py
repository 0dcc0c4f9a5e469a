#!/usr/bin/env python3
"""Answers that are lost, late, cut, doubled or refused change nothing in the results and pay for nothing twice.

Goal: rules R2 and R5 under faults of the service's side. Method: one row a fault; the emulator fails as told, the run
must end with the bytes of the undisturbed run, and the judge recomputes what was paid.
"""
from harness import *

RECORDS = 40
UNDISTURBED = None

# (what happens, --faults)
ROWS = [
    ("the answer of every second create is lost", "lost:create:every=2"),
    ("the answer of every third put is lost", "lost:put:every=3"),
    ("every second create fails with 500 after it was carried out", "500:create:every=2:after"),
    ("every second create fails with 503 before it was carried out", "503:create:every=2:before"),
    ("every second create is refused with 429", "429:create:every=2"),
    ("every third put is told to slow down", "503:put:every=3"),
    ("the answer of every second create comes late", "slow:create:every=2"),
    ("every second create is delivered twice", "twice:create:every=2"),
    ("the answer of every third create is cut", "cut:create:every=3"),
    ("every third look is cut", "cut:get:every=3"),
    ("every third list of jobs is lost", "lost:list:every=3"),
    ("jobs are seen in lists 90 s late, and every second create is lost", "lag:list,lost:create:every=2"),
    ("tokens are forgotten, and every second create is lost", "forget:create,lost:create:every=2"),
    ("a name may be used again, and every second create is lost", "anyname:create,lost:create:every=2"),
    ("every second output arrives cut", "cut:get_object:every=2"),
    ("every second output arrives with a wrong byte", "corrupt:get_object:every=2"),
    ("every third look at outputs is refused", "503:list_objects:every=3"),
    ("one call in seven is lost before it is carried out", "lost:any:p=150:before"),
    ("one call in seven is lost after it was carried out", "lost:any:p=150:after"),
]


def undisturbed(work):
    global UNDISTURBED
    if UNDISTURBED is None:
        emulator = work.emulator("undisturbed")
        check_status(work.run(emulator, work.prompts(RECORDS), "undisturbed.jsonl"), OK, "the undisturbed run")
        UNDISTURBED = read_bytes(work.path("undisturbed.jsonl"))
    return UNDISTURBED


def add(row_text, faults):
    def function(work):
        expected = undisturbed(work)
        prompts = work.prompts(RECORDS)
        emulator = work.emulator(faults=faults)
        check_status(work.run(emulator, prompts, "results.jsonl"), OK, faults)
        fired = [event for event in emulator.events("request") if event.get("fault")]
        check(fired or faults.startswith(("forget", "anyname", "lag")), "the fault happened (%d times)" % len(fired))
        check(read_bytes(work.path("results.jsonl")) == expected, "the results are those of the undisturbed run")
        work.judge(emulator, prompts, "results.jsonl")
    function.__name__ = row_text.replace(" ", "_")
    test(function)


for row in ROWS:
    add(*row)
main(__doc__)
