#!/usr/bin/env python3
"""Several lanes at once: each does its part, lanes of one quota share its slots, and a day's budget is held.

Goal: pools, shares and day budgets of a run, through the real binary. Method: four lanes, two of pools of their own and two of
one pool, against an emulator of its own, straight and killed again and again; the independent judge, and our own count of what
was alive at once, from the emulator's log.
"""
import collections

from harness import *

RECORDS = 160
JOBS = 17  # by slots: 27 + 53 + 40 + 40 records, in jobs of ten
SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0"
OPUS = "anthropic.claude-opus-4-5-20251101-v1:0"
SMALL = "job_records=10,shard_records=5,min_records=5"
LANES = [
    "name=haiku,model=%s,region=us-east-1,jobs=1" % HAIKU,
    "name=opus,model=us.%s,region=us-east-1,jobs=2" % OPUS,
    "name=us,model=us.%s,region=us-east-1,jobs=3" % SONNET,
    "name=global,model=global.%s,region=us-east-1" % SONNET,  # the same quota as the one before
]
POOLS = [(HAIKU[3:], 1), (OPUS, 2), (SONNET, 3)]
# In two Regions, each with a bucket of its own.
LOCAL_LANES = [LANES[0].replace("us-east-1", "us-west-2")] + LANES[1:]
ENDED = {"Completed", "PartiallyCompleted", "Failed", "Stopped", "Expired"}


def limits(lanes, more):
    """A limits file's lines: base models, and what a second lane of a pool leaves out is the first one's."""
    return ["%s,%s" % (lane.replace("model=us.", "model="), more) for lane in lanes if not lane.startswith("name=global")]


def arguments(work, emulator, prompts, lanes, more, *others):
    found = ["run", prompts, "-o", work.path("results.jsonl"), "--yes"]
    if emulator is None:
        found += ["--local"]
    else:
        found += ["--s3-uri", "s3://%s/t" % emulator.env["PENSTOCK_BUCKET"], "--role-arn", emulator.env["PENSTOCK_ROLE_ARN"]]
    for lane in lanes:
        found += ["--lane", "%s,%s" % (lane, more)]
    return found + list(others)


def alive_at_most(events):
    """base model -> how many of its jobs were alive at once, at most"""
    pools, alive, most = {}, collections.Counter(), collections.Counter()
    for event in events:
        if event["event"] == "job.created":
            pools[event["job"]] = event["base_model"]
            alive[pools[event["job"]]] += 1
            most[pools[event["job"]]] = max(most[pools[event["job"]]], alive[pools[event["job"]]])
        elif event["event"] == "job.state" and event["status"] in ENDED:
            alive[pools[event["job"]]] -= 1
    return most


def check_pools(events):
    most = alive_at_most(events)
    for model, slots in POOLS:
        check_equal(slots, most[model], "at most %d jobs of %s at once, and so many" % (slots, model))


def check_lanes(work, lanes):
    rows = read_jsonl(work.path(side_path("results.jsonl", "attempts")))
    names = collections.Counter(row["lane"] for row in rows)
    check_equal({lane.split(",")[0][len("name="):] for lane in lanes}, set(names), "each lane has answered some")


@test
def lanes_of_three_pools_work_side_by_side(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(limits=limits(LANES, SMALL))
    done = work.penstock(*arguments(work, emulator, prompts, LANES, SMALL, "--poll-interval", "20s"), env=work.environment(emulator))
    check_status(done, OK, "penstock run")
    check_pools(emulator.events())
    check_equal(JOBS, len(emulator.events("job.created")), "so many jobs")
    check_lanes(work, LANES)
    work.judge(emulator, prompts, "results.jsonl")


@test
def a_run_of_lanes_that_is_killed_goes_on(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(limits=limits(LANES, SMALL))
    kills = 0
    for jobs in (1, 4, 6, 9, 12, 14, 16):
        process = work.start(arguments(work, emulator, prompts, LANES, SMALL), work.environment(emulator),
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: len(emulator.events("job.created")) >= jobs or process.poll() is not None, "job %d" % jobs)
        kills += 1 if process.poll() is None else 0
        process.kill()
        process.wait()
    check(kills >= 4, "killed %d times" % kills)
    done = work.penstock(*arguments(work, emulator, prompts, LANES, SMALL), env=work.environment(emulator))
    check_status(done, OK, "the same command again")
    check_equal(JOBS, len(emulator.events("job.created")), "no job more than without kills")
    check_lanes(work, LANES)
    work.judge(emulator, prompts, "results.jsonl")


@test
def a_local_run_has_all_its_lanes(work):
    prompts = work.prompts(RECORDS)
    done = work.penstock(*arguments(work, None, prompts, LOCAL_LANES, SMALL, "--name", "local"))
    check_status(done, OK, "penstock run --local")
    data = work.path("state", "penstock", "runs", "local", "emulator")
    check_lanes(work, LOCAL_LANES)
    status = json.loads(read_bytes(work.path("state", "penstock", "runs", "local", "status.json")))
    check_equal([(lane["lane"], lane["pool"], lane["slots"]) for lane in status["lanes"]],
                [("haiku", 0, 1), ("opus", 1, 2), ("us", 2, 3), ("global", 2, 3)], "status.json tells of each lane")
    check_equal(RECORDS, sum(lane["records_done"] for lane in status["lanes"]), "and what each has done")
    runs = {json.loads(line)["run"] for line in read_bytes(os.path.join(data, "events.jsonl")).splitlines() if b'"job.created"' in line}
    check_equal(2, len(runs), "in a bucket of each Region")
    work.judge(None, prompts, "results.jsonl", *("--run=" + run for run in sorted(runs)), data=data)


@test
def lanes_that_contradict_each_other_are_refused(work):
    prompts = work.prompts(10)
    lanes = [LANES[2], LANES[3] + ",jobs=5"]
    done = work.penstock(*arguments(work, None, prompts, lanes, SMALL))
    check_status(done, USAGE, "two lanes of one quota with different slots")
    check("'us' and 'global'" in done.err and "jobs" in done.err, "both are named, and the key", done)


# Each record counts 5 or 6 tokens of input, as the index estimates, and 20 of output: a job of ten is 250 to 260.
DAY = "tpd=600,reset=06:00Z,jobs=4"
DAY_SPEED = 10000


def created_days(emulator):
    """How many jobs were created in each day that ends at 06:00 UTC."""
    return collections.Counter((event["time_ms"] - 6 * 3600 * 1000) // 86400000 for event in emulator.events("job.created"))


@test
def a_days_budget_is_held_over_days_and_kills(work):
    prompts = work.prompts(80)
    lanes = ["name=day,model=%s,region=us-east-1,%s" % (HAIKU, DAY)]
    emulator = work.emulator(speed=DAY_SPEED, limits=["name=day,%s,%s" % (SMALL, DAY)])
    command = arguments(work, emulator, prompts, lanes, SMALL, "--max-tokens", "20")
    for jobs in (1, 4):
        process = work.start(command, work.environment(emulator), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: len(emulator.events("job.created")) >= jobs or process.poll() is not None, "job %d" % jobs)
        process.kill()
        process.wait()
    check_status(work.penstock(*command, env=work.environment(emulator)), OK, "penstock run")
    days = created_days(emulator)
    check(sum(days.values()) >= 8, "at least eight jobs", str(days))
    check(max(days.values()) <= 4, "not more in any day than the four jobs that its 23 records make", str(days))
    check(len(days) >= 4, "over at least four days", str(days))
    work.judge(emulator, prompts, "results.jsonl")


main(__doc__)
