"""How fast captures are imported, beside a parser alone over the same file, in one run.

Run it with ``python tests/benchmarks/imports.py [FRAMES]``. Reading is everything before the archive:
parsing, decoding, checking, the temporary file, and the merge in order of time. Storing is the archive's
part, secrets blanked; the derived tables come after it, as after a recording. Processor time, best of three.
"""

from __future__ import annotations

import base64
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import ijson
import orjson

from recorder.clock import RealClock
from recorder.formats.capture_file import opened
from recorder.formats.capture_format import SessionHeader
from recorder.formats.known import format_of
from recorder.formats.session_order import numbered
from recorder.formats.spool import RecordSpool
from recorder.projection.derived.refresh import refresh
from recorder.store.archive import Archive
from recorder.wire.frames import Side, encode
from recorder.wire.records import Record, iso_utc

FRAMES = 30_000
ROUNDS = 3
URL = "wss://va.msg.liveperson.net/ws_api/account/1/messaging/consumer?v=3"
START_US = 1_769_860_800_000_000


def payload(number: int) -> bytes:
    """A notification of 350 bytes."""
    change = b'{"sequence":%d,"originatorId":"agent","serverTimestamp":1487455441507,"event":' % number
    text = b'{"kind":"notification","type":"ms.MessagingEventNotification","body":{"changes":[' + change
    text += b'{"type":"ContentEvent","message":"'
    return text + b"x" * (345 - len(text)) + b'"}}]}}'


def sides(count: int) -> Iterator[tuple[int, Side, bytes]]:
    """So many frames, one side after the other."""
    for number in range(count):
        yield number, Side.SERVICE if number % 2 else Side.CLIENT, payload(number)


def jsonl(file: Path, count: int) -> None:
    """As ``session export`` writes it, exact bytes included."""
    with file.open("wb") as stream:
        for line in ({"recorder": 1}, {"connection": 1, "url": URL}):
            stream.write(orjson.dumps(line) + b"\n")
        for number, sender, text in sides(count):
            raw = encode(1, text, mask=b"mask" if sender is Side.CLIENT else None)
            fields = {
                "connection": 1, "index": number, "number": number + 1, "sender": sender,
                "at": iso_utc(START_US + number * 1_000), "offset_us": number * 1_000, "opcode": 1,
                "fin": True, "rsv": 0, "text": text.decode(), "raw": base64.b64encode(raw).decode(),
            }  # fmt: skip
            stream.write(orjson.dumps(fields) + b"\n")


def har(file: Path, count: int) -> None:
    """As Chrome writes it, on one line."""
    with file.open("wb") as stream:
        stream.write(b'{"log":{"entries":[{"_webSocketMessages":[')
        for number, sender, text in sides(count):
            kind = "send" if sender is Side.CLIENT else "receive"
            at = (START_US + number * 1_000) / 1_000_000
            message = {"type": kind, "time": at, "opcode": 1, "data": text.decode()}
            stream.write((b"," if number else b"") + orjson.dumps(message))
        ending = {"request": {"url": URL}, "response": {"status": 101}}
        stream.write(b"]," + orjson.dumps(ending)[1:-1] + b"}]}}")


def netlog(file: Path, count: int) -> None:
    """As Chromium writes it: beside the bytes of each frame an event with its head."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from builders.netlog import NetLogFile, switched, upgrade

    log = NetLogFile().sent(7, 1, upgrade()).received(7, 1, switched())
    for number, sender, text in sides(count):
        frame = encode(1, text, mask=b"mask" if sender is Side.CLIENT else None)
        (log.sent if sender is Side.CLIENT else log.received)(7, number, frame)
        log.event("HTTP_STREAM_JOB", 7, number, final=True, masked=True, opcode=1, payload_length=len(text))
    log.save(file)


FORMS: dict[str, Callable[[Path, int], None]] = {"jsonl": jsonl, "har": har, "netlog": netlog}


def parse_lines(file: Path) -> None:
    """``orjson.loads`` of every line."""
    with file.open("rb") as stream:
        for line in stream:
            orjson.loads(line)


def parse_items(place: str) -> Callable[[Path], None]:
    """ijson's own objects at a place in the document."""

    def parse(file: Path) -> None:
        with file.open("rb") as stream:
            for _ in ijson.items(stream, place):
                pass

    return parse


PEERS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "jsonl": ("orjson.loads", parse_lines),
    "netlog": ("ijson.items", parse_items("events.item")),
    "har": ("ijson.items", parse_items("log.entries.item._webSocketMessages.item")),
}


def read(file: Path, take: Callable[[list[Record]], None]) -> None:
    """Everything before the archive, in lists of 1 000 records."""
    with opened(file) as capture:
        capture.digest()
        form = format_of(capture)
        with RecordSpool(by_time=not form.is_one_session) as spool:
            for record in form.read(capture, lambda _: None):
                if not isinstance(record, SessionHeader):
                    spool.add(record)
            ordered = spool.in_order(spool.sockets)
            batch: list[Record] = []
            for record in ordered if form.is_one_session else numbered(ordered):
                batch.append(record)
                if len(batch) == 1_000:
                    take(batch)
                    batch = []
            take(batch)


def fastest_s(work: Callable[[], None]) -> float:
    """Processor seconds of the best of three rounds."""
    rounds = []
    for _ in range(ROUNDS):
        began_s = time.process_time()
        work()
        rounds.append(time.process_time() - began_s)
    return min(rounds)


def stored_s(file: Path, folder: Path) -> tuple[float, float]:
    """Processor seconds to read and store the file, and to derive its tables."""
    with Archive.open(folder / f"{time.monotonic_ns()}.db", mode="write") as archive:
        began_s = time.process_time()
        intake = archive.begin_session(source="har", started_at_us=0, clock=RealClock())
        read(file, intake)
        intake.finish(None)
        stored = time.process_time() - began_s
        refresh(archive, intake.session)
        return stored, time.process_time() - began_s - stored


def main(count: int) -> None:
    """Print a line for each format."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for form, write in FORMS.items():
            file = folder / form
            write(file, count)
            peer, parse = PEERS[form]
            parsed_s = fastest_s(lambda file=file, parse=parse: parse(file))
            read_s = fastest_s(lambda file=file: read(file, lambda _: None))
            whole_s, derived_s = min(stored_s(file, folder) for _ in range(ROUNDS))
            print(
                f"{form}: reading {count / read_s:,.0f} frames/s, {read_s / parsed_s:.1f} x {peer}; "
                f"with storing {count / whole_s:,.0f} frames/s; derived tables add {derived_s / whole_s:.0%}"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else FRAMES)
