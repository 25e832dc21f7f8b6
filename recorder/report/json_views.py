"""The JSON of ``--json``: one function for each kind of line. Unknown is null, never "" or -1."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence

from recorder.messaging.events import Evidence
from recorder.receipts.delays import Delay
from recorder.receipts.evidence import TimelineEntry
from recorder.receipts.proofs import ProvenFact
from recorder.receipts.queries import ContentView, MessageView, ReceiptView
from recorder.wire.frames import CompressedPayload, Opcode
from recorder.wire.payloads import Payload
from recorder.wire.records import FrameForwarded, RecordedFrame, SessionInfo, iso_utc


def session_json(session: SessionInfo) -> dict[str, object]:
    """A line of ``session list``."""
    return named_counts(
        {
            "session": session.session,
            "name": session.name,
            "source": session.source,
            "state": session.state,
            "started_at": iso_utc(session.started_at_us),
            "ended_at": iso_utc(session.ended_at_us),
            "connections": session.connections,
            "frames": session.frames,
        }
    )


_COUNT_NAMES = {"sessions": "session_count", "connections": "connection_count", "frames": "frame_count"}


def named_counts(line: Mapping[str, object]) -> dict[str, object]:
    """The line with each count under a name that no list has: ``frame_count``; the name it had stays, too."""
    counts = {new: line[old] for old, new in _COUNT_NAMES.items() if old in line}
    return {**line, **counts}


def frame_json(frame: RecordedFrame) -> dict[str, object]:
    """A line of ``frame list``: ``text`` for a text payload in UTF-8, else ``data`` in base64.

    ``length`` is that of the stored payload; with ``redacted`` the length on the wire was another.
    """
    line: dict[str, object] = {
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
    line |= _text_or_data(frame.payload, payload_text(frame))
    line |= {"redacted": frame.redacted, "violation": frame.violation}
    return line if frame.compressed is None else line | compressed_json(frame.compressed)


def compressed_json(compressed: CompressedPayload) -> dict[str, object]:
    """How a payload stood on the wire that came compressed; ``withheld`` is why it is left out, or null."""
    return {
        "wire_length": compressed.length,
        "wire_digest": compressed.digest.hex(),
        "withheld": compressed.withheld,
    }


def forwarded_json(forwarded: FrameForwarded | None) -> dict[str, object]:
    """When a proxy had passed a frame on; nothing if it did not."""
    return {} if forwarded is None else {"forwarded_at": iso_utc(forwarded.at_us)}


def payload_text(payload: RecordedFrame | Payload) -> str | None:
    """The text of a frame or payload; None if it is binary, of a control frame, or not UTF-8."""
    if payload.opcode not in (Opcode.TEXT, Opcode.CONTINUATION):
        return None
    try:
        return (payload.data if isinstance(payload, Payload) else payload.payload).decode("utf-8")
    except UnicodeDecodeError:
        return None


def _text_or_data(data: bytes, text: str | None) -> dict[str, object]:
    return {"data": b64encode(data).decode("ascii")} if text is None else {"text": text}


def payload_json(payload: Payload) -> dict[str, object]:
    """One incoming payload, as ``record --json`` prints it; ``frame`` is the frame that completed it."""
    return {
        "frame": payload.number,
        "connection": payload.connection,
        "sender": payload.sender.value,
        "at": iso_utc(payload.at_us),
        **_text_or_data(payload.data, payload_text(payload)),
    }


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
        "audience": message.audience,
        "status": message.status,
        "sent": None if message.sent is None else _sent_json(message.sent),
        "receipts": [_receipt_json(receipt) for receipt in message.receipts],
        "contents": [_content_json(content) for content in message.contents] or None,
    }


def _sent_json(evidence: Evidence) -> dict[str, object]:
    """Evidence of a message, with ``snapshot`` where only a conversation's snapshot shows it."""
    return {**evidence_json(evidence), **({"snapshot": True} if evidence.snapshot else {})}


def _content_json(content: ContentView) -> dict[str, object]:
    """One of several contents under the same sequence."""
    return {
        "author": content.author,
        "type": content.type,
        "text": content.text,
        **_sent_json(content.evidence),
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
    """Evidence: frame, time of both clocks, proof level."""
    return {
        "frame": evidence.frame,
        "at": iso_utc(evidence.at_us),
        "server_ms": evidence.server_ms,
        "proof": evidence.proof.word,
    }


def timeline_json(session: str, message: MessageView, entries: Sequence[TimelineEntry]) -> dict[str, object]:
    """One message with its timeline, as ``message show`` prints it.

    ``ask`` is the frame of our publish request. ``probable_echo`` is the frame that announced the same text
    when that request was never answered, else null.
    """
    return {
        **message_json(session, message),
        "ask": message.request_frame,
        "probable_echo": None if message.echo is None else message.echo.announced.frame,
        "life": [_entry_json(entry) for entry in entries],
    }


def _entry_json(entry: TimelineEntry) -> dict[str, object]:
    return {
        "says": entry.sentence,
        "kind": entry.kind,
        "participant": entry.participant,
        "role": entry.role,
        "mine": entry.mine,
        "status": entry.status,
        "own_sequence": entry.own_sequence,
        "repeats": entry.repeats,
        "after": delay_json(entry.after),
        "code": entry.code,
        "reason": entry.reason,
        **evidence_json(entry.evidence),
    }


def delay_json(passed: Delay | None) -> dict[str, object] | None:
    """Seconds (``seconds`` is the name that they had), and the clock that both ends were read from."""
    if passed is None:
        return None
    delay_s = round(passed.seconds, 6)
    return {"delay_s": delay_s, "seconds": delay_s, "clock": passed.clock}


def proven_json(fact: ProvenFact) -> dict[str, object]:
    """One fact that a frame proves, as ``frame show`` lists it under ``proves``."""
    return {
        "kind": fact.kind,
        "says": fact.sentence,
        "proof": fact.proof.word,
        "dialog": fact.dialog_id,
        "sequence": fact.sequence,
        "participant": fact.participant,
        "role": fact.role,
        "mine": fact.mine,
        "status": fact.status,
        "better": fact.better,
    }
