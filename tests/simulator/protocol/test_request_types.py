"""Everything that can be asked."""

from typing import get_args

from recorder.simulator.protocol.request_types import ConsumerRequest
from recorder.simulator.request_handler import HANDLERS


def test_every_question_has_an_answer():
    assert set(get_args(ConsumerRequest)) == HANDLERS.keys()
