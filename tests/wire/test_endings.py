"""What close codes mean, and how an end is told."""

from __future__ import annotations

import pytest

from recorder.wire.endings import answering_close, close_meaning, ending_words, explained_ending
from recorder.wire.frames import CloseCode, Side, may_be_sent
from recorder.wire.records import ConnectionClosed

BY_SERVICE, BY_CLIENT = Side.SERVICE, Side.CLIENT


@pytest.mark.parametrize(
    ("end", "says"),
    [
        pytest.param(
            (4401, "expired", BY_SERVICE, "closed"), "closed by the service with 4401 (expired)", id="service"
        ),
        pytest.param((1000, "", BY_CLIENT, "closed"), "closed by the client with 1000", id="no reason"),
        pytest.param((None, "", BY_SERVICE, "closed"), "closed by the service with no code", id="no code"),
        pytest.param(
            (1000, "", BY_CLIENT, "closed", "the service did not answer the Close frame"),
            "closed by the client with 1000: the service did not answer the Close frame",
            id="unanswered",
        ),
        pytest.param(
            (None, None, None, "lost", "the connection was reset"),
            "lost: the connection was reset",
            id="lost",
        ),
        pytest.param(
            (1002, "", BY_CLIENT, "failed", "reserved bit"),
            "failed, after a Close frame by the client with 1002: reserved bit",
            id="failed",
        ),
        pytest.param((1000, "bye", None, "closed"), "closed with 1000 (bye)", id="by nobody knows whom"),
        pytest.param((None, None, None, "failed"), "failed", id="nothing known"),
        pytest.param((None, None, None, "refused", "404"), "refused: 404", id="refused"),
        pytest.param((None, None, None, None), "no end recorded", id="not seen"),
    ],
)
def test_an_end_says_how_who_and_why(end, says):
    closed = ConnectionClosed(1, 0, 0, *end)
    assert ending_words(closed) == says
    code = closed.close_code
    assert explained_ending(closed) == (says if code is None else f"{says}; {code}: {close_meaning(code)}")


@pytest.mark.parametrize("code", sorted(CloseCode))
def test_every_code_with_a_name_has_a_meaning_of_its_own(code):
    others = {close_meaning(other) for other in CloseCode if other != code}
    ranges = {close_meaning(other) for other in (0, 1016, 3001, 4999, 5000)}
    assert close_meaning(code) not in others | ranges


@pytest.mark.parametrize(
    ("codes", "says"),
    [
        ((0, 999), "not used by RFC 6455"),
        ((1004, 1016, 2999), "reserved for RFC 6455"),
        ((3001, 3999), "registered with IANA"),
        ((4000, 4429, 4999), "private use"),
        ((5000, 65535), "beyond what RFC 6455 allows"),
    ],
)
def test_other_codes_mean_what_their_range_means(codes, says):
    assert all(says in close_meaning(code) for code in codes)


def test_every_code_is_answered_with_itself_if_it_may_be_sent():
    for code in range(1 << 16):
        answer = int.from_bytes(answering_close(code.to_bytes(2, "big") + b"reason"), "big")
        assert answer == (code if may_be_sent(code) else CloseCode.PROTOCOL_ERROR)
    assert answering_close(b"") == b""
    assert answering_close(b"x") == b"\x03\xea"
