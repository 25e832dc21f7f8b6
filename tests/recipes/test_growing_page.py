"""The page of a session that is recorded meanwhile: continued with what comes, made anew where it must be."""

from __future__ import annotations

import gzip
import json

import pytest
from builders.growing import GrowingSession

from recorder import recipes
from recorder.recipes import growing_page
from recorder.recipes.growing_page import GrowingPage


@pytest.fixture
def session(tmp_path):
    growing = GrowingSession(tmp_path / "x.db")
    growing.write(0, "hello")
    yield growing
    growing.close()


@pytest.fixture
def open_page(session, tmp_path, monkeypatch):
    """A page that is never made anew for the sake of what looks at all of it."""
    monkeypatch.setattr(growing_page, "LONGEST_ANEW_S", -1)
    with recipes.open_archive(str(tmp_path / "x.db")) as archive:
        yield lambda parts=frozenset(): GrowingPage(archive, "last", parts, None)


def growths(page, version):
    return json.loads(page.newer(version))["growths"]


def test_each_look_adds_what_has_come_and_nothing_else(session, open_page):
    page = open_page()
    assert page.newer(1) is None
    session.read(1, message=0)
    page.update()
    session.write(2, "are you there?")
    page.update()
    page.update()
    assert page.version == 3
    first, second = growths(page, 1)
    assert growths(page, 2) == [second]
    assert (first["last"], len(first["frames"]["size"]), first["contents"], first["about"]) == (2, 1, [], [0])
    assert (second["last"], second["messages"]["sequence"]) == (3, [2])
    assert second["contents"][0][3] == "are you there?"
    assert [row["label"] for row in first["people"]]
    assert second["people"] is None


def test_the_last_frames_and_the_evidence_are_as_of_now(session, open_page):
    page = open_page()
    session.read(1, message=0)
    page.update()
    session.write(2, "are you there?")
    page.update()
    frames = gzip.decompress(page.block(1, "0-frames-1"))
    assert frames.count(b"MessagingEventNotification") == 2
    rows = json.loads(gzip.decompress(page.block(1, "0-message-0")))
    assert [row[0] for row in rows] == [1, 2]
    for name in ("0-message-9", "0-message-x", "0-frames-2"):
        assert page.block(1, name) is None


def test_who_has_an_older_page_gets_the_whole_of_the_newer(session, open_page, tmp_path):
    page = open_page()
    session.read(1, message=0)
    page.update()
    session.end()
    page.update()
    page.update()
    assert page.is_complete
    data = json.loads(page.newer(3))
    assert (data["version"], data["sessions"][0]["state"]) == (4, "complete")
    assert json.loads(page.newer(None)) == data
    assert page.block(1, "0-columns") != page.block(4, "0-columns")
    assert page.block(2, "0-columns") is None


def test_names_that_are_left_out_are_looked_for_in_the_whole(session, open_page):
    """Somebody who comes later would be in it under his name."""
    page = open_page(frozenset({"names"}))
    session.read(1, message=0)
    page.update()
    assert json.loads(page.newer(1))["sessions"][0]["last"] == 2
    assert b"reader" not in gzip.decompress(page.block(2, "0-frames-0"))


def test_the_end_of_a_long_session_comes_at_once_and_what_looks_at_all_of_it_behind(session, open_page):
    page = open_page()
    session.read(1, message=0)
    session.end()
    page.update()
    assert not page.is_complete
    (growth,) = growths(page, 1)
    assert (growth["last"], growth["state"]) == (2, "complete")
    page.update()
    assert page.is_complete
    (last,) = json.loads(page.newer(2))["sessions"]
    assert (last["honesty"][0], last["last"]) == ("Complete", 2)
    version = page.version
    page.update()
    assert page.version == version


def test_a_page_that_is_not_made_anew_stays_as_it_was(session, tmp_path, monkeypatch):
    """Whoever waits for it may be told to stop while a long session is read."""
    monkeypatch.setattr(growing_page, "LONGEST_ANEW_S", -1)
    monkeypatch.setattr("recorder.recipes.progress.EVERY_S", 0)
    for number in range(1, 256):  # so many pass between two looks at the clock
        session.write(number, "hello")
    stopping = []

    def say(_progress):
        if stopping:
            raise InterruptedError

    with recipes.open_archive(str(tmp_path / "x.db")) as archive:
        page = GrowingPage(archive, "last", frozenset(), None, say=say)
        session.end()
        page.update()
        before = page.newer(None)
        stopping.append(True)
        with pytest.raises(InterruptedError):
            page.update()
        assert not page.is_complete
        assert page.newer(None) == before
        assert page.block(1, "0-columns") is not None
