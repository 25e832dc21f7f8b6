"""What a receipt names: in little sessions, a message of somebody else's in this dialog, or not."""

from __future__ import annotations

import pytest

from recorder.receipts.queries import view

V, S, N = "violated", "satisfied", "not-observable"


def subscribed(session):
    session.answer(session.subscribe())


CASES = [
    (
        "receipt-for-unknown-message",
        "a message that a snapshot shows",
        lambda s: (s.i_am(), s.snapshot(last=s.content(4)), s.give("READ", 4)),
        [S],
    ),
    (
        "receipt-for-unknown-message",
        "a message after the one that a snapshot shows",
        lambda s: (s.i_am(), s.snapshot(last=s.content(4)), s.give("READ", 6)),
        [N],
    ),
    (
        "receipt-for-own-message",
        "our own in a snapshot",
        lambda s: (s.i_am(), s.snapshot(last=s.content(4, by="consumer-1")), s.give("READ", 4)),
        [V],
    ),
    (
        "receipt-in-another-dialog",
        "the other one is their own",
        lambda s: (s.message(8), s.message(1, dialog="survey"), s.receipt("READ", 1, own=9)),
        [S],
    ),
    (
        "receipt-for-own-message",
        "our own, whoever we are",
        lambda s: (s.answer(s.say(), 0), s.give("READ", 0)),
        [V],
    ),
    (
        "receipt-for-unknown-message",
        "a message that was seen",
        lambda s: (s.i_am(), s.message(1), s.give("READ", 1)),
        [S],
    ),
    (
        "receipt-for-unknown-message",
        "ours, between those seen",
        lambda s: (s.i_am(), s.message(1), s.message(4), s.give("READ", 3)),
        [V],
    ),
    (
        "receipt-for-unknown-message",
        "ours, beyond those seen",
        lambda s: (s.i_am(), s.message(1), s.give("READ", 9)),
        [V],
    ),
    (
        "receipt-for-unknown-message",
        "ours, before those seen",
        lambda s: (s.i_am(), s.message(5), s.give("READ", 2)),
        [N],
    ),
    (
        "receipt-for-unknown-message",
        "theirs, before its own number",
        lambda s: (s.message(1), s.receipt("READ", 2, own=5)),
        [N],
    ),
    (
        "receipt-for-unknown-message",
        "theirs, after its own number",
        lambda s: (s.message(1), s.receipt("READ", 9, own=5)),
        [V],
    ),
    (
        "receipt-for-unknown-message",
        "nothing of the dialog was seen",
        lambda s: (s.i_am(), s.give("READ", 3)),
        [N],
    ),
    ("receipt-for-unknown-message", "no receipt at all", lambda s: s.message(1), []),
    (
        "receipt-for-unknown-message",
        "one of two is unknown",
        lambda s: (s.i_am(), s.message(1), s.message(3), s.give("READ", 1, 2)),
        [V],
    ),
    (
        "receipt-in-another-dialog",
        "one dialog only",
        lambda s: (s.i_am(), s.message(1), s.give("READ", 9)),
        [],
    ),
    (
        "receipt-in-another-dialog",
        "the survey's message, in the main dialog",
        lambda s: (s.i_am(), s.message(8), s.message(1, dialog="survey"), s.give("READ", 1)),
        [V],
    ),
    (
        "receipt-in-another-dialog",
        "each in its own",
        lambda s: (
            s.i_am(),
            s.message(1),
            s.message(1, dialog="survey"),
            s.give("READ", 1),
            s.give("READ", 1, dialog="survey"),
        ),
        [S],
    ),
    (
        "receipt-in-another-dialog",
        "the other one has its receipt already",
        lambda s: (
            s.i_am(),
            s.message(8),
            s.message(1, dialog="survey"),
            s.give("READ", 1, dialog="survey"),
            s.give("READ", 1),
        ),
        [S],
    ),
    (
        "receipt-for-unknown-message",
        "left to receipt-in-another-dialog",
        lambda s: (s.i_am(), s.message(0), s.message(8), s.message(1, dialog="survey"), s.give("READ", 1)),
        [S],
    ),
    (
        "receipt-for-own-message",
        "somebody else's",
        lambda s: (s.i_am(), s.message(1), s.give("READ", 1)),
        [S],
    ),
    (
        "receipt-for-own-message",
        "our own",
        lambda s: (s.i_am(), s.own("hi", 1), s.give("READ", 1)),
        [V],
    ),
    ("receipt-for-own-message", "the agent's own", lambda s: (s.message(1), s.receipt("READ", 1)), [V]),
    (
        "receipt-for-own-message",
        "we do not know who we are",
        lambda s: (s.message(1), s.give("READ", 1)),
        [N],
    ),
    ("receipt-for-own-message", "the message was not seen", lambda s: (s.i_am(), s.give("READ", 1)), []),
    ("receipt-for-receipt", "a message", lambda s: (s.message(1), s.receipt("READ", 1, by="b", own=2)), [S]),
    (
        "receipt-for-receipt",
        "a receipt",
        lambda s: (s.i_am(), s.receipt("READ", 0, own=2), s.give("ACCEPT", 2)),
        [V],
    ),
    ("receipt-for-receipt", "itself", lambda s: s.receipt("READ", 4, own=4), [V]),
    ("receipt-for-receipt", "a number nobody saw", lambda s: s.receipt("READ", 7, own=4), []),
    (
        "receipt-for-receipt",
        "a number nobody saw, and a message",
        lambda s: (s.message(1), s.receipt("READ", 1, 7, by="b", own=9)),
        [S],
    ),
    ("malformed-sequence-list", "a list", lambda s: s.give("READ", 1), [S]),
    ("malformed-sequence-list", "empty", lambda s: s.give("READ"), [V]),
    ("malformed-sequence-list", "no numbers", lambda s: s.give("READ", "one", True), [V]),
    ("malformed-sequence-list", "twice the same", lambda s: s.give("READ", 1, 1), [V]),
    (
        "malformed-sequence-list",
        "one number instead of a list",
        lambda s: s.publish({"type": "AcceptStatusEvent", "status": "READ", "sequenceList": 1}),
        [S],
    ),
    ("malformed-sequence-list", "digits in a string", lambda s: s.give("READ", "0"), [V]),
    ("malformed-sequence-list", "a nested list", lambda s: s.give("READ", [0]), [V]),
    ("malformed-sequence-list", "a fraction", lambda s: s.give("READ", 0.5), [V]),
    ("malformed-sequence-list", "a negative number", lambda s: s.give("READ", -1), [V]),
    (
        "malformed-sequence-list",
        "beyond the last of a dialog we were subscribed to",
        lambda s: (subscribed(s), s.message(3), s.give("READ", 9)),
        [V],
    ),
    (
        "receipt-for-unknown-message",
        "beyond the last of a dialog we were subscribed to",
        lambda s: (subscribed(s), s.message(3), s.give("READ", 9)),
        [],
    ),
    (
        "malformed-sequence-list",
        "reached later",
        lambda s: (subscribed(s), s.message(3), s.give("READ", 9), s.message(9)),
        [S],
    ),
    (
        "malformed-sequence-list",
        "beyond the last seen, without a subscription",
        lambda s: (s.message(3), s.give("READ", 9)),
        [S],
    ),
    (
        "malformed-sequence-list",
        "beyond the last seen, while subscribed on another connection",
        lambda s: (subscribed(s), s.message(3), s.on(2), s.give("READ", 9)),
        [S],
    ),
    (
        "malformed-sequence-list",
        "beyond the last seen, after the subscription was refused",
        lambda s: (s.answer(s.subscribe(), code=400), s.message(3), s.give("READ", 9)),
        [S],
    ),
    ("misspelt-status", "a known one", lambda s: s.give("READ", 1), [S]),
    ("misspelt-status", "another case", lambda s: s.give("read", 1), [V]),
    ("misspelt-status", "of another person", lambda s: s.receipt("READED", 1), [V]),
    ("misspelt-status", "beside no usable sequence", lambda s: s.give("ACCEPTED", "0"), [V]),
    ("misspelt-status", "near none", lambda s: s.give("SEEN", 1), [S]),
    ("undescribed", "near none", lambda s: s.give("SEEN", 1), [V]),
    ("undescribed", "misspelt", lambda s: s.give("read", 1), [S]),
    (
        "malformed-sequence-list",
        "no status",
        lambda s: s.publish({"type": "AcceptStatusEvent", "sequenceList": [1]}),
        [V],
    ),
]


@pytest.mark.parametrize(
    ("rule", "story", "outcomes"), [pytest.param(r, s, o, id=f"{r}: {name}") for r, name, s, o in CASES]
)
def test_what_a_receipt_names(session, rule, story, outcomes):
    story(session)
    assert session.outcomes(rule) == outcomes


def test_a_finding_names_dialog_message_and_frame(session):
    session.i_am().message(1)
    frame = session.give("READ", 9)
    (finding,) = session.check("receipt-for-unknown-message")
    assert (finding.dialog, finding.sequence, finding.frames) == ("d", 9, (frame,))
    assert finding.sentence == "you gave READ for message 9, which was not seen in this recording"


def test_a_receipt_in_the_wrong_dialog_says_where_it_may_belong(session):
    session.i_am().message(8)
    session.message(1, dialog="survey")
    session.give("READ", 1)
    (finding,) = session.check("receipt-in-another-dialog")
    assert "dialog survey has it" in finding.sentence


@pytest.mark.parametrize(
    ("story", "says"),
    [
        (
            lambda s: (s.i_am(), s.own("hi", 0), s.give("READ", 0)),
            "you gave READ for message 0 of your own",
        ),
        (lambda s: (s.message(0), s.receipt("READ", 0)), "agent-1 gave READ for message 0 of their own"),
    ],
    ids=["ours", "theirs"],
)
def test_whose_own_message_it_is_is_said_in_their_person(session, story, says):
    story(session)
    (finding,) = session.check("receipt-for-own-message")
    assert finding.sentence == says


@pytest.mark.parametrize(
    ("story", "says"),
    [
        (
            lambda s: s.answer(s.give("READ", "0"), 5),
            '1 of 1 are no sequence, like "0"; the service took it all the same (200)',
        ),
        (
            lambda s: s.answer(s.give("READ", [0]), code=400),
            "1 of 1 are no sequence, like an array of 1; the service refused it (400)",
        ),
        (
            lambda s: (s.answer(s.give("READ", "0"), 5), s.answer(s.give("READ", "0"), code=400)),
            '1 of 1 are no sequence, like "0" (2 times); '
            "the service took some of them (200) and refused others (400)",
        ),
        (lambda s: s.give("READ", True), "1 of 1 are no sequence, like true"),
        (
            lambda s: (s.give("READ", -1), s.receipt("READ", -1, by="b")),
            "1 of 1 are no sequence, like -1; the service announced it all the same",
        ),
        (
            lambda s: (s.give("READ", -1), s.give("READ", -1)),
            "1 of 1 are no sequence, like -1 (2 times)",
        ),
        (
            lambda s: (subscribed(s), s.message(3), s.answer(s.give("READ", 9), 4)),
            "you gave READ for message 9; the dialog has none beyond 4; "
            "the service took it all the same (200)",
        ),
    ],
)
def test_what_the_service_did_with_a_malformed_receipt_is_said(session, story, says):
    story(session)
    (finding,) = session.check("malformed-sequence-list")
    assert finding.sentence == says


def test_a_receipt_for_digits_in_a_string_counts_for_no_message(session):
    session.i_am().message(0)
    session.answer(session.give("READ", "0"), 1)
    (message,) = view(session.check_input().transcript)
    assert (message.sequence, message.receipts) == (0, ())
    assert session.outcomes("never-read") == [N]
