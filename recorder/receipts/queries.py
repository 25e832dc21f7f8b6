"""Conclusions from a transcript: the status of a message, who we are, how long it took.

Every absence here is an absence *in this recording*: a message without READ is one for which none was seen,
never one that nobody read.

There is no view in which READ of 8 covers 7: everything published lists each message, and to show what
nobody said would be to hide the very fault that is looked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from recorder.messaging.events import Evidence, Proof, ReceiptReported

from .echoes import Echo, MessageKey, probable_echo, probable_echoes
from .precedence import stronger
from .state import STATUS_ORDER, Message, OwnPublish, ReceiptKey, ReceiptRequests, Transcript

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
        sequence: None for a publish of ours that has no sequence (yet): see ``status`` and ``request_frame``.
        mine: None where the recording does not tell who we are.
        status: pending, failed, unknown, unseen, sent, accepted or read.
        sent: what proves that it was sent; None for a message known only by receipts for it.
        request_frame: the frame that published it, None if it is not ours or was published elsewhere.
        decided_by: the receipt that makes it accepted or read, else None.
        echo: why it is *probably* the publish of ``request_frame``, whose answer never came; None if that
            is certain, or it is not ours.
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
    request_frame: int | None
    decided_by: ReceiptView | None = None
    echo: Echo | None = None


def own_ids(transcript: Transcript) -> frozenset[str]:
    """Who we are: from tokens, and from echoes of our own publishes.

    What stands under the number of an answer is an echo only if it says what was published: where ids
    are used twice, the answer may have been another's, and somebody else would be taken for us.
    """
    return frozenset(transcript.identities) | {
        message.author
        for publish, message in _answered_messages(transcript)
        if message.author is not None and (message.type, message.text) == (publish.type, publish.text)
    }


def _answered_messages(transcript: Transcript) -> Iterator[tuple[OwnPublish, Message]]:
    for publish in transcript.own_publishes.values():
        if publish.answered is not None:
            _, dialog_id, sequence = publish.answered
            yield publish, transcript.message(dialog_id, sequence)


def view(transcript: Transcript, dialog: str | None = None) -> list[MessageView]:
    """All messages: by dialog in order of appearance, then by sequence; publishes without one come last."""
    me = own_ids(transcript)
    echoes = probable_echoes(transcript, me)
    echoed = {echo.request_frame for echo in echoes.values()}
    chosen = [dialog_id for dialog_id in transcript.dialog_ids() if dialog in (None, dialog_id)]
    shown = [
        message_view(transcript, dialog_id, sequence, me=me, echoes=echoes)
        for dialog_id in sorted(chosen, key=lambda each: (_first_frame(transcript, each), each))
        for sequence in sorted(transcript.sequences(dialog_id))
    ]
    return shown + [
        publish_view(transcript, frame, publish, me)
        for frame, publish in sorted(transcript.own_publishes.items())
        if publish.answered is None and publish.asked is not None and dialog in (None, publish.dialog_id)
        if frame not in echoed
    ]


def _first_frame(transcript: Transcript, dialog_id: str) -> int:
    return min(evidence.frame for evidence in _proofs(transcript, dialog_id))


def _proofs(transcript: Transcript, dialog_id: str) -> Iterator[Evidence]:
    """All evidence kept of a dialog; at least one, or the dialog would not be here."""
    for message in transcript.published.get(dialog_id, {}).values():
        yield message.evidence
    for actions in transcript.own_actions.get(dialog_id, {}).values():
        for requests in actions.receipt_requests.values():
            yield from requests.claims.values()
            yield from requests.refusals.values()
    for proofs in transcript.receipts.get(dialog_id, {}).values():
        for event in proofs.values():
            yield event.evidence


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
    if echoes is None:
        echo = probable_echo(transcript, me, dialog_id, sequence)
    else:
        echo = echoes.get((dialog_id, sequence))
    message = transcript.message(dialog_id, sequence)
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
        request_frame=message.request_frame if echo is None else echo.request_frame,
        decided_by=decided_by,
        echo=echo,
    )


def publish_view(transcript: Transcript, frame: int, publish: OwnPublish, me: frozenset[str]) -> MessageView:
    """One publish of ours that has no sequence (yet). ``me`` is who we are: see ``own_ids``."""
    author = publish.author if publish.author is not None else _sole(me)
    return MessageView(
        dialog_id=publish.dialog_id,
        sequence=None,
        author=author,
        role=role_of(transcript, author),
        mine=True,
        type=publish.type,
        text=publish.text,
        status="failed" if publish.refused else "unknown" if publish.lost else "pending",
        sent=publish.refused[0] if publish.refused else publish.asked,
        receipts=(),
        request_frame=frame,
    )


def _deciding(message: Message, author: str | None, receipts: Iterable[ReceiptView]) -> ReceiptView | None:
    """The earliest receipt of the highest status that somebody other than the author proved."""
    counted = [
        receipt
        for receipt in receipts
        if receipt.status in STATUS_ORDER and is_proven_by_other(receipt, author, mine=message.mine)
    ]
    return max(counted, key=lambda r: (STATUS_ORDER.index(r.status), -r.evidence.frame), default=None)


def _status(message: Message, decided_by: ReceiptView | None) -> str:
    if message.published is None:
        return "unseen"
    return "sent" if decided_by is None else STATUS_OF[decided_by.status]


def is_proven_by_other(receipt: ReceiptView, author: str | None, *, mine: bool | None) -> bool:
    """Whether the service took this receipt, and it is not by the author of the message (us if ``mine``)."""
    if receipt.evidence.proof < Proof.ACKNOWLEDGED or (mine and receipt.mine):
        return False
    return receipt.participant is None or receipt.participant != author


# --- receipts of one message ----------------------------------------------------------------------------


def _receipts(
    transcript: Transcript, dialog_id: str, sequence: int, me: frozenset[str]
) -> tuple[ReceiptView, ...]:
    best: dict[tuple[str | None, str], ReceiptView] = {}
    message = transcript.message(dialog_id, sequence)
    given = transcript.receipts_for(dialog_id, sequence)
    for receipt in _given_receipts(transcript, message, given, me):
        _keep_best(best, receipt)
    for receipt in _requested_receipts(transcript, message, me):
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


def _given_receipts(
    transcript: Transcript, message: Message, given: Mapping[ReceiptKey, ReceiptReported], me: frozenset[str]
) -> Iterator[ReceiptView]:
    for key, event in given.items():
        participant_id, status = key
        participant = participant_id if participant_id is not None else _sole(me)
        mine = (
            True if participant_id is None or key in message.receipt_requests else is_me(participant_id, me)
        )
        role = event.role or role_of(transcript, participant)
        yield ReceiptView(participant, role, mine, status, event.evidence)


def _requested_receipts(
    transcript: Transcript, message: Message, me: frozenset[str]
) -> Iterator[ReceiptView]:
    for (participant_id, status), own in message.receipt_requests.items():
        evidence = _best_request(own)
        if evidence is not None:
            participant = participant_id if participant_id is not None else _sole(me)
            yield ReceiptView(participant, role_of(transcript, participant), True, status, evidence)


def _best_request(own: ReceiptRequests) -> Evidence | None:
    """The earliest claim that was not refused; failing that, the first refusal."""
    accepted = [claim for frame, claim in own.claims.items() if frame not in own.refusals]
    tried = accepted or list(own.refusals.values())
    return min(tried, key=lambda evidence: evidence.frame, default=None)


def _listing_order(receipt: ReceiptView) -> tuple[bool, str, int, str]:
    rank = STATUS_ORDER.index(receipt.status) if receipt.status in STATUS_ORDER else len(STATUS_ORDER)
    return (receipt.participant is None, receipt.participant or "", rank, receipt.status)


def is_me(participant: str | None, me: frozenset[str]) -> bool | None:
    """Whether that is one of our own ids; None where we know none of ours, or not whose it is."""
    return participant in me if me and participant is not None else None


def _sole(me: frozenset[str]) -> str | None:
    return next(iter(me)) if len(me) == 1 else None


def role_of(transcript: Transcript, participant: str | None) -> str | None:
    """The newest role of a participant; None where no event names one."""
    known = transcript.roles.get(participant) if participant is not None else None
    return known[1] if known is not None else None
