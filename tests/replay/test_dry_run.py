"""The dry run: what would be done and when, told without doing any of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recorder.replay.dry_run import ScheduledStep, schedule, timetable_lines
from recorder.replay.language.script import load


def rows(text: str) -> list[ScheduledStep]:
    return list(schedule(load(text, file="s.yaml", variables={})))


def times(steps: str) -> list[tuple[float, float | None]]:
    return [(row.earliest_s, row.latest_s) for row in rows(f"steps:\n{steps}")]


@pytest.mark.parametrize(
    ("steps", "last"),
    [
        ("- wait: 2s\n- await", (2.0, 2.0)),
        ("- wait: 1s..3s\n- await", (1.0, 3.0)),
        ("- wait: 1s ± 1s\n- await", (0.0, None)),
        ("- await: {within: 5s}\n- await", (0.0, 5.0)),
        ("- say: hi\n- await", (0.0, 10.0)),
        ("- send: hi\n- await", (0.0, 0.0)),
        ("- send: {envelope: hi, as: a, within: 3s}\n- await", (0.0, 3.0)),
        ("- open_conversation: {within: 1s}\n- await", (0.0, 3.0)),
        ("- expect: {not: {close: any}, for: 2s}\n- await", (2.0, 2.0)),
        ("- reconnect: {after: 1s..2s, within: 3s}\n- await", (1.0, 5.0)),
        ("- rate: 2/s\n- send: a\n- send: b\n- await", (0.5, 0.5)),
        ("- rate: 2/s\n- send: a\n- rate: off\n- send: b\n- send: c", (0.0, 0.0)),
        ("- send: a\n- rate: 2/s\n- send: b\n- rate: off\n- send: c", (0.5, 0.5)),
        ("- rate: 1/s\n- open_conversation: {within: 5s}\n- await", (1.0, 17.0)),
        ("- rate: 1/m\n- open_conversation: {within: 2s}\n- say: hi", (120.0, 184.0)),
        ("- rate: 1/s\n- say: {text: a, within: 5s}\n- say: b\n- await", (1.0, 15.0)),
        ("- rate: 1/s\n- send: a\n- send: {envelope: b, after: 400ms}\n- await", (1.0, 1.0)),
        ("- rate: 1/s\n- send: a\n- send: {envelope: b, after: 2s}\n- send: c", (3.0, 3.0)),
        ("- rate: 1/s\n- send: a\n- disconnect: {after: 500ms}\n- reconnect: {within: 3s}", (0.5, 0.5)),
        (
            "- rate: 1/s\n- await: {within: 5s}\n- send: a\n- send: {envelope: b, after: 3s}\n- await",
            (1.0, 8.0),
        ),
        ("- read: {message: 1, after: 4s}\n- close_conversation: {within: 1s}\n- await", (0.0, 5.0)),
        ("- repeat: {times: 3, steps: [{wait: 1s}]}\n- await", (3.0, 3.0)),
        ("- disconnect: {after: 1s..2s}\n- await", (1.0, 2.0)),
        ("- await: {within: 5s}\n- say: {text: hi, after: 1s..2s, within: 3s}\n- await", (0.0, 10.0)),
        ("- await: {within: 5s}\n- send: {envelope: hi, after: 1s ± 1s}\n- await", (0.0, None)),
    ],
)
def test_a_step_begins_between_its_earliest_and_its_latest(steps, last):
    assert times(steps)[-1] == last


AFTER = st.sampled_from(["", ", after: 300ms", ", after: 1s", ", after: 1s..3s", ", after: 1s ± 1s"])
DONE = st.sampled_from(
    [
        "say: {text: hi%s}",
        "type: {state: PAUSE%s}",
        "keep_alive: {within: 1s%s}",
        "send: {envelope: hi%s}",
        "send_frame: {opcode: ping%s}",
        "subscribe: {dialog: main%s}",
        "open_conversation: {within: 2s%s}",
        "disconnect: {how: clean%s}\n- reconnect: last",
        "await: {message: {from: agent}}",
        "wait: 700ms",
        "rate: off",
        "rate: 2/s",
    ]
)


RATE_SET_AND_TAKEN_OFF = [
    ("rate: 2/s", ""),
    ("say: {text: hi%s}", ", after: 300ms"),
    ("rate: off", ""),
    ("say: {text: hi%s}", ""),
]


@example(RATE_SET_AND_TAKEN_OFF, "off")
@given(st.lists(st.tuples(DONE, AFTER), max_size=8), st.sampled_from(["off", "1/s", "3/s"]))
def test_played_steps_begin_within_their_scheduled_range(play_lawfully, wanted, rate):
    """A step that waits for nothing stands behind each one; it begins when that one is over."""
    steps = "".join(f"- {step % after if '%' in step else step}\n- wait: 0s\n" for step, after in wanted)
    agent = "agent: [{on: message, do: [{say: a}, {say: b}, {say: c}]}]"
    text = f"rate: {rate}\nsteps:\n- open_conversation:\n- wait: 0s\n- say: first\n{steps}{agent}"
    notification = {row.step: row for row in rows(text)}
    for result in play_lawfully(text).outcome.results:
        if result.verb == "wait" and result.outcome == "ok":
            latest_s = notification[result.number].latest_s
            assert notification[result.number].earliest_s <= round(result.began_s, 6)
            assert latest_s is None or round(result.began_s, 6) <= latest_s


def test_closing_waits_for_receipts_of_the_standing_rule():
    text = "receipts: {read: 3s, batch: 1s}\nsteps: [{close_dialog: {within: 2s}}, await]"
    assert rows(text)[-1].latest_s == 6.0
    varying = "receipts: {read: 3s ± 1s}\nsteps: [{close_dialog: {within: 2s}}, await]"
    assert rows(varying)[-1].latest_s is None


def test_standing_rule_receipts_are_listed_unless_a_later_step_gives_them():
    notification = rows(
        "receipts: {accept: 200ms, read: 1s..2s}\n"
        "steps: [{await: {as: q}}, {await: {}}, {read: {message: q, after: 3s}},"
        " {accept: {message: q, with: 3}}]"
    )
    assert [tuple(receipt) for receipt in notification[0].receipts] == [
        ("ACCEPT", "q", "step 4"),
        ("READ", "q", "step 3"),
    ]
    assert [tuple(receipt) for receipt in notification[1].receipts] == [
        ("ACCEPT", "it", "200ms"),
        ("READ", "it", "1s..2s"),
    ]
    assert [tuple(receipt) for receipt in notification[2].receipts] == [("READ", "q", "3s")]
    assert [tuple(receipt) for receipt in notification[3].receipts] == [("ACCEPT", "q", "with 3")]


def test_each_consumer_has_its_own_rule_and_rate():
    notification = rows(
        "consumers: {anna: {receipts: {read: 1s}}, ben: }\nreceipts: {accept: 2s}\nrate: 1/s\n"
        "steps: [{await: {}}, {await: {consumer: ben}}, {send: a},"
        " {send: {envelope: b, consumer: ben}}, {send: c}]"
    )
    assert [receipt.status for receipt in (*notification[0].receipts, *notification[1].receipts)] == [
        "READ",
        "ACCEPT",
    ]
    assert [row.consumer for row in notification] == ["anna", "ben", "anna", "ben", "anna"]
    assert [row.earliest_s for row in notification] == [0.0, 0.0, 0.0, 0.0, 1.0]


def test_a_scheduled_step_is_plain_json():
    (row,) = rows("receipts: {read: 1s}\nsteps: [{await: {message: {from: agent}, as: q}}]")
    assert json.loads(json.dumps(row.as_json())) == {
        "step": 1, "line": 2, "file": None, "round": None, "consumer": "consumer", "verb": "await",
        "says": "message from agent as q", "earliest_s": 0.0, "latest_s": 0.0,
        "waits_for": "that message, 10s at most",
        "receipts": [{"status": "READ", "message": "q", "after": "1s"}],
    }  # fmt: skip


def test_the_schedule_is_printed_in_columns():
    text = (
        "receipts: {read: 1.5s ± 500ms}\nsteps:\n- say: Hello there\n- await: {as: q}\n"
        "- repeat: {times: 1, steps: [{wait: 1s}]}\n- read: {message: [q, 3], after: never}"
    )
    assert list(timetable_lines(rows(text))) == [
        '1  line 3           0s..0s   say "Hello there"; waits for the answer, 10s at most',
        "2  line 4           0s..10s  await as q; waits for that message, 10s at most",
        "                             READ for q: step 4",
        "3  line 5, round 1  0s..20s  wait 1s",
        "4  line 6           1s..21s  read q, 3",
        "                             READ for q: never",
        "                             READ for 3: never",
    ]


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ("send: {kind: req, type: cm.X}", "cm.X"),
        ("send: {kind: req}", "…"),
        ("send_frame: {opcode: ping, hex: '00 01'}", "opcode 9, hex 2 bytes"),
        ("send_frame: {opcode: text, text: 'a b', fin: false}", 'opcode 1, text "a b", fin false'),
        ("rate: 5/s", "every 200ms"),
        ("rate: off", "off"),
        ("expect: {close: any}", "close any"),
        ("expect: {answer: 400, within: 1s}", "answer 400"),
        ("say: '" + "x y " * 30 + "'", '"' + "x y " * 12 + '…"'),
        ("say: '${conversation.id} it is'", '"${conversation.id} it is"'),
        ("reconnect: {from_sequence: 0, after: 1s}", "0, after 1s"),
        ("keep_alive: {after: 1s..2s, as: t}", "after 1s..2s as t"),
        ("disconnect: abort", "abort"),
        ("await", ""),
    ],
)
def test_arguments_are_shortened(step, says):
    assert rows(f"steps:\n- {step}")[0].says == says


def test_an_empty_schedule_has_no_lines():
    assert list(timetable_lines([])) == []
