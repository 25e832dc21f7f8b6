"""Findings of a check as SARIF 2.1.0, which viewers of analysis tools read.

A violation is a ``fail`` with the level of its severity, a satisfied rule a ``pass``, a rule that is not
observable ``open``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import quote

from recorder import __version__
from recorder.checks.findings import Finding, Outcome, Severity
from recorder.checks.rule import Rule

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_KIND = {Outcome.VIOLATED: "fail", Outcome.SATISFIED: "pass", Outcome.NOT_OBSERVABLE: "open"}


def sarif(archive: str, session: str, rules: Sequence[Rule], findings: Sequence[Finding]) -> str:
    """The JSON of one checked session; ``rules`` are those that ran, ``archive`` is its path or URL."""
    places = {rule.id: place for place, rule in enumerate(rules)}
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "recorder",
                        "version": __version__,
                        "rules": [_rule(rule) for rule in rules],
                    }
                },
                "results": [_result(archive, session, places[each.rule], each) for each in findings],
                "columnKind": "unicodeCodePoints",
            }
        ],
    }
    return json.dumps(log, indent=2) + "\n"


def _rule(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "shortDescription": {"text": f"{rule.title}."},
        "fullDescription": {"text": rule.explain},
        "help": {"text": rule.explain},
        "defaultConfiguration": {"level": _LEVEL[rule.severity]},
    }


def _result(archive: str, session: str, place: int, finding: Finding) -> dict[str, object]:
    kind = _KIND[finding.outcome]
    return {
        "ruleId": finding.rule,
        "ruleIndex": place,
        "kind": kind,
        # SARIF 2.1.0 3.27.10: the level is "none" unless the kind is "fail".
        "level": _LEVEL[finding.severity] if kind == "fail" else "none",
        "message": {"text": finding.sentence},
        "locations": [_location(archive, session, finding)],
        "properties": {
            "dialog": finding.dialog,
            "sequence": finding.sequence,
            "frames": list(finding.frames),
        },
    }


def _location(archive: str, session: str, finding: Finding) -> dict[str, object]:
    frames: list[dict[str, str]] = [
        {"name": f"#{frame}", "fullyQualifiedName": f"{session}/#{frame}", "kind": "frame"}
        for frame in finding.frames
    ]
    whole = {"name": session, "fullyQualifiedName": session, "kind": "session"}
    # A colon in a path would make a URI scheme of the text before it.
    uri = quote(archive, safe="/:@" if "://" in archive else "/@")
    return {
        "physicalLocation": {"artifactLocation": {"uri": uri}},
        "logicalLocations": frames or [whole],
    }
