"""Descriptors for many users in one process."""

from __future__ import annotations

import resource

from recorder.counted import counted
from recorder.errors import BadOption

DESCRIPTORS_PER_USER = 4
"""A socket, and while it connects two more and a look-up."""

_OWN_DESCRIPTORS = 64


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
            f"{counted(users, 'user')} would need {counted(wanted, 'open file')},"
            f" and this system allows {hard:,}: {counted(most, 'user')}",
            hint="raise it with ulimit -n, or spread the users over more processes",
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
