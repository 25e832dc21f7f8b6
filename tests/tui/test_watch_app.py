"""``recorder watch`` as it is used: keys are pressed, and the screen is read."""

from __future__ import annotations

import json
from pathlib import Path

from builders.watching import run, watching


def test_a_message_leads_to_its_evidence_and_that_to_the_frame_that_proves_it(imported):
    async def story():
        async with watching(imported, name="tutorial") as watched:
            await watched.until(lambda: watched.title("messages") == "Messages: 1")
            assert "✓✓ read" in watched.pane("messages")
            await watched.press("end", "enter")
            await watched.until(lambda: "READ answered" in watched.pane("evidence"))
            assert "status   read, by you: READ acknowledged in frame #7" in watched.pane("evidence")
            await watched.press("end", "enter")
            assert watched.line("frames").startswith("#7 ")
            assert watched.line("frames").endswith(" PublishEvent READ [3] → 200")
            await watched.press("enter")
            await watched.until(lambda: watched.title("evidence") == "Frame #7")
            assert "proves: " in watched.pane("evidence")

    run(story)


def test_the_slider_moves_every_pane_to_that_moment(imported):
    async def story():
        async with watching(imported, (200, 50), name="tutorial") as watched:
            await watched.until(lambda: watched.title("findings").startswith("Findings: "))
            assert watched.around("moment").endswith("all: 7 frames")
            await watched.press("left")
            await watched.until(lambda: "✓✓ accepted" in watched.pane("messages"))
            assert "as of frame #6 of 7, " in watched.around("moment")
            await watched.until(lambda: "status   accepted" in watched.pane("evidence"))
            await watched.until(lambda: "its last so far" in watched.pane("findings"))
            assert watched.title("frames") == "Frames: 6"
            await watched.press("left_square_bracket", "left_square_bracket")
            await watched.until(lambda: "as of frame #4 of 7, " in watched.around("moment"))
            await watched.press("l")
            await watched.until(lambda: "✓✓ read" in watched.pane("messages"))
            assert watched.title("frames") == "Frames: 7"

    run(story)


def test_what_another_program_records_comes_by_itself_and_the_cursor_follows_it(recording):
    recording.say("one", "two")

    async def story():
        async with watching(recording.path) as watched:
            await watched.until(lambda: watched.title("messages") == "Messages: 2")
            assert watched.line("messages").endswith("#2 - - ")
            recording.say("three")
            await watched.until(lambda: "three" in watched.line("messages"))
            await watched.until(lambda: "#3" in watched.line("frames"))
            assert watched.around("moment").endswith("live: 3 frames")
            await watched.press("up")
            recording.read(1)
            await watched.until(lambda: "read" in watched.line("messages"))
            assert " two " in watched.line("messages")
            recording.end()
            await watched.until(lambda: ", complete" in watched.around("title"))

    run(story)


def test_the_moment_stays_while_more_is_recorded(recording):
    recording.say("one", "two")

    async def story():
        async with watching(recording.path, at=1) as watched:
            await watched.until(lambda: watched.title("messages") == "Messages: 1")
            recording.say("three")
            await watched.until(lambda: "as of frame #1 of 3" in watched.around("moment"))
            assert watched.title("frames") == "Frames: 1"
            await watched.press("l")
            await watched.until(lambda: watched.title("messages") == "Messages: 3")

    run(story)


def test_lines_are_searched_and_filtered_and_a_wrong_filter_is_told(recording):
    recording.say("apple", "pear", "apple pie")
    recording.read(1)

    async def story():
        async with watching(recording.path) as watched:
            await watched.until(lambda: watched.title("frames") == "Frames: 4")
            await watched.until(lambda: watched.title("messages") == "Messages: 3")
            await watched.press("slash")
            await watched.type("APPLE")
            assert " apple " in watched.line("messages")
            await watched.press("n")
            assert " apple pie " in watched.line("messages")
            await watched.press("N", "N")
            assert " apple pie " in watched.line("messages")
            await watched.press("f")
            await watched.type("--status read")
            assert watched.title("messages") == "Messages: 1 with --status read"
            await watched.press("f")
            await watched.type("--colour red")
            assert "error: FILTER: no filter --colour; hint: --type, " in watched.around("status")
            await watched.press("tab", "f")
            await watched.type("--type AcceptStatusEvent")
            await watched.until(lambda: watched.title("frames").startswith("Frames: 1 with"))
            assert "READ [1]" in watched.pane("frames")

    run(story)


def test_lines_are_copied_as_json_and_payloads_as_they_are_typed(imported):
    async def story():
        async with watching(imported, name="tutorial") as watched:
            await watched.until(lambda: watched.title("frames") == "Frames: 7")
            await watched.until(lambda: watched.title("messages") == "Messages: 1")
            await watched.press("end", "c")
            assert json.loads(watched.app.clipboard)["status"] == "read"
            assert watched.around("status") == "copied 1 line of JSON"
            await watched.press("tab", "c")
            await watched.until(lambda: '"frame":1' in watched.app.clipboard)
            await watched.press("C")
            await watched.until(lambda: watched.around("status") == "copied the payload")
            assert json.loads(watched.app.clipboard)["kind"]
            await watched.press("shift+tab", "shift+tab", "c")
            assert json.loads(watched.app.clipboard)["name"] == "tutorial"

    run(story)


def test_it_writes_nothing(imported):
    folder = Path(imported).parent
    before = {each.name: each.read_bytes() for each in folder.iterdir()}

    async def story():
        async with watching(imported, (200, 50)) as watched:
            await watched.until(lambda: watched.title("findings").startswith("Findings: "))
            await watched.press("left", "tab", "enter")
            await watched.until(lambda: watched.title("evidence").startswith("Frame #"))

    run(story)
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == before


def test_another_session_is_opened_and_a_key_shows_all_keys(imported):
    async def story():
        async with watching(imported, (60, 24)) as watched:
            await watched.until(lambda: watched.title("sessions") == "Sessions: 2")
            await watched.press("shift+tab", "end", "enter")
            await watched.until(lambda: '"step-up"' in watched.around("title"))
            await watched.until(lambda: watched.title("frames") == "Frames: 9")
            await watched.press("question_mark")
            assert any("the time" in line or "as of one frame" in line for line in watched.screen())
            await watched.press("escape", "q")
        assert watched.app.return_code == 0

    run(story)
