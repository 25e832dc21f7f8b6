"""What was replaced in a payload is told by what stands there."""

from __future__ import annotations

import pytest

from recorder.redaction.replaced import ReplacedCount, replaced_in, replaced_words

SECRET = '{"token":"⟦jwt:0a1b2c3d sub=x⟧"}'.encode()
TEXT, BYTES = b'{"message":"text of 12 characters (2)"}', b"1,024 bytes withheld"
NAME, PROFILE = b'{"originatorId":"person2"}', b'{"firstName":"name withheld"}'
CUT = b'ters"}'


@pytest.mark.parametrize(
    ("payload", "kinds", "words"),
    [
        (SECRET, {"secrets"}, "secrets"),
        (TEXT, {"texts"}, "texts"),
        (BYTES, {"texts"}, "texts"),
        (NAME, {"names"}, "names"),
        (PROFILE, {"names"}, "names"),
        (SECRET + TEXT + NAME, {"secrets", "texts", "names"}, "secrets, texts and names"),
        (CUT, set(), "something"),
        (b"\xff", set(), "something"),
    ],
)
def test_what_was_replaced_is_told_by_what_stands_there(payload, kinds, words):
    assert replaced_in(payload) == kinds
    assert replaced_words(payload) == words


def test_a_frame_that_does_not_tell_is_of_what_the_others_are():
    count = ReplacedCount()
    count.add(CUT)
    count.add(SECRET)
    assert (count.secrets, count.parts) == (2, frozenset())
    count.add(TEXT)
    count.add(NAME)
    assert (count.secrets, count.parts) == (1, {"text", "names"})
