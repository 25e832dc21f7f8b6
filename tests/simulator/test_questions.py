"""Everything that can be asked."""

from typing import get_args

from recorder.simulator.desk import ANSWERS
from recorder.simulator.questions import Question


def test_every_question_has_an_answer():
    assert set(get_args(Question)) == ANSWERS.keys()
