"""Scripts without playing them: checked, described to editors, told step by step."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from recorder.documents import read_document
from recorder.errors import BadOption, BadScript
from recorder.recipes import check_script, read_script, script_schema, script_timetable, timetable_lines
from recorder.recipes.scripts import (
    LONGEST_SCRIPT,
    folder_of,
    given_variables,
    script_text,
    without_secret_name,
)
from recorder.replay.language.script import load
from recorder.replay.language.verbs import VERBS

SAMPLES = Path(__file__).parents[2] / "samples"
EVERY_SAMPLE = pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.yaml")), ids=lambda path: path.stem)


def script(folder: Path, text: str) -> Path:
    file = folder / "script.yaml"
    file.write_text(text)
    return file


SHOWN = (
    r"^consumers:", r"^rate:", r"batch:", r"\$\{ROUNDS:-2\}", r"\$\{opened\.body\.", r"round\.number",
    r"±", r"\.\.", r"- type: \{after:", r"say: \{.*consumer: ben", r"- include:", r"- repeat:",
    r"after: never", r"message: \[", r"- receipt:", r"not: \{message", r"for: ", r"- send_frame:",
    r"- send:", r"- keep_alive", r"- disconnect:", r"- reconnect:", r"^    consumer: anna",
    r"^    conversation: 1", r"nth: 1", r"matching: Round\n",
)  # fmt: skip


@pytest.mark.parametrize("part", SHOWN)
def test_the_whole_language_shows(part: str):
    """What the other samples leave out: it is what people copy from."""
    assert re.search(part, (SAMPLES / "whole-language.yaml").read_text(), re.MULTILINE)


def test_the_samples_together_show_every_verb_but_files_and_surveys():
    """These two want something beside the script: a picture, and a mood of the simulator."""
    shown = {step.verb for sample in SAMPLES.glob("*.yaml") for step in read_script(sample).steps}
    assert set(VERBS) - shown == {"send_file", "subscribe", "close_dialog", "rate"}


@EVERY_SAMPLE
def test_every_sample_is_fine_for_the_check_and_for_editors(sample: Path):
    assert check_script(sample).endswith(": fine")
    written = read_document(sample.read_bytes(), file=sample.name).value
    assert list(Draft202012Validator(script_schema()).iter_errors(written)) == []


@EVERY_SAMPLE
def test_every_sample_has_a_row_for_each_step(sample: Path):
    rows = list(script_timetable(sample))
    assert [row.step for row in rows] == [step.number for step in read_script(sample).steps]
    assert len(list(timetable_lines(rows))) >= len(rows)


def test_the_check_sentence_counts_steps_consumers_and_rules(tmp_path: Path):
    file = script(
        tmp_path,
        "consumers: {a: , b: }\nsteps: [{repeat: {times: 2000, steps: [{say: {text: x, consumer: b}}]}}]\n"
        "agent: [{on: message, do: [read]}]\nsimulator: {read_only: true, survey: }",
    )
    told: list[str] = []
    assert check_script(file, say=told.append) == (
        f"{file}: 2,000 steps, 2 consumers, 1 rule for the agent, 2 moods of the simulator: fine"
    )
    assert told == []


def test_missing_and_unused_variables_are_reported(tmp_path: Path):
    file = script(tmp_path, "consumer: {url: '${A_URL}', token: '${A_JWT:-x}'}\nsteps: [{say: '${WHO}'}]")
    told: list[str] = []
    check_script(file, ["WHO=Ada", "WHOM=Bob"], say=told.append)
    assert told == [
        f"{file}, line 1: the variable A_URL is not set; it is needed against a real service only",
        "--var WHOM: the script has no ${WHOM}",
    ]


def test_a_script_includes_files_of_its_folder(tmp_path: Path):
    (tmp_path / "part.yaml").write_text("- say: ${WHO}")
    file = script(tmp_path, "steps: [{include: part.yaml}]")
    assert read_script(file, ["WHO=Ada"]).steps[0].arguments.text == "Ada"
    assert folder_of("-") is None


@pytest.mark.parametrize("written", ["NAME", "=x", "a b=c", "1a=2", "a.b=c", "ä=1"])
def test_an_invalid_var_option_is_refused(written: str):
    with pytest.raises(BadOption, match="is not NAME=VALUE"):
        given_variables([written])


def test_variables_may_hold_anything():
    assert given_variables(["A=b=c", "B=", "A=last"]) == {"A": "last", "B": ""}


def test_an_unreadable_script_is_named(tmp_path: Path):
    with pytest.raises(BadScript, match=r"nowhere\.yaml: it cannot be read"):
        script_text(tmp_path / "nowhere.yaml")
    with pytest.raises(BadScript, match="it cannot be read"):
        script_text(tmp_path)
    with (tmp_path / "huge.yaml").open("wb") as file:
        file.truncate(LONGEST_SCRIPT + 1)
    with pytest.raises(BadScript, match="larger than 4 MiB"):
        script_text(tmp_path / "huge.yaml")


@pytest.mark.parametrize(
    "first",
    [
        '{"recorder": 1, "session": "x"}',
        '{"sender": "service", "text": "{}"}',
        '{"log": {"entries": []}}',
        '{"kind": "req", "id": 1, "type": "GetClock"}',
    ],
)
def test_a_capture_is_told_from_a_script(tmp_path: Path, first: str):
    file = tmp_path / "x.jsonl"
    file.write_text(f"\n{first}\n{{}}\n")
    with pytest.raises(BadScript, match="it is a capture, not a script") as refused:
        read_script(file)
    assert refused.value.hint == f"recorder import {file}, then: recorder session script last"


def test_a_script_may_be_json(tmp_path: Path):
    assert len(read_script(script(tmp_path, '{"steps": [{"say": "hi"}], "name": "kind"}')).steps) == 1


def test_a_token_in_the_name_of_a_script_is_played_under_a_placeholder():
    """Names stand in lists, reports and file names of others."""
    token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiI5In0.c2lnbmF0dXJl"
    script = load(b"name: as ${WHO}\nsteps: [open_conversation]\n", file="s.yaml", variables={"WHO": token})
    assert token in script.name
    assert token not in without_secret_name(script).name
