"""Times as people write them, and back, to the microsecond."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.wire.records import iso_utc, parse_iso_utc


@pytest.mark.parametrize(
    ("at_us", "written"),
    [
        pytest.param(1487455441507000, "2017-02-18T22:04:01.507000Z", id="usual"),
        pytest.param(0, "1970-01-01T00:00:00.000000Z", id="epoch"),
        pytest.param(-1, "1969-12-31T23:59:59.999999Z", id="before it"),
        pytest.param(-62135596800000000, "0001-01-01T00:00:00.000000Z", id="first year, four digits"),
        pytest.param(253402300799999999, "9999-12-31T23:59:59.999999Z", id="last moment"),
        pytest.param(253402300800000000, "253402300800.000000s since 1970", id="beyond"),
        pytest.param(-62135596800000001, "-62135596800.000001s since 1970", id="before year 1"),
    ],
)
def test_a_time_is_written_so_that_it_reads_back(at_us: int, written: str) -> None:
    assert iso_utc(at_us) == written
    assert parse_iso_utc(written) == at_us


@given(st.integers(-(2**63), 2**63 - 1))
def test_any_time_an_archive_can_hold_survives(at_us: int) -> None:
    written = iso_utc(at_us)
    assert written is not None
    assert parse_iso_utc(written) == at_us


def test_no_time_is_no_time() -> None:
    assert iso_utc(None) is None


@pytest.mark.parametrize(
    "text",
    [
        "2017-02-18T22:04:01.507Z",
        "2017-02-18T22:04:01.507",
        "2017-02-19T00:04:01.507+02:00",
        "20170218T220401.507Z",
    ],
)
def test_other_spellings_of_the_same_moment_are_read(text: str) -> None:
    assert parse_iso_utc(text) == 1487455441507000


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"),
        ("2016-12-31T23:59:60", "2017-01-01T00:00:00.000000Z"),
        ("2016-12-31t23:59:60z", "2017-01-01T00:00:00.000000Z"),
        ("2016-12-31 23:59:60.999999Z", "2017-01-01T00:00:00.000000Z"),
        ("20161231T235960,5Z", "2017-01-01T00:00:00.000000Z"),
        ("2017-01-01T01:59:60+02:00", "2017-01-01T00:00:00.000000Z"),
        ("2016-12-31T15:59:60.25-08:00", "2017-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:60Z", "253402300800.000000s since 1970"),
    ],
)
def test_a_leap_second_is_the_first_moment_of_the_next_day(text: str, moment: str) -> None:
    assert iso_utc(parse_iso_utc(text)) == moment


@pytest.mark.parametrize(
    "text",
    [
        "2016-12-31T12:30:60Z",
        "2016-12-31T23:59:60+02:00",
        "2016-12-31T23:59:61Z",
        "2016-12-31T23:60:60Z",
        "60",
    ],
)
def test_any_other_second_60_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_iso_utc(text)


@given(st.text(max_size=30) | st.from_regex(r"-?\d{1,20}\.\d{6}s since 1970", fullmatch=True))
def test_anything_else_is_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert isinstance(parse_iso_utc(text), int)
