"""A YAML document a person wrote: read strictly, every value with its line.

What YAML lets through and people do not mean is refused with the line and in plain words: a key given
twice, tags, a second document, documents that unfold into millions of values. Plain words stay text
(``yes``, ``on``, ``12:30``, ``2024-01-01``, ``007``); only ``true``, ``false``, ``null`` and numbers as
JSON writes them are anything else.

Knows nothing of scripts or simulators: those are the models that ``validate`` is given.
"""

from __future__ import annotations

from .document import Document, Path
from .durations import Delay, Duration, parse_duration
from .error_text import LATER, unknown, with_references
from .reading import read_document
from .validation import validate
from .variables import substitute

__all__ = [
    "LATER",
    "Delay",
    "Document",
    "Duration",
    "Path",
    "parse_duration",
    "read_document",
    "substitute",
    "unknown",
    "validate",
    "with_references",
]
