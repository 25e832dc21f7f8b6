"""What the end of a recording means: done, not let in, or incomplete."""

from __future__ import annotations

import pytest

from recorder.capture.interactive import UnsentLines
from recorder.capture.options import ConnectOptions
from recorder.errors import CannotConnect, RecordingIncomplete
from recorder.recipes.record_ending import AdmissionWatch, admits, raise_unless_well_ended
from recorder.wire.frames import Opcode, Side
from recorder.wire.payloads import Payload
from recorder.wire.records import ConnectionClosed

OPTIONS = ConnectOptions(url="ws://h/p?token=x")
LINE = UnsentLines(2, "{" + "x" * 90 + "}", 3)


def end(let_in=True, problem=None, unsent=None, redact=str, **closed):
    known = {"close_code": None, "close_reason": None, "closed_by": None, "how": "closed", "detail": None}
    ended = ConnectionClosed(1, 0, 0, **{**known, **closed})
    raise_unless_well_ended(OPTIONS, ended, let_in=let_in, problem=problem, unsent=unsent, redact=redact)


@pytest.mark.parametrize("code", [1000, 1001, None, 3000, 4000, 4429, 4999])
@pytest.mark.parametrize("by", Side)
def test_an_ordinary_close_is_a_good_end(code, by):
    end(close_code=code, closed_by=by)


@pytest.mark.parametrize("code", [1002, 1008, 1011, 1012, 1013, 4401, 4407])
def test_a_code_of_the_service_that_names_an_error_ended_it_before_we_did(code):
    with pytest.raises(RecordingIncomplete, match=rf"closed by the service with {code} \(r\)") as raised:
        end(close_code=code, close_reason="r", closed_by=Side.SERVICE)
    assert (raised.value.hint is not None) == (code in (4401, 4407))
    end(close_code=code, closed_by=Side.CLIENT)


@pytest.mark.parametrize("code", [4401, 4407])
def test_a_token_that_is_refused_before_anything_came_was_never_let_in(code):
    with pytest.raises(CannotConnect, match=rf"closed by the service with {code}") as raised:
        end(let_in=False, close_code=code, closed_by=Side.SERVICE)
    assert "token=x" not in str(raised.value)


def test_a_line_that_could_not_leave_is_named_where_we_were_never_let_in_too():
    with pytest.raises(
        CannotConnect, match=r'4401.*; line 2 of stdin \("\{x+…"\) was not sent, nor were 3 more'
    ):
        end(let_in=False, close_code=4401, closed_by=Side.SERVICE, unsent=LINE)


@pytest.mark.parametrize(
    ("closed", "says"),
    [
        ({"how": "lost", "detail": "it was reset"}, "ended without a Close frame: it was reset"),
        ({"problem": "connection 1 could not go on: x", "how": "failed"}, "could not go on: x"),
        (
            {"problem": "connection 1 ended within a frame of the service", "close_code": 1000},
            "ended within a frame of the service",
        ),
        ({"close_code": 1000, "closed_by": Side.SERVICE, "unsent": LINE}, r'line 2 of stdin \("\{x+…"\)'),
        ({"close_code": 1000, "closed_by": Side.SERVICE, "unsent": LINE}, "nor were 3 more"),
        ({"close_code": 1000, "closed_by": Side.SERVICE, "unsent": LINE}, "closed by the service with 1000"),
        ({"how": "lost", "unsent": LINE._replace(more=0)}, "was not sent: lost"),
    ],
)
def test_what_is_missing_is_named(closed, says):
    with pytest.raises(RecordingIncomplete, match=says):
        end(**closed)


def test_secrets_are_taken_out_of_an_unsent_line_before_it_is_cut():
    line = UnsentLines(1, "x" * 38 + "SECRET", 0)
    with pytest.raises(RecordingIncomplete) as raised:
        end(how="lost", unsent=line, redact=lambda text: text.replace("SECRET", "*"))
    assert "SE" not in str(raised.value)


def payload(data, sender=Side.SERVICE):
    return Payload(1, 1, 1, sender, 0, 0, Opcode.TEXT, data)


@pytest.mark.parametrize(
    ("data", "sender", "let_in"),
    [
        (b"anything", Side.SERVICE, True),
        (b'{"kind":"resp","reqId":"1","code":200,"type":"x","body":{}}', Side.SERVICE, True),
        (b'{"kind":"resp","reqId":"1","code":401,"type":"x","body":"no"}', Side.SERVICE, False),
        (b'{"kind":"resp","reqId":"1","type":"x","body":{}}', Side.SERVICE, True),
    ],
)
def test_a_service_has_let_us_in_once_it_says_more_than_no(data, sender, let_in):
    assert admits(data) is let_in
    delivered = []
    admission = AdmissionWatch(delivered.append)
    admission.deliver(payload(data, sender))
    assert (admission.let_in, len(delivered)) == (let_in, 1)
