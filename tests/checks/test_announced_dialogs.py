"""Which dialogs are ours, whatever came first: a request, a ring or a snapshot."""

from __future__ import annotations

import itertools

import pytest

from recorder.checks.announced_dialogs import AnnouncedDialogs
from recorder.checks.dependencies import Dependencies
from recorder.messaging.events import ConversationChanged, ConversationOpened, ConversationTaken
from recorder.receipts.selves import Selves

NOBODY = Selves({}, frozenset())


def announced(events):
    """Where all are known at once, and where they come one by one."""
    found = []
    for steps in ([events], [[event] for event in events]):
        dialogs = AnnouncedDialogs(Dependencies())
        for step in steps:
            dialogs.advance(step, NOBODY, others=False)
        found.append({dialog: each.name.rpartition(" ")[2] for dialog, each in dialogs.of.values.items()})
    assert found[0] == found[1]
    return found[0]


def events_of(session):
    kinds = (ConversationChanged, ConversationOpened, ConversationTaken)
    return [event for event in session.events if isinstance(event, kinds)]


def snapshot(session, *dialogs):
    listed = [{"dialogId": each, "dialogType": "MAIN", "state": "OPEN"} for each in dialogs]
    result = {"convId": "c", "conversationDetails": {"state": "OPEN", "dialogs": listed}}
    session.notify({"type": "UPSERT", "result": result}, kind="cqm.ExConversationChangeNotification")


def test_a_conversation_whose_dialogs_have_other_ids_is_none(session):
    snapshot(session, "d1", "d2")
    assert announced(events_of(session)) == {"d1": "announced", "d2": "announced"}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_of_request_and_snapshots_makes_no_difference(session, order):
    request = session.request("cm.ConsumerRequestConversation", {})
    session.raw(
        b'{"kind":"resp","reqId":"%d","code":201,"type":"cm.RequestConversationResponse",'
        b'"body":{"conversationId":"c"}}' % request,
        from_client=False,
    )
    snapshot(session, "c")
    snapshot(session, "d1")
    listed = events_of(session)
    assert len(listed) == 3
    assert announced([listed[place] for place in order]).keys() <= {"c", "d1"}
    assert "d1" in announced([listed[place] for place in order])


def test_who_we_are_decides_what_is_ours(session):
    session.snapshot("consumer-1")
    dialogs = AnnouncedDialogs(Dependencies())
    dialogs.advance(events_of(session), NOBODY, others=False)
    assert set(dialogs.of.values) == {"d"}
    dialogs.advance([], Selves({1: "agent-1"}, frozenset({"agent-1"})), others=True)
    assert set(dialogs.of.values) == set()
