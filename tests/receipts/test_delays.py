"""A delay is taken on one clock, or not at all."""

from __future__ import annotations

import pytest

from recorder.messaging.events import Evidence, Proof
from recorder.receipts.delays import Delay, delay


def evidence(*, at_us=None, offset_us=None, server_ms=None):
    return Evidence(Proof.ANNOUNCED, 1, 1, at_us, offset_us, server_ms)


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        pytest.param(
            evidence(offset_us=0, server_ms=1_000),
            evidence(offset_us=9_000_000, server_ms=1_015),
            Delay(0.015, "server"),
            id="both theirs",
        ),
        pytest.param(
            evidence(offset_us=1_000_000, server_ms=5), evidence(offset_us=1_500_000),
            Delay(0.5, "local"), id="one side without theirs",
        ),
        pytest.param(evidence(at_us=1_000_000), evidence(at_us=3_000_000), Delay(2.0, "local"), id="wall"),
        pytest.param(evidence(server_ms=1), evidence(at_us=1), None, id="no common clock"),
        pytest.param(None, evidence(), None, id="nothing to measure from"),
    ],
)  # fmt: skip
def test_a_delay_never_mixes_clocks(since, until, expected):
    assert delay(since, until) == expected
