"""A reference means one message, and nothing that bears on it is missed on the way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.errors import BadOption, NotFound
from recorder.messaging.events import (
    Evidence,
    Identified,
    MessagePublished,
    Proof,
    PublishLost,
    PublishRefused,
    PublishRequested,
    ReceiptRefused,
    ReceiptReported,
)
from recorder.receipts.evidence import timeline
from recorder.receipts.fold import fold
from recorder.receipts.queries import view
from recorder.recipes.message_argument import (
    MessageArgument,
    MessageEventCollector,
    close_names,
    find_message,
    first_names,
    parse_message_argument,
)

dialogs, sequences, people = st.sampled_from(("d", "e:f")), st.integers(0, 2), st.sampled_from(("a", "b"))
frames, asks, texts = st.integers(1, 9), st.integers(1, 4), st.sampled_from(("hi", "ho"))


def proof(level):
    return st.builds(Evidence, st.just(level), frames, st.just(1), frames, st.none())


told = st.builds(
    lambda d, s, a, t, e: MessagePublished(d, s, None, a, None, False, "text/plain", t, None, e),
    dialogs, sequences, people, texts, proof(Proof.ANNOUNCED),
)  # fmt: skip
answered = st.builds(
    lambda d, s, k, t, e: MessagePublished(d, s, None, None, None, True, "text/plain", t, k, e),
    dialogs, sequences, asks, texts, proof(Proof.ACKNOWLEDGED),
)  # fmt: skip
asked = st.builds(
    lambda k, d, t: PublishRequested(d, None, "text/plain", t, None, Evidence(Proof.CLAIMED, k, 1, k, None)),
    asks, dialogs, texts,
)  # fmt: skip
refused = st.builds(lambda k, e: PublishRefused(k, 400, e), asks, proof(Proof.REFUSED))
receipts = st.builds(
    lambda d, s, p, e: ReceiptReported(d, tuple(s), p, None, False, "READ", None, None, e),
    dialogs, st.lists(sequences, min_size=1), people, proof(Proof.ANNOUNCED),
)  # fmt: skip
receipts_refused = st.builds(
    lambda d, s, k, e: ReceiptRefused(d, tuple(s), None, "READ", k, 400, e),
    dialogs, st.lists(sequences, min_size=1), asks, proof(Proof.REFUSED),
)  # fmt: skip
identified = st.builds(Identified, people, proof(Proof.ANNOUNCED))
lost = st.builds(PublishLost, asks)
stories = st.lists(
    st.one_of(told, answered, asked, refused, receipts, receipts_refused, identified, lost), max_size=20
)
references = st.one_of(
    st.builds(str, sequences),
    st.builds("{}:{}".format, dialogs, sequences),
    st.builds("#{}".format, frames),
)


def fitting_messages(messages, reference):
    """What a reference means, said another way."""
    if reference.startswith("#"):
        frame = int(reference[1:])
        asked = [each for each in messages if each.request_frame == frame]
        return asked or [each for each in messages if each.sent is not None and each.sent.frame == frame]
    return [
        each for each in messages if reference in (str(each.sequence), f"{each.dialog_id}:{each.sequence}")
    ]


@given(stories, references)
def test_an_argument_finds_its_message_and_collects_its_events(events, written):
    """As if all messages were listed and searched, and all events read again."""
    collector = MessageEventCollector(parse_message_argument(written))
    transcript = fold(collector.collect(events))
    fitting = fitting_messages(view(transcript), written)
    if len(fitting) != 1:
        with pytest.raises(NotFound, match="more than one" if fitting else "no message"):
            find_message(transcript, collector.reference)
        return
    message = find_message(transcript, collector.reference)
    assert message == fitting[0]
    if collector.is_complete(message):
        assert timeline(collector.events, transcript, message) == timeline(events, transcript, message)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        pytest.param("3", MessageArgument("3", sequence=3), id="sequence"),
        pytest.param("d:3", MessageArgument("d:3", sequence=3, dialog_id="d"), id="dialog-and-sequence"),
        pytest.param(
            "a:b:3", MessageArgument("a:b:3", sequence=3, dialog_id="a:b"), id="a-colon-in-the-dialog"
        ),
        pytest.param("#7", MessageArgument("#7", frame=7), id="frame"),
    ],
)
def test_each_form_of_the_argument_is_parsed(written, meant):
    assert parse_message_argument(written) == meant


@pytest.mark.parametrize("written", ["", "x", "3:x", "#x", "#", "٣", "-1"])
def test_an_unusable_argument_is_refused(written):
    with pytest.raises(BadOption, match="is no SEQUENCE"):
        parse_message_argument(written)


def test_a_sequence_in_very_many_dialogs_is_refused_in_one_short_sentence():
    events = [
        MessagePublished(f"d{n}", 0, None, "a", None, False, "t", "x", None, at)
        for n in range(900, 0, -1)
        for at in [Evidence(Proof.ANNOUNCED, n, 1, 0, 0)]
    ]
    with pytest.raises(NotFound) as raised:
        find_message(fold(events), parse_message_argument("0"))
    assert str(raised.value) == ('"0" fits more than one message: d1:0, d2:0, d3:0, d4:0, d5:0, and 895 more')


def test_few_names_are_all_suggested_and_of_many_the_similar_ones():
    assert first_names(["a", "b"]) == ["a", "b"]
    assert first_names([*"abcdef"]) == [*"abcdef"]
    assert close_names("zzz", {"b", "a"}) == ["a", "b"]
    assert close_names("dialog-7", {f"dialog-{n}" for n in range(9)} | {"x"})[0] == "dialog-7"
    assert close_names("zzz", map(str, range(99))) == []


@pytest.mark.parametrize("written", ["9" * 5_000, "d1:" + "9" * 5_000, "#" + "9" * 5_000])
def test_a_number_that_nothing_has_is_refused_in_a_sentence(written):
    with pytest.raises(BadOption, match="is no SEQUENCE"):
        parse_message_argument(written)


def test_the_beginning_of_a_dialog_is_enough_if_it_means_one():
    at = Evidence(Proof.ANNOUNCED, 1, 1, 1, None)
    said = [
        MessagePublished(dialog, 3, None, "a", None, False, "text/plain", dialog, None, at)
        for dialog in ("abc-1", "abd-2", "ab")
    ]
    transcript = fold(said)
    assert find_message(transcript, parse_message_argument("abc:3")).text == "abc-1"
    assert find_message(transcript, parse_message_argument("ab:3")).text == "ab"
    with pytest.raises(NotFound) as problem:
        find_message(transcript, parse_message_argument("a:3"))
    assert {"abc-1:3", "abd-2:3", "ab:3"} == set(problem.value.close)
    with pytest.raises(NotFound):
        find_message(transcript, parse_message_argument("x:3"))
