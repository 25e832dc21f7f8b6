"""An archive in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture
def archive(tmp_path: Path) -> str:
    return str(tmp_path / "archive.db")


@pytest.fixture
def samples() -> Path:
    return SAMPLES
