#!/usr/bin/env python3
"""Goal: a lane on demand answers every record, in order, paid once (R4): with its limits kept, beside a lane of
jobs that leaves a tail, over connections that are cut after the service has worked, and over kill -9 with calls
open. What may have been paid is told, and is sent again only when the user says so.
Method: the real binary against `penstock emulate`; the independent judge reads the service's own log."""
import collections

from harness import *

LANE = "name=od,kind=on-demand,region=us-east-1,rps=20,tpm=3M"


def arguments(work, emulator, prompts, results, *lanes, more=()):
    found = ["run", prompts, "-o", results, "--model", HAIKU, "--poll-interval", "1s", "--name", "t"]
    for lane in lanes:
        found += ["--lane", lane]
    return found + list(more)


def go(work, emulator, prompts, *lanes, more=()):
    results = work.path("results.jsonl")
    return work.penstock(*arguments(work, emulator, prompts, results, *lanes, more=more),
                         env=work.environment(emulator))


def rows_of(work):
    return read_jsonl(work.path("results.jsonl"))


def codes_of(rows):
    return collections.Counter(row["error"]["code"] for row in rows if row["status"] == "failed")


def executed(emulator):
    """How often each body was executed, by its digest."""
    return collections.Counter(event["input_sha256"] for event in emulator.events("invocation"))


@test
def a_whole_file_comes_back_in_order(work):
    emulator = work.emulator(speed=20)
    prompts = work.prompts(60)
    done = go(work, emulator, prompts, LANE)
    check_status(done, OK, "run")
    check("on demand    60 calls" in done.out and "shard" not in done.out, "the report tells calls, and no jobs", done.out)
    rows = rows_of(work)
    check_equal(list(range(60)), [row["index"] for row in rows], "in order")
    check(all(row["status"] == "succeeded" for row in rows), "every record succeeded")
    attempts = read_jsonl(side_path(work.path("results.jsonl"), "attempts"))
    check(all(row["lane"] == "od" for row in attempts), "the lane is told")
    check_equal({}, emulator.jobs(), "no job was created")
    work.judge(emulator, prompts, "results.jsonl")


@test
def what_is_below_a_batchs_minimum_goes_on_demand(work):
    emulator = work.emulator(speed=SPEED)
    prompts = work.prompts(4)
    lane = "name=jobs,region=us-east-1,jobs=2,min_records=5,s3_uri=s3://%s/t,role_arn=%s" % (
        emulator.env["PENSTOCK_BUCKET"], emulator.env["PENSTOCK_ROLE_ARN"])
    check_status(go(work, emulator, prompts, lane, LANE), OK, "run")
    check_equal({}, emulator.jobs(), "no job was created")
    check_equal(["succeeded"] * 4, [row["status"] for row in rows_of(work)], "every record succeeded")
    work.judge(emulator, prompts, "results.jsonl")


@test
def a_connection_cut_after_the_work_is_maybe_paid_and_not_sent_again(work):
    emulator = work.emulator(speed=SPEED, faults="lost:invoke:nth=3:after,lost:invoke:nth=9:after")
    prompts = work.prompts(40)
    check_status(go(work, emulator, prompts, LANE), SOME_FAILED, "run")
    codes = codes_of(rows_of(work))
    check_equal({"maybe_paid": 2}, dict(codes), "what may have been paid is told")
    check_equal({1}, set(executed(emulator).values()), "nothing was executed twice")
    check_equal(40, len(executed(emulator)), "all was executed")
    again = work.penstock("retry", "t", env=work.environment(emulator))
    check("--resend-maybe-paid" in again.err, "retry says how to send them again", again.err)
    check_equal(40, sum(executed(emulator).values()), "and does not by itself")
    check_status(work.penstock("retry", "t", "--resend-maybe-paid", "--yes", env=work.environment(emulator)),
                 OK, "retry --resend-maybe-paid")
    check_equal(42, sum(executed(emulator).values()), "the two were sent again")


@test
def a_service_that_throttles_is_asked_again_later(work):
    emulator = work.emulator(speed=SPEED, faults="429:invoke:every=3:before")
    prompts = work.prompts(30)
    check_status(go(work, emulator, prompts, LANE), OK, "run")
    check_equal({1}, set(executed(emulator).values()), "nothing was executed twice")


@test
def killed_with_calls_open_it_goes_on_and_sends_none_of_them_again(work):
    emulator = work.emulator(speed=5)
    prompts = work.prompts(60)
    results = work.path("results.jsonl")
    for count in (3, 20, 40):
        process = work.start(arguments(work, emulator, prompts, results, LANE), work.environment(emulator),
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: len(emulator.events("invocation")) >= count or process.poll() is not None,
                   "%d calls were executed" % count)
        process.kill()
        process.wait()
    done = go(work, emulator, prompts, LANE)
    check(done.status in (OK, SOME_FAILED), "it goes on to the end", done.err)
    rows = rows_of(work)
    check_equal(60, len(rows), "every record has its line")
    check(set(codes_of(rows)) <= {"maybe_paid"}, "only what may have been paid failed", str(codes_of(rows)))
    check_equal({1}, set(executed(emulator).values()), "nothing was executed twice")
    work.judge(emulator, prompts, "results.jsonl", "--killed")


@test
def another_endpoint_of_the_calls_is_refused(work):
    emulator = work.emulator(speed=5)
    prompts = work.prompts(60)
    process = work.start(arguments(work, emulator, prompts, work.path("results.jsonl"), LANE), work.environment(emulator),
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: emulator.events("invocation"), "calls were executed")
    process.kill()
    process.wait()
    elsewhere = dict(work.environment(emulator), AWS_ENDPOINT_URL_BEDROCK_RUNTIME="http://localhost:%d" % emulator.port)
    done = work.penstock("resume", "t", env=elsewhere)
    check_status(done, DENIED, "resume with another host for the calls")
    check("localhost" in done.err, "it says which", done.err)
    check(go(work, emulator, prompts, LANE).status in (OK, SOME_FAILED), "the same command goes on")
    work.judge(emulator, prompts, "results.jsonl", "--killed")


main(__doc__)
