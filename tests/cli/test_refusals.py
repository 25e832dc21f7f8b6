"""What the service says when it refuses a request, wherever people look for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from recorder.cli.app import app

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJtZSIsImF1ZCI6ImFjYzoxIn0.c2lnbmF0dXJlYWJjZGVmZ2hpamtsbW5vcA"
NOBODY = 'the dialogId "__DIALOG_ID__" is a placeholder that nobody filled in'


def payload(sender: str, second: int, **envelope: object) -> dict[str, object]:
    return {"sender": sender, "at": f"2024-01-01T00:00:0{second}Z", "text": json.dumps(envelope)}


def publish(second: int, id: str, dialog: str, event: object) -> dict[str, object]:
    body = {"dialogId": dialog, "event": event}
    return payload("client", second, kind="req", id=id, type="ms.PublishEvent", body=body)


@pytest.fixture
def refused(tmp_path: Path) -> Path:
    """An archive with one session: a message and a receipt, both refused in the service's words."""
    text = {"type": "ContentEvent", "contentType": "text/plain", "message": "hi"}
    read = {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [0]}
    lines = [
        {"recorder": 1, "name": "refused"},
        publish(0, "1", "__DIALOG_ID__", text),
        payload("service", 1, kind="resp", reqId="1", code=400, body="bad\x1b[31m id: " + "too long " * 99),
        publish(2, "2", "d", read),
        payload("service", 3, kind="resp", reqId="2", code=403, body={"said": "no", "token": TOKEN}),
    ]
    file, archive = tmp_path / "refused.jsonl", tmp_path / "archive.db"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert CliRunner().invoke(app, ["import", str(file), "--archive", str(archive)]).exit_code == 0
    return archive


def run(archive: Path, *arguments: str) -> Result:
    return CliRunner(env={"RECORDER_ARCHIVE": str(archive)}).invoke(app, [*arguments])


COMMANDS = [
    (("check", "refused"), 3, ["was answered with 400: ", "was answered with 403: ", NOBODY]),
    (("message", "show", "refused", "#1"), 0, ["failed; publish refused with 400", "#2 says: ", NOBODY]),
    (("message", "show", "refused", "0"), 0, ["READ refused with 403", "#4 says: "]),
    (
        ("session", "show", "refused"),
        0,
        ["refused: ms.PublishEvent (frame #1) was answered with 400", NOBODY],
    ),
    (("frame", "show", "refused", "2"), 0, ["400 for your publish of frame #1: ", NOBODY]),
]


@pytest.mark.parametrize(("arguments", "code", "said"), COMMANDS, ids=lambda value: str(value)[:40])
def test_code_and_words_are_printed_short_and_harmless(
    refused: Path, arguments: tuple[str, ...], code: int, said: list[str]
) -> None:
    result = run(refused, *arguments)
    assert result.exit_code == code, result.stderr
    printed = " ".join(result.stdout.split())
    for each in said:
        assert each in printed
    assert "bad\\x1b[31m id: too long" in printed or '{"said": "no", "token": "⟦jwt:' in printed
    assert "\x1b" not in result.stdout
    assert TOKEN not in result.stdout
    if arguments[0] != "frame":  # which shows the payload, too
        assert printed.count("too long") < 50


def test_json_has_code_and_reason(refused: Path) -> None:
    shown = json.loads(run(refused, "session", "show", "refused", "--json").stdout)
    first, second = shown["refused_requests"]
    assert (first["request_frame"], first["frame"], first["code"]) == (1, 2, 400)
    assert first["reason"].startswith('"bad\x1b[31m id: too long')
    assert first["reason"].endswith(f'…"; {NOBODY}')
    assert second["reason"].startswith('{"said": "no", "token": "⟦jwt:')
    life = json.loads(run(refused, "message", "show", "refused", "#1", "--json").stdout)["life"]
    assert [(entry["code"], entry["reason"]) for entry in life] == [(None, None), (400, first["reason"])]
