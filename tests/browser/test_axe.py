"""The page of a load run, and a session that is served, for everybody: what axe-core says of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders.axe import axe_violations, needs_axe
from builders.growing import GrowingSession, viewed
from builders.preloaded import run

SAMPLES = Path(__file__).parents[2] / "samples"
READY = """
(async () => { while (!document.documentElement.dataset.ready) await new Promise(requestAnimationFrame); })()
"""
WIDE, NARROW = 1280, 360


@pytest.fixture
def look(shared_browser):
    """Open an address in a tab of its own, light and wide or dark and narrow."""
    tabs = []

    def opened(address, theme):
        tabs.append(tab := shared_browser.second())
        width = WIDE if theme == "light" else NARROW
        tab.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=3000, deviceScaleFactor=1, mobile=False
        )
        features = [{"name": "prefers-color-scheme", "value": theme}]
        tab.ask("Emulation.setEmulatedMedia", media="screen", features=features)
        tab.navigate(address)
        return tab

    yield opened
    for tab in tabs:
        tab.ask("Page.close")
        tab.close()


@pytest.fixture(scope="module")
def load_page(tmp_path_factory):
    """The page of three users, of whom all fail a step."""
    folder = tmp_path_factory.mktemp("load")
    script = folder / "load.yaml"
    script.write_text(
        "steps:\n- open_conversation:\n- say: hello\n"
        "- expect: {message: last_sent, status: read, within: 300ms}\nagent: []\n"
    )
    page = folder / "load.html"
    done = run("replay", str(script), "--users", "3", "--html", str(page), cwd=folder)
    assert page.exists(), done.stderr
    return page


@needs_axe
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_of_a_load_run_shuts_nobody_out(look, load_page, theme):
    tab = look(load_page.as_uri(), theme)
    assert axe_violations(tab.evaluate) == []


@needs_axe
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_session_that_is_served_shuts_nobody_out(look, tmp_path, theme):
    growing = GrowingSession(tmp_path / "x.db")
    try:
        growing.write(0, "hello")
        growing.write(1, "are you there?")
        with viewed(tmp_path / "x.db") as address:
            tab = look(address, theme)
            tab.evaluate(READY)
            assert axe_violations(tab.evaluate) == []
    finally:
        growing.close()
