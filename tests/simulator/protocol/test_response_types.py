"""The text of responses and notifications."""

import pytest

from recorder.simulator.protocol import response_types


@pytest.mark.parametrize(
    ("text", "expected"),
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
            response_types.response(None, "Not JSON", response_types.STRING, code=400),
            '{"kind":"resp","code":400,"body":"Not JSON","type":".ReqBody$StringResp"}',
            id="to-a-request-without-id",
        ),
        pytest.param(
            response_types.notification(response_types.EVENTS, {"changes": [{"dialogId": "ü"}]}),
            '{"kind":"notification","body":{"changes":[{"dialogId":"ü"}]},'
            '"type":"ms.MessagingEventNotification"}',
            id="notification",
        ),
    ],
)
def test_responses_and_notifications_have_the_published_shape(text, expected):
    assert text == expected
