"""harness - what the end-to-end tests share: a workspace, an emulator, the program under test, the judge

A test is a program: it says what holds, one line each, and ends with status 0, or says what does not hold and ends
with status 1; 77 and `skipped: REASON` where what it needs could not be had.

    from harness import *

    @test
    def answers_come_back_in_order(work):
        emulator = work.emulator()
        prompts = work.prompts(40)
        done = work.run(emulator, prompts, "results.jsonl")
        check(done.status == 0, "every record succeeded")
        work.judge(emulator, prompts, "results.jsonl")

    main(__doc__)

The real binary (PENSTOCK, default build/penstock) speaks over loopback to a real `penstock emulate`; nothing is
replaced. Simulated time runs SPEED times faster. Every process that was started is ended by its own number.
"""
import collections
import concurrent.futures
import json
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PENSTOCK = os.environ.get("PENSTOCK") or os.path.join(ROOT, "build", "penstock")
SHARED = os.environ.get("PENSTOCK_SHARED") or os.path.join(ROOT, "..", "shared")
JUDGE = os.path.join(ROOT, "tests", "judge", "judge.py")
SANITIZER = os.environ.get("PENSTOCK_SANITIZER", "")
IS_SOAK = bool(os.environ.get("PENSTOCK_SOAK"))
SEED = int(os.environ.get("PENSTOCK_SEED", "1"))
SPEED = 600
AT_ONCE = int(os.environ.get("PENSTOCK_AT_ONCE", "3"))  # tests of one file: most of a test is waiting
SECONDS_MAX = int(os.environ.get("PENSTOCK_SECONDS_MAX") or (300 if SANITIZER else 120))

HAIKU = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
# Small limits make many jobs of few records: 40 prompts are 4 jobs of two shards, in two waves.
SMALL_LIMITS = "jobs=2,job_records=10,shard_records=5,min_records=5"
OK, SOME_FAILED, USAGE, REFUSED, DENIED, STOPPED, BUG = 0, 1, 2, 3, 4, 5, 70

Done = collections.namedtuple("Done", "status out err command")


class Failed(Exception):
    """Something that should hold does not."""


class Skipped(Exception):
    """What the test needs could not be had."""


SAID = threading.local()


def print(text, **_):
    """Keeps what a test says until it has ended: several run at once."""
    lines = getattr(SAID, "lines", None)
    if lines is None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    else:
        lines.append(text)


def check(holds, text, detail=""):
    """Says that `text` holds, or ends the test."""
    if not holds:
        raise Failed("does not hold: %s%s" % (text, "\n" + str(detail) if detail != "" else ""))
    print("  holds: " + text, flush=True)


def check_equal(expected, found, text):
    check(expected == found, text, "expected %.2000r\nfound    %.2000r" % (expected, found))


def shared_file(*parts):
    path = os.path.join(SHARED, *parts)
    if not os.path.exists(path):
        raise Skipped("shared data: cannot find '%s'; set PENSTOCK_SHARED" % path)
    return path


def read_jsonl(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def read_bytes(path):
    with open(path, "rb") as file:
        return file.read()


def wait_until(condition, what, seconds_max=SECONDS_MAX):
    """Polls `condition` until it gives something true, and returns that."""
    deadline = time.monotonic() + seconds_max
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise Failed("still not after %d s: %s" % (seconds_max, what))


class Emulator:
    """A `penstock emulate` of its own, with its data in a folder."""

    def __init__(self, work, name="emulator", speed=SPEED, faults=None, limits=SMALL_LIMITS, port=0, seed=0):
        self.work = work
        self.folder = work.path(name)
        os.makedirs(self.folder, exist_ok=True)
        self.data = os.path.join(self.folder, "data")
        self.ledger = os.path.join(self.folder, "ledger.json")
        self.env_file = os.path.join(self.folder, "env")
        self.arguments = ["--port", str(port), "--data", self.data, "--speed", str(speed), "--ledger", self.ledger,
                          "--env-file", self.env_file] + (["--seed", str(seed)] if seed else [])
        if faults:
            self.arguments += ["--faults", faults]
        if limits:
            limits_file = os.path.join(self.folder, "limits")
            with open(limits_file, "w") as file:
                file.write("".join("%s\n" % line for line in (limits if isinstance(limits, list) else ["name=a," + limits])))
            self.arguments += ["--limits-file", limits_file]
        self.process = None
        self.start()

    def start(self):
        """Starts it, again too; ready when the env file is there."""
        if os.path.exists(self.env_file):
            os.remove(self.env_file)
        self.log = open(os.path.join(self.folder, "log"), "ab")
        self.process = self.work.start(["emulate"] + self.arguments, stdout=self.log, stderr=self.log)
        wait_until(lambda: os.path.exists(self.env_file) or self.process.poll() is not None, "the emulator is ready")
        if not os.path.exists(self.env_file):
            raise Failed("the emulator ended with status %s:\n%s" % (self.process.wait(), self.said()))
        self.env = read_env_file(self.env_file)
        self.port = int(self.env["AWS_ENDPOINT_URL"].rsplit(":", 1)[1].strip("/"))

    def said(self):
        return read_bytes(os.path.join(self.folder, "log")).decode("utf-8", "replace")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Ends it in peace: the ledger is then written."""
        if self.process.poll() is None:
            self.process.terminate()
            status = self.process.wait(SECONDS_MAX)
            if status not in (0, STOPPED, -signal.SIGTERM):
                raise Failed("the emulator ended with status %d:\n%s" % (status, self.said()))

    def restart(self, speed=None):
        """What was on its way has been carried out then; with `speed`, time passes so from now on."""
        self.stop()
        if speed:
            self.arguments[self.arguments.index("--speed") + 1] = str(speed)
        self.start()

    def forward(self, passed_ms):
        """Nobody is there for that long: ends it, and starts it again with its clock put forward."""
        self.stop()
        path = os.path.join(self.data, "identity.json")
        with open(path) as file:
            identity = json.load(file)
        # Now is origin + (real - origin) * speed: the origin moves back, and simulated time forward.
        identity["origin_ms"] -= -(-passed_ms // (identity["speed"] - 1))
        with open(path, "w") as file:
            json.dump(identity, file)
        self.start()

    def events(self, kind=None):
        rows = []
        for line in read_bytes(os.path.join(self.data, "events.jsonl")).split(b"\n")[:-1]:
            event = json.loads(line)
            if kind in (None, event["event"]):
                rows.append(event)
        return rows

    def calls(self):
        return collections.Counter(event["op"] for event in self.events("request"))

    def jobs(self):
        """name -> last status"""
        names = {event["job"]: event["name"] for event in self.events("job.created")}
        states = {name: "Submitted" for name in names.values()}
        for event in self.events("job.state"):
            states[names[event["job"]]] = event["status"]
        return states


def read_env_file(path):
    found = {}
    with open(path) as file:
        for line in file:
            if line.startswith("export "):
                name, _, value = line[len("export "):].strip().partition("=")
                found[name] = "".join(shlex.split(value))
    return found


class Work:
    """A folder for one test, and every process that it started."""

    def __init__(self, name):
        self.root = tempfile.mkdtemp(prefix="penstock-%s-" % name)
        self.processes = []
        self.emulators = []

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def write(self, name, data):
        path = self.path(name)
        with open(path, "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())
        return path

    def write_jsonl(self, name, rows):
        return self.write(name, "".join(json.dumps(row) + "\n" for row in rows))

    def prompts(self, count, name="prompts.jsonl"):
        """A file of `count` different prompts in the simple dialect."""
        return self.write_jsonl(name, [{"id": "p%03d" % number, "prompt": "Tell me about number %d." % number}
                                       for number in range(count)])

    def emulator(self, *arguments, **named):
        self.emulators.append(Emulator(self, *arguments, **named))
        return self.emulators[-1]

    def start(self, arguments, env=None, **streams):
        settings = {name: value for name, value in os.environ.items() if not re.match("AWS_|NO_COLOR$|XDG_CONFIG_HOME$", name)}
        settings.update({"XDG_STATE_HOME": self.path("state"), "HOME": self.root}, **(env or {}))
        process = subprocess.Popen([PENSTOCK] + arguments, cwd=self.root, env=settings, stdin=streams.pop("stdin", subprocess.DEVNULL),
                                   **streams)
        self.processes.append(process)
        return process

    def penstock(self, *arguments, env=None, seconds_max=SECONDS_MAX, **streams):
        """Runs it to its end."""
        process = self.start(list(arguments), env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **streams)
        try:
            out, err = process.communicate(timeout=seconds_max)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise Failed("still running after %d s: penstock %s\n%s" % (seconds_max, " ".join(arguments), text(err))) from None
        return Done(process.returncode, text(out), text(err), " ".join(arguments))

    def run_arguments(self, emulator, prompts, results, *more, lane=SMALL_LIMITS, model=HAIKU, prefix="t"):
        arguments = ["run", *([prompts] if isinstance(prompts, str) else prompts), "-o", self.path(results), "--yes"]
        if emulator is None:
            arguments += ["--local"]
        else:
            arguments += ["--s3-uri", "s3://%s/%s" % (emulator.env["PENSTOCK_BUCKET"], prefix), "--role-arn",
                          emulator.env["PENSTOCK_ROLE_ARN"]]
        return arguments + ["--lane", "name=a,model=%s,%s" % (model, lane), *more]

    def environment(self, emulator, port=None):
        """What the emulator's env file exports; with `port`, through a proxy there."""
        if emulator is None:
            return {}
        env = dict(emulator.env)
        if port:
            env["AWS_ENDPOINT_URL"] = "http://127.0.0.1:%d" % port
        return env

    def run(self, emulator, prompts, results, *more, port=None, seconds_max=SECONDS_MAX, **named):
        return self.penstock(*self.run_arguments(emulator, prompts, results, *more, **named),
                             env=self.environment(emulator, port), seconds_max=seconds_max)

    def start_run(self, emulator, prompts, results, *more, port=None, **named):
        """Starts it and returns at once; what it says goes to the file `run.log`."""
        log = open(self.path("run.log"), "ab")
        return self.start(self.run_arguments(emulator, prompts, results, *more, **named), self.environment(emulator, port),
                          stdout=log, stderr=log)

    def said(self):
        path = self.path("run.log")
        return read_bytes(path).decode("utf-8", "replace") if os.path.exists(path) else ""

    def judge(self, emulator, prompts, results, *more, data=None, says=True):
        """The independent judge's verdict; every promise must hold."""
        arguments = ["--data", data or emulator.data]
        if emulator is not None:
            emulator.stop()
            arguments += ["--ledger", emulator.ledger]
        if results:
            report = self.path(side_path(results, "report").replace(".jsonl", ".json"))
            arguments += ["--input", *([prompts] if isinstance(prompts, str) else prompts), "--results", self.path(results)]
            arguments += ["--report", report] if os.path.exists(report) else []
        done = subprocess.run([sys.executable, JUDGE] + arguments + list(more), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            verdict = json.loads(done.stdout)
        except ValueError:
            raise Failed("the judge fell over:\n" + text(done.stderr)) from None
        if done.returncode != 0:
            raise Failed("the judge: " + json.dumps(verdict, indent=1))
        if says:
            calls = ", %d calls on demand" % verdict["invocations"] if verdict["invocations"] else ""
            check(True, "judge: %d jobs, %d records processed, %d paid%s, nothing paid twice, no breach, all complete"
                  % (verdict["jobs"], verdict["records_processed"], verdict["records_paid"], calls))
        return verdict

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()
        if os.environ.get("PENSTOCK_KEEP"):
            print("  kept: " + self.root)
        else:
            shutil.rmtree(self.root, ignore_errors=True)


def side_path(results, side):
    return "%s.%s.jsonl" % (results[:-len(".jsonl")] if results.endswith(".jsonl") else results, side)


def text(data):
    return (data or b"").decode("utf-8", "replace")


def check_status(done, expected, what):
    check(done.status == expected, "%s: exit %d" % (what, expected),
          "penstock %s\nended with status %s\n%s\n%s" % (done.command, done.status, done.out[-3000:], done.err[-6000:]))


# --- running a test file -----------------------------------------------------------------------------

TESTS = []


def test(function):
    TESTS.append(function)
    return function


def main(doc):
    """Runs every @test, or those named on the command line, some at once, and ends the program."""
    if not os.access(PENSTOCK, os.X_OK):
        print("cannot find '%s': build first (make)" % PENSTOCK)
        sys.exit(1)
    print(doc.strip().split("\n")[0])
    chosen = [function for function in TESTS if function.__name__ in sys.argv[1:] or not sys.argv[1:]]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        endings = list(pool.map(run_test, chosen))
    skipped = [ending for ending in endings if isinstance(ending, Skipped)]
    for reason in skipped:
        print("skipped: %s" % reason)
    sys.exit(1 if "failed" in endings else 77 if skipped else 0)


def run_test(function):
    """'passed', 'failed', or the Skipped that says why; what it says comes out in one piece."""
    SAID.lines = ["- %s" % function.__name__.replace("_", " ")]
    ending = "passed"
    work = Work(os.path.basename(sys.argv[0]).replace("test_", "").replace(".py", ""))
    try:
        function(work)
    except Skipped as reason:
        ending = reason
    except Exception as error:  # a test may fall over anything; the others go on
        ending = "failed"
        print("  FAILED: %s" % (error if isinstance(error, Failed) else traceback.format_exc()))
        tell_more(work)
    finally:
        work.close()
        lines, SAID.lines = SAID.lines, None
        print("\n".join(lines))
    return ending


def tell_more(work):
    """The last words of everything that ran."""
    for said, who in [(work.said(), "penstock run")] + [(emulator.said(), "emulator") for emulator in work.emulators]:
        if said:
            print("  --- %s said last:\n%s" % (who, said[-3000:]))


__all__ = [name for name in dir() if not name.startswith("_")]
