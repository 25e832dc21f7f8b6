"""The findings of every moment on the page of a session, against ``check --at`` of that moment.

The captures of all rules are held to the same in ``tests/cli/test_rules_by_capture.py``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from recorder import recipes
from recorder.recipes import findings_over_time
from recorder.recipes.report_session import session_source

SAMPLES = Path(__file__).parents[2] / "samples"
NAMES = ("tutorial.jsonl", "step-up.jsonl", "browser.har", "browser.netlog.json", "browser.wscat.log")


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """An archive with the samples."""
    file = tmp_path_factory.mktemp("samples") / "a.db"
    with recipes.open_archive(str(file), mode="write", create=True) as opened:
        for name in NAMES:
            recipes.import_capture(opened, SAMPLES / name, name=name)
        yield opened


@pytest.mark.parametrize("name", NAMES)
def test_every_moment_has_the_findings_that_check_at_says_of_it(archive, name):
    """In the same words and the same order."""
    source = session_source(archive, name)
    for number in range(source.last + 1):
        assert source.findings.as_of(number) == recipes.check(archive, name, at=f"#{number}"), number


def test_the_report_of_a_moment_ends_with_what_check_at_says_of_it(archive):
    source = session_source(archive, "browser.har", at="#9")
    assert source.findings.as_of(9) == recipes.check(archive, "browser.har", at="#9")


def test_a_session_that_is_too_long_has_those_of_its_end_and_says_so(archive, monkeypatch):
    monkeypatch.setattr(findings_over_time, "MOST_FRAMES", 5)
    source = session_source(archive, "step-up.jsonl")
    assert not source.findings.by_moment
    assert source.findings.as_of(source.last) == recipes.check(archive, "step-up.jsonl")
    spans = [span for rule in source.findings.rules for span in rule.spans]
    assert all(span.since == max(span.observation.frames, default=0) for span in spans)
