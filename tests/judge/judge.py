#!/usr/bin/env python3
"""judge - says from the emulator's raw event log, the user's input and the results whether Penstock kept its word

    judge.py --data DIR [--run URI]... [--input FILE... --results FILE] [--report FILE] [--ledger FILE]
             [--format F] [--id-field NAME] [--dedupe safe|all|none] [--retried] [--resent] [--killed]
             [--prompt-file FILE]

Written from the reference and from docs/EVENTS.md alone: it shares nothing with the program, and believes neither
the program's books nor the emulator's sums. It reads DIR/events.jsonl and the bodies in DIR/objects, and recomputes

  paid_twice     records processed again after a success, by the digest of modelInput and by the user's line; calls on
                 demand are counted with the records of jobs
  needless       sent again after a final error, or beyond three tries, or while another job still held them
  unknown_jobs   jobs that are still alive, that repeat a token or a name, or whose answers nobody collected
  breaches       work that the service accepted above a limit (recount.py: tokens/min, tokens/day, requests/s); refused:
                 what it refused for one
  incomplete     input lines without exactly one results line, in order, with a valid status and the right answer;
                 answers on demand that were sent and are in no results line; calls that may have been paid and are
                 not told as maybe_paid
  open_multipart uploads neither completed nor aborted

What it cannot read is a failure. Prints one JSON object; status 0: everything holds, 1: something does not (each
in `violations`), 2: it could not judge.
"""
import argparse
import collections
import csv
import gzip
import hashlib
import io
import json
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import recount  # noqa: E402

LIVE = {"Submitted", "Validating", "Scheduled", "InProgress", "Stopping"}
ENDED = {"Completed", "PartiallyCompleted", "Failed", "Stopped", "Expired"}
STATUSES = {"succeeded", "failed", "rejected", "cancelled"}
TRIES_MAX = 3
FINAL_ERRORS = {400, 403, 404, 413, 422}
CALLS = {"InvokeModel", "Converse"}
MAYBE_PAID = "maybe_paid"
SHOWN_MAX = 20


class CannotJudge(Exception):
    """The material itself is broken."""


# --- JSON with the text of numbers kept --------------------------------------------------------------


class Number(str):
    """A number as its source text."""


class Pairs(list):
    """An object as its members in order, equal names included."""

    def get(self, name, default=None):
        values = [value for key, value in self if key == name]
        return values[-1] if values else default

    def count_of(self, name):
        return sum(1 for key, _ in self if key == name)


def refuse_constant(text):
    raise ValueError("%s is not JSON" % text)


def parse(text):
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=refuse_constant, object_pairs_hook=Pairs)


def canonical(value):
    """docs/EVENTS.md section 3."""
    if isinstance(value, Pairs):
        members = sorted(value, key=lambda member: member[0].encode("utf-8", "surrogatepass"))
        return "{%s}" % ",".join(canonical_text(key) + ":" + canonical(item) for key, item in members)
    if isinstance(value, list):
        return "[%s]" % ",".join(canonical(item) for item in value)
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, str):
        return canonical_text(value)
    return json.dumps(value)


def canonical_text(text):
    return json.dumps(text, ensure_ascii=False)


def digest(value):
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()


def repaired(value):
    """With U+FFFD for each half of a pair that stands alone: no results file could hold it."""
    if isinstance(value, Pairs):
        return Pairs((repaired(key), repaired(item)) for key, item in value)
    if isinstance(value, list):
        return [repaired(item) for item in value]
    if isinstance(value, str) and not isinstance(value, Number):
        return re.sub("[\ud800-\udfff]", "\ufffd", value)
    return value


def leaves(value):
    """Every text inside."""
    if isinstance(value, Pairs):
        for _, item in value:
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, str) and not isinstance(value, Number):
        yield value


# --- the event log -----------------------------------------------------------------------------------


class Job:
    def __init__(self, event):
        self.id = event["job"]
        self.event = event
        self.run = event["run"]
        self.created_seq = event["seq"]
        self.status = "Submitted"
        self.has_run = False
        self.ended_seq = None
        self.reason = None
        # Whose slots it takes.
        self.pool = ("pool", str(event["pool"])) if "pool" in event else (event["region"], event["base_model"])
        self.records = []       # the emulator's `record` events
        self.inputs = []        # keys of its input objects, as they were when it was created
        self.outputs = {}       # key -> put event
        self.members = []       # (record id, modelInput) in input order


class World:
    """Everything the log says, in its order."""

    def __init__(self, folder):
        self.folder = folder
        self.limits = []
        self.jobs = collections.OrderedDict()
        self.objects = {}       # (bucket, key) -> put event, those there now
        self.gone = set()       # bodies of deleted objects
        self.uploads = set()
        self.calls = collections.Counter()
        self.throttled = 0
        self.violations = []    # (kind, text)
        self.names = {}
        self.tokens = {}
        self.live = collections.Counter()
        self.peak = collections.Counter()
        self.first_ms = self.last_ms = None
        self.bodies = {}
        self.invocations = []    # calls on demand that were executed
        self.by_request = {}     # those whose request line is still to come
        self.calls_unknown = 0   # calls on demand of which a client cannot know whether they were executed
        self.calls_dropped = 0   # of them, those that were not
        self.demand = {}         # (lane, region, base model) -> what is left of its limits on demand
        self.is_virtual = False  # the log of virtual time: no objects, no records
        self.pools = {}
        for event in self.read():
            handler = getattr(self, "on_" + event["event"].replace(".", "_"), None)
            if handler:
                try:
                    handler(event)
                except (KeyError, TypeError, AttributeError) as error:
                    raise CannotJudge("event %d (%s) lacks %s" % (event["seq"], event["event"], error)) from error

    def found(self, kind, text):
        self.violations.append((kind, text))

    def read(self):
        path = os.path.join(self.folder, "events.jsonl")
        try:
            with open(path, "rb") as file:
                data = file.read()
        except OSError as error:
            raise CannotJudge("cannot read the event log: %s" % error) from error
        lines = data.split(b"\n")
        last_ms = 0
        for number, line in enumerate(lines[:-1], 1):  # what follows the last line end was cut by a kill
            try:
                event = json.loads(line.decode("utf-8"))
                seq, time_ms, kind = event["seq"], event["time_ms"], event["event"]
            except (ValueError, KeyError, TypeError) as error:
                raise CannotJudge("%s:%d cannot be read: %s" % (path, number, error)) from error
            if seq != number:
                raise CannotJudge("%s:%d has seq %r" % (path, number, seq))
            if not isinstance(time_ms, int) or time_ms < last_ms:
                raise CannotJudge("%s:%d: time goes back" % (path, number))
            if not isinstance(kind, str):
                raise CannotJudge("%s:%d has no event" % (path, number))
            last_ms = time_ms
            yield event
        if len(lines) < 2:
            raise CannotJudge("%s is empty" % path)

    def on_world_opened(self, event):
        if event["version"] != 1:
            raise CannotJudge("unknown version of the log: %r" % event["version"])
        self.limits = event["limits"]
        self.is_virtual = event.get("is_virtual", False)

    def on_request(self, event):
        self.calls[event["op"]] += 1
        if event["status"] == 429 or (event["status"] == 503 and event.get("code") == "SlowDown"):
            self.throttled += 1
        if self.first_ms is None:
            self.first_ms = event["time_ms"]
        if event["op"] in CALLS:
            is_unknown = event["answer"] in ("lost", "cut") or event["status"] >= 500 or event["status"] in (408, 424)
            self.calls_unknown += is_unknown
            self.calls_dropped += is_unknown and not event["is_executed"]
            call = self.by_request.pop(event["request_id"], None)
            if call is not None:
                call["is_told"] = not is_unknown

    def on_invocation(self, event):
        """The request's own line follows; where a kill came between, nobody was told."""
        self.invocations.append(dict(event, is_told=False))
        self.by_request[event["request_id"]] = self.invocations[-1]
        self.last_ms = max(self.last_ms or 0, event["answered_ms"])
        lane = next((lane for lane in self.limits if lane.get("kind") == "on-demand" and "pool" in event
                     and lane.get("pool") == event["pool"]), None)
        lane = lane or next((lane for lane in self.limits if lane.get("kind") == "on-demand" and "pool" not in event
                     and lane.get("region", "") in ("", event["region"])
                     and lane.get("model", "") in ("", event["base_model"])), {})
        place = ("pool", str(event["pool"])) if "pool" in event else (lane.get("lane", ""), event["region"], event["base_model"])
        pool = self.demand.setdefault(place, recount.OnDemand("/".join(place), lane))
        for text in pool.take(event):
            self.found("breaches", text)

    def on_object_put(self, event):
        place = (event["bucket"], event["key"])
        if event["by"] == "client":
            if place in self.objects:
                self.found("overwritten", "object %s was written twice" % event["key"])
            for job in self.jobs.values():
                if job.status in LIVE and under(job.event["input_uri"], *place):
                    self.found("overwritten", "object %s was put into the input of live job %s" % (event["key"], job.id))
        elif event["by"] in self.jobs:
            self.jobs[event["by"]].outputs[event["key"]] = event
        self.objects[place] = event

    def on_object_deleted(self, event):
        put = self.objects.pop((event["bucket"], event["key"]), None)
        if put:
            self.gone.add(put["body"])

    def on_upload_created(self, event):
        self.uploads.add(event["upload_id"])

    def on_upload_completed(self, event):
        self.uploads.discard(event["upload_id"])

    def on_upload_aborted(self, event):
        self.uploads.discard(event["upload_id"])

    def on_job_created(self, event):
        job = Job(event)
        if job.id in self.jobs:
            raise CannotJudge("job %s was created twice" % job.id)
        for kind, value, known in (("token", event.get("token"), self.tokens), ("name", event["name"], self.names)):
            if not value:
                self.found("unknown_jobs", "job %s has no %s" % (job.id, kind))
            elif value in known:
                self.found("unknown_jobs", "jobs %s and %s have one %s '%s'" % (known[value], job.id, kind, value))
            else:
                known[value] = job.id
        job.inputs = sorted(place for place in self.objects
                            if under(event["input_uri"], *place) and place[1].endswith(".jsonl"))
        job.input_puts = [self.objects[place] for place in job.inputs]
        if not job.inputs and not self.is_virtual:
            self.found("unknown_jobs", "job %s was created before its input was there" % job.id)
        self.jobs[job.id] = job
        pool = job.pool
        self.live[pool] += 1
        self.peak[pool] = max(self.peak[pool], self.live[pool])
        limit = self.limit_of(job).get("jobs", 0)
        live = self.live[pool] + event.get("other_jobs", 0)
        if limit and live > limit:
            self.found("breaches", "job %s is number %d of %d live ones" % (job.id, live, limit))

    def on_job_state(self, event):
        job = self.jobs.get(event["job"])
        if job is None:
            raise CannotJudge("event %d: state of a job that was never created" % event["seq"])
        if event["status"] not in LIVE | ENDED:
            raise CannotJudge("event %d: unknown state '%s'" % (event["seq"], event["status"]))
        if job.status in ENDED:
            raise CannotJudge("event %d: job %s goes on after its end" % (event["seq"], job.id))
        job.status = event["status"]
        job.has_run |= event["status"] == "InProgress"
        if event["status"] == "InProgress" and "at_ms" in event:
            self.pool_of(job).begin(job.id, event["at_ms"])
        if event["status"] == "Scheduled" and self.is_virtual:
            self.check_size(job, event["records"])
        job.reason = event.get("reason", job.reason)
        self.last_ms = event["time_ms"]
        if job.status in ENDED:
            job.ended_seq = event["seq"]
            self.live[job.pool] -= 1

    def on_record(self, event):
        job = self.jobs.get(event["job"])
        if job is None or job.status in ENDED:
            raise CannotJudge("event %d: a record of a job that does not run" % event["seq"])
        if event["outcome"] not in ("success", "error") or event["is_billed"] != (event["outcome"] == "success"):
            raise CannotJudge("event %d: outcome '%s' and billing disagree" % (event["seq"], event["outcome"]))
        job.records.append(event)
        if self.pool_of(job).is_limited():
            self.pool_of(job).add_record(event)

    def on_pool_used(self, event):
        lanes = [lane for lane in self.limits if lane.get("pool") == event["pool"]]
        if not lanes or event["from_ms"] > event["to_ms"]:
            raise CannotJudge("event %d: use of a pool that no lane has, or that ends before it begins" % event["seq"])
        self.pools.setdefault(event["pool"], recount.Pool(event["pool"], lanes[0])).add_use(event)

    def pool_of(self, job):
        """Whose limits it shares."""
        lane = self.limit_of(job)
        name = job.event["pool"] if self.is_virtual else "%s/%s/%s" % ((lane.get("lane", ""),) + job.pool)
        return self.pools.setdefault(name, recount.Pool(name, lane))

    def check_size(self, job, records):
        lane = self.limit_of(job)
        if records < lane.get("min_records", 0) or 0 < lane.get("job_records", 0) < records:
            self.found("breaches", "job %s was accepted with %d records" % (job.id, records))

    def limit_of(self, job):
        """The first lane that fits holds; in virtual time the first of the job's pool."""
        for lane in self.limits:
            if self.is_virtual and lane["pool"] == job.event["pool"]:
                return lane
            if self.is_virtual or lane.get("kind", "batch") != "batch":
                continue
            if lane.get("region", "") in ("", job.event["region"]) and \
                    lane.get("model", "") in ("", job.event["model"], job.event["base_model"]):
                return lane
        return {}

    def body(self, put):
        """An object's bytes; None where it was deleted since, and its bytes with it."""
        path = os.path.join(self.folder, "objects", str(put["body"]))
        try:
            with open(path, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            if put["body"] in self.gone:
                return None
            raise CannotJudge("the bytes of %s are not there: %s" % (put["key"], path)) from None
        if len(data) != put["size_bytes"]:
            raise CannotJudge("%s has %d bytes, the log says %d" % (path, len(data), put["size_bytes"]))
        return data


def under(uri, bucket, key):
    """Does `uri` name that object, or a folder that holds it?"""
    full = "s3://%s/%s" % (bucket, key)
    return full == uri or full.startswith(uri if uri.endswith("/") else uri + "/")


# --- what was sent, and what came back ---------------------------------------------------------------


def read_inputs(world, job):
    """Fills job.members from the bytes of its input objects, and holds the log's digests against them."""
    lines = {}
    facts = []
    for put in job.input_puts:
        data = world.body(put)
        if data is None:
            continue
        uri = "s3://%s/%s" % (put["bucket"], put["key"])
        rows = data.split(b"\n")
        rows = rows[:-1] if rows[-1] == b"" else rows
        for number, row in enumerate(rows, 1):
            try:
                record = parse(row.decode("utf-8"))
                member = (record.get("recordId"), record.get("modelInput"))
            except (ValueError, AttributeError) as error:
                world.found("refused", "line %d of %s, which we sent, cannot be read: %s" % (number, uri, error))
                continue
            lines[uri, number] = member
            job.members.append(member)
        facts.append((uri, len(rows), len(data)))
    for event in job.records:
        member = lines.get((event["object"], event["line"]))
        if member is None:
            if any(put["body"] in world.gone for put in job.input_puts):
                continue
            raise CannotJudge("event %d: no line %s of %s was sent" % (event["seq"], event["line"], event["object"]))
        if event["input_sha256"] != digest(member[1]):
            raise CannotJudge("event %d: the digest is not that of line %s of %s" % (event["seq"], event["line"], event["object"]))
    return facts


def check_limits(world, job, facts):
    lane = world.limit_of(job)
    records = sum(count for _, count, _ in facts)
    size = sum(size for _, _, size in facts)
    checks = [("job_records", records), ("job_bytes", size), ("files", len(facts))]
    checks += [("shard_records", count) for _, count, _ in facts] + [("shard_bytes", size) for _, _, size in facts]
    over = ["%s %d above %d" % (name, value, lane[name]) for name, value in checks if 0 < lane.get(name, 0) < value]
    if records < lane.get("min_records", 0):
        over.append("%d records, at least %d" % (records, lane["min_records"]))
    for text in over:
        world.found("breaches" if job.has_run else "refused", "job %s: %s" % (job.id, text))
    if job.reason == "validation" and not over:
        world.found("refused", "job %s did not pass validation" % job.id)


def read_outputs(world, job):
    """record id -> the lines of the job's output objects that can be read."""
    answers = collections.defaultdict(list)
    for key, put in job.outputs.items():
        if not key.endswith(".jsonl.out"):
            continue
        for row in (world.body(put) or b"").split(b"\n"):
            try:
                answer = repaired(parse(row.decode("utf-8", "replace")))
                answers[answer.get("recordId")].append(answer)
            except (ValueError, AttributeError):
                continue  # an end of file in the middle of a line is one of the faults
    return answers


# --- the user's side ---------------------------------------------------------------------------------


class Line:
    """One non-blank line of the input, as far as anybody can tell what the user meant by it."""

    def __init__(self, text_bytes, options):
        self.id = None
        self.texts = []
        self.must_be_rejected = False
        self.temperature = None
        try:
            text = text_bytes.decode("utf-8")
            if options.format == "text":
                self.texts = [text]
                return
            value = parse(text)
            if not isinstance(value, Pairs):
                raise ValueError("not an object")
        except (ValueError, RecursionError):
            self.must_be_rejected = True
            return
        self.take(value, options)

    def take(self, value, options):
        names = [options.id_field] if options.id_field else ["recordId", "custom_id", "id"]
        for name in names:
            if value.count_of(name) > 1:
                self.must_be_rejected = True
        self.id = next((value.get(name) for name in names if value.get(name) is not None), None)
        body = value
        for name in ("modelInput", "body", "params"):
            if isinstance(value.get(name), Pairs):
                body = value.get(name)
        temperature = body.get("temperature")
        self.temperature = float(temperature) if isinstance(temperature, Number) else None
        self.texts = [text for text in user_texts(body) if text]


def user_texts(body):
    """The words that the model must be given: prompt, inputText, system and the texts of messages."""
    for name in ("prompt", "inputText", "system"):
        yield from leaves(body.get(name))
    for message in body.get("messages") or []:
        if isinstance(message, Pairs):
            content = message.get("content")
            if isinstance(content, str):
                yield content
            for part in content if isinstance(content, list) and not isinstance(content, Pairs) else []:
                if isinstance(part, Pairs):
                    yield from leaves(part.get("text"))


def read_csv(text, options):
    template = open(options.prompt_file, encoding="utf-8").read() if options.prompt_file else None
    for row in csv.DictReader(io.StringIO(text.lstrip("\ufeff"), newline="")):
        line = Line(b"{}", options)
        line.id = row.get(options.id_field) if options.id_field else None
        if template:
            line.texts = [re.sub(r"\{(\w+)\}", lambda match: row.get(match.group(1)) or "", template).strip()]
        yield line


def read_user_input(options):
    lines = []
    for path in options.input:
        with open(path, "rb") as file:
            data = file.read()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        if options.format == "csv":
            lines += read_csv(data.decode("utf-8"), options)
            continue
        if data.startswith(b"\xef\xbb\xbf"):
            data = data[3:]
        for row in data.split(b"\n"):
            if row.strip(b" \t\r\n"):
                lines.append(Line(row.rstrip(b"\r"), options))
    return lines


def index_of(record_id):
    """The documented form of our ids: R and ten digits, the index of the line. Held against content below."""
    match = re.match(r"^R(\d{10})$", record_id or "")
    return int(match.group(1)) if match else None


# --- the checks --------------------------------------------------------------------------------------


def check_attempts(world, jobs, lines, rows, options):
    """Paid twice, needless tries, single flight: by user line where the input is known, else by record id and digest."""
    holders = collections.Counter(digest(row.get("output")) for row in rows or []
                                  if row.get("status") == "succeeded" and row.get("duplicate_of") is None)
    attempts = collections.defaultdict(list)  # key -> [(job, event or None)]
    owners = collections.defaultdict(set)     # digest -> user lines that were sent with it
    inputs = {}
    for job in jobs:
        processed = {event["record_id"]: event for event in job.records if event.get("record_id")}
        seen = set()
        for record_id, model_input in job.members:
            if record_id is None or record_id in seen:
                world.found("needless", "job %s holds the id %r twice, or a line without one" % (job.id, record_id))
            seen.add(record_id)
            key = index_of(record_id)
            if lines is not None:
                check_sent(world, job, lines, record_id, key, model_input)
            mark = digest(model_input)
            inputs[mark] = model_input
            owners[mark].add(record_id if key is None else key)
            attempts[record_id].append((job, processed.get(record_id)))
    paid = collections.Counter()
    lost = collections.Counter()  # paid answers that nobody can read, where sending such again was asked for
    for record_id, tries in attempts.items():
        check_tries(world, record_id, tries, options)
    for job in jobs:
        readable = read_outputs(world, job) if options.resent else {}
        for event in job.records:
            paid[event["input_sha256"]] += event["is_billed"]
            if options.resent and event["is_billed"] and event.get("record_id") not in readable:
                lost[event["input_sha256"]] += 1
    same = {}  # digest of a call's body -> results lines with its answer
    for call in world.invocations:
        paid[call["input_sha256"]] += call["is_billed"]
        same[call["input_sha256"]] = holders[call["output_sha256"]]
        if options.resent and not call["is_told"]:
            lost[call["input_sha256"]] += 1
    twice = 0
    for mark, count in paid.items():
        allowed = max(len(owners[mark]), same.get(mark, 0), 1)
        is_known = mark in inputs
        if options.dedupe != "none" and (options.dedupe == "all" or (is_known and not is_warm(inputs[mark]))):
            allowed = 1
        allowed += lost[mark]
        if count > allowed:
            twice += count - allowed
            world.found("paid_twice", "modelInput %s.. was paid %d times, %d would do" % (mark[:12], count, allowed))
    return twice


def is_warm(model_input):
    """An explicit temperature above 0 anywhere: such records are not merged unless asked."""
    if isinstance(model_input, Pairs):
        for name, value in model_input:
            if name == "temperature" and isinstance(value, Number) and float(value) > 0:
                return True
            if isinstance(value, Pairs) and is_warm(value):
                return True
    return False


def check_sent(world, job, lines, record_id, index, model_input):
    if index is None or index >= len(lines):
        world.found("foreign", "job %s holds the id %r, which is no line of the input" % (job.id, record_id))
        return
    whole = list(leaves(model_input))
    for text in lines[index].texts:
        if not any(text in leaf for leaf in whole):
            world.found("foreign", "job %s sent for line %d something else than the user wrote: %.60r is missing"
                        % (job.id, index, text))
            return


def check_tries(world, record_id, tries, options):
    tries = sorted(tries, key=lambda attempt: attempt[0].created_seq)
    sent = sum(1 for job, event in tries if event is not None)
    if sent > TRIES_MAX and not options.retried:
        world.found("needless", "record %s was processed %d times" % (record_id, sent))
    for (job, event), (later, later_event) in zip(tries, tries[1:]):
        if job.ended_seq is None or job.ended_seq > later.created_seq:
            world.found("needless", "record %s went into job %s while job %s still held it" % (record_id, later.id, job.id))
        if event is None or later_event is None:
            continue
        if event["outcome"] == "success" and not options.resent:
            world.found("paid_twice", "record %s succeeded in job %s and was processed again in %s"
                        % (record_id, job.id, later.id))
        elif event["outcome"] == "error" and event["error_code"] in FINAL_ERRORS and not options.retried:
            world.found("needless", "record %s failed for good in job %s and was sent again" % (record_id, job.id))


def check_results(world, lines, rows, answers, billed):
    """One line a prompt, in order, each with what the service really said."""
    if len(rows) != len(lines):
        world.found("incomplete", "%d input lines, %d results lines" % (len(lines), len(rows)))
    for index, (line, row) in enumerate(zip(lines, rows)):
        try:
            check_row(world, index, line, row, rows, answers, billed)
        except (TypeError, AttributeError, ValueError, IndexError) as error:
            world.found("incomplete", "results line %d has another form: %s" % (index, error))


def check_row(world, index, line, row, rows, answers, billed):
    def wrong(text):
        world.found("incomplete", "results line %d: %s" % (index, text))

    status = row.get("status")
    if row.get("index") != str(index):
        wrong("index is %s" % row.get("index"))
    if status not in STATUSES:
        wrong("status is %r" % status)
    if not line.must_be_rejected and row.get("id") != line.id:
        wrong("id is %.80r, the input says %.80r" % (row.get("id"), line.id))
    if line.must_be_rejected and status != "rejected":
        wrong("a line that is no record is '%s'" % status)
    if status != "succeeded":
        error = row.get("error")
        if not isinstance(error, Pairs) or not error.get("code") or not error.get("message"):
            wrong("'%s' without error code and message" % status)
        if row.get("output") is not None:
            wrong("'%s' with an output" % status)
    leader = index
    if row.get("duplicate_of") is not None:
        leader = int(row.get("duplicate_of"))
        first = rows[leader]
        if leader >= index or first.get("duplicate_of") is not None:
            wrong("is a duplicate of %d, which is no leader" % leader)
        if first.get("status") != status or first.get("output") != row.get("output"):
            wrong("has not its leader's ending")
    record_id = "R%010d" % leader
    good = [answer for answer in answers.get(record_id, []) if answer.get("modelOutput") is not None]
    is_called = status == "succeeded" and digest(row.get("output")) in world.called
    if status == "succeeded":
        if not is_called and not any(answer.get("modelOutput") == row.get("output") for answer in good):
            wrong("its output is not what the service answered for it")
        check_text(wrong, row)
    elif good and status != "rejected":
        wrong("'%s', yet the service answered it and was paid" % status)
    if status == "succeeded" and record_id not in billed and not is_called:
        wrong("succeeded, yet the service processed no such record")


def check_text(wrong, row):
    text = row.get("text")
    whole = list(leaves(row.get("output")))
    if isinstance(text, str) and text and text not in "".join(whole) and not any(text in leaf for leaf in whole):
        wrong("its text is not in its output")
    usage = row.get("usage")
    counts = [usage.get(name) for name in ("input_tokens", "output_tokens")] if isinstance(usage, Pairs) else ["?"]
    if any(count is not None and not re.match(r"^\d+$", count) for count in counts):  # not every family tells
        wrong("its usage is %r" % usage)


def check_calls(world, rows, report, options):
    """Each answer on demand is in the results; whatever may have been paid without one is told as maybe_paid."""
    there = {digest(row.get("output")) for row in rows if row.get("status") == "succeeded"}
    told = sum(1 for row in rows if isinstance(row.get("error"), Pairs) and row.get("error").get("code") == MAYBE_PAID
               and row.get("duplicate_of") is None)
    missing = {call["output_sha256"]: call["is_told"] for call in world.invocations if call["output_sha256"] not in there}
    dropped = sum(missing.values())
    if dropped and not options.killed:
        world.found("incomplete", "%d answers on demand were sent and are in no results line" % dropped)
    if not options.resent and len(missing) + world.calls_dropped > told:
        world.found("incomplete", "%d calls were paid without an answer and %d never arrived, %d are told as maybe_paid"
                    % (len(missing), world.calls_dropped, told))
    if not options.killed and not options.resent and told != world.calls_unknown:
        world.found("incomplete", "%d calls may have been paid, %d are told as maybe_paid" % (world.calls_unknown, told))
    shown = sum(1 for row in rows if isinstance(row.get("error"), Pairs) and row.get("error").get("code") == MAYBE_PAID)
    by_code = (report or {}).get("failed_by_code")
    if by_code is not None and by_code.get(MAYBE_PAID, 0) != shown:
        world.found("incomplete", "the report says maybe_paid %s, the results %d" % (by_code.get(MAYBE_PAID, 0), shown))
    return told


def check_report(world, rows, report):
    counts = collections.Counter(row.get("status") for row in rows)
    said = report.get("records", report)
    said = said if isinstance(said, dict) else report
    for name in STATUSES:
        if name in said and said[name] != counts[name]:
            world.found("incomplete", "the report says %s %s, the results %d" % (name, said[name], counts[name]))
    if not any(name in said for name in STATUSES):
        world.found("incomplete", "the report has no sums")


def check_ledger(world, ledger, twice_is_known):
    calls = len(world.invocations)
    processed = sum(len(job.records) for job in world.jobs.values()) + calls
    billed = sum(event["is_billed"] for job in world.jobs.values() for event in job.records) + calls
    for name, value in (("records_processed", processed), ("records_billed", billed),
                        ("open_multipart", len(world.uploads)), ("throttled_calls", world.throttled)):
        if ledger.get(name) != value:
            world.found("ledger", "the ledger says %s %s, the log %d" % (name, ledger.get(name), value))
    if len(ledger.get("jobs", [])) != len(world.jobs):
        world.found("ledger", "the ledger holds %d jobs, the log %d" % (len(ledger.get("jobs", [])), len(world.jobs)))
    if twice_is_known == 0 and ledger.get("processed_twice"):
        world.found("ledger", "the ledger says processed_twice %s, the log 0" % ledger["processed_twice"])


def read_rows(path):
    rows = []
    with open(path, "rb") as file:
        data = file.read()
    if data and not data.endswith(b"\n"):
        raise CannotJudge("%s does not end with a line end" % path)
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        try:
            row = parse(line.decode("utf-8"))
        except ValueError as error:
            raise CannotJudge("%s:%d cannot be read: %s" % (path, number, error)) from error
        if not isinstance(row, Pairs):
            raise CannotJudge("%s:%d is no object" % (path, number))
        rows.append(row)
    return rows


def judge(options):
    world = World(options.data)
    runs = sorted({job.run for job in world.jobs.values()})
    named = options.run or (runs if len(runs) == 1 else [])
    if options.results and not named and len(runs) > 1:
        raise CannotJudge("the log holds several runs, name one by --run: %s" % " ".join(runs))
    jobs = [job for job in world.jobs.values() if not named or job.run in named]
    answers = collections.defaultdict(list)
    for pool in world.pools.values():
        for text in pool.breaches():
            world.found("breaches", text)
    for job in [] if world.is_virtual else jobs:
        check_limits(world, job, read_inputs(world, job))
        for record_id, found in read_outputs(world, job).items():
            answers[record_id] += found
    lines = read_user_input(options) if options.input else None
    rows = read_rows(options.results) if options.results else None
    twice = check_attempts(world, jobs, lines, rows, options)
    world.called = {call["output_sha256"] for call in world.invocations}
    report = None
    if options.report:
        with open(options.report, encoding="utf-8") as file:
            report = json.load(file)
    maybe_paid = None
    if rows is not None:
        if lines is None:
            raise CannotJudge("--results needs --input")
        billed = {event.get("record_id") for job in jobs for event in job.records if event["is_billed"]}
        check_results(world, lines, rows, answers, billed)
        maybe_paid = check_calls(world, rows, report, options)
        for job in jobs:
            if job.status in LIVE:
                world.found("unknown_jobs", "job %s is still %s" % (job.id, job.status))
    if report is not None:
        check_report(world, rows or [], report)
    if options.ledger:
        with open(options.ledger, encoding="utf-8") as file:
            check_ledger(world, json.load(file), options.resent or twice)
    for upload in sorted(world.uploads):
        world.found("open_multipart", "upload %s is neither completed nor aborted" % upload)
    return dict(verdict(world, jobs, lines, rows), maybe_paid=maybe_paid)


def verdict(world, jobs, lines, rows):
    counts = collections.Counter(kind for kind, _ in world.violations)
    result = {kind: counts[kind] for kind in ("paid_twice", "needless", "unknown_jobs", "breaches", "refused", "foreign",
                                              "overwritten", "incomplete", "open_multipart", "ledger")}
    result.update({
        "jobs": len(jobs),
        "ended": dict(collections.Counter(job.status for job in jobs)),
        "records_processed": sum(len(job.records) for job in jobs),
        "records_paid": sum(event["is_billed"] for job in jobs for event in job.records),
        "invocations": len(world.invocations),
        "input_lines": None if lines is None else len(lines),
        "statuses": None if rows is None else dict(collections.Counter(str(row.get("status")) for row in rows)),
        "throttled_calls": world.throttled,
        "calls": dict(sorted(world.calls.items())),
        "pools": {str(pool.name): pool.sums() for pool in world.pools.values() if pool.stretches},
        "on_demand": {pool.name: pool.sums() for pool in world.demand.values()},
        "peak_live_jobs": {"/".join(pool): count for pool, count in sorted(world.peak.items())},
        "makespan_s": (world.last_ms - world.first_ms) // 1000 if world.last_ms and world.first_ms else None,
        "violations": ["%s: %s" % violation for violation in world.violations[:SHOWN_MAX]],
        "holds": not world.violations,
    })
    return result


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--run", action="append", help="of which run; repeated, one run in several buckets")
    parser.add_argument("--input", nargs="+", default=[])
    parser.add_argument("--results")
    parser.add_argument("--report")
    parser.add_argument("--ledger")
    parser.add_argument("--format", choices=["jsonl", "text", "csv"], default="jsonl")
    parser.add_argument("--id-field")
    parser.add_argument("--prompt-file")
    parser.add_argument("--dedupe", choices=["safe", "all", "none"], default="safe")
    parser.add_argument("--retried", action="store_true", help="`penstock retry` was used: final errors may be tried again")
    parser.add_argument("--resent", action="store_true", help="--resend-unaccounted or --resend-maybe-paid was used")
    parser.add_argument("--killed", action="store_true",
                        help="the program was killed meanwhile: an answer that was sent may be lost, and is maybe_paid")
    options = parser.parse_args(arguments)
    sys.setrecursionlimit(20000)
    try:
        result = judge(options)
    except (CannotJudge, OSError) as error:
        print(json.dumps({"holds": False, "cannot_judge": str(error)}, indent=1))
        return 2
    print(json.dumps(result, indent=1))
    return 0 if result["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
