"""What is measured of a connection: answers and pushes, by the times recorded with the frames."""

from __future__ import annotations

import json
from collections import deque
from typing import NamedTuple

import pytest

from recorder.clock import VirtualClock
from recorder.replay.load.measured_connection import (
    MOST_UNANSWERED,
    MeasuredConnection,
    MeasuredPendingConnection,
    measured_connect,
)
from recorder.replay.load.metrics import Metrics


class Frame(NamedTuple):
    number: int
    connection: int
    at_us: int | None
    offset_us: int | None
    opcode: int = 1
    data: bytes = b""


class Line:
    """A connection of the test: it says what it is given, when it is given."""

    number, token, init_connection, closed, waits_to_write = 1, "jwt", False, None, False

    def __init__(self) -> None:
        self.now_us = 0
        self.coming: deque[bytes] = deque()
        self.said: list[str] = []
        self.did: list[object] = []

    def send(self, text):
        self.said.append(text)
        return Frame(len(self.said), 1, None, self.now_us)

    def send_bytes(self, data):
        self.did.append(data)

    def send_frame(self, opcode, payload, *, fin=True, rsv=0, masked=True):
        self.did.append((opcode, payload, fin, rsv, masked))

    def receive(self, until_s=None):
        return Frame(9, 1, None, self.now_us, data=self.coming.popleft()) if self.coming else None

    def fileno(self):
        return 7

    def next_due_s(self):
        return 1.5

    def hang_up(self, code=1000, reason=""):
        self.did.append(("hang up", code, reason))

    def abort(self, *, mid_frame=False):
        self.did.append(("abort", mid_frame))

    def close(self):
        self.did.append("close")

    def take_in(self):
        self.did.append("take in")


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(began_s=0.0)


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def connection(line, metrics) -> MeasuredConnection:
    return MeasuredConnection(line, metrics)


class Story:
    """Says and hears at given milliseconds."""

    def __init__(self, line, connection):
        self.line, self.connection = line, connection

    def asks(self, at_ms, number, kind="GetClock", body=None):
        self.line.now_us = at_ms * 1000
        self.connection.send(json.dumps({"kind": "req", "id": number, "type": kind, "body": body}))

    def publishes(self, at_ms, number, event="ContentEvent"):
        self.asks(at_ms, number, "ms.PublishEvent", {"dialogId": "d", "event": {"type": event}})

    def hears(self, at_ms, told):
        self.line.now_us = at_ms * 1000
        self.line.coming.append(told if isinstance(told, bytes) else json.dumps(told).encode())
        assert self.connection.receive(0.0) is not None

    def is_answered(self, at_ms, number, sequence=None):
        self.hears(at_ms, {"kind": "resp", "reqId": number, "code": 200, "body": {"sequence": sequence}})

    def is_pushed(self, at_ms, sequence, event="ContentEvent"):
        change = {"dialogId": "d", "sequence": sequence, "event": {"type": event}}
        self.hears(
            at_ms,
            {"kind": "notification", "type": "ms.MessagingEventNotification", "body": {"changes": [change]}},
        )


@pytest.fixture
def story(line, connection) -> Story:
    return Story(line, connection)


def measured_ms(metrics, metric):
    histogram = metrics.histogram(metric)
    return histogram.count, None if histogram.most_s is None else round(histogram.most_s * 1000, 6)


def test_an_answer_is_timed_from_its_request(story, metrics):
    story.asks(10, "1")
    story.is_answered(25, "1")
    assert measured_ms(metrics, "answer") == (1, 15.0)
    assert metrics.count("frames") == 2


def test_an_answer_to_nothing_and_a_second_answer_are_not_timed(story, metrics):
    story.is_answered(5, "77")
    story.asks(10, "1")
    story.is_answered(25, "1")
    story.is_answered(99, "1")
    assert measured_ms(metrics, "answer") == (1, 15.0)


@pytest.mark.parametrize("answer_first", [True, False])
def test_a_push_is_timed_from_the_publish_whichever_of_answer_and_push_comes_first(
    story, metrics, answer_first
):
    story.publishes(10, "1")
    if answer_first:
        story.is_answered(20, "1", sequence=4)
        story.is_pushed(40, 4)
    else:
        story.is_pushed(40, 4)
        story.is_answered(50, "1", sequence=4)
    assert measured_ms(metrics, "push") == (1, 30.0)
    assert metrics.count("messages") == 1


def test_what_others_wrote_is_counted_and_not_timed(story, metrics):
    story.publishes(10, "1")
    story.is_pushed(20, 3)
    story.is_answered(30, "1", sequence=4)
    assert measured_ms(metrics, "push") == (0, None)
    assert metrics.count("messages") == 1


def test_receipts_are_no_messages_though_they_are_answered_with_a_sequence(story, metrics):
    story.publishes(10, "1", event="AcceptStatusEvent")
    story.is_answered(20, "1", sequence=0)
    story.is_pushed(30, 0, event="AcceptStatusEvent")
    assert (metrics.count("messages"), measured_ms(metrics, "push")) == (0, (0, None))


@pytest.mark.parametrize(
    "strange",
    [
        b"\xff\xfe",
        b"[]",
        b'{"kind": "notification", "type": "ms.MessagingEventNotification", "body": null}',
        b'{"kind": "notification", "type": "ms.MessagingEventNotification", "body": {"changes": [1, null]}}',
        b'{"kind": "notification", "type": "ms.MessagingEventNotification", "body": {"changes": {"event": 1}}}',  # noqa: E501
        b'{"kind": "resp", "reqId": "1", "body": {"sequence": "x"}}',
    ],
)
def test_nothing_that_comes_upsets_it(story, metrics, strange):
    story.publishes(10, "1")
    story.hears(20, strange)
    assert metrics.count("messages") == 0


def test_what_is_never_answered_is_forgotten_in_time(story, connection):
    for number in range(MOST_UNANSWERED + 50):
        story.asks(number, str(number))
        story.is_pushed(number, number)
    assert len(connection._asked) == len(connection._pushed_at) == MOST_UNANSWERED


def test_everything_else_is_the_connection_itself(line, connection):
    connection.send_frame(9, b"x", fin=False, rsv=1, masked=False)
    connection.send_bytes(b"raw")
    connection.hang_up(1001, "bye")
    connection.abort(mid_frame=True)
    connection.take_in()
    connection.close()
    assert line.did == [
        (9, b"x", False, 1, False), b"raw", ("hang up", 1001, "bye"), ("abort", True), "take in", "close",
    ]  # fmt: skip
    told = (connection.number, connection.token, connection.init_connection, connection.closed)
    assert told == (1, "jwt", False, None)
    assert (connection.waits_to_write, connection.fileno(), connection.next_due_s()) == (False, 7, 1.5)


class Making:
    """A connection in the making, there at the second look."""

    waits_to_write = False

    def __init__(self, line):
        self.line, self.looks, self.given_up = line, 0, False

    def fileno(self):
        return 3

    def take(self):
        self.looks += 1
        return self.line if self.looks > 1 else None

    def give_up(self):
        self.given_up = True


def test_the_making_of_a_connection_is_timed_until_it_is_there(line, metrics):
    clock = VirtualClock()
    making = Making(line)
    opening = measured_connect(lambda consumer, fresh: making, metrics, clock)("anna", False)
    assert isinstance(opening, MeasuredPendingConnection)
    assert (opening.fileno(), opening.waits_to_write) == (3, False)
    assert opening.take() is None
    clock.sleep_until(0.25)
    assert isinstance(opening.take(), MeasuredConnection)
    assert measured_ms(metrics, "connect") == (1, 250.0)
    opening.give_up()
    assert making.given_up


def test_a_connection_that_is_there_at_once_is_watched_too(line, metrics):
    asked = []
    connect = measured_connect(lambda *wish: asked.append(wish) or line, metrics, VirtualClock())
    assert isinstance(connect("ben", True), MeasuredConnection)
    assert asked == [("ben", True)]
    assert measured_ms(metrics, "connect") == (1, 0.0)
