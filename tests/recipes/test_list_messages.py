"""A listing from rows says what one from frames says."""

from __future__ import annotations

import io
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from recorder import recipes
from recorder.report.messages import print_listing

SAMPLES = Path(__file__).parents[2] / "samples"
CAPTURES = sorted(SAMPLES.glob("*.jsonl"))


def listed(path, **options):
    """The messages, the table, and what was said."""
    said: list[str] = []
    out = io.StringIO()
    with recipes.listed_messages(path, "last", say=said.append, **options) as listing:
        messages = list(listing.messages)
    with recipes.listed_messages(path, "last", **options) as listing:
        print_listing(out, listing.dialogs, listing.people)
    return messages, out.getvalue(), said


@pytest.mark.parametrize("sample", CAPTURES, ids=lambda sample: sample.stem)
def test_rows_and_frames_give_the_same_table_and_remarks(tmp_path, sample):
    path = str(tmp_path / "x.db")
    with recipes.open_archive(path, mode="write", create=True) as archive:
        recipes.import_capture(archive, sample)
    from_rows = listed(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as handle:
        handle.execute("DELETE FROM projection")
    assert listed(path) == from_rows


def test_a_consumer_of_two_ids_is_suggested_after_the_list(tmp_path):
    path = str(tmp_path / "x.db")
    with recipes.open_archive(path, mode="write", create=True) as archive:
        recipes.import_capture(archive, SAMPLES / "step-up.jsonl")
    said: list[str] = []
    with recipes.listed_messages(path, "last", say=said.append) as listing:
        assert listing.maybe_one_person
        assert said == []
    (remark,) = said
    assert remark.startswith("maybe the same person: --alias guest-1=user-7")
    said.clear()
    with recipes.listed_messages(path, "last", say=said.append, suggest=False):
        pass
    assert said == []
