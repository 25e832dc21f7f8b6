"""Messages pass by who wrote them, what they say and what became of them."""

from __future__ import annotations

import pytest

from recorder.messaging.events import Evidence, Proof
from recorder.receipts.listing import MessageListing, dialogs_of
from recorder.receipts.queries import ContentView, MessageView, ReceiptView
from recorder.recipes.filters import parse_filters
from recorder.recipes.message_filter import ListingFilter


def evidence(frame):
    return Evidence(Proof.ANNOUNCED, frame, 1, frame * 1_000_000, frame * 1_000_000, None)


def message(sequence, text, **more):
    usual = {
        "dialog_id": "d1", "author": "ann", "role": "CONSUMER", "mine": True, "type": "text/plain",
        "status": "sent", "sent": evidence(sequence + 1), "receipts": (), "request_frame": None,
    }  # fmt: skip
    return MessageView(sequence=sequence, text=text, **{**usual, **more})


READ = ReceiptView("bob", "ASSIGNED_AGENT", False, "READ", evidence(9))
MESSAGES = [
    message(0, "Hello", status="read", receipts=(READ,)),
    message(1, "Guten Tag", author="bob", role="ASSIGNED_AGENT", mine=False),
    message(
        2,
        None,
        type="hosted/file",
        contents=(ContentView("ann", "RichContentEvent", "carousel", evidence(3)),),
    ),
    message(3, "later", dialog_id="d2"),
    message(
        4, None, status="unseen", sent=None, author=None, role=None, mine=None, type=None, receipts=(READ,)
    ),
]


def numbers(listed):
    return [each.sequence for each in listed]


@pytest.mark.parametrize(
    ("given", "passing"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"sender": "you"}, [0, 2, 3]),
        ({"sender": "Agent"}, [1]),
        ({"sender": "assigned_agent"}, [1]),
        ({"sender": "bob"}, [1]),
        ({"dialog": "d2"}, [3]),
        ({"type": "richcontentevent"}, [2]),
        ({"status": "read"}, [0, 4]),
        ({"status": "unseen"}, [4]),
        ({"participant": "bob"}, [0, 1, 4]),
        ({"grep": "(?i)hello|carousel"}, [0, 2]),
        ({"where": "$.receipts[0].frame == 9 && $.status == 'read'"}, [0]),
        ({"since": "#2", "until": "#4"}, [1, 2, 3]),
        ({"since": "+5s"}, [4]),
        ({"limit": 2, "sender": "you"}, [0, 2]),
    ],
)
def test_messages_pass(given, passing):
    assert numbers(ListingFilter(parse_filters(**given), "s").passing(MESSAGES)) == passing


def test_a_listing_keeps_the_dialogs_of_what_passes():
    def listing():
        return MessageListing("s", iter(MESSAGES), dialogs_of(MESSAGES), {})

    shown = ListingFilter(parse_filters(sender="you", limit=3), "s").listing(listing())
    assert [(each.dialog_id, numbers(each.messages)) for each in shown.dialogs] == [
        ("d1", [0, 2]),
        ("d2", [3]),
    ]
    shown = ListingFilter(parse_filters(dialog="d2"), "s").listing(listing())
    assert [(each.dialog_id, numbers(each.messages)) for each in shown.dialogs] == [("d2", [3])]
    assert numbers(ListingFilter(parse_filters(limit=1), "s").listing(listing()).messages) == [0]
