"""The numbers by which an archive tells what it is, known without loading a database library."""

from __future__ import annotations

APPLICATION_ID = 0x554D5352
"""``UMSR``: at offset 68 of every archive file, so that ``file`` and we can tell it from others."""

MODEL = "0002"
"""The schema revision whose tables are those of ``tables.py`` and ``derivedtables.py``."""

DERIVED = 2
"""Of the rules by which rows are derived. Raise it with every change that makes other rows."""
