"""Rules about the receipts of one participant: repeated, going backwards, refused, unanswered, not echoed."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

from recorder.messaging.events import Evidence
from recorder.receipts.echoes import MessageKey

from .dependencies import Kind
from .findings import (
    FRAMES_SHOWN,
    LISTED,
    SATISFIED,
    Observation,
    Placeholder,
    Severity,
    messages,
    not_observable,
    refused,
    violated,
)
from .given_receipts import GivenReceipt
from .groups import Group, Part
from .observation import about, missing_answer, watched_since
from .receipt_index import Person
from .rule import Rule
from .session_index import SessionIndex

_CLICK = "ACTION"
"""A click on something; may well be given again."""

_STATUS_RANK = {"NACK": 0, "ACCEPT": 1, "READ": 2}


def _one(sequences: Sequence[int], count: int) -> int | None:
    return sequences[0] if count == 1 else None


# --- once -----------------------------------------------------------------------------------------------


def _duplicate(session: SessionIndex, receipt: GivenReceipt) -> Iterator[Observation]:
    refused_only = receipt.refusal is not None and not receipt.proven
    if receipt.status != _CLICK and not refused_only and not _brought(session, receipt):
        yield _repeated(session, receipt)


def _repeated(session: SessionIndex, receipt: GivenReceipt) -> Observation:
    given = {s: other for s in receipt.sequences if (other := _earlier(session, receipt, s)) is not None}
    repeated = tuple(sequence for sequence in receipt.sequences if sequence in given)
    if not repeated:
        return SATISFIED
    earlier = given[repeated[0]].first.frame
    who = session.giver(receipt)
    sentence = f"{who} gave {receipt.status} for {messages(repeated)} again, after frame #{earlier}"
    unsure = receipt.may_be_a_replay or (receipt.participant is None and not receipt.mine)
    if unsure:
        sentence += "; or this is the same receipt, told again: it has neither number nor time"
    outcome = not_observable if unsure else violated
    return about(outcome, receipt, repeated, sentence, earlier, receipt.first.frame)


def _earlier(
    session: SessionIndex, receipt: GivenReceipt, sequence: int, *, mine: bool = False
) -> GivenReceipt | None:
    """The first receipt that says the same and was taken before this one; ``mine``: the first of our own."""
    for other in session.receipts.of(_person(receipt, sequence), receipt.status):
        if other.place >= receipt.place:
            break
        if other.proven and (other.mine or not mine):
            return other
    return None


def _brought(session: SessionIndex, receipt: GivenReceipt) -> list[int]:
    """Frames of the subscriptions that replayed messages before this receipt gave theirs again."""
    if receipt.claim is None or receipt.status not in _STATUS_RANK:
        return []
    brought = {_brought_by(session, receipt, receipt.claim, sequence) for sequence in receipt.sequences}
    return sorted(frame for frame in brought if frame is not None)


def _brought_by(session: SessionIndex, receipt: GivenReceipt, claim: Evidence, sequence: int) -> int | None:
    """Frame of the subscription that replayed the message before this second receipt; None if none did."""
    earlier = _earlier(session, receipt, sequence, mine=True)
    if earlier is None or earlier.first.frame >= claim.frame:
        return None
    announced = [f for f in session.announced.get((receipt.dialog_id, sequence)) or () if f < claim.frame]
    if not announced or not (earlier.claim is None or earlier.first.frame < announced[-1]):
        return None
    return session.subscription_before(announced[-1])


def _history(session: SessionIndex, receipt: GivenReceipt) -> Iterator[Part]:
    for subscription in _brought(session, receipt):
        yield Part(
            subscription,
            (0, receipt.place),
            (receipt.first.frame,),
            receipt.dialog_id,
            names=tuple(("message", (receipt.dialog_id, sequence)) for sequence in receipt.sequences),
            words=(receipt.status,),
        )


def _replayed(session: SessionIndex, key: MessageKey) -> Iterator[Part]:
    """The subscriptions whose history repeated a message that had been announced before."""
    for frame in (session.announced.get(key) or ())[1:]:
        subscription = session.subscription_before(frame)
        if subscription is not None:
            yield Part(subscription, (1, *key, frame))


def _read_again(session: SessionIndex, subscription: Hashable, group: Group) -> Iterator[Observation]:
    named = group.named("message")
    if not named:
        yield SATISFIED
        return
    sentence = (
        f"after the subscription in frame #{subscription}, {' and '.join(group.words)} was given again for "
        f"{named} message{'' if named == 1 else 's'} of the history"
    )
    frames = (int(str(subscription)), *group.frames(FRAMES_SHOWN))
    yield violated(sentence, *frames, dialog=group.first(1)[0])


# --- forwards -------------------------------------------------------------------------------------------


def _regressed(session: SessionIndex, receipt: GivenReceipt) -> Iterator[Observation]:
    if receipt.status in _STATUS_RANK and not (receipt.refusal and not receipt.proven):
        yield _back(session, receipt)


def _person(receipt: GivenReceipt, sequence: int) -> Person:
    return (receipt.dialog_id, receipt.giver, sequence)


_HIGHER = {"NACK": ("ACCEPT", "READ"), "ACCEPT": ("READ",), "READ": ()}


def _back(session: SessionIndex, receipt: GivenReceipt) -> Observation:
    found = {
        sequence: other
        for sequence in receipt.sequences
        for other in _higher(session, receipt, sequence)
        if other.proven and _before(other, receipt)
    }
    if not found:
        return SATISFIED
    named = tuple(found)
    other = found[named[0]]
    who = session.giver(receipt)
    higher_one = f"{other.status} in frame #{other.first.frame}"
    sentence = f"{who} gave {receipt.status} for {messages(named)} after {higher_one}"
    return about(violated, receipt, named, sentence, other.first.frame, receipt.first.frame)


def _higher(session: SessionIndex, receipt: GivenReceipt, sequence: int) -> list[GivenReceipt]:
    """The receipts of a higher status by the same participant for a message, in their order."""
    person = _person(receipt, sequence)
    found = [each for status in _HIGHER[receipt.status] for each in session.receipts.of(person, status)]
    return sorted(found, key=lambda each: each.place)


def _before(one: GivenReceipt, other: GivenReceipt) -> bool:
    if one.number is not None and other.number is not None:
        return one.number < other.number
    return one.first.frame < other.first.frame


def _without_accept(session: SessionIndex, receipt: GivenReceipt) -> Iterator[Observation | Part]:
    if receipt.status != "READ" or not receipt.proven:
        return
    for place, sequence in enumerate(receipt.sequences):
        accepts = session.receipts.of(_person(receipt, sequence), "ACCEPT")
        tried = [each for each in accepts if not (each.proven or each.refusal)]
        message = session.message(receipt.dialog_id, sequence)
        if any(each.proven for each in accepts):
            yield SATISFIED
        elif tried or message is None or message.sent is None or message.sent.snapshot:
            yield _perhaps_accepted(session, receipt, sequence, tried[-1] if tried else None)
        else:
            frame, who = receipt.first.frame, session.giver(receipt)
            group = (receipt.dialog_id, who)
            yield Part(group, (receipt.place, place), (frame,), sequence, unique=sequence)


def _never_accepted(session: SessionIndex, group: Any, parts: Group) -> Iterator[Observation]:
    dialog_id, who = group
    named, count = parts.first(LISTED), len(parts)
    sentence = f"{who} gave READ without ACCEPT for {messages(named, count)}; READ does not imply it"
    yield violated(sentence, *parts.frames(FRAMES_SHOWN), dialog=dialog_id, sequence=_one(named, count))


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


def _refused(session: SessionIndex, receipt: GivenReceipt) -> Iterator[Observation]:
    if receipt.claim is None:
        return
    if receipt.refusal is not None:
        answer = refused(receipt.refusal.code, receipt.refusal.reason)
        sentence = f"{receipt.status} of {messages(receipt.sequences)} {answer}"
        frames = (receipt.first.frame, receipt.refusal.evidence.frame)
        yield about(violated, receipt, receipt.sequences, sentence, *frames)
    elif receipt.answer is not None:
        yield SATISFIED


def _unanswered(session: SessionIndex, receipt: GivenReceipt) -> Iterator[Observation]:
    asked = receipt.claim
    if asked is None:
        return
    if asked.frame in session.answers:
        yield SATISFIED
        return
    observation = missing_answer(session, asked, f"{receipt.status} of {messages(receipt.sequences)}")
    only = _one(receipt.sequences, len(receipt.sequences))
    yield observation._replace(dialog=receipt.dialog_id, sequence=only)


def _unechoed(session: SessionIndex, receipt: GivenReceipt) -> Iterator[Observation]:
    if receipt.claim is None:
        return
    if receipt.announcements:
        yield SATISFIED
    elif receipt.answer is not None:
        yield _no_echo(session, receipt, receipt.answer)


def _no_echo(session: SessionIndex, receipt: GivenReceipt, answer: Evidence) -> Observation:
    dialog_id, patience_s = receipt.dialog_id, session.limits.answer_patience_s
    what = f"{receipt.status} of {messages(receipt.sequences)} was answered, and no echo of it was seen"
    if dialog_id not in session.receipts.echoing and dialog_id not in session.echoed_messages:
        sentence = f"{what}; nothing of ours was echoed in this dialog"
        return about(not_observable, receipt, receipt.sequences, sentence)
    watched = watched_since(session, answer, dialog_id, patience_s)
    frames = (receipt.first.frame, answer.frame)
    if watched.seconds is None or watched.seconds < patience_s:
        until = watched.sentence(f"{what} until ", Placeholder.END)
        return about(not_observable, receipt, receipt.sequences, until, *frames)
    return about(violated, receipt, receipt.sequences, f"{what}, though others were", *frames)


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
        looks=((Kind.RECEIPT, _duplicate),),
    ),
    Rule(
        "history-read-again",
        Severity.WARNING,
        "Subscribing again does not give old receipts again",
        "After a reconnect a client subscribes and gets the history; one that answers every message it hears "
        "gives all receipts once more. Looks for own receipts on messages that came again after a "
        "SubscribeMessagingEvents or QueryMessages and had the same receipt before. One finding for each "
        "subscription.",
        looks=((Kind.RECEIPT, _history), (Kind.NUMBER, _replayed)),
        together=_read_again,
    ),
    Rule(
        "regressed-receipt",
        Severity.WARNING,
        "Receipts of one participant only climb",
        "Looks for ACCEPT after READ, and NACK after either, by one participant for one message. Their own "
        "numbers tell the order where both are known, else the order in which they were heard. The status "
        "of the message does not go back.",
        looks=((Kind.RECEIPT, _regressed),),
    ),
    Rule(
        "read-without-accept",
        Severity.INFO,
        "Who reads a message has accepted it before",
        "Looks for participants with READ but no ACCEPT for a message. The protocol allows it and many "
        "agents and bots do it; a window that draws its second tick on ACCEPT alone then never draws it. One "
        "finding for each participant and dialog. Not observable where no event brings the message "
        "(its ACCEPT may be older, too), and where your own ACCEPT was never answered.",
        looks=((Kind.RECEIPT, _without_accept),),
        together=_never_accepted,
    ),
    Rule(
        "refused-receipt",
        Severity.ERROR,
        "The service takes every receipt",
        "Looks at the answers to your own receipts. One of 400 or more means that the receipt was not taken "
        "and proves nothing; nobody on the other side will see it. Receipts of others cannot be judged: "
        "their refusals are not shown to you.",
        looks=((Kind.RECEIPT, _refused),),
    ),
    Rule(
        "unanswered-receipt",
        Severity.WARNING,
        "Every receipt is answered",
        "Looks for an answer to each of your own receipts. Not observable where connection or recording "
        "ended within 10 s of the request: whether the service took it is then unknowable. Where an echo "
        "came instead, the receipt is proven all the same.",
        looks=((Kind.RECEIPT, _unanswered),),
    ),
    Rule(
        "unechoed-receipt",
        Severity.INFO,
        "Every receipt of ours comes back as a notification",
        "Looks for the echo of each own receipt that was answered with 2xx. An echo is not promised without "
        "a subscription, so it is only missed where something else of ours was echoed in the same dialog, "
        "and where at least 10 s were left for it to come.",
        looks=((Kind.RECEIPT, _unechoed),),
    ),
)  # fmt: skip
