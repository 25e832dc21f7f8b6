"""A bundle holds one session and no secret, is the same each time, and is taken back."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from pathlib import Path

import orjson
import pytest

from recorder import recipes
from recorder.clock import RealClock
from recorder.errors import BadOption, ExpectationFailed, NotFound
from recorder.recipes.bundle_session import bundle
from recorder.recipes.session_view import session_view
from recorder.report.session_view import completeness_lines

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzb21lYm9keS0xIn0.c2lnbmF0dXJlLWNhbmFyeS0x"


@pytest.fixture
def filled(archive, samples):
    """A consumer played, a step-up by hand, a HAR with HTTP requests."""
    recipes.replay(samples / "slow-reader.yaml", archive=archive, clock="virtual", name="played")
    with recipes.open_archive(archive, mode="write") as opened:
        recipes.import_capture(opened, samples / "step-up.jsonl", name="step-up")
        recipes.import_capture(opened, samples / "browser.har")
        yield opened


def content(archive, session):
    found = archive.find_session(session)
    return (
        list(archive.frames(found)),
        archive.connections(found),
        list(archive.exchanges(found)),
        list(archive.forwarded(found)),
    )


@pytest.mark.parametrize("session", ["played", "step-up", "browser"])
def test_it_is_taken_back_frame_for_frame_and_once(filled, tmp_path, session):
    file = bundle(filled, session, tmp_path / "x.zip")
    remarks = []
    with recipes.open_archive(str(tmp_path / "other.db"), mode="write", create=True) as other:
        imported = recipes.import_capture(other, file, say=remarks.append)
        assert content(other, imported.session) == content(filled, session)
        assert (imported.session, imported.name) == (filled.find_session(session).session, session)
        assert recipes.import_capture(other, file, say=remarks.append) == imported
        assert len(other.sessions()) == 1
    assert "nothing added" in remarks[-1]


def honesty(page):
    """The first line of a report, sentence by sentence."""
    data = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1]
    return json.loads(data)["sessions"][0]["honesty"]


@pytest.mark.parametrize(
    ("redact", "says"),
    [
        ("text,names", ["Left out WHERE: texts, names and ids", "It holds no message text"]),
        ("text", ["Left out WHERE: texts", "It holds no message text"]),
        ("names", ["Left out WHERE: names and ids", "It holds message texts of 2 people"]),
    ],
)
def test_what_was_left_out_is_still_said_after_an_import(filled, tmp_path, redact, says):
    file = bundle(filled, "browser", tmp_path / "x.zip", redact=redact)
    with zipfile.ZipFile(file) as packed:
        first = honesty(packed.read("report.html").decode())
    with recipes.open_archive(str(tmp_path / "other.db"), mode="write", create=True) as other:
        imported = recipes.import_capture(other, file)
        recipes.write_report(other, imported.session, tmp_path / "again.html")
        sentences = list(completeness_lines(session_view(other, imported.session)))
    secrets = "No secret was replaced in a frame"
    assert first[1:] == [secrets, *(each.replace("WHERE", "of this page") for each in says)]
    again = honesty((tmp_path / "again.html").read_text())
    assert again[1:] == [secrets, *(each.replace("WHERE", "before it was recorded here") for each in says)]
    assert "Secrets: blanked in 0 of 28 frames." in sentences
    assert ("Left out: the ids and names of people." in sentences) == ("names" in redact)
    assert any(each.startswith("Left out: the texts") for each in sentences) == ("text" in redact)


def test_its_archive_holds_this_session_alone_and_is_whole(filled, tmp_path):
    with zipfile.ZipFile(bundle(filled, "step-up", tmp_path / "x.zip")) as packed:
        packed.extractall(tmp_path / "x")
        assert packed.namelist() == [
            "session.jsonl", "archive.db", "report.html", "versions.json", "script.yaml"
        ]  # fmt: skip
    copy = str(tmp_path / "x" / "archive.db")
    (verdict,) = recipes.verify(copy)
    assert verdict.state == "complete"
    with recipes.open_archive(copy) as alone:
        assert [each.name for each in alone.sessions()] == ["step-up"]
        assert content(alone, "last") == content(filled, "step-up")
        assert recipes.messages(alone, "last")[1] == recipes.messages(filled, "step-up")[1]
    recipes.write_report(filled, "step-up", tmp_path / "report.html")
    assert (tmp_path / "x" / "report.html").read_bytes() == (tmp_path / "report.html").read_bytes()
    recipes.check_script(tmp_path / "x" / "script.yaml")
    versions = json.loads((tmp_path / "x" / "versions.json").read_text())
    assert (versions["session"], versions["script"]) == (verdict.session, "script.yaml")
    assert all(versions[name] for name in ("recorder", "recorded_with", "python", "schema", "system"))


def test_the_same_session_gives_the_same_bytes_and_nobody_else_may_read_them(filled, tmp_path):
    one, other = (bundle(filled, "played", tmp_path / name) for name in ("one.zip", "other.zip"))
    assert hashlib.sha256(one.read_bytes()).digest() == hashlib.sha256(other.read_bytes()).digest()
    assert one.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(one) as packed:
        assert {each.date_time for each in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {each.external_attr >> 16 for each in packed.infolist()} == {0o600}


def test_without_a_name_it_is_called_as_the_session(filled, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert bundle(filled, "played") == Path(f"{filled.find_session('played').session}.zip")


def line(**fields):
    return orjson.dumps(fields) + b"\n"


INIT = {"kind": "req", "id": "1", "type": "InitConnection", "headers": [{"jwt": TOKEN}]}
SECRETS = {
    "frame": (line(sender="client", text=orjson.dumps(INIT).decode()), "frame #1"),
    "url": (
        line(connection=1, url=f"wss://h/ws_api/account/1/messaging/consumer?token={TOKEN}")
        + line(sender="client", text="x"),
        "connection 1 (url)",
    ),
    "headers": (
        line(connection=1, request_headers=[["Authorization", f"Bearer {TOKEN}"]])
        + line(sender="client", text="x"),
        "connection 1 (request_headers)",
    ),
    "reason": (
        line(connection=1, closed_at=1487455441, close_code=4401, close_reason=TOKEN, how="closed")
        + line(sender="client", text="x"),
        "connection 1 (close_reason)",
    ),
    "binary": (line(sender="service", opcode=2, text=f"token={TOKEN}"), "frame #1"),
    "ping": (line(sender="service", opcode=9, text=TOKEN), "frame #1"),
    "name": (line(recorder=1, name=TOKEN) + line(sender="client", text="x"), "the name of the session"),
}


@pytest.mark.parametrize("where", SECRETS)
def test_a_secret_anywhere_is_refused_with_its_place_and_no_file_is_made(archive, tmp_path, where):
    lines, place = SECRETS[where]
    capture = tmp_path / "kept.jsonl"
    capture.write_bytes(lines)
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        kept = recipes.import_capture(opened, capture, keep_secrets=True)
        with pytest.raises(ExpectationFailed) as refused:
            bundle(opened, kept.session, tmp_path / "x.zip")
        assert place in str(refused.value)
        assert TOKEN not in str(refused.value) + (refused.value.hint or "")
        assert not (tmp_path / "x.zip").exists()
        copy = tmp_path / "copy.jsonl"  # what the hint says
        recipes.export_to_file(opened, kept.session, copy)
        with recipes.open_archive(str(tmp_path / "copy.db"), mode="write", create=True) as blanked:
            file = bundle(blanked, recipes.import_capture(blanked, copy).session, tmp_path / "x.zip")
    with zipfile.ZipFile(file) as packed:
        assert not [name for name in packed.namelist() if TOKEN.encode() in packed.read(name)]


def test_a_variable_of_a_script_is_no_secret(archive, tmp_path):
    capture = tmp_path / "capture.jsonl"
    capture.write_bytes(line(sender="client", text=orjson.dumps({"jwt": TOKEN}).decode()))
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        file = bundle(opened, recipes.import_capture(opened, capture).session, tmp_path / "x.zip")
    with zipfile.ZipFile(file) as packed:
        assert b'{"jwt":"${JWT_1}"}' in packed.read("script.yaml")


def test_many_places_are_counted(archive, tmp_path):
    capture = tmp_path / "kept.jsonl"
    capture.write_bytes(line(sender="client", text=orjson.dumps(INIT).decode()) * 8)
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        kept = recipes.import_capture(opened, capture, keep_secrets=True)
        with pytest.raises(ExpectationFailed, match=r"in \d+ places: frame #1, .*frame #5 and \d+ more"):
            bundle(opened, kept.session, tmp_path / "x.zip")


def test_a_session_without_a_script_says_why(archive, tmp_path):
    """One of more characters than a script may have."""
    change = {"type": "ContentEvent", "contentType": "text/plain", "message": "x" * 600_000}
    publish = {"kind": "req", "type": "ms.PublishEvent", "body": {"dialogId": "d", "event": change}}
    texts = (orjson.dumps({**publish, "id": str(number)}).decode() for number in range(2))
    capture = tmp_path / "long.jsonl"
    capture.write_bytes(b"".join(line(sender="client", text=text) for text in texts))
    remarks = []
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        imported = recipes.import_capture(opened, capture)
        file = bundle(opened, imported.session, tmp_path / "x.zip", say=remarks.append)
    with zipfile.ZipFile(file) as packed:
        versions = json.loads(packed.read("versions.json"))
        assert "script.yaml" not in packed.namelist()
    assert versions["script"] is None
    assert f"there is no script in it: {versions['why_no_script']}" in remarks


def test_what_is_not_there_or_not_over_is_told(archive, tmp_path):
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        with pytest.raises(NotFound):
            bundle(opened, "last", tmp_path / "x.zip")
        begun = opened.begin_session(source="client", started_at_us=1, clock=RealClock())
        with pytest.raises(BadOption, match="is being recorded"):
            bundle(opened, begun.session, tmp_path / "x.zip")
        begun.finish(2)
        with pytest.raises(BadOption, match="there is no directory"):
            bundle(opened, begun.session, tmp_path / "no" / "x.zip")
        assert bundle(opened, begun.session, tmp_path / "x.zip").exists()  # nothing was recorded in it
