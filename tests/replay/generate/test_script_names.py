"""Names and variables in a generated script."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.documents.patterns import SearchTime, check_pattern
from recorder.redaction.tokens import placeholder
from recorder.replay.generate.script_names import ScriptNames, pattern_of


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_the_pattern_of_a_text_finds_that_text(text: str) -> None:
    assert SearchTime().matches(check_pattern(pattern_of(text)), text)


@pytest.mark.parametrize(
    ("text", "other"), [("How are you?", "How are yo"), ("a.b", "axb"), ("(1)", "1"), ("end", "the end")]
)
def test_the_pattern_of_a_text_finds_no_other(text: str, other: str) -> None:
    assert not SearchTime().matches(pattern_of(text), other)


def test_a_long_text_is_matched_by_its_beginning() -> None:
    assert SearchTime().matches(pattern_of("word " * 40), "word " * 30)
    assert len(pattern_of("x" * 9000)) < 100


def test_nothing_in_a_text_is_taken_for_a_variable() -> None:
    assert ScriptNames([]).text("costs ${5}") == "costs $${5}"


def test_equal_secrets_become_the_same_variable_and_others_another() -> None:
    first, second = placeholder(b"k", "one", word="jwt"), placeholder(b"k", "two", word="token")
    names = ScriptNames([])
    assert names.text(f"{first} {second} {first}") == "${JWT_1} ${TOKEN_2} ${JWT_1}"
    assert names.holds_secret(first)
    assert not names.holds_secret("no secret")


def test_ids_of_the_current_conversation_become_references() -> None:
    names = ScriptNames([])
    names.current = "c-1"
    raw = {"body": {"dialogId": "c-1", "list": ["c-1", 7, None, {"other": "c-2"}]}}
    assert names.envelope(raw) == {
        "body": {"dialogId": "${conversation.id}", "list": ["${conversation.id}", 7, None, {"other": "c-2"}]}
    }


def test_variables_are_plain_names() -> None:
    kept = placeholder(b"k", "s", word="jwt")
    assert re.fullmatch(r"\$\{[A-Z]+_1\}", ScriptNames([]).text(kept))
