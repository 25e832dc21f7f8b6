"""Derived rows turned back into message views, equal to those that a fold of the frames gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar, get_args, get_type_hints

from recorder.messaging.events import Evidence, Proof
from recorder.receipts.echoes import Echo
from recorder.receipts.queries import ContentView, MessageView, ReceiptView
from recorder.receipts.state import STATUS_ORDER

from .text_columns import decode_text

_PROOFS = {proof.word: proof for proof in Proof}
_STATUSES = ("sent", "accepted", "read")

PublishEvidence = Callable[[int], Evidence]
"""The evidence of a publish of ours, by its frame."""

RowT = TypeVar("RowT", bound=NamedTuple)


def checked(rows: Iterable[Sequence[Any]], kind: type[RowT]) -> Iterator[RowT]:
    """The rows as ``kind``, whose fields are their columns.

    Raises:
        ValueError: a value is of a type that its field does not name: no recorder writes that.
    """
    allowed = [get_args(hint) or (hint,) for hint in get_type_hints(kind).values()]
    seen: set[tuple[type, ...]] = set()
    for row in rows:
        types = tuple(map(type, row))  # the same few recur
        if types not in seen:
            if not all(found in known for found, known in zip(types, allowed, strict=True)):
                raise ValueError("a derived row holds a value of another type than its column")
            seen.add(types)
        yield kind._make(row)


class MessageRow(NamedTuple):
    """Columns of ``message``, as stored. A boolean is 0 or 1 in SQLite."""

    dialog: str
    place: int
    sequence: int | None
    author: str | None
    role: str | None
    mine: int | bool | None
    type: str | None
    text: str | None
    status: str
    status_by: str | None
    status_frame: int | None
    proof: str | None
    sent_frame: int | None
    connection: int | None
    sent_at_us: int | None
    sent_offset_us: int | None
    server_ms: int | None
    ask_frame: int | None
    echo: int | bool
    audience: str | None
    snapshot: int | bool | None


class ReceiptRow(NamedTuple):
    """Columns of ``receipt``, as stored. A boolean is 0 or 1 in SQLite."""

    sequence: int
    participant: str | None
    role: str | None
    mine: int | bool | None
    status: str
    proof: str
    frame: int
    connection: int
    at_us: int | None
    offset_us: int | None
    server_ms: int | None


class ContentRow(NamedTuple):
    """Columns of ``content``, as stored. A boolean is 0 or 1 in SQLite."""

    sequence: int
    author: str | None
    type: str | None
    text: str | None
    proof: str
    frame: int
    connection: int
    at_us: int | None
    offset_us: int | None
    server_ms: int | None
    snapshot: int | bool


def view_of(
    message: MessageRow,
    receipts: Iterable[ReceiptRow],
    contents: Iterable[ContentRow],
    publish_evidence: PublishEvidence,
) -> MessageView:
    """The message as ``receipts.queries.view`` tells it, from its row and those of its receipts and contents.

    Raises:
        ValueError: these rows were not derived by us.
    """
    views = tuple(_receipt_view(row) for row in receipts)
    sent = _sent(message)
    echo = None
    if message.echo and sent is not None and message.ask_frame is not None:
        echo = Echo(message.ask_frame, publish_evidence(message.ask_frame), sent)
    return MessageView(
        dialog_id=decode_text(message.dialog) or None,
        sequence=message.sequence,
        author=decode_text(message.author),
        role=decode_text(message.role),
        mine=_bool(message.mine),
        type=decode_text(message.type),
        text=decode_text(message.text),
        status=message.status,
        sent=sent,
        receipts=views,
        request_frame=message.ask_frame,
        decided_by=_decider(message, views),
        echo=echo,
        audience=decode_text(message.audience),
        contents=tuple(_content_view(row) for row in contents),
    )


def _receipt_view(row: ReceiptRow) -> ReceiptView:
    times = (row.frame, row.connection, row.at_us, row.offset_us, row.server_ms)
    return ReceiptView(
        decode_text(row.participant),
        decode_text(row.role),
        _bool(row.mine),
        decode_text(row.status) or "",
        Evidence(_proof(row.proof), *times),
    )


def _content_view(row: ContentRow) -> ContentView:
    times = (row.frame, row.connection, row.at_us, row.offset_us, row.server_ms)
    evidence = Evidence(_proof(row.proof), *times, snapshot=bool(row.snapshot))
    return ContentView(decode_text(row.author), decode_text(row.type), decode_text(row.text), evidence)


def _sent(row: MessageRow) -> Evidence | None:
    if row.sent_frame is None or row.connection is None:
        return None
    times = (row.sent_frame, row.connection, row.sent_at_us, row.sent_offset_us, row.server_ms)
    return Evidence(_proof(row.proof), *times, snapshot=bool(row.snapshot))


def _proof(word: str | None) -> Proof:
    proof = _PROOFS.get(word or "")
    if proof is None:
        raise ValueError("a derived row holds an unknown proof level")
    return proof


def _decider(message: MessageRow, receipts: tuple[ReceiptView, ...]) -> ReceiptView | None:
    if message.status_frame is None:
        return None
    status = STATUS_ORDER[_STATUSES.index(message.status) - 1]
    fits = (
        each
        for each in receipts
        if (each.status, each.participant, each.evidence.frame)
        == (status, decode_text(message.status_by), message.status_frame)
    )
    return next(fits, None)


def _bool(stored: int | bool | None) -> bool | None:
    return None if stored is None else bool(stored)
