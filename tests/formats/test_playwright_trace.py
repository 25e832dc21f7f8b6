"""Traces of Playwright: WebSockets with their messages, requests beside them, broken zip files."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from builders.captures import CONVERSATION, START_US, URL, playwright, texts_of

from recorder.errors import BadCapture
from recorder.formats.capture_file import opened
from recorder.formats.playwright_trace import PLAYWRIGHT
from recorder.wire.records import ConnectionOpened, HttpExchange, RecordedFrame


def records(path, content):
    path.write_bytes(content)
    with opened(path) as file:
        assert PLAYWRIGHT.recognise(file)
        return list(PLAYWRIGHT.read(file, [].append))


def of(kind, found):
    return [record for record in found if isinstance(record, kind)]


def changed(**members):
    """The capture with other content in some of its members; None leaves one out."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(playwright())) as whole, zipfile.ZipFile(made, "w") as other:
        for name in whole.namelist():
            key = name.replace("/", "_").replace(".", "_")
            content = members.get(key, whole.read(name))
            if content is not None:
                other.writestr(name, content)
    return made.getvalue()


def snapshot(**entry):
    return json.dumps({"type": "resource-snapshot", "snapshot": entry}) + "\n"


def test_messages_become_frames_of_a_connection(tmp_path):
    found = records(tmp_path / "f", playwright())
    assert texts_of(of(RecordedFrame, found)) == list(CONVERSATION)
    assert [frame.at_us for frame in of(RecordedFrame, found)] == [START_US + n for n in range(4)]
    assert of(ConnectionOpened, found) == [
        ConnectionOpened(1, URL, START_US, None, "playwright", "messages")
    ]  # fmt: skip


def test_requests_are_summaries_and_other_lines_nothing(tmp_path):
    request = {"method": "GET", "url": "https://h/api/account/1/x"}
    lines = (
        snapshot(request=request, response={"status": 200}) + '{"type":"x"}\n\n' + snapshot() + '{"type":5}\n'
    )
    (exchange,) = records(tmp_path / "f", changed(trace_network=lines))
    assert isinstance(exchange, HttpExchange)
    assert (exchange.url, exchange.status) == ("https://h/api/account/1/x", 200)


@pytest.mark.parametrize(
    ("members", "says"),
    [
        (
            {"resources_ab_jsonl": None},
            "trace.network, line 1: its messages are in resources/ab.jsonl",
        ),
        ({"resources_ab_jsonl": '{"type":"x"}\n'}, 'resources/ab.jsonl, line 1: "type" is neither'),
        ({"trace_network": "{\n"}, "trace.network, line 1: the line is not JSON"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path, members, says):
    with pytest.raises(BadCapture, match=says):
        records(tmp_path / "f", changed(**members))
