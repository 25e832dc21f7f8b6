"""Moments and delays in words, in UTC or in the time zone of this machine."""

from __future__ import annotations

from datetime import UTC, datetime

from recorder.receipts.delays import Delay
from recorder.wire.records import iso_utc


def zone_name(*, local: bool = False) -> str:
    """``UTC``, or what this machine calls its zone: ``CET/CEST`` where that changes within the year."""
    if not local:
        return "UTC"
    names = (datetime(2025, month, 1, tzinfo=UTC).astimezone().tzname() or "local" for month in (1, 7))
    return "/".join(dict.fromkeys(names))


def clock_time(at_us: int | None, *, with_date: bool = False, local: bool = False) -> str:
    """``22:04:01.507`` in UTC, or in the zone of this machine; ``-`` for None."""
    stamp = iso_utc(at_us)
    if stamp is None or at_us is None:
        return "-"
    if "T" not in stamp:
        return stamp
    if local:
        stamp = _local_stamp(at_us) or stamp
    date, clock = stamp.split("T")
    return f"{date} {clock[:8]}" if with_date else clock[:12]


def moment_words(at_us: int | None, *, local: bool = False) -> str:
    """``2017-02-18 22:04:01 UTC``, or ``-``: date, time and zone."""
    stamp = clock_time(at_us, with_date=True, local=local)
    return stamp if at_us is None else f"{stamp} {zone_name(local=local)}"


def _local_stamp(at_us: int) -> str | None:
    seconds, micros = divmod(at_us, 1_000_000)
    try:
        moment = datetime.fromtimestamp(seconds, tz=UTC).astimezone()
    except (OverflowError, ValueError, OSError):  # the first or the last day of the calendar
        return None
    return moment.replace(tzinfo=None, microsecond=micros).isoformat(timespec="microseconds")


def delay_words(passed: Delay | None) -> str:
    """``+1.502s``, with a ``~`` if measured on the local clock, not the service's."""
    if passed is None:
        return "-"
    return f"{passed.seconds:+.3f}s" + ("~" if passed.clock == "local" else "")
