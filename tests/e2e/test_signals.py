#!/usr/bin/env python3
"""Signals and `penstock stop`: a signal leaves the jobs running and exits 5 in time, stop stops them at the service.

Goal: the signal and stop lines of the command-line contract. Method: the real binary, a real signal, the emulator's
event log as the witness of what the service was told.
"""
from harness import *

RECORDS = 40
LIVE = {"Submitted", "Validating", "Scheduled", "InProgress"}


def live_run(work, *more):
    """An emulator whose jobs are stuck, and a run that has two of them."""
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(faults="stuck:job:nth=1,stuck:job:nth=2")
    process = work.start_run(emulator, prompts, "results.jsonl", "--name", "live", *more)
    wait_until(lambda: len(emulator.events("job.created")) >= 2, "two jobs")
    return prompts, emulator, process


def signalled(number):
    def function(work):
        prompts, emulator, process = live_run(work)
        started = time.monotonic()
        process.send_signal(number)
        status = process.wait(30)
        check_equal(STOPPED, status, "exit 5")
        check(time.monotonic() - started < 10, "within 10 s (%.1f s)" % (time.monotonic() - started))
        check("resume" in work.said(), "it says how to go on", work.said())
        check(set(emulator.jobs().values()) <= LIVE, "the jobs go on at the service", emulator.jobs())
        check_status(work.run(emulator, prompts, "results.jsonl", "--name", "live"), OK, "the same command again")
        check_equal(4, len(emulator.events("job.created")), "four jobs in all")
        work.judge(emulator, prompts, "results.jsonl")
    function.__name__ = "%s_keeps_the_state_and_the_jobs" % signal.Signals(number).name
    test(function)


for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signalled(one)


@test
def a_second_signal_leaves_at_once(work):
    _, _, process = live_run(work)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    started = time.monotonic()
    process.wait(10)
    check(time.monotonic() - started < 5, "it is gone")


@test
def stop_stops_at_the_service_and_keeps_what_was_paid(work):
    prompts, emulator, process = live_run(work)
    done = work.penstock("stop", "live", "--yes", env=work.environment(emulator))
    check(done.status in (OK, SOME_FAILED, STOPPED), "penstock stop (status %d)" % done.status, done)
    process.wait(SECONDS_MAX)
    wait_until(lambda: set(emulator.jobs().values()) <= {"Stopped", "Completed"}, "the jobs are stopped")
    check(emulator.calls()["StopModelInvocationJob"] >= 2, "the service was told to stop each")
    check_equal(2, len(emulator.events("job.created")), "no job was created after it")
    rows = read_jsonl(work.path("results.jsonl"))
    check_equal(RECORDS, len(rows), "a results line for each record")
    check(all(row["status"] in ("succeeded", "cancelled") for row in rows), "each succeeded or cancelled",
          collections.Counter(row["status"] for row in rows))
    work.judge(emulator, prompts, "results.jsonl")


@test
def stop_of_a_run_that_nobody_drives(work):
    prompts, emulator, process = live_run(work)
    process.kill()
    process.wait()
    done = work.penstock("stop", "live", "--yes", env=work.environment(emulator))
    check(done.status in (OK, SOME_FAILED, STOPPED), "penstock stop (status %d)" % done.status, done)
    check(set(emulator.jobs().values()) <= {"Stopped", "Completed"}, "the jobs are stopped", emulator.jobs())
    work.judge(emulator, prompts, None)


main(__doc__)
