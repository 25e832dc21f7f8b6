"""The life of a message tells every frame that bears on it, in order."""

from __future__ import annotations

from recorder.receipts.evidence import ask_life, life


def test_the_life_of_our_message_runs_from_the_request_to_every_receipt(told):
    ask = told.ask()
    other = told.ask("other")
    heard = [
        ask, other, told.answer(ask, 0), told.message(0, by="me"), told.message(1, by="agent"),
        told.receipt("ACCEPT", 0, by="agent"), told.receipt("READ", 0, 1, by="agent"),
        told.receipt("READ", 0, by="agent"),
    ]  # fmt: skip
    rungs = life(heard, "d1", 0)
    assert [(rung.evidence.frame, rung.says) for rung in rungs] == [
        (1, "publish requested"),
        (3, "publish answered with this sequence"),
        (4, "message announced"),
        (6, "ACCEPT announced"),
        (7, "READ announced"),
        (8, "READ announced"),
    ]


def test_refusals_belong_to_the_life(told):
    claim = told.claim("READ", 2)
    rungs = life([told.message(2, by="agent"), claim, told.refuse_receipt(claim, 429)], "d1", 2)
    assert [rung.says for rung in rungs] == ["message announced", "READ requested", "READ refused with 429"]


def test_a_publish_without_a_sequence_has_a_life_too(told):
    ask = told.ask()
    rungs = ask_life([ask, told.refuse(ask, 400), told.message(0, by="agent")], ask.evidence.frame)
    assert [rung.says for rung in rungs] == ["publish requested", "publish refused with 400"]
