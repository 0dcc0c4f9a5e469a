#!/usr/bin/env python3
"""`penstock simulate`: the engine of `run` in virtual time, as near to the physical limit as it says.

Goal: on the settings of the worked example (200,000 records of 10,000 + 2,000 tokens) a run with known limits takes
at most 1.02 of the lower bound, and 1.05 where records fail or tokens were estimated wrongly; nothing is paid twice,
nothing is accepted above a limit, and the same seed gives the same bytes. Method: the real binary; one seed of each
setting, all hundred with PENSTOCK_SOAK.

The bound knows each record's tokens and fate beforehand, and is never bent. What nobody can do who does not know them
is added to it, and no more:
- failing records: which ones fail in the jobs that work until the end is known when those have ended, and to send them
  again takes one more start-up;
- tokens that vary: where their sum decides by a fraction of a thousandth whether one more day is needed, the bound of
  the same records without spread holds;
- an estimate that is too high, of work that fills one single day by it: nothing above that day may be created before
  an answer has come back, and what is created then starts up once more. Elsewhere an estimate that is wrong by a tenth,
  either way, is held to the bar alone.
"""
import itertools

from harness import *

SEEDS = 100 if IS_SOAK else 1
EACH_NTH = 6 if SANITIZER else 1  # of the settings: a sanitizer looks for wrong memory, not for wrong minutes
BAR, BAR_WITH_ERRORS = 1.02, 1.05
LOST_MAX = 99  # what is left of retries below the minimum of a batch job
DEMAND = ["--records", "200000", "--input-tokens", "10000", "--output-tokens", "2000"]
LANE = {"jobs": "10", "shard_bytes": "50MB", "files": "5000", "min_records": "100", "rps_counts": "none",
        "startup": "15m", "behaviour": "queue"}
ONE_SHARD = {"files": "1", "shard_records": "1000"}
HOUR_S = 3600
LANES_FOR_ONE_DAY = 48  # 2.4 billion tokens, 50 million each


def lane_of(name="a", **keys):
    return ["--lane", "name=%s," % name + ",".join("%s=%s" % pair for pair in dict(LANE, **keys).items())]


def settings():
    """Rows of the worked example: what each is called, its arguments, seconds of start-up."""
    start = HOUR_S // 4
    for tpm in ("300k", "500k", "1M", "2M", "3M", "5M", "10M", "20M"):
        yield "13.1 tpm=%s" % tpm, lane_of(tpm=tpm), start
    days = ("10M", "20M", "30M", "40M", "50M", "100M", "432M", "1000M")
    for tpd, tpm in itertools.product(days, ("300k", "1M", "3M")):
        yield "13.2 tpd=%s tpm=%s" % (tpd, tpm), lane_of(tpd=tpd, tpm=tpm), start
    for tpd in days[:5]:
        yield "13.2 tpd=%s, before a reset" % tpd, lane_of(tpd=tpd, tpm="3M") + ["--start", "23:20"], start
        yield "13.3 tpd=%s, a shard a job" % tpd, lane_of(tpd=tpd, tpm="3M", **ONE_SHARD), start
    for tpm, minutes in itertools.product(("1M", "3M", "20M"), (15, 30, 60)):
        yield "13.5 tpm=%s startup=%d" % (tpm, minutes), lane_of(tpm=tpm, startup="%dm" % minutes), minutes * 60
    for count in (1, 2, 4, 8, 10, 20, 48):
        lanes = [lane_of("l%d" % lane, region="us-test-%d" % lane, tpm="3M", tpd="50M") for lane in range(count)]
        yield "13.6 %d lanes" % count, sum(lanes, []), start
    yield "13.6 burn-down 5", lane_of(tpm="3M", burndown="5"), start
    yield "13.6 50 kB a prompt", lane_of(tpm="3M") + ["--bytes-per-record", "50kB"], start
    yield "13.6 one request a second", lane_of(rps="1", rps_counts="records"), start


def simulate(work, *arguments):
    done = work.penstock("simulate", *DEMAND, *arguments, "--json", seconds_max=600)
    if done.status != 0:
        check_status(done, 0, " ".join(arguments)[:70])
    return json.loads(done.out)


def runs_of(work, arguments):
    told = simulate(work, *arguments, "--count", str(SEEDS))
    return told.get("runs", [told])


def check_settings(work, bar, arguments=(), allowed_s=lambda lanes, startup_s, bound_s: bound_s):
    """Each run of each setting; `allowed_s`: the bound, and what is added to it."""
    over, broken, beaten = [], [], []
    for name, lanes, startup_s in list(settings())[::EACH_NTH]:
        for run in runs_of(work, [*lanes, *arguments]):
            word = "%s, seed %d: %.4f" % (name, run["seed"], run["ratio"])
            records = run["records"]
            if run["makespan_s"] > bar * allowed_s(lanes, startup_s, run["lower_bound_s"]):
                over.append(word)
            if run["violations"] or run["paid_twice"] or run["breaches"] or "error" in run or \
                    records["succeeded"] + records["failed"] != 200000 or records["failed"] > LOST_MAX:
                broken.append(json.dumps(run))
            if run["ratio"] < 1:
                beaten.append(word)
    check(not broken, "every record ends once, none is paid twice, none accepted above a limit", "\n".join(broken[:3]))
    check(not beaten, "  no run beats the bound", "; ".join(beaten))
    check(not over, "  and all end within %.2f of it" % bar, "; ".join(over))


@test
def known_limits_are_used_to_two_percent(work):
    check_settings(work, BAR)


@test
def failing_records_and_tokens_that_vary_cost_five_percent_at_most(work):
    expected_s = {}  # the bound without spread and failures, by lanes

    def allowed_s(lanes, startup_s, bound_s):
        key = " ".join(lanes)
        if key not in expected_s:
            expected_s[key] = simulate(work, *lanes)["lower_bound_s"]
        return max(bound_s, expected_s[key]) + startup_s

    check_settings(work, BAR_WITH_ERRORS, ["--what-if", "failing=1%,spread=20%"], allowed_s)


@test
def estimates_that_are_too_low_cost_five_percent_at_most(work):
    check_settings(work, BAR_WITH_ERRORS, ["--what-if", "bias=10%"])


@test
def estimates_that_are_too_high_cost_five_percent_at_most(work):
    def allowed_s(lanes, startup_s, bound_s):
        fills_one_day = lanes.count("--lane") == LANES_FOR_ONE_DAY
        return bound_s + (startup_s if fills_one_day else 0)

    check_settings(work, BAR_WITH_ERRORS, ["--what-if", "bias=-10%"], allowed_s)


@test
def the_independent_judge_finds_nothing_either(work):
    data = work.path("virtual")
    os.mkdir(data)
    some = list(settings())[::1 if IS_SOAK else 9 * EACH_NTH]
    for name, lanes, _ in some:
        told = simulate(work, *lanes, "--what-if", "failing=1%,spread=20%", "--events", os.path.join(data, "events.jsonl"))
        verdict = work.judge(None, None, None, data=data, says=False)
        check(verdict["breaches"] == 0 and verdict["jobs"] == told["jobs"], "%s: %d jobs, no breach" % (name, told["jobs"]))


@test
def the_same_seed_gives_the_same_bytes(work):
    lanes = lane_of(tpm="3M", tpd="50M") + ["--what-if", "failing=1%,spread=20%", "--seed", "7"]
    told = [work.penstock("simulate", *DEMAND, *lanes, "--json").out for _ in range(2)]
    check_equal(told[0], told[1], "the same seed gives the same bytes")
    check(json.loads(told[0])["seed"] == 7, "  and says which")
    other = work.penstock("simulate", *DEMAND, *lanes[:-1], "8", "--json").out
    check(other != told[0], "  another seed another run")
    many = json.loads(work.penstock("simulate", *DEMAND, *lanes, "--count", "3", "--json").out)
    check_equal(3, many["count"], "several runs are counted")
    check_equal(many["worst_ratio"], max(run["ratio"] for run in many["runs"]), "  the worst is told")


@test
def an_input_is_simulated_as_it_is_read(work):
    prompts = work.prompts(300)
    done = work.penstock("simulate", prompts, "--model", HAIKU, "--json")
    check_status(done, 0, "an input of 300 prompts")
    told = json.loads(done.out)
    records = told["records"]
    check_equal(records["all"], sum(records[key] for key in ("succeeded", "failed", "rejected", "cancelled", "duplicates")),
                "  each line is counted once")
    check_equal(0, told["violations"], "  and no invariant is broken")


@test
def nonsense_is_refused_with_the_key(work):
    rows = [
        (["--what-if", "spread=20"], "spread=20%"),
        (["--what-if", "speed=1%"], "failing"),
        (["--count", "0"], "0 runs"),
        (["--count", "2", "--events", "e.jsonl"], "--events"),
        (["--faults", "standard"], "emulate"),
        (["--lane", "jobs=0"], "jobs"),
    ]
    for arguments, hint in rows:
        done = work.penstock("simulate", *DEMAND, *arguments)
        check_status(done, USAGE, " ".join(arguments))
        check(hint in done.err and not done.out, "  and it helps", done.err)


if __name__ == "__main__":
    main(__doc__)
