"""Programs that inject faults, each of them usable by hand as well as from a test.

=================  ===================================================================================
``faulty_io``      a program whose n-th write or sync fails, or kills it, or whose disk is full at N KB
``storing``        a small session, stored under each of many faults: what came of it
``outside_harm``   what others do to the files of an archive: cut, removed, renamed, replaced, overwritten
``leftovers``      what a killed run, a backup or a hasty hand leaves beside an archive
=================  ===================================================================================

By hand, from the folder ``tests``::

    python -m faults.tools.faulty_io --folder /tmp/here --call sync --nth 3 --error EIO -- recorder …
    python -m faults.tools.faulty_io --folder /tmp/here --room 160 -- recorder …
    python -m faults.tools.outside_harm overwritten /tmp/here/recorder.db
    python -m faults.tools.leftovers older-backup-beside-a-log /tmp/here

``--help`` of the first and ``--list`` of the others tell the rest. The long sweeps (every call, every size of
disk) run with ``RECORDER_FAULT_SWEEP=long``; without it the tests take a sample of the same points.
"""

from __future__ import annotations

import os

LONG = os.environ.get("RECORDER_FAULT_SWEEP") == "long"
"""Whether sweeps try every point instead of a sample."""


def sampled(points: range, about: int) -> list[int]:
    """All of these points with ``RECORDER_FAULT_SWEEP=long``; else some ``about`` of them, ends included."""
    if LONG or len(points) <= about:
        return list(points)
    step = max(1, len(points) // about)
    return sorted({*points[::step], points[-1]})
