"""The rules of receipts, one sentence each."""

from __future__ import annotations

import pytest

from recorder.messaging.events import ConversationChanged, Dialog, OddityNoticed, Participant, Proof
from recorder.receipts.fold import fold
from recorder.receipts.queries import message_view, view
from recorder.receipts.selves import selves_of

ME, AGENT, MANAGER = "consumer-1", "agent-1", "manager-1"


def only(transcript):
    (message,) = view(transcript)
    return message


def receipts(message):
    return {(r.participant, r.status): r.evidence.proof for r in message.receipts}


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        pytest.param((), "sent", id="no receipt"),
        pytest.param(("ACCEPT",), "accepted", id="accepted"),
        pytest.param(("ACCEPT", "READ"), "read", id="accepted and read"),
        pytest.param(("READ",), "read", id="read without accept"),
        pytest.param(("READ", "ACCEPT"), "read", id="accept after read"),
        pytest.param(("NACK", "ACCESS", "ACTION", "VIEWED", "FOO"), "sent", id="beside the ladder"),
    ],
)
def test_the_highest_receipt_of_another_is_the_status(build, statuses, status):
    heard = [build.message(0, by=AGENT), *(build.receipt(s, 0, by=ME) for s in statuses)]
    assert only(fold(heard)).status == status


def test_read_does_not_set_accept(build):
    message = only(fold([build.message(0, by=AGENT), build.receipt("READ", 0, by=ME)]))
    assert receipts(message) == {(ME, "READ"): Proof.ANNOUNCED}


def test_a_receipt_is_no_watermark(build):
    """READ of 2 says nothing of 0 and 1."""
    heard = [build.message(n, by=AGENT) for n in range(3)] + [build.receipt("READ", 2, by=ME)]
    assert [message.status for message in view(fold(heard))] == ["sent", "sent", "read"]


def test_the_authors_own_receipt_moves_nothing(build):
    message = only(fold([build.message(0, by=AGENT), build.receipt("READ", 0, by=AGENT)]))
    assert message.status == "sent"
    assert receipts(message) == {(AGENT, "READ"): Proof.ANNOUNCED}


def test_our_own_receipt_for_our_own_message_moves_nothing_even_before_we_know_who_we_are(build):
    ask = build.publish()
    claim = build.claim("READ", 0)
    message = only(fold([ask, build.answer(ask, 0), claim, build.acknowledge(claim)]))
    assert message.status == "sent"


def test_a_claim_alone_moves_nothing_until_it_is_acknowledged(build):
    claim = build.claim("READ", 0)
    heard = [build.message(0, by=AGENT), claim]
    assert only(fold(heard)).status == "sent"
    assert receipts(only(fold(heard))) == {(None, "READ"): Proof.CLAIMED}
    assert only(fold([*heard, build.acknowledge(claim)])).status == "read"


def test_a_refused_receipt_is_listed_and_proves_nothing(build):
    claim = build.claim("READ", 0)
    heard = [build.message(0, by=AGENT), claim, build.refuse_receipt(claim)]
    assert only(fold(heard)).status == "sent"
    assert receipts(only(fold(heard))) == {(None, "READ"): Proof.REFUSED}


def test_a_second_request_counts_though_the_first_was_refused(build):
    first, second = build.claim("READ", 0), build.claim("READ", 0)
    heard = [build.message(0, by=AGENT), first, build.refuse_receipt(first), second]
    assert receipts(only(fold(heard))) == {(None, "READ"): Proof.CLAIMED}
    assert only(fold(heard)).receipts[0].evidence.frame == second.evidence.frame


def test_evidence_is_the_strongest_then_the_earliest(build):
    claim = build.claim("READ", 0, by=ME)
    acknowledged = build.acknowledge(claim)
    first = build.receipt("READ", 0, by=ME)
    again = build.receipt("READ", 0, by=ME)
    message = only(fold([build.message(0, by=AGENT), claim, acknowledged, first, again]))
    assert [r.evidence for r in message.receipts] == [first.evidence]
    assert message.receipts[0].mine is True


@pytest.mark.parametrize(
    ("ending", "status", "proof"),
    [
        pytest.param(None, "pending", Proof.CLAIMED, id="no answer yet"),
        pytest.param("refuse", "failed", Proof.REFUSED, id="refused"),
        pytest.param("lose", "unknown", Proof.CLAIMED, id="connection ended first"),
    ],
)
def test_a_publish_without_a_sequence_says_why(build, ending, status, proof):
    ask = build.publish("are you there?")
    message = only(fold([ask] if ending is None else [ask, getattr(build, ending)(ask)]))
    assert (message.sequence, message.status, message.text) == (None, status, "are you there?")
    assert message.mine is True
    assert message.sent is not None
    assert message.sent.proof is proof


def test_an_answered_publish_is_sent_and_no_longer_pending(build):
    ask = build.publish()
    message = only(fold([ask, build.answer(ask, 4), build.lose(ask)]))
    assert (message.sequence, message.status, message.mine, message.request_frame) == (4, "sent", True, 1)


def test_an_echo_of_our_publish_identifies_us_and_merges_earlier_receipts(build):
    ask = build.publish()
    claim = build.claim("READ", 1)
    heard = [ask, build.answer(ask, 0), build.message(1, by=AGENT), claim, build.acknowledge(claim)]
    assert selves_of(fold(heard)).ids == frozenset()
    heard.append(build.message(0, by=ME))
    heard.append(build.receipt("READ", 1, by=ME))
    transcript = fold(heard)
    assert selves_of(transcript).ids == {ME}
    mine, theirs = view(transcript)
    assert (mine.author, mine.mine, theirs.mine) == (ME, True, False)
    assert receipts(theirs) == {(ME, "READ"): Proof.ANNOUNCED}


def test_an_answered_sequence_is_ours_only_with_the_published_content(build):
    """Where an id is used twice the answer may be another's: the agent must not become "you" by that."""
    theirs = build.message(4, by=AGENT, text="theirs")
    ask = build.publish("mine")
    reused = OddityNoticed("id-reused", "", ask.evidence)
    heard = [theirs, ask, reused, build.answer(ask, 4), build.receipt("READ", 3, by=AGENT)]
    assert selves_of(fold(heard)).ids == frozenset()
    assert selves_of(fold([*heard, build.i_am(ME)])).ids == {ME}
    echoed = build.message(5, by=ME, text="again")
    again = build.publish("again")
    assert selves_of(fold([*heard, echoed, again, build.answer(again, 5)])).ids == {ME}


def test_a_token_identifies_us(build):
    message = only(fold([build.i_am(ME), build.message(0, by=ME)]))
    assert message.mine is True


def test_mine_is_unknown_without_an_identity(build):
    assert only(fold([build.message(0, by=AGENT)])).mine is None


def test_a_receipt_before_its_message_waits_unseen(build):
    early = build.receipt("READ", 3, by=AGENT)
    message = only(fold([early]))
    assert (message.status, message.sent, message.sequence) == ("unseen", None, 3)
    later = only(fold([early, build.message(3, by=ME)]))
    assert later.status == "read"


def test_dialogs_do_not_mix(build):
    heard = [build.message(0, by=AGENT)]
    build.dialog = "d2"
    heard += [build.message(0, by=AGENT), build.receipt("READ", 0, by=ME)]
    assert [(m.dialog_id, m.status) for m in view(fold(heard))] == [("d1", "sent"), ("d2", "read")]
    assert [m.dialog_id for m in view(fold(heard), "d2")] == ["d2"]
    assert view(fold(heard), "nowhere") == []


def test_receipts_are_listed_by_participant_then_by_ladder(build):
    heard = [build.message(0, by=AGENT)]
    heard += [build.receipt(s, 0, by=p) for p in (MANAGER, ME) for s in ("READ", "ACCESS", "ACCEPT")]
    listed = [(r.participant, r.status) for r in only(fold(heard)).receipts]
    assert listed == [(p, s) for p in (ME, MANAGER) for s in ("ACCEPT", "READ", "ACCESS")]


def test_roles_come_from_the_event_else_from_other_events(build):
    snapshot = ConversationChanged(
        "c", (Participant(ME, "CONSUMER"),), (), "OPEN", "OPEN", 5, False, build.proof(Proof.ANNOUNCED)
    )
    heard = [build.message(0, by=AGENT, role="ASSIGNED_AGENT"), build.receipt("READ", 0, by=ME), snapshot]
    message = only(fold(heard))
    assert message.role == "ASSIGNED_AGENT"
    assert message.receipts[0].role == "CONSUMER"


def test_the_newest_snapshot_by_their_time_wins_whatever_came_last(build):
    def snapshot(state: str, updated_ms: int | None):
        return ConversationChanged("c", (), (), state, None, updated_ms, False, build.proof(Proof.ANNOUNCED))

    heard = [snapshot("CLOSE", 9), snapshot("OPEN", 5), snapshot("OPEN", None)]
    assert fold(heard).conversations["c"].state == "CLOSE"


def test_leaving_a_subscription_counts_only_with_dialogs(build):
    """A DELETE may come with nothing but the id, and may come late: what was known stays."""

    def snapshot(*dialogs: Dialog, left: bool, updated_ms: int | None):
        proof = build.proof(Proof.ANNOUNCED)
        return ConversationChanged("c", (), dialogs, "OPEN", "OPEN", updated_ms, left, proof)

    main = Dialog("c", "MAIN", "MESSAGING", "OPEN")
    known, bare = snapshot(main, left=False, updated_ms=5), snapshot(left=True, updated_ms=9)
    assert fold([known, bare]) == fold([bare, known])
    assert fold([known, bare]).conversations["c"] is known
    whole = snapshot(main, left=True, updated_ms=9)
    assert fold([known, whole, bare]).conversations["c"] is whole
    assert fold([bare]).conversations["c"] is bare


def test_who_is_only_suggested_is_not_called_the_agent_until_they_take_it(build):
    def snapshot(state: str):
        return ConversationChanged(
            "c", (Participant(AGENT, "ASSIGNED_AGENT", state),), (), "OPEN", "OPEN", 5, False,
            build.proof(Proof.ANNOUNCED),
        )  # fmt: skip

    heard = [build.message(0, by=ME), build.receipt("READ", 0, by=AGENT), snapshot("SUGGESTED")]
    assert only(fold(heard)).receipts[0].role == "ASSIGNED_AGENT/SUGGESTED"
    assert only(fold([*heard, snapshot("ACTIVE")])).receipts[0].role == "ASSIGNED_AGENT"


def test_one_message_can_be_asked_for(build):
    transcript = fold([build.message(0, by=AGENT, text="a"), build.message(1, by=AGENT, text="b")])
    assert message_view(transcript, "d1", 1).text == "b"
    with pytest.raises(KeyError):
        message_view(transcript, "d1", 2)


# --- who may see it, snapshots, several contents ----------------------------------------------------------


def in_snapshot(message):
    return message._replace(evidence=message.evidence._replace(snapshot=True))


def test_an_audience_is_not_forgotten_by_who_does_not_name_it(build):
    """A consumer's connection is told no audience, and is told first."""
    silent, telling = build.message(0, by=AGENT), build.message(0, by=AGENT)._replace(audience="BOTS")
    for heard in ([silent, telling], [telling, silent]):
        message = only(fold(heard))
        assert (message.audience, message.sent, message.contents) == ("BOTS", silent.evidence, ())
        assert message.is_private


def test_the_audience_we_asked_for_is_that_of_the_message(build):
    """Pending, answered, echoed without it, or probably echoed."""
    ask = build.publish()._replace(audience="AGENTS_AND_MANAGERS")
    answer = build.answer(ask, 0)._replace(audience=ask.audience)
    echo = build.message(0, by=ME)
    for heard in ([ask], [ask, answer], [ask, answer, echo], [ask, build.lose(ask), build.i_am(ME), echo]):
        message = only(fold(heard))
        assert message.audience == "AGENTS_AND_MANAGERS"
        assert message.is_private


@pytest.mark.parametrize("audience", [None, "ALL"])
def test_a_message_for_all_is_not_private(build, audience):
    assert not only(fold([build.message(0, by=AGENT)._replace(audience=audience)])).is_private


def test_a_snapshot_shows_a_message_until_an_event_announces_it(build):
    shown, receipt = in_snapshot(build.message(0, by=AGENT)), build.receipt("READ", 0, by=ME)
    assert only(fold([shown, receipt])).status == "read"
    assert only(fold([shown])).sent.snapshot
    announced = build.message(0, by=AGENT)
    for heard in ([shown, announced], [announced, shown]):
        message = only(fold([*heard, in_snapshot(build.message(0, by=AGENT))]))
        assert (message.sent, message.contents) == (announced.evidence, ())


def test_every_content_of_a_sequence_is_kept_in_the_order_of_frames(build):
    first, second = (
        build.message(0, by=AGENT, text="first life"),
        build.message(0, by=AGENT, text="second life"),
    )
    other = build.message(0, by=MANAGER, text="first life")
    for heard in ([first, second, other], [other, second, first], [first, second, other, first, second]):
        message = only(fold(heard))
        assert (message.text, message.author) == ("first life", AGENT)
        assert [(each.author, each.text, each.evidence) for each in message.contents] == [
            (AGENT, "first life", first.evidence),
            (AGENT, "second life", second.evidence),
            (MANAGER, "first life", other.evidence),
        ]


def test_a_message_that_is_told_again_has_one_content(build):
    """Its answer names no author, its replay no role, a snapshot neither time nor place of its own."""
    ask = build.publish()
    heard = [ask, build.answer(ask, 0), build.message(0, by=ME, role="CONSUMER"), build.message(0, by=ME)]
    assert only(fold([*heard, in_snapshot(build.message(0, by=ME))])).contents == ()
    assert only(fold([ask, build.answer(ask, 0)])).contents == ()


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("author", [None, "anonymous-1"], ids=["who is not told", "by the token"])
def test_a_message_published_after_a_step_up_has_one_content(build, before, author):
    """The token of the connection names who we were; the echo, who we are, and it is one act."""
    ask = build.publish("I am in")
    answer = build.answer(ask, 0)._replace(author=author)
    heard = [build.i_am("anonymous-1"), ask, answer]
    echo = build.message(0, by=ME, text="I am in")
    message = only(fold([*heard, echo] if before else [echo, *heard]))
    assert (message.author, message.mine, message.contents) == (ME, True, ())


def test_what_was_published_and_what_the_service_made_of_it_are_two_contents(build):
    ask = build.publish("card 4111")
    message = only(
        fold([build.i_am(ME), ask, build.answer(ask, 0), build.message(0, by=ME, text="card ****")])
    )
    assert message.text == "card ****"
    assert [(each.author, each.text, each.evidence.proof) for each in message.contents] == [
        (ME, "card 4111", Proof.ACKNOWLEDGED), (ME, "card ****", Proof.ANNOUNCED),
    ]  # fmt: skip
