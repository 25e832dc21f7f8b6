"""Chromium's own DevTools export every message of a page as HAR, and show those of a HAR of ours."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from recorder import recipes
from recorder.wire.frames import Side

AGENT = [{"on": "message", "do": ["accept", "read", {"say": "Hello to the browser"}]}]


@pytest.fixture
def har(shared_browser, devtools_of, site, ums_simulator, tmp_path):
    """Have a conversation in a page whose DevTools are open, and return what they export."""

    def converse(*, sanitize: bool):
        ums_simulator.start(AGENT)
        file = tmp_path / "exported"
        with devtools_of(shared_browser) as tools:
            opened = shared_browser.open(site(base=ums_simulator.base_url))
            assert opened["answer"] == "Hello to the browser"
            file.write_text(tools.export_har(sanitize=sanitize))
        return file

    return converse


@pytest.mark.parametrize("sanitize", [False, True])
def test_every_message_of_the_page_is_in_the_har(har, ums_simulator, tmp_path, sanitize):
    file = har(sanitize=sanitize)
    with recipes.open_archive(str(tmp_path / "a.db"), mode="write", create=True) as opened:
        session = recipes.import_capture(opened, file, keep_secrets=True)
        (connection,) = opened.connections(session)
        frames = list(opened.frames(session))
        purposes = {exchange.purpose for exchange in opened.exchanges(session)}
    for side in Side:
        seen = [payload.data for payload in ums_simulator.said if payload.sender is side]
        texts = [frame.payload for frame in frames if frame.sender is side]
        # What came after the page had closed its socket is in a NetLog, and not in a HAR.
        assert texts == seen[: len(texts)]
        assert len(seen) - len(texts) <= (side is Side.SERVICE)
    assert (session.source, connection.provenance, connection.fidelity) == ("har", "har", "messages")
    assert (connection.response_status, connection.how) == (101, None)
    assert purposes == {"domain-lookup", "signup"}
    assert all(later.at_us >= frame.at_us for frame, later in pairwise(frames))


URL = "wss://va.msg.liveperson.net/ws_api/account/1/messaging/consumer?v=3"
FIRST = {"connection": 1, "sender": "client"}
SPOKEN = (
    {
        "connection": 1, "url": URL, "opened_at": "2026-01-31T12:00:00Z", "response_status": 101,
        "closed_at": "2026-01-31T12:00:05Z", "close_code": 4401, "close_reason": "bye",
        "closed_by": "service", "how": "closed",
    },
    {**FIRST, "at": "2026-01-31T12:00:01.000001Z", "text": "größe 🙂"},
    {**FIRST, "at": "2026-01-31T12:00:01.5Z", "sender": "service", "opcode": 2, "data": "AAH/"},
    {**FIRST, "at": "2026-01-31T12:00:02Z", "sender": "service", "fin": False, "text": "in two "},
    {**FIRST, "at": "2026-01-31T12:00:02.1Z", "sender": "service", "opcode": 9, "data": ""},
    {**FIRST, "at": "2026-01-31T12:00:02.2Z", "opcode": 10, "data": ""},
    {**FIRST, "at": "2026-01-31T12:00:02.25Z", "sender": "service", "opcode": 0, "text": "fragments"},
    {**FIRST, "at": "2026-01-31T12:00:05Z", "sender": "service", "opcode": 8, "data": "ETFieWU="},
    {"connection": 2, "url": URL, "opened_at": "2026-01-31T12:00:06Z", "response_status": 101},
    {"connection": 2, "sender": "client", "at": "2026-01-31T12:00:06.25Z", "text": "again"},
)  # fmt: skip
NOON_S = 1769860800


def test_devtools_show_the_messages_of_an_exported_har(shared_browser, devtools_of, tmp_path):
    """Of text, binary and fragmented messages; control frames and Close have no place in DevTools."""
    capture, exported = tmp_path / "spoken.jsonl", tmp_path / "exported.har"
    capture.write_text("\n".join(map(json.dumps, SPOKEN)))
    with recipes.open_archive(str(tmp_path / "a.db"), mode="write", create=True) as opened:
        recipes.import_capture(opened, capture)
        recipes.export_to_file(opened, "last", exported, form="har")
    with devtools_of(shared_browser) as tools:
        first, second = tools.import_har(exported.read_text())
    known = {"url": URL, "kind": "websocket", "status": 101}
    assert first == {
        **known,
        "started": NOON_S,
        "ended": NOON_S + 5,
        "messages": [
            ["send", NOON_S + 1.000001, 1, "größe 🙂"],
            ["receive", NOON_S + 1.5, 2, "AAH/"],
            ["receive", NOON_S + 2.25, 1, "in two fragments"],
        ],
    }
    again = ["send", NOON_S + 6.25, 1, "again"]
    assert second == {**known, "started": NOON_S + 6, "ended": NOON_S + 6, "messages": [again]}
