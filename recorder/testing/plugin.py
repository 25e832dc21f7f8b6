"""The fixtures, for every pytest of an environment in which this package is installed.

It is loaded by pytests that never use it, so it loads nothing until a fixture is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .archive import ArchiveForATest
    from .service import PretendService


@pytest.fixture
def ums_simulator() -> Iterator[PretendService]:
    """A pretend LivePerson: point a client at ``.url`` or ``.base_url``; ``.start(agent=…)`` comes before."""
    from .service import PretendService

    service = PretendService()
    try:
        yield service
    finally:
        service.stop()


@pytest.fixture
def ums_archive(tmp_path: Path) -> ArchiveForATest:
    """An empty archive: ``.keep(ums_simulator)`` or ``.record(…)``, then ``.messages()`` and ``.check()``."""
    from .archive import ArchiveForATest

    folder = tmp_path / "ums_archive"
    folder.mkdir()
    return ArchiveForATest(folder)
