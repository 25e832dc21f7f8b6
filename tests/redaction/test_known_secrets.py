"""What was seen once is looked for from then on."""

from __future__ import annotations

import base64

import pytest

from recorder.redaction.known_secrets import KnownSecrets, Secret


def remembering(*texts: str, permanent: bool = False) -> KnownSecrets:
    remembered = KnownSecrets()
    remembered.add((Secret("token", text) for text in texts), permanent=permanent)
    return remembered


def test_a_known_secret_is_found_with_its_place() -> None:
    remembered = remembering("abcdefgh1")
    assert remembered.anywhere_in(b"x abcdefgh1 y")
    assert (2, 11, Secret("token", "abcdefgh1")) in set(remembered.occurrences(b"x abcdefgh1 y"))
    assert remembered.anywhere_in(base64.b64encode(b"zzabcdefgh1"))
    assert not remembered.anywhere_in(b"x abcdefgh y")


@pytest.mark.parametrize("text", ["short", "1234567", "123456789012", "-1.5e+300", ""])
def test_short_secrets_and_numbers_are_not_remembered(text: str) -> None:
    """A number that is a password here is a time or a sequence elsewhere."""
    assert not remembering(text).anywhere_in(f"a {text} b".encode())


def test_the_oldest_learnt_goes_and_the_given_ones_stay() -> None:
    remembered = remembering("given-for-good", permanent=True)
    for number in range(300):
        remembered.add([Secret("sig", f"signature-{number:03}")])
    assert remembered.anywhere_in(b"given-for-good")
    assert not remembered.anywhere_in(b"signature-000")
    assert remembered.anywhere_in(b"signature-299")
    assert remembered.anywhere_in(b"signature-044")


def test_ten_thousand_at_once_are_no_burden() -> None:
    remembered = remembering(*(f"signature-{number}" for number in range(10_000)))
    assert remembered.anywhere_in(b"signature-9999")
    assert not remembered.anywhere_in(b"signature-0000")


@pytest.mark.parametrize(
    ("data", "opened"), [(b"x abc", 2), (b"x ab", 4), (b"x abcdefgh", 2), (b"x abcz", 6), (b"abcabcde", 3)]
)
def test_the_beginning_of_one_is_seen_from_three_letters_on(data: bytes, opened: int) -> None:
    assert remembering("abcdefgh1").open_from(data) == opened
