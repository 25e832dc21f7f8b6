"""Keep the cyclic garbage collector out of the way of a fold."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the cyclic garbage collector from running; afterwards it is as it was.

    A fold makes millions of small objects and not one cycle. The collector would look at all of them
    again and again: a third of the time at 300 000 frames, and more the longer the session.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            _let_all_grow_old()
            gc.enable()


def _let_all_grow_old() -> None:
    """Move every object to the oldest generation, or the collector would look at all new ones at once."""
    if gc.get_freeze_count() == 0:  # else somebody keeps objects frozen, and unfreezing would end that
        gc.freeze()
        gc.unfreeze()
