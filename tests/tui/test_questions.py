"""What is asked of an archive: one question after another, of several for a pane only the newest."""

from __future__ import annotations

import threading
from queue import Queue

import pytest

from recorder.tui import questions
from recorder.tui.questions import QuestionThread


def test_of_several_questions_for_a_pane_the_newest_is_answered(imported):
    answers, busy, go_on = Queue(), threading.Event(), threading.Event()

    def slow(archive):
        busy.set()
        go_on.wait(30)
        return "slow"

    asked = QuestionThread(imported, answers.put)
    asked.start()
    asked.ask("a", 1, slow)
    busy.wait(30)
    asked.ask("b", 2, lambda archive: "old")
    asked.ask("c", 3, lambda archive: "other")
    asked.ask("b", 4, lambda archive: "new")
    go_on.set()
    told = [answers.get(timeout=30) for _ in range(3)]
    assert [(each.pane, each.about, each.answer) for each in told] == [
        ("a", 1, "slow"), ("b", 4, "new"), ("c", 3, "other"),
    ]  # fmt: skip
    asked.close(within_s=10)


def test_answers_are_what_the_commands_print_and_errors_are_sentences(imported):
    answers = Queue()
    asked = QuestionThread(imported, answers.put)
    asked.start()

    def answer(question):
        asked.ask("pane", None, question)
        return answers.get(timeout=30)

    sessions = answer(questions.ask_sessions).answer
    assert [each.name for each in sessions] == ["tutorial", "step-up"]
    moment = answer(questions.moment_of("tutorial", 6)).answer
    assert [message.status for message in moment.messages] == ["accepted"]
    assert answer(questions.moment_of("tutorial", 0)).answer.at_us is None
    known = answer(questions.known_moments(sessions[0].session)).answer
    for frame in range(known.frames):
        stepped = answer(questions.moment_of("tutorial", frame, known)).answer
        folded = answer(questions.moment_of("tutorial", frame)).answer
        assert (stepped.at_us, stepped.messages) == (folded.at_us, folded.messages)
    evidence = answer(questions.evidence_of("tutorial", "3", "#6", local=False)).answer
    assert evidence.copied[0]["status"] == "accepted"
    evidence.text.resize(120)
    assert evidence.text.line(0).startswith("message 3 in dialog ")
    frame = answer(questions.frame_in_full("tutorial", 7, local=False)).answer
    frame.text.resize(120)
    assert frame.text.line(0).startswith("frame    #7, ")
    assert frame.copied[0]["proves"]
    assert answer(questions.frame_as_json("tutorial", 7)).answer.copied[0]["frame"] == 7
    assert answer(questions.line_to_send("tutorial", 4)).answer.startswith('{"kind"')
    findings = answer(questions.findings_of("tutorial", "#6")).answer
    assert findings.title == "Findings: 1 violated"
    missing = answer(questions.frame_as_json("tutorial", 99))
    assert missing.answer is None
    assert questions.sentence_of(missing.error).startswith('no frame "')
    with pytest.raises(ZeroDivisionError):
        questions.sentence_of(answer(lambda archive: 1 // 0).error)
    asked.close(within_s=10)
