"""Files that are read: what to try where one is missing."""

from __future__ import annotations

from pathlib import Path

SAMPLES = "samples"
"""The directory in which help texts and the guide expect the samples."""


def missing_file_hint(file: Path | str) -> str | None:
    """How to get the samples, where a file of ``samples/`` is not there; None: nothing is known of it."""
    path = Path(file)
    if path.parts[:1] != (SAMPLES,) or path.exists():
        return None
    return f"recorder samples --all {SAMPLES} writes the samples there"
