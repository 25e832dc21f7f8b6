"""Moments and delays in words."""

from __future__ import annotations

import time

import pytest

from recorder.receipts.delays import Delay
from recorder.report.times import clock_time, delay_words, moment_words, zone_name

AT_US = 1_487_455_441_507_000


def test_a_delay_on_our_clock_is_marked():
    assert delay_words(Delay(1.5, "server")) == "+1.500s"
    assert delay_words(Delay(1.5, "local")) == "+1.500s~"
    assert delay_words(None) == "-"


def test_times_are_utc_and_unknown_ones_a_dash():
    assert clock_time(1_487_455_441_507_000) == "22:04:01.507"
    assert clock_time(1_487_455_441_507_000, with_date=True) == "2017-02-18 22:04:01"
    assert clock_time(None) == "-"
    assert clock_time(-(10**17)).endswith("since 1970")


def test_a_moment_names_its_zone():
    assert moment_words(AT_US) == "2017-02-18 22:04:01 UTC"
    assert moment_words(None) == "-"
    assert zone_name() == "UTC"


@pytest.mark.parametrize(
    ("zone", "name", "shown"),
    [
        ("CET-1CEST,M3.5.0,M10.5.0/3", "CET/CEST", "2017-02-18 23:04:01"),
        ("<+0530>-5:30", "+0530", "2017-02-19 03:34:01"),
        ("UTC", "UTC", "2017-02-18 22:04:01"),
    ],
)
def test_times_may_be_those_of_this_machine(monkeypatch, zone, name, shown):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert zone_name(local=True) == name
        assert clock_time(AT_US, with_date=True, local=True) == shown
        assert moment_words(AT_US, local=True) == f"{shown} {name}"
        assert clock_time(AT_US, local=True).endswith(":01.507")
        assert clock_time(-(10**17), local=True) == clock_time(-(10**17))
        assert clock_time(-62_135_596_800_000_000, local=True)[:3]
    finally:
        monkeypatch.undo()
        time.tzset()
