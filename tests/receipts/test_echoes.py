"""A publish whose answer never came is unknown, until the same text by us is announced after it."""

from __future__ import annotations

import sys

from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.events import (
    Evidence,
    Identified,
    MessagePublished,
    Proof,
    PublishLost,
    PublishRequested,
)
from recorder.receipts.fold import fold
from recorder.receipts.queries import message_view, view
from recorder.receipts.selves import Selves

ME, AGENT = "me", "agent"


def shown(events):
    return [(m.sequence, m.status, m.request_frame, m.echo is not None) for m in view(fold(events))]


def test_a_later_echo_resolves_an_unknown_publish_and_keeps_its_ask(build):
    me, ask = build.i_am(ME), build.publish("are you there?")
    lost = [me, ask, build.lose(ask)]
    assert shown(lost) == [(None, "unknown", 2, False)]
    echo = build.message(5, by=ME, text="are you there?")
    (message,) = view(fold([*lost, echo]))
    assert (message.sequence, message.status, message.request_frame, message.mine) == (5, "sent", 2, True)
    assert message.echo == (2, ask.evidence, echo.evidence)
    assert message_view(fold([*lost, echo]), "d1", 5) == message


def test_receipts_of_the_probable_message_count(build):
    me, ask = build.i_am(ME), build.publish()
    events = [me, ask, build.lose(ask), build.message(5, by=ME), build.receipt("READ", 5, by=AGENT)]
    assert shown(events) == [(5, "read", 2, True)]


def test_what_differs_is_no_echo(build):
    me, ask = build.i_am(ME), build.publish("hi")
    lost = [me, ask, build.lose(ask)]
    unknown = (None, "unknown", 2, False)
    assert unknown in shown([*lost, build.message(0, by=ME, text="ho")])
    assert unknown in shown([*lost, build.message(0, by=AGENT, text="hi")])
    build.dialog = "d2"
    assert unknown in shown([*lost, build.message(0, by=ME, text="hi")])


def test_a_message_that_was_there_before_is_no_echo_though_a_history_repeats_it(build):
    me, before, ask = build.i_am(ME), build.message(0, by=ME), build.publish()
    again = before._replace(evidence=build.proof(Proof.ANNOUNCED, server_ms=0))
    events = [me, before, ask, build.lose(ask), again]
    assert shown(events) == [(0, "sent", None, False), (None, "unknown", 3, False)]


def test_who_is_not_known_to_be_us_did_not_echo(build):
    ask = build.publish()
    assert (None, "unknown", 1, False) in shown([ask, build.lose(ask), build.message(0, by=ME)])


def test_another_id_of_ours_did_not_echo_where_the_author_is_known(build):
    ask = build.publish()._replace(author="guest")
    events = [build.i_am(ME), build.i_am("guest"), ask, build.lose(ask)]
    assert (None, "unknown", 1, False) in shown([*events, build.message(0, by=ME)])
    assert (0, "sent", 1, True) in shown([*events, build.message(0, by="guest")])


def test_a_message_that_an_answer_explains_is_nobody_elses(build):
    """The program sent the same text again after the reconnect: that one was answered."""
    me, lost, again = build.i_am(ME), build.publish(), build.publish()
    events = [me, lost, build.lose(lost), again, build.answer(again, 4), build.message(4, by=ME)]
    assert shown(events) == [(4, "sent", 3, False), (None, "unknown", 2, False)]


def test_while_the_same_text_waits_for_its_answer_the_echo_may_be_its_own(build):
    me, lost, again = build.i_am(ME), build.publish(), build.publish()
    events = [me, lost, build.lose(lost), again, build.message(4, by=ME)]
    assert (None, "unknown", 2, False) in shown(events)
    # Of two echoes, one is left for the publish that was lost.
    assert (5, "sent", 2, True) in shown([*events, build.message(5, by=ME)])


def test_an_echo_before_the_second_try_can_only_be_the_firsts(build):
    me, lost, echo, again = build.i_am(ME), build.publish(), build.message(4, by=ME), build.publish()
    events = [me, lost, build.lose(lost), echo, again]
    assert shown(events) == [(4, "sent", 2, True), (None, "pending", 4, False)]


def test_each_publish_has_one_echo_first_come_first_served(build):
    me, first, second = build.i_am(ME), build.publish(), build.publish()
    events = [me, first, second, build.lose(first), build.lose(second)]
    one = [*events, build.message(7, by=ME)]
    assert shown(one) == [(7, "sent", 2, True), (None, "unknown", 3, False)]
    two = [*one, build.message(9, by=ME)]
    assert shown(two) == [(7, "sent", 2, True), (9, "sent", 3, True)]
    assert shown([*two, build.message(11, by=ME)])[2] == (11, "sent", None, False)


def test_what_has_no_text_is_not_recognised(build):
    me, ask = build.i_am(ME), build.publish()._replace(type="RichContentEvent", text=None)
    echo = build.message(0, by=ME)._replace(type="RichContentEvent", text=None)
    assert (None, "unknown", 2, False) in shown([me, ask, build.lose(ask), echo])


def test_the_answer_takes_the_conclusion_back(build):
    me, ask = build.i_am(ME), build.publish()
    events = [me, ask, build.lose(ask), build.message(5, by=ME), build.answer(ask, 6)]
    assert shown(events) == [(5, "sent", None, False), (6, "sent", 2, False)]


def evidence(proof, frame):
    return Evidence(proof, frame, 1, frame, frame)


FRAMES = st.integers(1, 12)
TEXTS = st.sampled_from(["a", "b"])
EVENTS = st.one_of(
    st.just(Identified(ME, evidence(Proof.CLAIMED, 0))),
    st.builds(
        lambda frame: PublishRequested("d", None, "t", "ab"[frame % 2], ME, evidence(Proof.CLAIMED, frame)),
        FRAMES,
    ),
    st.builds(PublishLost, FRAMES),
    st.builds(
        lambda frame, sequence, text, by: MessagePublished(
            "d", sequence, None, by, None, False, "t", text, None, evidence(Proof.ANNOUNCED, frame)
        ),
        FRAMES, st.integers(0, 5), TEXTS, st.sampled_from([ME, AGENT]),
    ),
)  # fmt: skip


@given(st.lists(EVENTS, max_size=16), st.randoms(use_true_random=False))
def test_the_order_of_events_does_not_matter_and_no_echo_is_used_twice(events, random):
    transcript = fold(events)
    shuffled = list(events)
    random.shuffle(shuffled)
    assert view(fold(shuffled + shuffled)) == view(transcript)
    resolved = [message for message in view(transcript) if message.echo is not None]
    asks = [message.request_frame for message in resolved]
    assert len(asks) == len(set(asks))
    for message in resolved:
        ask = transcript.own_publishes[message.request_frame]
        assert ask.lost
        assert (ask.text, message.author) == (message.text, ME)
        assert message.sent.frame > message.request_frame
    listed = [message.request_frame for message in view(transcript) if message.request_frame is not None]
    assert sorted(listed) == sorted(
        frame for frame, ask in transcript.own_publishes.items() if ask.asked is not None
    )


def calls_to_view_the_last_message(build, publishes):
    """How many functions run for it, after so many publishes that were answered, and one that was lost."""
    events = [build.i_am(ME)]
    for sequence in range(publishes):
        ask = build.publish(f"text {sequence}")
        events += [ask, build.answer(ask, sequence)]
    ask = build.publish("lost")
    events += [ask, build.lose(ask), build.message(publishes, by=AGENT, text="hello")]
    transcript, calls = fold(events), 0

    def count(_frame, event, _argument):
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        message_view(transcript, "d1", publishes, selves=Selves({1: ME}, frozenset({ME})))
    finally:
        sys.setprofile(None)
    return calls


def test_one_message_is_viewed_without_a_look_at_every_publish_that_was_answered(build):
    assert calls_to_view_the_last_message(build, 20) == calls_to_view_the_last_message(build, 200)
