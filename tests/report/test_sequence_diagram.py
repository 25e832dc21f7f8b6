"""A diagram whose texts are texts."""

from __future__ import annotations

import html
import re

import pytest

from recorder.report.sequence_diagram import LONGEST_DIAGRAM, diagram_text, is_too_long, sequence_diagram

TEXT = r"(?:[^#;:\n]|#\d+;)*"
LINE = re.compile(
    rf"sequenceDiagram|    (?:participant p\d+ as {TEXT}|Note over p\d+(?:,p\d+)?: {TEXT}"
    rf"|p\d+(?:->>|-->>|-x|--x|-\))p\d+: {TEXT})"
)


def arrows(view):
    return [line.strip() for line in sequence_diagram(view) if re.search("p[0-9]+-", line)]


def test_messages_and_receipts_come_in_the_order_of_their_frames(view_of):
    view = view_of("browser.har")
    assert arrows(view) == [
        "p1->>p2: 0#58; Is anything new? (accepted)",
        "p2-->>p1: 0#58; ACCEPT +0.112s #35;14",
        "p2->>p1: 2#58; This is the first answer. (read)",
        "p1-->>p2: 2#58; ACCEPT +0.107s #35;18",
        "p2->>p1: 4#58; This is the second answer. (accepted)",
        "p1-->>p2: 2#58; READ +0.308s #35;23",
        "p1-->>p2: 4#58; ACCEPT +0.112s #35;25",
    ]
    assert list(sequence_diagram(view))[1:4] == [
        "    participant p1 as you",
        "    participant p2 as agent",
        "    Note over p1,p2: Complete#58; nothing is known to be missing.",
    ]


def test_a_reconnect_is_a_note_between_the_arrows(view_of):
    lines = list(sequence_diagram(view_of("step-up.jsonl")))
    lost = lines.index("    Note over p1,p4: connection 1 lost")
    assert lines[lost + 1] == "    Note over p1,p4: connection 2 opened"
    assert lines[lost + 2].startswith("    p1->>p4: 3#58; Done, are you there?")
    assert "    participant p4 as everybody else" in lines  # three people: a message goes to two of them


@pytest.mark.parametrize(
    "text",
    [
        "a;b",
        "%%{init: {}}%%",
        "end",
        "a\nb",
        "#35;",
        "<script>",
        "->>p1: x",
        "wrap: x",
        "$$x$$",
        "é 😀 \u202e",
    ],
)
def test_no_text_is_a_part_of_the_diagram(text):
    """What Mermaid makes of its references is what stood there; a control character is an escape."""
    written = diagram_text(text)
    assert re.fullmatch(TEXT, written)
    assert "%" not in written
    read = html.unescape(re.sub(r"#(\d+);", r"&#\1;", written))
    assert read == text.replace("\n", "\\n").replace("\u202e", "\\u202e")


@pytest.mark.parametrize("sample", ["browser.har", "step-up.jsonl", "tutorial.jsonl", "browser.wscat.log"])
def test_every_line_is_one_of_the_grammar(view_of, sample):
    for line in sequence_diagram(view_of(sample)):
        assert LINE.fullmatch(line), line


def test_a_session_without_messages_is_an_empty_diagram(view_of):
    assert list(sequence_diagram(view_of('{"sender": "client", "text": "x"}'))) == ["sequenceDiagram"]


def test_longer_than_mermaid_draws():
    assert not is_too_long(["x" * (LONGEST_DIAGRAM - 1)])
    assert is_too_long(["x" * LONGEST_DIAGRAM])
