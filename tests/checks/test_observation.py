"""How long somebody watched."""

from __future__ import annotations

import pytest

from recorder.checks.findings import Limits
from recorder.checks.observation import receipts_of_others, watched_since
from recorder.checks.session_index import Ground

ME, AGENT = "consumer-1", "agent-1"


def closed(s):
    s.at(7).snapshot(ME, AGENT, dialog_state="CLOSE")


@pytest.mark.parametrize(
    ("story", "seconds", "why"),
    [
        pytest.param(lambda s: s.at(5), 5, "the recording ended", id="nothing more"),
        pytest.param(lambda s: s.at(5).ends("lost"), 5, "the connection ended", id="lost"),
        pytest.param(lambda s: s.at(5).ends(None), 5, "the recording ended", id="nobody saw the end"),
        pytest.param(
            lambda s: (s.at(5).ends("lost"), s.on(2), s.at(9).say(), s.at(12)), 5, "the connection ended",
            id="another connection, not of this dialog",
        ),
        pytest.param(
            lambda s: (s.at(5).ends("lost"), s.on(2), s.at(9).message(0), s.at(12)),
            12, "the recording ended", id="reconnected",
        ),
        pytest.param(lambda s: (closed(s), s.at(99)), 7, "the dialog was closed in frame #2", id="closed"),
    ],
)  # fmt: skip
def test_it_ends_with_dialog_connection_or_recording(mini, story, seconds, why):
    mini.message(0)
    story(mini)
    ground = Ground(mini.case(), Limits())
    assert watched_since(ground, ground.seen[0].sent, "d") == (seconds, why)


def test_only_our_own_clock_tells_how_long(mini):
    mini.message(0, ms=1_700_000_000_000)
    details = {"stage": "CLOSE", "metaDataLastUpdateTs": 1_700_000_999_000}
    change = {"type": "UPSERT", "result": {"convId": "d", "conversationDetails": details}}
    mini.at(7).notify(change, kind="cqm.ExConversationChangeNotification")
    ground = Ground(mini.case(), Limits())
    assert watched_since(ground, ground.seen[0].sent, "d")[0] == 7


def test_without_times_nobody_can_tell(mini):
    mini.at(None).message(0)
    ground = Ground(mini.case(), Limits())
    assert watched_since(ground, ground.seen[0].sent, "d")[0] is None


def test_the_author_is_not_among_the_others(mini):
    mini.i_am().own("hi", 0)
    mini.given("READ", 0, 1)
    mini.receipt("READ", 0, by=AGENT, own=2)
    (seen,) = Ground(mini.case(), Limits()).seen
    assert [receipt.participant for receipt in receipts_of_others(seen.message, "READ")] == [AGENT]


def test_a_claim_is_no_receipt_yet(mini):
    mini.i_am().message(0)
    mini.give("READ", 0)
    (seen,) = Ground(mini.case(), Limits()).seen
    assert receipts_of_others(seen.message, "READ") == []
