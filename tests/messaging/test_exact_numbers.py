"""Numbers of any size and spelling are read as they were written."""

import json
from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.changes import sequence_of, sequences_of, server_time
from recorder.messaging.envelopes import Request, Response, Unreadable, dump, parse
from recorder.messaging.events import MessagePublished, OddityNoticed, RequestAnswered, Stamp
from recorder.messaging.exact_numbers import formatted_json, loads_exact, may_be_rounded
from recorder.messaging.interpreter import Interpreter

TWENTY_DIGITS = "18446744073709551617"
"""2⁶⁴ + 1: as a double it is 2⁶⁴."""


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1", 1),
        ("-0", 0),
        ("1.0", 1.0),
        ("1e3", 1000.0),
        ("0.1", 0.1),
        ("9007199254740993", 2**53 + 1),
        ("9007199254740993.0", 2**53 + 1),
        ("9223372036854775808", 2**63),
        ("-9223372036854775809", -(2**63) - 1),
        (TWENTY_DIGITS, 2**64 + 1),
        ("1e30", 10**30),
        ("1E+400", 10**400),
        ("1e-400", "1e-400"),
        ("0.10000000000000000000000001", "0.10000000000000000000000001"),
        ("1e500", "1e500"),
        ("1e99999999999999999999999", "1e99999999999999999999999"),
        ("1" * 401, "1" * 401),
    ],
)
def test_a_number_is_exact(written, read):
    data = f'{{"n":{written}}}'.encode()
    assert loads_exact(data) == {"n": read}
    request = parse(f'{{"kind":"req","id":"1","n":{written}}}'.encode(), from_client=True)
    assert isinstance(request, Request)
    assert (request.raw["n"], type(request.raw["n"])) == (read, type(read))


@given(st.decimals(allow_nan=False, allow_infinity=False) | st.integers().map(Decimal))
def test_what_is_read_equals_what_was_written(number):
    (read,) = loads_exact(f"[{number}]".encode())
    assert Decimal(str(read)) == number


@pytest.mark.parametrize("text", ["[NaN]", "[Infinity]", "[1"])
def test_what_is_no_json_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        loads_exact(text.encode())


NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,24})?([eE][+-]?[0-9]{1,2})?", fullmatch=True)


@given(NUMBERS, st.sampled_from(['{"n":%s}', '{"n" : \t%s}', "[%s]", "[1, \n%s]", '{"a":["x",%s,{}]}']))
def test_no_number_that_is_not_exact_is_overlooked(written, around):
    """The usual parser reads any number that this does not suspect as it was written."""
    if not may_be_rounded((around % written).encode()):
        assert Decimal(repr(orjson.loads(written))) == Decimal(written)


def test_usual_payloads_are_read_once():
    usual = {"id": "1", "serverTimestamp": 1769861300000, "sequenceList": [1, 2], "dialogId": "3d8e4d-1"}
    assert not may_be_rounded(json.dumps(usual).encode())


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (TWENTY_DIGITS, f'"{TWENTY_DIGITS}"', True),
        (TWENTY_DIGITS, "18446744073709551616", False),
        ("1.0", "1", True),
        ("1e3", '"1000"', True),
        ("-0.0", "0", True),
        ("1e400", "1" + "0" * 400, True),
    ],
)
def test_an_id_is_the_number_it_is(one, other, same):
    request = parse(f'{{"kind":"req","id":{one}}}'.encode(), from_client=True)
    response = parse(f'{{"kind":"resp","reqId":{other}}}'.encode(), from_client=False)
    assert isinstance(request, Request)
    assert isinstance(response, Response)
    assert (request.id == response.request_id) == same


def test_an_envelope_is_written_with_the_digits_that_it_came_with():
    request = parse(f'{{"kind":"req","id":{TWENTY_DIGITS}}}'.encode(), from_client=True)
    assert not isinstance(request, Unreadable)
    assert dump(request) == f'{{"kind":"req","id":{TWENTY_DIGITS}}}'


def change(sequence: str, timestamp: str = "1769861300000", by: str = '"agent"') -> bytes:
    return (
        '{"kind":"notification","type":"ms.MessagingEventNotification","body":{"changes":[{"sequence":'
        f'{sequence},"dialogId":"d","originatorId":{by},"serverTimestamp":{timestamp},"event":'
        '{"type":"ContentEvent","contentType":"text/plain","message":"\\ud83d"}}]}}'
    ).encode()


def events_of(data: bytes, *, from_client: bool = False):
    return Interpreter().read(data, Stamp(1, 1), from_client=from_client)


@pytest.mark.parametrize(
    ("written", "sequence"),
    [
        ("1e0", 1),
        ("2.0", 2),
        ("-0", 0),
        ("9007199254740993.0", 2**53 + 1),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", 2**63),
        (TWENTY_DIGITS, 2**64 + 1),
        ("1e30", 10**30),
    ],
)
def test_a_message_stands_under_its_number_in_any_spelling(written, sequence):
    message = events_of(change(written, "1.7698613e12").replace(b"\\ud83d", b"hi"))[-1]
    assert isinstance(message, MessagePublished)
    assert (message.sequence, message.evidence.server_ms) == (sequence, 1769861300000)


def test_a_number_of_more_than_64_bits_is_told_to_the_digit():
    odd, message = events_of(change(TWENTY_DIGITS).replace(b"\\ud83d", b"hi"))
    assert (odd.kind, message.sequence) == ("long-sequence", int(TWENTY_DIGITS))
    assert odd.detail == f"message {TWENTY_DIGITS}, a number of more than 64 bits"


@pytest.mark.parametrize("written", ["-1", "-9223372036854775809", "1e500"])
def test_a_number_that_is_no_sequence_is_told_to_the_digit(written):
    (odd,) = events_of(change(written).replace(b"\\ud83d", b"hi"))
    assert isinstance(odd, OddityNoticed)
    assert odd.detail.replace('"', "") == f"a message with {written}"


def test_participants_with_long_ids_are_not_mixed_up():
    data = change("1", by=TWENTY_DIGITS).replace(b"\\ud83d", b"hi")
    assert events_of(data)[0].author == TWENTY_DIGITS


def test_a_number_that_no_double_holds_leaves_the_payload_readable():
    (odd, _) = events_of(change("1e400"))
    assert odd.detail.startswith("message 1000")


def test_half_a_character_beside_a_long_number_is_replaced():
    assert events_of(change("7", by=TWENTY_DIGITS))[0].text == "\ufffd"


def test_answers_find_requests_with_long_ids():
    interpreter = Interpreter()
    for number, last in enumerate("78", 1):
        ask = f'{{"kind":"req","id":{TWENTY_DIGITS[:-1]}{last},"type":"ms.GetClock"}}'
        interpreter.read(ask.encode(), Stamp(number, 1), from_client=True)
    answer = f'{{"kind":"resp","reqId":"{TWENTY_DIGITS[:-1]}8","code":2e2}}'
    events = interpreter.read(answer.encode(), Stamp(3, 1), from_client=False)
    answered = next(event for event in events if isinstance(event, RequestAnswered))
    assert (answered.request_frame, answered.code) == (2, 200)


def test_lists_and_times_take_the_same_spellings():
    assert sequences_of([1e0, 2**63 - 1, 2**63]) == (
        (1, 2**63 - 1, 2**63),
        ["a whole number written as a fraction"],
    )
    assert sequence_of("9223372036854775807") == 2**63 - 1
    assert sequence_of("9223372036854775808") == 2**63
    assert server_time(1.7698613e12) == 1769861300000
    assert server_time(1769861300000.5) is None


@pytest.mark.parametrize(
    "number", ["1.50", "-0", "1e3", TWENTY_DIGITS, "1E+400", "0.10000000000000000000001"]
)
def test_shown_on_several_lines_a_number_keeps_its_spelling(number):
    shown = f'{{\n  "n": [\n    {number}\n  ],\n  "t": "1.50"\n}}'
    assert formatted_json(f'{{"n":[{number}],"t":"1.50"}}') == shown


@pytest.mark.parametrize("text", ['["\ue000"]', '["\\ud83d"]', "hello", "[NaN]"])
def test_what_cannot_be_shown_so_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        formatted_json(text)
