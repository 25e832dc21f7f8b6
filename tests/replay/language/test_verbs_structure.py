"""Steps that stand for other steps."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from recorder.replay.language.verbs_structure import IncludeVerb, RepeatVerb


@pytest.mark.parametrize(("times", "read"), [(3, 3), ("3", 3), (0, 0), ("007", 7)])
def test_times_may_come_from_a_variable(times, read):
    assert RepeatVerb.model_validate({"times": times, "steps": ["await"]}).times == read


@pytest.mark.parametrize("times", [-1, "x", 1.5, True, 1_000_001, "", "-1", "\u0663"])
def test_times_is_a_number(times):
    with pytest.raises(ValidationError):
        RepeatVerb.model_validate({"times": times, "steps": ["await"]})


def test_something_must_be_repeated_and_included():
    assert IncludeVerb.model_validate("a.yaml").file == "a.yaml"
    for verb, given in ((RepeatVerb, {"times": 1, "steps": []}), (IncludeVerb, ""), (IncludeVerb, None)):
        with pytest.raises(ValidationError):
            verb.model_validate(given)
