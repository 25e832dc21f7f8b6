"""What a consumer can say, as the published frames say it."""

from __future__ import annotations

from typing import Any

import pytest

from recorder.messaging import requests
from recorder.messaging.envelopes import Request, dump, parse

EVERY = [
    requests.init_connection("0", "a.b.c", client_properties={"os": "ANDROID", "deviceFamily": "MOBILE"}),
    requests.get_clock("1"),
    requests.keep_alive("2"),
    requests.request_conversation("3"),
    requests.request_conversation("4", brand_id="b", skill_id="-1", campaign={}, context={}, ttr="URGENT"),
    requests.subscribe_conversations("5"),
    requests.unsubscribe_conversations("6", "subscription"),
    requests.subscribe_messages("7", "dialog", conversation_id="conversation"),
    requests.publish_text("8", "dialog", "hello", conversation_id="conversation"),
    requests.generate_upload_url("9", size=1000, file_type="PNG"),
    requests.publish_file("10", "dialog", relative_path="/v1/x", file_type="PNG", caption="logo"),
    requests.publish_chat_state("11", "dialog", "COMPOSING"),
    requests.publish_receipt("12", "dialog", "ACTION", [1], metadata=[{"type": "Answer"}]),
    requests.accept("13", "dialog", [1, 2]),
    requests.read("14", "dialog", [3]),
    requests.close_conversation("15", "conversation"),
    requests.close_dialog("16", "conversation", "dialog"),
]


@pytest.mark.parametrize("built", EVERY, ids=lambda request: f"{request.id}-{request.type}")
def test_what_is_built_reads_back_as_the_same_request(built: Request) -> None:
    assert parse(dump(built).encode(), from_client=True) == built
    assert built.raw["kind"] == "req"
    assert None not in (built.body or {}).values()


@pytest.mark.parametrize(
    ("built", "frame"),
    [
        pytest.param(
            requests.init_connection(
                "0", "__YOUR_JWT__", client_properties={"deviceFamily": "MOBILE", "os": "ANDROID"}
            ),
            0,
            id="init",
        ),
        pytest.param(requests.get_clock("1"), 4, id="clock"),
        pytest.param(requests.keep_alive("0"), 8, id="keep-alive"),
        pytest.param(
            requests.subscribe_conversations("3", stages=["OPEN", "CLOSE"]), 17, id="subscribe-conversations"
        ),
        pytest.param(
            requests.subscribe_messages(
                "2", "__YOUR_CONVERSATION_ID__", conversation_id="__YOUR_CONVERSATION_ID__"
            ),
            28,
            id="subscribe-messages",
        ),
        pytest.param(
            requests.publish_text(
                "4",
                "__YOUR_CONVERSATION_ID__",
                "Hello from the consumer",
                conversation_id="__YOUR_CONVERSATION_ID__",
            ),
            39,
            id="text",
        ),
        pytest.param(requests.close_conversation("0", "id"), 58, id="close"),
    ],
)
def test_requests_look_like_the_published_ones(
    built: Request, frame: int, published: list[dict[str, Any]]
) -> None:
    assert built.raw == published[frame]["frame"]
