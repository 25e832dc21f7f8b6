"""Where a script is played, in a line for people and an object for programs."""

from __future__ import annotations

import pytest

from recorder.report.replay_target import ReplayTarget, target_json


@pytest.mark.parametrize(
    ("target", "sentence", "kind"),
    [
        (ReplayTarget(None, "--url simulator"), "the built-in simulator (--url simulator)", "simulator"),
        (ReplayTarget(None, "default", "no --url"), "the built-in simulator (no --url)", "simulator"),
        (ReplayTarget("wss://x/y", "--url"), "wss://x/y (--url)", "service"),
    ],
)
def test_a_target_names_place_and_chooser(target, sentence, kind):
    assert target.sentence == f"target: {sentence}"
    assert target_json(target) == {"target": kind, "url": target.url, "chosen_by": target.chosen_by}
