"""Archives to watch: of samples that were imported, and one that is recorded into meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.watching import Recording

from recorder import recipes

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture(scope="session")
def imported(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An archive with two imported conversations; the last one is the tutorial's."""
    path = str(tmp_path_factory.mktemp("watched") / "imported.db")
    with recipes.open_archive(path, mode="write", create=True) as archive:
        for name in ("step-up", "tutorial"):
            recipes.import_capture(archive, SAMPLES / f"{name}.jsonl", name=name)
    return path


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Recording]:
    """A session without frames; the archive is closed after the test."""
    made = Recording(tmp_path / "live.db")
    yield made
    made.close()
