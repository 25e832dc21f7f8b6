"""What is measured of connections: answers and pushes, by the times recorded with the frames."""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest

from recorder.replay.load.connection_metrics import MOST_UNANSWERED, ConnectionMetrics
from recorder.replay.load.metrics import Metrics


class Frame(NamedTuple):
    number: int
    connection: int
    at_us: int | None
    offset_us: int | None
    opcode: int = 1
    data: bytes = b""


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(began_s=0.0)


@pytest.fixture
def observer(metrics) -> ConnectionMetrics:
    return ConnectionMetrics(metrics)


class Frames:
    """Sends and receives at given milliseconds."""

    def __init__(self, observer):
        self.observer = observer

    def asks(self, at_ms, number, kind="GetClock", body=None, connection=1):
        request = json.dumps({"kind": "req", "id": number, "type": kind, "body": body})
        self.observer.sent(request, Frame(1, connection, None, at_ms * 1000))

    def publishes(self, at_ms, number, event="ContentEvent"):
        self.asks(at_ms, number, "ms.PublishEvent", {"dialogId": "d", "event": {"type": event}})

    def receives(self, at_ms, envelope, connection=1):
        data = envelope if isinstance(envelope, bytes) else json.dumps(envelope).encode()
        self.observer.received(Frame(9, connection, None, at_ms * 1000, data=data))

    def is_answered(self, at_ms, number, sequence=None):
        self.receives(at_ms, {"kind": "resp", "reqId": number, "code": 200, "body": {"sequence": sequence}})

    def is_pushed(self, at_ms, sequence, event="ContentEvent"):
        change = {"dialogId": "d", "sequence": sequence, "event": {"type": event}}
        self.receives(
            at_ms,
            {"kind": "notification", "type": "ms.MessagingEventNotification", "body": {"changes": [change]}},
        )


@pytest.fixture
def frames(observer) -> Frames:
    return Frames(observer)


def measured_ms(metrics, metric):
    histogram = metrics.histogram(metric)
    return histogram.count, None if histogram.most_s is None else round(histogram.most_s * 1000, 6)


def test_an_answer_is_timed_from_its_request(frames, metrics):
    frames.asks(10, "1")
    frames.is_answered(25, "1")
    assert measured_ms(metrics, "answer") == (1, 15.0)
    assert metrics.count("frames") == 2


def test_an_answer_to_nothing_and_a_second_answer_are_not_timed(frames, metrics):
    frames.is_answered(5, "77")
    frames.asks(10, "1")
    frames.is_answered(25, "1")
    frames.is_answered(99, "1")
    assert measured_ms(metrics, "answer") == (1, 15.0)


@pytest.mark.parametrize("answer_first", [True, False])
def test_a_push_is_timed_from_the_publish_whichever_of_answer_and_push_comes_first(
    frames, metrics, answer_first
):
    frames.publishes(10, "1")
    if answer_first:
        frames.is_answered(20, "1", sequence=4)
        frames.is_pushed(40, 4)
    else:
        frames.is_pushed(40, 4)
        frames.is_answered(50, "1", sequence=4)
    assert measured_ms(metrics, "push") == (1, 30.0)
    assert metrics.count("messages") == 1


def test_what_others_wrote_is_counted_and_not_timed(frames, metrics):
    frames.publishes(10, "1")
    frames.is_pushed(20, 3)
    frames.is_answered(30, "1", sequence=4)
    assert measured_ms(metrics, "push") == (0, None)
    assert metrics.count("messages") == 1


def test_receipts_are_no_messages_though_they_are_answered_with_a_sequence(frames, metrics):
    frames.publishes(10, "1", event="AcceptStatusEvent")
    frames.is_answered(20, "1", sequence=0)
    frames.is_pushed(30, 0, event="AcceptStatusEvent")
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
def test_nothing_that_comes_upsets_it(frames, metrics, strange):
    frames.publishes(10, "1")
    frames.receives(20, strange)
    assert metrics.count("messages") == 0


def test_what_is_never_answered_is_forgotten_in_time(frames, observer):
    for number in range(MOST_UNANSWERED + 50):
        frames.asks(number, str(number))
        frames.is_pushed(number, number)
    assert len(observer._asked) == len(observer._pushed_at) == MOST_UNANSWERED


def test_an_answer_on_another_connection_is_not_timed(frames, metrics):
    frames.asks(10, "1", connection=2)
    frames.is_answered(25, "1")
    assert measured_ms(metrics, "answer") == (0, None)


def test_raw_frames_are_counted(observer, metrics):
    observer.sent(None, Frame(1, 1, None, 0, opcode=9))
    observer.sent('{"kind": "req"}', None)
    assert metrics.count("frames") == 2


def test_the_time_to_connect_is_measured(observer, metrics):
    observer.connected(0.25)
    assert measured_ms(metrics, "connect") == (1, 250.0)
