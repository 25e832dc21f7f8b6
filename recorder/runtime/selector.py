"""A way for an event loop to wait that ends on time.

epoll counts in milliseconds and rounds up: a receipt due in 0.2 ms goes out a millisecond late. select
counts in microseconds but knows no descriptor above 1 023. An epoll descriptor can itself be selected.
"""

from __future__ import annotations

import select
import selectors
import sys

HIGHEST_SELECTABLE = 1023

if sys.platform == "linux":

    class _PunctualEpoll(selectors.EpollSelector):
        def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
            if timeout is not None and timeout > 0 and self.fileno() <= HIGHEST_SELECTABLE:
                select.select([self.fileno()], [], [], timeout)
                timeout = 0
            return super().select(timeout)

    def punctual_selector() -> selectors.BaseSelector:
        """A selector for any number of descriptors whose timeouts are exact to some microseconds."""
        return _PunctualEpoll()

else:

    def punctual_selector() -> selectors.BaseSelector:
        """The selector of this system whose timeouts are most exact."""
        return selectors.DefaultSelector()
