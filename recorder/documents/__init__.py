"""Read YAML files that people write: strictly, with the line of every value, and check them against models.

Refused, with the line: duplicate keys, tags, merge keys, a second document, aliases that expand into
millions of values. Plain scalars stay text (``yes``, ``on``, ``12:30``, ``2024-01-01``, ``007``) except
``true``, ``false``, ``null`` and numbers in JSON's notation.

Knows nothing of scripts or simulators: their models are arguments of ``validate``.
"""

from __future__ import annotations

from .document import Document, ValuePath
from .durations import DelayDistribution, Duration, parse_duration
from .error_text import DEFERRED_REFERENCE, restore_references, unknown
from .reading import read_document
from .validation import validate
from .variables import substitute, unset_variables

__all__ = [
    "DEFERRED_REFERENCE",
    "DelayDistribution",
    "Document",
    "Duration",
    "ValuePath",
    "parse_duration",
    "read_document",
    "restore_references",
    "substitute",
    "unknown",
    "unset_variables",
    "validate",
]
