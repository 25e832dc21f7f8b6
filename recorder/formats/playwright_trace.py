"""Traces of Playwright (``trace.zip``): entries of a HAR, one a line, and files with the messages."""

from __future__ import annotations

from collections.abc import Iterator

from recorder.wire.records import Record

from .capture_file import CaptureFile
from .capture_format import CaptureFormat, Notify
from .har_exchange import exchange_of_entry, fields_of
from .har_socket import HarSocket, attached_messages, is_websocket, started_at
from .lines import JsonFields, JsonLine, read_lines

_NETWORK = ".network"
_SNAPSHOT = "resource-snapshot"


def _recognise(file: CaptureFile) -> bool:
    return any(name.endswith(_NETWORK) for name in file.members)


def _read(file: CaptureFile, say: Notify) -> Iterator[Record]:
    sockets = 0
    for member in sorted(name for name in file.members if name.endswith(_NETWORK)):
        for place, entry in _entries(file, member):
            if is_websocket(entry):
                sockets += 1
                yield from _socket(file, place, entry, HarSocket(sockets, "playwright"))
                continue
            url = fields_of(entry, "request").get("url")
            if isinstance(url, str):
                yield exchange_of_entry(entry, url, started_at(entry.get("startedDateTime")))


def _entries(file: CaptureFile, member: str) -> Iterator[tuple[JsonLine, JsonFields]]:
    name = f"{file.name}, {member}"
    with file.open_member(member) as stream:
        for number, line in enumerate(read_lines(stream, file=name), 1):
            if line.isspace():
                continue
            json_line = JsonLine(name, number, line.strip())
            if json_line.fields.get("type") == _SNAPSHOT:
                yield json_line, fields_of(json_line.fields, "snapshot")


def _socket(file: CaptureFile, place: JsonLine, entry: JsonFields, socket: HarSocket) -> Iterator[Record]:
    attached = fields_of(fields_of(entry, "response"), "content").get("_file")
    if isinstance(attached, str):
        found = next((each for each in (attached, f"resources/{attached}") if each in file.members), None)
        if found is None:
            raise place.error(f"its messages are in {attached}, which is not in the zip file")
        with file.open_member(found) as stream:
            yield from attached_messages(stream, f"{file.name}, {found}", socket)
    yield from socket.ends(entry)


PLAYWRIGHT = CaptureFormat(
    name="playwright",
    title="trace of Playwright (trace.zip)",
    source="playwright",
    made_by="context.tracing.start(snapshots=True), then stop(path=FILE); playwright test --trace on",
    lacks="control frames, fragments and masks; how a connection closed; messages without a payload",
    recognise=_recognise,
    read=_read,
)
