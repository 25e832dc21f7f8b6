"""Room for many users in one process: descriptors, and an interpreter that does not stop to tidy up."""

from __future__ import annotations

import gc
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from recorder.errors import BadOption

DESCRIPTORS_PER_USER = 4
"""A socket, and while it connects two more and a look-up."""

_OWN_DESCRIPTORS = 64
_SWITCH_S = 5e-4
_OLD_GENERATION = 1_000


def room_for(users: int) -> None:
    """Have the system allow as many descriptors as these users need.

    Raises:
        BadOption: it does not allow that many.
    """
    wanted = users * DESCRIPTORS_PER_USER + _OWN_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    if hard != resource.RLIM_INFINITY and hard < wanted:
        most = (hard - _OWN_DESCRIPTORS) // DESCRIPTORS_PER_USER
        raise BadOption(
            "--users",
            f"{users} users need {wanted} open files, and this system allows {hard}: {most} users",
            hint="raise it with ulimit -n, or spread the users over more processes",
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextmanager
def quick_interpreter() -> Iterator[None]:
    """Let no helper thread and no collector hold up what is due; afterwards all is as it was.

    A thread that computes gives way after half a millisecond instead of five. What there is already is
    never looked at by the collector again, and what lives long only seldom: a look at all objects of a
    thousand sessions takes tens of milliseconds.
    """
    before_s, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(_SWITCH_S)
    gc.collect()
    gc.freeze()
    gc.set_threshold(thresholds[0], thresholds[1], _OLD_GENERATION)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
        sys.setswitchinterval(before_s)
