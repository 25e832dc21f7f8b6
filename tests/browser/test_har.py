"""The HAR that Chromium's own DevTools export gives every message of the page's WebSocket."""

from __future__ import annotations

from itertools import pairwise

import pytest

from recorder import recipes
from recorder.wire.frames import Side

AGENT = [{"on": "message", "do": ["accept", "read", {"say": "Hello to the browser"}]}]


@pytest.fixture
def har(browse, devtools_of, site, ums_simulator, tmp_path):
    """Have a conversation in a page whose DevTools are open, and return what they export."""

    def converse(*, sanitize: bool):
        ums_simulator.start(AGENT)
        page = browse("--remote-allow-origins=*")
        file = tmp_path / "exported"
        with devtools_of(page) as tools:
            assert page.open(site(base=ums_simulator.base_url))["answer"] == "Hello to the browser"
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
