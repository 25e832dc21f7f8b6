"""The report of a session in a real browser: what it shows, by mouse and by keys, and what it never does."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from builders.axe import axe_violations, needs_axe
from builders.hostile import HOSTILE, hostile_capture, notification
from builders.two_sides import AGENT, CONSUMER, Capture, content

from recorder import recipes
from recorder.report.planned import planned_json

SAMPLES = Path(__file__).parents[2] / "samples"
CAPTURES = ("tutorial.jsonl", "step-up.jsonl", "browser.netlog.json", "browser.har", "browser.wscat.log")
WIDTHS = (360, 1024, 1920)

LIKE_PLACES = f"{AGENT}\x02\x00\x01{AGENT} \x02\x00\x00\x02"
"""Ids, and bytes that look like the places which stand for ids in a page."""


def places_capture() -> Capture:
    """An agent who writes such bytes, as JSON has them, and a frame that is nothing but them."""
    capture = Capture().opened(1, token=CONSUMER)
    capture.frame(1, "service", notification(0, AGENT, content(LIKE_PLACES)))
    capture.lines.append({**capture.lines[-1], "text": LIKE_PLACES})
    return capture


def side_capture(me: str) -> Capture:
    """What the consumer or the agent records of one conversation; a READ of message 2 never gets to her."""
    capture = Capture().opened(1, **{"token" if me == CONSUMER else "path": me})
    story = [
        (0, CONSUMER, content("Where is it?")), (1, AGENT, content("Here.")),
        (2, CONSUMER, content("Thanks!")),
        (3, AGENT, {"type": "AcceptStatusEvent", "status": "ACCEPT", "sequenceList": [2]}),
        (4, AGENT, {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [2]}),
    ]  # fmt: skip
    for sequence, by, event in story:
        if by == me:
            capture.answer(1, capture.ask(1, event), sequence)
        if (me, sequence) != (CONSUMER, 4):
            capture.tell(1, sequence, by, event)
    return capture


def unread_capture() -> Capture:
    """Messages that nobody reads: more than are listed one by one, at times between two milliseconds."""
    capture = Capture().opened(1, token=CONSUMER)
    times_ms = (0, 62.5, 187.5, 312.5, 1_000.5, 9_000, 20_000, 119_999.6, 150_500, 300_000)
    for sequence, after_ms in enumerate(times_ms):
        capture.frame(1, "service", notification(sequence, AGENT, content(f"text {sequence}")))
        at = datetime(2024, 1, 1) + timedelta(milliseconds=after_ms)  # of no zone but that of a file
        capture.lines[-1]["at"] = at.isoformat(timespec="microseconds") + "Z"
    return capture


def planned_capture() -> Capture:
    """Two messages of an agent, and what a replay had planned for them: receipts late, later, and never."""
    capture = Capture().opened(1, token=CONSUMER)
    for sequence in (0, 1):
        capture.frame(1, "service", notification(sequence, AGENT, content(f"text {sequence}")))
    common = {"dialog": "d", "sequence": 0, "connection": 1, "consumer": "ben"}
    plans = [
        {"status": "ACCEPT", "due_offset_us": 200_000, "frame": 1, "sent_offset_us": 200_120},
        {"status": "READ", "due_offset_us": 1_500_000, "unsent": "replaced"},
        {"status": "READ", "due_offset_us": 2_000_000, "step": 4, "frame": 2, "sent_offset_us": 3_250_000},
        {"status": "READ", "sequence": 1, "due_offset_us": 9_000_000, "consumer": "eve"},
    ]
    header = {"recorder": 1, "receipt_plans": [
        {**common, **plan, "number": number} for number, plan in enumerate(plans, 1)
    ]}  # fmt: skip
    capture.lines.insert(0, header)
    return capture


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an archive and the report of each of its sessions."""
    folder = tmp_path_factory.mktemp("reports")
    made = {"hostile": hostile_capture(), "places": places_capture(), "planned": planned_capture()}
    made["unread"] = unread_capture()
    files = {folder / f"{name}.jsonl": capture for name, capture in made.items()}
    for file, capture in files.items():
        file.write_text("\n".join(json.dumps(line) for line in capture.lines))
    with recipes.open_archive(str(folder / "a.db"), mode="write", create=True) as archive:
        for file in (*(SAMPLES / name for name in CAPTURES), *files):
            recipes.import_capture(archive, file, name=file.name)
            recipes.write_report(archive, file.name, folder / f"{file.name}.html")
        recipes.write_report(archive, "browser.har", folder / "two.html", other="step-up.jsonl")
        for name, me in (("consumer", CONSUMER), ("agent", AGENT)):
            file = folder / f"{name}.jsonl"
            file.write_text("\n".join(json.dumps(line) for line in side_capture(me).lines))
            recipes.import_capture(archive, file)
        recipes.write_report(archive, "consumer", folder / "sides.html", other="agent")
    return folder


class ReportPage:
    """A report in a tab of its own, and what can be asked of it."""

    def __init__(self, tab: Any, file: Path) -> None:
        self._tab, self._file = tab, file
        for part in ("Runtime", "Log", "Network", "Accessibility"):
            tab.ask(f"{part}.enable")

    def open(self, link: str = "") -> ReportPage:
        self._tab.navigate(self._file.as_uri() + link)
        self.settle()
        return self

    def settle(self) -> None:
        """Return once the page is drawn and all it waits for has come."""
        ready = "document.documentElement.dataset.chosen"
        self._tab.evaluate(
            f"(async () => {{ while (!{ready}) await new Promise((r) => setTimeout(r, 5));"
            " for (let n = 0; n < 3; n++)"
            " await new Promise((r) => requestAnimationFrame(() => setTimeout(r)));"
            "})()"
        )

    def evaluate(self, expression: str) -> Any:
        return self._tab.evaluate(expression)

    def look(
        self, *, width: int = 1280, height: int = 3000, theme: str = "light", media: str = "screen"
    ) -> ReportPage:
        self._tab.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        features = [{"name": "prefers-color-scheme", "value": theme}]
        self._tab.ask("Emulation.setEmulatedMedia", media=media, features=features)
        return self

    def key(self, name: str, code: int) -> None:
        for kind in ("rawKeyDown", "keyUp"):
            self._tab.ask(
                "Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code
            )
        self.settle()

    def click(self, x: float, y: float) -> None:
        for kind in ("mousePressed", "mouseReleased"):
            self._tab.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
        self.settle()

    def press(self, selector: str) -> None:
        self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")
        self.settle()

    def text(self, selector: str) -> str:
        return self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")

    def show_moment(self, step: int) -> None:
        self.evaluate(
            f"(() => {{ const one = document.getElementById('moment'); one.value = {step};"
            " one.dispatchEvent(new Event('input')); })()"
        )
        self.settle()

    def names_of_images(self) -> list[str]:
        """The accessible names of all images, as the browser tells them to a screen reader."""
        nodes = self._tab.ask("Accessibility.getFullAXTree")["nodes"]
        return [
            node["name"]["value"]
            for node in nodes
            if not node.get("ignored")
            and node.get("role", {}).get("value") in ("image", "img")
            and "name" in node
        ]

    def table(self, region: str) -> list[list[str]]:
        """The rows of the table in the region of this name, as the browser tells them to a screen reader."""
        nodes = self._tab.ask("Accessibility.getFullAXTree")["nodes"]
        by_id = {node["nodeId"]: node for node in nodes}

        def within(node: dict[str, Any], *roles: str) -> Iterator[dict[str, Any]]:
            for child in (by_id[each] for each in node.get("childIds", [])):
                if child.get("role", {}).get("value") in roles:
                    yield child
                else:
                    yield from within(child, *roles)

        (found,) = [
            node
            for node in nodes
            if node.get("role", {}).get("value") == "region" and node["name"]["value"] == region
        ]
        cells = ("cell", "gridcell", "rowheader", "columnheader")
        return [
            [
                " ".join(text["name"]["value"] for text in within(cell, "StaticText"))
                for cell in within(row, *cells)
            ]
            for row in within(found, "row")
        ]

    def pdf(self) -> bytes:
        return base64.b64decode(self._tab.ask("Page.printToPDF")["data"])

    def problems(self) -> list[dict[str, Any]]:
        """Exceptions, console errors and what the browser says in its log."""
        named = {"Runtime.exceptionThrown", "Log.entryAdded"}
        return [
            event for event in self._tab.events
            if event["method"] in named
            or event["params"].get("type") in ("error", "warning")
        ]  # fmt: skip

    def requests(self) -> list[str]:
        return [
            event["params"]["request"]["url"]
            for event in self._tab.events
            if event["method"] == "Network.requestWillBeSent"
        ]


@pytest.fixture
def page(shared_browser, reports: Path) -> Iterator[Callable[..., ReportPage]]:
    tabs = []

    def opened(name: str, link: str = "", **how: Any) -> ReportPage:
        tabs.append(shared_browser.second())
        return ReportPage(tabs[-1], reports / f"{name}.html").look(**how).open(link)

    yield opened
    for tab in tabs:
        tab.ask("Page.close")
        tab.close()


# --- the states -------------------------------------------------------------------------------------------

SHOWN = """
[...document.querySelectorAll("article.message")].map((each) => [
  each.dataset.dialog || null, each.dataset.sequence ? Number(each.dataset.sequence) : null,
  each.dataset.status, each.querySelector(".text").textContent,
  [...each.querySelectorAll(".receipts li > span:not([aria-hidden])")].map((one) => [
    one.textContent.split(" ")[0], Number(one.querySelector("button").textContent.slice(1)),
    one.classList.contains("refused")]).sort(),
])
"""
WORDS = {"ACCEPT": "accepted", "READ": "read"}


def expected(archive: Any, name: str, frame: int) -> list[list[Any]]:
    """What ``message list --at`` lists, as the page shows it."""
    _, messages = recipes.messages(archive, name, at=f"#{frame}")
    return [
        [
            message.dialog_id, message.sequence, message.status,
            message.text if message.text is not None else f"[{message.type or 'not seen in this recording'}]",
            sorted(
                [WORDS.get(each.status, each.status), each.evidence.frame, each.evidence.proof == 0]
                for each in message.receipts
            ),
        ]
        for message in messages
    ]  # fmt: skip


FOUND = (
    "[...document.querySelectorAll('#findings .finding:not(.dark) summary')].map((one) => one.textContent)"
)
SEVERITIES = {"error": "error", "warning": "warning", "info": "remark"}


def violations(archive: Any, name: str, frame: int) -> list[str]:
    """What ``check --at`` finds violated, as the page shows it."""
    return [
        f"{SEVERITIES[each.severity]} {each.rule} {each.sentence}"
        for each in recipes.check(archive, name, at=f"#{frame}")
        if each.outcome == "violated"
    ]


@pytest.mark.parametrize("name", CAPTURES)
def test_the_slider_shows_what_message_list_and_check_say_of_that_moment(page, reports, name):
    report = page(name)
    steps = int(report.evaluate("document.getElementById('moment').max"))
    with recipes.open_archive(str(reports / "a.db")) as archive:
        for frame in sorted({1 + (steps - 1) * number // 19 for number in range(20)}):
            report.show_moment(frame)
            shown, told = report.evaluate(SHOWN), expected(archive, name, frame)
            key = lambda row: json.dumps(row)  # noqa: E731
            assert sorted(shown, key=key) == sorted(told, key=key), frame
            assert report.evaluate(FOUND) == violations(archive, name, frame), frame
    assert report.problems() == []


ALL_FOUND = """
[".finding:not(.dark)", ".finding.dark", ".quiet li"].map((which) =>
  [...document.querySelectorAll("#findings " + which)].map((one) => [
    (one.querySelector("summary") ?? one).textContent,
    [...one.querySelectorAll(".tools .frame-link")].map((link) => link.textContent),
  ]))
"""


def all_found(archive: Any, name: str, frame: int) -> list[list[Any]]:
    """What ``check --at`` finds, as the page shows it: violated, not observable, satisfied."""
    told: list[list[Any]] = [[], [], []]
    for each in recipes.check(archive, name, at=f"#{frame}"):
        frames = [f"#{number}" for number in each.frames]
        if each.outcome == "violated":
            told[0].append([f"{SEVERITIES[each.severity]} {each.rule} {each.sentence}", frames])
        elif each.outcome == "satisfied":
            told[2].append([f"{each.rule}: {each.sentence}", frames])
        else:
            told[1].append([f"not observable {each.rule} {each.sentence}", frames])
    return told


@pytest.mark.parametrize("name", [*CAPTURES, "unread.jsonl"])
def test_every_moment_has_all_findings_in_the_words_of_check(page, reports, name):
    report = page(name)
    steps = int(report.evaluate("document.getElementById('moment').max"))
    report.evaluate("for (const each of document.querySelectorAll('#findings .quiet')) each.open = true")
    with recipes.open_archive(str(reports / "a.db")) as archive:
        for frame in range(1, steps + 1):
            report.show_moment(frame)
            shown, told = report.evaluate(ALL_FOUND), all_found(archive, name, frame)
            for found, wanted in zip(shown, told, strict=True):
                assert found == wanted, frame


def test_marks_have_names_that_say_who_and_when_and_which_frame(page, reports):
    report = page("browser.netlog.json")
    names = report.names_of_images()
    assert "read by you at +1.075 s, frame 23" in names
    report.show_moment(18)
    assert [name for name in report.names_of_images() if name.startswith("read")] == []
    assert "accepted by you at +873 ms, frame 18" in report.names_of_images()


def test_planned_receipts_have_the_figures_that_session_show_prints(page, reports):
    report = page("planned.jsonl")
    with recipes.open_archive(str(reports / "a.db")) as archive:
        told = planned_json(recipes.summary(archive, "planned.jsonl").planned)
    figures = [told[f"lateness_{each}_s"] for each in ("p50", "p99", "max")]
    assert figures == [0.00012, 1.25, 1.25]
    written = ["0.12 ms", "1.25 s", "1.25 s"]
    counts = [str(told[each]) for each in ("count", "sent", "frames")]
    _, sums = report.table("How late planned receipts left")
    assert sums[:7] == ["left late by", *counts, *written]
    _, *rows = report.table("Planned receipts by message")
    assert rows == [
        ["Message 0 3 planned, 2 sent", "ACCEPT by ben", "+200 ms", "+200.1 ms", "0.12 ms", "#1"],
        ["READ by ben", "+1.5 s", "never went out: another plan took its place"],
        ["READ by ben", "+2 s", "+3.25 s", "1.25 s", "#2"],
        ["Message 1 1 planned, 0 sent", "READ by eve", "+9 s", "nothing says that it went out"],
    ]
    said = report.text(".planned .aside")
    assert "planned 4 receipts, and 2 went out; nothing says that 1 other went out; 1 never went out:" in said
    report.press(".planned tbody .frame-link")
    assert report.text("#why h2") == "Why: Message 0"
    assert report.problems() == []
    assert page("browser.netlog.json").evaluate("document.querySelector('.planned')") is None


def test_a_page_without_names_calls_consumers_by_number(page, reports):
    with recipes.open_archive(str(reports / "a.db")) as archive:
        recipes.write_report(archive, "planned.jsonl", reports / "unnamed.html", redact="names")
    rows = page("unnamed").table("Planned receipts by message")
    assert [row[0] for row in rows[2:4]] == ["READ by consumer 1"] * 2
    assert rows[4][1] == "READ by consumer 2"


# --- mouse, keyboard, links -------------------------------------------------------------------------------


def test_a_link_leads_to_its_message_and_moment(page):
    report = page("browser.netlog.json", "#message=2&at=+900ms")
    assert report.text(".moment-words").startswith("As of frame 18 of 30")
    assert report.text("#why h2") == "Why: Message 2"
    assert report.evaluate("document.activeElement.dataset.sequence") == "2"
    assert report.text("article[aria-current]").startswith("agent message 2")
    report = page("browser.netlog.json", "#frame=21")
    assert report.text("#frame h2").startswith("Frame #21")
    report = page("browser.netlog.json", "#message=99&at=nonsense&%E0%A4%A")
    assert report.problems() == []


def test_the_keyboard_walks_through_messages_frames_and_moments(page):
    report = page("browser.netlog.json")
    assert report.text("#why h2") == "Why: Message 0"
    report.evaluate("document.querySelector('.feed').focus()")
    report.key("ArrowDown", 40)
    assert report.evaluate("document.activeElement.dataset.sequence") == "2"
    assert report.text("#why h2") == "Why: Message 2"
    report.evaluate("document.querySelector('.rows').focus()")
    report.key("End", 35)
    assert report.text("#frame h2").startswith("Frame #30")
    report.evaluate("document.getElementById('moment').focus()")
    report.key("ArrowLeft", 37)
    assert report.text(".moment-words").startswith("As of frame 29 of 30")
    report.evaluate("document.querySelector('canvas').focus()")
    report.key("+", 187)
    assert report.problems() == []


def test_the_mouse_chooses_a_frame_on_its_lane_and_a_message_lights_its_frames(page):
    report = page("browser.netlog.json")
    report.press("article[data-sequence='2']")
    assert report.evaluate("document.querySelectorAll('.row.lit').length") > 3
    box = report.evaluate(
        "(() => { const one = document.querySelector('canvas'); one.scrollIntoView({block: 'center'});"
        " const box = one.getBoundingClientRect(); return [box.x, box.y, box.width]; })()"
    )
    report.click(box[0] + box[2] - 13, box[1] + 22 + 17)  # the client's last frame is at the right end
    assert report.text("#frame h2").startswith("Frame #29")


def test_between_two_frames_there_are_milliseconds(page):
    report = page("browser.netlog.json", "#frame=18")
    report.evaluate(
        "[...document.querySelectorAll('#frame button')]"
        ".find((one) => one.textContent === 'Measure from here').click()"
    )
    report.evaluate("location.hash = '#frame=23'")
    report.settle()
    assert report.text(".timeline-box .delta") == "#18 → #23: 202.000 ms (our clock)"


def test_a_frame_is_shown_decoded_raw_and_byte_by_byte(page):
    report = page("browser.netlog.json", "#frame=21")
    assert '"kind": "req"' in report.text("#frame .code")
    report.evaluate("document.querySelectorAll('#frame [role=tab]')[1].click()")
    assert json.loads(report.text("#frame .code"))["kind"] == "req"
    report.evaluate("document.querySelectorAll('#frame [role=tab]')[2].click()")
    assert report.text("#frame .code").startswith("header  81 ")
    assert "ACCEPT by you on message 4" in report.text("#frame .proofs")


def test_ids_and_bytes_that_look_like_their_places_come_back_as_they_were(page):
    sent = [json.dumps(notification(0, AGENT, content(LIKE_PLACES))), LIKE_PLACES]
    report = page("places.jsonl")
    for frame, payload in enumerate(sent, 1):
        report.evaluate(f"location.hash = '#frame={frame}'")
        report.settle()
        report.evaluate("document.querySelectorAll('#frame [role=tab]')[2].click()")
        lines = re.findall(r"^[0-9a-f]{6}  ((?:[0-9a-f]{2} )+)", report.text("#frame .code"), re.M)
        assert bytes.fromhex("".join(lines)).decode() == payload
    assert report.problems() == []


def test_what_is_copied_is_a_script_and_a_test(page, tmp_path):
    report = page("browser.netlog.json", "#message=0")
    titles = """Object.fromEntries([...document.querySelectorAll('.copies button')]
      .map((one) => [one.textContent + (one.closest('#frame') ? ' of the frame' : ''), one.title]))"""
    steps = [report.evaluate(titles)["Copy script step"]]
    report = page("browser.netlog.json", "#message=2&frame=10")
    copied = report.evaluate(titles)
    steps += [copied["Copy script step"], copied["Copy script step of the frame"]]
    assert steps[0] == '- say: "Is anything new?"'
    (tmp_path / "s.yaml").write_text("name: x\nsteps:\n" + "".join(f"  {step}\n" for step in steps))
    recipes.read_script(tmp_path / "s.yaml")
    assert copied["Copy wscat line of the frame"].startswith('> {"')
    compile(copied["Copy pytest"], "test_copied.py", "exec")
    assert 'assert message.status == "read"' in copied["Copy pytest"]
    assert copied["Copy link"].endswith(".html#message=2")


def test_a_search_highlights_and_keeps_its_place(page):
    report = page("browser.netlog.json")
    report.evaluate(
        "(() => { const one = document.querySelector('[type=search]'); one.value = 'answer';"
        " one.dispatchEvent(new Event('input')); })()"
    )
    report.settle()
    assert report.text(".count") == "2 messages"
    assert (
        report.evaluate("[...document.querySelectorAll('mark')].map((one) => one.textContent)")
        == ["answer"] * 2
    )
    report.press("[aria-label='Next match']")
    assert report.text(".count") == "1 of 2 messages"
    report.show_moment(20)
    assert report.text(".count") == "1 of 2 messages"
    assert report.evaluate("document.querySelector('article[aria-current]').dataset.sequence") == "2"


@pytest.mark.parametrize(("label", "value", "shown"), [("Status", "read", [2]), ("Side", "client", [0])])
def test_a_filter_leaves_only_what_passes(page, label, value, shown):
    report = page("browser.netlog.json")
    report.evaluate(
        f"(() => {{ const one = document.querySelector('select[aria-label={label}]'); one.value = '{value}';"
        " one.dispatchEvent(new Event('change')); })()"
    )
    report.settle()
    assert [row[1] for row in report.evaluate(SHOWN)] == shown


# --- two sessions -----------------------------------------------------------------------------------------


def test_two_sessions_stand_side_by_side_with_what_differs(page):
    report = page("two")
    assert report.evaluate("document.querySelectorAll('.feed').length") == 2
    assert "not there" in report.text("#comparison")
    report.press("#comparison .frame-link")
    assert report.text("#why h2").startswith("Why: ")
    report.show_moment(10)
    assert " and frame " in report.text(".moment-words")
    assert report.problems() == []


# --- a first look -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "tally", "chosen", "verdict", "absence"),
    [
        (
            "browser.netlog.json",
            "3 messages, 1 read. No READ was seen for message 0, 4. “you” is the consumer, whose side was",
            ("Why: Message 0", "The first message without a READ."),
            "accepted by agent +112 ms (announced in #14)",
            "No READ by anybody else was seen in this recording, which ends 640 ms after the message.",
        ),
        (
            "tutorial.jsonl",
            "1 message, 1 read. “you” is whoever used the recorded connection.",
            ("Why: Message 3", "The last message."),
            "read by you +1.92 s (acknowledged in #7)",
            None,
        ),
        (
            "planned.jsonl",
            "2 messages, 0 read. No READ was seen for message 0, 1.",
            ("Why: Message 0", "The first message without a READ."),
            "sent",
            "No ACCEPT or READ by anybody else was seen in this recording, which ends 1 s after the message.",
        ),
    ],
)
def test_a_first_look_says_what_was_read_what_was_not_and_why(page, name, tally, chosen, verdict, absence):
    report = page(name)
    words = lambda selector: " ".join(report.text(selector).split())  # noqa: E731
    assert words(".tally").startswith(tally)
    assert words("#why h2") == chosen[0]
    assert (
        words("#why .how")
        == f"{chosen[1]} Choose another in the conversation: click it, or walk with ↑ and ↓."
    )
    assert words("#why .verdict") == verdict
    has_absence = report.evaluate("document.querySelector('#why .absence') !== null")
    assert (words("#why .absence") if has_absence else None) == absence


def test_below_each_message_stands_what_became_of_it(page):
    report = page("browser.netlog.json")
    shown = "[...document.querySelectorAll('article .state')].map((each) => each.textContent)"
    assert report.evaluate(shown) == [
        "accepted by agent +112 ms, no READ seen",
        "read by you +308 ms",
        "accepted by you +112 ms, no READ seen",
    ]
    report.press(".tally button[aria-label='message 4']")
    assert report.text("#why h2") == "Why: Message 4"
    report.show_moment(15)
    assert report.text(".tally").startswith("2 messages by this moment, 0 read.")
    assert report.problems() == []


def test_on_a_narrow_screen_the_conversation_comes_first_and_search_is_folded(page):
    report = page("browser.netlog.json", width=360, height=740)
    top = "document.getElementById('conversation').getBoundingClientRect().top"
    assert report.evaluate(top) < 0.55 * 740
    opened = "document.querySelector('.folded').open"
    assert report.evaluate(opened) is False
    parts = "[...document.querySelectorAll('.panel-box')].map((each) => each.getBoundingClientRect().top)"
    assert report.evaluate(parts) == sorted(report.evaluate(parts))  # as they are read out
    report.press(".folded summary")
    assert report.evaluate("document.querySelector('.find').getBoundingClientRect().height") > 0
    report.look(width=1280)
    report.settle()
    assert report.evaluate(opened) is True


# --- for everybody ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [360, 1280])
def test_both_sides_of_a_conversation_show_where_a_receipt_got_lost(page, width):
    """Sequence by sequence, and the words on what differs have room for themselves."""
    report = page("sides", width=width, theme="light")
    rows = [[cell for cell in row if cell] for row in report.table("Messages of both sessions")]
    differing = [row for row in rows[1:] if len(row) > 2]
    assert len(rows) == 4
    ((one, other, words),) = differing
    assert ("Thanks!" in one, "Thanks!" in other) == (True, True)
    assert "READ by agent 1 is in the second recording only (announced in #" in words
    assert "message 2" not in words
    wide = "document.querySelector('.pairs .differs td:last-child').getBoundingClientRect().width"
    assert report.evaluate(wide) > 200


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits_the_screen_in_both_themes(page, width, theme):
    for name in ("browser.netlog.json", "two", "hostile.jsonl"):
        report = page(name, width=width, theme=theme)
        assert report.evaluate("document.documentElement.scrollWidth") <= width, name
        dark = report.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (dark == "rgb(18, 22, 29)") is (theme == "dark")


def test_the_theme_can_be_switched(page):
    report = page("browser.netlog.json", theme="light")
    report.press(".theme")
    report.press(".theme")
    assert report.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 22, 29)"


@needs_axe
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["browser.netlog.json", "step-up.jsonl", "planned.jsonl", "two"])
def test_axe_finds_no_violation(page, name, theme):
    report = page(name, "#message=2&frame=5", theme=theme, width=360 if theme == "dark" else 1280)
    assert axe_violations(report.evaluate) == []


def test_on_paper_all_messages_are_there(page):
    report = page("hostile.jsonl", height=700)
    assert report.evaluate("document.querySelectorAll('article').length") < len(HOSTILE)
    report.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert report.evaluate("document.querySelectorAll('article').length") == len(HOSTILE)
    report.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert report.pdf().startswith(b"%PDF-")


# --- what it never does -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*CAPTURES, "two", "hostile.jsonl"])
def test_it_asks_nobody_for_anything_and_nothing_goes_wrong(page, name):
    report = page(name)
    assert [url for url in report.requests() if not url.startswith("file:")] == []
    assert len(report.requests()) == 1
    assert report.problems() == []


def test_hostile_texts_do_nothing(page):
    report = page("hostile.jsonl", height=6000)
    for number in range(len(HOSTILE)):
        report.evaluate(f"location.hash = '#message={number}&frame={number + 1}'")
        report.settle()
        for tab in range(3):
            report.evaluate(f"document.querySelectorAll('#frame [role=tab]')[{tab}].click()")
    assert report.evaluate("window.ran") is None
    acting = "img, iframe, script:not([type]), link, style, base, object, embed, video, form"
    assert (
        report.evaluate(f"document.querySelectorAll({json.dumps(acting)}).length") == 2
    )  # the page's own script and style
    assert report.evaluate("document.querySelectorAll('a').length") == 0
    assert (
        report.evaluate(
            "[...document.querySelectorAll('main *')]"
            ".some((one) => [...one.attributes].some((each) => each.name.startsWith('on')))"
        )
        is False
    )
    assert (
        report.evaluate(
            "/[\\u202a-\\u202e\\u2066-\\u2069\\u200b\\u0000-\\u0008]/.test(document.body.innerText)"
        )
        is False
    )
    assert report.problems() == []
    assert [url for url in report.requests() if not url.startswith("file:")] == []
