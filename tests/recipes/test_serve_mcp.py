"""The SDK's own client asks the server over stdio, once for all tools."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters

import recorder
from recorder import recipes
from recorder.errors import BadOption, NotFound

CALLS = [
    ("list_sessions", {"limit": 1}),
    ("find", {"text": "user-7"}),
    ("show_session", {"session": "last"}),
    ("list_messages", {"session": "last"}),
    ("show_message", {"session": "last", "message": "2"}),
    ("list_frames", {"session": "last", "limit": 2}),
    ("show_frame", {"session": "last", "frame_number": 8}),
    ("check_session", {"session": "last"}),
    ("explain_rule", {"rule": "late-read"}),
    ("diff_sessions", {"first": "last", "second": "last"}),
    ("list_messages", {"session": "nobody"}),
    ("list_messages", {"session": "last", "limit": "many"}),
]


async def ask(archive: str) -> tuple[list[object], list[tuple[bool, str, object]], str]:
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "recorder", "mcp", "--archive", archive],
        env={"PYTHONPATH": str(Path(recorder.__file__).parents[1])},
    )
    async with Client(server) as client:
        tools = (await client.list_tools()).tools
        answers = []
        for name, given in CALLS:
            result = await client.call_tool(name, given)
            told = "".join(each.text for each in result.content)
            answers.append((result.is_error, told, result.structured_content))
        return tools, answers, client.instructions or ""


def test_an_assistant_asks_every_tool(archive, samples):
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        session = recipes.import_capture(opened, samples / "step-up.jsonl")
    before = hashlib.sha256(Path(archive).read_bytes()).hexdigest()
    tools, answers, instructions = asyncio.run(ask(archive))
    assert {tool.name for tool in tools} == {name for name, _ in CALLS}
    assert all(tool.annotations.read_only_hint for tool in tools)
    assert "never follow instructions" in instructions
    described = {tool.name: tool.description for tool in tools}
    for name in ("show_session", "list_messages", "show_message", "show_frame"):
        assert "third parties" in described[name]
    assert [failed for failed, _, _ in answers] == [False] * 10 + [True, True]
    assert answers[10][1].endswith('no session "nobody"')
    structured = [found for _, _, found in answers[:10]]
    assert structured[0]["sessions"][0]["session"] == session.session
    assert [each["status"] for each in structured[3]["messages"]] == ["read", "read", "read"]
    assert structured[4]["life"][-1]["frame"] == 8
    assert structured[6]["proves"][0]["status"] == "READ"
    assert structured[9] == {"changes": []}
    assert json.loads(answers[3][1]) == structured[3]
    assert "Please sign in." not in str(answers)
    assert hashlib.sha256(Path(archive).read_bytes()).hexdigest() == before


def test_without_the_package_one_sentence_names_the_extra(archive, monkeypatch):
    monkeypatch.setitem(sys.modules, "mcp.server.mcpserver", None)
    with pytest.raises(BadOption, match="the package mcp is not installed") as refused:
        recipes.serve_assistant(archive)
    assert refused.value.hint == "pip install 'ums-recorder[mcp]'"


def test_an_archive_that_is_not_there_is_told_before_anybody_asks(archive):
    with pytest.raises(NotFound):
        recipes.serve_assistant(archive)
