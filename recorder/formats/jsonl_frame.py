"""One frame as a line of JSON, both directions: what it carried, and the exact bytes where they are known."""

from __future__ import annotations

from binascii import b2a_base64

from recorder.wire.frames import CompressedPayload, Frame, Opcode, Side, raw_bytes, split_raw
from recorder.wire.records import FrameForwarded, RecordedFrame, iso_utc

from .lines import LARGEST_INTEGER, JsonFields, JsonLine

_LEAN_FROM = 4 * 1024 * 1024
"""From this size on a payload is written once, in base64: so a frame of up to 47 MiB fits into a line."""


def frame_fields(frame: RecordedFrame, forwarded: FrameForwarded | None = None) -> JsonFields:
    """What a line says of this frame, and of when a proxy passed it on."""
    fields: JsonFields = {
        "connection": frame.connection,
        "index": frame.index,
        "number": frame.number,
        "sender": frame.sender,
        "at": iso_utc(frame.at_us),
        "offset_us": frame.offset_us,
        "opcode": int(frame.opcode),
        "fin": frame.fin,
        "rsv": frame.rsv,
    }
    fields |= _content_field(frame)
    if frame.head is not None:
        fields |= _wire_field(frame, frame.head)
    if frame.violation is not None:
        fields["violation"] = frame.violation
    if frame.redacted:
        fields["redacted"] = True
    if frame.compressed is not None:
        fields |= _compressed_fields(frame.compressed)
    if forwarded is not None:
        fields["forwarded_at"] = iso_utc(forwarded.at_us)
        fields["forwarded_offset_us"] = forwarded.offset_us
    return fields


def _compressed_fields(compressed: CompressedPayload) -> JsonFields:
    fields: JsonFields = {"wire_length": compressed.length, "wire_digest": compressed.digest.hex()}
    if compressed.data is not None:
        fields["wire_data"] = _base64(compressed.data)
    if compressed.withheld is not None:
        fields["withheld"] = compressed.withheld
    return fields


def compressed_of(line: JsonLine) -> CompressedPayload | None:
    """How the payload stood on the wire, if the line says that it was compressed. Raises BadCapture."""
    digest = line.hexadecimal("wire_digest")
    if digest is None:
        return None
    length = line.integer("wire_length", 0, LARGEST_INTEGER)
    if length is None:
        raise line.error('"wire_length" is missing beside "wire_digest"')
    return CompressedPayload(length, digest, line.base64("wire_data"), line.text("withheld"))


def _content_field(frame: RecordedFrame) -> JsonFields:
    if frame.opcode != Opcode.BINARY and len(frame.payload) < _LEAN_FROM:
        try:
            return {"text": frame.payload.decode()}
        except UnicodeDecodeError:
            pass
    return {"data": _base64(frame.payload)}


def _wire_field(frame: RecordedFrame, head: bytes) -> JsonFields:
    """The exact bytes, or only the head where a reader could not take them apart again."""
    if not frame.redacted and frame.compressed is None and len(frame.payload) < _LEAN_FROM:
        raw = raw_bytes(head, frame.payload)
        again = split_raw(raw)
        if again[:4] == (frame.opcode, frame.payload, frame.fin, frame.rsv):
            return {"raw": _base64(raw)}
    return {"head": _base64(head)}


def _base64(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode("ascii")


SIDES = tuple(side.value for side in Side)

# What other tools call the two sides.
_SENDERS = {
    **dict.fromkeys(("service", "server", "in", "incoming", "received", "receive", "recv"), Side.SERVICE),
    **dict.fromkeys(("client", "browser", "out", "outgoing", "sent", "send"), Side.CLIENT),
}
# Whoever writes these may mean a person, who may be at either end.
_PERHAPS = {"agent": '"service"', "consumer": '"client"'}


def sender_of(line: JsonLine) -> Side:
    """Who sent the frame of this line, in our words or in those of other tools. Raises BadCapture."""
    value = line.text("sender")
    if value is None:
        raise line.error('"sender" is missing')
    sender = _SENDERS.get(value) or _SENDERS.get(value.lower())
    if sender is None:
        hint = _PERHAPS.get(value.lower(), '"client" or "service"')
        raise line.error(f'sender "{value[:40]}" is not known', hint=f"write {hint}")
    return sender


def frame_of(line: JsonLine) -> Frame:
    """What the line says of the frame itself; ``head`` is empty where the line has neither raw nor head.

    Raises:
        BadCapture: it says too little, or contradicts itself.
    """
    if line.has_value("text") and line.has_value("data"):
        raise line.error('a frame has "text" or "data", not both')
    text, data, raw = line.json_text("text"), line.base64("data"), line.base64("raw")
    payload = data if text is None else text.encode()
    opcode, fin, rsv = line.integer("opcode", 0, 15), line.boolean("fin"), line.integer("rsv", 0, 7)
    if raw is not None:
        return _wire_checked(line, split_raw(raw), (opcode, payload, fin, rsv))
    if payload is None:
        raise line.error('"text" or "data" is missing')
    kind = Opcode.BINARY if text is None else Opcode.TEXT
    return Frame(
        opcode=int(kind) if opcode is None else opcode,
        payload=payload,
        fin=True if fin is None else fin,
        rsv=rsv or 0,
        head=line.base64("head") or b"",
    )


def _wire_checked(
    line: JsonLine, wire: Frame, stated: tuple[int | None, bytes | None, bool | None, int | None]
) -> Frame:
    names = ("opcode", "text" if line.has_value("text") else "data", "fin", "rsv")
    for name, value, true in zip(names, stated, wire[:4], strict=True):
        if value is not None and value != true:
            raise line.error(f'"raw" disagrees with "{name}"')
    return wire
