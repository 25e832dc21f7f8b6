"""The service's words beside the code of a refusal, and placeholders that nobody filled in."""

from __future__ import annotations

import json

import pytest

from recorder.messaging.events import OddityNoticed, PublishRefused, ReceiptRefused, RequestAnswered, Stamp
from recorder.messaging.interpreter import Interpreter
from recorder.messaging.refusals import LONGEST_REASON, holds_placeholder, refusal_words

LONG = "the dialog is closed and takes no more events of any kind from anybody " * 20
TOKEN = "eyJhbGciOiJSUzI1NiJ9." + "a" * 600


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("no such dialog", '"no such dialog"'),
        (" two\n lines ", '"two lines"'),
        ({"error": "x", "code": 7}, '{"error": "x", "code": 7}'),
        (["a", 1], '["a", 1]'),
        (0, "0"),
        ("", None),
        ("  ", None),
        (None, None),
        ({}, None),
        ([], None),
    ],
)
def test_the_words_of_a_body(body: object, reason: str | None) -> None:
    assert refusal_words(body) == reason


@pytest.mark.parametrize("body", [LONG, {"error": LONG}, [LONG] * 1000, "a " * 10**6])
def test_long_words_are_cut_between_words(body: object) -> None:
    reason = refusal_words(body)
    assert reason is not None
    assert len(reason) <= LONGEST_REASON + 3
    assert reason.strip('"').endswith("…")
    kept = reason.strip('"').removesuffix("…")
    assert kept.rsplit(" ", 1)[-1].strip('[{":') in {*LONG.split(), "a"}


@pytest.mark.parametrize("body", [TOKEN, f"bad token {TOKEN}", {"token": TOKEN}, {"e": f"no ({TOKEN})"}])
def test_no_part_of_a_long_token_is_left(body: object) -> None:
    reason = refusal_words(body)
    assert reason is not None
    assert "eyJ" not in reason


def test_a_placeholder_follows_the_words() -> None:
    assert refusal_words("bad id", placeholder="the x is one") == '"bad id"; the x is one'
    assert refusal_words({}, placeholder="the x is one") == "the x is one"


def asked(reader: Interpreter, event: object, dialog: str = "d") -> None:
    body = {"dialogId": dialog, "event": event}
    text = json.dumps({"kind": "req", "id": "1", "type": "ms.PublishEvent", "body": body})
    reader.read(text.encode(), Stamp(1, 1), from_client=True)


def answered(reader: Interpreter, code: int, body: object) -> list[object]:
    text = json.dumps({"kind": "resp", "reqId": "1", "code": code, "body": body})
    return list(reader.read(text.encode(), Stamp(2, 1), from_client=False))


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"type": "ContentEvent", "contentType": "text/plain", "message": "hi"}, PublishRefused),
        ({"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [0]}, ReceiptRefused),
    ],
)
def test_both_events_of_a_refusal_have_its_reason(
    event: object, kind: type[PublishRefused | ReceiptRefused]
) -> None:
    reader = Interpreter()
    asked(reader, event, "__DIALOG_ID__")
    answer, refused = answered(reader, 400, "bad id")
    assert isinstance(answer, RequestAnswered)
    assert isinstance(refused, kind)
    expected = '"bad id"; the dialogId "__DIALOG_ID__" is a placeholder that nobody filled in'
    assert answer.reason == refused.reason == expected


@pytest.mark.parametrize("code", [200, 202, 302])
def test_nothing_is_kept_of_other_answers(code: int) -> None:
    reader = Interpreter()
    asked(reader, {"type": "ContentEvent", "contentType": "text/plain", "message": "hi"}, "__DIALOG_ID__")
    answer = next(each for each in answered(reader, code, "text") if isinstance(each, RequestAnswered))
    assert answer.reason is None


# --- placeholders ---

TEXT = {"type": "ContentEvent", "contentType": "text/plain", "message": "hi"}


@pytest.mark.parametrize(
    "text",
    [
        "__DIALOG_ID__", "__dialogId__", "${dialogId}", "conv-${ID}", "{{dialogId}}", "{{ dialog.id }}",
        "<dialogId>", "<YOUR ACCOUNT>", "YOUR_DIALOG_ID", "your-dialog-id", "Bearer YOUR_JWT", "$DIALOG_ID",
        "%DIALOG_ID%", "{dialogId}", "[DIALOG ID]", "DIALOG_ID", "%s", "__YOUR_JWT__",
    ],
)  # fmt: skip
def test_placeholders(text: str) -> None:
    assert holds_placeholder(text)


@pytest.mark.parametrize(
    "text",
    [
        "d", "", "e0b0ba9b-5b0d-4b41-9f2a-3b0a3a3b5e3f", "12345678", "survey", "a_b__c", "yourself", "x<y",
        "$5", "100%", "tour-your", "[]", "{}", "⟦jwt:de67e1c0 sub=me⟧", "ID", "x" * 100_000,
    ],
)  # fmt: skip
def test_ids_are_no_placeholders(text: str) -> None:
    assert not holds_placeholder(text)


def found(type_name: str, **more: object) -> list[str]:
    text = json.dumps({"kind": "req", "id": "1", "type": type_name, **more})
    events = Interpreter().read(text.encode(), Stamp(1, 1), from_client=True)
    return [e.detail for e in events if isinstance(e, OddityNoticed) and e.kind == "unfilled-placeholder"]


@pytest.mark.parametrize("name", ["dialogId", "conversationId"])
def test_the_ids_of_a_publish_are_looked_at(name: str) -> None:
    body = {"dialogId": "d", "conversationId": "c", "event": TEXT, name: "${ID}"}
    assert found("ms.PublishEvent", body=body) == [
        f'the {name} "${{ID}}" is a placeholder that nobody filled in, in ms.PublishEvent'
    ]


def test_what_people_write_is_not_looked_at() -> None:
    body = {"dialogId": "d", "event": {**TEXT, "message": "Dear {{name}}, ${x} <b>"}}
    assert found("ms.PublishEvent", body=body) == []


def test_everything_in_other_requests_is_looked_at() -> None:
    headers = [{"type": ".ams.headers.ConsumerAuthentication", "jwt": "__YOUR_JWT__"}]
    assert found("InitConnection", headers=headers) == [
        'the jwt "__YOUR_JWT__" is a placeholder that nobody filled in, in InitConnection'
    ]
    nested = {"campaignInfo": {"campaignId": "<campaign>"}, "list": ["{{x}}"]}
    (detail,) = found("cm.ConsumerRequestConversation", body=nested)
    assert detail.startswith('the campaignId "<campaign>" is a placeholder that nobody filled in, in cm.')
    assert found("GetClock", body={"deep": [["fine"]] * 5000}) == []


@pytest.mark.parametrize(
    "text", ["#{dialogId}", "a-#{x}", "<%= dialog %>", "<%dialog%>", "@dialogId@", "DIALOG_ID_HERE"]
)
def test_placeholders_of_other_templates(text: str) -> None:
    assert holds_placeholder(text)


@pytest.mark.parametrize("text", ["me@example.org", "#1", "<%>", "@", "@@", "a@b@c", "HERE", "x_HERE"])
def test_signs_of_other_templates_alone_are_none(text: str) -> None:
    assert not holds_placeholder(text)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("x" * 500, f'"{"x" * 24}…"'),
        ("bad " + "z" * 500, f'"bad {"z" * 24}…"'),
        ({"error": "y" * 500}, f'{{"error": "{"y" * 24}…'),
        ("\u9519" * 500, '"' + "\u9519" * 160 + '…"'),
    ],
)
def test_of_a_huge_word_the_beginning_is_shown(body: object, reason: str) -> None:
    """A few characters, where it may be a token; all that fits, where no token has such letters."""
    assert refusal_words(body) == reason
