#!/usr/bin/env python3
"""Safe to stop, safe to start twice: the same command again, resume, wait, another account, an older backup.

Goal: rules R1 and R8 and promise 6. Method: the real binary against an emulator of its own; runs are stopped, killed,
doubled, moved to another account or set back to an older copy of their folder, and then go on.
"""
from harness import *

RECORDS = 40


def run_and_kill_when(work, emulator, prompts, condition, *more):
    """Starts a run, and kills it as soon as `condition` holds."""
    process = work.start_run(emulator, prompts, "results.jsonl", *more)
    wait_until(lambda: condition() or process.poll() is not None, "the moment to kill at")
    process.kill()
    process.wait()


def has_jobs(emulator, count):
    return lambda: len(emulator.events("job.created")) >= count


@test
def the_same_command_again_continues(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator()
    run_and_kill_when(work, emulator, prompts, has_jobs(emulator, 2))
    check_status(work.run(emulator, prompts, "results.jsonl"), OK, "the same command again")
    check_equal(4, len(emulator.events("job.created")), "four jobs in all")
    check_status(work.run(emulator, prompts, "results.jsonl"), OK, "and once more when all is done")
    check_equal(4, len(emulator.events("job.created")), "still four jobs")
    work.judge(emulator, prompts, "results.jsonl")


@test
def resume_continues_by_name(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator()
    run_and_kill_when(work, emulator, prompts, has_jobs(emulator, 1), "--name", "nightly")
    listed = work.penstock("runs")
    check("nightly" in listed.out, "`penstock runs` knows it", listed)
    check_status(work.penstock("resume", "nightly", env=work.environment(emulator)), OK, "penstock resume nightly")
    work.judge(emulator, prompts, "results.jsonl")


@test
def a_second_start_follows_the_first(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator()
    first = work.start_run(emulator, prompts, "results.jsonl")
    wait_until(has_jobs(emulator, 1), "the first has a job")
    second = work.run(emulator, prompts, "results.jsonl")
    check_status(second, OK, "the second start")
    check_equal(OK, first.wait(SECONDS_MAX), "the first start: exit 0")
    check_equal(4, len(emulator.events("job.created")), "four jobs in all")
    work.judge(emulator, prompts, "results.jsonl")


@test
def a_follower_ends_with_the_status_of_the_owner(work):
    prompts = work.prompts(RECORDS)
    # Slow enough for the second to find the first alive, on a busy machine too.
    emulator = work.emulator(faults="record400:record:nth=3", limits=SMALL_LIMITS + ",startup=15m")
    first = work.start_run(emulator, prompts, "results.jsonl")
    wait_until(has_jobs(emulator, 1), "the first has a job")
    second = work.run(emulator, prompts, "results.jsonl")
    check_status(second, SOME_FAILED, "the second start")
    check("following" in second.err, "it said that it follows", second.err)
    check_equal(SOME_FAILED, first.wait(SECONDS_MAX), "the first start: exit 1")
    work.judge(emulator, prompts, "results.jsonl")


@test
def the_same_standard_input_again_continues(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator()
    arguments = work.run_arguments(emulator, "-", "results.jsonl")
    with open(prompts, "rb") as piped:
        process = work.start(arguments, work.environment(emulator), stdin=piped)
        wait_until(has_jobs(emulator, 1), "it has a job")
        process.kill()
        process.wait()
    with open(prompts, "rb") as piped:
        process = work.start(arguments, work.environment(emulator), stdin=piped)
        check_equal(OK, process.wait(SECONDS_MAX), "the same standard input again: exit 0")
    check_equal(4, len(emulator.events("job.created")), "four jobs in all")
    work.judge(emulator, prompts, "results.jsonl")


@test
def new_starts_another_run(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator()
    check_status(work.run(emulator, prompts, "one.jsonl"), OK, "the first run")
    check_status(work.run(emulator, prompts, "two.jsonl", "--new"), OK, "the same with --new")
    check_equal(8, len(emulator.events("job.created")), "eight jobs in all")
    check(read_bytes(work.path("one.jsonl")) == read_bytes(work.path("two.jsonl")), "with equal results")
    check_equal(2, len({event["run"] for event in emulator.events("job.created")}), "under two prefixes")


@test
def wait_and_status_see_a_live_run(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(faults="stuck:job:nth=1")
    process = work.start_run(emulator, prompts, "results.jsonl", "--name", "live")
    wait_until(has_jobs(emulator, 1), "it has a job")
    status = work.penstock("status", "live", "--json", env=work.environment(emulator))
    check_status(status, OK, "penstock status --json")
    json.loads(status.out)
    partial = work.penstock("results", "live", env=work.environment(emulator))
    check_status(partial, OK, "penstock results of a live run")
    check_equal(RECORDS, len(partial.out.splitlines()), "a line a record, whatever its state")
    check_status(work.penstock("wait", "live", env=work.environment(emulator)), OK, "penstock wait")
    check_equal(OK, process.wait(SECONDS_MAX), "the run itself: exit 0")
    check_status(work.penstock("verify", "live", env=work.environment(emulator)), OK, "penstock verify")
    work.judge(emulator, prompts, "results.jsonl")


@test
def verify_finds_a_changed_result(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator()
    check_status(work.run(emulator, prompts, "results.jsonl", "--name", "kept"), OK, "the run")
    path = work.path("results.jsonl")
    data = read_bytes(path)
    with open(path, "wb") as file:
        file.write(data.replace(b"succeeded", b"succeedeD", 1))
    done = work.penstock("verify", "kept", env=work.environment(emulator))
    check(done.status not in (OK, BUG), "penstock verify finds it (status %d)" % done.status, done)


@test
def the_emulator_may_die_and_come_back_elsewhere(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator()
    run_and_kill_when(work, emulator, prompts, has_jobs(emulator, 2))
    emulator.kill()
    emulator.start()
    check_status(work.run(emulator, prompts, "results.jsonl"), OK, "the same command on another port")
    check_equal(4, len(emulator.events("job.created")), "four jobs in all")
    work.judge(emulator, prompts, "results.jsonl")


@test
def another_account_is_refused(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator()
    run_and_kill_when(work, emulator, prompts, has_jobs(emulator, 1), "--name", "pinned")
    other = work.emulator("other")
    done = work.penstock("resume", "pinned", env=work.environment(other))
    check_status(done, DENIED, "resume against another account")
    check_equal({"GetCallerIdentity"}, set(other.calls()), "nothing but the identity was asked there")
    check_status(work.penstock("resume", "pinned", env=work.environment(emulator)), OK, "and at home it goes on")
    work.judge(emulator, prompts, "results.jsonl")


@test
def an_older_backup_of_the_folder_does_no_harm(work):
    prompts = work.prompts(RECORDS)
    undisturbed = work.emulator("undisturbed")
    check_status(work.run(undisturbed, prompts, "undisturbed.jsonl", "--state-dir", work.path("other-state")), OK,
                 "the undisturbed run")
    emulator = work.emulator()
    state = work.path("state-dir")
    more = ("--state-dir", state)
    run_and_kill_when(work, emulator, prompts, has_jobs(emulator, 1), *more)
    shutil.copytree(state, work.path("backup"))
    run_and_kill_when(work, emulator, prompts, has_jobs(emulator, 2), *more)
    shutil.rmtree(state)
    shutil.move(work.path("backup"), state)
    check_status(work.run(emulator, prompts, "results.jsonl", *more), OK, "the run from a copy made one job earlier")
    check(read_bytes(work.path("results.jsonl")) == read_bytes(work.path("undisturbed.jsonl")),
          "the results are those of the undisturbed run")
    work.judge(emulator, prompts, "results.jsonl")


main(__doc__)
