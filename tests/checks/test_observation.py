"""How long somebody watched."""

from __future__ import annotations

import pytest

from recorder.checks.dependencies import Dependencies
from recorder.checks.findings import Limits, Placeholder
from recorder.checks.observation import receipts_of_others, watched_since
from recorder.checks.session_index import SessionIndex

ME, AGENT = "consumer-1", "agent-1"


def index_of(session):
    check_input = session.check_input()
    index = SessionIndex(check_input.transcript, Limits(), Dependencies())
    index.advance(check_input, check_input.events)
    return index


def closed(s):
    s.at(7).snapshot(ME, AGENT, dialog_state="CLOSE")


@pytest.mark.parametrize(
    ("story", "seconds", "why"),
    [
        pytest.param(lambda s: s.at(5), 5, "the recording ended after frame #1", id="nothing more"),
        pytest.param(lambda s: s.at(5).ends("lost"), 5, "the connection ended after frame #1", id="lost"),
        pytest.param(
            lambda s: s.at(5).ends(None), 5, "the recording ended after frame #1", id="nobody saw the end"
        ),
        pytest.param(
            lambda s: (s.at(5).ends("lost"), s.on(2), s.at(9).say(), s.at(12)),
            5, "the connection ended after frame #1", id="another connection, not of this dialog",
        ),
        pytest.param(
            lambda s: (s.at(5).ends("lost"), s.on(2), s.at(9).message(0), s.at(12)),
            12, "the recording ended after frame #2", id="reconnected",
        ),
        pytest.param(lambda s: (closed(s), s.at(99)), 7, "the dialog was closed in frame #2", id="closed"),
    ],
)  # fmt: skip
def test_it_ends_with_dialog_connection_or_recording(session, story, seconds, why):
    session.message(0)
    story(session)
    session_index = index_of(session)
    watched = watched_since(session_index, session_index.seen(("d", 0)).sent, "d", 60)
    assert watched.seconds == seconds
    assert why == (session_index.end_words if watched.why is Placeholder.END else watched.why)


def test_only_our_own_clock_tells_how_long(session):
    session.message(0, ms=1_700_000_000_000)
    details = {"stage": "CLOSE", "metaDataLastUpdateTs": 1_700_000_999_000}
    change = {"type": "UPSERT", "result": {"convId": "d", "conversationDetails": details}}
    session.at(7).notify(change, kind="cqm.ExConversationChangeNotification")
    session_index = index_of(session)
    assert watched_since(session_index, session_index.seen(("d", 0)).sent, "d", 60).seconds == 7


def test_without_times_nobody_can_tell(session):
    session.at(None).message(0)
    session_index = index_of(session)
    assert watched_since(session_index, session_index.seen(("d", 0)).sent, "d", 60).seconds is None


def test_the_author_is_not_among_the_others(session):
    session.i_am().own("hi", 0)
    session.given("READ", 0, 1)
    session.receipt("READ", 0, by=AGENT, own=2)
    seen = index_of(session).seen(("d", 0))
    assert [receipt.participant for receipt in receipts_of_others(seen.message, "READ")] == [AGENT]


def test_a_claim_is_no_receipt_yet(session):
    session.i_am().message(0)
    session.give("READ", 0)
    seen = index_of(session).seen(("d", 0))
    assert receipts_of_others(seen.message, "READ") == []
