"""For other people's tests: a pretend service that remembers, and an archive for one test.

With pytest, the fixtures ``ums_simulator`` and ``ums_archive`` are there once this package is installed::

    def test_my_bot_reads_what_it_is_told(ums_simulator, ums_archive):
        ums_simulator.start(agent=[{"on": "conversation", "do": [{"say": "Hello"}]}])
        my_bot.run(ums_simulator.url)
        ums_archive.keep(ums_simulator)
        (message,) = ums_archive.messages()
        assert message.status == "read"

Everything of it works without pytest too. Knows nothing of the programs it helps to test.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .archive import ArchiveForATest
    from .service import PretendService, Said

# Loaded when first asked for: the plugin is imported by pytests that never use it.
_HOMES = {"ArchiveForATest": "archive", "PretendService": "service", "Said": "service"}

__all__ = ["ArchiveForATest", "PretendService", "Said"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
