#!/usr/bin/env python3
"""Runs of many days without anybody watching: killed again and again, ticked by cron, resumed all together.

Goal: promise 6 over days. Nothing is paid twice and no day's budget is crossed, however often the process dies between two
turns of the day; ticks come to the same end, two at once included; `resume --all` lets every run go on side by side.
Method: the real binary against an emulator whose days take seconds; the independent judge adds up each day.
"""
from harness import *

PROMPTS = 240
DAYS_SPEED = 12000  # a day in 7 s
DAY_MS = 24 * 3600 * 1000
SIZES = "jobs=3,job_records=20,shard_records=20,min_records=5"
BUDGET = "tpm=20k,tpd=2500,reset=12:00Z"
FEW_HOURS_MS = 3 * 3600 * 1000
DAYS_RUN = ["--poll-interval", "10m", "--max-tokens", "30", "--name", "days"]


def days_arguments(work, emulator, prompts):
    return work.run_arguments(emulator, prompts, "results.jsonl", *DAYS_RUN, lane=SIZES + "," + BUDGET)


def days_emulator(work):
    return work.emulator(speed=DAYS_SPEED, limits=SIZES + ",startup=10m," + BUDGET)


def judge_days(work, emulator, prompts):
    rows = read_jsonl(work.path("results.jsonl"))
    check_equal(PROMPTS, sum(row["status"] == "succeeded" for row in rows), "every prompt has its answer")
    verdict = work.judge(emulator, prompts, "results.jsonl")
    pool = list(verdict["pools"].values())[0]
    check(verdict["makespan_s"] > 2 * DAY_MS // 1000, "it took days: %d s" % verdict["makespan_s"])
    check(pool["days"] >= 3, "and the budgets of at least three", pool)


def sim_ms(emulator):
    events = emulator.events()
    return events[-1]["time_ms"] if events else 0


def run_file(work, name, file):
    return work.path("state", "penstock", "runs", name, file)


def status_of(work, name):
    try:
        with open(run_file(work, name, "status.json")) as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def is_over(work, name):
    return status_of(work, name).get("phase") == "ended"


@test
def a_run_killed_each_few_hours_keeps_each_days_budget(work):
    prompts = work.prompts(PROMPTS)
    emulator = days_emulator(work)
    chance = random.Random(SEED)
    kills = 0
    while not is_over(work, "days") and kills < 200:
        calls = len(emulator.events("request"))
        begun_ms = sim_ms(emulator)
        process = work.start(days_arguments(work, emulator, prompts), work.environment(emulator), stderr=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL)
        few_ms = chance.randrange(FEW_HOURS_MS)
        # It must have come beyond its first looks, on a busy machine too.
        wait_until(lambda: process.poll() is not None or (len(emulator.events("request")) > calls + 6 and
                                                          sim_ms(emulator) - begun_ms > few_ms), "the moment to kill at")
        kills += process.poll() is None
        process.kill()
        process.wait()
    check(kills >= 4, "it was killed %d times" % kills)
    judge_days(work, emulator, prompts)


@test
def ticks_two_at_once_now_and_then_come_to_the_same_end(work):
    prompts = work.prompts(PROMPTS)
    emulator = days_emulator(work)
    env = work.environment(emulator)
    chance = random.Random(SEED)
    # The run is begun by its own command, and left at once.
    first = work.start(days_arguments(work, emulator, prompts), env, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    wait_until(lambda: len(emulator.events("job.created")) > 0, "a job")
    first.kill()
    first.wait()
    ticks, doubles, said = 0, 0, {}
    while said.get("phase") != "ended" and ticks < 2000:
        beside = None
        if chance.random() < 0.2:
            doubles += 1
            beside = work.start(["tick", "days", "--json"], env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        done = work.penstock("tick", "days", "--json", env=env)
        ticks += 1
        if beside is not None and beside.wait(SECONDS_MAX) != OK:
            raise Failed("a tick beside another ended with %s" % beside.returncode)
        if done.status != OK:
            raise Failed("a tick ended with %s:\n%s" % (done.status, done.err))
        said = json.loads(done.out)
        check_next(said)
    check(doubles > 0, "%d ticks, %d of them beside another" % (ticks, doubles))
    judge_days(work, emulator, prompts)
    again = work.penstock("tick", "days", "--json", env=env)
    check_status(again, OK, "a tick after the end ends with the run's own status")
    check_equal((None, 0), (json.loads(again.out)["next"], json.loads(again.out)["exit_status"]), "and nothing is due")


def check_next(said):
    """It is over, or says when to come back, or another process has it."""
    holds = said["next"] is None if said["phase"] in ("ended", "running") else \
        re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", said["next"] or "") and said["next_s"] >= 0
    if not holds:
        raise Failed("what a tick says does not go together: %s" % said)


@test
def resume_all_lets_every_run_go_on_side_by_side(work):
    names = ["one", "two", "three"]
    # Slow enough for the three to be seen alive together, on a busy machine too.
    emulator = work.emulator(limits=SMALL_LIMITS.replace("jobs=2", "jobs=20") + ",startup=15m")
    env = work.environment(emulator)
    for name in names:
        prompts = work.prompts(40, name + ".jsonl")
        process = work.start(work.run_arguments(emulator, prompts, name + ".out.jsonl", "--name", name, prefix=name), env,
                             stderr=subprocess.DEVNULL)
        wait_until(lambda: os.path.exists(run_file(work, name, "status.json")) or process.poll() is not None, "a run has begun")
        process.kill()
        process.wait()
    dead = {status_of(work, name)["pid"] for name in names}
    log = open(work.path("run.log"), "ab")
    everyone = work.start(["resume", "--all"], env, stdout=log, stderr=log)
    wait_until(lambda: all(status_of(work, name).get("phase") == "running" and
                           status_of(work, name)["pid"] not in dead for name in names), "all run at once")
    pids = {status_of(work, name)["pid"] for name in names}
    check_equal(3, len(pids), "each goes on in a process of its own, at the same time")
    beside = work.penstock("resume", "--all", env=env)
    check_status(beside, OK, "a second one beside it")
    check(beside.out.count(" running ") == 3, "sees that each has its process", beside)
    os.kill(status_of(work, "two")["pid"], signal.SIGKILL)
    check_equal(OK, everyone.wait(SECONDS_MAX), "all end, the one whose process was killed too: exit 0")
    for name in names:
        check_equal(1, len(re.findall(r"^%s +ended +40 of 40 records" % name, work.said(), re.M)), "one line tells the end of " + name)
    done = work.penstock("resume", "--all", env=env)
    check_status(done, OK, "once more")
    check("there is nothing to go on with" in done.err, "nothing is left", done.err)
    check_equal(OK, work.penstock("verify", "two", env=env).status, "and what was killed is whole")


@test
def a_signal_lets_all_of_them_rest(work):
    emulator = work.emulator(limits=SMALL_LIMITS + ",startup=2h")
    env = work.environment(emulator)
    for name in ("one", "two"):
        prompts = work.prompts(40, name + ".jsonl")
        process = work.start(work.run_arguments(emulator, prompts, name + ".out.jsonl", "--name", name, prefix=name), env,
                             stderr=subprocess.DEVNULL)
        wait_until(lambda: os.path.exists(run_file(work, name, "status.json")) or process.poll() is not None, "a run has begun")
        process.kill()
        process.wait()
    everyone = work.start(["resume", "--all"], env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    wait_until(lambda: len(emulator.events("job.created")) >= 3, "both have jobs")
    everyone.terminate()
    out, _ = everyone.communicate(timeout=SECONDS_MAX)
    check_equal(STOPPED, everyone.returncode, "exit 5")
    check_equal(2, text(out).count(" paused "), "both are told to rest")


@test
def the_units_of_systemd_are_installed(work):
    build = os.path.dirname(os.path.abspath(PENSTOCK))
    if not os.path.isdir(os.path.join(build, "meson-private")):
        raise Skipped("package: the program under test is not in a folder of meson's")
    done = subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--quiet"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env=dict(os.environ, DESTDIR=work.path("root")))
    check_equal(0, done.returncode, "meson install: " + text(done.stdout))
    units = [os.path.join(folder, "penstock." + kind) for kind in ("service", "timer")
             for folder, _, files in os.walk(work.path("root")) if "penstock." + kind in files]
    check_equal(2, len(units), "the unit and its timer")
    check(all(os.path.dirname(unit).endswith("share/systemd/user") for unit in units), "are where systemd looks for a user's")
    started = re.search(r"^ExecStart=(\S+) resume --all$", read_bytes(units[0]).decode(), re.M)
    check(started and os.path.exists(work.path("root") + started.group(1)), "and start the program that was installed")


main(__doc__)
