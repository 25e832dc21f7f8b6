"""Rules about giving receipts: once, forwards, answered and echoed."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator

from recorder.messaging import typenames
from recorder.messaging.events import Evidence, MessagePublished

from .findings import FINE, Look, Severity, broken, messages, unknowable
from .given_receipts import Act
from .observation import missing_answer, watched_since
from .session_index import Ground, Rule

_CLICK = "ACTION"
"""A click on something; may well be given again."""

_RUNGS = {"NACK": 0, "ACCEPT": 1, "READ": 2}

_Given = tuple[str, str | None, str, int]


def _key(act: Act, sequence: int) -> _Given:
    return (act.dialog_id, None if act.mine else act.participant or "", act.status, sequence)


def _one(sequences: tuple[int, ...]) -> int | None:
    return sequences[0] if len(sequences) == 1 else None


# --- once -----------------------------------------------------------------------------------------------


def _duplicate(ground: Ground) -> Iterator[Look]:
    given: dict[_Given, Act] = {}
    again = {id(act) for acts in _given_again(ground).values() for act in acts}
    for act in ground.acts:
        if act.status != _CLICK and id(act) not in again and not (act.refusal and not act.proven):
            yield _repeated(ground, act, given)
        if act.proven:
            for sequence in act.sequences:
                given.setdefault(_key(act, sequence), act)


def _repeated(ground: Ground, act: Act, given: dict[_Given, Act]) -> Look:
    repeated = tuple(sequence for sequence in act.sequences if _key(act, sequence) in given)
    if not repeated:
        return FINE
    earlier = given[_key(act, repeated[0])].first.frame
    who = ground.who(act.participant, mine=act.mine)
    says = f"{who} gave {act.status} for {messages(repeated)} again, after frame #{earlier}"
    unsure = act.may_be_a_replay or (act.participant is None and not act.mine)
    if unsure:
        says += "; or this is the same receipt, told again: it has neither number nor time"
    make = unknowable if unsure else broken
    return make(says, earlier, act.first.frame, dialog=act.dialog_id, sequence=_one(repeated))


def _given_again(ground: Ground) -> dict[int, list[Act]]:
    """Own receipts for what had been receipted before, by the subscription that brought it once more."""
    subscriptions = _subscriptions(ground)
    given: dict[_Given, Act] = {}
    again: defaultdict[int, list[Act]] = defaultdict(list)
    for act in ground.acts:
        if act.claim is not None and act.status in _RUNGS:
            brought = {
                _brought_by(ground, act, s, given.get(_key(act, s)), subscriptions) for s in act.sequences
            }
            for subscription in sorted(frame for frame in brought if frame is not None):
                again[subscription].append(act)
        if act.proven and act.mine:
            for sequence in act.sequences:
                given.setdefault(_key(act, sequence), act)
    return dict(again)


def _subscriptions(ground: Ground) -> list[int]:
    kinds = (typenames.SUBSCRIBE_MESSAGES, typenames.QUERY_MESSAGES)
    return sorted(frame for frame, request in ground.asked.items() if request.type in kinds)


def _brought_by(
    ground: Ground, act: Act, sequence: int, earlier: Act | None, subscriptions: list[int]
) -> int | None:
    """The subscription after which this message was heard again, and then receipted again."""
    if earlier is None or act.claim is None or earlier.first.frame >= act.claim.frame:
        return None
    heard = [f for f in ground.announced.get((act.dialog_id, sequence), ()) if f < act.claim.frame]
    if not heard or not (earlier.claim is None or earlier.first.frame < heard[-1]):
        return None
    place = bisect_left(subscriptions, heard[-1])
    return subscriptions[place - 1] if place else None


def _history(ground: Ground) -> Iterator[Look]:
    again = _given_again(ground)
    for subscription, acts in sorted(again.items()):
        named = {(act.dialog_id, sequence) for act in acts for sequence in act.sequences}
        statuses = " and ".join(sorted({act.status for act in acts}))
        says = (
            f"after the subscription in frame #{subscription}, {statuses} was given again for "
            f"{len(named)} message{'' if len(named) == 1 else 's'} of the history"
        )
        yield broken(says, subscription, *(act.first.frame for act in acts), dialog=acts[0].dialog_id)
    for subscription in _replaying(ground) - again.keys():
        yield FINE._replace(frames=(subscription,))


def _replaying(ground: Ground) -> set[int]:
    """The subscriptions that brought messages which had been heard before."""
    subscriptions = _subscriptions(ground)
    repeats = {frame for frames in ground.announced.values() for frame in frames[1:]}
    places = {bisect_left(subscriptions, frame) for frame in repeats}
    return {subscriptions[place - 1] for place in places if place}


# --- forwards -------------------------------------------------------------------------------------------


def _regressed(ground: Ground) -> Iterator[Look]:
    higher: defaultdict[tuple[str, str | None, int], list[Act]] = defaultdict(list)
    climbing = [act for act in ground.acts if act.status in _RUNGS and not (act.refusal and not act.proven)]
    for act in climbing:
        for sequence in act.sequences:
            if act.proven and _RUNGS[act.status]:
                higher[_person(act, sequence)].append(act)
    for act in climbing:
        yield _back(ground, act, higher)


def _person(act: Act, sequence: int) -> tuple[str, str | None, int]:
    return (act.dialog_id, None if act.mine else act.participant or "", sequence)


def _back(ground: Ground, act: Act, higher: dict[tuple[str, str | None, int], list[Act]]) -> Look:
    rung = _RUNGS[act.status]
    found = {
        sequence: other
        for sequence in act.sequences
        for other in higher.get(_person(act, sequence), ())
        if _RUNGS[other.status] > rung and _before(other, act)
    }
    if not found:
        return FINE
    named = tuple(found)
    other = found[named[0]]
    who = ground.who(act.participant, mine=act.mine)
    says = f"{who} gave {act.status} for {messages(named)} after {other.status} in frame #{other.first.frame}"
    return broken(says, other.first.frame, act.first.frame, dialog=act.dialog_id, sequence=_one(named))


def _before(one: Act, other: Act) -> bool:
    if one.number is not None and other.number is not None:
        return one.number < other.number
    return one.first.frame < other.first.frame


def _without_accept(ground: Ground) -> Iterator[Look]:
    accepts = [act for act in ground.acts if act.status == "ACCEPT"]
    accepted = {_person(act, sequence) for act in accepts if act.proven for sequence in act.sequences}
    tried = {_person(a, s): a for a in accepts if not (a.proven or a.refusal) for s in a.sequences}
    missing: defaultdict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    for act in ground.acts:
        if act.status != "READ" or not act.proven:
            continue
        for sequence in act.sequences:
            person = _person(act, sequence)
            message = ground.messages.get((act.dialog_id, sequence))
            if person in accepted:
                yield FINE
            elif person in tried or message is None or message.sent is None:
                yield _perhaps_accepted(ground, act, sequence, tried.get(person))
            else:
                who = ground.who(act.participant, mine=act.mine)
                missing[act.dialog_id, who].setdefault(sequence, act.first.frame)
    for (dialog_id, who), frames in missing.items():
        named = tuple(frames)
        says = f"{who} gave READ without ACCEPT for {messages(named)}; READ does not imply it"
        yield broken(says, *sorted(set(frames.values())), dialog=dialog_id, sequence=_one(named))


def _perhaps_accepted(ground: Ground, act: Act, sequence: int, tried: Act | None) -> Look:
    """A READ whose ACCEPT went out and was not answered, or may have been given before the recording."""
    who = ground.who(act.participant, mine=act.mine)
    says = f"whether {who} gave ACCEPT before READ for message {sequence} is not known: "
    frames = [act.first.frame]
    if tried is None:
        says += "the message is not in this recording"
    else:
        says += "one went out, and was not answered"
        frames.append(tried.first.frame)
    return unknowable(says, *frames, dialog=act.dialog_id, sequence=sequence)


# --- answered and echoed --------------------------------------------------------------------------------


def _refused(ground: Ground) -> Iterator[Look]:
    for act in ground.own_acts:
        if act.refusal is not None:
            says = f"{act.status} of {messages(act.sequences)} was answered with {act.refusal.code}"
            frames = (act.first.frame, act.refusal.evidence.frame)
            yield broken(says, *frames, dialog=act.dialog_id, sequence=_one(act.sequences))
        elif act.answer is not None:
            yield FINE


def _unanswered(ground: Ground) -> Iterator[Look]:
    for act in ground.own_acts:
        asked = act.claim or act.first
        if asked.frame in ground.answers:
            yield FINE
            continue
        look = missing_answer(ground, asked, f"{act.status} of {messages(act.sequences)}")
        yield look._replace(dialog=act.dialog_id, sequence=_one(act.sequences))


def _unechoed(ground: Ground) -> Iterator[Look]:
    echoing = {act.dialog_id for act in ground.own_acts if act.told} | _echoed_messages(ground)
    for act in ground.own_acts:
        if act.told:
            yield FINE
        elif act.answer is not None:
            look = _no_echo(ground, act, act.answer, echoing=act.dialog_id in echoing)
            yield look._replace(dialog=act.dialog_id, sequence=_one(act.sequences))


def _no_echo(ground: Ground, act: Act, answer: Evidence, *, echoing: bool) -> Look:
    what = f"{act.status} of {messages(act.sequences)} was answered, and no echo of it was seen"
    watched, why = watched_since(ground, answer, act.dialog_id)
    if not echoing:
        return unknowable(f"{what}; nothing of ours was echoed in this dialog", act.first.frame)
    if watched is None or watched < ground.limits.answer_patience_s:
        return unknowable(f"{what} until {why}", act.first.frame, answer.frame)
    return broken(f"{what}, though others were", act.first.frame, answer.frame)


def _echoed_messages(ground: Ground) -> set[str]:
    own = {(m.dialog_id, m.sequence) for m in ground.of(MessagePublished) if m.ask is not None}
    return {dialog_id for dialog_id, sequence in own if (dialog_id, sequence) in ground.announced}


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
        "finding for each participant and dialog. Not observable where the message is not in the recording "
        "(its ACCEPT may be older, too), and where our own ACCEPT was never answered.",
        _without_accept,
    ),
    Rule(
        "refused-receipt",
        Severity.ERROR,
        "The service takes every receipt",
        "Looks at the answers to our own receipts. One of 400 or more means that the receipt was not taken "
        "and proves nothing; nobody on the other side will see it. Receipts of others cannot be judged: "
        "their refusals are not shown to us.",
        _refused,
    ),
    Rule(
        "unanswered-receipt",
        Severity.WARNING,
        "Every receipt is answered",
        "Looks for an answer to each of our own receipts. Not observable where connection or recording ended "
        "within 10 s of the request: whether the service took it is then unknowable. Where an echo came "
        "instead, the receipt is proven all the same.",
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
