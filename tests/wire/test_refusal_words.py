"""A refusal is said in a few words, whatever form its body has."""

from __future__ import annotations

import json

import pytest

from recorder.wire.refusal_words import LONGEST_WORDS, refusal_words, retry_words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"error":{"message":"token expired at noon","code":"4401"}}', "token expired at noon"),
        ('{"error":"invalid_token","error_description":"it is\\n old"}', "it is old"),
        ('{"errors":[{"detail":"not yours"}]}', "not yours"),
        ('{"code":7}', '{"code":7}'),
        ('{"message":"cut', '{"message":"cut'),
        (
            "<html><head><style>a{}</style><script>alert(1)</script><title>It</title></head><p>works",
            "It works",
        ),
        ("  slow\r\n\tdown\x1b[31m\u202e ", "slow down [31m"),
        ("", ""),
    ],
)
def test_a_body_is_said_in_a_few_words(body, words):
    assert refusal_words(body) == words


def test_long_words_are_cut_between_words():
    words = refusal_words("word " * 100)
    assert len(words) <= LONGEST_WORDS + 2
    assert words.endswith("word …")
    assert refusal_words("x" * 1000) == "…"
    assert refusal_words(json.dumps([[[[[["deep"]]]]]])) == '[[[[[["deep"]]]]]]'


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("7", "in 7 s"),
        ("Fri, 27 Nov 2026 03:15:00 GMT", "at 2026-11-27 03:15:00 UTC"),
        ("soon", None),
        ("-1", None),
        ("99999999999999999999", None),
    ],
)
def test_when_to_try_again_is_read_in_both_forms(value, words):
    assert retry_words((("retry-after", value),)) == words
