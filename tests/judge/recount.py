"""recount - adds up, from an event log, what a pool of jobs was given in each window of time

Written from docs/EVENTS.md alone. A pool is what shares one limit: the jobs of one lane, Region and base model, or
what a `pool.used` line names. Work lies evenly between the two instants that the log gives for it: a record between
the one before it in its job and its own `at_ms`. A window of a minute (tokens) or a second (requests) may hold its
limit and what a single record weighs; a day may hold its limit and one record of each job that worked on it, since the
log says when a record ended and not when it began.
"""
import bisect
import collections
import heapq

MINUTE_MS = 60 * 1000
SECOND_MS = 1000
DAY_MS = 24 * 60 * MINUTE_MS
ROUNDING = 2  # whole numbers at both ends of a window


class Pool:
    def __init__(self, name, lane):
        self.name = name
        self.tpm = lane.get("tpm", 0)
        self.tpd = lane.get("tpd", 0)
        self.rps = lane.get("rps", 0) if lane.get("rps_counts", "none") == "records" else 0
        self.burst = lane.get("burst_tokens", 0)
        self.burndown = lane.get("burndown", 1)
        self.reset_ms = lane.get("reset_ms", 0)
        self.stretches = []                         # (from_ms, to_ms, tokens, records)
        self.days = collections.Counter()
        self.largest = collections.Counter()        # (day, job) -> its largest record there
        self.heaviest = 0
        self.begun = {}                             # job -> where its next record begins

    def is_limited(self):
        return self.tpm > 0 or self.tpd > 0 or self.rps > 0

    def begin(self, job, at_ms):
        self.begun[job] = at_ms

    def add_record(self, event):
        """A `record` line: what failed with 429 was not given anything."""
        at_ms = event["at_ms"]
        from_ms = min(self.begun.get(event["job"], at_ms), at_ms)
        self.begun[event["job"]] = at_ms
        if event.get("error_code") == 429:
            return
        tokens = event["input_tokens"] + event["output_tokens"] * self.burndown
        self.heaviest = max(self.heaviest, tokens)
        self.stretches.append((from_ms, at_ms, tokens, 1))
        day = self.day_of(at_ms)
        self.days[day] += tokens
        self.largest[day, event["job"]] = max(self.largest[day, event["job"]], tokens)

    def add_use(self, event):
        """A `pool.used` line."""
        from_ms, to_ms, tokens = event["from_ms"], event["to_ms"], event["tokens"]
        self.stretches.append((from_ms, to_ms, tokens, event["records"]))
        for day in range(self.day_of(from_ms), self.day_of(max(to_ms - 1, from_ms)) + 1):
            begin_ms = day * DAY_MS + self.reset_ms
            part = min(to_ms, begin_ms + DAY_MS) - max(from_ms, begin_ms)
            self.days[day] += tokens if from_ms == to_ms else tokens * part // (to_ms - from_ms)

    def day_of(self, at_ms):
        return (at_ms - self.reset_ms) // DAY_MS

    def breaches(self):
        """Texts, one for each limit that was passed: the worst window."""
        for limit, unit, length_ms, place, slack in (("tpm", "tokens", MINUTE_MS, 2, self.burst + self.heaviest),
                                                     ("rps", "records", SECOND_MS, 3, 1)):
            allowed = getattr(self, limit)
            if allowed > 0:
                most, end_ms = fullest([(row[0], row[1], row[place]) for row in self.stretches], length_ms)
                if most > allowed + slack + ROUNDING:
                    yield "pool %s: %d %s in the window that ends at %d, %s=%d" % (self.name, most, unit, end_ms, limit, allowed)
        for day, tokens in sorted(self.days.items()):
            slack = sum(weight for (on, _), weight in self.largest.items() if on == day)
            if self.tpd > 0 and tokens > self.tpd + slack + ROUNDING:
                yield "pool %s: %d tokens on the day from %d on, tpd=%d" % (self.name, tokens, day * DAY_MS + self.reset_ms, self.tpd)

    def sums(self):
        return {"tokens": sum(row[2] for row in self.stretches), "records": sum(row[3] for row in self.stretches),
                "days": len(self.days), "most_a_day": max(self.days.values(), default=0)}


class OnDemand:
    """What is left of a pool's limits on demand, by docs/EVENTS.md: a minute's worth of calls and of tokens, which come
    back evenly; a call takes what it reserves when it is accepted, and settles when it is answered. In whole numbers:
    thousandths of a call, sixty-thousandths of a token."""

    def __init__(self, name, lane):
        self.name = name
        self.rps = lane.get("rps", 0)
        self.tpm = lane.get("tpm", 0)
        self.tpd = lane.get("tpd", 0)
        self.burndown = lane.get("burndown", 1)
        self.reset_ms = lane.get("reset_ms", 0)
        self.calls = self.rps * MINUTE_MS
        self.tokens = self.tpm * MINUTE_MS
        self.at_ms = None
        self.days = collections.Counter()
        self.open = []      # (answered_ms, reserved - settled, day)
        self.count = 0
        self.used = 0

    def day_of(self, at_ms):
        return (at_ms - self.reset_ms) // DAY_MS

    def go_to(self, at_ms):
        passed = max(0, at_ms - self.at_ms) if self.at_ms is not None else 0
        self.calls = min(self.rps * MINUTE_MS, self.calls + passed * self.rps)
        self.tokens = min(self.tpm * MINUTE_MS, self.tokens + passed * self.tpm)
        self.at_ms = at_ms if self.at_ms is None else max(at_ms, self.at_ms)

    def take(self, event):
        """Texts, one for each limit that this `invocation` was accepted above."""
        at_ms, reserved, settled = event["at_ms"], event["reserved_tokens"], event["quota_tokens"]
        if settled != event["input_tokens"] + event["output_tokens"] * self.burndown or reserved < event["input_tokens"]:
            yield "call %s settles to %d, reserves %d: not what its tokens are" % (event["request_id"], settled, reserved)
        while self.open and self.open[0][0] <= at_ms:
            answered_ms, unused, day = heapq.heappop(self.open)
            self.go_to(answered_ms)
            self.tokens = min(self.tpm * MINUTE_MS, self.tokens + unused * MINUTE_MS)
            self.days[day] -= unused
        self.go_to(at_ms)
        day = self.day_of(at_ms)
        for limit, is_over in (("rps", self.calls < SECOND_MS), ("tpm", self.tokens < reserved * MINUTE_MS),
                               ("tpd", self.days[day] + reserved > self.tpd)):
            if getattr(self, limit) > 0 and is_over:
                yield "pool %s: call %s was accepted above %s=%d" % (self.name, event["request_id"], limit, getattr(self, limit))
        self.calls -= SECOND_MS
        self.tokens -= reserved * MINUTE_MS
        self.days[day] += reserved
        heapq.heappush(self.open, (event["answered_ms"], reserved - settled, day))
        self.count += 1
        self.used += settled

    def sums(self):
        return {"calls": self.count, "tokens": self.used, "days": len(self.days)}


def fullest(stretches, length_ms):
    """The most that lies in any window of that length, and where that window ends.

    What was given until t is a line with corners at the ends of stretches; a window is fullest where it begins or ends
    at a corner.
    """
    slopes = collections.Counter()
    for from_ms, to_ms, amount in stretches:
        to_ms = max(to_ms, from_ms + 1)  # what goes at once takes a millisecond
        slopes[from_ms] += amount / (to_ms - from_ms)
        slopes[to_ms] -= amount / (to_ms - from_ms)
    corners = sorted(slopes)
    given = [0.0]
    slope = 0.0
    for before, corner in zip(corners, corners[1:]):
        slope += slopes[before]
        given.append(given[-1] + slope * (corner - before))

    def until(at_ms):
        place = bisect.bisect_right(corners, at_ms) - 1
        if place < 0:
            return 0.0
        if place + 1 == len(corners):
            return given[-1]
        part = (at_ms - corners[place]) / (corners[place + 1] - corners[place])
        return given[place] + part * (given[place + 1] - given[place])

    most, end_ms = 0.0, 0
    for corner in corners:
        for end in (corner, corner + length_ms):
            amount = until(end) - until(end - length_ms)
            if amount > most:
                most, end_ms = amount, end
    return most, end_ms
