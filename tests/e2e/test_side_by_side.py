#!/usr/bin/env python3
"""Runs side by side on one machine share slots and days: together they never take more than one run may.

Goal: the ledger of pools. Method: the service of these tests knows no limit, so it accepts whatever it is asked for; that the
sum stays within what the lanes say is the runs' own doing, and is counted from the service's event log. One of two runs is
killed with its jobs live: the other takes a slot only when one of those jobs has ended. What takes no part (a local run) does
not wait.
"""
import collections

from harness import *

SLOTS = 4
PROMPTS = 160
SIZES = "job_records=10,shard_records=10,min_records=5"
LANE = "jobs=%d,%s" % (SLOTS, SIZES)
SERVICE = SIZES + ",startup=10m"  # any number of jobs, any number of tokens a day
DAY_MS = 24 * 3600 * 1000
ENDED = {"Completed", "PartiallyCompleted", "Failed", "Stopped", "Expired"}


def start_named(work, emulator, name, count, *more, lane=LANE):
    prompts = work.prompts(count, name + ".jsonl")
    arguments = work.run_arguments(emulator, prompts, name + ".out.jsonl", "--name", name, *more, lane=lane, prefix=name)
    log = open(work.path("run.log"), "ab")
    return work.start(arguments, work.environment(emulator), stdout=log, stderr=log)


def steps(emulator):
    """(+1 or -1, run, job's name) as jobs of the log are created and end, in order."""
    names, found, alive = {}, [], set()
    for event in emulator.events():
        if event["event"] == "job.created":
            names[event["job"]] = event["name"]
            alive.add(event["job"])
            found.append((1, event["name"].split("-")[0], event["name"]))
        elif event["event"] == "job.state" and event["status"] in ENDED and event["job"] in alive:
            alive.remove(event["job"])
            found.append((-1, names[event["job"]].split("-")[0], names[event["job"]]))
    return found


def alive_now(emulator):
    alive = collections.Counter()
    for step, run, _ in steps(emulator):
        alive[run] += step
    return alive


def peak(emulator):
    alive, most = 0, 0
    for step, _, _ in steps(emulator):
        alive += step
        most = max(most, alive)
    return most


def check_answers(work, name, count):
    rows = read_jsonl(work.path(name + ".out.jsonl"))
    check_equal(count, sum(row["status"] == "succeeded" for row in rows), "every prompt of '%s' has its answer" % name)


def check_paid_once(work, emulator):
    emulator.stop()
    with open(emulator.ledger) as file:
        ledger = json.load(file)
    check_equal((0, []), (ledger["processed_twice"], ledger["breaches"]), "nothing was paid twice, by the service's own ledger")


@test
def two_runs_share_the_slots_of_one_account(work):
    emulator = work.emulator(limits=SERVICE)
    both = [start_named(work, emulator, name, PROMPTS) for name in ("one", "two")]
    for process in both:
        check_equal(OK, process.wait(SECONDS_MAX), "exit 0")
    runs = {run for _, run, _ in steps(emulator)}
    check_equal({"one", "two"}, runs, "both had jobs")
    check_equal(SLOTS, peak(emulator), "together they had as many jobs at once as one run may have, and no more")
    for name in ("one", "two"):
        check_answers(work, name, PROMPTS)
    check_paid_once(work, emulator)


@test
def a_dead_runs_slots_are_taken_when_its_jobs_have_ended(work):
    # Slow enough that the dead run's jobs are still live when the other asks for their slots.
    emulator = work.emulator(limits=SERVICE.replace("10m", "40m"))
    first = start_named(work, emulator, "one", PROMPTS)
    wait_until(lambda: alive_now(emulator)["one"] == SLOTS, "the first has all slots")
    first.kill()
    first.wait()
    check_equal(SLOTS, alive_now(emulator)["one"], "it is dead, and its jobs are live")
    second = start_named(work, emulator, "two", PROMPTS)
    check_equal(OK, second.wait(SECONDS_MAX), "the second comes to its end: exit 0")
    check_equal(SLOTS, peak(emulator), "the sum never crossed")
    found = steps(emulator)
    first_of_two = next(place for place, (step, run, _) in enumerate(found) if run == "two")
    ended_before = sum(step == -1 for step, _, _ in found[:first_of_two])
    check(ended_before > 0, "its first job came when one of the dead run's had ended", found[:12])
    check_equal(OK, work.penstock("resume", "one", env=work.environment(emulator)).status, "then the dead one goes on: exit 0")
    check_equal(SLOTS, peak(emulator), "and the sum never crossed")
    for name in ("one", "two"):
        check_answers(work, name, PROMPTS)
    check_paid_once(work, emulator)


@test
def killed_at_any_time_and_resumed_the_sum_never_crosses(work):
    emulator = work.emulator(limits=SERVICE)
    chance = random.Random(SEED)
    names, alive, kills, rounds = ("one", "two", "three"), {}, 0, 0
    for name in names:
        alive[name] = start_named(work, emulator, name, 80)
    # Not by a count of kills alone: a busy machine may need longer to come from a start to a job.
    while kills < (60 if IS_SOAK else 8) and rounds < 400:
        rounds += 1
        calls = len(emulator.events("request"))
        wait_until(lambda: len(emulator.events("request")) > calls + 15 or all(p.poll() is not None for p in alive.values()),
                   "something was done")
        name = chance.choice(names)
        if all(process.poll() is not None for process in alive.values()):
            break
        if alive[name].poll() is None:
            kills += 1
            alive[name].kill()
            alive[name].wait()
            alive[name] = start_named(work, emulator, name, 80)
    check(kills > 2, "%d kills" % kills)
    for name in names:
        check_equal(OK, alive[name].wait(SECONDS_MAX), "'%s' ends: exit 0" % name)
        check_answers(work, name, 80)
    check(peak(emulator) <= SLOTS, "the sum never crossed", peak(emulator))
    check_paid_once(work, emulator)


@test
def two_runs_share_the_budget_of_a_day(work):
    budget = 3000
    lane = "jobs=2,tpd=%d,tpm=20k,reset=12:00Z,%s" % (budget, SIZES)
    emulator = work.emulator(speed=12000, limits=SIZES + ",startup=10m")
    more = ["--poll-interval", "10m", "--max-tokens", "30"]
    both = [start_named(work, emulator, name, 100, *more, lane=lane) for name in ("one", "two")]
    for process in both:
        check_equal(OK, process.wait(SECONDS_MAX), "exit 0")
    days = collections.Counter()
    for event in emulator.events("record"):
        days[(event["at_ms"] - DAY_MS // 2) // DAY_MS] += event["input_tokens"] + event["output_tokens"]
    check(len(days) >= 2, "it took days", days)
    check(max(days.values()) <= budget, "no day gave both together more than its budget", days)
    for name in ("one", "two"):
        check_answers(work, name, 100)
    check_paid_once(work, emulator)


@test
def local_runs_share_nothing(work):
    emulator = work.emulator(limits=SERVICE.replace("10m", "10h"))
    first = start_named(work, emulator, "one", PROMPTS)
    wait_until(lambda: alive_now(emulator)["one"] == SLOTS, "a run has all slots")
    prompts = work.prompts(40, "local.jsonl")
    check_status(work.run(None, prompts, "local.out.jsonl", "--name", "local", lane=LANE), OK, "a local run does not wait for it")
    check(first.poll() is None, "which goes on")


main(__doc__)
