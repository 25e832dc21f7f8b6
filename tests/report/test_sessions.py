"""Tables of sessions, and of what verifying them found."""

from __future__ import annotations

import io
from types import SimpleNamespace

from recorder.report.sessions import print_sessions, print_verified_sessions
from recorder.wire.records import SessionInfo


def test_sessions_are_one_line_each():
    stream = io.StringIO()
    print_sessions(stream, [SessionInfo("7f01", "evil\x1b[2J", "client", "complete", 0, 0, 1, 5)])
    assert stream.getvalue().splitlines()[1].split() == [
        "7f01", "evil\\x1b[2J", "1970-01-01", "00:00:00", "complete", "client", "1", "5",
    ]  # fmt: skip


def test_every_problem_is_told_in_full_below_the_table():
    stream = io.StringIO()
    good = SimpleNamespace(session="7f01", name=None, state="complete", frames=5, problems=(), not_covered=())
    bad = SimpleNamespace(
        session=None,
        name="x",
        state="damaged",
        frames=3,
        problems=("a \x1b", "b"),
        not_covered=("rows", "derived rows"),
    )
    print_verified_sessions(stream, [good, bad])
    _, first, second, *problems, rows, derived = stream.getvalue().splitlines()
    assert first.split() == ["7f01", "-", "complete", "5", "-"]
    assert second.split() == ["(file)", "x", "damaged", "3", "2"]
    assert problems == ["the file: a \\x1b", "the file: b"]
    assert rows.startswith("not covered: the rows of 1 session; without an end record, or ended by")
    assert derived == (
        "not covered: the derived rows of 1 session; written without a digest;"
        " recorder archive rebuild makes one"
    )
