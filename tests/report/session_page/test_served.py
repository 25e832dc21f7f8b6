"""The page that is served: nothing of the session inside but its facts, the rest in blocks to fetch."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from recorder import recipes
from recorder.recipes.report_session import session_source
from recorder.report.session_page.served import SERVED_POLICY, served_page

SAMPLES = Path(__file__).parents[3] / "samples"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("served") / "a.db")
    with recipes.open_archive(path, mode="write", create=True) as archive:
        recipes.import_capture(archive, SAMPLES / "browser.netlog.json")
        return served_page(session_source(archive, "last"), version=3)


def test_its_blocks_are_beside_it_and_not_inside(page):
    html = page.html.decode()
    assert "octet-stream" not in html
    assert set(page.blocks) >= {"0-columns", "0-messages", "0-findings", "0-frames-0", "0-evidence-0"}
    contents = json.loads(gzip.decompress(page.blocks["0-messages"]))["contents"]
    assert any("This is the first answer" in (row[3] or "") for row in contents)
    assert "This is the first answer" not in html


def test_its_data_is_what_it_has_inside_and_names_the_version(page):
    inside = re.search(r'id="data">(.*?)</script>', page.html.decode(), re.DOTALL).group(1)
    data = json.loads(page.data)
    assert json.loads(inside) == data
    assert data["version"] == data["sessions"][0]["version"] == page.version == 3


def test_it_may_ask_the_server_that_it_came_from_and_nobody_else(page):
    assert "; connect-src 'self'" in SERVED_POLICY
    assert SERVED_POLICY.startswith("default-src 'none'; script-src 'sha256-")
    assert SERVED_POLICY in page.html.decode()
