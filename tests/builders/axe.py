"""axe-core, which finds in a page what keeps people from using it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

AXE = os.environ.get("RECORDER_TESTS_AXE")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

needs_axe = pytest.mark.skipif(
    AXE is None, reason="no axe-core here: RECORDER_TESTS_AXE is the path of axe.min.js"
)


def axe_violations(evaluate: Callable[[str], Any]) -> list[tuple[str, list[str]]]:
    """The rules that the page violates, with the elements that do."""
    evaluate(Path(AXE or "").read_text("utf-8") + ";0")
    found = evaluate(f"axe.run(document, {json.dumps({'runOnly': RULES})})")
    return [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found["violations"]]
