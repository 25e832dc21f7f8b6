"""Application id, schema revision, versions of the derivation rules and of this program."""

from __future__ import annotations

from functools import cache

APPLICATION_ID = 0x554D5352
"""``UMSR``: at offset 68 of every archive file, by which ``file`` and SQLite tell it from others."""

SCHEMA_REVISION = "0007"
"""The schema revision whose tables are those of ``tables.py``."""

READABLE_REVISIONS = ("0006",)
"""Older ones that are read as they are: what they lack is looked for before it is read."""

DERIVATION_VERSION = 5
"""Of the rules by which rows are derived. Raise it with every change that makes other rows."""


@cache
def program_version() -> str:
    """Version of the installed package; "unknown" in a checkout that is not installed."""
    from importlib.metadata import PackageNotFoundError, version  # slow to import

    try:
        return version("ums-recorder")
    except PackageNotFoundError:
        return "unknown"
