"""The whole of a script: arriving, the steps, the last things, goodbye."""

from __future__ import annotations

from recorder.replay.language.script import load
from recorder.replay.run.actions import AwaitMessage, Connect, Done, HangUp
from recorder.replay.run.player import Player

TWO = "consumers: {anna: {}, ben: {}}\nsteps:\n- keep_alive:\n- keep_alive: {consumer: ben}\n"


def test_everybody_connects_first_and_one_after_the_other():
    player = Player(load(TWO, file="s", variables={}))
    assert player.next_action(0.0) == player.next_action(0.0) == Connect("anna")
    player.begun(Connect("anna"), 0.0)
    assert player.next_action(0.0) == AwaitMessage(None)
    player.connected("anna", 1, 0.0, None, False)
    assert player.next_action(0.0) == Connect("ben")


def test_who_cannot_connect_ends_the_script():
    player = Player(load(TWO, file="s", variables={}))
    player.next_action(0.0)
    player.connected("anna", 1, 0.0, None, False)
    player.begun(player.next_action(0.0), 0.0)
    player.not_connected("ben", "nobody there", 1.0)
    assert player.next_action(1.0) == HangUp(connection=1)
    outcome = player.outcome()
    assert outcome.failure == "step 0 (connect by ben), line 1: nobody there"
    assert [result.outcome for result in outcome.results[1:]] == ["not reached", "not reached"]


def test_everybody_is_said_goodbye_to(by_hand):
    hand = by_hand(TWO)
    hand.answer(hand.send(), by=1)
    hand.answer(hand.send(), by=2)
    for connection in (1, 2):
        goodbye = hand.next()
        assert goodbye == HangUp(connection=connection)
        hand.player.begun(goodbye, 0.0)
        assert hand.next() == AwaitMessage(None)
        hand.end("closed by the client, 1000", 1000, connection=connection)
    assert hand.next() == Done()
    outcome = hand.player.outcome()
    assert outcome.passed
    assert [(end.consumer, end.connection) for end in outcome.endings] == [("anna", 1), ("ben", 2)]


def test_results_say_who_when_and_where(by_hand):
    hand = by_hand("consumers: {anna: {}, ben: {}}\nsteps:\n- repeat:\n    times: 2\n    steps:\n"
                   "    - keep_alive: {consumer: ben}\n")  # fmt: skip
    hand.answer(hand.send())
    hand.answer(hand.send())
    hand.next()
    places = [result.place for result in hand.player.outcome().results]
    assert places == [
        "step 1 (keep_alive by ben), line 6, round 1",
        "step 2 (keep_alive by ben), line 6, round 2",
    ]


def test_of_many_receipts_that_are_missed_the_first_ones_are_named(by_hand, told, text):
    hand = by_hand("receipts: {read: 30s}\nsteps:\n- open_conversation:\n- await:\n")
    hand.open()
    hand.hear(told(*(text(number, "a") for number in range(12))))
    hand.next()
    hand.end("lost")
    hand.next()
    (trouble,) = hand.player.outcome().troubles
    assert trouble.startswith("READ for #0, READ for #1,")
    assert trouble.endswith("READ for #9 and 2 more could not go out: the connection is over: lost")
