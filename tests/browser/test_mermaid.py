"""The diagram that we export, drawn by Mermaid itself: all of it is there, and nothing in it acts."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from builders.hostile import hostile_capture

from recorder import recipes

MERMAID = os.environ.get("RECORDER_TESTS_MERMAID")
SAMPLES = Path(__file__).parents[2] / "samples"
DRAW = """
(async (diagram) => {
  mermaid.initialize({startOnLoad: false});
  const {svg} = await mermaid.render("drawn", diagram);
  document.body.innerHTML = svg;
  const words = (selector) => [...document.querySelectorAll(selector)].map((each) => each.textContent);
  return {
    people: words("text.actor-box"), messages: words(".messageText"), notes: words(".noteText"),
    active: document.querySelectorAll("svg script, svg a, svg iframe, svg image, svg foreignObject").length,
    ran: window.ran === undefined ? null : window.ran,
  };
})(DIAGRAM)
"""
ENTITY = re.compile(r"#(\d+|[a-z]+);")


def diagram_of(archive: Any, session: str, file: Path) -> str:
    recipes.export_to_file(archive, session, file, form="mermaid")
    return file.read_text("utf-8")


def written(diagram: str, pattern: str) -> list[str]:
    """What the lines of one kind say, with their entities as characters."""
    return [
        ENTITY.sub(lambda found: chr(int(found[1])), words)
        for words in re.findall(pattern, diagram, re.MULTILINE)
    ]


def plain(words: list[str]) -> list[str]:
    """Without what a drawing may break: blanks at the ends of lines."""
    return ["".join(each.split()) for each in words]


@pytest.mark.skipif(MERMAID is None, reason="no Mermaid: RECORDER_TESTS_MERMAID is its mermaid.min.js")
def test_mermaid_draws_everybody_every_message_and_every_note(shared_browser, tmp_path):
    tab = shared_browser
    for part in ("Runtime", "Network"):
        tab.ask(f"{part}.enable")
    page = tmp_path / "page.html"
    page.write_text("<!doctype html><meta charset=utf-8><title>diagram</title>")
    tab.navigate(page.as_uri())
    tab.evaluate(Path(MERMAID).read_text("utf-8") + ";0")
    capture = tmp_path / "hostile.jsonl"
    capture.write_text("\n".join(json.dumps(line) for line in hostile_capture().lines))
    with recipes.open_archive(str(tmp_path / "a.db"), mode="write", create=True) as archive:
        for file in (capture, SAMPLES / "step-up.jsonl"):
            session = recipes.import_capture(archive, file).session
            diagram = diagram_of(archive, session, tmp_path / "diagram.mmd")
            drawn = tab.evaluate(DRAW.replace("DIAGRAM", json.dumps(diagram)))
            people = written(diagram, r"^ +participant p\d+ as (.*)$")
            messages = written(diagram, r"^ +p\d+-[^:]*: (.*)$")
            notes = written(diagram, r"^ +Note over [^:]*: (.*)$")
            assert min(len(people), len(messages), len(notes)) > 1
            assert set(plain(drawn["people"])) == set(plain(people))
            assert sorted(plain(drawn["messages"])) == sorted(plain(messages))
            assert "".join(plain(drawn["notes"])) == "".join(plain(notes))
            assert (drawn["active"], drawn["ran"]) == (0, None)
    sent = [
        each["params"]["request"]["url"]
        for each in tab.events
        if each["method"] == "Network.requestWillBeSent"
    ]
    assert [each for each in sent if not each.startswith(("file:", "data:"))] == []
