"""The script language as the manual tells it: a script, and what must come of it, on virtual time.

Each script is played as a stranger would, through the front door; what went out is read from the archive.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from recorder import recipes
from recorder.errors import ExpectationFailed
from recorder.messaging import typenames
from recorder.recipes.play import Played
from recorder.wire.frames import Opcode, Side
from recorder.wire.records import RecordedFrame

GREETS = "agent: [{on: conversation, do: [{say: one}, {say: two, after: 500ms}, {say: three, after: 1s}]}]\n"
NOBODY = "agent: []\n"


class Came(NamedTuple):
    """What came of a script: what was played, and the frames of the clients."""

    played: Played
    frames: list[RecordedFrame]

    def receipts(self) -> list[tuple[float, str, list[int]]]:
        """When which receipts left, one entry a frame."""
        given = [(at_s, event) for at_s, event in self._published() if event["type"] == "AcceptStatusEvent"]
        return [(at_s, event["status"], event["sequenceList"]) for at_s, event in given]

    def texts(self) -> list[tuple[float, str]]:
        """When which texts left."""
        said = [(at_s, event) for at_s, event in self._published() if event["type"] == "ContentEvent"]
        return [(at_s, event["message"]) for at_s, event in said]

    def bodies(self, type_name: str) -> list[dict[str, Any]]:
        """The bodies of the requests of that type."""
        return [asked["body"] for _, asked in self._asked() if asked["type"] == type_name]

    def wire(self, *opcodes: int) -> list[tuple[int, bool, int, bytes]]:
        """Opcode, FIN, RSV and payload of every frame with one of these opcodes."""
        some = [frame for frame in self.frames if frame.opcode in opcodes]
        return [(frame.opcode, frame.fin, frame.rsv, frame.payload) for frame in some]

    def _published(self) -> list[tuple[float, dict[str, Any]]]:
        asked = [(at_s, one) for at_s, one in self._asked() if one["type"] == typenames.PUBLISH]
        return [(at_s, one["body"]["event"]) for at_s, one in asked]

    def _asked(self) -> list[tuple[float, dict[str, Any]]]:
        timed = [(round((frame.offset_us or 0) / 1e6, 3), frame) for frame in self.frames]
        return [(at_s, json.loads(frame.payload)) for at_s, frame in timed if _is_request(frame)]


def _is_request(frame: RecordedFrame) -> bool:
    begins = frame.payload.startswith(b'{"kind":"req"') and frame.opcode == Opcode.TEXT
    return begins and frame.fin and frame.payload.endswith(b"}")


Comes = Callable[..., Came]


@pytest.fixture
def comes(tmp_path: Path) -> Comes:
    """Play a script on virtual time, as ``recorder replay`` does; fails where that does."""

    def play(text: str, **options: Any) -> Came:
        script = tmp_path / "stranger.yaml"
        script.write_text(text)
        archive = str(tmp_path / "archive.db")
        played = recipes.replay(script, archive=archive, clock="virtual", **options)
        played.raise_if_failed()
        with recipes.open_archive(archive) as opened:
            frames = list(recipes.frames(opened, played.session))
        return Came(played, [frame for frame in frames if frame.sender is Side.CLIENT])

    return play


# --- receipts -------------------------------------------------------------------------------------------

BATCHED = """
receipts: {accept: 0, read: 1s, batch: 2s}
steps:
- open_conversation
- wait: 5s
"""
STEPS_BEFORE_RULE = """
receipts: {accept: 500ms, read: 2s}
steps:
- open_conversation
- await: {message: {matching: one}, as: one}
- await: {message: {matching: two}, as: two}
- await: {message: {matching: three}, as: three}
- accept: {message: one, after: never}
- read: {message: one, after: never}
- read: {message: three, with: two}
- read: {message: two, after: 4s}
- receipt: {status: ACCESS, message: [one, two]}
- receipt: {status: ACCEPT, message: three}
- receipt: {status: ACCEPT, message: three, after: 100ms}
- close_conversation
"""
SHORT_FORMS = """
receipts: {accept: never, read: 10s}
steps:
- open_conversation
- await: {message: {from: ASSIGNED_AGENT, nth: 2}, as: second}
- accept
- read: [second, 0]
- receipt: {status: ACCESS}
- accept: 0
- await: {message: {from: "${second.author}", type: text/plain, dialog: main}, as: third}
- accept: {message: [third, second], after: 1s}
- read: last_received
"""
OWN_RULES = """
consumers: {anna: {receipts: {accept: 100ms}}, ben: {}}
receipts: {read: 1s}
steps:
- open_conversation
- wait: 5s
- open_conversation: {consumer: ben}
- wait: 2s
"""


@pytest.mark.parametrize(
    ("script", "receipts"),
    [
        pytest.param(BATCHED, [(2.0, "ACCEPT", [0, 1, 2]), (3.0, "READ", [0, 1, 2])], id="batches"),
        pytest.param(
            STEPS_BEFORE_RULE,
            [
                *[(1.0, "ACCESS", [0, 1]), (1.0, "ACCEPT", [2]), (1.0, "ACCEPT", [1])],
                *[(1.1, "ACCEPT", [2]), (4.5, "READ", [1, 2])],
            ],
            id="what a step asks for goes before the rule",
        ),
        pytest.param(
            SHORT_FORMS,
            [
                *[(0.5, "ACCEPT", [1]), (0.5, "READ", [1, 0]), (0.5, "ACCESS", [1]), (0.5, "ACCEPT", [0])],
                *[(1.0, "READ", [6]), (2.0, "ACCEPT", [6])],
            ],
            id="short forms, lists, literal sequences",
        ),
        pytest.param(
            OWN_RULES,
            [
                *[(0.1, "ACCEPT", [0]), (0.6, "ACCEPT", [2]), (1.1, "ACCEPT", [4])],
                *[(6.0, "READ", [0]), (6.5, "READ", [1]), (7.0, "READ", [2])],
            ],
            id="each consumer has a rule",
        ),
    ],
)
def test_receipts_leave_when_the_script_says(comes, script, receipts):
    assert sorted(comes(script + GREETS).receipts()) == sorted(receipts)


# --- what is said, and when ------------------------------------------------------------------------------

PLAIN_WORDS = """
steps:
- open_conversation
- say: yes
- say: 12:30
- say: 007
- say: 2024-01-01
- say: "$${literal} ${WHO:-nobody}"
"""
DELAYED = """
steps:
- open_conversation
- await: {message: {matching: three}}
- say: {text: late, after: 2s}
- say: {text: at once, after: 500ms}
- wait: 1m
- say: later
"""
ROUNDS = """
steps:
- open_conversation
- repeat:
    times: "${TIMES:-2}"
    steps:
    - say: {text: "outer ${round.number}", as: outer}
    - repeat:
        times: 2
        steps:
        - say: {text: "inner ${round.number} of ${outer.text}", as: inner}
    - expect: {message: inner, text: "inner 2 of outer ${round.number}"}
- say: "${inner.sequence} ${opened.code}"
"""
PACED = """
receipts: {accept: 100ms}
rate: 1/s
steps:
- open_conversation
- say: a
- rate: off
- say: b
- say: c
- rate: 30/m
- say: d
- say: e
"""


@pytest.mark.parametrize(
    ("script", "texts"),
    [
        pytest.param(
            PLAIN_WORDS,
            [(0.0, word) for word in ("yes", "12:30", "007", "2024-01-01", "${literal} nobody")],
            id="plain words stay text",
        ),
        pytest.param(DELAYED, [(3.0, "late"), (3.0, "at once"), (63.0, "later")], id="after and wait"),
        pytest.param(
            ROUNDS.replace("- open_conversation", "- open_conversation: {as: opened}"),
            [
                *[(0.0, "outer 1"), (0.0, "inner 1 of outer 1"), (0.0, "inner 2 of outer 1")],
                *[(0.0, "outer 2"), (0.0, "inner 1 of outer 2"), (0.0, "inner 2 of outer 2")],
                (0.0, "6 200"),
            ],
            id="rounds in rounds, names given anew",
        ),
        pytest.param(
            PACED, [(3.0, "a"), (3.0, "b"), (3.0, "c"), (5.0, "d"), (7.0, "e")], id="rates, and off again"
        ),
    ],
)
def test_texts_leave_when_and_as_the_script_says(comes, script, texts):
    assert comes(script + GREETS).texts() == texts


# --- frames as they are described ------------------------------------------------------------------------

FRAMES = """
steps:
- open_conversation
- send_frame: {opcode: ping, text: hi}
- send_frame: {opcode: 10, data: aGk=}
- send_frame: {opcode: text, hex: "7b 22", fin: false}
- send_frame: {opcode: continuation, text: 'kind":"req","id":"78","type":"GetClock","body":{}}'}
- send: {envelope: {kind: req, id: "80", type: GetClock, body: {n: "${round_trip.code}"}}, as: clock}
- send: not json at all
- send_frame: {opcode: binary, hex: "00ff"}
- send_frame: {opcode: 3, rsv: 4, text: zzz}
- expect: {close: {code: any, by: service}}
"""


def test_frames_leave_as_they_are_described(comes):
    script = FRAMES.replace("- send: {env", "- keep_alive: {as: round_trip}\n- send: {env")
    came = comes(script + NOBODY)
    assert came.wire(0, 2, 3, 9, 10) == [
        (9, True, 0, b"hi"),
        (10, True, 0, b"hi"),
        (0, True, 0, b'kind":"req","id":"78","type":"GetClock","body":{}}'),
        (2, True, 0, b"\x00\xff"),
        (3, True, 4, b"zzz"),
    ]
    assert {"n": 200} in [one.get("body") for one in map(json.loads, _texts_of(came)) if one["id"] == "80"]
    assert (1, False, 0, b'{"') in came.wire(1)
    assert (1, True, 0, b"not json at all") in came.wire(1)


def _texts_of(came: Came) -> list[bytes]:
    return [payload for _, fin, _, payload in came.wire(1) if fin and payload.startswith(b"{")]


# --- connections that end --------------------------------------------------------------------------------

COMING_BACK = """
steps:
- open_conversation
- await: {message: {matching: one}}
- disconnect
- reconnect
- disconnect: {how: abort}
- reconnect: 0
- say: hi
- disconnect: {how: clean, code: 4000, reason: bye}
- expect: {close: {code: 4000, by: client}}
- reconnect: {from_sequence: 1, after: 2s}
- say: again
- disconnect: mid-frame
- reconnect: {from_sequence: last}
- close_conversation
"""


def test_whoever_comes_back_listens_again_from_where_the_script_says(comes):
    came = comes(COMING_BACK + "agent: [{on: conversation, do: [{say: one}]}]\n")
    asked = came.bodies(typenames.SUBSCRIBE_MESSAGES)
    assert [body["fromSeq"] for body in asked] == [0, 0, 0, 1, 2]
    assert came.texts() == [(0.0, "hi"), (2.0, "again")]
    assert (8, True, 0, b"\x0f\xa0bye") in came.wire(8)
    hows = [ending.ended.how for ending in came.played.outcome.endings]
    assert hows == ["closed", "lost", "closed", "lost", "closed"]


def test_receipts_that_fell_due_while_nobody_was_there_leave_late(comes):
    script = """
consumer: {reconnect: always}
receipts: {accept: 3s, read: 20s}
steps: [open_conversation, wait: 30s]
agent: [{on: conversation, do: [{say: hi, after: 1s}]}]
simulator: {drop_after: {after: 2s, first: 1}}
"""
    (accept, read) = comes(script).played.outcome.receipts
    assert accept.status == "ACCEPT"
    assert 3.0 < accept.late_s + 4.0 - 1.0 <= 2.0 + 5.0 * 1.2
    assert (read.status, read.late_s) == ("READ", 0.0)


# --- expectations ----------------------------------------------------------------------------------------

MET = """
steps:
- open_conversation: {skill: s-1, ttr: URGENT}
- say: {text: refused, as: refused}
- expect: {answer: 429}
- expect: {message: refused, status: failed}
- say: {text: hi, as: hi}
- expect: {not: {message: {matching: late}}, for: 2s}
- expect: {not: {message: hi, status: read}, for: 1s}
- expect: {not: {close: any}, for: 500ms}
- await: {message: {matching: late}, within: 5s, as: late}
- expect: {not: {message: late, receipt: {status: READ, by: consumer}}, for: 1s}
- expect: {message: {from: agent, type: text/plain, dialog: main}, text: late}
- expect: {message: hi, receipt: {status: ACCESS, by: agent}}
- close_dialog
- subscribe: post_survey
- await: {message: {dialog: post_survey}}
- say: {text: "5", dialog: post_survey}
agent: [{on: message, matching: ^hi$, do: [{say: late, after: 4s}, {access: , after: 4s}]}]
simulator:
  errors: [{to: ms.PublishEvent, code: 429, first: 1}]
  survey: true
"""


def test_what_is_expected_comes_true_and_what_must_not_happen_does_not(comes):
    came = comes(MET)
    assert came.played.outcome.passed
    assert came.texts() == [(0.0, "refused"), (0.0, "hi"), (5.5, "5")]
    assert came.bodies(typenames.REQUEST_CONVERSATION)[0]["ttrDefName"] == "URGENT"


@pytest.mark.parametrize(
    ("step", "says"),
    [
        pytest.param(
            "await: {message: {from: agent, matching: goodbye}, within: 3s}",
            'step 3 (await), line 4: no message from agent, matching "goodbye" came within 3s',
            id="a message that never comes",
        ),
        pytest.param(
            "expect: {message: said, text: hello}",
            'step 3 (expect), line 4: said: the text "hello" was expected, but it is "hi"',
            id="another text",
        ),
        pytest.param(
            "expect: {message: {matching: no one}, within: 1s}",
            'a message matching "no one": one was expected within 1s, but there is no such message',
            id="no message as described",
        ),
        pytest.param("expect: {answer: 400}", "400 was expected, but the last request", id="another answer"),
        pytest.param(
            "expect: {close: 4401, within: 1s}", "but the connection is still open", id="a close that is late"
        ),
        pytest.param(
            "expect: {not: {message: {matching: one}}, for: 3s}",
            'no message matching "one" was to come for 3s, but there is frame',
            id="what must not come",
        ),
        pytest.param(
            "say: {text: 'to nobody', dialog: post_survey}",
            "step 3 (say), line 4: there is no post_survey dialog yet",
            id="a survey that is not there",
        ),
        pytest.param(
            "subscribe: {dialog: elsewhere}",
            "ms.SubscribeMessagingEvents (frame",
            id="a request that is refused",
        ),
    ],
)
def test_what_does_not_come_true_is_said_in_one_sentence_with_its_place(comes, step, says):
    script = "steps:\n- open_conversation\n- say: {text: hi, as: said}\n- " + step + "\n"
    later = "agent: [{on: message, do: [{say: one, after: 2s}]}]\n"
    with pytest.raises(ExpectationFailed) as failed:
        comes(script + later)
    assert says in str(failed.value)
    assert "\n" not in str(failed.value)


# --- the same again --------------------------------------------------------------------------------------

VARYING = """
receipts: {accept: 1.5s ± 500ms, read: 1s..3s}
steps:
- open_conversation
- await: {message: {matching: three}}
- wait: 1s +- 100ms
- say: {text: hi, after: 2s..4s}
"""


def test_the_same_seed_gives_the_same_frames_and_another_one_others(comes):
    first, again, other = (comes(VARYING + GREETS, seed=seed) for seed in (7, 7, 8))
    assert [one._replace(number=0) for one in first.frames] == [
        one._replace(number=0) for one in again.frames
    ]
    assert first.receipts() != other.receipts()
    assert all(3.0 <= at_s <= 5.0 for at_s, _ in first.texts())
    reads = [at_s for at_s, status, _ in first.receipts() if status == "READ"]
    assert all(
        1.0 <= read_s - heard_s <= 3.0 for read_s, heard_s in zip(sorted(reads), (0, 0.5, 1), strict=True)
    )
