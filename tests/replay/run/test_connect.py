"""Connecting, leaving, and going on after a connection was lost."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.errors import CannotConnect
from recorder.replay.run.actions import Abort, CloseConnection, Connect, Done, Send, WakeAt

OPEN = "steps:\n- open_conversation:\n"


def results(driver):
    return driver.player.outcome().results


class End(NamedTuple):
    close_code: int | None
    close_reason: str | None
    closed_by: str | None
    how: str


EXPIRED, LOST = End(4401, "expired", "service", "closed"), End(None, None, None, "lost")


# --- because the script says so -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "action"),
    [
        ("disconnect:", CloseConnection()),
        ("disconnect: {code: 4000, reason: bye}", CloseConnection(4000, "bye")),
        ("disconnect: abort", Abort()),
        ("disconnect: mid-frame", Abort(mid_frame=True)),
    ],
)
def test_disconnecting_ends_the_connection_as_it_says(manual_driver, written, action):
    driver = manual_driver(OPEN + f"- {written}\n- wait: 5s\n")
    driver.open()
    assert driver.next() == action
    driver.player.begun(action, 0.0)
    driver.end("gone")
    assert driver.next() == WakeAt(5.0), "and nobody mends what the script broke"
    assert results(driver)[1].sentence == "gone"


def test_who_leaves_owes_no_receipts(manual_driver, notification, text):
    driver = manual_driver("receipts: {read: 30s}\n" + OPEN + "- disconnect:\n")
    driver.open()
    driver.receive(notification(text(0, "a")))
    driver.player.begun(driver.next(), 0.0)
    driver.end("gone", 1000)
    driver.next()
    outcome = driver.player.outcome()
    assert outcome.passed
    assert outcome.notes == ("READ for #0 could not go out: the connection is over: gone",)


def test_reconnecting_listens_again_from_the_last_sequence_that_was_pushed(manual_driver, notification, text):
    """The answer 9 to our own publish overtook what the agent said before it."""
    driver = manual_driver(OPEN + "- say: hi\n- disconnect: abort\n- reconnect:\n- wait: 5s\n")
    driver.open()
    driver.receive(notification(text(4, "a")))
    driver.answer(driver.send(), body={"sequence": 9})
    driver.player.begun(driver.next(), 0.0)
    driver.end()
    assert driver.connect() == Connect("consumer")
    driver.answer(driver.send())
    again = driver.send()
    assert (again["type"], again["body"]["fromSeq"]) == ("ms.SubscribeMessagingEvents", 4)
    driver.answer(again)
    driver.advance_to(5.0)
    assert results(driver)[4 - 1].sentence == "connection 2, 1 dialog listened to again"


@pytest.mark.parametrize(("written", "first"), [("0", 0), ("3", 3), ("last", 4)])
def test_reconnecting_asks_for_the_history_it_says(manual_driver, notification, text, written, first):
    driver = manual_driver(OPEN + f"- reconnect: {written}\n")
    driver.open()
    driver.receive(notification(text(4, "a")))
    assert driver.next() == CloseConnection(), "an open connection is closed before"
    driver.player.begun(driver.next(), 0.0)
    driver.end()
    driver.connect()
    driver.answer(driver.send())
    assert driver.send()["body"]["fromSeq"] == first


def test_reconnecting_asks_for_a_fresh_token_after_an_auth_close(manual_driver):
    driver = manual_driver(OPEN + "- expect: {close: 4401}\n- reconnect: {after: 3s}\n", reconnect="always")
    driver.open()
    driver.next()
    driver.end("expired", 4401)
    driver.advance_to(3.0)
    assert driver.next() == Connect("consumer", fresh_token=True)


def test_who_cannot_connect_plays_nothing(play):
    with pytest.raises(CannotConnect):
        play(OPEN, refuse=("nobody there",))


def test_receipts_that_fell_due_while_away_go_out_late_and_after_listening_again(play):
    played = play(
        "receipts: {read: 1s}\n"
        "steps: [open_conversation: , await: , disconnect: abort, wait: 5s, reconnect: , wait: 3s]\n"
        "agent:\n- on: conversation\n  do: [{say: Hello}]\n"
    )
    assert played.outcome.passed
    (receipt,) = played.outcome.receipts
    assert (receipt.due_s, receipt.sent_s) == (1.0, 5.0)
    assert played.outcome.lateness().max_s == 4.0
    assert played.said()[-3:] == [
        "cqm.SubscribeExConversations",
        "ms.SubscribeMessagingEvents",
        "ms.PublishEvent",
    ]


# --- by itself ------------------------------------------------------------------------------------------

TALK = """
receipts: {accept: 200ms, read: 2s}
steps:
- open_conversation:
- say: hi
- await: {as: it}
- wait: 20s
- say: again
- expect: {message: last_sent, status: read}
agent:
- on: message
  do: [{accept: {}}, {read: {after: 300ms}}, {say: hm, after: 800ms}]
"""


@pytest.mark.parametrize("init_connection", [False, True])
def test_an_expired_token_is_replaced_and_the_script_goes_on(play, init_connection):
    played = play(TALK, reconnect="on_auth_close", drops=((2.0, EXPIRED),), init_connection=init_connection)
    assert played.outcome.failure is None
    assert played.line.connects == [(0.0, "consumer", False), (2.0, "consumer", True)]
    assert [(end.connection, end.ended.code) for end in played.outcome.endings] == [(1, 4401), (2, 1000)]


def test_a_token_that_is_refused_at_the_start_is_replaced_too(manual_driver):
    driver = manual_driver(OPEN, init_connection=True, reconnect="on_auth_close")
    driver.answer(driver.send(), code=401)
    driver.next()
    driver.end("expired", 4401)
    assert driver.connect() == Connect("consumer", fresh_token=True)
    driver.answer(driver.send())
    assert driver.send()["type"] == "cqm.SubscribeExConversations"
    assert results(driver)[0].sentence == "let in at the second attempt"


def test_a_fresh_token_that_is_refused_ends_the_script(manual_driver):
    driver = manual_driver(OPEN, init_connection=True, reconnect="on_auth_close")
    for fresh in (True, None):
        driver.answer(driver.send(), code=401)
        driver.next()
        driver.end("expired", 4401)
        if fresh:
            driver.connect()
    assert driver.next() == Done()
    assert results(driver)[0].outcome == "failed"


def test_a_lost_connection_is_mended_only_if_asked_for(play):
    assert not play(TALK, drops=((2.0, LOST),)).outcome.passed
    assert not play(TALK, reconnect="on_auth_close", drops=((2.0, LOST),)).outcome.passed
    played = play(TALK, reconnect="always", drops=((2.0, LOST),))
    assert played.outcome.passed
    (_, (again_s, _, fresh)) = played.line.connects
    assert 6.0 <= again_s <= 8.0
    assert not fresh


def test_the_script_may_say_so_itself(play):
    played = play("consumer: {reconnect: always}\n" + TALK, drops=((2.0, LOST),))
    assert played.outcome.passed


def test_connecting_is_tried_again_and_again(play):
    played = play(TALK, reconnect="always", drops=((2.0, LOST),), refuse=("", "nobody", "nobody"))
    assert played.outcome.passed
    times = [at_s for at_s, _, _ in played.line.connects]
    assert len(times) == 4
    assert times == sorted(times)


def test_a_close_that_is_expected_is_not_mended(manual_driver):
    driver = manual_driver(OPEN + "- wait: 1s\n- expect: {close: 4401}\n- wait: 9s\n", reconnect="always")
    driver.open()
    driver.next()
    driver.end("expired", 4401)
    assert driver.next() == WakeAt(1.0)
    driver.advance_to(10.0)
    driver.next()
    assert [result.outcome for result in results(driver)] == ["ok"] * 4


def test_what_was_said_once_is_not_said_again(manual_driver):
    """Whether it arrived nobody can know; saying it twice would be worse than saying so."""
    driver = manual_driver(OPEN + "- say: hi\n- wait: 1s", reconnect="on_auth_close")
    driver.open()
    driver.send()
    driver.end("expired", 4401)
    assert driver.next() == Connect("consumer", fresh_token=True)
    driver.connect()
    while isinstance(driver.next(), Send):
        driver.answer(driver.send())
    assert "whether it arrived nobody here can know" in results(driver)[1].sentence


def test_what_changes_nothing_is_asked_again(manual_driver):
    driver = manual_driver(OPEN + "- keep_alive:\n- wait: 1s", reconnect="on_auth_close")
    driver.open()
    assert driver.send()["type"] == "GetClock"
    driver.end("expired", 4401)
    assert driver.connect() == Connect("consumer", fresh_token=True)
    driver.answer(driver.send())
    driver.answer(driver.send())
    again = driver.send()
    assert again["type"] == "GetClock"
    driver.answer(again)
    driver.advance_to(1.0)
    assert results(driver)[1].outcome == "ok"


def test_who_is_throttled_asks_again_after_a_second_at_least(manual_driver):
    driver = manual_driver(
        OPEN + "- say: hi\n- expect: {message: last_sent, status: sent}", reconnect="on_auth_close"
    )
    driver.open()
    driver.answer(driver.send(), code=429)
    driver.advance_to(1.0)
    driver.advance_to(driver.next().at_s)
    again = driver.send()
    assert again["body"]["event"]["message"] == "hi"
    driver.answer(again, body={"sequence": 0})
    driver.next()
    assert [result.outcome for result in results(driver)] == ["ok"] * 3
    assert "answered with 429 (frame 8); asked again" in driver.player.outcome().notes[0]


def test_who_is_throttled_for_too_long_fails(manual_driver):
    driver = manual_driver(OPEN + "- say: {text: hi, within: 3s}", reconnect="always")
    driver.open()
    while not isinstance(action := driver.next(), CloseConnection):
        if isinstance(action, WakeAt):
            driver.now_s = action.at_s
        else:
            driver.answer(driver.send(), code=429)
    assert "answered with 429" in results(driver)[1].sentence
    assert driver.now_s < 3.0


# --- laws -----------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(0.0, 30.0), min_size=1, max_size=4),
    st.sampled_from([EXPIRED, LOST]),
    st.booleans(),
    st.integers(0, 3),
)
def test_wherever_the_connection_ends_no_receipt_is_lost_or_doubled(play_lawfully, drops, ended, batch, seed):
    played = play_lawfully(
        f"receipts: {{accept: 0s..2s, read: 2s ± 1s{', batch: 1s' if batch else ''}}}\n"
        "steps:\n- open_conversation:\n- wait: 60s\n"
        "agent:\n- on: conversation\n  do: [{say: a}, {say: b, after: 3s}, {say: c, after: 3s},"
        " {say: d, after: 9s}]\n",
        seed=seed,
        reconnect="always",
        drops=tuple((1.0 + at_s, ended) for at_s in drops),
    )
    assert played.outcome.failure is None
    sent = [(receipt.sequence, receipt.status) for receipt in played.outcome.receipts]
    assert len(sent) == len(set(sent)) == 8
    assert all(receipt.late_s >= 0 for receipt in played.outcome.receipts)
