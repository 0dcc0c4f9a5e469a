#!/usr/bin/env python3
"""Goal: the judge finds each way to break a promise, and finds nothing in a world where all are kept.

Method: a small right world (two jobs, one retry, a duplicate, a broken line) is written by hand as event log, bodies
and results; each row of the table spoils one thing and names the kind of violation that must then be found.
"""
import contextlib
import copy
import hashlib
import io
import json
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import judge  # noqa: E402

RUN = "s3://b/p/r1"
LANE = {"lane": "a", "model": "", "region": "", "jobs": 2, "min_records": 2, "job_records": 4, "shard_records": 3,
        "shard_bytes": 100000, "job_bytes": 200000, "files": 0}
PROMPTS = ["one", "two", "three", "four", "five"]


def sha256(value):
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def model_input(prompt):
    return {"messages": [{"role": "user", "content": [{"type": "text", "text": prompt}]}], "max_tokens": 10}


def model_output(prompt):
    return {"content": [{"type": "text", "text": "about " + prompt}], "usage": {"input_tokens": 1, "output_tokens": 2}}


class Log:
    """A world in the making: events, bodies, and what they add up to."""

    def __init__(self):
        self.events = [{"event": "world.opened", "version": 1, "account_id": "1", "limits": [LANE]}]
        self.bodies = []

    def add(self, event, **members):
        self.events.append(dict(members, event=event))
        return self.events[-1]

    def put(self, key, data, by="client"):
        self.bodies.append(data)
        self.add("object.put", bucket="b", key=key, size_bytes=len(data), etag="e", body=str(len(self.bodies)), by=by)

    def job(self, name, shards):
        """Puts the shards ([(index, prompt)] each) and creates the job."""
        for number, shard in enumerate(shards):
            rows = [{"recordId": "R%010d" % index, "modelInput": model_input(prompt)} for index, prompt in shard]
            self.put("p/r1/in/%s/s%d/%s-s%d.jsonl" % (name, number, name, number),
                     "".join(json.dumps(row) + "\n" for row in rows).encode())
        self.add("job.created", job="id" + name, arn="arn", name=name, token="t" + name, model="m", base_model="m",
                 region="r", run=RUN, input_uri="%s/in/%s/" % (RUN, name), output_uri="%s/out/%s/" % (RUN, name))

    def state(self, name, status, **more):
        self.add("job.state", job="id" + name, status=status, **more)

    def process(self, name, shard, records):
        """records: [(line, index, prompt, error code or None)]"""
        answers = []
        for line, index, prompt, error in records:
            self.add("record", job="id" + name, run=RUN, object="%s/in/%s/s%d/%s-s%d.jsonl" % (RUN, name, shard, name, shard),
                     line=line, record_id="R%010d" % index, input_sha256=sha256(model_input(prompt)),
                     outcome="error" if error else "success", is_billed=not error, **({"error_code": error} if error else {}))
            answer = {"modelInput": {}, "recordId": "R%010d" % index}
            if error:
                answer["error"] = {"errorCode": error, "errorMessage": "no"}
            else:
                answer["modelOutput"] = model_output(prompt)
            answers.append(answer)
        self.put("p/r1/out/%s/id%s/%s-s%d.jsonl.out" % (name, name, name, shard),
                 "".join(json.dumps(answer) + "\n" for answer in answers).encode(), by="id" + name)


def right_world():
    log = Log()
    log.job("j1", [[(0, "one"), (1, "two")], [(3, "three"), (4, "four")]])
    log.state("j1", "InProgress")
    log.process("j1", 0, [(2, 1, "two", None), (1, 0, "one", None)])
    log.process("j1", 1, [(1, 3, "three", None), (2, 4, "four", 429)])
    log.state("j1", "Completed")
    log.job("j2", [[(4, "four"), (5, "five")]])
    log.state("j2", "InProgress")
    log.process("j2", 0, [(1, 4, "four", None), (2, 5, "five", 400)])
    log.add("upload.created", upload_id="u1", bucket="b", key="k")
    log.add("upload.completed", upload_id="u1")
    log.add("request", op="PutObject", status=200)
    log.state("j2", "Completed")
    return log


def user_lines():
    lines = [json.dumps({"id": prompt, "prompt": prompt}) for prompt in ["one", "two"]]
    lines += ["", json.dumps({"id": "again", "prompt": "one"})]
    lines += [json.dumps({"id": prompt, "prompt": prompt}) for prompt in ["three", "four", "five"]]
    return lines + ["{broken"]


def right_results():
    rows = []
    for index, (name, prompt) in enumerate([("one", "one"), ("two", "two"), ("again", "one"), ("three", "three"),
                                            ("four", "four")]):
        rows.append({"id": name, "index": index, "status": "succeeded", "text": "about " + prompt,
                     "output": model_output(prompt), "usage": {"input_tokens": 1, "output_tokens": 2}})
    rows[2]["duplicate_of"] = 0
    rows.append({"id": "five", "index": 5, "status": "failed", "error": {"code": "400", "message": "no"}})
    rows.append({"id": None, "index": 6, "status": "rejected", "error": {"code": "not_json", "message": "no"}})
    return rows


# --- the same prompts, each by a call on demand ------------------------------------------------------

DEMAND_LANE = {"lane": "od", "kind": "on-demand", "model": "", "region": "", "rps": 1, "tpm": 600, "tpd": 0, "burndown": 1}


def call_on_demand(log, prompt, answer="sent", status=200, is_executed=True, **changes):
    log.calls = getattr(log, "calls", 0) + 1
    at_ms = (len(log.events) + 1) * 1000
    if is_executed:
        log.add("invocation", **{**dict(
            request_id="q%d" % log.calls, op="InvokeModel", model="m", base_model="m", region="r", lane="od",
            input_sha256=sha256(model_input(prompt)), output_sha256=sha256(model_output(prompt)), at_ms=at_ms,
            answered_ms=at_ms + 500, reserved_tokens=11, quota_tokens=3, is_billed=True, input_tokens=1, output_tokens=2),
            **changes})
    log.add("request", request_id="q%d" % log.calls, op="InvokeModel", status=status, answer=answer, is_executed=is_executed)


def demand_world():
    log = Log()
    log.events[0]["limits"] = [LANE, DEMAND_LANE]
    for prompt in PROMPTS[:3]:
        call_on_demand(log, prompt)
    call_on_demand(log, "four", is_executed=False, status=429)
    call_on_demand(log, "four", is_executed=False, answer="lost")
    call_on_demand(log, "five", answer="lost")
    rows = right_results()
    for row, name in ((rows[4], "four"), (rows[5], "five")):
        row.clear()
        row.update({"id": name, "index": 4 if name == "four" else 5, "status": "failed",
                    "error": {"code": "maybe_paid", "message": "no answer came"}})
    return log, rows


def call_again_after_an_answer(log, rows):
    call_on_demand(log, "one")


def call_again_after_a_lost_answer(log, rows):
    call_on_demand(log, "five")
    rows[5] = right_results()[0] | {"id": "five", "index": 5, "text": "about five", "output": model_output("five")}


def call_again_what_a_job_has_paid(log, rows):
    log.job("j1", [[(0, "one"), (1, "two")]])
    log.state("j1", "InProgress")
    log.process("j1", 0, [(1, 0, "one", None), (2, 1, "two", None)])
    log.state("j1", "Completed")


def drop_an_answer_on_demand(log, rows):
    rows[1] = {"id": "two", "index": 1, "status": "failed", "error": {"code": "500", "message": "no"}}


def call_lost_what_was_answered(log, rows):
    rows[1] = {"id": "two", "index": 1, "status": "failed", "error": {"code": "maybe_paid", "message": "no"}}


def hide_what_may_be_paid(log, rows):
    rows[5]["error"]["code"] = "network"


def reserve_above_the_limit(log, rows):
    call_on_demand(log, "six", reserved_tokens=601, answer="lost")
    hide_what_may_be_paid(log, rows)


def call_sixty_at_once(log, rows):
    for number in range(61):
        call_on_demand(log, "x%d" % number, at_ms=500000, answered_ms=500001, reserved_tokens=3)


def settle_to_too_little(log, rows):
    log.events[1]["quota_tokens"] = 2


DEMAND = [
    ("a call is made again after its answer", "paid_twice", call_again_after_an_answer),
    ("a call is made again after its answer was lost", "paid_twice", call_again_after_a_lost_answer),
    ("a job and a call pay for one record", "paid_twice", call_again_what_a_job_has_paid),
    ("an answer on demand is dropped", "incomplete", drop_an_answer_on_demand),
    ("an answer that came is called lost", "incomplete", call_lost_what_was_answered),
    ("what may be paid is called something else", "incomplete", hide_what_may_be_paid),
    ("a call reserves more than a minute's tokens", "breaches", reserve_above_the_limit),
    ("more calls than a minute's", "breaches", call_sixty_at_once),
    ("a call settles to less than it used", "breaches", settle_to_too_little),
]


def verdict_of(log, rows, lines=None, report=None, extra=()):
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "objects"))
        for number, data in enumerate(log.bodies, 1):
            with open(os.path.join(folder, "objects", str(number)), "wb") as file:
                file.write(data)
        with open(os.path.join(folder, "events.jsonl"), "w") as file:
            for seq, event in enumerate(log.events, 1):
                file.write(event if isinstance(event, str) else json.dumps(dict({"seq": seq, "time_ms": seq * 1000}, **event)))
                file.write("\n")
            file.write('{"seq":')  # a kill cut this one
        paths = {}
        for name, content in (("input", "\n".join(lines or user_lines())),
                              ("results", "".join(json.dumps(row) + "\n" for row in rows)),
                              ("report", json.dumps(report or {"succeeded": 5, "failed": 1, "rejected": 1, "cancelled": 0}))):
            paths[name] = os.path.join(folder, name)
            with open(paths[name], "w") as file:
                file.write(content)
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            status = judge.main(["--data", folder, "--input", paths["input"], "--results", paths["results"],
                                 "--report", paths["report"], *extra])
        return status, json.loads(said.getvalue())


# --- ways to break a promise: (name, kind that must be found, how) -----------------------------------


def pay_twice_in_a_third_job(log, rows):
    log.job("j3", [[(0, "one"), (1, "two")]])
    log.state("j3", "InProgress")
    log.process("j3", 0, [(1, 0, "one", None)])
    log.state("j3", "Completed")


def pay_a_duplicate_under_its_own_id(log, rows):
    log.job("j3", [[(2, "one"), (5, "five")]])
    log.state("j3", "InProgress")
    log.process("j3", 0, [(1, 2, "one", None)])
    log.state("j3", "Completed")


def send_a_final_error_again(log, rows):
    log.job("j3", [[(5, "five"), (6, "x")]])
    log.state("j3", "InProgress")
    log.process("j3", 0, [(1, 5, "five", 400)])
    log.state("j3", "Completed")


def leave_a_job_alive(log, rows):
    log.job("j3", [[(7, "x"), (8, "y")]])


def use_a_token_twice(log, rows):
    [event for event in log.events if event["event"] == "job.created"][1]["token"] = "tj1"


def hold_a_record_in_two_jobs(log, rows):
    place = next(number for number, event in enumerate(log.events) if event.get("status") == "Completed")
    end = log.events.pop(place)
    log.events.append(end)


def create_before_the_input(log, rows):
    log.job("j3", [[(5, "five"), (3, "three")]])
    log.events[-1], log.events[-2] = log.events[-2], log.events[-1]
    log.state("j3", "Stopped")


def too_many_live_jobs(log, rows):
    for name in ("j3", "j4", "j5"):
        log.job(name, [[(7, "x"), (8, "y")]])


def too_few_records(log, rows):
    log.job("j3", [[(5, "five")]])
    log.state("j3", "InProgress")
    log.state("j3", "Completed")


def too_many_records_in_a_file(log, rows):
    log.job("j3", [[(index, "x") for index in range(10, 14)]])
    log.state("j3", "InProgress")
    log.state("j3", "Completed")


def refused_by_validation(log, rows):
    log.job("j3", [[(5, "five")]])
    log.state("j3", "Failed", reason="validation")


def send_another_text(log, rows):
    log.job("j3", [[(5, "something else"), (3, "three")]])
    log.state("j3", "Stopped")


def leave_an_upload_open(log, rows):
    log.add("upload.created", upload_id="u2", bucket="b", key="k")


def overwrite_an_input(log, rows):
    log.put("p/r1/in/j1/s0/j1-s0.jsonl", b"{}\n")


def lose_a_line(log, rows):
    del rows[3]


def swap_two_lines(log, rows):
    rows[0], rows[1] = rows[1], rows[0]


def swap_two_answers(log, rows):
    rows[0]["output"], rows[1]["output"] = rows[1]["output"], rows[0]["output"]


def invent_an_answer(log, rows):
    rows[5] = {"id": "five", "index": 5, "status": "succeeded", "text": "?", "output": {"t": "?"}, "usage": {}}


def drop_a_paid_answer(log, rows):
    rows[1] = {"id": "two", "index": 1, "status": "failed", "error": {"code": "missing", "message": "no"}}


def answer_a_broken_line(log, rows):
    rows[6] = dict(rows[0], id=None, index=6)


def give_no_reason(log, rows):
    del rows[5]["error"]


def another_id(log, rows):
    rows[3]["id"] = "drei"


def a_status_of_its_own(log, rows):
    rows[5]["status"] = "pending"


def a_duplicate_of_something_else(log, rows):
    rows[2]["duplicate_of"] = 1


TABLE = [
    ("a record that succeeded is sent again", "paid_twice", pay_twice_in_a_third_job),
    ("a duplicate is sent beside its leader", "paid_twice", pay_a_duplicate_under_its_own_id),
    ("a final error is sent again", "needless", send_a_final_error_again),
    ("a record is in two live jobs", "needless", hold_a_record_in_two_jobs),
    ("a job is left alive", "unknown_jobs", leave_a_job_alive),
    ("a token is used twice", "unknown_jobs", use_a_token_twice),
    ("a job is created before its input", "unknown_jobs", create_before_the_input),
    ("three live jobs where two may be", "breaches", too_many_live_jobs),
    ("fewer records than the minimum", "breaches", too_few_records),
    ("more records than a file may hold", "breaches", too_many_records_in_a_file),
    ("the service refuses a job for a known limit", "refused", refused_by_validation),
    ("other words are sent than the user wrote", "foreign", send_another_text),
    ("an upload is left open", "open_multipart", leave_an_upload_open),
    ("an input object is written twice", "overwritten", overwrite_an_input),
    ("a results line is missing", "incomplete", lose_a_line),
    ("results are out of order", "incomplete", swap_two_lines),
    ("answers are joined wrongly", "incomplete", swap_two_answers),
    ("an answer is invented", "incomplete", invent_an_answer),
    ("a paid answer is not in the results", "incomplete", drop_a_paid_answer),
    ("a broken line has an answer", "incomplete", answer_a_broken_line),
    ("a failure has no reason", "incomplete", give_no_reason),
    ("an id is changed", "incomplete", another_id),
    ("a status that does not exist", "incomplete", a_status_of_its_own),
    ("a duplicate has another's answer", "incomplete", a_duplicate_of_something_else),
]


def cut_in_the_middle(log):
    log.events.insert(3, '{"seq": 4, "time_ms":')


def skip_a_number(log):
    log.events[4]["seq"] = 77


def turn_time_back(log):
    log.events[4]["time_ms"] = 1


def forge_a_digest(log):
    next(event for event in log.events if event["event"] == "record")["input_sha256"] = "0" * 64


def lose_a_body(log):
    log.bodies.pop()
    log.events[-1] = dict(log.events[-1])


def leave_out_a_member(log):
    del next(event for event in log.events if event["event"] == "job.created")["input_uri"]


BROKEN = [cut_in_the_middle, skip_a_number, turn_time_back, forge_a_digest, lose_a_body, leave_out_a_member]


class Judge(unittest.TestCase):
    def test_finds_nothing_where_all_promises_are_kept(self):
        status, verdict = verdict_of(right_world(), right_results())
        self.assertEqual((0, []), (status, verdict.get("violations")), verdict)
        self.assertEqual(6, verdict["records_processed"])
        self.assertEqual(4, verdict["records_paid"])

    def test_finds_each_broken_promise(self):
        for name, kind, spoil in TABLE:
            with self.subTest(name):
                log, rows = right_world(), right_results()
                spoil(log, rows)
                status, verdict = verdict_of(log, rows)
                self.assertEqual(1, status, verdict)
                self.assertGreater(verdict[kind], 0, verdict)

    def test_finds_nothing_where_calls_on_demand_keep_their_word(self):
        log, rows = demand_world()
        status, verdict = verdict_of(log, rows, report={"succeeded": 4, "failed": 2, "rejected": 1, "cancelled": 0})
        self.assertEqual((0, []), (status, verdict.get("violations")), verdict)
        self.assertEqual((4, 2), (verdict["invocations"], verdict["maybe_paid"]), verdict)
        for code, expected in ((2, 0), (1, 1)):
            report = {"succeeded": 4, "failed": 2, "failed_by_code": {"maybe_paid": code}}
            self.assertEqual(expected, verdict_of(log, rows, report=report)[0])

    def test_finds_each_promise_broken_on_demand(self):
        for name, kind, spoil in DEMAND:
            with self.subTest(name):
                log, rows = demand_world()
                spoil(log, rows)
                sums = {name: sum(row["status"] == name for row in rows) for name in judge.STATUSES}
                status, verdict = verdict_of(log, rows, report=sums)
                self.assertEqual(1, status, verdict)
                self.assertGreater(verdict[kind], 0, verdict)

    def test_a_kill_may_lose_an_answer_that_is_then_maybe_paid(self):
        log, rows = demand_world()
        call_lost_what_was_answered(log, rows)
        sums = {name: sum(row["status"] == name for row in rows) for name in judge.STATUSES}
        self.assertEqual(0, verdict_of(log, rows, report=sums, extra=["--killed"])[0])
        rows[1]["error"]["code"] = "network"
        self.assertEqual(1, verdict_of(log, rows, report=sums, extra=["--killed"])[0])

    def test_refuses_a_log_that_it_cannot_trust(self):
        for spoil in BROKEN:
            with self.subTest(spoil.__name__):
                log = right_world()
                spoil(log)
                status, verdict = verdict_of(log, right_results())
                self.assertEqual(2, status, verdict)
                self.assertIn("cannot_judge", verdict)

    def test_holds_the_report_against_the_results(self):
        status, verdict = verdict_of(right_world(), right_results(), report={"succeeded": 6, "failed": 0})
        self.assertEqual((1, 2), (status, verdict["incomplete"]), verdict)

    def test_skips_events_that_later_versions_may_add(self):
        log = right_world()
        log.add("weather", degrees=7)
        self.assertEqual(0, verdict_of(log, right_results())[0])

    def test_lets_warm_records_be_paid_each(self):
        for temperature, expected in (("0.7", 0), ("0.0", 1)):
            mark = {"temperature": judge.Number(temperature)}
            self.assertEqual(expected == 0, judge.is_warm(judge.Pairs(mark.items())))

    def test_keeps_numbers_and_escapes_in_the_canonical_form(self):
        value = judge.parse('{"b": [1e999, -0, 1.50], "a": "\\u00e9\\n\\u001f\\/", "a": null}')
        self.assertEqual('{"a":"\u00e9\\n\\u001f/","a":null,"b":[1e999,-0,1.50]}', judge.canonical(value))


if __name__ == "__main__":
    unittest.main()
