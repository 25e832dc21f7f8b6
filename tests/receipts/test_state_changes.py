"""The changes of a session, replayed to any frame, are the fold of the frames up to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from recorder import recipes
from recorder.receipts.batch_fold import fold_batches
from recorder.receipts.queries import view
from recorder.receipts.state_changes import StateTracker, view_key

SAMPLES = Path(__file__).parents[2] / "samples"
CAPTURES = ["tutorial.jsonl", "step-up.jsonl", "browser.netlog.json", "browser.har", "browser.wscat.log"]


def without_roles(message):
    receipts = tuple(each._replace(role=None) for each in message.receipts)
    decided_by = message.decided_by and message.decided_by._replace(role=None)
    return message._replace(role=None, receipts=receipts, decided_by=decided_by)


@pytest.mark.parametrize("capture", CAPTURES)
def test_the_last_change_of_each_message_by_a_frame_is_its_state_as_of_that_frame(tmp_path, capture):
    with recipes.open_archive(str(tmp_path / "a.db"), mode="write", create=True) as archive:
        session = recipes.import_capture(archive, SAMPLES / capture)
        frames = archive.find_session(session.session).frames
        batches = recipes.frame_events(archive, archive.find_session(session.session))
        changes = list(StateTracker().follow(batches))
        assert changes
        for last in range(1, frames + 1):
            shown = {}
            for change in changes:
                if change.frame <= last:
                    shown[change.key] = change.message
            shown = {key: without_roles(message) for key, message in shown.items() if message is not None}
            events = recipes.events(archive, archive.find_session(session.session), last=last)
            expected = {view_key(each): without_roles(each) for each in view(fold_batches(events))}
            assert shown == expected, last
