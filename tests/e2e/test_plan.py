#!/usr/bin/env python3
"""What `plan` says: the worked example's numbers, bad input, the drawing.

Goal: each number of the reference job's worked example comes out of `plan --json` of the real binary; what cannot be
used is one error with the key and what it takes; a drawing is well-formed and keeps its text inside.
Method: tables of named rows. Times are compared to the figures' own rounding.
"""
import xml.etree.ElementTree

from harness import *

HOUR, DAY = 3600, 86400
REFERENCE = ["--records", "200000", "--input-tokens", "10000", "--output-tokens", "2000"]
ONE_SHARD = "files=1,shard_records=1000,jobs=10"
TWENTY_SHARDS = "files=5000,shard_records=1000,jobs=10"


def planned(work, lanes, *more, demand=REFERENCE):
    """(status, the JSON); no simulated runs: the numbers are the plan's own."""
    arguments = ["plan", *demand, "--json", "--count", "0", *more]
    for lane in [lanes] if isinstance(lanes, str) else lanes:
        arguments += ["--lane", lane]
    done = work.penstock(*arguments)
    if done.status not in (OK, REFUSED):
        raise Failed("penstock %s\n%s" % (done.command, done.err))
    return done.status, json.loads(done.out)


def at(plan, path):
    for part in path.split("/"):
        plan = plan[int(part)] if isinstance(plan, list) else plan[part]
    return plan


def check_rows(work, rows):
    """(name, lanes, more arguments, {path: value or (value, how far off it may be)}); a failed row does not hide others."""
    wrong = []
    for name, lanes, more, expected in rows:
        named = dict(more) if isinstance(more, dict) else {}
        _, plan = planned(work, lanes, *named.get("options", more if not named else []), demand=named.get("demand", REFERENCE))
        for path, value in expected.items():
            value, margin = value if isinstance(value, tuple) else (value, 0)
            found = at(plan, path)
            if isinstance(value, set):
                fits = found in value
            elif isinstance(value, str) or found is None:
                fits = found == value
            else:
                fits = abs(found - value) <= margin
            if not fits:
                wrong.append("%s: %s is %r, not %r" % (name, path, found, value))
    check(not wrong, "%d rows" % len(rows), "\n".join(wrong))


def numbers(records, input_tokens, output_tokens, *more):
    return ["--records", str(records), "--input-tokens", str(input_tokens), "--output-tokens", str(output_tokens), *more]


# --- 13.1 rate only ------------------------------------------------------------------------------------

@test
def the_job_is_2_4_billion_tokens_and_its_time_the_rate(work):
    rows = [("the demand", "tpm=1M,startup=0s", [],
             {"demand/records": 200000, "demand/unique_records": 200000, "demand/tokens": 2400000000, "demand/input_tokens": 2000000000,
              "demand/output_tokens": 400000000, "demand/bytes": 8000000000, "binding": "tpm"})]
    for tpm, hours in (("300k", 133.3), ("500k", 80), ("1M", 40), ("2M", 20), ("3M", 13.3), ("5M", 8), ("10M", 4), ("20M", 2)):
        rows.append(("tpm " + tpm, "tpm=%s,startup=0s" % tpm, [],
                     {"lower_bound_s": (hours * HOUR, 0.05 * HOUR), "makespan_s": (hours * HOUR, 0.05 * HOUR), "binding": "tpm"}))
        enough = {"300k": "432M", "500k": "720M", "1M": "1440M", "2M": "2880M", "3M": "4320M"}.get(tpm)
        if enough:
            rows.append(("tpm %s, tpd %s no longer binds" % (tpm, enough), "tpm=%s,tpd=%s,startup=0s" % (tpm, enough), [],
                         {"lower_bound_s": (hours * HOUR, 0.05 * HOUR)}))
    check_rows(work, rows)


@test
def two_hours_need_20_million_a_minute(work):
    status, plan = planned(work, "tpm=3M,tpd=50M,rps=20,rps_counts=records,jobs=10,startup=0s", "--deadline", "2h")
    check_equal((REFUSED, False, "too_late"), (status, plan["feasible"], plan["verdict"]), "the plan is refused")
    check_equal((20000000, 2400000000, 28), tuple(plan["needed"][key] for key in ("tpm", "tpd", "rps")), "what two hours need")
    asked = {row["limit"]: (row["value_now"], row["value_needed"]) for row in plan["requests"]}
    check_equal({"tpm": (3000000, 20000000), "tpd": (50000000, 2400000000), "rps": (20, 28)}, asked, "quotas to ask for")
    status, plan = planned(work, "tpm=20M,tpd=2400M,rps=28,rps_counts=records,jobs=10,startup=0s", "--deadline", "2h")
    check_equal((OK, True, 7200), (status, plan["feasible"], plan["makespan_s"]), "with them it fits, to the second")
    done = work.penstock("plan", *REFERENCE, "--limits", "typical", "--deadline", "2h", "--count", "0")
    check_status(done, REFUSED, "typical limits")
    for words in ("49 days at 50 M tokens/day: the daily quota binds.",
                  "A window of 2 hours needs 20 M tokens/min, 2.4 B tokens/day and 28 requests/s."):
        check(words in done.out, words, done.out)


# --- 13.2 with a daily cap -------------------------------------------------------------------------------

# tpd: days at best, in whole records; elapsed days from a turn for 300 K, 1 M and 3 M tokens/min
CAPPED = [("10M", 240, 241, (239.02, 239.01, 239.00)), ("20M", 120, 121, (119.05, 119.01, 119.00)),
          ("30M", 80, 80, (79.07, 79.02, 79.01)), ("40M", 60, 61, (59.09, 59.03, 59.01)), ("50M", 48, 49, (47.12, 47.03, 47.01)),
          ("100M", 24, 25, (23.23, 23.07, 23.02)), ("432M", 6, 6, (5.56, 5.17, 5.06)), ("1B", None, None, (5.56, 2.28, 2.09))]


@test
def a_daily_cap_makes_windows_and_whole_records_one_more(work):
    rows = []
    for tpd, fluid, whole, elapsed in CAPPED:
        for tpm, days in zip(("300k", "1M", "3M"), elapsed):
            expected = {"bounds/rate_s": (days * DAY, 0.0101 * DAY)}
            if fluid:
                expected.update({"fluid_days": fluid, "days": whole})
            if fluid and fluid > 6:
                expected["binding"] = "tpd"
            rows.append(("tpd %s, tpm %s" % (tpd, tpm), "tpm=%s,tpd=%s,startup=0s" % (tpm, tpd), [], expected))
    rows.append(("4,166 records a day", "tpm=3M,tpd=50M,startup=0s", [], {"job/records_a_day": 4166, "job/records": 209, "jobs": 961, "job/reason": "tpd"}))
    check_rows(work, rows)


@test
def just_before_a_turn_almost_a_day_is_gained(work):
    # The latest start that uses the whole of a first day: budget / rate before it, to the minute.
    rows = []
    for tpd, tpm, start, days in (("50M", "3M", "23:43", 46.02), ("50M", "1M", "23:10", 46.07), ("20M", "1M", "23:40", 118.03),
                                  ("100M", "3M", "23:26", 22.05), ("10M", "300k", "23:26", 238.05)):
        rows.append(("tpd %s, tpm %s" % (tpd, tpm), "tpm=%s,tpd=%s,startup=0s" % (tpm, tpd), ["--start", start],
                     {"bounds/rate_s": (days * DAY, 0.0101 * DAY)}))
    check_rows(work, rows)
    _, plan = planned(work, "tpm=3M,tpd=50M,startup=0s")
    starts = [row for row in plan["help"] if row["what"] and row["what"].startswith("start at 23:4")]
    check(len(starts) == 1 and starts[0]["gain_s"] > 0.9 * DAY, "and the plan says so: %s" % starts)
    _, plan = planned(work, "tpm=3M,tpd=50M,startup=26h")
    check(not [row for row in plan["help"] if row["what"] and row["what"].startswith("start at")],
          "not where the start-up time does not allow it")


# --- 13.3 whole shards -----------------------------------------------------------------------------------

@test
def shards_that_do_not_fit_the_day_cost_days(work):
    rows = []
    for tpd, by_shard in (("10M", {500: 400, 100: 250}), ("20M", {1000: 200, 500: 134, 100: 125}),
                          ("30M", {1000: 100, 500: 80, 100: 80}), ("40M", {1000: 67, 500: 67, 100: 61}),
                          ("50M", {1000: 50, 500: 50, 100: 49})):
        for records, days in by_shard.items():
            rows.append(("tpd %s in shards of %d" % (tpd, records),
                         "files=1,shard_records=%d,min_records=%d,tpm=3M,tpd=%s,jobs=10,startup=0s" % (records, records, tpd), [],
                         {"days": days, "shard/records": records}))
    for tpd, days in (("10M", 241), ("20M", 121), ("30M", 80), ("40M", 61), ("50M", 49)):
        rows.append(("tpd %s in shards cut to fill the day" % tpd, ONE_SHARD + ",tpm=3M,startup=0s,tpd=" + tpd, [], {"days": days}))
        rows.append(("tpd %s in jobs of 20 shards" % tpd, TWENTY_SHARDS + ",tpm=3M,startup=0s,tpd=" + tpd, [], {"days": days}))
    check_rows(work, rows)
    status, plan = planned(work, "files=1,shard_records=1000,min_records=1000,tpm=3M,tpd=10M,startup=0s")
    check_equal((REFUSED, "impossible", None), (status, plan["verdict"], plan["makespan_s"]), "1,000 records in a day of 10 M")
    check("12 M" in plan["why"] and "10 M tokens/day (tpd)" in plan["why"], "why: %s" % plan["why"])
    check("tpd=12000000" in plan["change"] and "min_records=833" in plan["change"], "what would do: %s" % plan["change"])


# --- 13.4 slots ------------------------------------------------------------------------------------------

@test
def slots_bind_when_a_turn_takes_longer_than_they_carry(work):
    rows = []
    # A turn is start-up and a job's own work: 120 M tokens / TPM in all.
    slots = {"jobs", "shard_records", "files"}  # more of them, or larger ones
    for tpm, below, above in (("300k", "359m", "400m"), ("1M", "107m", "120m"), ("3M", "35m", "40m"), ("20M", "5m", "6m")):
        rows.append(("tpm %s, start-up %s" % (tpm, below), ONE_SHARD + ",tpm=%s,startup=%s" % (tpm, below), [], {"binding": "tpm"}))
        rows.append(("tpm %s, start-up %s" % (tpm, above), ONE_SHARD + ",tpm=%s,startup=%s" % (tpm, above), [], {"binding": slots}))
    for turn, hours in (("15m", 5), ("30m", 10), ("60m", 20), ("4h", 80), ("24h", 480)):
        rows.append(("20 waves of " + turn, ONE_SHARD + ",startup=" + turn, [],
                     {"makespan_s": (hours * HOUR, 0.02 * hours * HOUR), "lower_bound_s": (hours * HOUR, 0.02 * hours * HOUR),
                      "jobs": 200, "job/shards": 1}))
        rows.append(("one wave of " + turn, TWENTY_SHARDS + ",startup=" + turn, [],
                     {"makespan_s": (hours * HOUR / 20, 60), "jobs": 10, "job/shards": 20, "job/records": 20000}))
    check_rows(work, rows)


# --- 13.5 fixed time for each job --------------------------------------------------------------------------

@test
def start_up_costs_no_more_than_with_a_staggered_first_wave(work):
    wrong = []
    # tpm, minutes of start-up, times the least for jobs of 1,000, 5,000 and 20,000 records
    for tpm, minutes, small, middle, large in ((1, 30, 1.00, 1.00, 1.00), (1, 60, 1.03, 1.00, 1.00), (3, 15, 1.00, 1.00, 1.00),
                                               (3, 30, 1.16, 1.00, 1.00), (3, 60, 1.76, 1.00, 1.00), (20, 15, 2.52, 1.03, 1.00)):
        least = 2400.0 / tpm * 60 + minutes * 60
        for records, ratio in ((1000, small), (5000, middle), (20000, large)):
            for files, shard in ((1, records), (5000, 1000)):
                _, plan = planned(work, "files=%d,shard_records=%d,job_records=%d,jobs=10,tpm=%dM,startup=%dm"
                                  % (files, shard, records, tpm, minutes))
                found = plan["makespan_s"] / least
                if found > ratio + 0.02 or plan["lower_bound_s"] > plan["makespan_s"] + 0.001:
                    wrong.append("tpm %d M, start-up %d min, jobs of %d in %d files: %.3f, not %.2f" % (tpm, minutes, records, files,
                                                                                                      found, ratio))
    check(not wrong, "36 rows", "\n".join(wrong))


# --- 13.6 which constraint binds ---------------------------------------------------------------------------

@test
def the_right_limit_is_named_as_binding(work):
    rows = [("a day below the rate's", "tpm=3M,tpd=50M,startup=0s", [], {"binding": "tpd", "next_binding": "tpm"}),
            ("a rate", "tpm=3M,jobs=10,startup=0s", [], {"binding": "tpm"}),
            ("requests a second", "rps=1,rps_counts=records,startup=0s", [],
             {"binding": "rps", "makespan_s": (55.6 * HOUR, 0.05 * HOUR)}),
            ("burn-down 5: 4 B tokens, 80 days", "tpm=3M,tpd=50M,burndown=5,startup=0s", ["--deadline", "2h"],
             {"lanes/0/tokens": 4000000000, "days": 80, "needed/tpm": (33300000, 50000)}),
            ("50 kB a prompt, 60 kB a record: 833", "tpm=20M,shard_bytes=50MB,startup=0s", ["--bytes-per-record", "60kB"],
             {"shard/records": 833, "shard/reason": "shard_bytes"}),
            ("50 kB a record: 1,000", "tpm=20M,shard_bytes=50MB,startup=0s", ["--bytes-per-record", "50kB"],
             {"shard/records": 1000, "shard/reason": "shard_bytes"}),
            ("40 kB a record: 1,250", "tpm=20M,shard_bytes=50MB,startup=0s", [],
             {"shard/records": 1250, "shard/reason": "shard_bytes"}),
            ("4,096 output tokens reserved: 1.17 times", "tpm=3M,startup=0s", {"demand": numbers(200000, 10000, 4096)},
             {"demand/tokens": (1.1747 * 2400000000, 100000)}),
            ("64 k output tokens reserved: 14.8 B", "tpm=3M,startup=0s", {"demand": numbers(200000, 10000, 64000)},
             {"demand/tokens": 14800000000})]
    for count, days in ((1, 47.0), (2, 23.0), (4, 11.0), (8, 5.0), (10, 4.0), (20, 2.0)):
        rows.append(("%d lanes" % count, many_lanes(count), [], {"bounds/rate_s": (days * DAY, 0.02 * DAY), "binding": "tpd"}))
    rows.append(("48 lanes: 17 minutes", many_lanes(48), [], {"bounds/rate_s": (17 * 60, 30)}))
    check_rows(work, rows)


def many_lanes(count, name="lane%d"):
    return ["name=%s,region=region-%d,tpm=3M,tpd=50M,startup=0s" % (name % number, number) for number in range(count)]


@test
def lanes_of_one_pool_do_not_add_up(work):
    shared = ["name=%s,region=us-west-2,tpm=3M,tpd=50M,startup=0s" % name for name in "ab"]
    _, plan = planned(work, shared)
    check_equal(49, plan["days"], "two lanes of one account, Region and model are as fast as one")
    _, plan = planned(work, many_lanes(2))
    check_equal(25, plan["days"], "two of their own are twice as fast")


# --- 13.7 one billion prompts ------------------------------------------------------------------------------

@test
def a_billion_prompts_are_told_in_years_and_why(work):
    rows = [("at 12 k tokens", "tpm=3M,startup=0s", {"demand": numbers("1000M", 10000, 2000), "options": ["--deadline", "30d"]},
             {"makespan_s": (2778 * DAY, DAY), "needed/lanes": 93, "binding": "tpm"}),
            ("at 500 tokens", "tpm=3M,startup=0s", {"demand": numbers("1000M", 400, 100), "options": ["--deadline", "30d"]},
             {"makespan_s": (116 * DAY, DAY), "needed/lanes": 4}),
            ("in jobs of 1,000: 5.7 years", "files=1,shard_records=1000,job_records=1000,jobs=10,startup=30m",
             {"demand": numbers("1000M", 400, 100)},
             {"jobs": 1000000, "makespan_s": (5.7 * 365.25 * DAY, 0.02 * 365.25 * DAY), "binding": "jobs"}),
            ("in jobs of 50,000: 83 days", "files=1,shard_records=50000,job_records=50000,jobs=10,startup=60m",
             {"demand": numbers("1000M", 400, 100)}, {"jobs": 20000, "makespan_s": (83.3 * DAY, 0.2 * DAY), "binding": "jobs"})]
    check_rows(work, rows)
    done = work.penstock("plan", *numbers("1000M", 10000, 2000), "--lane", "tpm=3M,startup=0s", "--count", "0")
    check_status(done, OK, "a billion")
    check(done.out.startswith("7.6 years at 3 M tokens/min: the token rate binds."), done.out.split("\n")[0])


# --- bad input -----------------------------------------------------------------------------------------------

MISUSED = [
    ("a negative count", [*numbers("-5", 1, 1)], ["--records", "count, for example"]),
    ("a count that is none", [*numbers("many", 1, 1)], ["--records", "count, for example"]),
    ("no records", [*numbers(0, 1, 1)], ["--records", "penstock plan --records 200000"]),
    ("a size that is none", [*REFERENCE, "--bytes-per-record", "big"], ["--bytes-per-record", "40kB"]),
    ("a deadline that is none", [*REFERENCE, "--deadline", "soon"], ["--deadline", "2h"]),
    ("a cost that is none", [*REFERENCE, "--max-cost", "-1"], ["--max-cost", "900.50"]),
    ("a cost where no price is known", [*REFERENCE, "--max-cost", "10", "--count", "0"], ["--max-cost", "--model"]),
    ("a start that is none", [*REFERENCE, "--start", "25:00"], ["--start", "23:20"]),
    ("tokens per byte that are none", [*REFERENCE, "--tokens-per-byte", "x"], ["--tokens-per-byte", "number"]),
    ("an unknown option", [*REFERENCE, "--dedline", "2h"], ["--dedline", "--deadline"]),
    ("an unknown key", [*REFERENCE, "--lane", "tpx=1"], ["'tpx'", "tpm", "tpd"]),
    ("a key without a value", [*REFERENCE, "--lane", "tpm"], ["'tpm'", "key=value"]),
    ("a nonsense size", [*REFERENCE, "--lane", "shard_bytes=huge"], ["shard_bytes=huge", "shard_bytes=50MB"]),
    ("a negative limit", [*REFERENCE, "--lane", "tpm=-3M"], ["tpm=-3M", "tpm=3M"]),
    ("a limit of nothing", [*REFERENCE, "--lane", "jobs=0"], ["jobs=0", "above 0"]),
    ("a time of the day that is none", [*REFERENCE, "--lane", "reset=noon"], ["reset=noon", "00:00Z"]),
    ("an unknown kind", [*REFERENCE, "--lane", "kind=fast"], ["kind=fast", "batch or on-demand"]),
    ("contradictory limits", [*REFERENCE, "--lane", "min_records=1000,job_records=10"], ["min_records", "job_records"]),
    ("limits that contradict over files", [*REFERENCE, "--lane", "min_records=1000,files=1,shard_records=10"],
     ["min_records=1000", "shard_records"]),
    ("lanes of one pool that contradict", [*REFERENCE, "--lane", "name=a,tpm=1M", "--lane", "name=b,tpm=2M"], ["tpm", "'a'", "'b'"]),
    ("two lanes of a name", [*REFERENCE, "--lane", "name=a", "--lane", "name=a"], ["'a'", "name="]),
    ("an unknown profile of limits", [*REFERENCE, "--limits", "typicl"], ["typicl", "typical"]),
    ("an unknown model", [*REFERENCE, "--model", "us.antropic.claude-haiku-4-5-20251001-v1:0"], ["antropic", "anthropic"]),
    ("nothing at all", [], ["--records", "for example"]),
    ("numbers beside an input", ["prompts.jsonl", "--records", "1"], ["--records"]),
    ("an input without a model", ["prompts.jsonl"], ["--model"]),
    ("a lane without a model beside an input", ["prompts.jsonl", "--lane", "name=a,tpm=1M"], ["--model"]),
    ("more than can be summed", [*numbers("9000000000000000", 10000, 1)], ["--records"]),
]


@test
def what_cannot_be_used_is_one_error_with_its_key(work):
    work.prompts(3)
    wrong = []
    for name, arguments, words in MISUSED:
        done = work.penstock("plan", *arguments)
        said = [line for line in done.err.split("\n") if line.startswith("penstock: ")]
        missing = [word for word in words if word.lower() not in done.err.lower()]
        if done.status != USAGE or len(said) != 1 or missing or done.out:
            wrong.append("%s: status %d, misses %s\n%s%s" % (name, done.status, missing, done.out[:200], done.err))
    check(not wrong, "%d rows" % len(MISUSED), "\n".join(wrong))


# --- an input ------------------------------------------------------------------------------------------------

@test
def an_input_is_measured_and_corrected(work):
    rows = [{"id": "p%d" % number, "prompt": "Tell me about number %d." % (number % 190), "max_tokens": 500} for number in range(200)]
    prompts = work.write_jsonl("prompts.jsonl", rows)
    common = ["--model", HAIKU + "@us-west-2", "--lane", "tpm=1M,min_records=10", "--json", "--count", "0"]
    plans = [json.loads(work.penstock("plan", prompts, *common, *more).out)
             for more in ([], ["--expect-output", "100"], ["--tokens-per-byte", "0.5"])]
    demand = plans[0]["demand"]
    check_equal((200, 190, 10, True), (demand["records"], demand["unique_records"], demand["duplicates"], demand["measured"]), "counted")
    check_equal((190 * 500, 190 * 500), (demand["output_tokens"], demand["output_tokens_max"]), "output at its bound")
    check(demand["margin"] > 0 and plans[0]["cost_usd"] > 0, "a margin of %s, a cost of %s" % (demand["margin"], plans[0]["cost_usd"]))
    check_equal((190 * 100, 190 * 500), (plans[1]["demand"]["output_tokens"], plans[1]["demand"]["output_tokens_max"]), "as expected")
    check(abs(plans[2]["demand"]["input_tokens"] - demand["bytes"] / 2) <= demand["bytes"] / 100, "tokens by the byte")


# --- the drawing ---------------------------------------------------------------------------------------------

# Of a monospaced letter, as browsers draw it: the widest that is known, in its size; what is not ASCII has two.
LETTER = 0.602
SVG = "{http://www.w3.org/2000/svg}"


def text_box(element):
    columns = sum(1 if ord(letter) < 128 else 2 for letter in element.text or "")
    width = columns * LETTER * float(element.get("font-size"))
    left = float(element.get("x")) - (width / 2 if element.get("text-anchor") == "middle" else 0)
    return left, left + width, float(element.get("y"))


def check_drawing(path, count):
    root = xml.etree.ElementTree.parse(path).getroot()
    width, height = float(root.get("width")), float(root.get("height"))
    check_equal(SVG + "svg", root.tag, "well-formed, %d lanes" % count)
    known = {SVG + name for name in ("svg", "title", "style", "rect", "line", "text", "g")}
    check(all(element.tag in known for element in root.iter()), "  nothing that runs or fetches")
    raw = read_bytes(path).decode()
    check("<script" not in raw.replace("&lt;", "") and "href" not in raw and "url(" not in raw, "  no reference to anything")
    plot_left = float(next(root.iter(SVG + "g")).find(SVG + "line").get("x1"))
    outside = [element.text for element in root.iter(SVG + "text")
               if text_box(element)[0] < 0 or text_box(element)[1] > width or text_box(element)[2] > height]
    names = [element for group in root.iter(SVG + "g") for element in group.findall(SVG + "text")]
    check(not outside, "  no text leaves the page", outside)
    check(len(names) == 2 * count and all(text_box(element)[1] <= plot_left for element in names), "  nor a name its column")
    for rect in root.iter(SVG + "rect"):
        if float(rect.get("x")) + float(rect.get("width")) > width + 0.01 or float(rect.get("y")) + float(rect.get("height")) > height:
            raise Failed("a bar leaves the page: %s" % rect.attrib)


@test
def the_drawing_holds_at_1_8_and_48_lanes(work):
    for count in (1, 8, 48):
        for name in ("l%d", "a-very-long-name-of-a-lane-in-the-account-of-a-department-%d", "<b>&\"'\u6c34\u6c34%d"):
            path = work.path("plan.svg")
            status, _ = planned(work, many_lanes(count, name), "--plot", path)
            check_status(Done(status, "", "", "plan --plot"), OK, "%d lanes named %s" % (count, name))
            check_drawing(path, count)


main(__doc__)
