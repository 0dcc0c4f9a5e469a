#!/usr/bin/env python3
"""Goal: whatever a service accepted above a limit is found in its log, and nothing else is.

Method: rows of small logs, once as the emulator writes them (a line for each record) and once as virtual time does (a
line for each stretch); each names the limit that is passed, or none, and stands beside its neighbour just within it.
"""
import contextlib
import io
import json
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import judge  # noqa: E402
import recount  # noqa: E402

DAY_MS = recount.DAY_MS
START = 20000 * DAY_MS
HOUR_MS = 60 * recount.MINUTE_MS


def verdict_of(events):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "events.jsonl"), "w") as file:
            for seq, event in enumerate(events, 1):
                file.write(json.dumps(dict({"seq": seq, "time_ms": START + seq}, **event)) + "\n")
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            status = judge.main(["--data", folder])
        return status, json.loads(said.getvalue())


# --- virtual time ------------------------------------------------------------------------------------


def virtual_log(limits, uses, jobs=(), records=100):
    lane = dict({"lane": "a", "model": "m", "region": "r", "pool": 3, "rps_counts": "records"}, **limits)
    events = [{"event": "world.opened", "version": 1, "is_virtual": True, "limits": [lane]}]
    for number, others in enumerate(jobs):
        job = "j%d" % number
        events.append({"event": "job.created", "job": job, "name": job, "token": job, "model": "m", "base_model": "m",
                       "region": "r", "pool": 3, "run": "", "input_uri": "s3://b/i/", "output_uri": "s3://b/o/",
                       "other_jobs": others})
        events.append({"event": "job.state", "job": job, "status": "Scheduled", "records": records})
    for from_s, to_s, tokens, count in uses:
        events.append({"event": "pool.used", "pool": 3, "from_ms": START + from_s * 1000, "to_ms": START + to_s * 1000,
                       "tokens": tokens, "records": count})
    return events


VIRTUAL = [
    ("an hour at the rate", {"tpm": 600}, [(0, 3600, 36000, 1)], None),
    ("an hour above it", {"tpm": 600}, [(0, 3600, 37000, 1)], "tpm=600"),
    ("half a minute at twice the rate", {"tpm": 600}, [(0, 30, 600, 1)], None),
    ("the same right after other work", {"tpm": 600}, [(0, 30, 300, 1), (30, 60, 600, 1)], "tpm=600"),
    ("a burst and the rate", {"tpm": 600, "burst_tokens": 100}, [(0, 0, 100, 1), (0, 60, 600, 1)], None),
    ("two bursts", {"tpm": 600, "burst_tokens": 100}, [(0, 0, 400, 1), (30, 30, 400, 1)], "tpm=600"),
    ("a day's budget", {"tpd": 1000}, [(0, 400, 500, 1), (500, 900, 500, 1)], None),
    ("more than that", {"tpd": 1000}, [(0, 400, 500, 1), (500, 900, 510, 1)], "tpd=1000"),
    ("a stretch over the turn counts in both days", {"tpd": 1000}, [(86000, 86800, 2000, 1)], None),
    ("too much on the second", {"tpd": 1000}, [(86000, 86800, 2000, 1), (86900, 87000, 50, 1)], "tpd=1000"),
    ("the day turns at its hour", {"tpd": 1000, "reset_ms": HOUR_MS}, [(3000, 3001, 1000, 1), (3600, 3700, 1000, 1)], None),
    ("records a second", {"rps": 5}, [(0, 100, 1, 500)], None),
    ("too many of them", {"rps": 5}, [(0, 100, 1, 900)], "rps=5"),
]


# --- the emulator ------------------------------------------------------------------------------------


def emulator_log(limits, records, jobs=1):
    """records: [(job, at_s, input tokens, output tokens, error code)]; each job begins to work at 0."""
    lane = dict({"lane": "a", "model": "", "region": "", "rps_counts": "records"}, **limits)
    events = [{"event": "world.opened", "version": 1, "limits": [lane]}]
    for number in range(jobs):
        job = "j%d" % number
        key = "p/in/%s/a.jsonl" % job
        events.append({"event": "object.put", "bucket": "b", "key": key, "size_bytes": 0, "etag": "e", "body": "1", "by": "client"})
        events.append({"event": "job.created", "job": job, "name": job, "token": job, "model": "m", "base_model": "m",
                       "region": "r", "run": "s3://b/p", "input_uri": "s3://b/p/in/%s/" % job, "output_uri": "s3://b/p/out/"})
        events.append({"event": "job.state", "job": job, "status": "InProgress", "at_ms": START})
        events.append({"event": "object.deleted", "bucket": "b", "key": key, "by": "client"})
    for number, (job, at_s, tokens_in, tokens_out, code) in enumerate(records):
        event = {"event": "record", "job": "j%d" % job, "run": "s3://b/p", "object": "s3://b/p/in/j%d/a.jsonl" % job,
                 "line": number + 1, "record_id": "r%d" % number, "input_sha256": str(number), "at_ms": START + int(at_s * 1000),
                 "outcome": "error" if code else "success", "is_billed": not code, "input_tokens": tokens_in,
                 "output_tokens": tokens_out}
        events.append(dict(event, error_code=code) if code else event)
    return events


def every(seconds, count, tokens, job=0, code=None, first_s=0):
    return [(job, first_s + seconds * (number + 1), tokens, 0, code) for number in range(count)]


EMULATOR = [
    ("ten tokens a second", {"tpm": 600}, every(1, 600, 10), None),
    ("eleven", {"tpm": 600}, every(1, 600, 11), "tpm=600"),
    ("two jobs share it", {"tpm": 600}, every(2, 300, 10) + every(2, 300, 10, job=1), None),
    ("two jobs pass it together", {"tpm": 600}, every(1, 300, 10) + every(1, 300, 10, job=1), "tpm=600"),
    ("what was refused was not given", {"tpm": 600}, every(1, 300, 10) + every(1, 300, 10, job=1, code=429), None),
    ("a slow record is spread", {"tpm": 600}, every(100, 3, 1000), None),
    ("output tokens burn down", {"tpm": 600, "burndown": 5}, [(0, second, 5, 1, None) for second in range(1, 300)], None),
    ("and pass it", {"tpm": 600, "burndown": 5}, [(0, second, 5, 2, None) for second in range(1, 300)], "tpm=600"),
    ("a day's budget and one record", {"tpd": 1000}, every(10, 101, 10), None),
    ("a day's budget and two", {"tpd": 1000}, every(10, 102, 10) + [(0, 2000, 10, 0, None)], "tpd=1000"),
    ("each day has its own", {"tpd": 1000}, every(10, 100, 10) + every(10, 100, 10, first_s=86400), None),
    ("five records a second", {"rps": 5}, every(0.2, 500, 1), None),
    ("ten of them", {"rps": 5}, every(0.1, 500, 1), "rps=5"),
    ("where they count as calls nobody minds", {"rps": 5, "rps_counts": "calls"}, every(0.1, 500, 1), None),
]


class Recount(unittest.TestCase):
    def check(self, name, events, limit):
        status, verdict = verdict_of(events)
        with self.subTest(name):
            self.assertNotIn("cannot_judge", verdict)
            shown = [text for text in verdict["violations"] if text.startswith("breaches")]
            self.assertEqual([limit] if limit else [], [text.split()[-1] for text in shown])
            self.assertEqual(verdict["breaches"], len(shown))
            if limit:
                self.assertEqual(status, 1)

    def test_stretches_of_virtual_time(self):
        for name, limits, uses, limit in VIRTUAL:
            self.check(name, virtual_log(limits, uses), limit)

    def test_records_of_the_emulator(self):
        for name, limits, records, limit in EMULATOR:
            self.check(name, emulator_log(limits, records, jobs=2), limit)

    def test_slots_count_with_those_of_others(self):
        for name, others, limit, breaches in (("three of three", (0, 0, 0), 3, 0), ("four of three", (0, 0, 0, 0), 3, 1),
                                              ("one is somebody else's", (0, 1, 1), 3, 1)):
            with self.subTest(name):
                self.assertEqual(verdict_of(virtual_log({"jobs": limit}, [], others))[1]["breaches"], breaches)

    def test_a_job_of_another_size_than_allowed(self):
        for records, breaches in ((99, 1), (100, 0), (200, 0), (201, 1)):
            with self.subTest(records=records):
                log = virtual_log({"min_records": 100, "job_records": 200}, [], (0,), records)
                self.assertEqual(verdict_of(log)[1]["breaches"], breaches)

    def test_a_pool_that_no_lane_has_cannot_be_judged(self):
        log = virtual_log({}, [(0, 1, 1, 1)])
        log[-1]["pool"] = 4
        self.assertEqual(verdict_of(log)[0], 2)

    def test_the_fullest_window_is_found_wherever_it_lies(self):
        stretches = [(0, 1000, 10), (5000, 5000, 7), (5500, 6500, 10)]
        self.assertEqual([round(value) for value in recount.fullest(stretches, 1000)], [12, 6000])
        self.assertEqual([round(value) for value in recount.fullest(stretches, 2000)], [17, 7000])
        self.assertEqual(recount.fullest([], 1000), (0.0, 0))


if __name__ == "__main__":
    unittest.main()
