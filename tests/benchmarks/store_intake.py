"""How fast frames go into an archive, beside plain sqlite3 and an append-only file, in one run.

Run it with ``python tests/benchmarks/store_intake.py``. Absolute figures mean nothing on another
machine; the ratios inside one run do.
"""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from recorder.clock import RealClock
from recorder.store.archive import Archive
from recorder.store.intake import IntakeOptions
from recorder.wire.frames import Side
from recorder.wire.records import RecordedFrame

PAYLOAD = b'{"kind":"notification","type":"ms.MessagingEventNotification","body":"' + b"x" * 278 + b'"}'
HEAD = b"\x81\xfe\x01\x5e\x0b\xad\xf0\x0d"
ROUNDS = 3
FRAMES = {1: 8_000, 10: 30_000, 100: 60_000, 1000: 60_000}


def frames(count: int) -> list[RecordedFrame]:
    """So many frames of one connection."""
    return [
        RecordedFrame(n, 1, n - 1, Side.SERVICE, 1_700_000_000_000_000 + n, n * 31, 1, True, 0, PAYLOAD, HEAD)
        for n in range(1, count + 1)
    ]


def batches(recorded: list[RecordedFrame], size: int) -> list[list[RecordedFrame]]:
    """The frames in batches of this size."""
    return [recorded[start : start + size] for start in range(0, len(recorded), size)]


def append_only(path: Path, work: list[list[RecordedFrame]]) -> float:
    """Seconds to append the payloads to a file, a write per batch."""
    with path.open("wb", buffering=0) as file:
        began_s = time.perf_counter()
        for batch in work:
            file.write(b"".join(frame.payload for frame in batch))
        return time.perf_counter() - began_s


def plain_sqlite(path: Path, work: list[list[RecordedFrame]]) -> float:
    """Seconds for the same rows through sqlite3 alone, a NORMAL commit per batch."""
    handle = sqlite3.connect(path, isolation_level=None)
    handle.execute("PRAGMA journal_mode=WAL")
    handle.execute("PRAGMA synchronous=NORMAL")
    handle.execute(
        "CREATE TABLE frame (id INTEGER PRIMARY KEY, session_id, number, connection, idx, sender, at_us,"
        " offset_us, opcode, fin, rsv, payload, head, violation, redacted, compressed)"
    )
    handle.execute("CREATE UNIQUE INDEX frame_number ON frame (session_id, number)")
    insert = (
        "INSERT INTO frame (session_id, number, connection, idx, sender, at_us, offset_us, opcode, fin, rsv,"
        " payload, head, violation, redacted, compressed) VALUES (1,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
    )
    began_s = time.perf_counter()
    for batch in work:
        handle.execute("BEGIN IMMEDIATE")
        handle.executemany(insert, batch)
        handle.execute("COMMIT")
    took_s = time.perf_counter() - began_s
    handle.close()
    return took_s


def intake(path: Path, work: list[list[RecordedFrame]], *, keep_secrets: bool) -> float:
    """Seconds for the same frames through ``Intake``, digests and barriers included."""
    with Archive.open(path, mode="write") as archive:
        sink = archive.begin_session(
            source="client",
            started_at_us=0,
            clock=RealClock(),
            options=IntakeOptions(keep_secrets=keep_secrets),
        )
        began_s = time.perf_counter()
        for batch in work:
            sink(batch)
        took_s = time.perf_counter() - began_s
        sink.finish(None)
    return took_s


def main() -> None:
    """Print rows per second, and how they compare."""
    rivals: dict[str, Callable[[Path, list[list[RecordedFrame]]], float]] = {
        "append-only": append_only,
        "sqlite3": plain_sqlite,
        "intake": lambda path, work: intake(path, work, keep_secrets=True),
        "intake, redacting": lambda path, work: intake(path, work, keep_secrets=False),
    }
    print(f"{'rows per commit':>15} " + " ".join(f"{name:>18}" for name in rivals) + "   intake : sqlite3")
    for size, count in FRAMES.items():
        work = batches(frames(count), size)
        rates = {name: round(count / took(rival, work)) for name, rival in rivals.items()}
        ratio = rates["intake"] / rates["sqlite3"]
        print(f"{size:>15} " + " ".join(f"{rate:>18,}" for rate in rates.values()) + f"   {ratio:.2f}")
    print(f"bytes in the file per payload byte: {bytes_per_payload_byte():.2f}")


def took(rival: Callable[[Path, list[list[RecordedFrame]]], float], work: list[list[RecordedFrame]]) -> float:
    """Median seconds of some rounds, each in a fresh folder."""
    seconds = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            seconds.append(rival(Path(folder) / "x.db", work))
    return statistics.median(seconds)


def bytes_per_payload_byte() -> float:
    """How much larger the closed file is than what it holds."""
    recorded = frames(20_000)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.db"
        intake(path, batches(recorded, 100), keep_secrets=True)
        return path.stat().st_size / sum(len(frame.payload) for frame in recorded)


if __name__ == "__main__":
    main()
