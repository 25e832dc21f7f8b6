"""``recorder guide``: the manual, one page a topic."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from recorder.errors import NotFound

from .completion import completing
from .options import JsonOption
from .output import write_json, write_json_lines

PAGES = Path(__file__).parents[1] / "guide"

# The order in which a newcomer would read them.
TOPICS = (
    "recording", "attach", "proxy", "import", "receipts", "find", "watch", "checks", "report", "scripts",
    "replay", "simulator", "load", "share", "archive", "python", "pytest", "secrets", "commands", "glossary",
    "architecture", "changelog",
)  # fmt: skip

# What people look for, and the topic that describes it.
_DESCRIBED_IN = {
    "agents": "simulator", "browser": "attach", "captures": "import", "csv": "share",
    "diff": "receipts", "html": "report", "live": "report",
    "evidence": "receipts", "filters": "find",
    "exit codes": "commands", "follow": "recording", "har": "import", "login": "recording",
    "lookup": "proxy", "markdown": "share", "mcp": "share",
    "moods": "simulator", "options": "commands", "rules": "checks", "sql": "archive",
    "tables": "archive", "terminal": "watch", "tickets": "share", "tokens": "replay", "tui": "watch",
    "verbs": "scripts",
}  # fmt: skip


@completing
def _topics(ctx: typer.Context) -> Iterable[str]:
    """The topics of the manual."""
    return TOPICS


def show_guide(
    topic: Annotated[
        str | None,
        typer.Argument(metavar="TOPIC", help="The topic to show.", autocompletion=_topics),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Read the manual: list its topics, or show one. On a terminal it is paged, in a pipe it is Markdown.

    Example:

        recorder guide scripts
    """
    if topic is None:
        _list_topics(json=json)
        return
    if topic not in TOPICS:
        raise NotFound("topic", topic, close=_near_misses(topic.lower()))
    text = page(topic)
    if json:
        write_json({"topic": topic, "text": text})
    elif sys.stdout.isatty():
        _show_on_terminal(text)
    else:
        from recorder.report.markdown import without_comments

        sys.stdout.write(without_comments(text))


def _near_misses(topic: str) -> list[str]:
    found = get_close_matches(topic, [*TOPICS, *_DESCRIBED_IN], n=2)
    return list(dict.fromkeys(_DESCRIBED_IN.get(each, each) for each in found))


def page(topic: str) -> str:
    """The Markdown of a topic."""
    return (PAGES / f"{topic}.md").read_text("utf-8")


def about(topic: str) -> str:
    """What a page is about: its first paragraph, which is one line."""
    return page(topic).split("\n\n")[1]


def _list_topics(*, json: bool) -> None:
    if json:
        write_json_lines({"topic": topic, "about": about(topic)} for topic in TOPICS)
        return
    from recorder.report.tables import print_pairs

    print_pairs(sys.stdout, {topic: about(topic) for topic in TOPICS})


def _show_on_terminal(text: str) -> None:
    from rich.console import Console

    from recorder.report.markdown import MarkdownPage

    # less: end at once if all fits on the screen (F), show colours (R), scroll long lines sideways (S).
    os.environ.setdefault("LESS", "FRSX")
    console = Console()
    with console.pager(styles=True):
        console.print(MarkdownPage(text), width=min(console.width, 100), crop=False)
