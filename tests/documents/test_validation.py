"""The errors of a document, the first in the file first, where each stands, and what was meant."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from recorder.documents import Duration, read_document, validate
from recorder.errors import BadScript


def _even(number: int) -> int:
    if number % 2:
        raise ValueError("it must be even")
    return number


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    number: Annotated[int, Field(ge=0), AfterValidator(_even)] = 0
    after: Duration | None = None
    state: Literal["OPEN", "CLOSE"] = "OPEN"
    from_: str | None = Field(default=None, alias="from")


class Whole(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    parts: list[Part] = []
    flag: bool = False

    @model_validator(mode="after")
    def _not_both(self) -> Whole:
        if self.flag and self.parts:
            raise ValueError("a flag stands alone")
        return self


def checked(text: str) -> Whole:
    return validate(read_document(text, file="f.yaml"), Whole)


def test_what_fits_comes_back_as_the_model():
    whole = checked("parts: [{name: a, after: 200ms, from: agent}]\nflag: false")
    assert whole.parts[0].after == pytest.approx(0.2)
    assert whole.parts[0].from_ == "agent"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("flags: true", 'line 1: unknown key "flags" (did you mean "flag"?)', id="unknown key"),
        pytest.param(
            "parts:\n- {name: a}\n- name: b\n  form: x",
            'line 4, entry 2: unknown key "form" (did you mean "from"?)',
            id="unknown key below, by its name in the file",
        ),
        pytest.param("zzz: 1", 'unknown key "zzz" (there are: flag, parts)', id="nothing close"),
        pytest.param("parts: [{number: 2}]", '"name" is missing', id="missing"),
        pytest.param("parts: [{name: 4711}]", '"name" must be text, not 4711', id="number for text"),
        pytest.param("parts: [{name: [a]}]", '"name" must be text, not a list', id="list for text"),
        pytest.param("parts: [{name: }]", '"name" must be text, not nothing', id="nothing for text"),
        pytest.param("parts: 5", '"parts" must be a list, not 5', id="number for list"),
        pytest.param("parts: [5]", "must be a mapping, not 5", id="number for mapping"),
        pytest.param("flag: yes", '"flag" must be true or false, not "yes"', id="text for truth"),
        pytest.param("parts: [{name: a, number: '2'}]", '"number" must be a whole number', id="quoted"),
        pytest.param("parts: [{name: a, number: true}]", "must be a whole number, not true", id="bool"),
        pytest.param("parts: [{name: a, number: -2}]", '"number" must be 0 or more, not -2', id="bound"),
        pytest.param("parts: [{name: a, number: 3}]", '"number": it must be even', id="own check"),
        pytest.param("parts: [{name: a, after: 5}]", '"after": 5 is no duration: say the', id="duration"),
        pytest.param(
            "parts: [{name: a, state: CLOES}]",
            'unknown value of "state": "CLOES" (did you mean "CLOSE"?)',
            id="choice",
        ),
        pytest.param("flag: true\nparts: [{name: a}]", "line 1: a flag stands alone", id="the whole"),
        pytest.param("flag: 1\nparts: [{}]", 'line 1: "flag" must be', id="the first of several"),
    ],
)  # fmt: skip
def test_an_invalid_value_is_reported_in_words(text, says):
    with pytest.raises(BadScript) as refused:
        checked(text)
    assert says in str(refused.value)
    assert str(refused.value).startswith("f.yaml, line ")


def test_a_number_for_a_text_gets_a_hint_to_quote_it():
    with pytest.raises(BadScript) as refused:
        checked("parts: [{name: 4711}]")
    assert refused.value.hint == 'put it in quotes: "4711"'


@pytest.mark.parametrize(
    "written", ["1.50", "1e3", "1E+2", "-0", "-0.0", "0.10", "1.0", "1e0", "12345678901234567", "true"]
)
def test_a_value_is_quoted_as_it_is_written(written):
    """Whoever follows the hint sends what stands in the file, to the last zero."""
    with pytest.raises(BadScript) as refused:
        checked(f"parts: [{{name: {written}}}]")
    assert str(refused.value).endswith(f'"name" must be text, not {written}')
    assert refused.value.hint == f'put it in quotes: "{written}"'
    with pytest.raises(BadScript) as refused:
        validate(read_document(f"a: &x {written}\nb: *x", file="f.yaml"), str, at=("b",))
    assert refused.value.hint == f'put it in quotes: "{written}"'


@pytest.mark.parametrize(
    "written", ["0x10", "yes", "2026-01-01", "1_000", "007", "+1", ".5", "1e999", "12:30"]
)
def test_what_is_text_needs_no_quotes(written):
    assert checked(f"parts: [{{name: {written}}}]").parts[0].name == written


def test_other_problems_with_a_number_quote_it_as_it_is_written():
    for text, says in (
        ("parts: [{name: a, number: -2.50}]", "not -2.50"),
        ("parts: [{name: a, after: 1.50}]", '"after": 1.50 is no duration: say the unit, like "1.5s"'),
        ("parts: [{name: a, state: 1.50}]", 'unknown value of "state": "1.50"'),
    ):
        with pytest.raises(BadScript) as refused:
            checked(text)
        assert says in str(refused.value)


def test_part_of_a_document_can_be_checked_by_itself():
    document = read_document("other: 1\nparts:\n- name: a\n- nam: b", file="f.yaml")
    assert validate(document, Part, at=("parts", 0)).name == "a"
    with pytest.raises(BadScript, match=r'line 4, entry 2: unknown key "nam" \(did you mean "name"'):
        validate(document, Part, at=("parts", 1))
    with pytest.raises(BadScript, match="line 4"):
        validate(document, list[Part], at=("parts",))


def test_a_given_value_is_checked_in_place_of_the_documents():
    document = read_document("a: short", file="f.yaml")
    assert validate(document, int, at=("a",), given=5) == 5
    with pytest.raises(BadScript, match=r'f\.yaml, line 1: "a" must be a whole number, not nothing'):
        validate(document, int, at=("a",), given=None)


def test_each_invalid_value_is_an_error_and_a_union_has_one():
    class Pair(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True)

        either: Part | list[Part]
        first: int
        second: int

    with pytest.raises(BadScript) as refused:
        validate(read_document("either: {name: 1, number: x}\nsecond: x\nthird: 1\n", file="f.yaml"), Pair)
    lines = [each.line for each in (refused.value, *refused.value.others)]
    assert lines == [1, 1, 2, 3]
    assert '"first" is missing' in str(refused.value.others)
