"""Everything that can be asked."""

from recorder.simulator.protocol.request_parser import REQUEST_PARSERS
from recorder.simulator.request_handler import HANDLERS


def test_every_question_has_an_answer():
    assert REQUEST_PARSERS.keys() == HANDLERS.keys()
