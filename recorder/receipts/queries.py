"""Conclusions from a transcript: the status of a message, who we are, how long it took.

Every absence here is an absence *in this recording*: a message without READ is one for which none was seen,
never one that nobody read.

There is no view in which READ of 8 covers 7: everything published lists each message, and to show what
nobody said would be to hide the very fault that is looked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from recorder.messaging.events import Evidence, MessagePublished, Proof

from .echoes import Echo, MessageKey, probable_echo, probable_echoes
from .precedence import message_order, stronger
from .selves import Selves, announced_as, selves_of
from .state import STATUS_ORDER, Giver, Message, OwnPublish, ReceiptRequests, Transcript

STATUS_OF = {"ACCEPT": "accepted", "READ": "read"}
"""The word for a message whose highest receipt is this one."""

ALL = "ALL"
"""The audience of a message that everybody in the dialog may see."""

AGENTS_AND_MANAGERS = "AGENTS_AND_MANAGERS"
"""The audience of a private message, which consumers are not shown."""


class ReceiptView(NamedTuple):
    """One participant's one status on one message. ``evidence.proof`` REFUSED: tried, and not taken.

    ``mine`` with ``participant`` None: given on the connection of the evidence, where our id is not known.
    """

    participant: str | None
    role: str | None
    mine: bool | None
    status: str
    evidence: Evidence


class ContentView(NamedTuple):
    """One of several contents that stand under the same sequence, and the best proof of it."""

    author: str | None
    type: str | None
    text: str | None
    evidence: Evidence


class MessageView(NamedTuple):
    """A message as people see it.

    Attributes:
        sequence: None for a publish of ours that has no sequence (yet), or was taken by an answer that names
            none: see ``status`` and ``request_frame``.
        mine: None where the recording does not tell who we are.
        status: pending, failed, unknown, unseen, sent, accepted or read.
        sent: what proves that it was sent; None for a message known only by receipts for it.
        request_frame: the frame that published it, None if it is not ours or was published elsewhere.
        decided_by: the receipt that makes it accepted or read, else None.
        echo: why it is *probably* the publish of ``request_frame``, which no answer gave a sequence; None if
            that is certain, or it is not ours.
        audience: who may see it, as the service or our request says: ALL, AGENTS_AND_MANAGERS, or any other
            word; None where nobody said.
        contents: all contents that stand under this sequence, in order of frames, if there are several;
            author, type and text above are those that are proven best.
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
    audience: str | None = None
    contents: tuple[ContentView, ...] = ()

    @property
    def is_private(self) -> bool:
        """Whether consumers cannot see it, or, where the audience is an unknown word, perhaps cannot."""
        return self.audience not in (None, ALL)


def view(transcript: Transcript, dialog: str | None = None) -> list[MessageView]:
    """All messages: by dialog in order of appearance, then by sequence; publishes without one come last."""
    selves = selves_of(transcript)
    echoes = probable_echoes(transcript, selves)
    echoed = {echo.request_frame for echo in echoes.values()}
    chosen = [dialog_id for dialog_id in transcript.dialog_ids() if dialog in (None, dialog_id)]
    by_dialog = [
        [
            message_view(transcript, dialog_id, sequence, selves=selves, echoes=echoes)
            for sequence in sorted(transcript.sequences(dialog_id))
        ]
        for dialog_id in sorted(chosen)
    ]
    shown = [message for listed in sorted(by_dialog, key=first_frame) for message in listed]
    return shown + [
        publish_view(transcript, frame, publish, selves)
        for frame, publish in sorted(transcript.own_publishes.items())
        if publish.answered is None and publish.asked is not None and dialog in (None, publish.dialog_id)
        if frame not in echoed
    ]


def first_frame(messages: Iterable[MessageView]) -> float:
    """The first frame that proves something of these messages; infinite where none does."""
    return min((each.frame for message in messages for each in _proofs(message)), default=math.inf)


def _proofs(message: MessageView) -> Iterator[Evidence]:
    if message.sent is not None:
        yield message.sent
    yield from (receipt.evidence for receipt in message.receipts)
    yield from (content.evidence for content in message.contents)


def message_view(
    transcript: Transcript,
    dialog_id: str,
    sequence: int,
    *,
    selves: Selves | None = None,
    echoes: Mapping[MessageKey, Echo] | None = None,
) -> MessageView:
    """One message. ``selves`` and ``echoes`` spare who asks for many to work them out for each.

    Raises:
        KeyError: the transcript knows neither the message nor a receipt for it.
    """
    selves = selves_of(transcript) if selves is None else selves
    if echoes is None:
        echo = probable_echo(transcript, selves, dialog_id, sequence)
    else:
        echo = echoes.get((dialog_id, sequence))
    message = transcript.message(dialog_id, sequence)
    author = message.author if message.author is not None else selves.id_of(_writer(transcript, message))
    mine = True if message.mine else selves.is_one(author)
    receipts = _receipts(transcript, dialog_id, sequence, selves, message)
    shown = MessageView(
        dialog_id=dialog_id,
        sequence=sequence,
        author=author,
        role=message.role or role_of(transcript, author),
        mine=None if message.published is None else mine,
        type=message.type,
        text=message.text,
        status="unseen" if message.published is None else "sent",
        sent=message.published,
        receipts=receipts,
        request_frame=message.request_frame if echo is None else echo.request_frame,
        echo=echo,
        audience=message.audience or _audience_asked(transcript, echo),
        contents=_contents(transcript.proofs_of_contents(dialog_id, sequence), selves),
    )
    decided_by = None if message.published is None else _deciding(shown)
    if decided_by is None:
        return shown
    return shown._replace(status=STATUS_OF[decided_by.status], decided_by=decided_by)


def _writer(transcript: Transcript, message: Message) -> Giver:
    """The connection that we published a message on; None if it is not ours."""
    if not message.mine or message.published is None:
        return None
    if message.published.proof is not Proof.ANNOUNCED:
        return message.published.connection
    publish = transcript.own_publishes.get(message.request_frame or 0)
    return None if publish is None or publish.answered is None else publish.answered[0].connection


def _audience_asked(transcript: Transcript, echo: Echo | None) -> str | None:
    return None if echo is None else transcript.own_publish(echo.request_frame).audience


def _contents(proofs: Iterable[MessagePublished], selves: Selves) -> tuple[ContentView, ...]:
    """The contents that differ. An answer to our publish names no author: it says what its echo says, which
    is under another id of ours where we changed it on that connection (step-up)."""
    by_content: dict[tuple[str | None, str | None], dict[str | None, MessagePublished]] = {}
    for proof in sorted(proofs, key=message_order):
        author = proof.author or selves.id_of(proof.evidence.connection if proof.mine else None)
        by_content.setdefault((proof.type, proof.text), {}).setdefault(author, proof)
    found = [
        ContentView(author, *content, proof.evidence)
        for content, by_author in by_content.items()
        for author, proof in by_author.items()
        if proof.request_frame is None or not _is_echoed(author, by_author, selves)
    ]
    found.sort(key=lambda content: (content.evidence.frame, content.author or "", content.text or ""))
    return tuple(found) if len(found) > 1 else ()


def _is_echoed(author: str | None, by_author: Iterable[str | None], selves: Selves) -> bool:
    """Whether one of these authors is who gave what we take for ``author``'s, for want of its name."""
    return any(other != author and (author is None or bool(selves.is_one(other))) for other in by_author)


def publish_view(transcript: Transcript, frame: int, publish: OwnPublish, selves: Selves) -> MessageView:
    """One publish of ours that has no sequence (yet)."""
    author = publish.author or selves.id_of(None if publish.asked is None else publish.asked.connection)
    return MessageView(
        dialog_id=publish.dialog_id,
        sequence=None,
        author=author,
        role=role_of(transcript, author),
        mine=True,
        type=publish.type,
        text=publish.text,
        status=_publish_status(publish),
        sent=publish.refused[0] if publish.refused else publish.taken or publish.asked,
        receipts=(),
        request_frame=frame,
        audience=publish.audience,
    )


def _publish_status(publish: OwnPublish) -> str:
    """An answer of 2xx says that the service took it, whether it names a sequence or not."""
    if publish.refused:
        return "failed"
    return "sent" if publish.taken else "unknown" if publish.lost else "pending"


def _deciding(message: MessageView) -> ReceiptView | None:
    """The earliest receipt of the highest status that somebody other than the author proved."""
    counted = [
        receipt
        for receipt in message.receipts
        if receipt.status in STATUS_ORDER and is_proven_by_other(receipt, message)
    ]
    return max(counted, key=lambda r: (STATUS_ORDER.index(r.status), -r.evidence.frame), default=None)


def is_proven_by_other(receipt: ReceiptView, message: MessageView) -> bool:
    """Whether the service took this receipt, and it is not by the author of its message.

    Ids tell, however many of them are ours. Where neither is known, what was written and given on one
    connection is by one participant.
    """
    if receipt.evidence.proof < Proof.ACKNOWLEDGED:
        return False
    if receipt.participant is not None or message.author is not None:
        return receipt.participant != message.author
    on_one_connection = message.sent is not None and message.sent.connection == receipt.evidence.connection
    return not (receipt.mine and message.mine and on_one_connection)


# --- receipts of one message ----------------------------------------------------------------------------


def _receipts(
    transcript: Transcript, dialog_id: str, sequence: int, selves: Selves, message: Message
) -> tuple[ReceiptView, ...]:
    best: dict[tuple[Giver, str], ReceiptView] = {}
    only_suggested: dict[tuple[Giver, str], Evidence] = {}
    given = transcript.receipts_for(dialog_id, sequence)
    for key in dict.fromkeys((*given, *message.receipt_requests)):
        event, own = given.get(key), message.receipt_requests.get(key)
        announced = None if event is None else announced_as(transcript, key, event, given)
        who = announced or selves.id_of(key.participant)
        mine = True if type(key.participant) is int or own is not None else selves.is_one(who)
        giver = key.participant if who is None else who
        if event is not None:
            receipt = ReceiptView(
                who, event.role or role_of(transcript, who), mine, key.status, event.evidence
            )
            _keep_best(best, (giver, key.status), receipt)
            if announced is None and key.participant in selves.suggested:
                only_suggested[giver, key.status] = event.evidence
        evidence = None if own is None else _best_request(own)
        if evidence is not None:
            receipt = ReceiptView(who, role_of(transcript, who), True, key.status, evidence)
            _keep_best(best, (giver, key.status), receipt)
    for place, evidence in only_suggested.items():  # what was announced is only perhaps ours: the answer is
        best[place] = best[place]._replace(evidence=evidence)
    return tuple(best[key] for key in sorted(best, key=_listing_order))


def _keep_best(
    best: dict[tuple[Giver, str], ReceiptView], key: tuple[Giver, str], receipt: ReceiptView
) -> None:
    known = best.get(key)
    if known is None:
        best[key] = receipt
        return
    better = receipt if stronger(receipt.evidence, known.evidence) else known
    mine = True if receipt.mine or known.mine else better.mine
    best[key] = better._replace(mine=mine, role=better.role or known.role or receipt.role)


def _best_request(own: ReceiptRequests) -> Evidence | None:
    """The earliest claim that was not refused; failing that, the first refusal."""
    accepted = [claim for frame, claim in own.claims.items() if frame not in own.refusals]
    tried = accepted or list(own.refusals.values())
    return min(tried, key=lambda evidence: evidence.frame, default=None)


def _listing_order(key: tuple[Giver, str]) -> tuple[bool, str, int, int, str]:
    return listing_order(*key)


def listing_order(giver: Giver, status: str) -> tuple[bool, str, int, int, str]:
    """Receipts are listed by participant, those of unknown ones last, by connection; then by the ladder."""
    rank = STATUS_ORDER.index(status) if status in STATUS_ORDER else len(STATUS_ORDER)
    name, connection = (giver, 0) if type(giver) is str else ("", -1 if giver is None else giver)
    return (type(giver) is not str, name, connection, rank, status)  # type: ignore[return-value]


def role_of(transcript: Transcript, participant: str | None) -> str | None:
    """The newest role of a participant; None where no event names one."""
    known = transcript.roles.get(participant) if participant is not None else None
    return known[1] if known is not None else None


def name_of(transcript: Transcript, participant: str | None, selves: Selves) -> str | None:
    """The newest name of a participant; None where no profile tells one."""
    if participant is None:
        return None
    keys: list[str | int] = [participant]
    keys += (each for each, who in selves.by_connection.items() if who == participant)
    told = [transcript.names[key] for key in keys if key in transcript.names]
    return max(told)[1] if told else None
