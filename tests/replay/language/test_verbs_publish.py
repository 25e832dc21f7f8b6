"""Verbs that open conversations and write into them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from recorder.replay.language.verbs_publish import (
    CHAT_STATES,
    OpenConversationVerb,
    SayVerb,
    SendFileVerb,
    SubscribeVerb,
    TypeVerb,
)


def test_missing_arguments_have_defaults():
    assert OpenConversationVerb.model_validate(None).within == 10.0
    assert SubscribeVerb.model_validate(None).dialog == "main"
    assert SubscribeVerb.model_validate({"from_sequence": "last"}).from_sequence == "last"
    assert SayVerb.model_validate("hi").dialog is None


@pytest.mark.parametrize("state", CHAT_STATES)
def test_chat_states_may_be_lower_case(state):
    assert TypeVerb.model_validate(state.lower()).state == state


def test_send_file_checks_name_and_type():
    assert SendFileVerb.model_validate("a.png").file == "a.png"
    assert SendFileVerb.model_validate({"file": "a", "type": "image/png"}).type == "image/png"
    for wrong in (None, "", {"file": "a", "type": "png"}):
        with pytest.raises(ValidationError):
            SendFileVerb.model_validate(wrong)
