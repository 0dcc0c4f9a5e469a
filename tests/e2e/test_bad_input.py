#!/usr/bin/env python3
"""Bad input gets a clear answer, and nothing else is lost.

Goal: a broken line is rejected with its number and the rest go on; an input that cannot be used as a whole is refused
with what to do. Method: rows of bytes among good lines, run against the emulator; the judge checks completeness.
"""
from harness import *

GOOD = 12
LANE = "jobs=2,job_records=10,shard_records=5,min_records=1"


def good_lines(count=GOOD):
    return [json.dumps({"id": "g%d" % number, "prompt": "good line %d" % number}).encode() for number in range(count)]


# (what the line is, its bytes, is it accepted?)
LINES = [
    ("is cut", b'{"id": "x", "prompt": "cut', False),
    ("is an array", b'["x"]', False),
    ("is a number", b"7", False),
    ("has something behind the value", b'{"id": "x", "prompt": "y"} z', False),
    ("is two objects", b'{"id": "x", "prompt": "y"}{"id": "x", "prompt": "y"}', False),
    ("has a comment", b'{"id": "x", /* no */ "prompt": "y"}', False),
    ("has a trailing comma", b'{"id": "x", "prompt": "y",}', False),
    ("has NaN", b'{"id": "x", "prompt": "y", "top_p": NaN}', False),
    ("has its id twice", b'{"id": "x", "id": "y", "prompt": "z"}', False),
    ("has no prompt", b'{"id": "x"}', False),
    ("has a prompt that is no text", b'{"id": "x", "prompt": 7}', False),
    ("is not UTF-8", b'{"id": "x", "prompt": "\xff\xfe"}', False),
    ("is overlong UTF-8", b'{"id": "x", "prompt": "\xc0\xaf"}', False),
    ("is a surrogate in UTF-8", b'{"id": "x", "prompt": "\xed\xa0\x80"}', False),
    ("has a NUL byte", b'{"id": "x", "prompt": "a\x00b"}', False),
    ("is nested 100,000 deep", b'{"id": "x", "prompt": "y", "z": ' + b"[" * 100000 + b"]" * 100000 + b"}", False),
    ("has an escaped NUL", b'{"id": "x", "prompt": "a\\u0000b"}', True),
    ("has an id with a path in it", b'{"id": "../../etc/passwd", "prompt": "path"}', True),
    ("has an id with terminal escapes", b'{"id": "\\u001b[2J\\u001b]0;x\\u0007", "prompt": "escapes"}', True),
    ("has an id that a spreadsheet would run", b'{"id": "=cmd|\' /C calc\'!A0", "prompt": "cmd"}', True),
    ("has an id of a million bytes", b'{"id": "' + b"i" * 1000000 + b'", "prompt": "long id"}', True),
    ("has a format in its id", b'{"id": "%s%n%x", "prompt": "format"}', True),
    ("has the same id as another", b'{"id": "g0", "prompt": "another prompt"}', True),
    ("has line separators of Unicode", '{"id": "u", "prompt": "a\u2028b\u0085c"}'.encode(), True),
    ("has carriage returns around it", b'\r{"id": "r", "prompt": "cr"}\r', True),
]


def start(work, data, *more, lane=LANE, name="in.jsonl"):
    path = work.write(name, data)
    emulator = work.emulator(limits=lane)
    return path, emulator, work.run(emulator, path, "results.jsonl", *more, lane=lane)


@test
def each_bad_line_is_rejected_and_the_rest_go_on(work):
    lines = good_lines()
    for number, (_, data, _) in enumerate(LINES):
        lines.insert(number * 2 % len(lines), data)
    path, emulator, done = start(work, b"\n".join(lines) + b"\n")
    check_status(done, SOME_FAILED, "the run")
    rows = read_jsonl(work.path("results.jsonl"))
    check_equal(len(lines), len(rows), "one results line a line")
    for what, data, is_accepted in LINES:
        row = rows[lines.index(data)]
        check_equal("succeeded" if is_accepted else "rejected", row["status"], "a line that %s" % what)
        if not is_accepted:
            check(row["error"]["code"] and row["error"]["message"], "  and it says why: %.100s" % row["error"]["message"], row)
    check(all(row["status"] == "succeeded" for row, line in zip(rows, lines) if line in good_lines()), "all good lines went on")
    check("\x1b" not in done.err + done.out, "no escape reached the terminal")
    keys = [event["key"] for event in emulator.events("object.put")]
    check(all(re_plain(key) for key in keys), "no id is in a key", keys[:3])
    check(all(re_plain(event["name"]) for event in emulator.events("job.created")), "nor in the name of a job")
    work.judge(emulator, path, "results.jsonl")


def re_plain(key):
    return all(letter.isalnum() or letter in "-_./" for letter in key) and ".." not in key


@test
def numbers_reach_the_service_byte_for_byte(work):
    numbers = ["1e999", "-0", "123456789012345678901234567890", "0.10", "1E+2"]
    lines = ['{"recordId": "n%d", "modelInput": {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 10, "messages": '
             '[{"role": "user", "content": "number %d"}], "metadata_number": %s}}' % (index, index, number)
             for index, number in enumerate(numbers)]
    path, emulator, done = start(work, "\n".join(lines))
    check(done.status in (OK, SOME_FAILED), "the run (status %d)" % done.status, done.err[-2000:])
    sent = b"".join(read_bytes(os.path.join(emulator.data, "objects", str(event["body"])))
                    for event in emulator.events("object.put") if event["by"] == "client")
    for number in numbers:
        check(b'"metadata_number":%s' % number.encode() in sent, "%s is sent as it was written" % number)


@test
def marks_ends_and_blank_lines_do_not_matter(work):
    body = b"\r\n".join(good_lines(6) + [b"", b"  ", b"\t"] + good_lines(7)[6:])
    path, emulator, done = start(work, b"\xef\xbb\xbf" + body)  # BOM, CRLF, blank lines, no line end at the end
    check_status(done, OK, "the run")
    check_equal(["g%d" % number for number in range(7)], [row["id"] for row in read_jsonl(work.path("results.jsonl"))],
                "seven answers")
    work.judge(emulator, path, "results.jsonl")


# (what, how to make the input, words that the message must hold)
REFUSED_INPUTS = [
    ("an empty file", lambda work: work.write("in.jsonl", b""), "empty|no record|nothing"),
    ("a file of blank lines", lambda work: work.write("in.jsonl", b"\n \n\t\n"), "blank|no record|nothing"),
    ("a file that is not there", lambda work: work.path("missing.jsonl"), "missing.jsonl"),
    ("a folder", lambda work: work.root, "folder|directory"),
    ("a mix of dialects", lambda work: work.write("in.jsonl", b"\n".join(
        [b'{"id": "a", "prompt": "b"}', b'{"recordId": "a", "modelInput": {"messages": []}}'] * 20)), "format|dialect|agree"),
    ("plain text under another name", lambda work: work.write("in.jsonl", b"what is this\nand that\n" * 60), "format|text"),
]


@test
def an_input_that_cannot_be_used_is_refused_with_what_to_do(work):
    emulator = work.emulator()
    for what, make, words in REFUSED_INPUTS:
        done = work.run(emulator, make(work), "results.jsonl")
        check_status(done, USAGE, what)
        check(any(word in done.err for word in words.split("|")), "  and it says so: %s" % done.err.strip().split("\n")[-1][:120],
              done.err)
    check_equal(0, sum(emulator.calls()[op] for op in ("PutObject", "CreateModelInvocationJob")), "nothing was sent")


@test
def an_input_below_the_minimum_is_refused(work):
    emulator = work.emulator(limits="min_records=100")
    done = work.run(emulator, work.prompts(20), "results.jsonl", lane="min_records=100")
    check_status(done, REFUSED, "twenty prompts where a hundred are the least")
    check("100" in done.err and "20" in done.err, "it names both numbers", done.err)


@test
def a_model_that_nobody_knows_is_refused(work):
    emulator = work.emulator()
    done = work.run(emulator, work.prompts(20), "results.jsonl", model="nobody.knows-this-v1:0")
    check_status(done, USAGE, "an unknown model")
    check("nobody.knows-this-v1:0" in done.err, "it names the model", done.err)


@test
def an_output_folder_that_cannot_be_written_is_refused_before_anything_is_paid(work):
    emulator = work.emulator()
    done = work.run(emulator, work.prompts(20), "no/such/folder/results.jsonl")
    check_status(done, USAGE, "a results folder that is not there")
    check_equal(0, len(emulator.events("job.created")), "no job was created")


@test
def a_line_over_the_cap_is_rejected_without_being_read_into_memory(work):
    path = work.path("long.jsonl")
    with open(path, "wb") as file:
        file.write(good_lines()[0] + b'\n{"id": "long", "prompt": "')
        file.seek(400 << 20, os.SEEK_CUR)  # a hole: 400 MB of NUL bytes that take no disk
        file.write(b'"}\n' + good_lines()[1] + b"\n")
    emulator = work.emulator(limits=LANE)
    process = work.start_run(emulator, path, "results.jsonl", lane=LANE)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    check_equal(SOME_FAILED, process.returncode, "the run: exit 1")
    rows = read_jsonl(work.path("results.jsonl"))
    check_equal(["succeeded", "rejected", "succeeded"], [row["status"] for row in rows], "the long line alone is rejected")
    if not SANITIZER:
        check(usage.ru_maxrss < 300000, "in %d MB of memory" % (usage.ru_maxrss // 1000))


@test
def an_input_that_changes_under_us_loses_only_what_was_not_sent(work):
    prompts = work.prompts(40)
    emulator = work.emulator(faults="stuck:job:nth=1,stuck:job:nth=2")
    process = work.start_run(emulator, prompts, "results.jsonl", "--name", "gone")
    wait_until(lambda: len(emulator.events("job.created")) >= 2, "two jobs")
    os.remove(prompts)
    status = process.wait(SECONDS_MAX)
    rows = read_jsonl(work.path("results.jsonl"))
    counts = collections.Counter(row["status"] for row in rows)
    check_equal(40, len(rows), "one results line a line")
    check(counts["succeeded"] >= 20 and status in (OK, SOME_FAILED), "what was sent is answered: %s" % dict(counts), work.said())
    codes = {row["error"]["code"] for row in rows if row["status"] == "failed"}
    check(codes <= {"input_gone"}, "the rest failed because the input is gone", codes)


main(__doc__)
