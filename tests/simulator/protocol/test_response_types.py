"""The text of what the service says."""

import pytest

from recorder.simulator.protocol import response_types


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(
            response_types.response("1", {"sequence": 4}, response_types.PUBLISHED),
            '{"kind":"resp","reqId":"1","code":200,"body":{"sequence":4},"type":"ms.PublishEventResponse"}',
            id="with-a-body",
        ),
        pytest.param(
            response_types.response("22", None, response_types.STRING),
            '{"kind":"resp","reqId":"22","code":200,"type":".ReqBody$StringResp"}',
            id="without",
        ),
        pytest.param(
            response_types.refusal(None, 400, "Not JSON"),
            '{"kind":"resp","code":400,"body":"Not JSON","type":".ReqBody$StringResp"}',
            id="to-nobody-knows-what",
        ),
        pytest.param(
            response_types.conversation_changes("s", []),
            '{"kind":"notification","body":{"subscriptionId":"s","changes":[]},'
            '"type":"cqm.ExConversationChangeNotification"}',
            id="no-changes",
        ),
        pytest.param(
            response_types.messaging_events([{"dialogId": "ü"}]),
            '{"kind":"notification","body":{"changes":[{"dialogId":"ü"}]},'
            '"type":"ms.MessagingEventNotification"}',
            id="one-change",
        ),
    ],
)
def test_answers_stand_as_published(text, told):
    assert text == told
