#!/usr/bin/env python3
"""The service's own side of calls on demand: limits, faults, and what the log says of them.

Goal: whatever many clients ask at once, nothing is accepted above a limit, each refusal has the service's words, and
each execution is in the log, whether or not its answer arrived. Method: a client of our own, in threads, against an
emulator with one limit or one fault; the judge counts from the event log.
"""
import concurrent.futures

from harness import *
from stranger import Stranger

NOVA = "us.amazon.nova-micro-v1:0"
THREADS = 64
SLOW = 5    # simulated seconds a second: what comes back meanwhile is little, however slow this machine is


def body(number, **more):
    return dict({"messages": [{"role": "user", "content": [{"text": "Tell me about number %d." % number}]}]}, **more)


def ask_all(emulator, count, model=NOVA, operation="invoke", first=0, **more):
    """[(status, text)], one for each call."""
    other = Stranger(emulator)

    def ask(number):
        status, said = other.invoke(model, body(number, **more), operation)
        return status, json.loads(said).get("message", "") if status not in (200, None) else said.decode()

    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(ask, range(first, first + count)))


def statuses(answers):
    return [status for status, _ in answers]


def verdict_of(work, emulator):
    return work.judge(emulator, None, None, says=False)


def hold(work, limits, count, words, **more):
    """Asks for more than the limit lets through at once: how many were let through."""
    emulator = work.emulator(speed=SLOW, limits=["name=od,kind=on-demand," + limits])
    answers = ask_all(emulator, count, **more)
    refused = [said for status, said in answers if status == 429]
    check_equal(set((200, 429)), set(statuses(answers)), "some calls are answered, the others refused with 429")
    check(all(words in said for said in refused), "in the words '%s'" % words, refused[:3])
    verdict = verdict_of(work, emulator)
    check_equal(statuses(answers).count(200), verdict["invocations"], "each answer was executed once, no refusal was")
    check_equal(len(refused), verdict["throttled_calls"], "each refusal counts as a throttled call")
    return verdict


@test
def requests_above_the_rate_are_refused(work):
    verdict = hold(work, "rps=1", 200, "Too many requests, please wait before trying again.")
    check(verdict["invocations"] >= 60, "a minute's worth goes through", verdict["invocations"])


@test
def tokens_are_reserved_with_the_most_that_an_answer_may_have(work):
    verdict = hold(work, "tpm=3k", 200, "Too many tokens, please wait before trying again.",
                   inferenceConfig={"maxTokens": 100})
    check(verdict["invocations"] >= 3000 // 110, "a minute's worth goes through", verdict["invocations"])


@test
def a_day_gives_no_more_than_its_budget(work):
    verdict = hold(work, "tpd=2k", 100, "Too many tokens per day, please wait before trying again.",
                   inferenceConfig={"maxTokens": 40})
    pool = next(iter(verdict["on_demand"].values()))
    check(pool["tokens"] <= 2000 * pool["days"], "the day's budget holds", pool)


@test
def a_lane_on_demand_does_not_hold_jobs_nor_another_model(work):
    emulator = work.emulator(limits=["name=od,kind=on-demand,model=%s,rps=1" % NOVA, "name=jobs," + SMALL_LIMITS])
    answers = ask_all(emulator, 100, "amazon.nova-pro-v1:0", "converse")
    check_equal([200] * 100, statuses(answers), "another model has no limit")
    prompts = work.prompts(30)
    check_status(work.run(emulator, prompts, "results.jsonl"), OK, "a run of batch jobs")
    events = list(emulator.events("job.created"))
    check_equal({"jobs"}, {event["lane"] for event in events}, "the lane of batch jobs holds for its jobs")


@test
def what_is_lost_after_execution_is_in_the_log(work):
    emulator = work.emulator(limits=None, faults="lost:invoke:every=5,503:invoke:every=7:after,cut:invoke:nth=1,"
                                                 "lost:converse:every=2:before,500:converse:nth=1")
    answers = ask_all(emulator, 70)
    executed = list(emulator.events("invocation"))
    check_equal(70, len(executed), "each call was executed, whatever came back")
    check_equal(70, len({event["input_sha256"] for event in executed}), "and none twice")
    check_equal(14 + 1, statuses(answers).count(None), "every fifth answer is lost, one is cut")
    check_equal(8, statuses(answers).count(503), "every seventh fails after it was executed")
    converse = ask_all(emulator, 10, operation="converse")
    check_equal((5, 1, 4), (statuses(converse).count(None), statuses(converse).count(500), statuses(converse).count(200)),
                "what is lost or fails before is not answered")
    check_equal(74, len(list(emulator.events("invocation"))), "nor executed")
    emulator.stop()
    ledger = json.load(open(emulator.ledger))
    check_equal((74, 4), (ledger["invocations"], ledger["processed_twice"]),
                "the ledger counts what was called in both ways as paid twice")


@test
def the_books_are_right_after_a_kill(work):
    emulator = work.emulator(speed=SLOW, limits=["name=od,kind=on-demand,tpd=2k"])
    before = statuses(ask_all(emulator, 60, inferenceConfig={"maxTokens": 40}))
    check(429 in before, "the day is full")
    emulator.kill()
    emulator.start()
    after = statuses(ask_all(emulator, 60, first=60, inferenceConfig={"maxTokens": 40}))
    # What was reserved and not used came back when the last answers were due.
    check(429 in after, "and is full again", after)
    verdict_of(work, emulator)


main(__doc__)
