#!/usr/bin/env python3
"""kill -9 of `run --local`, where the emulator dies with it, then the same command again.

Goal: promise 6 where both sides die at once. Method: an undisturbed run tells how long it takes; kills at moments drawn by
PENSTOCK_SEED over that time; each followed by the same command, results byte-identical, judged from the run's folder.
"""
from harness import *

RECORDS = 40
KILLS = 40 if IS_SOAK else 8


def data_folder(state):
    found = [folder for folder, _, files in os.walk(state) if os.path.basename(folder) == "emulator" and "events.jsonl" in files]
    check(len(found) == 1, "one emulator's data in the run's folder", found)
    return found[0]


@test
def killed_at_any_moment_and_run_again(work):
    prompts = work.prompts(RECORDS)
    more = ("--state-dir", work.path("undisturbed-state"))
    started = time.monotonic()
    check_status(work.run(None, prompts, "undisturbed.jsonl", *more), OK, "the undisturbed run")
    seconds = time.monotonic() - started
    expected = read_bytes(work.path("undisturbed.jsonl"))
    draw = random.Random(SEED)
    killed = 0
    print("  seed %d, %d kills within %.1f s" % (SEED, KILLS, seconds))
    for number in range(KILLS):
        state = work.path("state-%d" % number)
        more = ("--state-dir", state)
        results = "results-%d.jsonl" % number
        for _ in range(2):  # the second kill hits the recovery from the first
            process = work.start_run(None, prompts, results, *more)
            try:
                process.wait(draw.random() * seconds)
            except subprocess.TimeoutExpired:
                killed += 1
                process.kill()
                process.wait()
        check_status(work.run(None, prompts, results, *more), OK, "kill %d: the same command again" % number)
        check(read_bytes(work.path(results)) == expected, "kill %d: the results of the undisturbed run" % number)
        work.judge(None, prompts, results, data=data_folder(state))
    check(killed >= KILLS // 2, "%d kills hit a live run" % killed)


main(__doc__)
