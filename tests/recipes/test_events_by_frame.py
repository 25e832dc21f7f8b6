"""From which frame on what is no frame holds: the same as ``--at`` says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from builders.two_sides import AGENT, Capture

from recorder import recipes
from recorder.messaging.events import Identified, PublishLost
from recorder.recipes.events_by_frame import frame_events

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture
def by_frame(tmp_path: Path):
    def read(capture: Capture, *, last: int | None = None):
        file = tmp_path / "capture.jsonl"
        file.write_text("\n".join(json.dumps(line) for line in capture.lines))
        with recipes.open_archive(str(tmp_path / "a.db"), mode="write", create=True) as archive:
            session = archive.find_session(recipes.import_capture(archive, file).session)
            return {
                batch.frame: [type(event) for event in batch.events]
                for batch in frame_events(archive, session, last=last)
            }

    return read


def test_who_speaks_on_a_connection_is_known_from_its_first_frame(by_frame):
    capture = Capture().opened(1, token="one").opened(2, token="two")
    capture.ask(1, {"type": "ContentEvent", "message": "a", "contentType": "text/plain"})
    capture.ask(2, {"type": "ContentEvent", "message": "b", "contentType": "text/plain"})
    found = by_frame(capture)
    assert [Identified in found[frame] for frame in (1, 2)] == [True, True]


def test_a_lost_publish_is_lost_when_its_connection_is_seen_to_have_ended(by_frame):
    capture = Capture().opened(1, token=AGENT)
    capture.ask(1, {"type": "ContentEvent", "message": "a", "contentType": "text/plain"})
    capture.ask(1, {"type": "ContentEvent", "message": "b", "contentType": "text/plain"})
    capture.lines[0]["how"] = "lost"
    found = by_frame(capture)
    assert found[2].count(PublishLost) == 2
    assert PublishLost not in found[1]


def test_of_a_beginning_only_what_it_tells(by_frame):
    capture = Capture().opened(1, token=AGENT)
    capture.ask(1, {"type": "ContentEvent", "message": "a", "contentType": "text/plain"})
    capture.ask(1, {"type": "ContentEvent", "message": "b", "contentType": "text/plain"})
    assert max(by_frame(capture, last=1)) == 1


@pytest.mark.parametrize("capture", ["tutorial.jsonl", "step-up.jsonl", "browser.netlog.json"])
def test_steps_through_a_capture_are_what_message_list_shows_as_of_each_frame(tmp_path, capture):
    with recipes.open_archive(str(tmp_path / "a.db"), mode="write", create=True) as archive:
        session = recipes.import_capture(archive, SAMPLES / capture).session
        known = recipes.known_moments(archive, session)
        last = known.frames
        expected = [recipes.messages(archive, session, at=f"#{frame}")[1] for frame in range(last + 1)]
    for frame in [*range(last + 1), *reversed(range(last + 1)), last // 3, 2 * last // 3]:
        assert known.states.as_of(frame) == expected[frame], frame
