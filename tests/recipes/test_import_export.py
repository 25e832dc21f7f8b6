"""Files go in whole or not at all, and come out as they went in."""

from __future__ import annotations

import itertools

import pytest

from recorder import recipes
from recorder.errors import BadCapture, NotFound


def frames_of(opened, session):
    return list(recipes.frames(opened, session))


def test_export_then_import_is_the_identity_on_a_recorded_session(archive, samples, tmp_path):
    """Header bytes, times, violations, redactions and the ends of connections included."""
    recipes.replay(samples / "tutorial-conversation.yaml", archive=archive)
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    with recipes.open_archive(archive) as opened:
        recipes.export_to_file(opened, "last", first)
        recorded, connections = frames_of(opened, "last"), opened.connections(opened.find_session("last"))
    other = str(tmp_path / "other.db")
    with recipes.open_archive(other, mode="write", create=True) as opened:
        session = recipes.import_capture(opened, first)
        assert frames_of(opened, session.session) == recorded
        assert opened.connections(session) == connections
        recipes.export_to_file(opened, "last", second)
    theirs, ours = first.read_text().splitlines(), second.read_text().splitlines()
    assert ours[1:] == theirs[1:]


def test_an_id_that_is_taken_is_not_taken_again(archive, samples, tmp_path):
    file = tmp_path / "again.jsonl"
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        first = recipes.import_capture(opened, samples / "tutorial.jsonl")
        recipes.export_to_file(opened, "last", file)
        second = recipes.import_capture(opened, file)
        assert second.session != first.session
        assert frames_of(opened, second.session) == frames_of(opened, first.session)


def test_an_import_that_was_cut_short_is_made_good_by_the_next(archive, samples, monkeypatch):
    """Whatever stopped it, the half of a session does not stay."""
    from recorder.recipes import import_export

    with recipes.open_archive(archive, mode="write", create=True) as opened:
        monkeypatch.setattr(import_export, "_BATCH", 2)
        whole = import_export._records

        def cut_short(stream, file):
            yield from itertools.islice(whole(stream, file), 5)
            raise KeyboardInterrupt

        monkeypatch.setattr(import_export, "_records", cut_short)
        with pytest.raises(KeyboardInterrupt):
            recipes.import_capture(opened, samples / "tutorial.jsonl")
        monkeypatch.setattr(import_export, "_records", whole)
        session = recipes.import_capture(opened, samples / "tutorial.jsonl")
        assert [each.session for each in opened.sessions()] == [session.session]
        assert (session.frames, session.state) == (7, "complete")


def test_a_bad_capture_leaves_the_archive_unchanged(archive, tmp_path):
    file = tmp_path / "bad.jsonl"
    file.write_text('{"sender":"client","text":"{}"}\n{"sender":"nobody","text":""}\n')
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        with pytest.raises(BadCapture, match="line 2"):
            recipes.import_capture(opened, file)
        assert opened.sessions() == []
        with pytest.raises(NotFound):
            recipes.export_to_file(opened, "last", tmp_path / "out.jsonl")
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".jsonl") == ["bad.jsonl"]
