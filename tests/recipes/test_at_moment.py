"""As of a moment: what the frames up to then told, and nothing that came later."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recorder import recipes
from recorder.errors import BadOption, NotFound
from recorder.receipts.fold import fold
from recorder.receipts.queries import view
from recorder.recipes.at_moment import Moment, connections_at, events, is_now, last_frame_at, parse_moment


@pytest.fixture
def imported(archive, samples, tmp_path):
    """Import a capture written by hand: the sample with the reconnect, or given lines."""

    def read(*lines):
        file = samples / "step-up.jsonl"
        if lines:
            file = tmp_path / "lines.jsonl"
            file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        with recipes.open_archive(archive, mode="write", create=True) as opened:
            return recipes.import_capture(opened, file)

    return read


@pytest.fixture
def reading(archive, imported):
    imported()
    with recipes.open_archive(archive) as opened:
        yield opened


@pytest.mark.parametrize(
    ("when", "last"),
    [
        ("#0", 0),
        ("#4", 4),
        # The session began when its first connection was opened, a second before the first frame.
        ("+999ms", 0),
        ("+1s", 1),
        ("+3.999s", 4),
        ("+4s", 5),
        ("+1h", 9),
        ("2026-01-31T12:00:00.999Z", 0),
        ("2026-01-31T12:00:01Z", 1),
        ("2026-01-31T13:00:25.999+01:00", 6),
        ("#9", 9),
        ("+1000000us", 1),
    ],
    ids=str,
)
def test_a_moment_comes_down_to_the_last_frame_by_then(reading, when, last):
    assert last_frame_at(reading, "last", when) == last
    assert last_frame_at(reading, reading.find_session("last"), when) == last


def test_a_frame_that_is_not_there_is_no_moment(reading):
    with pytest.raises(NotFound, match='no frame "#10"'):
        last_frame_at(reading, "last", "#10")


def test_frames_without_times_can_only_be_named(archive, imported):
    imported(*({"sender": "client", "text": "{}"} for _ in range(3)))
    with recipes.open_archive(archive) as opened:
        assert last_frame_at(opened, "last", "#2") == 2
        for when in ("+1s", "2026-01-31"):
            with pytest.raises(BadOption, match="frame #1 carries no time") as refused:
                last_frame_at(opened, "last", when)
            assert "#1" in (refused.value.hint or "")


def statuses(archive, when):
    return [message.status for message in recipes.messages(archive, "last", at=when)[1]]


def test_a_publish_is_pending_until_the_connection_ends_and_unknown_only_then(reading):
    """The connection was lost a second after frame 6; the next frame came six seconds later, on another."""
    assert statuses(reading, "#0") == []
    assert statuses(reading, "#1") == ["pending"]
    assert statuses(reading, "#5") == ["read", "sent"]
    assert statuses(reading, "#6") == ["read", "sent", "pending"]
    assert statuses(reading, "#7") == ["read", "sent", "sent"]


def test_without_times_a_connection_has_ended_when_its_frames_came_before(archive, imported):
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": "hi"}
    ask = {"kind": "req", "id": "1", "type": "ms.PublishEvent", "body": {"dialogId": "d", "event": event}}
    imported(
        {"connection": 1, "how": "lost"},
        {"connection": 1, "sender": "client", "text": json.dumps(ask)},
        {"connection": 2, "sender": "client", "text": "{}"},
        {"connection": 2, "sender": "client", "text": "{}"},
    )
    with recipes.open_archive(archive) as opened:
        assert [statuses(opened, f"#{frame}") for frame in (1, 2, 3)] == [
            ["pending"],
            ["unknown"],
            ["unknown"],
        ]


def test_a_connection_that_opened_later_is_not_there_and_one_that_ended_later_is_open(reading):
    session = reading.find_session("last")

    def known(last):
        return [
            (each.connection, each.how, each.closed_at_us) for each in connections_at(reading, session, last)
        ]

    assert known(0) == []
    assert known(6) == [(1, None, None)]
    now = [(each.connection, each.how, each.closed_at_us) for each in reading.connections(session)]
    assert known(7) == known(9) == known(None) == now
    assert now[0][1] == "lost"


def test_an_identity_from_a_later_token_is_not_known_before_it(reading):
    session = reading.find_session("last")
    before = fold(events(reading, session, last=6))
    assert before.token_ids == {"guest-1"}
    assert fold(events(reading, session)).token_ids == {"guest-1", "user-7"}
    assert fold(events(reading, session, aliases={"guest-1": "user-7"})).token_ids == {"user-7"}


def facts(transcript):
    """What stands in a transcript, without the frames that prove it (a better proof may come)."""
    told = {("ask", frame) for frame, ask in transcript.own_publishes.items() if ask.asked is not None}
    told |= {("lost", frame) for frame, ask in transcript.own_publishes.items() if ask.lost}
    told |= {
        ("answered", frame, *ask.answered[1:])
        for frame, ask in transcript.own_publishes.items()
        if ask.answered
    }
    told |= {("identity", identity) for identity in transcript.token_ids}
    for dialog_id, dialog in transcript.dialogs.items():
        for sequence, message in dialog.items():
            told |= {
                ("receipt", dialog_id, sequence, *key) for key in transcript.receipts_for(dialog_id, sequence)
            }
            told |= {("tried", dialog_id, sequence, *key) for key in message.receipt_requests or ()}
            if message.published is not None:
                told.add(("message", dialog_id, sequence))
    return told


def test_as_of_the_last_frame_everything_is_as_it_is_now(reading):
    session = reading.find_session("last")
    assert is_now(session, session.frames)
    assert not is_now(session, session.frames - 1)
    now = recipes.open_session(reading, "last")
    for when in (f"#{session.frames}", "+9h", "2030-01-01"):
        then = recipes.open_session(reading, "last", at=when)
        assert (then.last, view(then.transcript)) == (now.last, view(now.transcript))
        assert then.transcript == now.transcript


CHANGES = st.builds(
    lambda sequence, who, event: {
        "sequence": sequence, "dialogId": "d", "originatorId": who,
        "originatorMetadata": {"id": who, "role": "CONSUMER" if who == "me" else "ASSIGNED_AGENT"},
        "event": event,
    },
    st.integers(0, 4), st.sampled_from(["me", "agent"]),
    st.sampled_from([
        {"type": "ContentEvent", "contentType": "text/plain", "message": "hi"},
        {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [0, 1]},
        {"type": "AcceptStatusEvent", "status": "ACCEPT", "sequenceList": [2]},
    ]),
)  # fmt: skip
SAID = st.one_of(
    st.builds(
        lambda request: ("client", {
            "kind": "req", "id": request, "type": "ms.PublishEvent",
            "body": {"dialogId": "d", "event": {
                "type": "ContentEvent", "contentType": "text/plain", "message": "hi"}},
        }),
        st.sampled_from(["1", "2", "3"]),
    ),
    st.builds(
        lambda request, code, sequence: ("service", {
            "kind": "resp", "reqId": request, "code": code, "body": {"sequence": sequence},
        }),
        st.sampled_from(["1", "2", "3"]), st.sampled_from([200, 400]), st.integers(0, 4),
    ),
    st.builds(
        lambda changes: ("service", {
            "kind": "notification", "type": "ms.MessagingEventNotification", "body": {"changes": changes},
        }),
        st.lists(CHANGES, max_size=2),
    ),
)  # fmt: skip


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(1, 2), SAID), min_size=1, max_size=8), st.booleans())
def test_facts_known_at_a_moment_stay_known_and_the_last_frame_means_now(tmp_path_factory, told, timed):
    """A prefix's facts are a subset of the whole's, whatever was said on whatever connection."""
    folder = tmp_path_factory.mktemp("law")
    lines = [
        {"connection": number, "how": "lost", "opened_at": f"2026-01-31T12:00:0{number}Z" if timed else None,
         "closed_at": "2026-01-31T12:00:15Z" if timed else None}
        for number in (1, 2)
    ]  # fmt: skip
    lines += [
        {"connection": connection, "sender": sender, "text": json.dumps(envelope),
         "at": f"2026-01-31T12:00:{10 + second}Z" if timed else None}
        for second, (connection, (sender, envelope)) in enumerate(told)
    ]  # fmt: skip
    (folder / "c.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with recipes.open_archive(str(folder / "a.db"), mode="write", create=True) as opened:
        session = recipes.import_capture(opened, folder / "c.jsonl")
        states = [
            recipes.open_session(opened, "last", at=f"#{last}").transcript
            for last in range(session.frames + 1)
        ]
        for earlier, later in pairwise(states):
            assert facts(earlier) <= facts(later)
        assert states[-1] == fold(events(opened, session))
        assert facts(states[0]) == set()


NOON_US = 1_769_860_800_000_000


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("#123", Moment("number", 123)),
        ("#0", Moment("number", 0)),
        ("+12.5s", Moment("offset_us", 12_500_000)),
        ("+0s", Moment("offset_us", 0)),
        ("+200ms", Moment("offset_us", 200_000)),
        ("+7us", Moment("offset_us", 7)),
        ("+1.5m", Moment("offset_us", 90_000_000)),
        ("+2h", Moment("offset_us", 7_200_000_000)),
        pytest.param("+0.3s", Moment("offset_us", 300_000), id="exact, where a float would not be"),
        pytest.param("+1.0000019s", Moment("offset_us", 1_000_001), id="finer than a microsecond is cut off"),
        ("2026-01-31T12:00:00Z", Moment("at_us", NOON_US)),
        ("2026-01-31T12:00:00.000001Z", Moment("at_us", NOON_US + 1)),
        ("2026-01-31 13:00:00+01:00", Moment("at_us", NOON_US)),
        pytest.param("2026-01-31T12:00:00", Moment("at_us", NOON_US), id="without a zone it is UTC"),
        pytest.param("2026-01-30T23:59:60Z", Moment("at_us", NOON_US - 43_200_000_000), id="leap second"),
        ("2026-01-31", Moment("at_us", NOON_US - 43_200_000_000)),
        ("1969-12-31T23:59:59.999999Z", Moment("at_us", -1)),
    ],
)
def test_a_moment_is_a_frame_an_offset_or_a_time(text, moment):
    assert parse_moment(text) == moment


@pytest.mark.parametrize(
    "text",
    ["", "#", "#x", "#-1", "# 1", "#٣", "12.5s", "+12", "+s", "-1s", "+1d", "+1e3s", "noon", "12:00", "#1\n"],
)
def test_anything_else_is_refused_with_what_to_write(text):
    with pytest.raises(BadOption, match="is no moment of a session") as refused:
        parse_moment(text)
    assert refused.value.hint is not None
    assert "+12.5s" in refused.value.hint


@given(st.text(max_size=30))
def test_any_text_is_a_moment_or_a_bad_option(text):
    try:
        moment = parse_moment(text)
    except BadOption:
        return
    assert isinstance(moment, Moment)
