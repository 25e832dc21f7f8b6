"""Flow files of mitmproxy (``mitmdump -w``), of version 6 and later; read without mitmproxy.

A file is a row of typed netstrings, one for each flow, written when the flow is over. What a flow is stands
after its messages, so the file is read twice: first for what each flow is, then for its messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from recorder.counted import counted_was
from recorder.errors import BadCapture
from recorder.wire.records import Record

from .capture_file import CaptureFile
from .capture_format import CaptureFormat, Notify
from .mitmproxy_flow import MitmproxyFlow, flows_of, unfinished_flow
from .tnetstring import TypedDictionary, TypedStringReader, TypedValue

_BEGINS = re.compile(rb"\d{1,12}:\d{1,2}:[a-z_]{1,30}[;,]")
_OLDEST = 12
_LONGEST_BODY = 1 << 20
"""Bytes that are held of a body: enough of a compressed one for what is kept."""


def _recognise(file: CaptureFile) -> bool:
    return _BEGINS.match(file.beginning) is not None


def _read(file: CaptureFile, say: Notify) -> Iterator[Record]:
    flows = flows_of(_heads(file))
    reader = TypedStringReader(file)
    number = 0
    while (end := reader.begin()) is not None:
        flow = flows[number] if number < len(flows) else None
        fields: TypedDictionary = {}
        number += 1
        for message in _parts_of_flow(reader, end, fields, with_messages=True):
            if number > len(flows):
                flow, beginning = unfinished_flow(message, flows)
                flows.append(flow)
                yield from beginning
            if flow is None:
                continue
            found = flow.message(message)
            if isinstance(found, str):
                raise BadCapture(file.name, found, step=f"flow {number}, message {flow.messages}")
            yield from found
        yield from flow.ends(fields) if flow is not None else ()
    _tell(file, flows, say)


def _heads(file: CaptureFile) -> Iterator[TypedDictionary]:
    """What each flow is, without its messages; up to where the file is broken, if it is."""
    reader = TypedStringReader(file)
    number = 0
    while (fields := _head(reader)) is not None:
        number += 1
        version = fields.get("version")
        if not isinstance(version, int) or version < _OLDEST:
            raise BadCapture(
                file.name,
                "it was written by mitmproxy 5 or earlier, or is no flow",
                step=f"flow {number}",
                hint="mitmdump -n -r OLD -w NEW writes it anew",
            )
        yield fields


def _head(reader: TypedStringReader) -> TypedDictionary | None:
    """What the next flow is; None if there is none, or it is broken: told when its messages are read."""
    fields: TypedDictionary = {}
    try:
        end = reader.begin()
        if end is None:
            return None
        for _ in _parts_of_flow(reader, end, fields, with_messages=False):
            pass
    except BadCapture:
        return None
    return fields


def _parts_of_flow(
    reader: TypedStringReader, end: int, fields: TypedDictionary, *, with_messages: bool
) -> Iterator[TypedValue]:
    """Read a flow up to its end: yield its messages, and put everything else into ``fields``."""
    while reader.byte < end:
        key = reader.key(end)
        if key == "messages" and with_messages:
            yield from _elements(reader, end)
        elif key == "messages":
            reader.skip(end)
        elif key in ("websocket", "request", "response"):
            inside = reader.begin_part(end)
            if inside is None:
                fields[key] = None
                continue
            within: TypedDictionary = {}
            fields[key] = within
            yield from _parts_of_flow(reader, inside, within, with_messages=with_messages)
        elif key == "content":
            fields[key] = reader.first_bytes(end, _LONGEST_BODY)
        else:
            fields[key] = reader.value(end)
    reader.end(end, b"}")


def _elements(reader: TypedStringReader, within: int) -> Iterator[TypedValue]:
    end = reader.begin_part(within)
    if end is None:
        return
    while reader.byte < end:
        yield reader.value(end)
    reader.end(end, b"]")


def _tell(file: CaptureFile, flows: list[MitmproxyFlow | None], say: Notify) -> None:
    dropped = sum(flow.dropped for flow in flows if flow is not None)
    injected = sum(flow.injected for flow in flows if flow is not None)
    if dropped:
        held_back = counted_was(dropped, "message")
        say(f"{file.name}: {held_back} held back by mitmproxy and never reached the other side")
    if injected:
        say(f"{file.name}: {counted_was(injected, 'message')} put in by mitmproxy; not sent by a peer")


MITMPROXY = CaptureFormat(
    name="mitmproxy",
    title="flow file of mitmproxy 6 or later",
    source="mitm",
    made_by="mitmdump -w FILE; with --set websocket=false it holds every byte",
    lacks="control frames, fragments and masks; nothing with --set websocket=false",
    recognise=_recognise,
    read=_read,
)
