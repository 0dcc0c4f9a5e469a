#!/usr/bin/env python3
"""kill -9 at every request that `run` makes, before and after its effect, then the same command again.

Goal: promise 6 (durable) with rule R2: results byte-identical to the undisturbed run, nothing paid twice, no unknown
job, no open upload. Method: a proxy between penstock and a separate emulator counts the requests and kills at the
n-th; an undisturbed run tells how many there are. `make check` takes 40 points drawn by PENSTOCK_SEED, all ops
among them; `make soak` takes them all, and kills of `penstock stop` too.
"""
from harness import *
from killproxy import KillProxy

RECORDS = 40
POINTS_IN_CHECK = 6 if SANITIZER else 40


def undisturbed(work):
    """(bytes of the results, [op of each request])"""
    prompts = work.prompts(RECORDS)
    emulator = work.emulator("undisturbed")
    with KillProxy(emulator.port) as proxy:
        check_status(work.run(emulator, prompts, "undisturbed.jsonl", port=proxy.port), OK, "the undisturbed run")
        ops = [request.op for request in sorted(proxy.log)]
    work.judge(emulator, prompts, "undisturbed.jsonl")
    return read_bytes(work.path("undisturbed.jsonl")), ops


def points_of(ops):
    """(number, when) of each point; in check a sample that holds each op, before and after."""
    every = [(number, when) for number in range(1, len(ops) + 1) for when in ("before", "after")]
    if IS_SOAK:
        return every
    draw = random.Random(SEED)
    draw.shuffle(every)
    chosen, kinds = [], set()
    for number, when in every:  # one of each kind first
        if (ops[number - 1], when) not in kinds:
            kinds.add((ops[number - 1], when))
            chosen.append((number, when))
    rest = [point for point in every if point not in chosen]
    return (chosen + rest)[:POINTS_IN_CHECK]


def kill_at(work, number, when, expected):
    """One point; says what went wrong, or nothing."""
    place = Work("kill")
    try:
        prompts = place.prompts(RECORDS)
        emulator = place.emulator()
        with KillProxy(emulator.port) as proxy:
            process = None
            proxy.arm(number, when, lambda: process.pid)
            process = place.start_run(emulator, prompts, "results.jsonl", port=proxy.port)
            status = process.wait(SECONDS_MAX)
            if status not in (-signal.SIGKILL, OK):
                return "ended with status %d instead of being killed\n%s" % (status, place.said())
            again = place.run(emulator, prompts, "results.jsonl", port=proxy.port)
        if again.status != OK:
            return "the same command again ended with status %d\n%s" % (again.status, again.err[-3000:])
        if read_bytes(place.path("results.jsonl")) != expected:
            return "other results than the undisturbed run"
        place.judge(emulator, prompts, "results.jsonl", says=False)
        return None
    except (Failed, subprocess.TimeoutExpired) as error:
        return "%s\n%s" % (error, place.said()[-2000:])
    finally:
        place.close()


@test
def killed_at_each_request_and_run_again(work):
    expected, ops = undisturbed(work)
    points = points_of(ops)
    hit = collections.Counter()
    print("  seed %d, %d requests, %d points" % (SEED, len(ops), len(points)))
    wrong = []
    for number, when in points:
        problem = kill_at(work, number, when, expected)
        hit[ops[number - 1]] += 1
        if problem:
            wrong.append("killed %s request %d (%s): %s" % (when, number, ops[number - 1], problem))
            print("  " + wrong[-1].split("\n")[0], flush=True)
    check(not wrong, "after each of %d kills the same command ends with the same results (%s)"
          % (len(points), ", ".join("%s %d" % pair for pair in sorted(hit.items()))), "\n".join(wrong[:3]))


main(__doc__)
