"""What is stored before what goes on."""

from __future__ import annotations

import itertools

import pytest

from recorder.capture.proxy.recording import (
    MOST_PASSED_ON,
    MOST_UNSHOWN,
    PASSED_ON_AFTER_S,
    ProxyRecorder,
    ProxySession,
)
from recorder.clock import VirtualClock
from recorder.errors import StorageFailed
from recorder.wire.frames import Side
from recorder.wire.records import FrameForwarded, HttpExchange, RecordedFrame


class Log:
    """A storage and a channel that note in one list what is done in which order."""

    def __init__(self, *, shared=True):
        self.entries = []
        self.full = False
        self._collected = []
        self._open = False
        self._shared = self.begin_session() if shared else None

    def begin_session(self):
        return ProxySession(itertools.count(1), itertools.count(1), 0.0, self._take)

    def _take(self, records):
        self._collected += records
        if not self._open:
            self.commit()

    def session(self):
        return self._shared or self.begin_session()

    def shared_session(self):
        return self._shared

    def connection_ended(self, session):
        self.entries.append("connection ended")

    def begin(self):
        self._open = True

    def commit(self):
        self._open = False
        collected, self._collected = self._collected, []
        if self.full:
            raise StorageFailed("a.db", "the disk is full")
        self.entries.append(("stored", collected))

    def use_idle_time(self, spare_s):
        self.entries.append(("idle", spare_s))

    def send(self, data, frames=()):
        self.entries.append(("sent", data))


def recorder_of(log, *, passthrough=False, on_payloads=None, clock=None):
    failures = []
    made = ProxyRecorder(
        log,
        clock or VirtualClock(),
        passthrough=passthrough,
        on_payloads=on_payloads,
        on_failure=failures.append,
    )
    return made, failures


def frame(number, payload=b"x"):
    return RecordedFrame(number, 1, number - 1, Side.CLIENT, 1, 1, 1, True, 0, payload)


def exchange(url):
    return HttpExchange(None, "other", 1, None, "GET", url, 200)


def test_all_of_a_round_is_one_commit_and_comes_before_what_goes_on():
    log = Log()
    recorder, _ = recorder_of(log)
    session = recorder.session()
    for number in (1, 2):
        recorder.add(session, [frame(number)])
        recorder.send_after_commit(log, b"%d" % number, [number])
    recorder.call_after_commit(lambda: log.entries.append("ended"))
    recorder.connection_ended(session)
    recorder.finish_round()
    assert log.entries == [
        ("stored", [frame(1), frame(2)]), ("sent", b"1"), ("sent", b"2"), "ended", "connection ended",
    ]  # fmt: skip


def test_when_frames_went_on_is_stored_once_nothing_comes():
    log = Log()
    recorder, _ = recorder_of(log)
    session = recorder.session()
    recorder.forwarded(session, range(1, 3))
    recorder.finish_round()
    at_us = VirtualClock().wall_us()
    assert log.entries == [("stored", [FrameForwarded(1, at_us, 0), FrameForwarded(2, at_us, 0)])]
    recorder.finish_round()
    assert len(log.entries) == 1


@pytest.mark.parametrize(("passed_on", "later_s"), [(1, PASSED_ON_AFTER_S), (MOST_PASSED_ON, 0.0)])
def test_while_frames_come_the_times_of_many_are_stored_together(passed_on, later_s):
    """A commit of their own would be as long as that of a frame. They hold up none that is there already."""
    log, clock = Log(), VirtualClock()
    recorder, _ = recorder_of(log, clock=clock)
    session = recorder.session()
    recorder.add(session, [frame(1)])
    recorder.forwarded(session, range(2, 3))
    recorder.finish_round()
    assert log.entries == [("stored", [frame(1)])]
    recorder.forwarded(session, range(3, 2 + passed_on))
    clock.sleep_until(clock.now_s() + later_s)
    recorder.times(session)
    recorder.add(session, [frame(9)])
    recorder.finish_round()
    assert log.entries[-1] == ("stored", [frame(9)])
    recorder.add(session, [frame(10)])
    recorder.finish_round()
    _, stored = log.entries[-1]
    assert [record.number for record in stored] == [2, *range(3, 2 + passed_on), 10]


def test_when_the_last_frames_of_a_session_went_on_is_stored_before_its_end():
    """What goes on after it is not: the session has its end record."""
    log = Log(shared=False)
    recorder, _ = recorder_of(log)
    session = recorder.session()
    recorder.forwarded(session, range(1, 2))
    recorder.add(session, [frame(2)])
    recorder.connection_ended(session)
    recorder.finish_round()
    at_us = VirtualClock().wall_us()
    assert log.entries == [
        ("stored", [frame(2)]), ("stored", [FrameForwarded(1, at_us, 0)]), "connection ended",
    ]  # fmt: skip
    recorder.forwarded(session, range(2, 3))
    recorder.finish_round()
    assert len(log.entries) == 3


def test_what_cannot_be_stored_does_not_go_on():
    log = Log()
    recorder, failures = recorder_of(log)
    log.full = True
    recorder.add(recorder.session(), [frame(1)])
    recorder.send_after_commit(log, b"1", [1])
    with pytest.raises(StorageFailed):
        recorder.finish_round()
    recorder.drop_uncommitted()
    recorder.finish_round()
    assert log.entries == failures == []


def test_passthrough_lets_it_go_on_and_stores_nothing_any_more():
    log = Log()
    recorder, failures = recorder_of(log, passthrough=True)
    session = recorder.session()
    log.full = True
    for number in (1, 2):
        recorder.add(session, [frame(number)])
        recorder.send_after_commit(log, b"abc", [number])
        recorder.finish_round()
        log.full = False
    assert log.entries == [("sent", b"abc"), ("sent", b"abc")]
    assert failures == [recorder.failure]
    assert recorder.unstored_bytes == 6
    assert recorder.session() is None


def test_requests_ahead_of_the_first_session_wait_for_it():
    log = Log(shared=False)
    recorder, _ = recorder_of(log)
    recorder.add_exchange(exchange("/one"))
    recorder.finish_round()
    assert log.entries == []
    recorder.session()
    recorder.add_exchange(exchange("/two"))
    recorder.finish_round()
    assert log.entries == [("stored", [exchange("/one")])]


def test_payloads_are_shown_in_order_and_those_nobody_has_time_for_are_counted():
    shown = []
    recorder, _ = recorder_of(Log(), on_payloads=shown.extend)
    session = recorder.session()
    recorder.add(session, [frame(number, b"%d" % number) for number in range(1, MOST_UNSHOWN + 3)])
    recorder.finish_round()
    assert recorder.unshown == 2
    recorder.show(2)
    assert [payload.data for payload in shown] == [b"3", b"4"]
    recorder.show(MOST_UNSHOWN)
    assert not recorder.has_to_show
    assert len(shown) == MOST_UNSHOWN
