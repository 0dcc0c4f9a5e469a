#!/usr/bin/env python3
"""The command line's contract: exit codes, what goes to stdout and what to stderr, help, man page, completion, terminal.

Goal: section 8 of the design as a person meets it. Method: the real binary, piped and on a terminal of its own; a real
man and a real bash read what it prints for them; an endpoint where nobody listens, a key nobody knows, a role and a
bucket that do not exist.
"""
import pty
import re
import select
import struct
import fcntl
import termios

from harness import *

RECORDS = 40


def said(done):
    return done.err.strip()


def on_terminal(work, arguments, env, columns, seconds_max=SECONDS_MAX):
    """What a person sees: everything that the program writes to a terminal of `columns`, and its status."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = work.start(arguments, dict(env, TERM="xterm"), stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    seen, deadline = b"", time.monotonic() + seconds_max
    while time.monotonic() < deadline:
        ready, _, _ = select.select([master], [], [], 0.1)
        if ready:
            try:
                data = os.read(master, 65536)
            except OSError:
                break
            if not data:
                break
            seen += data
        elif process.poll() is not None:
            break
    os.close(master)
    return process.wait(10), seen.decode("utf-8", "replace")


# --- exit codes --------------------------------------------------------------------------------------

@test
def usage_is_2_with_a_hint_and_nothing_on_stdout(work):
    prompts = work.prompts(20)
    rows = [
        (["rnu"], "Did you mean|--help"),
        (["run"], "without an input, -o RESULTS, --model"),
        (["run", prompts, "-o", "r", "--local", "--model", "us.antropic.claude"], "anthropic."),
        (["run", prompts, "-o", "r", "--local", "--modle", HAIKU], "--model"),
        (["run", prompts, "-o", "no/such/r", "--local", "--model", HAIKU], "folder"),
        (["run", prompts, "-o", "r", "--model", HAIKU], "--s3-uri"),
        (["run", prompts, "-o", "r", "--local", "--lane", "model=%s,jbos=1" % HAIKU], "jobs"),
        (["run", "missing.jsonl", "-o", "r", "--local", "--model", HAIKU], "missing.jsonl"),
        (["run", prompts, "-output", "r", "--local", "--model", HAIKU], "two dashes"),
        (["run", prompts, "-o", "r", "--local", "--model", HAIKU, "--job-timeout", "12h"], "queue"),
        (["status", "nothing"], "There are no runs"),
        (["results", "nothing", "--status", "odd"], "pending"),
        (["help", "nothing"], "penstock help"),
        (["runs", "--log-format", "xml"], "text or json"),
        (["retry", "x", "--resend-unaccounted"], "runs"),
    ]
    for arguments, hint in rows:
        done = work.penstock(*arguments)
        check_status(done, USAGE, " ".join(arguments)[:70])
        check(re.search(hint, done.err) and "hint: " in done.err and not done.out, "  and it helps: %s" % said(done)[-90:], done)


@test
def what_the_cloud_refuses_is_4_and_said_at_once(work):
    prompts = work.prompts(20)
    emulator = work.emulator(limits="min_records=5")
    env = work.environment(emulator)
    bucket, role = "s3://%s/p" % env["PENSTOCK_BUCKET"], env["PENSTOCK_ROLE_ARN"]
    lane = ["--lane", "model=%s,min_records=5" % HAIKU, "-o", "r"]
    rows = [
        ("no credentials", {"AWS_REGION": "us-east-1"}, bucket, role, "AWS_ACCESS_KEY_ID"),
        ("an unknown key", dict(env, AWS_ACCESS_KEY_ID="AKIANOBODYKNOWSTHIS1"), bucket, role, "InvalidClientTokenId"),
        ("a wrong secret", dict(env, AWS_SECRET_ACCESS_KEY="wrong"), bucket, role, "SignatureDoesNotMatch"),
        ("no such bucket", env, "s3://no-such-bucket-here/p", role, "NoSuchBucket"),
        ("no such role", env, bucket, role + "x", "role|Role"),
    ]
    for what, environment, uri, arn, words in rows:
        started = time.monotonic()
        done = work.penstock("run", prompts, *lane, "--s3-uri", uri, "--role-arn", arn, "--new", env=environment)
        check_status(done, DENIED, what)
        check(re.search(words, done.err) and "hint: " in done.err, "  and it says why: %s" % said(done)[-100:], done.err)
        check(time.monotonic() - started < 10, "  within ten seconds")
    done = work.penstock("run", prompts, *lane, "--s3-uri", bucket, "--role-arn", role + "x", "--new", "--json", env=env)
    check_equal(("halted", DENIED), (json.loads(done.out)["phase"], json.loads(done.out)["exit_status"]), "--json says it too")
    check_equal(0, len(emulator.events("job.created")), "no job was created")


@test
def a_role_that_was_mistyped_is_mended_by_the_same_command(work):
    prompts = work.prompts(20)
    emulator = work.emulator(limits="min_records=5")
    env = work.environment(emulator)
    command = ["run", prompts, "-o", work.path("results.jsonl"), "--lane", "model=%s,min_records=5" % HAIKU,
               "--s3-uri", "s3://%s/p" % env["PENSTOCK_BUCKET"], "--role-arn"]
    check_status(work.penstock(*command, env["PENSTOCK_ROLE_ARN"] + "x", env=env), DENIED, "a role that does not exist")
    check_status(work.penstock(*command, env["PENSTOCK_ROLE_ARN"], env=env), OK, "the same command with the right one")
    work.judge(emulator, prompts, "results.jsonl")


@test
def a_job_has_the_time_that_the_command_says(work):
    prompts = work.prompts(40)
    emulator = work.emulator()
    env = work.environment(emulator)
    arguments = work.run_arguments(emulator, prompts, "results.jsonl", "--job-timeout", "24h", "--name", "x")
    arguments = ["-o" + work.path("results.jsonl") if word == "-o" else word for word in arguments
                 if word != work.path("results.jsonl")]
    process = work.start(arguments, env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: emulator.events("job.created") or process.poll() is not None, "it has a job")
    process.kill()
    process.wait()
    arguments[arguments.index("24h")] = "168h"
    check_status(work.penstock(*arguments, env=env), OK, "with -oFILE, and with more time for what is not made yet")
    hours = [event["timeout_hours"] for event in emulator.events("job.created")]
    check_equal(4, len(hours), "it is the same run")
    check(hours[0] == 24 and hours[-1] == 168 and set(hours) == {24, 168}, "and each job has its time", hours)
    work.judge(emulator, prompts, "results.jsonl")


@test
def a_bucket_in_another_region_is_named_with_both(work):
    emulator = work.emulator(limits="min_records=5")
    env = work.environment(emulator)
    done = work.penstock("run", work.prompts(20), "-o", "r", "--model", HAIKU + "@us-west-2", "--lane", "min_records=5", "--s3-uri",
                         "s3://%s/p" % env["PENSTOCK_BUCKET"], "--role-arn", env["PENSTOCK_ROLE_ARN"], env=env)
    check(done.status in (USAGE, DENIED), "a bucket in another Region (status %d)" % done.status, done)
    check("us-east-1" in done.err and "us-west-2" in done.err, "both Regions are named", done.err)


@test
def a_service_that_nobody_reaches_is_given_up_after_a_while(work):
    emulator = work.emulator(speed=60)  # its clock, so that half a minute of tries is half a second
    env = dict(work.environment(emulator), AWS_ENDPOINT_URL="http://127.0.0.1:9")
    done = work.penstock("run", work.prompts(20), "-o", "r", "--lane", "model=%s,min_records=5" % HAIKU, "--s3-uri",
                         "s3://bucket/p", "--role-arn", env["PENSTOCK_ROLE_ARN"], "--name", "x", env=env)
    check_status(done, STOPPED, "an endpoint where nobody listens")
    check("trying again: " in done.err and "tries)" in done.err, "it says that it tries, and how often it did", done.err)
    check("hint: " in done.err and "penstock resume x" in done.err, "and how to go on", done.err)
    check(len(done.err.splitlines()) < 12, "in a few lines", done.err)


@test
def failures_end_with_1_unless_they_are_allowed(work):
    good = work.prompts(20)
    prompts = work.write("in.jsonl", read_bytes(good) + b"{broken\n")
    for allowed, status in (("0", SOME_FAILED), ("1", OK), ("4%", SOME_FAILED), ("5%", OK)):
        done = work.run(None, prompts, "results.jsonl", "--allow-failures", allowed)
        check_status(done, status, "one of 21 rejected, %s allowed" % allowed)
    check("in.jsonl:21" in done.out, "the report names the line", done.out)


@test
def below_the_minimum_is_3(work):
    done = work.run(None, work.prompts(20), "results.jsonl", lane="min_records=100")
    check_status(done, REFUSED, "twenty prompts, a hundred at least")


# --- stdout is the answer, stderr the chat -------------------------------------------------------------

@test
def json_is_one_document_and_stderr_is_quiet(work):
    prompts = work.prompts(RECORDS)
    done = work.run(None, prompts, "results.jsonl", "--name", "x", "--json")
    check_status(done, OK, "run --json")
    report = json.loads(done.out)
    check_equal((RECORDS, ""), (report["succeeded"], done.err), "one document, nothing on stderr")
    for arguments, kind in ((["status", "x", "--json"], dict), (["runs", "--json"], list), (["wait", "x", "--json"], dict),
                            (["verify", "x", "--json"], dict), (["resume", "x", "--json"], dict), (["stop", "x", "--json"], dict),
                            (["retry", "x", "--json"], dict), (["plan", prompts, "--lane", "min_records=1", "--model", HAIKU, "--json"], dict)):
        done = work.penstock(*arguments)
        check_status(done, OK, " ".join(arguments)[:40])
        check(isinstance(json.loads(done.out), kind) and done.err == "", "  one document, nothing on stderr", done)
    work.write(work.path("results.jsonl"), "changed\n")
    done = work.penstock("verify", "x", "--json")
    check(done.status == SOME_FAILED and json.loads(done.out) == {"verified": False} and done.err, "verify of a changed file", done)


@test
def quiet_says_the_answer_and_errors_alone(work):
    done = work.run(None, work.prompts(RECORDS), "results.jsonl", "-q", "--name", "x")
    check(done.status == OK and done.err == "" and "succeeded" in done.out, "run -q: the report, no chat", done)
    done = work.penstock("runs", "-q", "--state-dir", work.path("empty"))
    check((done.status, done.out, done.err) == (OK, "", ""), "runs -q of an empty state", done)


@test
def piped_chat_is_plain_lines_and_the_first_has_something_to_say(work):
    emulator = work.emulator(speed=200)
    done = work.run(emulator, work.prompts(RECORDS), "results.jsonl")
    check_status(done, OK, "a run, piped")
    check("\x1b" not in done.err + done.out and "\r" not in done.err, "no escapes", done.err)
    lines = [line for line in done.err.splitlines() if " of %d records" % RECORDS in line]
    check(lines and all("0 of 0" not in line for line in lines), "progress says something: %s" % lines[:1], done.err)


@test
def results_can_be_cut_short_by_a_reader(work):
    check_status(work.run(None, work.prompts(RECORDS), "results.jsonl", "--name", "x"), OK, "the run")
    process = work.start(["results", "x"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    err = process.stderr.read()
    check(process.wait(30) in (OK, -signal.SIGPIPE) and err == b"", "results | head says nothing about it", (process.returncode, err))
    with open("/dev/full", "w") as full:
        process = work.start(["status", "x"], stdout=full, stderr=subprocess.PIPE)
        err = process.stderr.read()
        check(process.wait(30) != OK and b"standard output" in err, "an answer that does not arrive is an error", err)


# --- terminal ------------------------------------------------------------------------------------------

def screens(seen):
    """The lines that stood at the foot, one after another: each begins with a carriage return and ends with none."""
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", seen)
    return [part for part in re.split(r"\r(?!\n)", plain)[1:] if " of %d records" % RECORDS in part and "\n" not in part]


@test
def a_terminal_has_a_progress_line_that_fits(work):
    emulator = work.emulator(speed=100)
    for columns in (40, 80, 200):
        status, seen = on_terminal(work, work.run_arguments(emulator, work.prompts(RECORDS), "results.jsonl", "--new"),
                                   work.environment(emulator), columns)
        check_equal(OK, status, "a run on a terminal of %d columns" % columns)
        lines = screens(seen)
        check(len(lines) > 2 and max(map(len, lines)) < columns, "  %d states of the line, the longest %d columns" % (len(lines), max(map(len, lines))),
              lines)
        if columns == 200:
            check(all("[" in line and "jobs: " in line for line in lines[2:-1]), "  with a bar, and the jobs", lines[:5])
        check("\x1b[2J" not in seen and "\x1b[H" not in seen, "  nothing is cleared but the line")


@test
def colour_is_for_terminals_without_no_color(work):
    env = {}
    _, seen = on_terminal(work, ["status", "nothing"], env, 80)
    check("\x1b[1;31mpenstock:" in seen, "an error is coloured on a terminal", repr(seen))
    _, seen = on_terminal(work, ["status", "nothing"], {"NO_COLOR": "1"}, 80)
    check("\x1b" not in seen, "not with NO_COLOR", repr(seen))
    _, seen = on_terminal(work, ["status", "nothing"], {"NO_COLOR": ""}, 80)
    check("\x1b[1;31m" in seen, "an empty NO_COLOR says nothing", repr(seen))


@test
def watch_is_a_screen_that_refreshes(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(faults="stuck:job:nth=1,stuck:job:nth=2", speed=1000)
    process = work.start_run(emulator, prompts, "results.jsonl", "--name", "live")
    wait_until(lambda: len(emulator.events("job.created")) >= 2, "two jobs")
    status, seen = on_terminal(work, ["watch", "live"], {}, 90)
    check_equal(OK, status, "watch ends with the run's status")
    check_equal(OK, process.wait(SECONDS_MAX), "the run itself: exit 0")
    for words in ("live: running", "records  ", "jobs     ", "job 1 ", "doing    ", "results  ", "live: ended", "100 %"):
        check(words in seen, "it showed '%s'" % words, seen[-2000:])
    check("\x1b[2J" not in seen, "nothing flickers: lines are written over")


# --- man page and completion -----------------------------------------------------------------------------

@test
def man_reads_the_page_without_a_warning(work):
    page = work.write("penstock.1", work.penstock("help", "man").out)
    if shutil.which("man"):
        done = subprocess.run(["man", "--warnings", "-l", page], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=dict(os.environ, MANWIDTH="80", LC_ALL="C.UTF-8", MAN_KEEP_FORMATTING="", MANPAGER="cat"))
        shown = re.sub(r".\x08", "", text(done.stdout))
        check(done.returncode == 0 and not done.stderr, "man shows it without a warning", text(done.stderr))
        for words in ("penstock run INPUT", "--s3-uri s3://BUCKET/PREFIX", "EXIT STATUS", "XDG_STATE_HOME"):
            check(words in shown, "  with '%s'" % words, shown[:2000])
    elif shutil.which("groff"):
        done = subprocess.run(["groff", "-man", "-ww", "-z", "-Tutf8", page], stderr=subprocess.PIPE)
        check(done.returncode == 0 and not done.stderr, "groff reads it without a warning", text(done.stderr))
    else:
        raise Skipped("package: neither man-db nor groff is installed")


@test
def bash_completes_commands_options_values_and_runs(work):
    check_status(work.run(None, work.prompts(20), "results.jsonl", "--name", "nightly"), OK, "a run to be completed")
    completion = work.write("completion", work.penstock("help", "bash").out)

    def complete(*words):
        script = ('set -u; source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _penstock; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", script, "bash", completion, "penstock", *words], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env=dict(os.environ, XDG_STATE_HOME=work.path("state")))
        check_quiet(not done.stderr, text(done.stderr))
        return text(done.stdout).split()

    rows = [
        (["r"], ["run", "resume", "retry", "results", "runs"]),
        (["wat"], ["watch"]),
        (["pl"], ["plan"]),
        (["run", "--lo"], ["--local", "--log-file", "--log-format"]),
        (["status", "--lo"], ["--log-file", "--log-format"]),
        (["run", "x", "--log-format", ""], ["text", "json"]),
        (["results", "nightly", "--status", "c"], ["cancelled"]),
        (["run", "-o", ""], []),  # bash offers files
        (["status", "ni"], ["nightly"]),
        (["run", "ni"], []),
        (["help", "st"], ["status", "stop"]),
    ]
    for words, expected in rows:
        check_equal(sorted(expected), sorted(complete(*words)), "penstock %s<Tab>" % " ".join(words))


def check_quiet(holds, words):
    if not holds:
        raise Failed(words)


@test
def every_command_explains_itself(work):
    overview = work.penstock("--help").out
    commands = re.findall(r"(?m)^  ([a-z]+) ", overview.split("Exit status")[0].split("Try it")[0])
    check(len(commands) >= 12, "%d commands are listed" % len(commands), overview)
    for command in commands:
        done = work.penstock(command, "--help")
        check(done.status == OK and ("Options:" in done.out or command == "help") and not done.err, "penstock %s --help" % command,
              done)
    check(work.penstock("--version").out.startswith("penstock "), "--version")


# --- what was stopped ----------------------------------------------------------------------------------------

@test
def after_a_stop_the_same_command_says_what_is_cancelled(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(faults="stuck:job:nth=1,stuck:job:nth=2", speed=200)
    process = work.start_run(emulator, prompts, "results.jsonl", "--name", "x")
    wait_until(lambda: len(emulator.events("job.created")) >= 2, "two jobs")
    check_status(work.penstock("stop", "x", env=work.environment(emulator)), OK, "penstock stop")
    check_equal(STOPPED, process.wait(SECONDS_MAX), "the run that was stopped: exit 5")
    done = work.run(emulator, prompts, "results.jsonl", "--name", "x")
    check_status(done, STOPPED, "the same command again")
    check("cancelled: this run was stopped" in done.err and "penstock retry x" in done.err, "it says so, and how to send them", done.err)
    check_status(work.penstock("retry", "x", env=work.environment(emulator)), OK, "penstock retry")
    check(all(row["status"] == "succeeded" for row in read_jsonl(work.path("results.jsonl"))), "all succeeded")
    work.judge(emulator, prompts, "results.jsonl", "--retried")


main(__doc__)
