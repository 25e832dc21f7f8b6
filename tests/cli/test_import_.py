"""``recorder import``: a file is taken whole or not at all."""

from __future__ import annotations

import zipfile

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
    for path, says in ((tmp_path, "it is a directory"), (tmp_path / "none", "no such file")):
        result = run("import", str(path))
        assert (result.exit_code, says in result.stderr) == (2, True)


def test_what_else_is_in_a_zip_file_is_said(run, tmp_path, har):
    packed = tmp_path / "ticket.zip"
    with zipfile.ZipFile(packed, "w") as whole:
        whole.write(har, "a.har")
        whole.writestr("console.log", "x")
        whole.writestr(".DS_Store", "x")
    said = run("import", str(packed)).stderr
    assert f"{packed}: the HAR in it is read; of 1 file beside it, only what the HAR names" in said
    with zipfile.ZipFile(packed, "w") as whole:
        for name in ("a.har", "b.har"):
            whole.write(har, name)
    refused = run("import", str(packed))
    assert (refused.exit_code, "neither one file, nor one HAR" in refused.stderr) == (2, True)


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


@pytest.fixture
def har(tmp_path):
    """A HAR with a WebSocket of LivePerson's and one to somebody else."""

    def entry(url, *texts):
        messages = [{"type": "send", "time": 1769860800.5, "opcode": 1, "data": text} for text in texts]
        return {"request": {"url": url}, "response": {"status": 101}, "_webSocketMessages": messages}

    entries = [entry("wss://x.liveperson.net/a", "1", "2"), entry("wss://chat.example/b", "3")]
    path = tmp_path / "two.har"
    path.write_bytes(orjson.dumps({"log": {"entries": entries}}))
    return path


@pytest.mark.parametrize(
    ("options", "frames"), [((), 2), (("--all",), 3), (("--url", "chat"), 1), (("--url", "wss://*"), 3)]
)
def test_what_is_imported_of_a_file_can_be_chosen(run, har, options, frames):
    result = run("import", str(har), *options, "--json")
    session = orjson.loads(result.stdout)
    assert (session["frames"], session["name"], session["source"]) == (frames, "two", "har")
    assert ("left out 1 other WebSocket with 1 frame (wss://chat.example/b)" in result.stderr) is (
        frames == 2
    )


def test_a_broken_file_is_imported_in_part_only_if_asked(run, har):
    whole = har.read_bytes()
    cut = whole.index(b'"3"')
    har.write_bytes(whole[:cut])
    refused = run("import", str(har))
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert f"two.har, byte {cut}: it ends in the middle" in refused.stderr
    assert sessions(run) == 2
    taken = run("import", str(har), "--partial", "--json")
    assert taken.exit_code == 0
    assert (orjson.loads(taken.stdout)["frames"], orjson.loads(taken.stdout)["state"]) == (2, "interrupted")


def test_a_format_can_be_named(run, har):
    assert run("import", str(har), "--format", "har").exit_code == 0
    result = run("import", str(har), "--format", "pcapp")
    assert (result.exit_code, 'there is no format "pcapp"' in result.stderr) == (2, True)


def test_what_cannot_be_imported_is_named_with_a_way_out(run, tmp_path):
    path = tmp_path / "f.har"
    path.write_bytes(
        b'{"log": {"version": "1.2", "creator": {"name": "Firefox", "version": "140"}, "entries": []}}'
    )
    result = run("import", str(path))
    assert result.exit_code == 2
    assert (
        "a HAR of Firefox, which writes the handshake of a WebSocket but none of its messages"
        in result.stderr
    )
    assert "hint: record it in Chromium" in result.stderr


def test_for_what_is_no_capture_no_archive_is_made(run, tmp_path):
    file, archive = tmp_path / "notes.txt", tmp_path / "new.db"
    file.write_text("nothing to import")
    for options in ([], ["--format", "pcapp"]):
        assert run("import", str(file), *options, "--archive", str(archive)).exit_code == 2
    assert sorted(tmp_path.glob("new.db*")) == []
