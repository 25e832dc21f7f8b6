"""The JSON of the contract: one function for each kind of line. Unknown is null, never "" or -1."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Protocol, TypedDict

from recorder.messaging.events import Evidence
from recorder.receipts.delays import Delay, delay
from recorder.receipts.evidence import Rung
from recorder.receipts.proofs import Proven
from recorder.receipts.queries import MessageView, ReceiptView
from recorder.wire.frames import Opcode
from recorder.wire.payloads import Payload
from recorder.wire.records import RecordedFrame, iso_utc


class SessionFacts(Protocol):
    """What a session must tell to be listed."""

    @property
    def session(self) -> str: ...
    @property
    def name(self) -> str | None: ...
    @property
    def source(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def started_at_us(self) -> int | None: ...
    @property
    def ended_at_us(self) -> int | None: ...
    @property
    def connections(self) -> int: ...
    @property
    def frames(self) -> int: ...
    @property
    def detail(self) -> str | None: ...


class SessionJson(TypedDict):
    """A line of ``session list``."""

    session: str
    name: str | None
    source: str
    state: str
    started_at: str | None
    ended_at: str | None
    connections: int
    frames: int


def session_json(session: SessionFacts) -> SessionJson:
    """One session."""
    return SessionJson(
        session=session.session,
        name=session.name,
        source=session.source,
        state=session.state,
        started_at=iso_utc(session.started_at_us),
        ended_at=iso_utc(session.ended_at_us),
        connections=session.connections,
        frames=session.frames,
    )


def frame_json(frame: RecordedFrame) -> dict[str, object]:
    """One frame. ``text`` where the payload is text that UTF-8 can hold, else ``data`` in base64.

    ``length`` is that of the payload as kept; where secrets were replaced (``redacted``) the wire's differed.
    """
    told: dict[str, object] = {
        "frame": frame.number,
        "connection": frame.connection,
        "index": frame.index,
        "sender": frame.sender.value,
        "at": iso_utc(frame.at_us),
        "opcode": frame.opcode,
        "fin": frame.fin,
        "rsv": frame.rsv,
        "length": len(frame.payload),
    }
    told |= _payload_json(frame)
    return told | {"redacted": frame.redacted, "violation": frame.violation}


def _payload_json(frame: RecordedFrame) -> dict[str, object]:
    text = payload_text(frame)
    if text is not None:
        return {"text": text}
    return {"data": b64encode(frame.payload).decode("ascii")}


def payload_text(frame: RecordedFrame) -> str | None:
    """The payload as text, or None where it is binary, a control payload, or no UTF-8."""
    if frame.opcode not in (Opcode.TEXT, Opcode.CONTINUATION):
        return None
    try:
        return frame.payload.decode("utf-8")
    except UnicodeDecodeError:
        return None


def payload_json(payload: Payload) -> dict[str, object]:
    """One incoming payload, as ``record --json`` prints it; ``frame`` is the frame that completed it."""
    told: dict[str, object] = {
        "frame": payload.number,
        "connection": payload.connection,
        "sender": payload.sender.value,
        "at": iso_utc(payload.at_us),
    }
    try:
        if payload.opcode == Opcode.TEXT:
            return told | {"text": payload.data.decode("utf-8")}
    except UnicodeDecodeError:
        pass
    return told | {"data": b64encode(payload.data).decode("ascii")}


def message_json(session: str, message: MessageView) -> dict[str, object]:
    """One message with its receipts, as ``message list`` prints it."""
    return {
        "session": session,
        "dialog": message.dialog_id,
        "sequence": message.sequence,
        "author": message.author,
        "role": message.role,
        "mine": message.mine,
        "type": message.type,
        "text": message.text,
        "status": message.status,
        "sent": None if message.sent is None else evidence_json(message.sent),
        "receipts": [_receipt_json(receipt) for receipt in message.receipts],
    }


def _receipt_json(receipt: ReceiptView) -> dict[str, object]:
    return {
        "participant": receipt.participant,
        "role": receipt.role,
        "mine": receipt.mine,
        "status": receipt.status,
        **evidence_json(receipt.evidence),
    }


def evidence_json(evidence: Evidence) -> dict[str, object]:
    """What proves a fact: frame, both clocks, proof level."""
    return {
        "frame": evidence.frame,
        "at": iso_utc(evidence.at_us),
        "server_ms": evidence.server_ms,
        "proof": evidence.proof.word,
    }


def life_json(session: str, message: MessageView, rungs: Sequence[Rung]) -> dict[str, object]:
    """One message with everything that happened to it, as ``message show`` prints it.

    ``ask`` is the frame of our publish; ``probable_echo`` the frame that makes us believe that the message
    is that publish where its answer never came, else null.
    """
    return {
        **message_json(session, message),
        "ask": message.ask,
        "probable_echo": None if message.echo is None else message.echo.announced.frame,
        "life": [_rung_json(message, rung) for rung in rungs],
    }


def _rung_json(message: MessageView, rung: Rung) -> dict[str, object]:
    return {
        "says": rung.says,
        "kind": rung.kind,
        "participant": rung.participant,
        "role": rung.role,
        "mine": rung.mine,
        "status": rung.status,
        "own_sequence": rung.own_sequence,
        "repeats": rung.repeats,
        "after": delay_json(delay(message.sent, rung.evidence)),
        **evidence_json(rung.evidence),
    }


def delay_json(passed: Delay | None) -> dict[str, object] | None:
    """Seconds, and the clock that both ends were seen on."""
    return None if passed is None else {"seconds": round(passed.seconds, 6), "clock": passed.clock}


def proven_json(fact: Proven) -> dict[str, object]:
    """One fact that a frame proves, as ``frame show`` lists it under ``proves``."""
    return {
        "kind": fact.kind,
        "says": fact.says,
        "proof": fact.proof.word,
        "dialog": fact.dialog_id,
        "sequence": fact.sequence,
        "participant": fact.participant,
        "role": fact.role,
        "mine": fact.mine,
        "status": fact.status,
        "better": fact.better,
    }
