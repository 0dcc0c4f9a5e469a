#!/usr/bin/env python3
"""Failures and money: nothing more is sent than the user allows, and what is paid for is collected.

Goal: --max-failures, --canary and --max-cost, through the real binary. Method: an emulator of its own whose records fail by its faults; its own event
log says what was created, the independent judge that nothing is lost or paid twice.
"""
from harness import *

RECORDS = 60
EARLY = 6
UNPRICED = "mistral.mistral-large-2407-v1:0"
LANE = "jobs=1,job_records=10,shard_records=5,min_records=5"  # six jobs, one after another


def created(emulator):
    return len(emulator.events("job.created"))


def report(work):
    return json.loads(read_bytes(work.path("results.report.json")))


@test
def too_many_failures_end_the_run_early(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(limits=LANE, faults="record400:record:every=3")
    done = work.run(emulator, prompts, "results.jsonl", "--max-failures", "20%", lane=LANE)
    check_status(done, EARLY, "a third of the first job has failed")
    check(created(emulator) < 4, "the rest was not sent", str(created(emulator)))
    failed, ended = map(int, re.search(r"--max-failures 20% allows: (\d+) of (\d+) ", done.err).groups())
    check(failed * 5 > ended, "it says which limit, and by how much", done.err)
    check("what failed: 400: %d\n" % failed in done.err, "it says what failed", done.err)
    check(re.search(r"for example \S*prompts.jsonl:\d+: \S", done.err), "with a line and the service's words", done.err)
    check("--max-failures" in done.err.splitlines()[-1], "and how to go on", done.err)
    told = report(work)
    check_equal(("max-failures", failed, RECORDS - ended), (told["ended_early"], told["failed"], told["pending"]), "the report says so too")
    jobs = created(emulator)
    again = work.run(emulator, prompts, "results.jsonl", "--max-failures", "20%", lane=LANE)
    check_status(again, EARLY, "the same command again")
    check_equal(jobs, created(emulator), "and nothing more is created")
    done = work.run(emulator, prompts, "results.jsonl", "--max-failures", "50%", lane=LANE)
    check_status(done, SOME_FAILED, "the same command with a higher limit")
    check_equal((0, 20), (report(work)["pending"], report(work)["failed"]), "goes on to the end")
    work.judge(emulator, prompts, "results.jsonl")


@test
def a_limit_of_failures_outlives_its_process(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(limits=LANE, faults="record400:record:every=3")
    process = work.start_run(emulator, prompts, "results.jsonl", "--max-failures", "5", "--name", "m", lane=LANE)
    wait_until(lambda: created(emulator) >= 1, "the first job")
    process.kill()
    process.wait()
    done = work.penstock("resume", "m", env=work.environment(emulator))
    check_status(done, EARLY, "resume holds what run was told")
    check(created(emulator) <= 3, "at the sixth failure nothing more is sent", str(created(emulator)))
    done = work.penstock("resume", "m", "--max-failures", "40", env=work.environment(emulator))
    check_status(done, SOME_FAILED, "resume with a higher limit")
    work.judge(emulator, prompts, "results.jsonl")



@test
def a_canary_stops_before_the_rest_is_sent(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(limits=LANE, faults="record400:record:every=2")
    arguments = (emulator, prompts, "results.jsonl", "--canary", "3", "--name", "c")
    done = work.run(*arguments, lane=LANE)
    check_status(done, EARLY, "half of the canary has failed")
    check_equal(1, created(emulator), "one job was sent, and nothing else")
    check("smallest batch job has 5 records" in done.err, "a canary is no smaller than a job may be, and that is said", done.err)
    check(re.search(r"the canary did not succeed: [23] of 5 records", done.err), "it says why", done.err)
    check_equal(("canary", RECORDS - 5), (report(work)["ended_early"], report(work)["pending"]), "the report says so too")
    check_status(work.run(*arguments, lane=LANE), EARLY, "the same command again")
    check_equal(1, created(emulator), "and nothing more is sent")
    done = work.penstock("resume", "c", "--max-failures", "60%", env=work.environment(emulator))
    check_status(done, SOME_FAILED, "with a higher --max-failures it goes on")
    work.judge(emulator, prompts, "results.jsonl")


@test
def a_canary_that_lives_lets_the_rest_go_though_its_process_dies(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(limits=LANE)
    process = work.start_run(emulator, prompts, "results.jsonl", "--canary", "10", lane=LANE)
    wait_until(lambda: created(emulator) >= 1, "the canary")
    process.kill()
    process.wait()
    check_equal(1, created(emulator), "the canary is alone")
    done = work.run(emulator, prompts, "results.jsonl", "--canary", "10", lane=LANE)
    check_status(done, OK, "the same command goes on to the end")
    events = [event["event"] for event in emulator.events() if event["event"] in ("job.created", "job.state")]
    check_equal("job.state", events[1], "the canary worked before the next job was made")
    check_equal(6, created(emulator), "in six jobs")
    work.judge(emulator, prompts, "results.jsonl")


def cost(emulator):
    """What the emulator billed, by its own log, at the batch prices of HAIKU for a million tokens."""
    with open(os.path.join(ROOT, "data", "models.json"), encoding="utf-8") as file:
        models = {model["id"]: model for model in json.load(file)["models"]}
    price = models[HAIKU[len("us."):]]["prices"]["regional"]
    return sum(event["input_tokens"] * price["batch_input"] + event["output_tokens"] * price["batch_output"]
               for event in emulator.events("record") if event["is_billed"]) / 1e12


@test
def a_cap_of_money_is_never_crossed_and_a_higher_one_goes_on(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(limits=LANE)
    arguments = (emulator, prompts, "results.jsonl", "--max-tokens", "200", "--name", "m")
    process = work.start_run(*arguments, "--max-cost", "0.004", lane=LANE)
    wait_until(lambda: created(emulator) >= 1, "a job")
    process.kill()
    process.wait()
    done = work.run(*arguments, "--max-cost", "0.004", lane=LANE)
    check_status(done, EARLY, "the money does not reach")
    spent = cost(emulator)
    check(0 < spent <= 0.004, "what was billed is under the cap", "%f" % spent)
    check(re.search(r"ended early: --max-cost (under )?\$0\.\d+ does not hold", done.err), "it says so", done.err)
    told = report(work)
    check_equal("max-cost", told["ended_early"], "the report says so too")
    check(0 < told["pending"] < RECORDS and told["pending"] + told["succeeded"] == RECORDS, "what is paid for is collected", str(told))
    done = work.run(*arguments, "--max-cost", "5", lane=LANE)
    check_status(done, OK, "the same command with more money goes on to the end")
    work.judge(emulator, prompts, "results.jsonl")


@test
def a_cap_that_the_plan_crosses_is_refused_before_anything_is_sent(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(limits=LANE)
    arguments = [one for one in work.run_arguments(emulator, prompts, "results.jsonl", "--max-cost", "0.001", lane=LANE) if one != "--yes"]
    for _ in range(2):
        done = work.penstock(*arguments, env=work.environment(emulator))
        check_status(done, REFUSED, "the plan costs more")
        check("--expect-output" in done.err and "--yes" in done.err, "it says what to do", done.err)
    check_equal(0, created(emulator), "nothing was sent")
    unpriced = work.run(emulator, prompts, "results.jsonl", "--max-cost", "5", lane=LANE + ",region=us-west-2", model=UNPRICED)
    check_status(unpriced, REFUSED, "a model without a price")
    check("--models-file" in unpriced.err, "it says how to give one", unpriced.err)


main(__doc__)
