"""JSONPath expressions hold for a document or do not, by the letter of RFC 9535, and never for long."""

from __future__ import annotations

import json

import pytest

from recorder.documents.patterns import PatternTooSlow
from recorder.errors import BadOption
from recorder.recipes.payload_query import PayloadQuery, json_of

DOCUMENT = {
    "kind": "resp",
    "code": 404,
    "body": {"changes": [{"event": {"type": "AcceptStatusEvent", "status": "READ"}}], "text": "grüß Gott"},
}


@pytest.mark.parametrize(
    ("written", "holds"),
    [
        ('$.kind == "resp"', True),
        ("$.code >= 400 && $.code < 500", True),
        ("$.code == 404.0", True),
        ("$.code == '404'", False),
        ("!$.body.code", True),
        ("$.body.changes", True),
        ("@.body.changes[0].event.status == 'READ'", True),
        ("$..[?@.status == 'READ']", True),
        ("$..[?@.status == 'ACCEPT']", False),
        ("length($.body.changes) == 1", True),
        ("search($.body.text, 'ü.')", True),
        ("match($.body.text, 'ü.')", False),
        ("match($.body.text, 'gr.*')", True),
        ("search($.body.text, '(')", False),
        ("search($.code, '4')", False),
    ],
)
def test_an_expression_holds_or_does_not(written, holds):
    assert PayloadQuery(written).holds_for(DOCUMENT) is holds


@pytest.mark.parametrize(
    "written",
    [
        "",
        "$.kind ==",
        "$..status == 'READ'",
        "$.a][?1 == 1",
        "kind == 'resp'",
        "$.a =~ /b/",
        "$[" * 2000,
        "nope(1)",
    ],
)
def test_what_is_no_expression_is_refused_in_one_line(written):
    with pytest.raises(BadOption, match=r"^--where: no JSONPath expression: [^\n]+$") as refused:
        PayloadQuery(written)
    assert "$.body.code == 404" in refused.value.hint


def test_a_regular_expression_is_stopped():
    with pytest.raises(PatternTooSlow):
        PayloadQuery("search($.x, '(a|a)*(a|aa)*(a+)+$')").holds_for({"x": "a" * 5_000 + "b"})


def test_scalars_and_deep_documents_do_no_harm():
    assert not PayloadQuery("$.a").holds_for(3)
    deep: list[object] = []
    for _ in range(5_000):
        deep = [deep]
    assert not PayloadQuery("$..[?@.a == 1]").holds_for(deep)


def test_long_numbers_are_compared_as_doubles():
    document = json_of(b'{"id":12345678901234567890123}')
    assert PayloadQuery("$.id == 12345678901234567890123").holds_for(document)
    assert not PayloadQuery("$.id == 12345678901234999999999").holds_for(document)


@pytest.mark.parametrize("payload", [b"", b"{", b"\xff", b"[" * 100_000])
def test_no_json_is_told(payload):
    with pytest.raises(ValueError):
        json_of(payload)


@pytest.mark.parametrize("written", ["(" * 2_000, "!" * 5_000 + "$.a", "$.a == 1 || " * 3_000 + "$.b"])
def test_an_expression_nested_too_deeply_is_refused_in_our_words(written):
    with pytest.raises(BadOption, match=r"--where: no JSONPath expression: it is nested too deeply$"):
        PayloadQuery(written)


@pytest.mark.parametrize("text", ["[no JSON}", '{"a": 1}', "7", "plain", ""])
def test_a_payload_that_is_one_string_is_that_string(text):
    assert PayloadQuery(f"$ == {json.dumps(text)}").holds_for(text)
    assert PayloadQuery(f"@ == {json.dumps(text)}").holds_for(text)
    assert not PayloadQuery("$.a == 1").holds_for(text)
    assert not PayloadQuery("$..[?@ == 1]").holds_for(text)
