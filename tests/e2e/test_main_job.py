#!/usr/bin/env python3
"""The main job: GSM8K's 1,319 questions through `run --local`, one answer each, in order.

Goal: promise 1 and 2 on text that nobody wrote for us. Method: the questions are read in place from the shared data,
turned into the simple dialect, run against the emulator inside the process and against one of its own; the judge
recomputes from the event log what was paid and whether every line has its answer.
"""
from harness import *

LANE = "jobs=4,job_records=150,shard_records=75,min_records=100"
QUESTIONS = 1319


def questions(work):
    rows = [json.loads(line) for line in open(shared_file("data", "gsm8k", "test.jsonl"), encoding="utf-8")]
    check_equal(QUESTIONS, len(rows), "the data holds %d questions" % QUESTIONS)
    return work.write_jsonl("questions.jsonl", [{"id": "q%d" % number, "prompt": row["question"]}
                                                for number, row in enumerate(rows)])


def check_answers(work, prompts, results):
    asked, answered = read_jsonl(prompts), read_jsonl(work.path(results))
    check_equal([row["id"] for row in asked], [row["id"] for row in answered], "one line for each question, in order")
    check(all(row["status"] == "succeeded" and row["text"] for row in answered), "each with an answer")
    report = json.load(open(work.path("results.report.json")))
    check(len(json.dumps(report)) > 2, "there is a report")


@test
def through_the_emulator_inside(work):
    prompts = questions(work)
    done = work.run(None, prompts, "results.jsonl", "--state-dir", work.path("state-dir"), lane=LANE)
    check_status(done, OK, "penstock run --local")
    check_answers(work, prompts, "results.jsonl")
    data = [folder for folder, _, files in os.walk(work.path("state-dir")) if
            os.path.basename(folder) == "emulator" and "events.jsonl" in files]
    check_equal(1, len(data), "the emulator's data lies in the run's folder")
    verdict = work.judge(None, prompts, "results.jsonl", data=data[0])
    check_equal(QUESTIONS, verdict["records_processed"], "each record was processed once")


@test
def through_an_emulator_of_its_own(work):
    prompts = questions(work)
    emulator = work.emulator(limits=LANE)
    check_status(work.run(emulator, prompts, "results.jsonl", lane=LANE), OK, "penstock run")
    check_answers(work, prompts, "results.jsonl")
    verdict = work.judge(emulator, prompts, "results.jsonl")
    check_equal(QUESTIONS, verdict["records_processed"], "each record was processed once")
    check(max(verdict["peak_live_jobs"].values()) == 4, "four jobs were alive at once, as the lane allows",
          verdict["peak_live_jobs"])


main(__doc__)
