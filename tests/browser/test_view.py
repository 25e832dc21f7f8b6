"""A session in a real browser while it is recorded: what comes appears, what was chosen stays."""

from __future__ import annotations

import pytest
from builders.growing import GrowingSession, viewed

WAIT_FOR = """
(async () => { while (!(%s)) await new Promise((resolve) => setTimeout(resolve, 5)); return true; })()
"""
TEXTS = "[...document.querySelectorAll('article .text')].map((each) => each.innerText)"


class LivePage:
    """The page in a tab of its own."""

    def __init__(self, tab, address):
        self._tab = tab
        for part in ("Runtime", "Log", "Network"):
            tab.ask(f"{part}.enable")
        tab.navigate(address)
        self.wait_for("document.documentElement.dataset.ready")

    def evaluate(self, expression):
        return self._tab.evaluate(expression)

    def wait_for(self, condition):
        assert self._tab.evaluate(WAIT_FOR % condition)

    def problems(self):
        named = {"Runtime.exceptionThrown", "Log.entryAdded"}
        return [
            event
            for event in self._tab.events
            if event["method"] in named or event["params"].get("type") in ("error", "warning")
        ]

    def places(self):
        """Where its requests went, without the one that opened it."""
        sent = [event for event in self._tab.events if event["method"] == "Network.requestWillBeSent"]
        return {event["params"]["request"]["url"].split("/")[2] for event in sent}


@pytest.fixture
def session(tmp_path):
    growing = GrowingSession(tmp_path / "x.db")
    yield growing
    growing.close()


@pytest.fixture
def look(shared_browser):
    tabs = []

    def opened(address):
        tabs.append(shared_browser.second())
        return LivePage(tabs[-1], address)

    yield opened
    for tab in tabs:
        tab.ask("Page.close")
        tab.close()


def test_what_is_recorded_meanwhile_appears_and_what_was_chosen_stays(session, look, tmp_path):
    session.write(0, "hello")
    session.write(1, "are you there?")
    with viewed(tmp_path / "x.db") as address:
        page = look(address)
        assert page.evaluate(TEXTS) == ["hello", "are you there?"]
        assert page.evaluate("location.search") == ""  # the token is gone from the address
        page.evaluate("document.querySelector('article').click()")
        page.wait_for("document.querySelector('#why h2').innerText === 'Why: Message 0'")

        session.write(2, "I am new")
        page.wait_for(f"{TEXTS}.includes('I am new')")
        assert page.evaluate("document.getElementById('moment').value") == "3"
        assert page.evaluate("document.querySelector('.selected').dataset.sequence") == "0"

        page.evaluate(
            "(() => { const one = document.getElementById('moment'); one.value = 1;"
            " one.dispatchEvent(new Event('input')); })()"
        )
        session.read(3, message=0)
        page.wait_for("document.getElementById('moment').max === '4'")
        assert page.evaluate(TEXTS) == ["hello"]  # it shows the moment that was chosen
        page.evaluate("document.querySelector('[aria-label=\"The end\"]').click()")
        page.wait_for("document.querySelector('article').dataset.status === 'read'")
        page.wait_for("document.querySelector('#why .ladder')?.innerText.includes('READ')")

        session.end()
        page.wait_for("document.querySelector('.live').innerText === 'The session is over.'")
        assert page.evaluate("document.querySelector('.honesty b').innerText") == "Complete"
        assert page.problems() == []
        assert page.places() == {address.split("/")[2]}


def test_it_says_when_nobody_serves_it_any_more(session, look, tmp_path):
    session.write(0, "hello")
    with viewed(tmp_path / "x.db") as address:
        page = look(address)
    page.wait_for("document.querySelector('.live').innerText.startsWith('recorder view has ended')")
    assert page.evaluate(TEXTS) == ["hello"]
