#!/usr/bin/env python3
"""Each way in which a job, an output or a record may end: what is proven unprocessed goes again, nothing else does.

Goal: rules R3 and R7. Method: one row an ending, made by a fault of the emulator; the row says how the records end,
how many jobs that takes, and the judge recomputes that nothing was paid twice or sent needlessly.
"""
from harness import *

RECORDS = 40   # four jobs of two shards of five
SHARD = 5
ONE_AT_LEAST = "jobs=2,job_records=10,shard_records=5,min_records=1"

# (what happens, --faults, exit, {status: records}, jobs, {code of the failed ones})
ROWS = [
    ("nothing goes wrong", "none", OK, {"succeeded": 40}, 4, set()),
    ("a job fails without a word", "fail:job:nth=1", OK, {"succeeded": 40}, 5, set()),
    ("a job ends half done", "partial:job:nth=1", OK, {"succeeded": 40}, 5, set()),
    ("a job expires in the queue", "expire:job:nth=1", OK, {"succeeded": 40}, 5, set()),
    ("a job is stopped by somebody else", "stopped:job:nth=1", OK, {"succeeded": 40}, 5, set()),
    ("a job is stuck for three hours", "stuck:job:nth=1", OK, {"succeeded": 40}, 4, set()),
    ("outputs come a minute late", "late:output", OK, {"succeeded": 40}, 4, set()),
    ("outputs of a half done job come late", "partial:job:nth=1,late:output", OK, {"succeeded": 40}, 5, set()),
    ("there is no manifest", "nomanifest:job", OK, {"succeeded": 40}, 4, set()),
    ("the manifest disagrees", "badmanifest:job:nth=1", OK, {"succeeded": 40}, 4, set()),
    ("outputs lose their sub-folders", "flatten:job", OK, {"succeeded": 40}, 4, set()),
    ("an output is cut", "short:output:nth=1", SOME_FAILED, None, 4, {"unaccounted"}),
    ("an output vanishes", "vanish:output:nth=1", SOME_FAILED, {"succeeded": 40 - SHARD, "failed": SHARD}, 4, {"unaccounted"}),
    ("a record is throttled once", "record429:record:nth=3", OK, {"succeeded": 40}, None, set()),
    ("a record breaks the service once", "record500:record:nth=3", OK, {"succeeded": 40}, None, set()),
    ("a record is wrong", "record400:record:nth=3", SOME_FAILED, {"succeeded": 39, "failed": 1}, 4, {"400"}),
    ("texts hold half a character", "surrogate:record:every=3,badutf8:record:every=4", OK, {"succeeded": 40}, 4, set()),
    ("every record is throttled always", "record429:record", SOME_FAILED, {"failed": 40}, 12, {"429"}),
]


def add(row_text, faults, status, endings, jobs, codes):
    def function(work):
        prompts = work.prompts(RECORDS)
        emulator = work.emulator(faults=faults, limits=ONE_AT_LEAST)
        check_status(work.run(emulator, prompts, "results.jsonl", lane=ONE_AT_LEAST), status, faults)
        rows = read_jsonl(work.path("results.jsonl"))
        if endings is not None:
            check_equal(endings, dict(collections.Counter(row["status"] for row in rows)), "so end the records")
        check_equal(codes, {str(row["error"]["code"]) for row in rows if row["status"] == "failed"}, "with these reasons")
        if jobs is not None:
            check_equal(jobs, len(emulator.events("job.created")), "it took %d jobs" % jobs)
        check_failed_file(work, rows)
        repaired = sum("\ufffd" in row.get("text", "") for row in rows)
        check_equal(repaired, json.loads(read_bytes(work.path("results.report.json")))["repaired_lines"],
                    "%d of them had to be repaired, as the report says" % repaired)
        check((repaired > 0) == ("surrogate" in faults), "where the service sent what is no character")
        work.judge(emulator, prompts, "results.jsonl")
    function.__name__ = row_text.replace(" ", "_")
    test(function)


def check_failed_file(work, rows):
    """What did not succeed stands in the failed file, in input form, ready to be run again."""
    wanted = [row["id"] for row in rows if row["status"] != "succeeded"]
    path = work.path("results.failed.jsonl")
    found = [row["id"] for row in read_jsonl(path)] if os.path.exists(path) else []
    check_equal(wanted, found, "the failed file holds what did not succeed")


for row in ROWS:
    add(*row)
main(__doc__)
