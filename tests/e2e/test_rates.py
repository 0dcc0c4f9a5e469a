#!/usr/bin/env python3
"""A service that keeps tokens/min, tokens/day and requests/s gets all the work done, at its own pace.

Goal: the emulator accepts nothing above a limit, whatever is asked of it, and a run that knows nothing of the limit
ends all the same, paying once. Method: the same prompts against emulators with one limit each; the judge adds up from
the event log what each minute, second and day was given, and how long it took is held against what the limit allows.
"""
from harness import *

PROMPTS = 300
SIZES = "jobs=3,job_records=50,shard_records=50,min_records=10"
SPEED_UP = 6000
SLOW = 600  # jobs of a minute must overlap
DAY_S = 24 * 3600


def pool_of(verdict):
    check_equal(1, len(verdict["pools"]), "one pool was judged")
    return list(verdict["pools"].values())[0]


def run_within(work, limits):
    prompts = work.prompts(PROMPTS)
    emulator = work.emulator(speed=SPEED_UP, limits=SIZES + ",startup=30s," + limits)
    check_status(work.run(emulator, prompts, "results.jsonl", "--poll-interval", "60s", lane=SIZES), OK, "the run")
    check(all(row["status"] == "succeeded" for row in read_jsonl(work.path("results.jsonl"))), "every prompt has its answer")
    return work.judge(emulator, prompts, "results.jsonl")


@test
def jobs_share_the_tokens_of_a_minute(work):
    verdict = run_within(work, "tpm=2k")
    pool = pool_of(verdict)
    check_equal(PROMPTS, pool["records"], "each record was given its tokens once")
    check(verdict["makespan_s"] >= pool["tokens"] * 60 // 2000, "it took the time that 2,000 tokens a minute need",
          verdict["makespan_s"])


@test
def a_day_gives_its_budget_and_no_more(work):
    verdict = run_within(work, "tpm=20k,tpd=6k,reset=12:00Z")
    pool = pool_of(verdict)
    days = -(-pool["tokens"] // 6000)
    check(days >= 2, "the work is more than a day's budget", pool)
    # The day says when a record ended: one of each of three jobs may have begun the day before.
    check(pool["days"] in (days, days + 1), "it took as many days as it has budgets", pool)
    check(verdict["makespan_s"] >= (days - 2) * DAY_S, "and the time of them", verdict["makespan_s"])


@test
def records_count_as_requests(work):
    verdict = run_within(work, "rps=1,rps_counts=records")
    check_equal(PROMPTS, pool_of(verdict)["records"], "each record was a request")
    check(verdict["makespan_s"] >= PROMPTS, "at one a second", verdict["makespan_s"])


@test
def what_is_refused_is_not_paid_for(work):
    # Three jobs at their own pace, a record a second each, where one a second is allowed.
    prompts = work.prompts(PROMPTS)
    emulator = work.emulator(speed=SLOW, limits=SIZES + ",startup=90s,rps=1,rps_counts=records,behaviour=refuse")
    done = work.run(emulator, prompts, "results.jsonl", "--poll-interval", "60s", lane=SIZES)
    check(done.status in (OK, SOME_FAILED), "the run ends, also where a record was refused three times", done.status)
    verdict = work.judge(emulator, prompts, "results.jsonl")
    check(verdict["records_processed"] > PROMPTS, "some records came back with 429 and were sent again",
          verdict["records_processed"])
    succeeded = sum(row["status"] == "succeeded" for row in read_jsonl(work.path("results.jsonl")))
    check_equal(succeeded, verdict["records_paid"], "what succeeded was paid for, once")
    check_equal(succeeded, pool_of(verdict)["records"], "and nothing else was given tokens")


main(__doc__)
