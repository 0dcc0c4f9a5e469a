#!/usr/bin/env python3
"""R4: a call on demand is made once, whatever becomes of its answer.

Goal: no record is executed twice by itself, each that may have been paid without an answer is told as maybe_paid, and
no answer that arrived is lost. Method: runs on a lane on demand against an emulator whose answers get lost after the
execution, fail after it, are cut, or never reach a program that is killed; the judge counts executions from the log.
"""
from harness import *

LANE = "kind=on-demand,rps=%d"
COUNT = 60
SLOW = 20  # simulated seconds a second: calls are under way for a while


def arguments(work, emulator, prompts, *more, rps=20):
    return ["run", prompts, "-o", work.path("results.jsonl"), "--yes", "--lane",
            "name=od,model=%s,%s" % (HAIKU, LANE % rps), *more]


def ended(work):
    rows = read_jsonl(work.path("results.jsonl"))
    codes = [row["error"]["code"] for row in rows if row["status"] == "failed"]
    check_equal({"maybe_paid"} if codes else set(), set(codes), "nothing fails for another reason")
    return len(codes)


def run_with(work, faults, expected_status, *more):
    prompts = work.prompts(COUNT)
    emulator = work.emulator(limits=["name=od,kind=on-demand,rps=20"], faults=faults)
    done = work.penstock(*arguments(work, emulator, prompts, *more), env=work.environment(emulator))
    check_status(done, expected_status, "the run")
    return prompts, emulator, ended(work)


@test
def every_prompt_is_called_once(work):
    prompts, emulator, lost = run_with(work, None, OK)
    check_equal(0, lost, "every prompt has its answer")
    verdict = work.judge(emulator, prompts, "results.jsonl")
    check_equal(COUNT, verdict["invocations"], "each was called once")


@test
def an_answer_that_is_lost_after_execution_is_maybe_paid(work):
    prompts, emulator, lost = run_with(work, "lost:invoke:every=7", SOME_FAILED)
    check_equal(COUNT // 7, lost, "as many as were lost are told as maybe_paid")
    verdict = work.judge(emulator, prompts, "results.jsonl")
    check_equal(COUNT, verdict["invocations"], "each was executed, none twice")


@test
def an_error_after_execution_is_maybe_paid(work):
    prompts, emulator, lost = run_with(work, "503:invoke:every=7:after,500:invoke:every=11:after", SOME_FAILED)
    check_equal(COUNT // 7 + COUNT // 11, lost, "what may have been executed is told as maybe_paid")
    verdict = work.judge(emulator, prompts, "results.jsonl")
    check_equal(COUNT, verdict["invocations"], "each was executed, none twice")


@test
def an_answer_that_is_cut_is_maybe_paid(work):
    prompts, emulator, lost = run_with(work, "cut:invoke:every=9", SOME_FAILED)
    check_equal(COUNT // 9, lost, "as many as were cut are told as maybe_paid")
    work.judge(emulator, prompts, "results.jsonl")


@test
def what_the_service_refuses_first_is_called_again(work):
    prompts, emulator, lost = run_with(work, "429:invoke:every=4", OK)
    check_equal(0, lost, "every prompt has its answer")
    verdict = work.judge(emulator, prompts, "results.jsonl")
    check_equal(COUNT, verdict["invocations"], "each was executed once")


@test
def a_kill_with_calls_under_way_repeats_none(work):
    prompts = work.prompts(COUNT)
    emulator = work.emulator(speed=SLOW, limits=["name=od,kind=on-demand,rps=20"])
    log = open(work.path("run.log"), "ab")
    command = arguments(work, emulator, prompts)
    first = work.start(command, work.environment(emulator), stdout=log, stderr=log)
    wait_until(lambda: len(list(emulator.events("invocation"))) >= COUNT // 3, "some calls are executed")
    first.kill()
    first.wait()
    done = work.penstock(*command, env=work.environment(emulator))
    check(done.status in (OK, SOME_FAILED), "the same command goes on to the end", done)
    lost = ended(work)
    check(lost > 0, "what was under way is maybe_paid", lost)
    verdict = work.judge(emulator, prompts, "results.jsonl", "--killed")
    check(verdict["invocations"] <= COUNT, "nothing was executed twice", verdict["invocations"])


@test
def what_may_be_paid_is_sent_again_when_asked_for(work):
    prompts, emulator, lost = run_with(work, "lost:invoke:nth=3,lost:invoke:nth=5:before", SOME_FAILED, "--name", "x")
    check_equal(2, lost, "the service's client cannot know which was executed")
    again = work.penstock("retry", "x", "--resend-maybe-paid", "--yes", env=work.environment(emulator))
    check_status(again, OK, "penstock retry --resend-maybe-paid")
    check_equal(0, ended(work), "every prompt has its answer")
    verdict = work.judge(emulator, prompts, "results.jsonl", "--resent")
    check_equal(COUNT + 1, verdict["invocations"], "one was paid twice, as was asked for")


main(__doc__)
