#!/usr/bin/env python3
"""kill -9 at every request that `run` and `stop` make, before and after its effect, then the same command again.

Goal: promise 6 (durable) with rule R2: results byte-identical to the undisturbed run, nothing paid twice, no unknown
job, no open upload. Method: a proxy between penstock and a separate emulator counts the requests and kills at the
n-th; an undisturbed run tells how many there are. `make check` takes points drawn by PENSTOCK_SEED, every op among
them; `make soak` takes them all, over twice as many jobs, and no op fewer than ten times.
"""
import concurrent.futures

from harness import *
from killproxy import KillProxy

RECORDS = 100 if IS_SOAK else 40
POINTS_IN_CHECK = 6 if SANITIZER else 40
STOP_POINTS_IN_CHECK = 2 if SANITIZER else 8
OP_HITS_MIN = 10  # in a soak
AT_ONCE = 4       # most of a point is waiting


def points_of(ops, wanted):
    """(number, when) of each point; in check a sample that holds each op, before and after."""
    every = [(number, when) for number in range(1, len(ops) + 1) for when in ("before", "after")]
    draw = random.Random(SEED)
    draw.shuffle(every)
    if IS_SOAK:
        for op in sorted(set(ops)):  # what happens once a run is hit again and again
            own = [point for point in every if ops[point[0] - 1] == op]
            every += [own[number % len(own)] for number in range(max(0, OP_HITS_MIN - len(own)))]
        return every
    chosen, kinds = [], set()
    for number, when in every:  # one of each kind first
        if (ops[number - 1], when) not in kinds:
            kinds.add((ops[number - 1], when))
            chosen.append((number, when))
    return (chosen + [point for point in every if point not in chosen])[:wanted]


def hit(kill_at, ops, wanted, what):
    """Runs `kill_at` for each point and tells how often each op was hit."""
    points = points_of(ops, wanted)
    print("  seed %d, %d requests, %d points" % (SEED, len(ops), len(points)), flush=True)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        problems = list(pool.map(lambda point: attempt(kill_at, *point), points))
    wrong = ["killed %s request %d (%s): %s" % (when, number, ops[number - 1], problem)
             for (number, when), problem in zip(points, problems) if problem]
    hits = collections.Counter(ops[number - 1] for number, _ in points)
    check(not wrong, "after each of %d kills %s (%s)" % (len(points), what, ", ".join("%s %d" % pair for pair in sorted(hits.items()))),
          "%d wrong\n%s" % (len(wrong), "\n".join(wrong[:3])))


def attempt(kill_at, number, when):
    """What went wrong at one point, or None."""
    place = Work("kill")
    try:
        return kill_at(place, number, when)
    except (Failed, OSError, subprocess.SubprocessError) as error:
        return "%s\n%s" % (error, place.said()[-2000:])
    finally:
        place.close()


# --- run ---------------------------------------------------------------------------------------------


@test
def run_killed_at_each_request_goes_on(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator("undisturbed")
    with KillProxy(emulator.port) as proxy:
        check_status(work.run(emulator, prompts, "undisturbed.jsonl", port=proxy.port), OK, "the undisturbed run")
        ops = [request.op for request in sorted(proxy.log)]
    work.judge(emulator, prompts, "undisturbed.jsonl")
    expected = read_bytes(work.path("undisturbed.jsonl"))

    def kill_at(place, number, when):
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

    hit(kill_at, ops, POINTS_IN_CHECK, "the same command ends with the same results")


# --- stop --------------------------------------------------------------------------------------------


def run_left_alone(place):
    """A run with two live jobs that nobody drives any more."""
    prompts = place.prompts(RECORDS)
    emulator = place.emulator(faults="stuck:job:nth=1,stuck:job:nth=2")
    process = place.start_run(emulator, prompts, "results.jsonl", "--name", "left")
    wait_until(lambda: len(emulator.events("job.created")) >= 2, "two jobs")
    process.kill()
    process.wait()
    return prompts, emulator


def stop_arguments():
    return ["stop", "left", "--yes"]


@test
def stop_killed_at_each_request_stops_the_next_time(work):
    _, emulator = run_left_alone(work)
    with KillProxy(emulator.port) as proxy:
        done = work.penstock(*stop_arguments(), env=work.environment(emulator, proxy.port))
        check(done.status in (OK, SOME_FAILED, STOPPED), "the undisturbed stop (status %d)" % done.status, done)
        ops = [request.op for request in sorted(proxy.log)]

    def kill_at(place, number, when):
        prompts, emulator = run_left_alone(place)
        with KillProxy(emulator.port) as proxy:
            process = None
            proxy.arm(number, when, lambda: process.pid)
            log = open(place.path("run.log"), "ab")
            process = place.start(stop_arguments(), place.environment(emulator, proxy.port), stdout=log, stderr=log)
            process.wait(SECONDS_MAX)
            again = place.penstock(*stop_arguments(), env=place.environment(emulator, proxy.port))
        if again.status not in (OK, SOME_FAILED, STOPPED):
            return "stop again ended with status %d\n%s" % (again.status, again.err[-3000:])
        alive = {name: state for name, state in emulator.jobs().items() if state not in ("Stopped", "Completed")}
        if alive:
            return "still alive: %s\n%s" % (alive, again.err[-3000:])
        place.judge(emulator, prompts, "results.jsonl", says=False)
        return None

    hit(kill_at, ops, STOP_POINTS_IN_CHECK, "stop stops the next time")


main(__doc__)
