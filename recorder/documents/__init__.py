"""Read YAML files that people write: strictly, with the line of every value, and check them against models.

Refused, with the line: duplicate keys, tags, merge keys, a second document, aliases that expand into
millions of values. Plain scalars stay text (``yes``, ``on``, ``12:30``, ``2024-01-01``, ``007``) except
``true``, ``false``, ``null`` and numbers in JSON's notation.

Knows nothing of scripts or simulators: their models are arguments of ``validate``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recorder.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from .document import Document as Document
    from .document import ValuePath as ValuePath
    from .durations import DelayDistribution as DelayDistribution
    from .durations import Duration as Duration
    from .durations import parse_duration as parse_duration
    from .error_text import DEFERRED_REFERENCE as DEFERRED_REFERENCE
    from .error_text import restore_references as restore_references
    from .error_text import unknown as unknown
    from .problems import Problems as Problems
    from .reading import TooLarge as TooLarge
    from .reading import read_document as read_document
    from .validation import validate as validate
    from .variables import substitute as substitute
    from .variables import substitute_known as substitute_known
    from .variables import unset_variables as unset_variables
else:
    __getattr__ = lazy_exports(__name__)
