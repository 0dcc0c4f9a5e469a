#!/usr/bin/env python3
"""Neither secrets nor prompts appear in a log, an error, the store, argv or a file that is not meant to hold them.

Goal: promise 8. Method: a canary in the prompts, and the emulator's own secret key; after a run at the loudest log level,
with faults, every file that Penstock wrote is searched, and the command line and environment of the live process too.
"""
from harness import *

CANARY = "canary-7f3a91-prompt"


@test
def nothing_leaks(work):
    prompts = work.write_jsonl("in.jsonl", [{"id": "p%d" % number, "prompt": "%s number %d" % (CANARY, number)}
                                            for number in range(20)])
    emulator = work.emulator(faults="500:put:every=5,lost:create:nth=1,record400:record:nth=2")
    more = ("--state-dir", work.path("state-dir"), "--log-file", work.path("log"), "-v")
    process = work.start_run(emulator, prompts, "results.jsonl", *more)
    wait_until(lambda: emulator.events("job.created") or process.poll() is not None, "a job")
    secret = emulator.env["AWS_SECRET_ACCESS_KEY"].encode()
    if process.poll() is None:
        check(secret not in read_bytes("/proc/%d/cmdline" % process.pid), "the secret key is not in argv")
    check_equal(SOME_FAILED, process.wait(SECONDS_MAX), "the run: exit 1 (one record is made to fail)")
    may_hold_prompts = {"in.jsonl", "results.jsonl", "results.failed.jsonl"}
    searched = 0
    for folder, _, files in os.walk(work.root):
        if folder.startswith(emulator.folder):
            continue
        for name in files:
            data = read_bytes(os.path.join(folder, name))
            searched += 1
            check_quiet(secret not in data, "the secret key is in %s" % os.path.join(folder, name))
            if name not in may_hold_prompts and not name.endswith(".seg"):
                check_quiet(CANARY.encode() not in data, "a prompt is in %s" % os.path.join(folder, name))
    check(searched >= 8, "%d files searched, no secret and no prompt where it should not be" % searched)
    check(os.path.getsize(work.path("log")) > 0, "and there was a log to search")


def check_quiet(holds, text):
    if not holds:
        raise Failed(text)


@test
def a_wrong_key_is_refused_without_being_told(work):
    emulator = work.emulator()
    emulator.env["AWS_SECRET_ACCESS_KEY"] = "canary-secret-that-is-wrong"
    done = work.run(emulator, work.prompts(20), "results.jsonl")
    check_status(done, DENIED, "a wrong secret key")
    check("canary-secret" not in done.out + done.err, "the message does not hold it")
    check_equal(0, len(emulator.events("object.put")), "nothing was put")


main(__doc__)
