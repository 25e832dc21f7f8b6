"""``recorder import``: a file is taken whole or not at all."""

from __future__ import annotations

import orjson
import pytest

LINE = b'{"sender": "client", "text": "{}"}\n'


def sessions(run) -> int:
    return len(run("session", "list", "--json").stdout.splitlines())


def test_the_least_a_line_needs_is_sender_and_text(run, tmp_path):
    file = tmp_path / "least.jsonl"
    file.write_bytes(LINE + b"\n" + b'{"sender": "service", "data": "AP8="}')
    result = run("import", str(file), "--json")
    assert result.exit_code == 0, result.stderr
    session = orjson.loads(result.stdout)
    assert (session["frames"], session["source"], session["started_at"]) == (2, "jsonl", None)
    frames = [orjson.loads(line) for line in run("frame", "list", "last", "--json").stdout.splitlines()]
    assert [(f["sender"], f["opcode"], f["at"], f.get("text"), f.get("data")) for f in frames] == [
        ("client", 1, None, "{}", None),
        ("service", 2, None, None, "AP8="),
    ]


def test_the_same_file_twice_is_one_session(run, tmp_path):
    file = tmp_path / "once.jsonl"
    file.write_bytes(LINE)
    first = run("import", str(file))
    again = run("import", str(file))
    assert again.exit_code == 0
    assert again.stdout == first.stdout
    assert "imported before" in again.stderr
    assert sessions(run) == 3


@pytest.mark.parametrize(("lines", "words"), [(1, "1 frame"), (2, "2 frames")])
def test_frames_are_counted_in_words(run, lines, words):
    result = run("import", "-", input=LINE * lines)
    session = result.stdout.split()[0]
    assert result.stdout == f"{session}  {words}  -\n"
    assert words in run("session", "show", session).stdout
    assert f"with its {words}?" in run("session", "delete", session, input="n\n").stderr


def test_a_missing_sample_says_how_to_write_it(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for command in ("import", "replay"):
        result = run(command, "samples/tutorial.yaml")
        assert result.exit_code == 2
        assert result.stderr.endswith("hint: recorder samples --all samples writes the samples there\n")


def test_stdin_is_a_file_too(run):
    assert run("import", "-", input=LINE * 3).exit_code == 0
    assert sessions(run) == 3


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(LINE + b"not JSON\n", "line 2", id="not JSON"),
        pytest.param(LINE + b'{"sender": "me", "text": ""}\n', "line 2", id="unknown sender"),
        pytest.param(LINE + b'{"sender": "client"}\n', "line 2", id="no payload"),
        pytest.param(b"", "there is nothing in it", id="empty"),
        pytest.param(b'{"recorder": 2}\n' + LINE, "line 1", id="newer"),
        pytest.param(LINE.decode().encode("utf-16"), "UTF-16", id="utf-16"),
    ],
)
def test_a_file_that_does_not_read_to_its_end_adds_nothing(run, tmp_path, content, says):
    file = tmp_path / "bad.jsonl"
    file.write_bytes(content)
    result = run("import", str(file))
    assert (result.exit_code, result.stdout) == (2, "")
    assert says in result.stderr
    assert sessions(run) == 2


def test_what_is_no_file_is_said(run, tmp_path):
    for path, says in ((tmp_path, "no regular file"), (tmp_path / "none", "no such file")):
        result = run("import", str(path))
        assert (result.exit_code, says in result.stderr) == (2, True)


def test_secrets_are_blanked_on_import_unless_kept(run, tmp_path, archive):
    file = tmp_path / "secret.jsonl"
    jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtZS1teXNlbGYifQ.c2lnbmF0dXJl"
    text = orjson.dumps(
        {"kind": "req", "id": "0", "type": "InitConnection", "headers": [{"jwt": jwt}]}
    ).decode()
    file.write_bytes(orjson.dumps({"sender": "client", "text": text}))
    run("import", str(file))
    assert jwt.encode() not in archive.read_bytes()
    assert "sub=me-myself" in run("frame", "list", "last", "--json").stdout
    file.write_bytes(file.read_bytes() + b"\n")
    run("import", str(file), "--keep-secrets")
    assert jwt in run("frame", "list", "last", "--json").stdout
