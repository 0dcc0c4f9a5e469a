#!/usr/bin/env python3
"""Every interleaving of create, put, stop, restore and resume that could pay twice or lose a record.

Goal: rules R1 to R6 where two things meet. Method: the real binary against an emulator of its own; a proxy between them
loses, delays or replaces the answer that the story needs, a stranger with the same account does what nobody asked
for, and the emulator's clock is put forward where hours or days pass. Each story ends with the judge.
"""
import base64
import gzip
import sqlite3
import zlib

from harness import *
from killproxy import KillProxy, answer
from stranger import Stranger

RECORDS = 40  # four jobs of two shards of five
FAST = 2400  # where hours must pass, and nothing else hangs on how fast
MINUTE_MS, HOUR_MS, DAY_MS = 60 * 1000, 3600 * 1000, 24 * 3600 * 1000
ONE_AT_LEAST = "jobs=2,job_records=10,shard_records=5,min_records=1"
NO_JOBS = answer(200, b'{"invocationJobSummaries":[]}')
UNDISTURBED = {}


# --- what the stories share --------------------------------------------------------------------------


def undisturbed(work, records=RECORDS):
    """The results of a run to which nothing happens."""
    if records not in UNDISTURBED:
        emulator = work.emulator("undisturbed")
        done = work.run(emulator, work.prompts(records), "undisturbed.jsonl", "--state-dir", work.path("undisturbed-state"))
        check_status(done, OK, "the undisturbed run")
        UNDISTURBED[records] = read_bytes(work.path("undisturbed.jsonl"))
        emulator.stop()
    return UNDISTURBED[records]


def kill_at(work, emulator, prompts, op, nth, when, *more, **named):
    """Runs as run `x` until its nth `op`, and kills it there, `before` or `after` the effect."""
    with KillProxy(emulator.port) as proxy:
        process = None
        proxy.arm_op(op, nth, when, lambda: process.pid)
        process = work.start_run(emulator, prompts, "results.jsonl", "--name", "x", *more, port=proxy.port, **named)
        check_equal(-signal.SIGKILL, process.wait(SECONDS_MAX), "killed %s %s %d" % (when, op, nth))


def again(work, emulator, prompts, *more, **named):
    return work.run(emulator, prompts, "results.jsonl", "--name", "x", *more, **named)


def check_same_as_undisturbed(work, records=RECORDS):
    check(read_bytes(work.path("results.jsonl")) == undisturbed(work, records), "the results are those of the undisturbed run")


def run_of(emulator, name="x"):
    return "s3://%s/t/%s" % (emulator.env["PENSTOCK_BUCKET"], name)


def names_created(emulator):
    return [event["name"] for event in emulator.events("job.created")]


def requests(emulator, op):
    return [event for event in emulator.events("request") if event["op"] == op]


def folder_of(work, name="x"):
    return work.path("state", "penstock", "runs", name)


def database(work):
    return sqlite3.connect(os.path.join(folder_of(work), "run.db"))


def foreign_input(emulator, name, records=5):
    """Input of somebody else's job, in a run of its own."""
    lines = [{"recordId": "S%010d" % number, "modelInput": {
        "anthropic_version": "bedrock-2023-05-31", "max_tokens": 10,
        "messages": [{"role": "user", "content": "stranger %d" % number}]}} for number in range(records)]
    Stranger(emulator).put("t/%s/in/j1/a.jsonl" % name, "".join(json.dumps(line) + "\n" for line in lines).encode())
    return {"inputDataConfig": {"s3InputDataConfig": {"s3InputFormat": "JSONL", "s3Uri": run_of(emulator, name) + "/in/j1/"}},
            "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": run_of(emulator, name) + "/out/j1/"}}}


def foreign_job(emulator, job_name, folder, **more):
    return Stranger(emulator).create_job(jobName=job_name, roleArn=emulator.env["PENSTOCK_ROLE_ARN"], modelId=HAIKU,
                                         **{"clientRequestToken": "stranger-" + job_name, **foreign_input(emulator, folder),
                                            **more})


def before_any(proxy, op, do):
    """`do` happens once, at the first `op`, and every `op` waits for it: which one comes first is nobody's promise."""
    lock, done = threading.Lock(), []

    def at_each():
        with lock:
            if not done:
                do()
                done.append(True)

    proxy.first(op, 0, at_each)


# --- the ambiguous create ----------------------------------------------------------------------------


@test
def a_create_is_lost_and_three_days_pass(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(faults="forget:create,anyname:create")
    kill_at(work, emulator, prompts, "create", 1, "after")
    created = names_created(emulator)
    emulator.forward(3 * DAY_MS)
    check_status(again(work, emulator, prompts), OK, "three days later, the token long forgotten: the same command")
    check_equal(created, names_created(emulator)[:len(created)], "what was created is there")
    check_equal(4, len(names_created(emulator)), "four jobs in all")
    check_same_as_undisturbed(work)
    work.judge(emulator, prompts, "results.jsonl")


@test
def a_create_never_arrives_and_three_days_pass(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(faults="forget:create,anyname:create")
    kill_at(work, emulator, prompts, "create", 1, "before")
    emulator.forward(3 * DAY_MS)
    check_status(again(work, emulator, prompts), OK, "three days later: the same command")
    created = [name for name in names_created(emulator) if name.endswith("-a2")]
    check(created, "what was proven absent has a second attempt", names_created(emulator))
    for event in emulator.events("job.created"):
        if event["name"] in created:
            folder = event["name"][len("x-"):] + "/"
            check("/in/" + folder in event["input_uri"] and event["output_uri"].endswith("/out/" + folder),
                  "with paths of its own", event)
    check_same_as_undisturbed(work)
    work.judge(emulator, prompts, "results.jsonl")


@test
def a_create_is_proven_absent_only_after_two_looks_and_all_waits(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(speed=200)
    kill_at(work, emulator, prompts, "create", 1, "before")
    killed_ms = emulator.events()[-1]["time_ms"]
    emulator.forward(11 * MINUTE_MS)
    check_status(again(work, emulator, prompts), OK, "past the token window: the same command")
    second = [event for event in emulator.events("job.created") if event["name"].endswith("-a2")]
    check(second, "there is a second attempt", names_created(emulator))
    first_ms = min(event["time_ms"] for event in second)
    looks = [event["time_ms"] - killed_ms for event in requests(emulator, "ListModelInvocationJobs")
             if event.get("subject", "").endswith("-a1") and event["time_ms"] < first_ms]
    counted = [look_ms for look_ms in looks if look_ms >= 15 * MINUTE_MS]
    check(len(counted) >= 2, "two looks later than signature and list lag", looks)
    # As they arrive, and the way there takes its time: half a minute is a tenth of a second here.
    check(any(later - look >= 4.5 * MINUTE_MS for look in counted for later in counted), "five minutes apart", looks)
    check(first_ms - killed_ms >= 20 * MINUTE_MS, "and no create before them", (first_ms - killed_ms) / MINUTE_MS)
    doubtful = len(second)
    # Once it is proven absent its slot is free, and a job that is ready may be quicker than its second attempt.
    proven_ms = killed_ms + sorted(counted)[1]
    live = [event["live_jobs"] for event in emulator.events("job.created") if event["time_ms"] < proven_ms]
    check(max(live, default=0) <= 2 - doubtful, "meanwhile %d of two slots stayed reserved" % doubtful, live)
    work.judge(emulator, prompts, "results.jsonl")


@test
def a_create_is_lost_and_found_by_its_name(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(faults="lost:create:every=2,forget:create,anyname:create", speed=200)
    check_status(again(work, emulator, prompts), OK, "the run, where a repeated create would make a second job")
    check_equal(4, emulator.calls()["CreateModelInvocationJob"], "no create was repeated")
    check_same_as_undisturbed(work)
    work.judge(emulator, prompts, "results.jsonl")


@test
def a_create_is_repeated_with_the_same_body_inside_the_token_window(work):
    prompts = work.prompts(20)
    # One slot: until the create in doubt is settled there can be no other.
    one_slot = "jobs=1,job_records=10,shard_records=5,min_records=5"
    emulator = work.emulator(speed=60, limits=one_slot + ",startup=10s")
    with KillProxy(emulator.port) as proxy:
        # The first copy is late: it arrives when the program, killed and back again, has sent a second one.
        process = None
        is_back, is_sent = threading.Event(), threading.Event()

        def first_copy():
            process.kill()
            is_sent.wait(SECONDS_MAX)

        def other_copies():
            if is_back.is_set():
                is_sent.set()

        proxy.first("create", 1, first_copy)
        proxy.first("create", 0, other_copies)
        process = work.start_run(emulator, prompts, "results.jsonl", "--name", "x", port=proxy.port, lane=one_slot)
        process.wait(SECONDS_MAX)
        is_back.set()
        done = again(work, emulator, prompts, port=proxy.port, lane=one_slot)
    check_status(done, OK, "the same command at once")
    check_equal(2, len(names_created(emulator)), "two jobs in all")
    check(len([event for event in requests(emulator, "CreateModelInvocationJob") if event["is_executed"]]) > 2,
          "though one create came twice")
    check(all(event["status"] == 200 for event in requests(emulator, "CreateModelInvocationJob")), "and each was the same")
    check_same_as_undisturbed(work, 20)
    work.judge(emulator, prompts, "results.jsonl")


@test
def a_job_that_no_list_shows_is_known_by_its_output(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(faults="forget:create,anyname:create")
    kill_at(work, emulator, prompts, "create", 1, "after")
    emulator.forward(HOUR_MS)
    with KillProxy(emulator.port) as proxy:
        proxy.swap("list_jobs", 0, "before", NO_JOBS)
        check_status(again(work, emulator, prompts, port=proxy.port), OK, "while lists show nothing: the same command")
    check_equal(4, len(names_created(emulator)), "four jobs in all")
    check_same_as_undisturbed(work)
    work.judge(emulator, prompts, "results.jsonl")


@test
def a_name_in_use_is_no_refusal(work):
    prompts = work.prompts(RECORDS)
    for name, faults in [("delivered twice", "twice:create:nth=1,forget:create"),
                         ("lost, and not yet listed", "lost:create:nth=1,forget:create,lag:list")]:
        place = name.split(",")[0].split()[0]
        emulator = work.emulator(place, faults=faults)
        done = work.run(emulator, prompts, "results.jsonl", "--name", "x-" + place)
        check_status(done, OK, "a create " + name)
        told = [event for event in requests(emulator, "CreateModelInvocationJob")
                if event["status"] == 400 and event["code"] == "ValidationException"]
        check(told, "the service said ValidationException")
        check_equal(4, len(names_created(emulator)), "and has four jobs in all")
        check_same_as_undisturbed(work)
        work.judge(emulator, prompts, "results.jsonl")


HTML = b"<html><head><title>Error</title></head><body>upstream</body></html>"
# (what comes instead of the answer of every create that is lost, the bytes)
ANSWERS = [
    ("500", answer(500, b'{"message":"internal"}')),
    ("502 of a proxy", answer(502, HTML, "text/html")),
    ("503", answer(503, b'{"message":"unavailable"}')),
    ("504 of a proxy", answer(504, HTML, "text/html")),
    ("a cut 200", answer(200, b'{"jobArn":"arn:aws:bed', length=120)),
    ("a 200 with half an object", answer(200, b'{"jobArn":"arn:aws:bed')),
    ("a 200 without a body", answer(200, b"")),
    ("a 200 of a captive portal", answer(200, HTML, "text/html")),
    ("a 404 of a proxy", answer(404, HTML, "text/html")),
    ("nothing", None),
]


def add_answer(name, made):
    def function(work):
        prompts = work.prompts(RECORDS)
        # A create that is repeated without looking first makes a second job here.
        emulator = work.emulator(faults="forget:create,anyname:create")
        with KillProxy(emulator.port) as proxy:
            proxy.swap("create", 1, "after", made)
            proxy.swap("create", 4, "before", made)
            check_status(again(work, emulator, prompts, port=proxy.port), OK, "the run")
        check_equal(4, len(names_created(emulator)), "four jobs in all")
        check_same_as_undisturbed(work)
        work.judge(emulator, prompts, "results.jsonl")
    function.__name__ = "a_create_is_answered_with_" + name.replace(" ", "_")
    test(function)


for row in ANSWERS:
    add_answer(*row)


def with_a_stranger_at_the_create(work, do, records=RECORDS):
    """A run whose first create is lost; just before, `do` happens. Returns (emulator, prompts, done)."""
    prompts = work.prompts(records)
    emulator = work.emulator(limits="jobs=9,job_records=10,shard_records=5,min_records=5", faults="anyname:create")
    with KillProxy(emulator.port) as proxy:
        before_any(proxy, "create", lambda: do(emulator))
        proxy.swap("create", 1, "before", None)
        done = again(work, emulator, prompts, port=proxy.port)
    return emulator, prompts, done


@test
def a_list_also_shows_names_that_contain_ours(work):
    def others(emulator):
        # x-j...-a10 contains x-j...-a1, and so does a run whose name ends in x.
        for number in (1, 2):
            foreign_job(emulator, "x-j%08d-a10-j00000001-a1" % number, "one%d" % number)
            foreign_job(emulator, "ax-j%08d-a1" % number, "two%d" % number)
    emulator, prompts, done = with_a_stranger_at_the_create(work, others)
    check_status(done, OK, "the run")
    check_equal(4, sum(name.startswith("x-j") and len(name) == len("x-j00000001-a1") for name in names_created(emulator)),
                "four jobs of its own")
    check_same_as_undisturbed(work)
    work.judge(emulator, prompts, "results.jsonl", "--run", run_of(emulator))


@test
def a_job_of_our_name_with_another_token_is_not_adopted(work):
    def thief(emulator):
        for number in (1, 2):
            foreign_job(emulator, "x-j%08d-a1" % number, "thief%d" % number)
    emulator, _, done = with_a_stranger_at_the_create(work, thief)
    check_status(done, DENIED, "the run")
    check("another token or input" in done.err, "it says why", done.err)
    check(not requests(emulator, "GetObject"), "and nothing of that job was read")


@test
def a_job_of_our_name_and_token_with_another_input_is_not_adopted(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(limits="jobs=9,job_records=10,shard_records=5,min_records=5")
    kill_at(work, emulator, prompts, "create", 1, "before")
    with database(work) as store:
        tokens = dict(store.execute("SELECT number, token FROM jobs WHERE token IS NOT NULL"))
    for number, token in tokens.items():
        if "x-j%08d-a1" % number not in names_created(emulator):
            foreign_job(emulator, "x-j%08d-a1" % number, "thief%d" % number, clientRequestToken=token)
    done = again(work, emulator, prompts)
    check_status(done, DENIED, "the same command")
    check("another token or input" in done.err, "it says why", done.err)


@test
def every_second_create_and_every_third_put_is_lost(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(faults="lost:create:every=2,lost:put:every=3")
    check_status(again(work, emulator, prompts), OK, "the run")
    lost = collections.Counter(event["op"] for event in emulator.events("request") if event["answer"] == "lost")
    check(lost["CreateModelInvocationJob"] >= 2 and lost["PutObject"] >= 2, "%d creates and %d puts were lost" % (
        lost["CreateModelInvocationJob"], lost["PutObject"]))
    check_equal(4, len(names_created(emulator)), "four jobs in all")
    check_same_as_undisturbed(work)
    work.judge(emulator, prompts, "results.jsonl")


# --- another profile, account, Region, endpoint ------------------------------------------------------


def write_profiles(work, **emulators):
    """Profiles of AWS's shared files; what the environment must say to use them."""
    config = credentials = ""
    for name, emulator in emulators.items():
        config += "[profile %s]\nregion = us-east-1\nendpoint_url = http://127.0.0.1:%d\n" % (name, emulator.port)
        credentials += "[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n" % (
            name, emulator.env["AWS_ACCESS_KEY_ID"], emulator.env["AWS_SECRET_ACCESS_KEY"])
    return {"AWS_CONFIG_FILE": work.write("config", config), "AWS_SHARED_CREDENTIALS_FILE": work.write("credentials", credentials)}


def asked(emulator):
    return len(emulator.events("request"))


@test
def another_profile_of_another_account_is_refused_by_every_command(work):
    prompts = work.prompts(RECORDS)
    emulator, other = work.emulator(), work.emulator("other")
    kill_at(work, emulator, prompts, "create", 2, "after")
    emulator.restart()
    env = dict(write_profiles(work, home=emulator, away=other, same=emulator), PENSTOCK_CLOCK=emulator.env["PENSTOCK_CLOCK"])
    before = asked(emulator)
    run = work.run_arguments(emulator, prompts, "results.jsonl", "--name", "x")
    for command in (["resume", "x"], ["retry", "x", "--yes"], run):
        count = asked(other)
        done = work.penstock(*command, env=dict(env, AWS_PROFILE="away"))
        check_status(done, DENIED, "penstock %s with the other account's profile" % command[0])
        check("account" in done.err, "it says why", done.err)
        check(asked(other) == count + 1 and set(other.calls()) == {"GetCallerIdentity"}, "and only asked who it is")
    check_equal(before, asked(emulator), "nothing was asked of the first account")
    keys = dict(work.environment(emulator), AWS_ACCESS_KEY_ID=other.env["AWS_ACCESS_KEY_ID"],
                AWS_SECRET_ACCESS_KEY=other.env["AWS_SECRET_ACCESS_KEY"])
    check_status(work.penstock("resume", "x", env=keys), DENIED, "resume with keys that are not known there")
    check_equal({"GetCallerIdentity"}, {event["op"] for event in emulator.events("request")[before:]},
                "and only asked who it is")
    done = work.penstock("resume", "x", "--profile", "same", env=env)
    check_status(done, OK, "resume with another profile of the same account")
    check_same_as_undisturbed(work)
    work.judge(emulator, prompts, "results.jsonl")


@test
def another_region_is_refused_or_makes_no_difference(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator()
    kill_at(work, emulator, prompts, "create", 2, "after")
    emulator.restart()
    before = asked(emulator)
    home = work.environment(emulator)
    for name, more, env in [("--region", ["--region", "eu-west-1"], home),
                            ("AWS_REGION", [], dict(home, AWS_REGION="eu-west-1"))]:
        for command in ("resume", "retry"):
            done = work.penstock(command, "x", *more, *(["--yes"] if command == "retry" else []), env=env)
            check_status(done, DENIED, "penstock %s with %s=eu-west-1" % (command, name))
            check("eu-west-1" in done.err and "us-east-1" in done.err, "it names both", done.err)
    check_equal(before, asked(emulator), "and nothing was asked of anybody")
    del home["AWS_REGION"]
    check_status(work.penstock("resume", "x", env=home), OK, "resume where nobody names a Region")
    check_equal({"us-east-1"}, {event["region"] for event in emulator.events("job.created")}, "every job is in its own")
    check_same_as_undisturbed(work)
    work.judge(emulator, prompts, "results.jsonl")


@test
def stop_with_another_account_stops_nothing(work):
    prompts = work.prompts(RECORDS)
    emulator, other = work.emulator(faults="stuck:job"), work.emulator("other")
    kill_at(work, emulator, prompts, "create", 2, "after")
    env = dict(write_profiles(work, home=emulator, away=other), PENSTOCK_CLOCK=emulator.env["PENSTOCK_CLOCK"])
    done = work.penstock("stop", "x", "--yes", env=dict(env, AWS_PROFILE="away"))
    check_status(done, DENIED, "penstock stop with the other account's profile")
    check_equal({"GetCallerIdentity"}, set(other.calls()), "only asked who it is")
    check("StopModelInvocationJob" not in emulator.calls(), "nothing was stopped")
    done = work.penstock("stop", "x", "--yes", env=dict(env, AWS_PROFILE="home"))
    check_status(done, OK, "and with its own")
    check(set(emulator.jobs().values()) <= {"Stopped", "Completed"}, "it stops the jobs", emulator.jobs())
    work.judge(emulator, prompts, "results.jsonl")


@test
def another_endpoint_is_refused(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator()
    kill_at(work, emulator, prompts, "create", 2, "after")
    emulator.restart()
    before = asked(emulator)
    elsewhere = "http://localhost:%d" % emulator.port
    done = work.penstock("resume", "x", "--endpoint-url", elsewhere, env=work.environment(emulator))
    check_status(done, DENIED, "resume with another host")
    check("localhost" in done.err, "it says which", done.err)
    check_equal(before, asked(emulator), "and nothing was asked")
    check_status(again(work, emulator, prompts), OK, "the same command")
    work.judge(emulator, prompts, "results.jsonl")


# --- another converter, another input ----------------------------------------------------------------


def go_on_with(work, change, command=None, records=80):
    """A run that is killed when two jobs are made; `change` happens; it goes on. Eight jobs, four of them put."""
    prompts = work.prompts(records)
    emulator = work.emulator()
    kill_at(work, emulator, prompts, "create", 2, "after")
    kept = read_bytes(prompts)
    facts = os.stat(prompts)
    change(prompts)
    done = work.penstock(*command, env=work.environment(emulator)) if command else again(work, emulator, prompts)
    return emulator, prompts, kept, facts, done


def check_only_the_unsent_failed(work, emulator, done):
    check_status(done, SOME_FAILED, "it goes on")
    rows = read_jsonl(work.path("results.jsonl"))
    counts = collections.Counter(row["status"] for row in rows)
    sent = sum(event["total"] for event in emulator.events("job.state") if "total" in event)
    check(20 <= sent < len(rows), "%d of %d records were sent" % (sent, len(rows)))
    check_equal({"succeeded": sent, "failed": len(rows) - sent}, dict(counts), "these are answered, the rest failed")
    errors = {(row["error"]["code"], row["error"]["message"]) for row in rows if row["status"] == "failed"}
    check_equal({"input_gone"}, {code for code, _ in errors}, "as input_gone")
    check(all("input or converter changed" in message for _, message in errors), "in words", errors)


def give_back(work, emulator, prompts, kept, facts):
    """The input is back as it was: retry sends the rest."""
    with open(prompts, "wb") as file:
        file.write(kept)
    os.utime(prompts, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    check_status(work.penstock("retry", "x", "--yes", env=work.environment(emulator)), OK, "with the old one back: retry")
    check_same_as_undisturbed(work, 80)
    work.judge(emulator, prompts, "results.jsonl", "--retried")


@test
def resumed_with_another_converter(work):
    def change(_):
        path = os.path.join(folder_of(work), "source.json")
        rules = json.loads(read_bytes(path))
        rules["system"] = "Answer as a pirate."
        work.write(path, json.dumps(rules))
    emulator, prompts, _, _, done = go_on_with(work, change)
    check_only_the_unsent_failed(work, emulator, done)
    objects = os.path.join(emulator.data, "objects")
    check(not any(b"pirate" in read_bytes(os.path.join(objects, name)) for name in os.listdir(objects)),
          "nothing of the new converter was put")
    work.judge(emulator, prompts, "results.jsonl")


@test
def resumed_with_an_input_that_grew(work):
    def change(path):
        facts = os.stat(path)
        with open(path, "ab") as file:
            file.write(b'{"id": "new", "prompt": "One more."}\n')
        os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    emulator, prompts, kept, facts, done = go_on_with(work, change, ["resume", "x"])
    check_only_the_unsent_failed(work, emulator, done)
    give_back(work, emulator, prompts, kept, facts)


@test
def resumed_with_an_input_of_another_time(work):
    def change(path):
        os.utime(path, ns=(0, 0))
    emulator, prompts, kept, facts, done = go_on_with(work, change, ["resume", "x"])
    check_only_the_unsent_failed(work, emulator, done)
    give_back(work, emulator, prompts, kept, facts)


@test
def run_again_with_the_same_lines_in_a_new_file(work):
    def change(path):
        kept = read_bytes(path)
        os.remove(path)
        work.write(path, kept)
        os.utime(path, ns=(0, 0))
    emulator, prompts, _, _, done = go_on_with(work, change)
    check_status(done, OK, "the same command reads it anew, knows it, and goes on")
    check_same_as_undisturbed(work, 80)
    work.judge(emulator, prompts, "results.jsonl")


@test
def resumed_with_other_bytes_of_the_same_size_and_time(work):
    def change(path):
        facts = os.stat(path)
        with open(path, "r+b") as file:
            data = file.read()
            file.seek(0)
            file.write(data.replace(b"Tell me", b"Sell me"))
        os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    emulator, prompts, kept, facts, done = go_on_with(work, change)
    check_only_the_unsent_failed(work, emulator, done)
    give_back(work, emulator, prompts, kept, facts)


@test
def resumed_without_the_input(work):
    emulator, prompts, kept, facts, done = go_on_with(work, os.remove)
    check_only_the_unsent_failed(work, emulator, done)
    failed = read_jsonl(work.path("results.failed.jsonl"))
    check_equal([row["id"] for row in read_jsonl(work.path("results.jsonl")) if row["status"] == "failed"],
                [row["id"] for row in failed], "the failed file has their ids")
    give_back(work, emulator, prompts, kept, facts)


@test
def a_packed_input_may_vanish_once_it_is_read(work):
    prompts = work.write("prompts.jsonl.gz", gzip.compress(read_bytes(work.prompts(80))))
    emulator = work.emulator()
    kill_at(work, emulator, prompts, "create", 2, "after")
    kept = read_bytes(prompts)
    os.remove(prompts)
    check_status(work.penstock("resume", "x", env=work.environment(emulator)), OK, "resume without the packed file")
    check_same_as_undisturbed(work, 80)
    work.write("prompts.jsonl.gz", kept)
    work.judge(emulator, prompts, "results.jsonl")


@test
def results_never_read_the_input(work):
    prompts = work.write_jsonl("prompts.jsonl", [{"id": "p%d" % number, "prompt": "Tell me about %d." % number, "ticket": number}
                                                 for number in range(RECORDS)])
    emulator = work.emulator(faults="stuck:job", limits="jobs=9,min_records=5", speed=FAST)
    process = work.start_run(emulator, prompts, "results.jsonl", "--name", "x", "--keep", "ticket", lane="jobs=9,job_records=10,min_records=5")
    wait_until(lambda: len(names_created(emulator)) >= 4, "everything is sent")
    kept = read_bytes(prompts)
    os.remove(prompts)
    check_equal(OK, process.wait(SECONDS_MAX), "the run without its input: exit 0")
    rows = read_jsonl(work.path("results.jsonl"))
    check_equal([("p%d" % number, {"ticket": number}) for number in range(RECORDS)], [(row["id"], row["input"]) for row in rows],
                "ids and kept fields are there")
    check_status(work.penstock("verify", "x"), OK, "penstock verify")
    work.write("prompts.jsonl", kept)
    work.judge(emulator, prompts, "results.jsonl")


# --- puts --------------------------------------------------------------------------------------------


@test
def a_put_that_was_lost_meets_its_own_object(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(faults="lost:put:every=2")
    check_status(again(work, emulator, prompts), OK, "the run")
    check(any(event["status"] == 412 for event in requests(emulator, "PutObject")), "a repeated put was told 412")
    check_equal(8, len([event for event in emulator.events("object.put") if event["by"] == "client"]), "eight objects in all")
    check_same_as_undisturbed(work)
    work.judge(emulator, prompts, "results.jsonl")


def first_object(work):
    """Key and bytes of the first shard of run `x`, from a run of the same name elsewhere."""
    elsewhere = work.emulator("elsewhere")
    check_status(work.run(elsewhere, work.prompts(RECORDS), "elsewhere.jsonl", "--name", "x", "--state-dir", work.path("there")),
                 OK, "the same run elsewhere")
    key = "t/x/in/j00000001-a1/s00001/j00000001-a1-s00001.jsonl"
    body = Stranger(elsewhere).get(key)
    elsewhere.stop()
    return key, body


def run_with_object_before_the_put(work, key, body, **headers):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator()
    with KillProxy(emulator.port) as proxy:
        before_any(proxy, "put", lambda: Stranger(emulator).put(key, body, **headers))
        done = again(work, emulator, prompts, port=proxy.port)
    check(any(event["status"] == 412 for event in requests(emulator, "PutObject")), "a put was told 412")
    return emulator, prompts, done


@test
def an_equal_object_without_a_checksum_is_read_back(work):
    key, body = first_object(work)
    emulator, prompts, done = run_with_object_before_the_put(work, key, body)
    check_status(done, OK, "the run")
    check(any(event.get("subject", "").endswith(key) for event in requests(emulator, "GetObject")), "it was read back")
    check_same_as_undisturbed(work)
    work.judge(emulator, prompts, "results.jsonl")


@test
def another_object_in_the_way_is_neither_taken_nor_overwritten(work):
    key, body = first_object(work)
    other = body.replace(b"Tell me", b"Sell me", 1)
    checksum = base64.b64encode(zlib.crc32(other).to_bytes(4, "big")).decode()
    for place, found, headers in (("the same size", other, {}), ("the same size with its checksum", other,
                                                                {"x_amz_checksum_crc32": checksum}),
                                  ("another size", body[:body.index(b"\n") + 1], {})):
        more = Work("interleavings")
        try:
            emulator, _, done = run_with_object_before_the_put(more, key, found, **headers)
            check_status(done, DENIED, "the run, with an object of " + place)
            check("input or the converter changed" in done.err, "it says why", done.err)
            check_equal(found, Stranger(emulator).get(key), "the object is as it was")
            check(not any(name.startswith("x-j00000001") for name in names_created(emulator)), "and its job was not made")
        finally:
            more.close()


@test
def an_object_too_many_in_the_folder_stops_the_create(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator()
    with KillProxy(emulator.port) as proxy:
        before_any(proxy, "put", lambda: Stranger(emulator).put("t/x/in/j00000001-a1/s00003/more.jsonl", b"{}\n"))
        done = again(work, emulator, prompts, port=proxy.port)
    check_status(done, DENIED, "the run")
    check("objects that are not ours" in done.err, "it says why", done.err)
    check(not any(name.startswith("x-j00000001") for name in names_created(emulator)), "and the job was not made")


def once_before_the_checks(proxy, emulator, key, do):
    """`do` happens once the object is put, and before any listing that a create waits for is answered."""
    def when_it_is_put():
        wait_until(lambda: any(event["key"] == key for event in emulator.events("object.put")), "the object is put")
        do()

    before_any(proxy, "list_objects", when_it_is_put)
    proxy.first("list_objects", 1, lambda: None)  # it looks for numbers, at the start


@test
def an_object_that_changed_its_size_before_the_create_stops_it(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator()
    key = "t/x/in/j00000001-a1/s00002/j00000001-a1-s00002.jsonl"
    with KillProxy(emulator.port) as proxy:
        once_before_the_checks(proxy, emulator, key, lambda: Stranger(emulator).put(key, b"{}\n"))
        done = again(work, emulator, prompts, port=proxy.port)
    check_status(done, DENIED, "the run")
    check("bytes instead of" in done.err, "it says why", done.err)
    check(not any(name.startswith("x-j00000001") for name in names_created(emulator)), "and the job was not made")


@test
def an_object_that_vanished_before_the_create_is_put_again(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator()
    key = "t/x/in/j00000001-a1/s00002/j00000001-a1-s00002.jsonl"
    with KillProxy(emulator.port) as proxy:
        once_before_the_checks(proxy, emulator, key, lambda: Stranger(emulator).delete(key))
        check_status(again(work, emulator, prompts, port=proxy.port), OK, "the run")
    check_equal(2, sum(event["key"] == key for event in emulator.events("object.put")), "it was put twice")
    check_equal(4, len(names_created(emulator)), "four jobs in all")
    check_same_as_undisturbed(work)
    work.judge(emulator, prompts, "results.jsonl")


@test
def uploads_left_open_are_aborted_and_only_ours(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator()
    other = Stranger(emulator)
    other.open_upload("t/x/in/j00000007-a1/s00001/j00000007-a1-s00001.jsonl")
    other.open_upload("t/xy/in/j00000007-a1/s00001/j00000007-a1-s00001.jsonl")
    check_status(again(work, emulator, prompts), OK, "the run")
    opened = {event["upload_id"]: event["key"] for event in emulator.events("upload.created")}
    aborted = [opened[event["upload_id"]] for event in emulator.events("upload.aborted")]
    check_equal(["t/x/in/j00000007-a1/s00001/j00000007-a1-s00001.jsonl"], aborted, "its own was aborted, the other's not")


def large_prompts(work):
    """One shard of 72 MB: it is put in parts."""
    return work.write_jsonl("prompts.jsonl", [{"id": "p%d" % number, "prompt": "%d: %s" % (number, "a word or two " * 14000)}
                                              for number in range(370)])


@test
def a_put_in_parts_is_killed_and_its_upload_aborted(work):
    prompts = large_prompts(work)
    emulator = work.emulator(limits=None)
    with KillProxy(emulator.port) as proxy:
        process = None
        proxy.arm_op("part", 2, "after", lambda: process.pid)
        process = work.start_run(emulator, prompts, "results.jsonl", "--name", "x", port=proxy.port, lane="jobs=2")
        check_equal(-signal.SIGKILL, process.wait(SECONDS_MAX), "killed after the second part")
    check_status(work.run(emulator, prompts, "results.jsonl", "--name", "x", lane="jobs=2"), OK, "the same command again")
    check_equal(1, len(emulator.events("upload.aborted")), "the upload left open was aborted")
    check_equal(1, len(emulator.events("upload.completed")), "and another completed")
    work.judge(emulator, prompts, "results.jsonl")


@test
def a_put_in_parts_overwrites_nothing_either(work):
    prompts = large_prompts(work)
    emulator = work.emulator(limits=None)
    key = "t/x/in/j00000001-a1/s00001/j00000001-a1-s00001.jsonl"
    with KillProxy(emulator.port) as proxy:
        proxy.first("complete", 1, lambda: Stranger(emulator).put(key, b"{}\n"))
        done = work.run(emulator, prompts, "results.jsonl", "--name", "x", port=proxy.port, lane="jobs=2")
    check_status(done, DENIED, "the run, with another object in the way")
    check_equal(b"{}\n", Stranger(emulator).get(key), "the object is as it was")
    check_equal(len(emulator.events("upload.created")), len(emulator.events("upload.aborted")), "no upload is left open")


@test
def a_put_in_parts_whose_end_was_lost_meets_its_own_object(work):
    prompts = large_prompts(work)
    emulator = work.emulator(limits=None, faults="lost:complete:nth=1")
    check_status(work.run(emulator, prompts, "results.jsonl", "--name", "x", lane="jobs=2"), OK, "the run")
    check_equal(1, len(emulator.events("upload.completed")), "one upload was completed")
    work.judge(emulator, prompts, "results.jsonl")


@test
def numbers_of_an_earlier_longer_attempt_are_not_used_again(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator()
    for shard in (1, 2, 3):
        Stranger(emulator).put("t/x/in/j00000001-a1/s%05d/j00000001-a1-s%05d.jsonl" % (shard, shard), b'{"old":%d}\n' % shard)
    check_status(again(work, emulator, prompts), OK, "the run beside old shards")
    check_equal(["x-j%08d-a1" % number for number in (2, 3, 4, 5)], sorted(names_created(emulator)), "the number is left out")
    check_same_as_undisturbed(work)
    work.judge(emulator, prompts, "results.jsonl")


# --- the store put back from a copy ------------------------------------------------------------------


def to_the_end_with_a_copy(work, emulator, prompts, copy_at, **named):
    """Kills at the create `copy_at`, copies the folder, goes on to the end, puts the copy back."""
    state = work.path("state")
    kill_at(work, emulator, prompts, "create", copy_at, "after", **named)
    shutil.copytree(state, work.path("copy"))
    done = again(work, emulator, prompts, **named)
    shutil.rmtree(state)
    shutil.move(work.path("copy"), state)
    return done


@test
def an_older_copy_after_a_retry_job_has_run(work):
    prompts = work.prompts(RECORDS)
    # Which jobs end together is nobody's promise: no rest may be too small for a job of its own.
    emulator = work.emulator(limits=ONE_AT_LEAST, faults="fail:job:nth=1,record429:record:nth=7,record429:record:nth=9,"
                             "record429:record:nth=11,record429:record:nth=13,record429:record:nth=15")
    check_status(to_the_end_with_a_copy(work, emulator, prompts, 2, lane=ONE_AT_LEAST), OK, "the run, first time")
    created = names_created(emulator)
    check(len(created) > 4, "jobs with retries have run", created)
    check_status(again(work, emulator, prompts, lane=ONE_AT_LEAST), OK, "the same command from the older copy")
    check_equal(created, names_created(emulator), "no job was made again")
    check_same_as_undisturbed(work)
    work.judge(emulator, prompts, "results.jsonl")


@test
def an_older_copy_while_the_retry_job_still_runs(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(faults="fail:job:nth=1,stuck:job:nth=5", speed=FAST)
    state = work.path("state")
    kill_at(work, emulator, prompts, "create", 2, "after")
    shutil.copytree(state, work.path("copy"))
    kill_at(work, emulator, prompts, "create", 3, "after")  # the third job, the fourth, the retry
    shutil.rmtree(state)
    shutil.move(work.path("copy"), state)
    check_status(again(work, emulator, prompts), OK, "the same command from the older copy")
    check_equal(5, len(names_created(emulator)), "five jobs in all")
    check_same_as_undisturbed(work)
    work.judge(emulator, prompts, "results.jsonl")


@test
def an_older_copy_and_a_list_that_lags(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(faults="fail:job:nth=1")
    state = work.path("state")
    kill_at(work, emulator, prompts, "create", 2, "after")
    shutil.copytree(state, work.path("copy"))
    kill_at(work, emulator, prompts, "create", 3, "after")  # the third job, the fourth, the retry
    shutil.rmtree(state)
    shutil.move(work.path("copy"), state)
    hidden = names_created(emulator)[4]
    lists = []

    def without_the_newest(body):
        rows = json.loads(body)
        lists.append(len(lists))
        if len(lists) == 1:  # the next one comes after all waits
            rows["invocationJobSummaries"] = [row for row in rows["invocationJobSummaries"] if row["jobName"] != hidden]
        return json.dumps(rows).encode()

    with KillProxy(emulator.port) as proxy:
        proxy.rewrite("list_jobs", without_the_newest)
        done = again(work, emulator, prompts, port=proxy.port)
    check_status(done, OK, "the same command, while no list shows the newest job")
    check_equal(5, len(names_created(emulator)), "five jobs in all")
    check_same_as_undisturbed(work)
    work.judge(emulator, prompts, "results.jsonl")


@test
def an_older_copy_whose_unsent_jobs_were_cut_anew(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator()
    state, env = work.path("state"), work.environment(emulator)
    kill_at(work, emulator, prompts, "create", 1, "after")
    shutil.copytree(state, work.path("copy"))
    check_status(work.penstock("stop", "x", "--yes", env=env), OK, "penstock stop: what was not sent is free again")
    check_status(work.penstock("retry", "x", "--yes", env=env), OK, "penstock retry: and goes out in other jobs")
    created = names_created(emulator)
    shutil.rmtree(state)
    shutil.move(work.path("copy"), state)
    check_status(again(work, emulator, prompts), OK, "the same command from the older copy")
    check_equal(created, names_created(emulator), "no record went into another job")
    check_same_as_undisturbed(work)
    work.judge(emulator, prompts, "results.jsonl", "--retried")


@test
def an_older_copy_whose_open_create_was_sent_in_other_jobs(work):
    """In the copy a create is open that never arrived; later its records went into other jobs: it is not sent again."""
    prompts = work.prompts(RECORDS)
    emulator = work.emulator()
    state, env = work.path("state"), work.environment(emulator)
    kill_at(work, emulator, prompts, "create", 2, "before")
    shutil.copytree(state, work.path("copy"))
    check_status(work.penstock("stop", "x", "--yes", env=env), OK, "penstock stop: what was not sent is free again")
    check_status(work.penstock("retry", "x", "--yes", env=env), OK, "penstock retry: and goes out in other jobs")
    created = names_created(emulator)
    shutil.rmtree(state)
    shutil.move(work.path("copy"), state)
    check_status(again(work, emulator, prompts), OK, "the same command from the older copy")
    check_equal(created, names_created(emulator), "no record went into another job")
    check_same_as_undisturbed(work)
    work.judge(emulator, prompts, "results.jsonl", "--retried")


# (what the run does after the copy, op and which one of it kills it, --faults)
BEFORE_THE_FIRST_CUT = [
    ("and_then_all_jobs", None, 0, None),
    ("and_then_two_puts", "put", 2, None),
    ("and_then_one_create", "create", 1, None),
    ("and_then_three_creates", "create", 3, None),
    ("and_then_a_retry_job", None, 0, "fail:job:nth=1"),
    ("and_then_creates_that_no_list_shows_yet", "create", 2, "lag:list"),
]


def put_back_before_the_first_cut(work, emulator, prompts, op, nth):
    """Goes on to its end or its `nth` `op`, from where nothing was cut, and then once more from there."""
    state = work.path("state")
    kill_at(work, emulator, prompts, "list_uploads", 1, "before")
    with database(work) as store:
        check_equal([(0,)], store.execute("SELECT count(*) FROM jobs").fetchall(), "nothing was cut")
    shutil.copytree(state, work.path("copy"))
    if op:
        kill_at(work, emulator, prompts, op, nth, "after")
    else:
        check_status(again(work, emulator, prompts), OK, "the run, first time")
    sent = {event["key"]: event["etag"] for event in emulator.events("object.put") if event["by"] == "client"}
    shutil.rmtree(state)
    shutil.move(work.path("copy"), state)
    created = names_created(emulator)
    check_status(again(work, emulator, prompts), OK, "the same command from the copy")
    check_equal(created, names_created(emulator)[:len(created)], "what was created is there")
    for event in emulator.events("object.put"):
        check(event["key"] not in sent or event["etag"] == sent[event["key"]], "no key holds other bytes: " + event["key"])


def add_before_the_first_cut(name, op, nth, faults):
    def function(work):
        prompts = work.prompts(RECORDS)
        emulator = work.emulator(faults=faults)
        put_back_before_the_first_cut(work, emulator, prompts, op, nth)
        check_same_as_undisturbed(work)
        work.judge(emulator, prompts, "results.jsonl")
    function.__name__ = "a_copy_before_the_first_cut_" + name
    test(function)


for row in BEFORE_THE_FIRST_CUT:
    add_before_the_first_cut(*row)


@test
def the_whole_state_is_lost(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator()
    kill_at(work, emulator, prompts, "create", 3, "after")
    created = names_created(emulator)
    shutil.rmtree(work.path("state"))
    check_status(again(work, emulator, prompts), OK, "the same command, with nothing but the service to know what was sent")
    check_equal(created, names_created(emulator)[:len(created)], "what was created is there")
    check_equal(4, len(names_created(emulator)), "four jobs in all")
    check_same_as_undisturbed(work)
    work.judge(emulator, prompts, "results.jsonl")


@test
def an_older_copy_and_inputs_that_are_gone(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator()
    check_status(to_the_end_with_a_copy(work, emulator, prompts, 1), OK, "the run, first time")
    created = names_created(emulator)
    for event in emulator.events("object.put"):
        if event["by"] == "client" and "/in/j00000004-a1/" in event["key"]:
            Stranger(emulator).delete(event["key"])
    done = again(work, emulator, prompts)
    check_status(done, DENIED, "the same command from the older copy")
    check("input objects are gone" in done.err, "it says why", done.err)
    check_equal(created, names_created(emulator), "and nothing was sent: who knows what that job held")


# --- ends that are not what they seem ----------------------------------------------------------------

# (what happens, --faults, jobs)
LATE = [
    ("a_half_done_job_whose_outputs_come_later", "partial:job:nth=1,late:output", 5),
    ("a_half_done_job_without_a_manifest_whose_outputs_come_later", "partial:job:nth=1,nomanifest:job:nth=1,late:output", 5),
    ("a_stopped_job_whose_outputs_come_later", "stopped:job:nth=1,late:output", 5),
    ("a_stopped_job_without_a_manifest_whose_outputs_come_later", "stopped:job:nth=1,nomanifest:job:nth=1,late:output", 5),
    ("a_completed_job_without_a_manifest_whose_outputs_come_later", "nomanifest:job:nth=1,late:output", 4),
    ("a_half_done_job_with_a_wrong_manifest", "partial:job:nth=1,badmanifest:job:nth=1", None),
    ("a_job_that_completes_without_one_success", ",".join("record429:record:nth=%d" % number for number in range(1, 11)), 5),
]


def add_late(name, faults, jobs):
    def function(work):
        prompts = work.prompts(RECORDS)
        emulator = work.emulator(faults=faults, limits=ONE_AT_LEAST, speed=SPEED if jobs else FAST)
        done = work.run(emulator, prompts, "results.jsonl", lane=ONE_AT_LEAST)
        if jobs is None:
            check_status(done, SOME_FAILED, "the run")
            rows = read_jsonl(work.path("results.jsonl"))
            check_equal({"unaccounted"}, {row["error"]["code"] for row in rows if row["status"] == "failed"},
                        "what is not proven is unaccounted")
            check_equal(4, len(names_created(emulator)), "and not sent again")
        else:
            check_status(done, OK, "the run")
            check_equal(jobs, len(names_created(emulator)), "%d jobs in all" % jobs)
            check_same_as_undisturbed(work)
        work.judge(emulator, prompts, "results.jsonl")
    function.__name__ = name
    test(function)


for row in LATE:
    add_late(*row)


def check_unaccounted(work, emulator, prompts, done, count):
    """What is in doubt is told, and not sent again."""
    check_status(done, SOME_FAILED, "the run")
    codes = [row["error"]["code"] for row in read_jsonl(work.path("results.jsonl")) if row["status"] == "failed"]
    check_equal(["unaccounted"] * count, codes, "%d records are unaccounted" % count)
    check_equal(4, len(names_created(emulator)), "and not sent again")
    work.judge(emulator, prompts, "results.jsonl")


@test
def an_output_that_was_deleted_where_there_is_no_manifest(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(faults="nomanifest:job,vanish:output:nth=1", speed=FAST)
    check_unaccounted(work, emulator, prompts, again(work, emulator, prompts), 5)


@test
def one_empty_listing_proves_nothing_while_counters_lag(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(faults="nomanifest:job:nth=1,partial:job:nth=1,late:output", speed=300)
    seen = collections.Counter()

    def with_late_counters(body):
        job = json.loads(body)
        seen[job["jobName"], job["status"]] += 1
        is_late = job["status"] == "PartiallyCompleted" and seen[job["jobName"], job["status"]] <= 2
        return json.dumps({name: 0 if is_late and name.endswith("RecordCount") else value for name, value in job.items()}).encode()

    with KillProxy(emulator.port) as proxy:
        proxy.rewrite("get_job", with_late_counters)
        done = again(work, emulator, prompts, port=proxy.port)
    check_status(done, OK, "the run, while two looks are told that nothing was processed")
    check_equal(5, len(names_created(emulator)), "five jobs in all")
    check_same_as_undisturbed(work)
    work.judge(emulator, prompts, "results.jsonl")


@test
def no_output_and_no_counters_prove_nothing(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(faults="nomanifest:job:nth=1,nocounts:job,vanish:output:nth=1,vanish:output:nth=2", speed=FAST)
    # One job at a time: the first two outputs are those of the first job.
    done = again(work, emulator, prompts, lane="jobs=1,job_records=10,shard_records=5,min_records=5")
    check_unaccounted(work, emulator, prompts, done, 10)


@test
def a_completed_job_whose_output_was_deleted(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(faults="vanish:output:nth=1", speed=FAST)
    check_status(work.run(emulator, prompts, "results.jsonl", "--name", "x"), SOME_FAILED, "the run")
    rows = read_jsonl(work.path("results.jsonl"))
    lost = [row for row in rows if row["status"] == "failed"]
    check_equal(["unaccounted"] * 5, [row["error"]["code"] for row in lost], "five records are unaccounted")
    check_equal(4, len(names_created(emulator)), "and not sent again")
    ended_ms = min(event["time_ms"] for event in emulator.events("job.state") if event["status"] == "Completed")
    looks = [event["time_ms"] - ended_ms for event in requests(emulator, "ListObjectsV2") if "/out/" in event["subject"]]
    check(max(looks) >= HOUR_MS, "it was looked for during an hour (%d min)" % (max(looks) // MINUTE_MS))
    reads = collections.Counter(event["subject"] for event in requests(emulator, "GetObject") if "/out/" in event["subject"])
    check(len(looks) >= 6 and max(reads.values()) <= 2, "and what did not change was not read again", reads)
    env = work.environment(emulator)
    check_status(work.penstock("retry", "x", "--yes", env=env), SOME_FAILED, "retry leaves them")
    check_equal(4, len(names_created(emulator)), "still four jobs")
    check_status(work.penstock("retry", "x", "--yes", "--resend-unaccounted", env=env), OK, "retry --resend-unaccounted")
    check_equal(5, len(names_created(emulator)), "sends them")
    check_same_as_undisturbed(work)
    work.judge(emulator, prompts, "results.jsonl", "--retried", "--resent")


# A record takes minutes, so that a job is still seen to run when a Stop comes, seconds later.
SLOW = SMALL_LIMITS + ",tpm=10"


def stop_when_two_jobs_run(work, emulator, prompts, at_stop=None):
    """`penstock stop` of a run with two jobs; `at_stop` happens while the first Stop call is under way."""
    with KillProxy(emulator.port) as proxy:
        if at_stop:
            proxy.first("stop", 0, at_stop)
        process = work.start_run(emulator, prompts, "results.jsonl", "--name", "x", port=proxy.port)
        wait_until(lambda: sum(event["status"] == "InProgress" for event in emulator.events("job.state")) >= 2, "two jobs run")
        done = work.penstock("stop", "x", "--yes", env=work.environment(emulator, proxy.port))
        process.wait(SECONDS_MAX)
    check(done.status in (OK, STOPPED), "penstock stop (status %d)" % done.status, done)
    check_stops_are_followed_by_get(emulator)


def check_stops_are_followed_by_get(emulator):
    """R3: whatever Stop was answered, the next thing is a Get of that job, before its outputs are looked for."""
    names = {event["job"]: event["name"] for event in emulator.events("job.created")}
    stops = requests(emulator, "StopModelInvocationJob")
    check(stops, "jobs were stopped")
    for stop in stops:
        if "subject" not in stop:
            continue  # it never came that far
        job = stop["subject"].rsplit("/", 1)[-1]
        folder = "/out/%s/" % names[job][len("x-"):]
        following = [event["op"] for event in emulator.events("request") if event["seq"] > stop["seq"] and
                     (event["op"] == "GetModelInvocationJob" and event["subject"].endswith(job) or
                      event["op"] == "ListObjectsV2" and folder in event["subject"])]
        check(following and following[0] == "GetModelInvocationJob", "a Get follows the Stop of %s" % names[job], following)


@test
def stop_meets_completed(work):
    prompts = work.prompts(2 * RECORDS)
    emulator = work.emulator(limits=SLOW)

    def until_completed():
        wait_until(lambda: set(emulator.jobs().values()) == {"Completed"}, "all have completed")

    stop_when_two_jobs_run(work, emulator, prompts, until_completed)
    check(any(event.get("code") == "ConflictException" for event in requests(emulator, "StopModelInvocationJob")),
          "Stop was told that the job has ended")
    rows = read_jsonl(work.path("results.jsonl"))
    sent = 10 * len(names_created(emulator))
    check(sent < 2 * RECORDS, "%d records were sent" % sent)
    check_equal({"succeeded": sent, "cancelled": 2 * RECORDS - sent}, dict(collections.Counter(row["status"] for row in rows)),
                "what completed is answered, what was in no job is cancelled")
    work.judge(emulator, prompts, "results.jsonl")


def add_stop(name, faults):
    def function(work):
        prompts = work.prompts(2 * RECORDS)
        emulator = work.emulator(faults=faults, limits=SLOW)
        stop_when_two_jobs_run(work, emulator, prompts)
        billed = sum(event["is_billed"] for event in emulator.events("record"))
        rows = read_jsonl(work.path("results.jsonl"))
        check_equal({"succeeded": billed, "cancelled": 2 * RECORDS - billed},
                    {**{"succeeded": 0}, **collections.Counter(row["status"] for row in rows)},
                    "what was paid is answered, the rest is cancelled")
        work.judge(emulator, prompts, "results.jsonl")
        emulator.restart(10 * SPEED)
        done = work.penstock("retry", "x", "--yes", env=work.environment(emulator))
        check_status(done, OK, "retry goes on with the rest, and faster")
        check_same_as_undisturbed(work, 2 * RECORDS)
        work.judge(emulator, prompts, "results.jsonl", "--retried")
    function.__name__ = name
    test(function)


for row in [("stop_of_running_jobs", "none"), ("stop_whose_answer_is_lost", "lost:stop"),
            ("stop_that_breaks_the_service", "500:stop:nth=1:after,503:stop:nth=2"),
            ("stop_whose_outputs_come_later", "late:output")]:
    add_stop(*row)


# --- tries -------------------------------------------------------------------------------------------


@test
def a_rest_below_the_minimum_waits_fails_and_is_taken_up_by_retry(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(faults="record429:record:nth=3,record429:record:nth=31,record400:record:nth=4,"
                                    "record400:record:nth=5,record400:record:nth=6")
    check_status(work.run(emulator, prompts, "results.jsonl", "--name", "x"), SOME_FAILED, "the run")
    rows = read_jsonl(work.path("results.jsonl"))
    codes = collections.Counter(str(row["error"]["code"]) for row in rows if row["status"] == "failed")
    check_equal({"below_batch_minimum": 2, "400": 3}, dict(codes), "two are left over, three are wrong")
    check_equal(4, len(names_created(emulator)), "no job was made below the minimum")
    check_equal({10}, {event["total"] for event in emulator.events("job.state") if "total" in event}, "and none was padded")
    check_status(work.penstock("retry", "x", "--yes", env=work.environment(emulator)), OK, "retry, with five to send")
    check_equal(5, len(names_created(emulator)), "makes one job of them")
    check_same_as_undisturbed(work)
    work.judge(emulator, prompts, "results.jsonl", "--retried")


@test
def retries_pool_into_one_job(work):
    prompts = work.prompts(RECORDS)
    emulator = work.emulator(faults=",".join("record429:record:nth=%d" % number for number in (1, 11, 21, 31, 32)))
    check_status(again(work, emulator, prompts), OK, "the run")
    totals = [event["total"] for event in emulator.events("job.state") if "total" in event]
    # Whichever of the four comes last: without it there are fewer than a job may hold.
    check_equal([10, 10, 10, 10, 5], totals, "five records of four jobs went again in one")
    check_same_as_undisturbed(work)
    work.judge(emulator, prompts, "results.jsonl")


main(__doc__)
