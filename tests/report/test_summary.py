"""One session at a glance."""

from __future__ import annotations

import io
import re
from dataclasses import replace

from recorder.receipts.numbers import Count, Latency, Numbers
from recorder.receipts.queries import ContentView
from recorder.report.summary import (
    Summary,
    count_frames,
    numbers_json,
    print_numbers,
    print_summary,
    summary_json,
)
from recorder.wire.frames import CompressedPayload, Side
from recorder.wire.records import ConnectionInfo, SessionInfo


def summary(message, frames) -> Summary:
    connection = ConnectionInfo(
        1, "wss://example.test/x", 0, 0, None, (), 101, (), 5, 5, 4401, "expired", Side.SERVICE, "closed",
        None, 5,
    )  # fmt: skip
    session = SessionInfo("7f01", "slow", "client", "complete", 0, 5_000_000, 1, 5)
    return Summary(session, [connection], count_frames(frames), [message], ["answer 9 fits no question"])


def test_text_has_connections_counts_and_oddities(message, frames):
    stream = io.StringIO()
    print_summary(stream, summary(message, frames))
    out = stream.getvalue()
    assert "5 (1 client, 4 service), 28 payload bytes, 1 against RFC 6455, 1 redacted" in out
    assert "connection 1: wss://example.test/x, 5 frames, closed by the service with 4401 (expired)" in out
    assert "messages  1 read" in out
    assert "odd: answer 9 fits no question" in out


def test_what_ended_a_session_stands_beside_its_state(message, frames):
    """Somebody else's words may be in it: nothing of them reaches the terminal raw."""
    whole = summary(message, frames)
    stopped = replace(whole, session=replace(whole.session, detail="stopped\x1b[31m"))
    stream = io.StringIO()
    print_summary(stream, stopped)
    assert re.search(r"state +complete: stopped", stream.getvalue())
    assert "\x1b[31m" not in stream.getvalue()
    assert (summary_json(stopped)["detail"], summary_json(whole)["detail"]) == ("stopped\x1b[31m", None)


def test_what_came_compressed_is_counted_and_what_is_missing_of_it(message, frames):
    """And how the frames of each connection were come by, unless we recorded them ourselves."""
    inflated, withheld = (
        CompressedPayload(3, b"d"),
        CompressedPayload(3, b"d", withheld="it does not inflate"),
    )
    came = [frames[0]._replace(compressed=inflated), frames[1]._replace(compressed=withheld), *frames[2:]]
    whole = summary(message, came)
    by_har = replace(whole.connections[0], provenance="har", fidelity="messages")
    imported = replace(whole, connections=[by_har], session=replace(whole.session, source="har"))
    stream = io.StringIO()
    print_summary(stream, imported)
    assert "1 redacted, 2 came compressed, 1 of them without payload" in stream.getvalue()
    assert "5 frames, by har (messages only), closed by the service" in stream.getvalue()
    line = summary_json(imported)
    assert (line["compressed"], line["withheld"]) == (2, 1)
    for shown, expected in ((imported, ("har", "messages")), (whole, ("client", "bytes"))):
        [connection] = summary_json(shown)["connection_details"]
        assert (connection["provenance"], connection["fidelity"]) == expected


def test_json_has_connections_counts_and_oddities(message, frames):
    line = summary_json(summary(message, frames))
    assert line["session"] == "7f01"
    assert line["frames_by_sender"] == {"client": 1, "service": 4}
    assert line["messages"] == {"read": 1}
    assert line["dialogs"] == ["dialog-1"]
    assert line["connection_details"][0]["close_code"] == 4401


NUMBERS = Numbers(
    (Count("a" * 8, "ASSIGNED_AGENT", False, 3, 0, 2),),
    (Latency("sent → read", "a" * 8, "ASSIGNED_AGENT", False, "server", 2, 0.3, 0.4, 0.4, 0.4),),
    5,
    4,
)


def test_every_line_says_whose_which_clock_and_how_many():
    stream = io.StringIO()
    print_numbers(stream, NUMBERS)
    counts, latencies = (block.split("\n")[1].split() for block in stream.getvalue().strip().split("\n\n"))
    assert counts == ["agent", "3", "0", "2"]
    assert latencies == ["sent", "→", "read", "agent", "server", "2", "0.300s", "0.400s", "0.400s", "0.400s"]


def test_nothing_known_prints_nothing():
    stream = io.StringIO()
    print_numbers(stream, Numbers((), (), 0, 0))
    assert stream.getvalue() == ""


def test_the_numbers_in_json_are_in_seconds():
    told = numbers_json(NUMBERS)
    assert (told["requests"], told["answered"]) == (5, 4)
    assert told["participants"][0]["read"] == 2
    assert told["latencies"][0] | {} == {
        "kind": "sent → read", "participant": "aaaaaaaa", "role": "ASSIGNED_AGENT", "mine": False,
        "clock": "server", "samples": 2, "p50_s": 0.3, "p90_s": 0.4, "p99_s": 0.4, "max_s": 0.4,
        "connection": None,
    }  # fmt: skip


def test_a_message_with_several_contents_is_odd(message, frames):
    first = ContentView("a", "text/plain", "x" * 99, message.sent)
    contents = (
        first,
        first._replace(text=None, type="RichContentEvent"),
        *[first._replace(text="y\x1b")] * 4,
    )
    whole = summary(message._replace(contents=contents), frames)
    says = summary_json(whole)["oddities"][-1]
    assert says.startswith(f'message 2 of dialog dialog-1 has 6 contents: "{"x" * 39}…" in frame #41, ')
    assert says.endswith(
        '[RichContentEvent] in frame #41, "y\x1b" in frame #41, "y\x1b" in frame #41, 2 more'
    )
    stream = io.StringIO()
    print_summary(stream, whole)
    assert "odd: message 2 of dialog dialog-1 has 6 contents" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()
