"""Secrets under their names, from the command line to the bytes of the archive."""

from __future__ import annotations

import orjson
import pytest

from recorder.recipes import simulator

SECRET = "OPAQUEtok3nAAAA1111"


@pytest.fixture(scope="module")
def service():
    with simulator() as server:
        yield server


def stored(archive):
    return b"".join(path.read_bytes() for path in archive.parent.glob(archive.name + "*"))


@pytest.mark.parametrize(
    "offered",
    [
        ("bearer", SECRET),
        ("access_token", SECRET),
        (f"base64url.bearer.authorization.k8s.io.{SECRET}", "v4.channel.k8s.io"),
    ],
)
def test_a_token_offered_as_a_subprotocol_is_neither_stored_nor_said(start, service, archive, offered):
    options = [word for each in offered for word in ("--subprotocol", each)]
    process = start("record", service.url, "--archive", str(archive), *options)
    out, err = process.communicate("", timeout=30)
    assert process.returncode != 0
    assert "subprotocol" in err
    assert SECRET not in out + err
    assert SECRET.encode() not in stored(archive)


def test_urls_and_headers_of_more_names_are_not_stored(start, service, archive):
    url = f"{service.url}{'&' if '?' in service.url else '?'}ticket=hidden-1&visitKey=hidden-2"
    options = (
        "--header",
        "X-Session-Id: hidden-3",
        "--header",
        "VisitKey: hidden-4",
        "--header",
        "X-Any: hidden-6",
    )
    process = start("record", url, "--archive", str(archive), *options, "--secret-name", "visit_key")
    _, err = process.communicate('{"pin":4711471147,"visitKey":["hidden-5"]}', timeout=30)
    assert b"hidden-" not in stored(archive)
    assert b"4711471147" not in stored(archive)
    assert "hidden-" not in err


def test_a_name_may_be_added_to_an_import(run, tmp_path, archive):
    file = tmp_path / "capture.jsonl"
    file.write_bytes(orjson.dumps({"sender": "client", "text": '{"visitKey":4711471147,"n":1}'}))
    assert run("import", str(file), "--secret-name", "visit-key").exit_code == 0
    assert b"4711471147" not in stored(archive)


def test_a_name_without_letters_is_refused(run, tmp_path):
    result = run("import", str(tmp_path / "none"), "--secret-name", "42")
    assert result.exit_code == 2
    assert "--secret-name" in result.stderr
