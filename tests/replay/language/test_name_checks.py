"""Every name is given once, before it is used, and stands for what it is used as."""

from __future__ import annotations

from pathlib import Path

import pytest

from recorder.errors import BadScript
from recorder.replay.language.includes import Folder
from recorder.replay.language.script import load


def loaded(steps: str, folder: Path | None = None):
    text = "steps:\n" + steps
    return load(text, file="s.yaml", variables={}, folder=None if folder is None else Folder(folder))


@pytest.mark.parametrize(
    "steps",
    [
        "- await: {as: q}\n- read: q\n- accept: [q, last_received, 3]",
        "- await: {as: q}\n- await: {as: r}\n- read: {message: q, with: r}",
        "- say: {text: a, as: mine}\n- expect: {message: mine, status: read}",
        "- await: {as: q}\n- expect: {not: {message: q, status: read}, for: 1s}",
        "- await: {as: q}\n- receipt: {status: NACK, message: q}",
        '- open_conversation: {as: o}\n- say: "${o.body.conversationId} ${o.code} ${o.type}"',
        '- await: {as: q}\n- say: "${q.text} ${q.sequence} ${q.dialog} ${q.author} ${q.type}"',
        '- say: "${conversation.id} ${dialog.id} ${consumer.id}"',
        '- repeat: {times: 2, steps: [{say: "${round.number}"}, {await: {as: q}}, {read: q}]}',
        '- await: {as: q}\n- await: {message: {matching: "^${q.text}$", from: "${q.author}"}}',
    ],
)
def test_names_that_are_given_first_may_be_used(steps):
    loaded(steps)


@pytest.mark.parametrize(
    ("steps", "line", "says"),
    [
        ("- await: {as: q}\n- read: [q, p]", 3, 'unknown message "p"'),
        ("- await: {as: q}\n- read: {message: 1, with: p}", 3, 'unknown message "p"'),
        ("- receipt: {status: READ, message: [p]}", 2, 'unknown message "p"'),
        ("- expect: {not: {message: p, status: read}, for: 1s}", 2, 'unknown message "p"'),
        ("- keep_alive: {as: k}\n- read: k", 3, '"k" names the answer of step 1, line 2, and a message'),
        ('- say: "${q.text}"', 2, 'unknown name "q"'),
        ('- await: {as: question}\n- say: "${qestion.text}"', 3, 'did you mean "question"?'),
        ('- say: "${q.text}"\n- await: {as: q}', 2, "gets its name only in step 2, line 3"),
        ('- say: "${q.code}"\n- keep_alive: {as: q}', 2, 'the answer "q" gets its name only in step 2'),
        ('- await: {as: q}\n- say: "${q.txt}"', 3, '${q.txt}: unknown part "txt" (did you mean "text"?)'),
        ('- await: {as: q}\n- say: "${q.text.x}"', 3, "q.text is a plain value"),
        ('- keep_alive: {as: k}\n- say: "${k.text}"', 3, 'unknown part "text"'),
        ('- keep_alive: {as: k}\n- say: "${k.code.x}"', 3, "k.code is a plain value"),
        ('- say: "${conversation.name}"', 2, 'unknown part "name"'),
        ('- say: "${round.number}"', 2, "this step is in no repeat"),
        ('- send: {a: ["${q.text}"]}', 2, 'unknown name "q"'),
        ("- await: {as: q}\n- await: {as: q}", 3, "is given already in step 1, line 2"),
        (
            "- repeat: {times: 2, steps: [{await: {as: q}}]}\n- say: {text: a, as: q}",
            3,
            "is given already in step 1 (repeat), step 1, line 2",
        ),
        ("- repeat: {times: 2, steps: [{read: q}, {await: {as: q}}]}", 2, "gets its name only in"),
    ],
)  # fmt: skip
def test_unknown_names_are_refused_with_a_suggestion(steps, line, says):
    """S16, S17, S18: no circles, no doubles, no strangers."""
    with pytest.raises(BadScript) as refused:
        loaded(steps)
    assert refused.value.line == line
    assert says in refused.value.problem


def test_a_name_is_given_anew_each_round_and_each_time_its_file_is_included(tmp_path: Path):
    (tmp_path / "greet.yaml").write_text("- await: {as: greeting}\n- read: greeting\n")
    steps = (
        "- include: greet.yaml\n- repeat: {times: 3, steps: [{include: greet.yaml}]}\n- include: greet.yaml\n"
    )
    assert len(loaded(steps, tmp_path).steps) == 10


def test_a_name_of_another_file_is_named_with_that_file(tmp_path: Path):
    (tmp_path / "greet.yaml").write_text("- await: {as: greeting}\n")
    with pytest.raises(BadScript, match=r"is given already in step 1, line 1 of .*greet\.yaml"):
        loaded("- include: greet.yaml\n- await: {as: greeting}", tmp_path)
