"""A session in a real browser while it is recorded: what comes appears, what was chosen stays."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from benchmarks.fold_archive import recording
from builders.growing import GrowingSession, viewed

from recorder import recipes
from recorder.recipes import growing_page

SAMPLES = Path(__file__).parents[2] / "samples"

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


SHOWN = """
[document.querySelector(".moment-words").textContent,
 [...document.querySelectorAll("article.message")].slice(-4).map((each) => each.innerText),
 [...document.querySelectorAll("article.message [role=img]")].slice(-4).map((each) => each.ariaLabel),
 [...document.querySelectorAll(".frames .row[aria-current]")].map((each) => each.innerText),
 [...document.querySelectorAll("select")].map((each) => each.innerText),
 document.querySelector("#why .verdict")?.innerText, document.querySelector("#why .ladder")?.innerText,
 document.querySelector("#frame")?.innerText]
"""


LAST = "void document.querySelector('.feed').dispatchEvent(new KeyboardEvent('keydown', {key: 'End'}))"
CHOSEN = """
() => {
  const chosen = document.querySelector("article.selected")?.dataset, why = document.querySelector("#why");
  const sequence = chosen?.sequence, title = why.querySelector("h2").innerText;
  if (!chosen) return why.innerText.includes("It is not there at this moment") ? title : null;
  return "Why: " + (sequence ? "Message " + sequence : "A publish without a sequence");
}
"""


def choose_last(page):
    """Choose the last message of all, and return once it is shown why it stands where it does."""
    page.evaluate(LAST)
    page.wait_for("document.querySelector('#why').dataset.asOf === document.getElementById('moment').value")
    page.wait_for(f"(({CHOSEN})() === document.querySelector('#why h2').innerText)")


def shown_at(page, frame):
    """What the page shows as of a frame, with the frame and the last message of the conversation chosen."""
    page.evaluate(f"void (location.hash = '#frame={frame}&at={frame}')")
    page.wait_for(f"document.querySelector('#frame h2').innerText.startsWith('Frame #{frame}')")
    page.wait_for(f"document.querySelector('.moment-words').innerText.includes('frame {frame} of')")
    choose_last(page)
    *shown, frame_words = page.evaluate(SHOWN)
    # What proves a fact better is told of frames that are read anew.
    return [*shown, re.sub(r", best proven by #\d+", "", frame_words)]


@pytest.fixture(scope="module")
def recorded_frames(tmp_path_factory):
    """The frames of samples: one conversation, and one in which the consumer changes id, over connections."""
    file = tmp_path_factory.mktemp("samples") / "a.db"
    with recipes.open_archive(str(file), mode="write", create=True) as archive:
        names = ("browser.netlog.json", "step-up.jsonl")
        found = [recipes.import_capture(archive, SAMPLES / name) for name in names]
        return {name: list(archive.frames(each.session)) for name, each in zip(names, found, strict=True)} | {
            "interleaved": list(recording(120))
        }


@pytest.mark.parametrize("name", ["browser.netlog.json", "step-up.jsonl", "interleaved"])
def test_a_page_that_has_grown_is_the_one_that_is_opened_anew(
    session, look, tmp_path, monkeypatch, recorded_frames, name
):
    """A few frames at a time, none of them read twice; each moment as who opens it afterwards sees it."""
    monkeypatch.setattr(growing_page, "LONGEST_ANEW_S", -1)
    frames = recorded_frames[name]
    step = 1 + len(frames) // 10
    session.take(frames[:3])
    with viewed(tmp_path / "x.db") as address:
        grown = look(address)
        for first in range(3, len(frames), step):
            session.take(frames[first : first + step])
            grown.wait_for(f"document.getElementById('moment').max === '{min(first + step, len(frames))}'")
        with viewed(tmp_path / "x.db") as other:
            anew = look(other)
            choose_last(grown)
            choose_last(anew)
            for frame in {*range(1, len(frames), 1 + len(frames) // 8), len(frames)}:
                assert shown_at(grown, frame) == shown_at(anew, frame), frame
            assert grown.problems() == anew.problems() == []


def test_the_end_of_a_long_session_appears_before_the_page_is_made_anew(session, look, tmp_path, monkeypatch):
    """What is asked for meanwhile is answered, and what was chosen is chosen in the new page, too."""
    monkeypatch.setattr(growing_page, "LONGEST_ANEW_S", -1)
    session.write(0, "hello")
    session.write(1, "are you there?")
    with viewed(tmp_path / "x.db", interval="2s") as address:  # the browser asks four times as often
        page = look(address)
        page.evaluate(
            "(window.told = [], new MutationObserver(([one]) => told.push(one.target.innerText))"
            ".observe(document.querySelector('.live'), {childList: true}))"
        )
        page.evaluate("document.querySelector('article').click()")
        session.read(2, message=1)
        session.end()
        page.wait_for("document.querySelector('.live').innerText === 'The session is over.'")
        told = page.evaluate("told.filter((each) => each)")
        assert "The session is over. Its findings and numbers follow." in told
        assert told[-1] == "The session is over."
        assert page.evaluate("document.querySelector('.honesty b').innerText") == "Complete"
        assert page.evaluate("document.querySelector('.selected').dataset.sequence") == "0"
        assert page.evaluate("document.getElementById('moment').value") == "3"
        page.wait_for("document.querySelector('#findings .aside').innerText.includes('as of this moment')")
        assert page.problems() == []


def test_it_says_when_nobody_serves_it_any_more(session, look, tmp_path):
    session.write(0, "hello")
    with viewed(tmp_path / "x.db") as address:
        page = look(address)
    page.wait_for("document.querySelector('.live').innerText.startsWith('recorder view has ended')")
    assert page.evaluate(TEXTS) == ["hello"]
