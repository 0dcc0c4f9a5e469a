#!/usr/bin/env python3
"""What a model can hold and where it takes jobs is known before anything is sent.

Goal: `models` and `quotas` show it; a model that cannot be used is refused at once with what would do; a record that
the model cannot hold is rejected with its line number and the limit, and the rest go on. Method: the program as a
user calls it; records just inside and just over each limit, run against the emulator; the judge checks the rest.
"""
from harness import *

PLAIN_HAIKU = HAIKU[len("us."):]
GOOD = 10
CONTEXT = 200000
OUTPUT = 64000
FILE_BYTES = 2000000
NUMBERS = ["--records", "1000", "--input-tokens", "10", "--output-tokens", "10"]


@test
def models_are_listed_as_text_and_as_json(work):
    table = work.penstock("models")
    check_status(table, OK, "penstock models")
    check(max(len(line) for line in table.out.split("\n")) <= 80, "it fits 80 columns")
    check(PLAIN_HAIKU in table.out, "the model of the first run is there")
    models = json.loads(work.penstock("models", "--json").out)
    check(len(models) > 60 and len({model["id"] for model in models}) == len(models), "%d models, each once" % len(models))
    one = [model for model in models if model["id"] == PLAIN_HAIKU][0]
    check_equal(CONTEXT, one["context_tokens"], "its context")
    check_equal(550000, one["prices_usd_micros"]["regional"]["batch_input"], "its batch price in micro-dollars")
    check_equal([], one["regions"], "no Region takes batch jobs under its own id")
    check_equal(23, len(one["profile_regions"]), "through a profile so many do")


@test
def quotas_say_where_each_number_is_from(work):
    for profile, values in (("published", {"jobs": 100, "tpm": None, "tpd": None, "rps": None, "shard_bytes": 10**9}),
                            ("typical", {"jobs": 10, "tpm": 3 * 10**6, "tpd": 50 * 10**6, "rps": 20, "out_bytes": 50 * 10**6}),
                            ("typical-low", {"jobs": 10, "tpm": 300000, "tpd": 10**7, "rps": 1, "files": 5000})):
        done = work.penstock("quotas", "--model", HAIKU + "@us-west-2", "--limits", profile, "--json")
        check_status(done, OK, "quotas --limits %s" % profile)
        limits = {row["limit"]: row for row in json.loads(done.out)["limits"]}
        for key, value in values.items():
            check_equal(value, limits[key]["value"], key)
            check(value is None or limits[key]["source"] == profile, "%s is of %s" % (key, profile))
            check(limits[key]["date"] and limits[key]["origin"], "with date and origin")
        check_equal("L-63020993", limits["jobs"]["quota"]["code"], "the code of jobs")
        check(limits["jobs"]["quota"]["adjustable"], "which can be raised")


@test
def a_model_that_cannot_be_used_is_refused_at_once(work):
    path = work.prompts(3)
    for model, words in (
            (PLAIN_HAIKU + "@us-east-1", ["in us-east-1", "From us-east-1 it takes them as '%s'" % HAIKU]),
            (HAIKU + "@eu-west-1", ["in eu-west-1", "'eu.%s'" % PLAIN_HAIKU]),
            ("mistral.mistral-large-2407-v1:0@us-east-1", ["It takes them in us-west-2"]),
            ("us.anthropic.claude-sonnet-5@us-east-1", ["takes no batch jobs of it", "penstock models"]),
            ("claude-haiku-4-5", ["nobody here knows it", "Did you mean '%s'" % HAIKU]),
            ("us.anthropc.claude-haiku-4-5-20251001-v1:0", ["nobody here knows it", "Did you mean '%s'" % HAIKU]),
            ("nobody.knows", ["nobody here knows it", "--models-file"])):
        for command in (["run", path, "-o", work.path("r.jsonl"), "--local"], ["simulate", path]):
            done = work.penstock(*command, "--model", model)
            check_status(done, USAGE, "%s with %s" % (command[0], model))
            for word in words:
                check(word in done.err, "it says: %s" % word, done.err)
    check(not os.path.exists(work.path("r.jsonl")), "and nothing is written")


@test
def a_new_model_comes_with_a_file(work):
    path = work.write("models.json", json.dumps({"models": [
        {"id": "anthropic.claude-next-v1:0", "name": "Claude Next", "context": {"tokens": 30, "output_tokens": 20}}]}).encode())
    prompts = work.write_jsonl("in.jsonl", [{"id": "a", "prompt": "short", "max_tokens": 20},
                                            {"id": "b", "prompt": "a prompt of many words " * 10, "max_tokens": 20}])
    done = work.penstock("run", prompts, "-o", work.path("results.jsonl"), "--local", "--lane", "min_records=1",
                         "--model", "us.anthropic.claude-next-v1:0", "--models-file", path)
    check_status(done, SOME_FAILED, "the run")
    rows = read_jsonl(work.path("results.jsonl"))
    check_equal(["succeeded", "rejected"], [row["status"] for row in rows], "its context is held against records")
    done = work.penstock("plan", *NUMBERS, "--json", "--model", "us.anthropic.claude-next-v1:0@us-west-1",
                         "--models-file", path)
    check_status(done, OK, "the plan")
    check_equal(None, json.loads(done.out)["cost_usd"], "has no price for it")


@test
def a_record_over_a_limit_is_rejected_and_the_rest_go_on(work):
    lane = "jobs=2,min_records=1,job_records=100,shard_bytes=2MB"
    rows = [{"id": "g%d" % number, "prompt": "good %d" % number, "max_tokens": 100} for number in range(GOOD)]
    rows[2] = {"id": "context", "prompt": "word " * (CONTEXT + CONTEXT // 4), "max_tokens": 100}
    rows[4] = {"id": "output", "prompt": "short", "max_tokens": OUTPUT + 1}
    rows[5] = {"id": "inside", "prompt": "short", "max_tokens": OUTPUT}
    rows[7] = {"id": "file", "prompt": " " * (FILE_BYTES + 1) + "x", "max_tokens": 100}
    prompts = work.write_jsonl("in.jsonl", rows)
    emulator = work.emulator(limits=lane)
    done = work.run(emulator, prompts, "results.jsonl", lane=lane)
    check_status(done, SOME_FAILED, "the run")
    results = {row["id"]: row for row in read_jsonl(work.path("results.jsonl"))}
    for name, line, code, limit in (("context", 3, "context_tokens", str(CONTEXT)), ("output", 5, "output_tokens", str(OUTPUT)),
                                    ("file", 8, "record_bytes", str(FILE_BYTES))):
        row = results[name]
        check_equal("rejected", row["status"], "%s is rejected" % name)
        check_equal(code, row["error"]["code"], "with its code")
        check("in.jsonl:%d:" % line in row["error"]["message"], "its line number", row["error"]["message"])
        check(limit in row["error"]["message"], "and the limit", row["error"]["message"])
    check_equal("succeeded", results["inside"]["status"], "one that asks for all the output there is goes on")
    check_equal(GOOD - 3, sum(row["status"] == "succeeded" for row in results.values()), "like the others")
    work.judge(emulator, prompts, "results.jsonl")


@test
def a_lane_that_makes_no_sense_is_one_error(work):
    model = "model=" + HAIKU
    limits = work.write("bad.lanes", b"name=a,%s\nname=b,jobs=-1\n" % model.encode())
    conf = work.write("bad.conf", b"[lane a]\nmodel = m\nspeed = 3\n")
    for arguments, words in (
            (["--lane", model + ",jobs=-1"], ["'jobs=-1'", "a number above 0, written like 'jobs=10'"]),
            (["--lane", model + ",jobs=0"], ["'jobs=0'", "'jobs=10'"]),
            (["--lane", model + ",shard_bytes=ten"], ["'shard_bytes=ten'", "'shard_bytes=50MB'"]),
            (["--lane", model + ",rpm=5"], ["lane key 'rpm'", "Keys are name, model"]),
            (["--lane", model + ",kind=fast"], ["'kind=fast'", "batch or on-demand"]),
            (["--lane", model + ",min_records=200,job_records=100"], ["cannot hold a job", "min_records", "job_records"]),
            (["--lane", model + ",output=300,context=200"], ["output=300 tokens in a context of 200"]),
            (["--lane", model + ",kind=on-demand,jobs=3"], ["cannot use jobs together with kind=on-demand"]),
            (["--lane", "name=a," + model, "--lane", "name=a," + model], ["two lanes of the name 'a'"]),
            (["--limits", "generous"], ["'generous'", "'published', 'typical' and 'typical-low'"]),
            (["--limits-file", limits], ["bad.lanes' line 2", "'jobs=-1'"]),
            (["--config", conf], ["bad.conf' line 3", "'speed'"])):
        done = work.penstock("simulate", *NUMBERS, *arguments)
        check_status(done, USAGE, " ".join(arguments))
        check_equal(1, done.err.count("penstock:"), "one error", )
        for word in words:
            check(word in done.err, "it says: %s" % word, done.err)


@test
def lanes_come_from_files_too(work):
    lanes = ["name=%s,model=%s,region=%s,jobs=2,tpm=20k" % (name, HAIKU, region)
             for name, region in (("east", "us-east-1"), ("west", "us-west-2"))]
    limits = work.write("two.lanes", ("# two Regions\n%s\n" % "\n".join(lanes)).encode())
    conf = work.write("penstock.conf", "".join("[lane %s]\n%s\n" % (lane.split(",")[0][5:], "\n".join(
        pair.replace("=", " = ") for pair in lane.split(",")[1:])) for lane in lanes).encode())
    by_option = work.penstock("simulate", *NUMBERS, "--json", "--lane", lanes[0], "--lane", lanes[1])
    check_status(by_option, OK, "two --lane")
    check_equal(["east", "west"], [lane["name"] for lane in json.loads(by_option.out)["lanes"]], "both are there")
    for arguments in (["--limits-file", limits], ["--config", conf]):
        done = work.penstock("simulate", *NUMBERS, "--json", *arguments)
        check_status(done, OK, arguments[0])
        check_equal(by_option.out, done.out, "the same lanes, the same answer")


@test
def one_that_ends_soon_is_said_so(work):
    done = work.penstock("simulate", "--records", "1000", "--input-tokens", "10", "--output-tokens", "10",
                         "--model", "us.anthropic.claude-sonnet-4-20250514-v1:0@us-east-1")
    check_status(done, OK, "the simulation")
    check("reached its end of life on 2026-10-14" in done.err, "it says that the model is gone", done.err)
    llama = "us.meta.llama3-3-70b-instruct-v1:0"
    done = work.penstock("plan", *NUMBERS, "--model", llama + "@us-east-1", "--model", llama + "@us-west-2")
    check_equal(1, done.err.count("being retired: it ends on 2027-03-30"), "once, however many lanes there are")


main(__doc__)
