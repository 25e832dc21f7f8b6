"""The type names of responses in both dialects."""

import pytest

from recorder.messaging.typenames import is_known_answer, normal_type
from recorder.simulator.protocol import response_types
from recorder.simulator.protocol.response_types import ResponseType

TYPES = [one for one in vars(response_types).values() if isinstance(one, ResponseType)]
RESPONSES = [one for one in TYPES if one not in (response_types.EVENTS, response_types.CONVERSATIONS)]


@pytest.mark.parametrize("type_", RESPONSES)
def test_every_response_of_v2_is_understood_as_that_of_v3(type_):
    """URLs of files are named after the request in v2 alone."""
    assert is_known_answer(normal_type(type_.v2))
    same = normal_type(type_.v2) == normal_type(type_.v3)
    assert same or type_ in (response_types.UPLOAD, response_types.DOWNLOAD)
