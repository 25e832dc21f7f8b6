"""What is gathered of a session for other people."""

from __future__ import annotations

import pytest

from recorder import recipes
from recorder.errors import BadOption, NotFound
from recorder.recipes.session_view import parse_parts, session_view


def test_a_view_has_messages_findings_names_and_counts(archive, samples):
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        recipes.import_capture(opened, samples / "step-up.jsonl")
        view = session_view(opened, "last")
        assert view.messages == recipes.messages(opened, "last")[1]
        assert view.findings == recipes.check(opened, "last")
    assert view.names == {
        "guest-1": "you (consumer guest-1)",
        "user-7": "you (consumer user-7)",
        "agent-9": "agent",
    }
    assert (view.missing, view.recording, view.left_out) == (None, False, frozenset())
    assert sum(view.counts.by_sender.values()) == view.session.frames == 9


@pytest.mark.parametrize(
    ("text", "parts"), [(None, ()), ("", ()), ("text", ("text",)), (" names ,text", ("text", "names"))]
)
def test_parts_are_named_with_commas(text, parts):
    assert parse_parts(text) == frozenset(parts)


def test_no_such_part_and_no_such_session(archive):
    with pytest.raises(BadOption, match="--redact"):
        parse_parts("all")
    with recipes.open_archive(archive, mode="write", create=True) as opened, pytest.raises(NotFound):
        session_view(opened, "last")
