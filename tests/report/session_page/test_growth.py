"""What a page is sent of frames that come later; the whole of it is held in the browser and by recipes."""

from __future__ import annotations

from pathlib import Path

from recorder import recipes
from recorder.recipes.report_session import session_source
from recorder.report.session_page.document import SessionBlocks
from recorder.report.session_page.growth import GrowingBlocks

SAMPLES = Path(__file__).parents[3] / "samples"


def test_a_place_leads_to_the_message_that_stands_there(tmp_path):
    with recipes.open_archive(str(tmp_path / "a.db"), mode="write", create=True) as archive:
        recipes.import_capture(archive, SAMPLES / "tutorial.jsonl")
        written = SessionBlocks("0", session_source(archive, "last"), ())
        names = [each.name for each in written.blocks()]
    growing = GrowingBlocks(written)
    keys = [growing.key_of(place) for place in range(len(written.places.keys))]
    assert keys == written.places.keys
    assert growing.key_of(len(keys)) is None
    assert growing.unfinished() is None
    assert "0-frames-0" in names
