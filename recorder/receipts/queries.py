"""Conclusions from a transcript: the status of a message, who we are, what is unread, how long it took.

Every absence here is an absence *in this recording*: "unread" means that no READ was seen, never that
nobody read it.

There is no view in which READ of 8 covers 7: everything published lists each message, and to show what
nobody said would be to hide the very fault that is looked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from recorder.messaging.events import Evidence, Proof, ReceiptReported

from .delays import Delay as Delay
from .delays import delay as delay
from .echoes import Echo, MessageKey, probable_echoes
from .fold import stronger
from .state import LADDER, Ask, Message, OwnReceipt, ReceiptKey, Transcript

STATUS_OF = {"ACCEPT": "accepted", "READ": "read"}
"""The word for a message whose highest receipt is this one."""


class ReceiptView(NamedTuple):
    """One participant's one status on one message. ``evidence.proof`` REFUSED: tried, and not taken."""

    participant: str | None
    role: str | None
    mine: bool | None
    status: str
    evidence: Evidence


class MessageView(NamedTuple):
    """A message as people see it.

    Attributes:
        sequence: None for a publish of ours that has no sequence (yet): see ``status`` and ``ask``.
        mine: None where the recording does not tell who we are.
        status: pending, failed, unknown, unseen, sent, accepted or read.
        sent: what proves that it was sent; None for a message known only by receipts for it.
        ask: number of the frame that asked for it, None if it is not ours or was published elsewhere.
        decided_by: the receipt that makes it accepted or read, else None.
        echo: why it is *probably* what ``ask`` asked for, whose answer never came; None where that is
            certain, or no question.
    """

    dialog_id: str | None
    sequence: int | None
    author: str | None
    role: str | None
    mine: bool | None
    type: str | None
    text: str | None
    status: str
    sent: Evidence | None
    receipts: tuple[ReceiptView, ...]
    ask: int | None
    decided_by: ReceiptView | None = None
    echo: Echo | None = None


def own_ids(transcript: Transcript) -> frozenset[str]:
    """Who we are: from tokens, and from echoes of our own publishes.

    What stands under the number of an answer is an echo only if it says what was published: where ids
    are used twice, the answer may have been another's, and somebody else would be taken for us.
    """
    return frozenset(transcript.identities) | {
        message.author
        for ask, message in _answered_messages(transcript)
        if message.author is not None and (message.type, message.text) == (ask.type, ask.text)
    }


def _answered_messages(transcript: Transcript) -> Iterator[tuple[Ask, Message]]:
    for ask in transcript.asks.values():
        if ask.answered is not None:
            _, dialog_id, sequence = ask.answered
            yield ask, transcript.dialogs[dialog_id][sequence]


def view(transcript: Transcript, dialog: str | None = None) -> list[MessageView]:
    """All messages: by dialog in order of appearance, then by sequence; publishes without one come last."""
    me = own_ids(transcript)
    echoes = probable_echoes(transcript, me)
    explained = {echo.ask for echo in echoes.values()}
    shown = [
        message_view(transcript, dialog_id, sequence, me=me, echoes=echoes)
        for dialog_id in sorted(_chosen(transcript, dialog), key=lambda d: (_first_frame(transcript, d), d))
        for sequence in sorted(transcript.dialogs[dialog_id])
    ]
    return shown + [
        ask_view(transcript, frame, ask, me)
        for frame, ask in sorted(transcript.asks.items())
        if ask.answered is None and ask.asked is not None and dialog in (None, ask.dialog_id)
        if frame not in explained
    ]


def _chosen(transcript: Transcript, dialog: str | None) -> list[str]:
    return [dialog_id for dialog_id in transcript.dialogs if dialog in (None, dialog_id)]


def _first_frame(transcript: Transcript, dialog_id: str) -> int:
    return min(evidence.frame for evidence in _proofs(transcript, dialog_id))


def _proofs(transcript: Transcript, dialog_id: str) -> Iterator[Evidence]:
    """All evidence kept of a dialog; at least one, or the dialog would not be here."""
    for message in transcript.dialogs[dialog_id].values():
        if message.published is not None:
            yield message.published
        for own in message.tried.values():
            yield from own.claims.values()
            yield from own.refusals.values()
    for proofs in transcript.receipts.get(dialog_id, {}).values():
        for proven in proofs.values():
            yield proven.evidence


def message_view(
    transcript: Transcript,
    dialog_id: str,
    sequence: int,
    *,
    me: frozenset[str] | None = None,
    echoes: Mapping[MessageKey, Echo] | None = None,
) -> MessageView:
    """One message. ``me`` and ``echoes`` spare who asks for many to work them out for each.

    Raises:
        KeyError: the transcript knows neither the message nor a receipt for it.
    """
    me = own_ids(transcript) if me is None else me
    echoes = probable_echoes(transcript, me) if echoes is None else echoes
    echo = echoes.get((dialog_id, sequence))
    message = transcript.dialogs[dialog_id][sequence]
    author = message.author if message.author is not None else _sole(me) if message.mine else None
    mine = True if message.mine else is_me(author, me)
    receipts = _receipts(transcript, dialog_id, sequence, me)
    decided_by = None if message.published is None else _deciding(message, author, receipts)
    return MessageView(
        dialog_id=dialog_id,
        sequence=sequence,
        author=author,
        role=message.role or role_of(transcript, author),
        mine=None if message.published is None else mine,
        type=message.type,
        text=message.text,
        status=_status(message, decided_by),
        sent=message.published,
        receipts=receipts,
        ask=message.ask if echo is None else echo.ask,
        decided_by=decided_by,
        echo=echo,
    )


def ask_view(transcript: Transcript, frame: int, ask: Ask, me: frozenset[str]) -> MessageView:
    """One publish of ours that has no sequence (yet). ``me`` is who we are: see ``own_ids``."""
    author = ask.author if ask.author is not None else _sole(me)
    return MessageView(
        dialog_id=ask.dialog_id,
        sequence=None,
        author=author,
        role=role_of(transcript, author),
        mine=True,
        type=ask.type,
        text=ask.text,
        status="failed" if ask.refused else "unknown" if ask.lost else "pending",
        sent=ask.refused[0] if ask.refused else ask.asked,
        receipts=(),
        ask=frame,
    )


def _deciding(message: Message, author: str | None, receipts: Iterable[ReceiptView]) -> ReceiptView | None:
    """The earliest receipt for the highest rung that somebody other than the author proved."""
    counted = [
        receipt
        for receipt in receipts
        if receipt.status in LADDER
        and receipt.evidence.proof >= Proof.ACKNOWLEDGED
        and not _by_author(receipt, message, author)
    ]
    return max(counted, key=lambda r: (LADDER.index(r.status), -r.evidence.frame), default=None)


def _status(message: Message, decided_by: ReceiptView | None) -> str:
    if message.published is None:
        return "unseen"
    return "sent" if decided_by is None else STATUS_OF[decided_by.status]


def _by_author(receipt: ReceiptView, message: Message, author: str | None) -> bool:
    if message.mine and receipt.mine:
        return True
    return receipt.participant is not None and receipt.participant == author


# --- receipts of one message ----------------------------------------------------------------------------


def _receipts(
    transcript: Transcript, dialog_id: str, sequence: int, me: frozenset[str]
) -> tuple[ReceiptView, ...]:
    best: dict[tuple[str | None, str], ReceiptView] = {}
    message = transcript.dialogs[dialog_id][sequence]
    given = transcript.receipts_for(dialog_id, sequence)
    for receipt in _heard(transcript, message, given, me):
        _keep_best(best, receipt)
    for receipt in _tried(transcript, message, me):
        _keep_best(best, receipt)
    return tuple(sorted(best.values(), key=_listing_order))


def _keep_best(best: dict[tuple[str | None, str], ReceiptView], receipt: ReceiptView) -> None:
    key = (receipt.participant, receipt.status)
    known = best.get(key)
    if known is None:
        best[key] = receipt
        return
    better = receipt if stronger(receipt.evidence, known.evidence) else known
    mine = True if receipt.mine or known.mine else better.mine
    best[key] = better._replace(mine=mine, role=better.role or known.role or receipt.role)


def _heard(
    transcript: Transcript, message: Message, given: Mapping[ReceiptKey, ReceiptReported], me: frozenset[str]
) -> Iterator[ReceiptView]:
    for key, proven in given.items():
        told, status = key
        participant = told if told is not None else _sole(me)
        mine = True if told is None or key in message.tried else is_me(told, me)
        role = proven.role or role_of(transcript, participant)
        yield ReceiptView(participant, role, mine, status, proven.evidence)


def _tried(transcript: Transcript, message: Message, me: frozenset[str]) -> Iterator[ReceiptView]:
    for (told, status), own in message.tried.items():
        evidence = _standing(own)
        if evidence is not None:
            participant = told if told is not None else _sole(me)
            yield ReceiptView(participant, role_of(transcript, participant), True, status, evidence)


def _standing(own: OwnReceipt) -> Evidence | None:
    """The earliest claim that was not refused; failing that, the first refusal."""
    standing = [claim for ask, claim in own.claims.items() if ask not in own.refusals]
    tried = standing or list(own.refusals.values())
    return min(tried, key=lambda evidence: evidence.frame, default=None)


def _listing_order(receipt: ReceiptView) -> tuple[bool, str, int, str]:
    rung = LADDER.index(receipt.status) if receipt.status in LADDER else len(LADDER)
    return (receipt.participant is None, receipt.participant or "", rung, receipt.status)


def is_me(participant: str | None, me: frozenset[str]) -> bool | None:
    """Whether that is one of our own ids; None where we know none of ours, or not whose it is."""
    return participant in me if me and participant is not None else None


def _sole(me: frozenset[str]) -> str | None:
    return next(iter(me)) if len(me) == 1 else None


def role_of(transcript: Transcript, participant: str | None) -> str | None:
    """The role that was told last of a participant, None where nobody told."""
    known = transcript.roles.get(participant) if participant is not None else None
    return known[1] if known is not None else None


# --- questions people ask -------------------------------------------------------------------------------


def unread(transcript: Transcript, recipient: str) -> list[MessageView]:
    """Messages of others for which no READ by ``recipient`` was seen in this recording."""
    return [
        message
        for message in view(transcript)
        if message.sent is not None
        and message.sequence is not None
        and message.author != recipient
        and not any(_is_read_by(receipt, recipient) for receipt in message.receipts)
    ]


def _is_read_by(receipt: ReceiptView, recipient: str) -> bool:
    proven = receipt.evidence.proof >= Proof.ACKNOWLEDGED
    return proven and receipt.status == "READ" and receipt.participant == recipient
