"""For other people's tests: a pretend service that keeps all payloads, and an archive for one test.

With pytest, the fixtures ``ums_simulator`` and ``ums_archive`` are there once this package is installed::

    def test_my_bot_reads_what_it_is_told(ums_simulator, ums_archive):
        ums_simulator.start(agent=[{"on": "conversation", "do": [{"say": "Hello"}]}])
        my_bot.run(ums_simulator.url)
        ums_archive.keep(ums_simulator)
        (message,) = ums_archive.messages()
        assert message.status == "read"

Everything works without pytest too. Knows nothing of the programs it helps to test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recorder.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from .archive import ArchiveForATest as ArchiveForATest
    from .service import ObservedPayload as ObservedPayload
    from .service import PretendService as PretendService
else:
    __getattr__ = lazy_exports(__name__)
