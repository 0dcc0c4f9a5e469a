#!/usr/bin/env python3
"""The standard mix of faults, and all of them: every record ends, nothing is paid twice.

Goal: promises 1, 2 and 6 when much goes wrong at once. Method: `--faults standard` and `all` of the emulator, whose draws
come from the seed of its data folder; the run is given again when it halts (as cron would), and the judge has the last word.
"""
from harness import *

RECORDS = 150
LANE = "jobs=3,job_records=20,shard_records=7,min_records=1"
ROUNDS = 20 if IS_SOAK else 3
STARTS_MAX = 10


def live_through(faults):
    def function(work):
        fired = collections.Counter()
        for number in range(ROUNDS):
            prompts = work.prompts(RECORDS)
            emulator = work.emulator("emulator-%d" % number, faults=faults, limits=LANE)
            results = "results-%d.jsonl" % number
            statuses = []
            while len(statuses) < STARTS_MAX and (not statuses or statuses[-1] not in (OK, SOME_FAILED)):
                done = work.run(emulator, prompts, results, lane=LANE)
                statuses.append(done.status)
                check(done.status != BUG, "no bug shows (status %d)" % done.status, done.err[-3000:])
            check(statuses[-1] in (OK, SOME_FAILED), "it ends, after %d starts: %s" % (len(statuses), statuses), done.err[-3000:])
            fired.update(event["fault"] for event in emulator.events("request") if event.get("fault"))
            codes = collections.Counter(row["error"]["code"] for row in read_jsonl(work.path(results)) if "error" in row)
            check(set(codes) <= {"400", "429", "500", "unaccounted", "missing"}, "records failed for a reason: %s" % dict(codes))
            work.judge(emulator, prompts, results)
        check(fired, "%d calls went wrong in %d runs" % (sum(fired.values()), ROUNDS))
    function.__name__ = "the_mix_%s_is_survived" % faults
    test(function)


live_through("standard")
live_through("all")
main(__doc__)
