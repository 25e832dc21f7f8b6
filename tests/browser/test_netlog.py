"""The NetLog of a real browser gives every frame of the page's WebSocket, byte for byte."""

from __future__ import annotations

import base64

import pytest

from recorder import recipes
from recorder.errors import BadCapture
from recorder.wire.frames import Opcode, Side

# A promise that is kept when the page's WebSocket has closed, both Close frames across.
NOTE_CLOSE = """
const Native = WebSocket;
window.socketClosed = new Promise(resolve => {
  window.WebSocket = class extends Native {
    constructor(...address) {
      super(...address);
      this.addEventListener('close', () => resolve(true));
    }
  };
});
"""
AGENT = [{"on": "message", "do": ["accept", "read", {"say": "Hello to the browser"}]}]


@pytest.fixture
def net_log(browse, site, ums_simulator, certificate, tmp_path):
    """Have a conversation in a browser that logs in this mode, end the browser, and return the log."""

    def converse(mode: str, *, tls: bool = False):
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
        tab.run_before_pages(NOTE_CLOSE)
        result = tab.open(site() if tls else site(base=ums_simulator.base_url))
        assert result["answer"] == "Hello to the browser", result
        assert tab.evaluate("socketClosed")
        tab.end_browser()
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


def test_a_log_that_is_cut_off_anywhere_is_read_up_to_there(net_log, ums_simulator, tmp_path):
    """As the file of a browser that was killed may be."""
    file = net_log("Everything")
    whole = file.read_bytes()
    upgrade = whole.index(base64.b64encode(b"GET /ws_api/account"[:18]))
    for part in range(1, 5):
        file.write_bytes(whole[: upgrade + 1_000 + (len(whole) - upgrade - 1_000) * part // 5])
        remarks: list[str] = []
        with recipes.open_archive(str(tmp_path / f"{part}.db"), mode="write", create=True) as opened:
            session = recipes.import_capture(opened, file, keep_secrets=True, say=remarks.append)
            frames = [frame for frame in opened.frames(session) if frame.opcode == Opcode.TEXT]
        assert any("ends in the middle" in remark for remark in remarks)
        for side in Side:
            seen = [payload.data for payload in ums_simulator.said if payload.sender is side]
            texts = [frame.payload for frame in frames if frame.sender is side and not frame.violation]
            assert texts == seen[: len(texts)]
    assert frames


def test_a_log_without_bytes_says_how_to_make_one(net_log, tmp_path):
    file = net_log("Default")
    with (
        recipes.open_archive(str(tmp_path / "a.db"), mode="write", create=True) as opened,
        pytest.raises(BadCapture, match="it was recorded without the raw bytes") as raised,
    ):
        recipes.import_capture(opened, file)
    assert "--net-log-capture-mode=Everything" in raised.value.hint
