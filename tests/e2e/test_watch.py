#!/usr/bin/env python3
"""What a person sees of a run at its limits: its decisions, one screen, and both after its end.

Goal: every decision is an event with its reason, seen while the run lives and afterwards, once each, over a kill; the
screen of `watch` shows lanes, slots, days and decisions on narrow and on wide terminals, and never draws over its edge.
Method: the real binary against an emulator whose days take seconds; terminals of their own, read by a small screen of
the test's that does what a terminal does with the few controls that `watch` uses.
"""
import fcntl
import pty
import select
import struct
import termios

from harness import *

PROMPTS = 160
DAYS_SPEED = 12000  # a day in 7 s
LIMITS = "jobs=3,job_records=20,shard_records=20,min_records=5,tpm=20k,tpd=2500,reset=12:00Z"
RUN = ["--poll-interval", "10m", "--max-tokens", "30", "--name", "seen"]
CONTROL = re.compile(r"\x1b\[(\d*)([A-Za-z])|([^\x1b])", re.S)
BEGUN = re.compile(rb"(\x1b(\[\d*)?|[\xc0-\xff][\x80-\xbf]*)\Z")  # a control or character whose rest is still to come


def begin(work, results="results.jsonl"):
    prompts = work.prompts(PROMPTS)
    emulator = work.emulator(speed=DAYS_SPEED, limits=LIMITS + ",startup=10m")
    process = work.start_run(emulator, prompts, results, *RUN, lane=LIMITS)
    wait_until(lambda: count_of(work, "job_created") > 0, "a job is created")
    return emulator, prompts, process


def events_of(work):
    """Of a run that has a folder; [] before."""
    done = work.penstock("events", "seen", "--json")
    return [json.loads(line) for line in done.out.splitlines()] if done.status == 0 else []


def count_of(work, kind):
    return sum(event["event"] == kind for event in events_of(work))


class Screen:
    """What stands on a terminal: carriage return, line feed, up, clear to the end of the line and of the screen."""

    def __init__(self, columns):
        self.columns, self.rows, self.row, self.column, self.too_wide = columns, [""], 0, 0, []
        self.first = 0  # the row where the line began that is being written

    def control(self, count, letter):
        if letter == "A":
            self.first = self.row = max(0, self.row - int(count or 1))
        elif letter == "K":
            self.rows[self.row] = self.rows[self.row][:self.column]
        elif letter == "J":
            self.rows = self.rows[:self.row] + [self.rows[self.row][:self.column]]

    def down(self):
        self.row += 1
        self.rows += [""] * (self.row + 1 - len(self.rows))

    def feed(self, text):
        for match in CONTROL.finditer(text):
            count, letter, char = match.groups()
            if letter:
                self.control(count, letter)
            elif char == "\r":
                self.column = 0
            elif char == "\n":
                self.down()
                self.first = self.row
            else:
                if self.column == self.columns:  # a terminal goes on in the next line
                    self.too_wide.append(self.rows[self.first])
                    self.down()
                    self.column = 0
                line = self.rows[self.row].ljust(self.column)
                self.rows[self.row] = line[:self.column] + char + line[self.column + 1:]
                self.column += 1

    def text(self):
        return "\n".join(self.rows)


class Watcher:
    """`penstock watch` on a terminal of its own."""

    def __init__(self, work, columns):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        self.process = work.start(["watch", "seen"], {"TERM": "xterm"}, stdin=slave, stdout=slave, stderr=slave)
        self.screen, self.seen, self.begun = Screen(columns), "", b""
        os.close(slave)

    def read(self):
        while select.select([self.master], [], [], 0)[0]:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            if not data:
                return
            data = self.begun + data
            begun = BEGUN.search(data)
            self.begun = begun.group() if begun else b""
            text = data[:len(data) - len(self.begun)].decode("utf-8", "replace")
            self.screen.feed(text)
            self.seen += re.sub(r"\x1b\[\d*[A-Za-z]|\r", "", text)

    def has_shown(self, pattern):
        """On any of its screens so far: a run that hurries is not waited for in vain."""
        self.read()
        return re.search(pattern, self.seen) is not None

    def has_ended(self):
        has_ended = self.process.poll() is not None
        self.read()
        return has_ended


@test
def decisions_are_told_with_their_reasons_once_each_over_a_kill(work):
    emulator, prompts, process = begin(work)
    process.kill()
    process.wait()
    before = events_of(work)
    process = work.start_run(emulator, prompts, "results.jsonl", *RUN, lane=LIMITS)
    wait_until(lambda: count_of(work, "run_resumed") > 0, "the run goes on")
    with open(work.path("followed"), "wb") as followed:
        follower = work.start(["events", "seen", "--follow"], stdout=followed)
        check_equal(0, process.wait(SECONDS_MAX), "the run ends well")
        check_equal(0, follower.wait(SECONDS_MAX), "and with it who followed")
    events = events_of(work)
    numbers = [event["number"] for event in events]
    check_equal(sorted(set(numbers)), numbers, "each event once, in order")
    check_equal(before, events[:len(before)], "what was told before the kill is still told")
    kinds = [event["event"] for event in events]
    check_equal("run_started", kinds[0], "it begins with the beginning")
    check_equal("run_ended", kinds[-1], "and ends with the end")
    for kind in ["jobs_planned", "job_created", "job_ended", "job_read", "day_full", "day_turned"]:
        check(kind in kinds, "%s is among them" % kind, kinds)
    full = next(event for event in events if event["event"] == "day_full")
    check(full["lane"] == "a" and full["job_tokens"] > full["left_tokens"] and "waits for the day's turn at" in full["words"],
          "a full day tells its numbers: %s" % full["words"], full)
    lines = work.penstock("events", "seen").out.splitlines()
    check_equal(len(events), len(lines), "a line an event")
    check(all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  \S", line) for line in lines), "with local time stamps", lines[:3])
    check_equal(lines, read_bytes(work.path("followed")).decode().splitlines(), "who followed saw the same")
    with open(work.path("results.report.json")) as file:
        report = json.load(file)
    check(0 < report["cost_usd_micros"] <= report["forecast_usd_micros"] * 1.2, "the report has the cost beside its forecast", report)
    check("Tell me about" not in "".join(lines), "no prompt is told")


@test
def a_screen_shows_lanes_days_and_decisions_at_80_and_200_columns(work):
    _, _, process = begin(work, "a-path-that-is-longer-than-a-narrow-terminal" + "-and-longer" * 6 + ".jsonl")
    watchers = [Watcher(work, 80), Watcher(work, 200)]
    for watcher in watchers:
        columns = watcher.screen.columns
        wait_until(lambda w=watcher: w.has_shown(r"lanes +a +\[[#.]+\] \d/3 live, \d+ of \d+ done"),
                   "%d columns: a lane's bar, jobs and slots" % columns)
        wait_until(lambda w=watcher: w.has_shown(r"events .*\n.*a: job \d+ "), "%d columns: the last decisions" % columns)
    wait_until(lambda: watchers[1].has_shown(r"tokens/min, day: [\d,]+ of 2,500 left until \d"), "the wide one: rate, day and its turn")
    wait_until(lambda: watchers[0].has_shown(r"\n +[\d.]+ ?K? of 20 K tokens/min, day: [\d,]+ of 2,500 left until \d"), "the narrow one: on a line of its own")
    status = json.loads(work.penstock("status", "seen", "--json").out)
    lane = status["lanes"][0]
    check(lane["tpm_limit"] == 20000 and lane["day_limit"] == 2500 and lane["slots"] == 3, "status --json has the same", lane)
    check_equal(0, process.wait(SECONDS_MAX), "the run ends well")
    for watcher in watchers:
        wait_until(watcher.has_ended, "the watcher ends with it")
        check_equal(0, watcher.process.wait(), "and with its status")
        screen = watcher.screen
        wide = [row for row in screen.too_wide if not row.startswith("results ")]
        check(not wide, "no line is wider than %d columns, but for a path" % screen.columns, wide[:1])
        check_equal(1, screen.text().count("run      seen: "), "nothing is left of earlier screens")
        check("the run ends: %d succeeded" % PROMPTS in screen.text(), "the last screen tells the end", screen.text())


main(__doc__)
