"""One decision for every delay: which clock is believed, and that no delay is below zero."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.messaging.events import Evidence, Proof
from recorder.receipts.delays import (
    Delay,
    DialogClocks,
    MeasuredDelay,
    clocks_of,
    delay,
    local_delay,
    local_seconds,
    measured_delay,
    offset_of,
)
from recorder.receipts.fold import fold
from recorder.receipts.queries import MessageView, ReceiptView, view


def timed(*, frame=1, at_us=None, offset_us=None, server_ms=None, connection=1):
    return Evidence(Proof.ANNOUNCED, frame, connection, at_us, offset_us, server_ms)


def announced(frame, local_s, server_s, connection=1):
    """Announced in this frame: when we heard of it, when the service says it happened."""
    return timed(
        frame=frame,
        offset_us=round(local_s * 1_000_000),
        server_ms=1_000_000 + round(server_s * 1_000),
        connection=connection,
    )


def message(sent, *reads):
    receipts = tuple(ReceiptView("a", None, None, "READ", read) for read in reads)
    return MessageView("d", 0, "c", None, None, "text/plain", "", "read", sent, receipts, None)


def read_of(*pairs):
    """What is measured of the first message and its READ, in a dialog of these messages and READs."""
    clocks = clocks_of([message(*pair) for pair in pairs])
    return measured_delay(*pairs[0], clocks)


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        pytest.param(
            timed(offset_us=0, server_ms=1_000),
            timed(offset_us=9_000_000, server_ms=1_015),
            Delay(0.015, "server"),
            id="both theirs",
        ),
        pytest.param(
            timed(offset_us=1_000_000, server_ms=5), timed(offset_us=1_500_000),
            Delay(0.5, "local"), id="one side without theirs",
        ),
        pytest.param(timed(at_us=1_000_000), timed(at_us=3_000_000), Delay(2.0, "local"), id="wall"),
        pytest.param(timed(server_ms=1), timed(at_us=1), None, id="no common clock"),
        pytest.param(None, timed(), None, id="nothing to measure from"),
    ],
)  # fmt: skip
def test_a_delay_never_mixes_clocks(since, until, expected):
    assert delay(since, until) == expected


def test_a_server_delay_below_zero_gives_way_to_ours():
    read = read_of((announced(1, 1, 500), announced(2, 602, 400)))
    assert read == MeasuredDelay(Delay(601.0, "local"), -100.0)


def test_a_server_delay_that_ours_contradicts_gives_way_to_ours():
    dialog = [(announced(n, n, n - 0.1), announced(n + 1, n + 1, n + 0.9)) for n in range(10, 20, 2)]
    read = read_of((announced(1, 1, 0.9), announced(30, 602, 1.4)), *dialog)
    assert read == MeasuredDelay(Delay(601.0, "local"), 0.5)


def test_a_frame_that_was_held_back_for_less_than_the_clock_error_contradicts_nothing():
    read = read_of((announced(1, 1, 0.9), announced(2, 3.8, 2.9)))
    assert read == MeasuredDelay(Delay(2.0, "server"))


def test_the_clock_error_grows_with_how_late_live_announcements_come():
    pairs = [(announced(n, n, n), announced(n + 1, n + 1, n - 4)) for n in range(10, 30, 2)]
    quick, slow = clocks_of([message(*pairs[0])]), clocks_of([message(*each) for each in pairs])
    assert (quick.error_us, slow.error_us) == (1_000_000, 1_000_000)
    slower = [message(announced(n, n, n - 5)) for n in range(40, 80)]
    assert clocks_of([message(*pairs[0]), *slower]).error_us == 5_000_000


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(announced(2, 100.01, 61), id="both in the history"),
        pytest.param(announced(5, 101, 100.9), id="message in the history, READ live"),
    ],
)
def test_history_is_measured_on_the_clock_of_the_service(read):
    live = message(announced(3, 100.2, 100.1))
    sent = announced(1, 100, 1)
    clocks = clocks_of([message(sent, read), live])
    assert measured_delay(sent, read, clocks).delay.clock == "server"


def test_a_reconnect_brings_history_too():
    sent, read = announced(1, 1, 0.9), announced(7, 600, 4, connection=2)
    later = message(announced(8, 601, 600.9, connection=2))
    assert measured_delay(sent, read, clocks_of([message(sent, read), later])).delay == Delay(3.1, "server")


def test_what_only_a_history_shows_and_the_service_dates_backwards_has_no_delay():
    sent, read = announced(1, 100, 50), announced(1, 100, 20)
    live = message(announced(2, 101, 100.9))
    assert measured_delay(sent, read, clocks_of([message(sent, read), live])) == MeasuredDelay(None, -30.0)


def test_a_clock_of_ours_that_was_set_back_gives_no_delay():
    assert local_delay(timed(at_us=5_000_000), timed(frame=2, at_us=1_000_000)) is None
    assert local_seconds(timed(at_us=5_000_000), timed(frame=2, at_us=1_000_000)) == -4.0


def test_frames_in_the_other_order_are_no_delay_but_a_position():
    sent, asked = timed(frame=3, offset_us=2_000_000), timed(frame=1, offset_us=500_000)
    assert delay(sent, asked) is None
    assert offset_of(sent, asked) == Delay(-1.5, "local")
    assert offset_of(sent, timed(frame=4, offset_us=1)) is None
    assert offset_of(None, asked) is None
    assert offset_of(timed(frame=3), asked) is None


def test_the_wall_clock_serves_where_there_is_no_monotonic_one():
    sent = timed(frame=1, at_us=1_000_000, server_ms=500_000)
    read = timed(frame=2, at_us=602_000_000, server_ms=400_000)
    assert delay(sent, read, clocks_of([message(sent, read)])) == Delay(601.0, "local")


def test_without_dated_announcements_nothing_is_live():
    assert clocks_of([message(timed(offset_us=1)), message(None)]) == DialogClocks(1_000_000, {})


_EVIDENCE = st.builds(
    Evidence,
    st.sampled_from(Proof),
    st.integers(1, 50),
    st.integers(1, 3),
    st.none() | st.integers(0, 10**9),
    st.none() | st.integers(0, 10**9),
    st.none() | st.integers(0, 10**6),
)


@given(st.lists(st.tuples(_EVIDENCE, _EVIDENCE), min_size=1, max_size=8))
def test_no_delay_is_ever_below_zero(pairs):
    clocks = clocks_of([message(*pair) for pair in pairs])
    for pair in pairs:
        for known in (None, clocks):
            measured = measured_delay(*pair, known)
            assert measured.delay is None or measured.delay.seconds >= 0


def test_our_clock_did_not_see_what_only_a_snapshot_shows(build):
    shown = build.message(0, by="agent").evidence._replace(snapshot=True)
    later = build.receipt("READ", 0, by="me").evidence
    assert delay(shown, later) == Delay(10.0, "server")
    assert delay(shown._replace(server_ms=None), later) is None
    assert not DialogClocks(0, {1: 0}).is_live(shown)


def test_what_a_snapshot_shows_is_no_measure_of_the_clocks(build):
    """It arrives long after the message was written."""
    message, _ = view(fold([build.message(0, by="agent"), build.message(1, by="agent")]))
    shown = message._replace(sent=message.sent._replace(snapshot=True, offset_us=99_000_000))
    assert clocks_of([message, shown]) == clocks_of([message])


@pytest.mark.parametrize("ahead_s", [90, 4_400])
def test_one_announcement_dated_ahead_of_time_makes_no_history_of_the_others(ahead_s):
    usual = [(announced(n, n, n), announced(n + 1, n + 1, n + 1)) for n in range(1, 9, 2)]
    late = (announced(9, 100, 100), announced(10, 701, 100.5))
    ahead = (announced(11, 702, 702 + ahead_s),)
    assert read_of(late, *usual) == MeasuredDelay(Delay(601.0, "local"), 0.5)
    assert read_of(late, *usual, ahead) == MeasuredDelay(Delay(601.0, "local"), 0.5)


def test_many_messages_of_one_history_are_no_measure_of_what_comes_live():
    history = [(announced(1, 1_000, n / 10),) for n in range(9)]
    live = (announced(2, 1_001, 1_001), announced(3, 1_010, 1_010))
    read = (announced(1, 1_000, 0), announced(2, 1_001, 1_001))
    assert read_of(read, *history, live) == MeasuredDelay(Delay(1_001.0, "server"))


# Seconds that the service dates each frame ahead of when it came: one here, one there, none the same.
WILD = (0, 300, -500, 90, -40, 650)


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(range(len(WILD)), 2)))
def test_where_all_dates_are_wild_a_delay_is_ours_or_none(first, second):
    """No frame says how late the others are: a delay that the other clock contradicts is never believed."""
    frames = [announced(n + 1, n, n + ahead) for n, ahead in enumerate(WILD)]
    clocks = clocks_of([message(each) for each in frames])
    measured = measured_delay(frames[first], frames[second], clocks)
    assert measured.delay in (None, Delay(float(second - first), "local"))
    assert measured.server_s is not None


def test_what_comes_after_the_quickest_of_wild_dates_is_measured_on_our_clock():
    frames = [announced(n + 1, n, n + ahead) for n, ahead in enumerate((700, 300, -500))]
    clocks = clocks_of([message(each) for each in frames])
    assert measured_delay(frames[1], frames[2], clocks).delay == Delay(1.0, "local")
    assert clocks.error_us == 1_000_000


def test_wild_dates_that_rise_may_be_a_history():
    """A message of ten minutes ago, and its READ as it happens."""
    sent, read = announced(1, 10, 0), announced(2, 11, 600)
    assert read_of((sent, read)).delay == Delay(600.0, "server")
