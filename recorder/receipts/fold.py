"""Fold events into a transcript: the heart of the house. Read this first.

The rules, all of which the property tests hold:

* A fact is kept with its *strongest* proof, and among equals with the *earliest* frame. "Strongest, then
  earliest" is the maximum of a total order, and a maximum does not care in which order, or how often, it
  is shown its candidates. Every line below is such a maximum, or a union of sets.
* So hearing a fact twice, late, or in another order changes nothing, and a session may be folded in pieces.
* Nothing is a watermark: READ of message 8 says nothing of 7, and READ does not set ACCEPT.
* Nothing crosses dialogs: sequences restart at 0 in each.
* A chat state touches no message, whatever number its answer carries.
* A receipt may come before its message: it is kept, and attached when the message turns up.

What is told of one dialog is folded together, many events at a time: a session jumps from dialog to dialog,
and all that is known of one would have to be fetched anew for every frame. Since no order changes anything,
this changes nothing but the time: it takes two thirds.

``apply`` owns the transcript it is given: it changes it and returns it. Copying would make the fold of a
session quadratic; whoever needs the state as of a moment folds up to that moment.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, islice
from operator import itemgetter
from typing import Any

from recorder.messaging.events import (
    ChatStateReported,
    ConversationChanged,
    ConversationOpened,
    Event,
    Evidence,
    Identified,
    MessagePublished,
    OddityNoticed,
    Proof,
    PublishAsked,
    PublishLost,
    PublishRefused,
    ReceiptRefused,
    ReceiptReported,
    RequestAnswered,
    RequestAsked,
    check_layout,
)

from .people import roles_in
from .register import NOTES, Named, Register, Told
from .state import Ask, Own, OwnReceipt, ReceiptKey, Transcript

# ``_tell`` reads fields by position.
check_layout(MessagePublished, "dialog_id sequence conversation_id author role mine type text ask evidence")
check_layout(ReceiptReported, "dialog_id sequences participant role mine status own_sequence ask evidence")
check_layout(Evidence, "proof frame connection at_us offset_us server_ms")

_LATEST_MS = 1 << 63
_NEVER = 1 << 63
_ACKNOWLEDGED = Proof.ACKNOWLEDGED
_EVIDENCE_OF = itemgetter(-1)
AT_ONCE = 1 << 21
"""Events sorted by dialog before they are folded: what repeats itself is held no longer than that."""


def fold(
    events: Iterable[Event],
    transcript: Transcript | None = None,
    *,
    register: Register | None = None,
    at_once: int = AT_ONCE,
    held: list[Event] | None = None,
    untold: dict[str, list[Told]] | None = None,
) -> Transcript:
    """Apply all events to ``transcript`` (a new one by default), which is changed and returned.

    ``register`` takes note of them too. ``events`` are taken before they are applied, ``at_once`` at a time:
    fewer where they are waited for, since what has come may be folded meanwhile.

    ``held`` gets the first ``at_once`` of them, in their order. Whoever lets go of the transcript, and only
    then of this list, frees events in the order in which they lie in memory: with a million of them that
    takes about half the time.

    ``untold`` gets what the last ``at_once`` tell of messages, by dialog, and it is not applied: who wants
    one dialog after the other calls ``tell`` for each, and goes on with it while it is in the processor's
    cache.
    """
    transcript = Transcript() if transcript is None else transcript
    coming = iter(events)
    for first in coming:
        some: Iterable[Event] = chain((first,), islice(coming, at_once - 1))
        if held is not None and not held:
            held.extend(some)
            some = held
        if untold is not None:
            _tell_all(untold, transcript, register)
        told = _sort_out(some, transcript, register)
        if untold is None:
            _tell_all(told, transcript, register)
        else:
            untold.update(told)
    return transcript


def _sort_out(
    events: Iterable[Event], transcript: Transcript, register: Register | None
) -> dict[str, list[Told]]:
    """Apply all but what is told of messages; that, by dialog."""
    by_dialog: defaultdict[str, list[Told]] = defaultdict(list)
    for event in events:
        kind = type(event)
        if kind is ReceiptReported or kind is MessagePublished:
            by_dialog[event[0]].append(event)  # type: ignore[arg-type, index]  # mypy does not narrow by this
            continue
        if register is not None and kind in NOTES:
            NOTES[kind](register, event)
        if RULES[kind] is not _tells_nothing:
            RULES[kind](transcript, event)
    return by_dialog


def _tell_all(by_dialog: dict[str, list[Told]], transcript: Transcript, register: Register | None) -> None:
    for dialog_id in list(by_dialog):
        tell(transcript, dialog_id, by_dialog.pop(dialog_id), register)  # to be let go while it is at hand


def tell(
    transcript: Transcript, dialog_id: str, told: Sequence[Told], register: Register | None = None
) -> None:
    """Apply what is told of the messages of one dialog."""
    if not told:
        return
    _fetch(told)
    named = _tell(transcript, dialog_id, told)
    if register is not None:
        register.note_told(dialog_id, named)


def _fetch(told: Sequence[Told]) -> None:
    """Have the processor bring the events into its cache, many at a time; else it waits for each by itself.

    They were made as the frames came, and lie all over the memory. To take all of their fields out of them
    once, in two loops of the interpreter's own, takes a quarter off all that is done with them next.
    """
    for fields in (zip(*map(_EVIDENCE_OF, told), strict=False), zip(*told, strict=False)):
        deque(fields, maxlen=0)


def apply(transcript: Transcript, event: Event) -> Transcript:
    """Apply one event. Changes ``transcript`` and returns it."""
    RULES[type(event)](transcript, event)
    return transcript


def stronger(one: Evidence, other: Evidence) -> bool:
    """Whether ``one`` is the better proof: stronger, else the earlier frame, else earlier by their clock."""
    if one.proof is not other.proof:
        return one.proof > other.proof
    if one.frame != other.frame:
        return one.frame < other.frame
    return _server_order(one) < _server_order(other)


def _server_order(evidence: Evidence) -> int:
    return _LATEST_MS if evidence.server_ms is None else evidence.server_ms


# --- messages -------------------------------------------------------------------------------------------


def _tell(transcript: Transcript, dialog_id: str, told: Iterable[Told]) -> Named:
    """Apply what was told of one dialog, at least one event, and tell whom and what these name.

    One loop for all of it: a call for each would cost as much again.
    """
    published, given = transcript.published.get(dialog_id), transcript.receipts.get(dialog_id)
    first_frame, last_frame, conversation_frame, conversation_id = _NEVER, -1, _NEVER, None
    people: dict[str, list[Any]] = {}
    for event in told:
        if type(event) is MessagePublished:
            _, sequence, conversation, who, role, mine, _, _, ask, evidence = event
            frame = evidence[1]
            if conversation is not None and frame < conversation_frame:
                conversation_frame, conversation_id = frame, conversation
            if published is None:
                published = transcript.published[dialog_id] = {}
            message = published.setdefault(sequence, event)
            if message is not event and tells_better(event, message):
                published[sequence] = event
            if mine or ask is not None:
                _on_own_message(transcript, event)
        else:
            _, sequences, who, role, mine, status, _, _, evidence = event
            frame = evidence[1]
            if mine:
                _on_own_receipt(transcript, event)
            if evidence[0] < _ACKNOWLEDGED or not sequences:
                role = None  # nothing is proven, so nobody's role is
            else:
                if given is None:
                    given = transcript.receipts[dialog_id] = {}
                proofs = given.get((who, status))  # type: ignore[call-overload]  # equal to its ReceiptKey, and cheaper
                if proofs is None:
                    proofs = given[ReceiptKey(who, status)] = {}
                for sequence in sequences:
                    known = proofs.setdefault(sequence, event)
                    if known is event or (known[8][1] < frame and known[8][0] is evidence[0]):
                        continue  # nothing new, or the usual repetition
                    if proves_better(event, known):
                        proofs[sequence] = event
        if frame > last_frame:
            last_frame = frame
        if frame < first_frame:
            first_frame = frame
        if who is not None:
            person = people.get(who)
            if person is None:
                person = people[who] = [frame, -1, ""]
            elif frame < person[0]:
                person[0] = frame
            if role is not None and (frame > person[1] or (frame == person[1] and role > person[2])):
                person[1], person[2] = frame, role
    for who, (_, frame, role) in people.items():
        if frame >= 0:
            _told_role(transcript.roles, who, role, frame)
    return Named(first_frame, last_frame, conversation_id, conversation_frame, people)


def _own(transcript: Transcript, dialog_id: str, sequence: int) -> Own:
    dialog = transcript.own.get(dialog_id)
    if dialog is None:
        dialog = transcript.own[dialog_id] = {}
    own = dialog.get(sequence)
    if own is None:
        own = dialog[sequence] = Own()
    return own


def _ask(transcript: Transcript, frame: int) -> Ask:
    ask = transcript.asks.get(frame)
    if ask is None:
        ask = transcript.asks[frame] = Ask()
    return ask


def _on_told(transcript: Transcript, event: Told) -> None:
    _tell(transcript, event.dialog_id, (event,))


def _on_own_message(transcript: Transcript, event: MessagePublished) -> None:
    own = _own(transcript, event.dialog_id, event.sequence)
    own.mine = own.mine or event.mine
    if event.ask is not None:
        own.ask = event.ask if own.ask is None else min(own.ask, event.ask)
        _answered(_ask(transcript, event.ask), event)


def tells_better(new: MessagePublished, known: MessagePublished) -> bool:
    """Whether ``new`` is to stand for a message instead of ``known``."""
    if stronger(new.evidence, known.evidence):
        return True
    if stronger(known.evidence, new.evidence):
        return False
    # One frame told the same sequence twice: any total order will do, as long as it is one.
    return _content(new) < _content(known)


def _content(told: MessagePublished) -> tuple[str, str, str, str, str]:
    return (told.author or "", told.role or "", told.type or "", told.text or "", repr(told))


def _answered(ask: Ask, event: MessagePublished) -> None:
    new, known = (event.evidence, event.dialog_id, event.sequence), ask.answered
    # One frame that answers the same twice: any total order will do, as long as it is one.
    if (
        known is None
        or stronger(new[0], known[0])
        or (not stronger(known[0], new[0]) and new[1:] < known[1:])
    ):
        ask.answered = new


def _on_asked(transcript: Transcript, event: PublishAsked) -> None:
    ask = _ask(transcript, event.evidence.frame)
    ask.asked = event.evidence
    ask.dialog_id, ask.type, ask.text, ask.author = event.dialog_id, event.type, event.text, event.author


def _on_refused(transcript: Transcript, event: PublishRefused) -> None:
    ask = _ask(transcript, event.ask)
    if ask.refused is None or stronger(event.evidence, ask.refused[0]):
        ask.refused = (event.evidence, event.code)


def _on_lost(transcript: Transcript, event: PublishLost) -> None:
    _ask(transcript, event.ask).lost = True


# --- receipts -------------------------------------------------------------------------------------------


def proves_better(new: ReceiptReported, known: ReceiptReported) -> bool:
    """Whether ``new`` is to stand for a receipt instead of ``known``."""
    if stronger(new.evidence, known.evidence):
        return True
    if stronger(known.evidence, new.evidence):
        return False
    return (new.role or "", repr(new)) < (known.role or "", repr(known))


def _on_own_receipt(transcript: Transcript, event: ReceiptReported) -> None:
    key = ReceiptKey(event.participant, event.status)
    for sequence in event.sequences:
        own = _tried(_own(transcript, event.dialog_id, sequence), key)
        if event.evidence.proof is Proof.CLAIMED:
            own.claims[event.evidence.frame] = event.evidence


def _on_receipt_refused(transcript: Transcript, event: ReceiptRefused) -> None:
    key = ReceiptKey(event.participant, event.status)
    for sequence in event.sequences:
        own = _tried(_own(transcript, event.dialog_id, sequence), key)
        known = own.refusals.get(event.ask)
        if known is None or stronger(event.evidence, known):
            own.refusals[event.ask] = event.evidence


def _tried(own: Own, key: ReceiptKey) -> OwnReceipt:
    receipt = own.tried.get(key)
    if receipt is None:
        receipt = own.tried[key] = OwnReceipt()
    return receipt


# --- people and conversations ---------------------------------------------------------------------------


def _told_role(roles: dict[str, tuple[int, str]], participant: str, role: str, frame: int) -> None:
    known = roles.get(participant)
    if known is None or known < (frame, role):
        roles[participant] = (frame, role)


def _on_identified(transcript: Transcript, event: Identified) -> None:
    transcript.identities.add(event.participant)


def _on_conversation(transcript: Transcript, event: ConversationChanged) -> None:
    known = transcript.conversations.get(event.conversation_id)
    if known is None or is_newer(event, known):
        transcript.conversations[event.conversation_id] = event
    for participant, role in roles_in(event.participants).items():
        _told_role(transcript.roles, participant, role, event.evidence.frame)


def is_newer(new: ConversationChanged, known: ConversationChanged) -> bool:
    """Whether ``new`` is the later snapshot of a conversation."""
    one, other = _snapshot_order(new), _snapshot_order(known)
    # One frame may tell two of the same time: any total order will do, as long as it is one.
    return repr(new) > repr(known) if one == other else one > other


def _snapshot_order(snapshot: ConversationChanged) -> tuple[bool, int, int]:
    # Their order is not guaranteed; their time of the change is. Frames of 2016 carry none, and two states
    # under one time have been published: then arrival. That a conversation left our subscription describes
    # it only where its dialogs are told with it.
    describes = not snapshot.left or bool(snapshot.dialogs)
    updated_ms = -1 if snapshot.updated_ms is None else snapshot.updated_ms
    return (describes, updated_ms, snapshot.evidence.frame)


def _on_oddity(transcript: Transcript, event: OddityNoticed) -> None:
    transcript.oddities.add(event)


def _tells_nothing(transcript: Transcript, event: Event) -> None:
    """Facts about requests and typing; they belong to other views than this one."""


RULES: dict[type, Callable[[Transcript, Any], None]] = {
    MessagePublished: _on_told,
    ReceiptReported: _on_told,
    PublishAsked: _on_asked,
    PublishRefused: _on_refused,
    PublishLost: _on_lost,
    ReceiptRefused: _on_receipt_refused,
    Identified: _on_identified,
    ConversationChanged: _on_conversation,
    OddityNoticed: _on_oddity,
    ChatStateReported: _tells_nothing,
    ConversationOpened: _tells_nothing,
    RequestAsked: _tells_nothing,
    RequestAnswered: _tells_nothing,
}
"""What each kind of event does to a transcript: ``RULES[type(event)](transcript, event)`` applies it."""
