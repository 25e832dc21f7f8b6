"""The NetLog of a real browser gives every frame of the page's WebSocket, byte for byte."""

from __future__ import annotations

import pytest

from recorder import recipes
from recorder.errors import BadCapture
from recorder.wire.frames import Opcode, Side

AGENT = [{"on": "message", "do": ["accept", "read", {"say": "Hello to the browser"}]}]


@pytest.fixture
def net_log(browse, site, ums_simulator, certificate, tmp_path):
    """Have a conversation in a browser that logs in this mode, end the browser, and return the log."""

    def converse(mode: str, *, tls: bool = False, cleanly: bool = True):
        file = tmp_path / "net-log"
        switches = [f"--log-net-log={file}", f"--net-log-capture-mode={mode}"]
        if tls:
            ums_simulator.start(AGENT, as_hosts=["api.liveperson.net"], tls=certificate.context())
            port = ums_simulator.base_url.rpartition(":")[2]
            rules = f"--host-resolver-rules=MAP api.liveperson.net 127.0.0.1:{port}"
            switches += [rules, certificate.switch()]
        else:
            ums_simulator.start(AGENT)
        tab = browse(*switches)
        result = tab.open(site() if tls else site(base=ums_simulator.base_url))
        assert result["answer"] == "Hello to the browser", result
        tab.end_browser(cleanly=cleanly)
        return file

    return converse


@pytest.mark.parametrize("tls", [False, True])
def test_what_the_service_saw_is_what_is_imported(net_log, ums_simulator, tmp_path, tls):
    file = net_log("Everything", tls=tls)
    remarks: list[str] = []
    with recipes.open_archive(str(tmp_path / "a.db"), mode="write", create=True) as opened:
        session = recipes.import_capture(opened, file, keep_secrets=True, say=remarks.append)
        (connection,) = opened.connections(session)
        frames = list(opened.frames(session))
        purposes = [exchange.purpose for exchange in opened.exchanges(session)]
    texts = [(frame.sender, frame.payload) for frame in frames if frame.opcode == Opcode.TEXT]
    for side in Side:
        seen = [payload.data for payload in ums_simulator.said if payload.sender is side]
        assert [text for sender, text in texts if sender is side] == seen
    assert [(f.sender, f.payload) for f in frames if f.opcode == Opcode.CLOSE] == [
        (Side.CLIENT, b"\x03\xe8"),
        (Side.SERVICE, b"\x03\xe8"),
    ]
    assert (connection.provenance, connection.fidelity, connection.how) == ("netlog", "bytes", "closed")
    assert connection.url.startswith("wss://" if tls else "ws://")
    assert connection.response_status == 101
    assert set(purposes) == {"domain-lookup", "signup"}
    assert (session.state, session.name) == ("complete", "net-log")
    assert remarks == []


def test_the_log_of_a_browser_that_was_killed_is_read_as_far_as_it_was_written(
    net_log, ums_simulator, tmp_path
):
    """Chromium writes events a few at a time, so the last of them may be missing."""
    file = net_log("Everything", cleanly=False)
    remarks: list[str] = []
    with recipes.open_archive(str(tmp_path / "a.db"), mode="write", create=True) as opened:
        session = recipes.import_capture(opened, file, keep_secrets=True, say=remarks.append)
        frames = [frame for frame in opened.frames(session) if frame.opcode == Opcode.TEXT]
    for side in Side:
        seen = [payload.data for payload in ums_simulator.said if payload.sender is side]
        texts = [frame.payload for frame in frames if frame.sender is side]
        assert len(texts) > 0
        assert texts == seen[: len(texts)]
    assert any("ends in the middle" in remark for remark in remarks)


def test_a_log_without_bytes_says_how_to_make_one(net_log, tmp_path):
    file = net_log("Default")
    with (
        recipes.open_archive(str(tmp_path / "a.db"), mode="write", create=True) as opened,
        pytest.raises(BadCapture, match="it was recorded without the raw bytes") as raised,
    ):
        recipes.import_capture(opened, file)
    assert "--net-log-capture-mode=Everything" in raised.value.hint
