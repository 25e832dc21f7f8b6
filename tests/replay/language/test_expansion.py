"""Steps that are repeated and included become the steps that are played."""

from __future__ import annotations

from pathlib import Path

import pytest

from recorder.errors import BadScript
from recorder.replay.language.expansion import DEEPEST_INCLUDE, MOST_STEPS
from recorder.replay.language.includes import Folder
from recorder.replay.language.script import Script, load


def loaded(text: str, folder: Path | None = None, **variables: str) -> Script:
    return load(text, file="s.yaml", variables=variables, folder=None if folder is None else Folder(folder))


def told(script: Script) -> list[tuple[int, str, int, int | None]]:
    return [(step.number, step.arguments.text, step.line, step.round) for step in script.steps]


def test_repeated_steps_are_written_out_with_their_round():
    script = loaded("steps:\n- repeat:\n    times: 2\n    steps:\n    - say: a\n    - say: b\n- say: c")
    assert told(script) == [(1, "a", 5, 1), (2, "b", 6, 1), (3, "a", 5, 2), (4, "b", 6, 2), (5, "c", 7, None)]


def test_a_step_knows_its_innermost_round():
    script = loaded(
        "steps: [{repeat: {times: 2, steps: [{repeat: {times: 2, steps: [{say: a}]}}, {say: b}]}}]"
    )
    assert [(step.arguments.text, step.round) for step in script.steps] == [
        ("a", 1), ("a", 2), ("b", 1), ("a", 1), ("a", 2), ("b", 2),
    ]  # fmt: skip


def test_repeat_times_may_come_from_a_variable_and_may_be_zero():
    assert len(loaded("steps: [{repeat: {times: '${N}', steps: [{say: a}]}}]", N="3").steps) == 3
    assert len(loaded("steps: [{repeat: {times: 0, steps: [{say: a}]}}, {say: b}]").steps) == 1
    with pytest.raises(BadScript, match="no steps once they are repeated and included"):
        loaded("steps: [{repeat: {times: 0, steps: [{say: a}]}}]")


def test_a_hundred_thousand_steps_and_not_one_more():
    """S23."""
    assert (
        len(loaded(f"steps: [{{repeat: {{times: {MOST_STEPS}, steps: [{{say: a}}]}}}}]").steps) == MOST_STEPS
    )
    for text in (
        f"steps: [{{repeat: {{times: {MOST_STEPS}, steps: [{{say: a}}]}}}}, {{say: b}}]",
        f"steps: [{{repeat: {{times: {MOST_STEPS + 1}, steps: [{{say: a}}]}}}}]",
        "steps: [{repeat: {times: 1000, steps: [{repeat: {times: 101, steps: [{say: a}]}}]}}]",
    ):
        with pytest.raises(BadScript, match="more than 100,000 steps"):
            loaded(text)


def test_a_million_rounds_of_nothing_cost_nothing():
    nothing = "{repeat: {times: 0, steps: [{say: a}]}}"
    rounds = f"{{repeat: {{times: 1000000, steps: [{{repeat: {{times: 1000000, steps: [{nothing}]}}}}]}}}}"
    assert len(loaded(f"steps: [{rounds}, {{say: b}}]").steps) == 1


@pytest.mark.parametrize(
    "content", ["- say: a\n- say: b\n", "name: x\nsteps:\n- say: a\n- say: b\n"], ids=["list", "steps"]
)
def test_an_included_file_is_spliced_in(tmp_path: Path, content: str):
    (tmp_path / "part.yaml").write_text(content)
    script = loaded("steps:\n- say: x\n- include: part.yaml\n- say: y", tmp_path)
    assert [step.arguments.text for step in script.steps] == ["x", "a", "b", "y"]
    assert [step.file for step in script.steps] == [None, *[str(tmp_path / "part.yaml")] * 2, None]
    assert script.steps[2].line == len(content.splitlines())


def test_included_files_include_what_lies_beside_them_and_see_the_same_variables(tmp_path: Path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "a.yaml").write_text("- include: b.yaml")
    (tmp_path / "parts" / "b.yaml").write_text('- say: "${WHO}"')
    script = loaded("steps: [{repeat: {times: 2, steps: [{include: parts/a.yaml}]}}]", tmp_path, WHO="Ada")
    assert [(step.arguments.text, step.round) for step in script.steps] == [("Ada", 1), ("Ada", 2)]


def test_an_error_in_an_included_file_names_that_file_and_its_line(tmp_path: Path):
    (tmp_path / "part.yaml").write_text("- say: a\n- raed: x\n")
    with pytest.raises(BadScript) as refused:
        loaded("steps:\n- include: part.yaml", tmp_path)
    assert (refused.value.file, refused.value.line) == (str(tmp_path / "part.yaml"), 2)
    assert str(refused.value).endswith('step 2 (raed): unknown verb "raed" (did you mean "read"?)')


def test_an_error_in_a_repeated_step_names_the_step_and_its_repeat():
    with pytest.raises(BadScript) as refused:
        loaded("steps:\n- say: a\n- repeat:\n    times: 2\n    steps:\n    - wait: x")
    assert (refused.value.line, refused.value.step) == (6, "step 2 (repeat), step 1 (wait)")


def test_a_circle_of_includes_is_drawn(tmp_path: Path):
    """S21."""
    (tmp_path / "a.yaml").write_text("- include: b.yaml")
    (tmp_path / "b.yaml").write_text("- include: a.yaml")
    with pytest.raises(BadScript, match=r"a.yaml includes itself: a\.yaml → b\.yaml → a\.yaml"):
        loaded("steps: [{include: a.yaml}]", tmp_path)
    (tmp_path / "s.yaml").write_text("- include: s.yaml")
    with pytest.raises(BadScript, match=r"s\.yaml → s\.yaml"):
        loaded("steps: [{include: s.yaml}]", tmp_path)


def test_includes_go_ten_deep(tmp_path: Path):
    for depth in range(1, DEEPEST_INCLUDE + 1):
        (tmp_path / f"{depth}.yaml").write_text(f"- include: {depth + 1}.yaml")
    (tmp_path / f"{DEEPEST_INCLUDE}.yaml").write_text("- say: deep")
    assert loaded("steps: [{include: 1.yaml}]", tmp_path).steps[0].arguments.text == "deep"
    (tmp_path / "0.yaml").write_text("- include: 1.yaml")
    with pytest.raises(BadScript, match="more than 10 deep"):
        loaded("steps: [{include: 0.yaml}]", tmp_path)


def test_files_that_include_each_other_many_times_are_read_once(tmp_path: Path):
    """Ten times ten times ten … times nothing."""
    for depth in range(1, 10):
        (tmp_path / f"{depth}.yaml").write_text(f"- include: {depth + 1}.yaml\n" * 10)
    (tmp_path / "10.yaml").write_text("- repeat: {times: 0, steps: [{say: a}]}")
    assert len(loaded("steps: [{include: 1.yaml}, {say: b}]", tmp_path).steps) == 1
    (tmp_path / "10.yaml").write_text("- say: a")
    with pytest.raises(BadScript, match="more than 100,000 steps"):
        loaded("steps: [{include: 1.yaml}, {say: b}]", tmp_path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "it is empty"),
        ("[]", "there are no steps"),
        ("hello", "a file to include is a list of steps"),
        ("agent: []", "a file to include is a list of steps"),
        ("- say: [", "the file ends in the middle of something"),
        ("- say: ${NOPE}", "the variable NOPE is not set"),
        ("- !!python/none x", "is not allowed"),
    ],
)
def test_a_file_that_cannot_be_included_says_why(tmp_path: Path, content: str, says: str):
    (tmp_path / "part.yaml").write_text(content)
    with pytest.raises(BadScript, match=says) as refused:
        loaded("steps: [{include: part.yaml}]", tmp_path)
    assert refused.value.file == str(tmp_path / "part.yaml")


def test_a_script_from_stdin_can_include_no_files():
    for step in ("{include: a.yaml}", "{send_file: a.png}"):
        with pytest.raises(BadScript, match="read from stdin has no folder"):
            loaded(f"steps: [{step}]")


def test_files_to_send_are_read_with_the_script(tmp_path: Path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "cat.png").write_bytes(b"\x89PNG")
    (tmp_path / "parts" / "a.yaml").write_text("- send_file: {file: cat.png, caption: a cat}")
    script = loaded("steps: [{include: parts/a.yaml}, {send_file: parts/cat.png}]", tmp_path)
    assert [step.arguments.file for step in script.steps] == ["parts/cat.png", "parts/cat.png"]
    assert dict(script.files) == {"parts/cat.png": b"\x89PNG"}
    with pytest.raises(BadScript, match=r"line 2, step 1 \(send_file\): unknown file"):
        loaded("steps:\n- send_file: dog.png", tmp_path)


def test_references_are_refused_where_a_value_is_needed_before_playing():
    with pytest.raises(BadScript) as refused:
        loaded("steps:\n- await: {as: q}\n- await: {within: '${q.text}'}")
    assert refused.value.step == "step 2 (await)"
    assert (
        refused.value.problem
        == '${q.text} is known only while the script is played, and "within" is needed before'
    )


def test_thousands_of_bare_verbs_load_quickly():
    """S23: nothing is copied for each of them."""
    assert len(loaded("steps:\n" + "- await\n" * 20_000).steps) == 20_000
