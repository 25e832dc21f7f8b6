"""The README's table of rules and the rules themselves agree."""

from __future__ import annotations

import re
from pathlib import Path

from recorder.checks.engine import RULES

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


def test_the_table_of_rules_is_the_readmes():
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (error|warning|info) \| (.+) \|$", README, re.MULTILINE)
    assert rows == [(rule.id, rule.severity.value, rule.title) for rule in RULES]
