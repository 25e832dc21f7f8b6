"""Rules about the receipts of one participant: repeated, going backwards, refused, unanswered, not echoed."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator

from recorder.messaging.events import Evidence, MessagePublished
from recorder.receipts.state import Giver

from .findings import SATISFIED, Observation, Severity, messages, not_observable, refused, violated
from .given_receipts import GivenReceipt
from .observation import about, missing_answer, watched_since
from .session_index import Rule, SessionIndex

_CLICK = "ACTION"
"""A click on something; may well be given again."""

_STATUS_RANK = {"NACK": 0, "ACCEPT": 1, "READ": 2}

_ReceiptKey = tuple[str, Giver, int, str]


def _key(receipt: GivenReceipt, sequence: int) -> _ReceiptKey:
    return (*_person(receipt, sequence), receipt.status)


def _one(sequences: tuple[int, ...]) -> int | None:
    return sequences[0] if len(sequences) == 1 else None


# --- once -----------------------------------------------------------------------------------------------


def _duplicate(session: SessionIndex) -> Iterator[Observation]:
    given: dict[_ReceiptKey, GivenReceipt] = {}
    again = {id(receipt) for receipts in _given_again(session).values() for receipt in receipts}
    for receipt in session.given_receipts:
        if (
            receipt.status != _CLICK
            and id(receipt) not in again
            and not (receipt.refusal and not receipt.proven)
        ):
            yield _repeated(session, receipt, given)
        if receipt.proven:
            for sequence in receipt.sequences:
                given.setdefault(_key(receipt, sequence), receipt)


def _repeated(
    session: SessionIndex, receipt: GivenReceipt, given: dict[_ReceiptKey, GivenReceipt]
) -> Observation:
    repeated = tuple(sequence for sequence in receipt.sequences if _key(receipt, sequence) in given)
    if not repeated:
        return SATISFIED
    earlier = given[_key(receipt, repeated[0])].first.frame
    who = session.giver(receipt)
    sentence = f"{who} gave {receipt.status} for {messages(repeated)} again, after frame #{earlier}"
    unsure = receipt.may_be_a_replay or (receipt.participant is None and not receipt.mine)
    if unsure:
        sentence += "; or this is the same receipt, told again: it has neither number nor time"
    outcome = not_observable if unsure else violated
    return about(outcome, receipt, repeated, sentence, earlier, receipt.first.frame)


def _given_again(session: SessionIndex) -> dict[int, list[GivenReceipt]]:
    """Own receipts repeated after a replay, by the frame of the subscription that caused the replay."""
    subscriptions = session.subscription_frames
    given: dict[_ReceiptKey, GivenReceipt] = {}
    again: defaultdict[int, list[GivenReceipt]] = defaultdict(list)
    for receipt in session.given_receipts:
        if receipt.claim is not None and receipt.status in _STATUS_RANK:
            brought = {
                _brought_by(session, receipt, s, given.get(_key(receipt, s)), subscriptions)
                for s in receipt.sequences
            }
            for subscription in sorted(frame for frame in brought if frame is not None):
                again[subscription].append(receipt)
        if receipt.proven and receipt.mine:
            for sequence in receipt.sequences:
                given.setdefault(_key(receipt, sequence), receipt)
    return dict(again)


def _brought_by(
    session: SessionIndex,
    receipt: GivenReceipt,
    sequence: int,
    earlier: GivenReceipt | None,
    subscriptions: list[int],
) -> int | None:
    """Frame of the subscription that replayed the message before this second receipt; None if none did."""
    if earlier is None or receipt.claim is None or earlier.first.frame >= receipt.claim.frame:
        return None
    announced = [
        f for f in session.announced.get((receipt.dialog_id, sequence), ()) if f < receipt.claim.frame
    ]
    if not announced or not (earlier.claim is None or earlier.first.frame < announced[-1]):
        return None
    place = bisect_left(subscriptions, announced[-1])
    return subscriptions[place - 1] if place else None


def _history(session: SessionIndex) -> Iterator[Observation]:
    again = _given_again(session)
    for subscription, receipts in sorted(again.items()):
        named = {(receipt.dialog_id, sequence) for receipt in receipts for sequence in receipt.sequences}
        statuses = " and ".join(sorted({receipt.status for receipt in receipts}))
        sentence = (
            f"after the subscription in frame #{subscription}, {statuses} was given again for "
            f"{len(named)} message{'' if len(named) == 1 else 's'} of the history"
        )
        yield violated(
            sentence,
            subscription,
            *(receipt.first.frame for receipt in receipts),
            dialog=receipts[0].dialog_id,
        )
    for subscription in _replaying(session) - again.keys():
        yield SATISFIED._replace(frames=(subscription,))


def _replaying(session: SessionIndex) -> set[int]:
    """Frames of the subscriptions whose history repeated messages that had been announced before."""
    subscriptions = session.subscription_frames
    repeats = {frame for frames in session.announced.values() for frame in frames[1:]}
    places = {bisect_left(subscriptions, frame) for frame in repeats}
    return {subscriptions[place - 1] for place in places if place}


# --- forwards -------------------------------------------------------------------------------------------


def _regressed(session: SessionIndex) -> Iterator[Observation]:
    higher: defaultdict[tuple[str, Giver, int], list[GivenReceipt]] = defaultdict(list)
    ranked = [
        receipt
        for receipt in session.given_receipts
        if receipt.status in _STATUS_RANK and not (receipt.refusal and not receipt.proven)
    ]
    for receipt in ranked:
        for sequence in receipt.sequences:
            if receipt.proven and _STATUS_RANK[receipt.status]:
                higher[_person(receipt, sequence)].append(receipt)
    for receipt in ranked:
        yield _back(session, receipt, higher)


def _person(receipt: GivenReceipt, sequence: int) -> tuple[str, Giver, int]:
    return (receipt.dialog_id, receipt.giver, sequence)


def _back(
    session: SessionIndex,
    receipt: GivenReceipt,
    higher: dict[tuple[str, Giver, int], list[GivenReceipt]],
) -> Observation:
    rank = _STATUS_RANK[receipt.status]
    found = {
        sequence: other
        for sequence in receipt.sequences
        for other in higher.get(_person(receipt, sequence), ())
        if _STATUS_RANK[other.status] > rank and _before(other, receipt)
    }
    if not found:
        return SATISFIED
    named = tuple(found)
    other = found[named[0]]
    who = session.giver(receipt)
    higher_one = f"{other.status} in frame #{other.first.frame}"
    sentence = f"{who} gave {receipt.status} for {messages(named)} after {higher_one}"
    return about(violated, receipt, named, sentence, other.first.frame, receipt.first.frame)


def _before(one: GivenReceipt, other: GivenReceipt) -> bool:
    if one.number is not None and other.number is not None:
        return one.number < other.number
    return one.first.frame < other.first.frame


def _without_accept(session: SessionIndex) -> Iterator[Observation]:
    accepts = [receipt for receipt in session.given_receipts if receipt.status == "ACCEPT"]
    accepted = {
        _person(receipt, sequence) for receipt in accepts if receipt.proven for sequence in receipt.sequences
    }
    tried = {_person(a, s): a for a in accepts if not (a.proven or a.refusal) for s in a.sequences}
    missing: defaultdict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    for receipt in session.given_receipts:
        if receipt.status != "READ" or not receipt.proven:
            continue
        for sequence in receipt.sequences:
            person = _person(receipt, sequence)
            message = session.messages.get((receipt.dialog_id, sequence))
            if person in accepted:
                yield SATISFIED
            elif person in tried or message is None or message.sent is None or message.sent.snapshot:
                yield _perhaps_accepted(session, receipt, sequence, tried.get(person))
            else:
                who = session.giver(receipt)
                missing[receipt.dialog_id, who].setdefault(sequence, receipt.first.frame)
    for (dialog_id, who), frames in missing.items():
        named = tuple(frames)
        sentence = f"{who} gave READ without ACCEPT for {messages(named)}; READ does not imply it"
        yield violated(sentence, *sorted(set(frames.values())), dialog=dialog_id, sequence=_one(named))


def _perhaps_accepted(
    session: SessionIndex, receipt: GivenReceipt, sequence: int, tried: GivenReceipt | None
) -> Observation:
    """A READ whose ACCEPT went out and was not answered, or may have been given before the recording."""
    who = session.giver(receipt)
    sentence = f"whether {who} gave ACCEPT before READ for message {sequence} is not known: "
    frames = [receipt.first.frame]
    if tried is None:
        sentence += "when the message came is not in this recording"
    else:
        sentence += "one went out, and was not answered"
        frames.append(tried.first.frame)
    return about(not_observable, receipt, (sequence,), sentence, *frames)


# --- answered and echoed --------------------------------------------------------------------------------


def _refused(session: SessionIndex) -> Iterator[Observation]:
    for receipt in session.own_receipts:
        if receipt.refusal is not None:
            answer = refused(receipt.refusal.code, receipt.refusal.reason)
            sentence = f"{receipt.status} of {messages(receipt.sequences)} {answer}"
            frames = (receipt.first.frame, receipt.refusal.evidence.frame)
            yield about(violated, receipt, receipt.sequences, sentence, *frames)
        elif receipt.answer is not None:
            yield SATISFIED


def _unanswered(session: SessionIndex) -> Iterator[Observation]:
    for receipt in session.own_receipts:
        asked = receipt.claim or receipt.first
        if asked.frame in session.answers:
            yield SATISFIED
            continue
        observation = missing_answer(session, asked, f"{receipt.status} of {messages(receipt.sequences)}")
        yield observation._replace(dialog=receipt.dialog_id, sequence=_one(receipt.sequences))


def _unechoed(session: SessionIndex) -> Iterator[Observation]:
    echoing = {
        receipt.dialog_id for receipt in session.own_receipts if receipt.announcements
    } | _echoed_messages(session)
    for receipt in session.own_receipts:
        if receipt.announcements:
            yield SATISFIED
        elif receipt.answer is not None:
            yield _no_echo(session, receipt, receipt.answer, echoing=receipt.dialog_id in echoing)


def _no_echo(session: SessionIndex, receipt: GivenReceipt, answer: Evidence, *, echoing: bool) -> Observation:
    what = f"{receipt.status} of {messages(receipt.sequences)} was answered, and no echo of it was seen"
    watched, why = watched_since(session, answer, receipt.dialog_id)
    frames = (receipt.first.frame, answer.frame)
    if not echoing:
        sentence = f"{what}; nothing of ours was echoed in this dialog"
        return about(not_observable, receipt, receipt.sequences, sentence)
    if watched is None or watched < session.limits.answer_patience_s:
        return about(not_observable, receipt, receipt.sequences, f"{what} until {why}", *frames)
    return about(violated, receipt, receipt.sequences, f"{what}, though others were", *frames)


def _echoed_messages(session: SessionIndex) -> set[str]:
    own = {(m.dialog_id, m.sequence) for m in session.of(MessagePublished) if m.request_frame is not None}
    return {dialog_id for dialog_id, sequence in own if (dialog_id, sequence) in session.announced}


RULES = (
    Rule(
        "duplicate-receipt",
        Severity.WARNING,
        "Nobody gives the same receipt twice",
        "Looks for a second receipt with the same author, status and message. The earliest counts for the "
        "state; the effect of the second is not published. A replay of the history is no duplicate: it "
        "carries the same number or the same time of the service's. Where it has neither, the recording "
        "cannot tell. A receipt that was refused, or never answered nor echoed, may be given again, and a "
        "click (ACTION) too. What is given again after resubscribing is told by history-read-again.",
        _duplicate,
    ),
    Rule(
        "history-read-again",
        Severity.WARNING,
        "Subscribing again does not give old receipts again",
        "After a reconnect a client subscribes and gets the history; one that answers every message it hears "
        "gives all receipts once more. Looks for own receipts on messages that came again after a "
        "SubscribeMessagingEvents or QueryMessages and had the same receipt before. One finding for each "
        "subscription.",
        _history,
    ),
    Rule(
        "regressed-receipt",
        Severity.WARNING,
        "Receipts of one participant only climb",
        "Looks for ACCEPT after READ, and NACK after either, by one participant for one message. Their own "
        "numbers tell the order where both are known, else the order in which they were heard. The status "
        "of the message does not go back.",
        _regressed,
    ),
    Rule(
        "read-without-accept",
        Severity.INFO,
        "Who reads a message has accepted it before",
        "Looks for participants with READ but no ACCEPT for a message. The protocol allows it and many "
        "agents and bots do it; a window that draws its second tick on ACCEPT alone then never draws it. One "
        "finding for each participant and dialog. Not observable where no event brings the message "
        "(its ACCEPT may be older, too), and where your own ACCEPT was never answered.",
        _without_accept,
    ),
    Rule(
        "refused-receipt",
        Severity.ERROR,
        "The service takes every receipt",
        "Looks at the answers to your own receipts. One of 400 or more means that the receipt was not taken "
        "and proves nothing; nobody on the other side will see it. Receipts of others cannot be judged: "
        "their refusals are not shown to you.",
        _refused,
    ),
    Rule(
        "unanswered-receipt",
        Severity.WARNING,
        "Every receipt is answered",
        "Looks for an answer to each of your own receipts. Not observable where connection or recording "
        "ended within 10 s of the request: whether the service took it is then unknowable. Where an echo "
        "came instead, the receipt is proven all the same.",
        _unanswered,
    ),
    Rule(
        "unechoed-receipt",
        Severity.INFO,
        "Every receipt of ours comes back as a notification",
        "Looks for the echo of each own receipt that was answered with 2xx. An echo is not promised without "
        "a subscription, so it is only missed where something else of ours was echoed in the same dialog, "
        "and where at least 10 s were left for it to come.",
        _unechoed,
    ),
)  # fmt: skip
