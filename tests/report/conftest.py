"""A message with an awkward text, accepted and read, and frames of every kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recorder import recipes
from recorder.load_summary import (
    DurationStatistics,
    EventCount,
    FailureGroup,
    LoadSample,
    LoadSummary,
)
from recorder.messaging.events import Evidence, Proof
from recorder.receipts.queries import MessageView, ReceiptView
from recorder.recipes.session_view import session_view
from recorder.report.session_view import SessionView
from recorder.wire.frames import Side
from recorder.wire.records import RecordedFrame

AT_US = 1_487_455_441_507_000


def proven(proof: Proof, frame: int, *, after_s: float = 0.0, server_ms: int | None = None) -> Evidence:
    return Evidence(proof, frame, 1, AT_US + round(after_s * 1e6), round(after_s * 1e6), server_ms)


@pytest.fixture
def message() -> MessageView:
    sent = proven(Proof.ANNOUNCED, 41, server_ms=1_487_455_441_507)
    accept = ReceiptView("me-1", "CONSUMER", True, "ACCEPT", proven(Proof.ACKNOWLEDGED, 44, after_s=0.25))
    read = ReceiptView(
        "me-1", "CONSUMER", True, "READ",
        proven(Proof.ANNOUNCED, 52, after_s=2.0, server_ms=1_487_455_443_507),
    )  # fmt: skip
    refused = ReceiptView("me-1", "CONSUMER", True, "ACCESS", proven(Proof.REFUSED, 60, after_s=3.0))
    return MessageView(
        "dialog-1", 2, "3d834d4d-8f0b", "ASSIGNED_AGENT", False, "text/plain", "red \x1b[31m[/x] :smile:",
        "read", sent, (accept, read, refused), None, read,
    )  # fmt: skip


def recorded(number: int, opcode: int, payload: bytes, **more: object) -> RecordedFrame:
    usual: dict[str, object] = {
        "connection": 1, "index": number - 1, "sender": Side.SERVICE, "at_us": AT_US, "offset_us": 1_500_000,
        "fin": True, "rsv": 0,
    }  # fmt: skip
    return RecordedFrame(number=number, opcode=opcode, payload=payload, **{**usual, **more})  # type: ignore[arg-type]


@pytest.fixture
def frames() -> list[RecordedFrame]:
    return [
        recorded(1, 1, b'{"kind":"resp"}', head=b"\x81\x0f", sender=Side.CLIENT),
        recorded(2, 2, b"\x00\xff"),
        recorded(3, 1, b"\xc3(", violation="text is not UTF-8 (RFC 6455 8.1)"),
        recorded(4, 8, b"\x11\x31expired"),
        recorded(5, 3, b"", rsv=4, fin=False, at_us=None, redacted=True),
    ]


# --- many users -----------------------------------------------------------------------------------------


def _durations(metric: str, **given: Any) -> DurationStatistics:
    usual = {
        "count": 9, "rate": 0.9, "mean_ms": 2.0, "min_ms": 0.1, "p50_ms": 0.5, "p90_ms": 8.0, "p95_ms": 9.0,
        "p99_ms": 12.0, "p999_ms": 14.0, "max_ms": 15.0,
    }  # fmt: skip
    return DurationStatistics(metric, **{**usual, **given})


_DURATIONS = (
    _durations("receipt_lateness"),
    DurationStatistics("answer", 4, 0.4, 1.2, 0.2, 1.0, 1.5, 2.0, 2500.0, 2900.0, 3000.0),
)


@pytest.fixture
def load_duration():
    """Makes the statistics of one measured metric."""
    return _durations


@pytest.fixture
def load_failure():
    """Makes a group of users that failed alike."""
    return lambda sentence, step="2 say", users=1: FailureGroup(step, sentence, users)


@pytest.fixture
def load_summary(load_failure):
    """Makes the summary of a run of three users, one of which failed."""

    def make(**given):
        usual = {
            "lasted_s": 10.0,
            "active": 0,
            "durations": _DURATIONS,
            "counts": (EventCount("users", 3, 0.3), EventCount("failures", 1, 0.1)),
            "failures": (load_failure("refused\x1b[31m [bold]"),),
        }
        return LoadSummary(**{**usual, **given})

    return make


@pytest.fixture
def load_sample():
    """Makes one sample of that run."""

    def make(at_s, **given):
        usual = {
            "at_s": at_s, "active": 3, "begun": 6, "passed": 2, "failed": 1, "messages_per_s": 40.0,
            "frames_per_s": 90.0, "receipts": 9, "durations": _DURATIONS,
        }  # fmt: skip
        return LoadSample(**{**usual, **given})

    return make


SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture
def view_of(tmp_path: Path) -> Callable[..., SessionView]:
    """Import a sample, or a capture of these lines, and gather its view."""

    def gather(sample: str, *, redact: str | None = None) -> SessionView:
        file = SAMPLES / sample
        if not sample.endswith((".jsonl", ".har", ".log", ".json")):
            file = tmp_path / "capture.jsonl"
            file.write_text(sample)
        with recipes.open_archive(str(tmp_path / "archive.db"), mode="write", create=True) as archive:
            return session_view(archive, recipes.import_capture(archive, file).session, redact=redact)

    return gather
