"""A session is exported whole or not at all."""

from __future__ import annotations

import orjson
import pytest

from recorder import recipes
from recorder.errors import BadOption, NotFound
from recorder.wire.frames import Opcode


def test_a_session_that_is_not_there_leaves_no_file(archive, tmp_path):
    with recipes.open_archive(archive, mode="write", create=True) as opened, pytest.raises(NotFound):
        recipes.export_to_file(opened, "last", tmp_path / "out.jsonl")
    assert not list(tmp_path.glob("*.jsonl"))


def test_a_file_and_stdout_get_the_same_lines(archive, samples, tmp_path, capfdbinary):
    file = tmp_path / "out.jsonl"
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        recipes.import_capture(opened, samples / "tutorial.jsonl")
        recipes.export_to_file(opened, "last", file)
        recipes.export_to_stdout(opened, "last")
    assert capfdbinary.readouterr().out == file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600


def _texts(archive, session):
    return [
        (frame.connection, frame.sender, frame.payload, frame.at_us)
        for frame in archive.frames(session)
        if frame.opcode == Opcode.TEXT
    ]


@pytest.mark.parametrize("form", ["har", "wscat"])
def test_what_is_exported_for_other_programs_is_imported_again(archive, samples, tmp_path, form):
    """The whole of a replay: its payloads and sides come back, of a HAR the times too."""
    file = tmp_path / "out"
    played = recipes.replay(samples / "slow-reader.yaml", archive=archive, clock="virtual").session
    with recipes.open_archive(archive, mode="write") as opened:
        recipes.export_to_file(opened, played, file, form=form)
        again = recipes.import_capture(opened, file)
        written, read = _texts(opened, played), _texts(opened, again)
        assert written
        if form == "wscat":
            written, read = ([each[:3] for each in found] for found in (written, read))
        assert read == written
        found = recipes.session_difference(opened, played, again.session)
        assert not any(change.differs for change in found.changes)


def test_a_format_that_is_not_there_is_told(archive, tmp_path):
    with (
        recipes.open_archive(archive, mode="write", create=True) as opened,
        pytest.raises(BadOption, match="there is no format netlog"),
    ):
        recipes.export_to_file(opened, "last", tmp_path / "out", form="netlog")


@pytest.mark.parametrize("form", ["markdown", "csv", "mermaid", "perfetto"])
def test_texts_and_ids_can_be_left_out_of_what_people_read(archive, samples, tmp_path, form):
    file = tmp_path / "out"
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        recipes.import_capture(opened, samples / "step-up.jsonl")
        recipes.export_to_file(opened, "last", file, form=form)
        assert "Please sign in." in file.read_text()
        recipes.export_to_file(opened, "last", file, form=form, redact="text,names")
    written = file.read_text()
    for text in ("Please sign in.", "Hello?", "agent-9", "user-7", "guest-1"):
        assert text not in written
    assert "text of 15 characters" in written


def test_the_page_of_a_report_is_one_of_the_formats(archive, samples, tmp_path):
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        recipes.import_capture(opened, samples / "step-up.jsonl")
        for redact in (None, "text,names"):
            recipes.export_to_file(opened, "last", tmp_path / "exported.html", form="html", redact=redact)
            recipes.write_report(opened, "last", tmp_path / "report.html", redact=redact)
            assert (tmp_path / "exported.html").read_bytes() == (tmp_path / "report.html").read_bytes()


@pytest.mark.parametrize("form", ["jsonl", "har", "wscat"])
def test_frames_are_exported_without_texts_and_names(archive, samples, tmp_path, form):
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        recipes.import_capture(opened, samples / "tutorial.jsonl")
        for redact, is_held in ((None, True), ("text,names", False)):
            recipes.export_to_file(opened, "last", tmp_path / "out", form=form, redact=redact)
            content = (tmp_path / "out").read_text()
            assert ("some agent text" in content, "3d834d4d" in content) == (is_held, is_held)
            assert "AcceptStatusEvent" in content


def test_a_diagram_too_long_to_be_drawn_is_told(archive, tmp_path):
    lines = [
        {"kind": "notification", "type": "ms.MessagingEventNotification", "body": {"changes": [
            {"dialogId": "d", "sequence": number, "originatorId": "a",
             "event": {"type": "ContentEvent", "contentType": "text/plain", "message": "x" * 60}}]}}
        for number in range(700)
    ]  # fmt: skip
    capture = tmp_path / "long.jsonl"
    capture.write_bytes(
        b"\n".join(orjson.dumps({"sender": "service", "text": orjson.dumps(each).decode()}) for each in lines)
    )
    remarks = []
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        recipes.import_capture(opened, capture)
        recipes.export_to_file(opened, "last", tmp_path / "out", form="mermaid", say=remarks.append)
    assert "the diagram is longer than Mermaid draws unless its maxTextSize is raised" in remarks
