"""One session at a glance."""

from __future__ import annotations

import io
import re
from dataclasses import replace

from recorder.report.summary import Summary, count_frames, print_summary, summary_json
from recorder.store.info import ConnectionInfo, SessionInfo
from recorder.wire.frames import Side


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


def test_json_has_connections_counts_and_oddities(message, frames):
    line = summary_json(summary(message, frames))
    assert line["session"] == "7f01"
    assert line["frames_by_sender"] == {"client": 1, "service": 4}
    assert line["messages"] == {"read": 1}
    assert line["dialogs"] == ["dialog-1"]
    assert line["connection_details"][0]["close_code"] == 4401
