"""recorder: record, explain and replay sessions of LivePerson's Messaging Window API.

Bytes come in on the left; what people read goes out on the right::

    capture  ─┐                              ┌─ receipts ─┬─ report
    formats  ─┼─ wire ─ redaction ─ store ─ messaging     checks
    replay   ─┘                     │                     │
    simulator                       └─ projection ─ recipes ─ cli

* Below everything: ``errors`` (all errors, with exit codes), ``clock`` (the only module that reads the time),
  ``documents`` (YAML with line numbers), ``runtime`` (waiting on descriptors, threads, GC pauses),
  ``lazy_exports`` (public names that load their module on first use), ``load_summary`` (load figures),
  ``counted`` (how many of something, in words).
* The core, pure: ``wire`` turns bytes into frames, ``redaction`` replaces secrets, ``messaging`` payloads
  into events, ``receipts`` folds events into who accepted and read what, ``checks`` judges the result.
  Start reading at ``receipts/fold.py``.
* With I/O, none importing another: ``capture`` (live connections), ``formats`` (files), ``store`` (the
  archive: frames in, frames out), ``replay`` (scripted consumers), ``simulator`` (a simulated LivePerson
  service), ``report`` (JSON and tables).
* ``projection`` stands on ``store`` and the core: frames to events to transcript to derived tables.
* ``recipes`` combines them and is the library's API; ``cli`` parses, calls a recipe, prints; ``tui`` is the
  screen of ``recorder watch``; ``testing`` has fixtures for the tests of other people's bots, ``contrib``
  bridges to other programs.

From Python, begin with ``from recorder import recipes``. The names below load their module when
they are first used, so that importing the package is fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recorder.lazy_exports import lazy_exports

__version__ = "0.1.0"

if TYPE_CHECKING:
    from recorder.errors import RecorderError as RecorderError
    from recorder.receipts.fold import fold as fold
    from recorder.receipts.queries import MessageView as MessageView
    from recorder.receipts.queries import ReceiptView as ReceiptView
    from recorder.receipts.queries import view as view
    from recorder.receipts.state import Transcript as Transcript
else:
    __getattr__ = lazy_exports(__name__)
