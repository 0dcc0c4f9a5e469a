#!/usr/bin/env python3
"""Every input dialect and every model family goes in and comes back.

Goal: what the user writes reaches the model, and text, usage and stop reason come out of each family's answer. Method: one
row a dialect and one a family through the real binary and the emulator; the judge compares what was sent with the input.
"""
import gzip

from harness import *

LANE = "jobs=2,job_records=10,shard_records=5,min_records=1"
COUNT = 7


def words(number):
    return "Say something about \u00e9t\u00e9 number %d." % number


def simple(number):
    return {"id": "s%d" % number, "prompt": words(number)}


def chat(number):
    return {"id": "c%d" % number, "system": "Be brief.", "messages": [{"role": "user", "content": words(number)}]}


def bedrock(number):
    return {"recordId": "b%d" % number, "modelInput": {
        "anthropic_version": "bedrock-2023-05-31", "max_tokens": 100,
        "messages": [{"role": "user", "content": [{"type": "text", "text": words(number)}]}]}}


def openai(number):
    return {"custom_id": "o%d" % number, "method": "POST", "url": "/v1/chat/completions",
            "body": {"model": "gpt-x", "max_tokens": 100, "messages": [{"role": "system", "content": "Be brief."},
                                                                      {"role": "user", "content": words(number)}]}}


def anthropic(number):
    return {"custom_id": "a%d" % number, "params": {"model": "claude", "max_tokens": 100,
                                                   "messages": [{"role": "user", "content": words(number)}]}}


def own(number):
    return {"key": "k%d" % number, "question": words(number), "topic": "weather"}


def lines(row_of):
    return "".join(json.dumps(row_of(number), ensure_ascii=False) + "\n" for number in range(COUNT)).encode()


def csv_lines(_):
    rows = ['k%d,"Say ""something"" about\nnumber %d, please",weather' % (number, number) for number in range(COUNT)]
    return ("key,question,topic\r\n" + "\r\n".join(rows) + "\r\n").encode()


TEMPLATE = "Topic {topic}: {question}"

# (name, file name, bytes, more options, options of the judge)
DIALECTS = [
    ("simple prompts", "in.jsonl", lines(simple), [], []),
    ("simple messages", "in.jsonl", lines(chat), [], []),
    ("bedrock", "in.jsonl", lines(bedrock), [], []),
    ("openai batch", "in.jsonl", lines(openai), [], []),
    ("anthropic batch", "in.jsonl", lines(anthropic), [], []),
    ("plain text by its name", "in.txt", b"".join(words(n).encode() + b"\n" for n in range(COUNT)), [], ["--format", "text"]),
    ("plain text when told", "in.dat", b"".join(words(n).encode() + b"\n" for n in range(COUNT)), ["--format", "text"],
     ["--format", "text"]),
    ("any json lines with a template", "in.jsonl", lines(own), ["--id-field", "key"], ["--id-field", "key"]),
    ("csv with a template", "in.csv", csv_lines(None), ["--id-field", "key"],
     ["--format", "csv", "--id-field", "key"]),
    ("gzip", "in.jsonl.gz", gzip.compress(lines(simple)), [], []),
]

FAMILIES = [
    ("anthropic", HAIKU), ("nova", "amazon.nova-lite-v1:0"), ("llama", "us.meta.llama3-3-70b-instruct-v1:0"),
    ("mistral", "mistral.mistral-small-2402-v1:0"), ("openai", "openai.gpt-oss-20b-1:0"),
    ("titan text", "amazon.titan-text-express-v1"),
]


NO_BATCH = ["amazon.titan-text-express-v1"]


def check_rows(work, count, has_text=True, has_usage=True):
    rows = read_jsonl(work.path("results.jsonl"))
    check_equal(count, len(rows), "one results line a prompt")
    check(all(row["status"] == "succeeded" for row in rows), "each succeeded", rows[0])
    if has_text:
        check(all(row["text"] for row in rows), "each with a text")
        check(not has_usage or all(row["usage"]["input_tokens"] > 0 and row["usage"]["output_tokens"] > 0 for row in rows), "and its usage")
        check(all(row.get("stop_reason") for row in rows), "and its stop reason")
    return rows


def check_templates(emulator):
    """Each prompt is the template with its columns filled in."""
    keys = [event for event in emulator.events("object.put") if event["by"] == "client"]
    sent = b"".join(read_bytes(os.path.join(emulator.data, "objects", str(event["body"]))) for event in keys)
    check_equal(COUNT, sent.count(b"Topic weather: Say"), "each was sent as the template says")


def add_dialect(name, file_name, data, more, judge_more):
    def function(work):
        path = work.write(file_name, data)
        if "template" in name:
            template = work.write("template", TEMPLATE)
            more_here = more + ["--prompt-file", template]
        else:
            more_here = more
        emulator = work.emulator(limits=LANE)
        check_status(work.run(emulator, path, "results.jsonl", *more_here, lane=LANE), OK, name)
        rows = check_rows(work, COUNT)
        if "template" in name:
            check_templates(emulator)
        if "text" not in name:
            check(all(row["id"] for row in rows), "each with the user's id")
        judge_here = judge_more + (["--prompt-file", work.path("template")] if "csv" in name else [])
        work.judge(emulator, path, "results.jsonl", *judge_here)
    function.__name__ = "dialect_" + name.replace(" ", "_")
    test(function)


def add_family(name, model):
    def function(work):
        path = work.write("in.jsonl", lines(chat))
        emulator = work.emulator(limits=LANE)
        more = []
        if model in NO_BATCH:  # the service takes no batch jobs of it, the emulator does: a file says nothing of that
            more = ["--models-file", work.write("models.json", json.dumps({"models": [{"id": model, "name": name}]}).encode())]
        check_status(work.run(emulator, path, "results.jsonl", *more, lane=LANE, model=model), OK, model)
        check_rows(work, COUNT, has_usage=name != "mistral")  # its older form does not tell
        work.judge(emulator, path, "results.jsonl")
    function.__name__ = "family_" + name.replace(" ", "_")
    test(function)


for row in DIALECTS:
    add_dialect(*row)
for row in FAMILIES:
    add_family(*row)


@test
def family_titan_embed(work):
    path = work.write("in.jsonl", lines(simple))
    emulator = work.emulator(limits=LANE)
    check_status(work.run(emulator, path, "results.jsonl", lane=LANE, model="amazon.titan-embed-text-v2:0"), OK, "embeddings")
    rows = check_rows(work, COUNT, has_text=False)
    check(all(len(row["output"]["embedding"]) > 100 for row in rows), "each with an embedding")
    work.judge(emulator, path, "results.jsonl")


@test
def family_converse(work):
    path = work.write("in.jsonl", lines(chat))
    emulator = work.emulator(limits=LANE)
    done = work.run(emulator, path, "results.jsonl", "--converse", lane=LANE)
    check_status(done, OK, "--converse")
    check_rows(work, COUNT)
    check_equal({"Converse"}, {event["invocation_type"] for event in emulator.events("job.created")}, "the jobs say Converse")
    work.judge(emulator, path, "results.jsonl")


@test
def several_inputs_and_standard_input_are_one_run(work):
    first, second = work.write("one.jsonl", lines(simple)), work.write("two.jsonl", lines(lambda number: dict(chat(number), id="d%d" % number)))
    emulator = work.emulator(limits=LANE)
    check_status(work.run(emulator, [first, second], "results.jsonl", lane=LANE), OK, "two files")
    check_equal(list(range(2 * COUNT)), [row["index"] for row in read_jsonl(work.path("results.jsonl"))],
                "index counts over both")
    work.judge(emulator, [first, second], "results.jsonl")
    other = work.emulator("other", limits=LANE)
    with open(first, "rb") as piped:
        process = work.start(work.run_arguments(other, "-", "piped.jsonl", lane=LANE), work.environment(other), stdin=piped)
        check_equal(OK, process.wait(SECONDS_MAX), "standard input: exit 0")
    work.judge(other, first, "piped.jsonl")


@test
def kept_fields_come_back(work):
    path = work.write("in.jsonl", lines(lambda number: dict(simple(number), ticket=number * 7, tags=["a", number])))
    emulator = work.emulator(limits=LANE)
    check_status(work.run(emulator, path, "results.jsonl", "--keep", "ticket,tags", lane=LANE), OK, "--keep ticket,tags")
    rows = read_jsonl(work.path("results.jsonl"))
    check_equal([{"ticket": number * 7, "tags": ["a", number]} for number in range(COUNT)], [row["input"] for row in rows],
                "each line has them in `input`")


@test
def equal_prompts_are_paid_once_unless_warm_or_told(work):
    def rows(temperature):
        return "".join(json.dumps(dict(bedrock(number % 3), recordId="r%d" % number)).replace(
            '"max_tokens"', '"temperature": %s, "max_tokens"' % temperature) + "\n" for number in range(9))
    for name, temperature, more, paid, judge_more in [
            ("cold ones are merged", "0", [], 3, []), ("warm ones are not", "0.7", [], 9, []),
            ("warm ones are with --dedupe", "0.7", ["--dedupe"], 3, ["--dedupe", "all"]),
            ("none is with --no-dedupe", "0", ["--no-dedupe"], 9, ["--dedupe", "none"])]:
        place = name.replace(" ", "-")
        emulator = work.emulator(place, limits=LANE)
        path = work.write(place + ".in.jsonl", rows(temperature))
        check_status(work.run(emulator, path, place + ".jsonl", *more, lane=LANE), OK, name)
        answers = read_jsonl(work.path(place + ".jsonl"))
        check_equal(9 - paid, sum("duplicate_of" in row for row in answers), "%d marked as duplicates" % (9 - paid))
        check_equal(paid, work.judge(emulator, path, place + ".jsonl", *judge_more)["records_paid"], "%d paid" % paid)


main(__doc__)
