"""Planned receipts in the session line: written, read back the same, refused where they are none."""

from __future__ import annotations

import json
from typing import get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.errors import BadCapture
from recorder.formats.capture_format import SessionHeader
from recorder.formats.jsonl import read, write
from recorder.wire.records import UNSENT_REASONS, ReceiptPlan

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
MOMENTS = st.none() | st.integers(-(2**62), 2**62)
PLANS = st.lists(
    st.builds(
        ReceiptPlan,
        number=st.integers(1, 2**40),
        consumer=WORDS,
        connection=st.none() | st.integers(1, 99),
        dialog=WORDS,
        sequence=st.integers(0, 2**40),
        status=WORDS,
        step=st.none() | st.integers(0, 99),
        due_offset_us=MOMENTS,
        frame=st.none() | st.integers(1, 2**40),
        sent_offset_us=MOMENTS,
        unsent=st.none() | st.sampled_from(UNSENT_REASONS),
    ),
    unique_by=lambda plan: plan.number,
).map(sorted)


@given(PLANS)
def test_what_is_written_is_read_back_the_same(plans):
    lines = list(write(SessionHeader("7fa2", receipt_plans=tuple(plans)), [], []))
    (header, *_) = read(lines, file="x.jsonl")
    assert header.receipt_plans == tuple(plans)


def test_a_session_without_plans_says_nothing_of_them():
    (line,) = write(SessionHeader("7fa2"), [], [])
    assert "receipt_plans" not in json.loads(line)


def test_every_field_that_may_be_unknown_is_left_out():
    optional = {name for name, kind in get_type_hints(ReceiptPlan).items() if type(None) in get_args(kind)}
    plan = ReceiptPlan(1, "a", None, "d", 0, "READ", None, None)
    (line,) = write(SessionHeader(receipt_plans=(plan,)), [], [])
    (written,) = json.loads(line)["receipt_plans"]
    assert written.keys() == {*ReceiptPlan._fields} - optional


@pytest.mark.parametrize(
    ("plans", "says"),
    [
        ("7", '"receipt_plans" has to be a list of objects'),
        ("[7]", '"receipt_plans" has to be a list of objects'),
        ('[{"number": 1}]', "an entry without number, consumer, dialog, sequence or status"),
        ('[{"number": 0}]', '"number" has to be'),
        ("[PLAN, PLAN]", "the numbers in"),
        ('[{"unsent": "spite", REST]', '"unsent" has to be one of'),
    ],
)
def test_what_is_no_plan_is_refused_with_its_line(plans, says):
    rest = '"number": 1, "consumer": "a", "dialog": "d", "sequence": 0, "status": "READ"}'
    written = plans.replace("PLAN", "{" + rest).replace("REST", rest)
    with pytest.raises(BadCapture) as refused:
        list(read([f'{{"recorder": 1, "receipt_plans": {written}}}'.encode()], file="x.jsonl"))
    assert says in str(refused.value)
    assert "line 1" in str(refused.value)
