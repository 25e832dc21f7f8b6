"""recorder: record, explain and replay sessions of LivePerson's Messaging Window API.

The map. Bytes come in on the left; what people read goes out on the right::

    capture  ─┐                              ┌─ receipts ─┬─ report
    formats  ─┼─ wire ─ redaction ─ store ─ messaging     checks
    replay   ─┘                     │                     │
    simulator                       └─ projection ─ recipes ─ cli

* ``errors``, ``clock``, ``documents``, ``runtime``: every error a user can meet; the only module that knows
  the time; YAML as people write it, with the line of everything; waiting on descriptors, threads, GC pauses.
  ``lazy_exports``: public names that load their module when first used. ``load_summary``: results of a load
  run.
* The core, pure: ``wire`` turns bytes into frames, ``redaction`` blanks secrets, ``messaging`` turns payloads
  into events, ``receipts`` folds events into who accepted and read what, ``checks`` judges the result.
  Start reading at ``receipts/fold.py``.
* The rooms, each with its own I/O, none knowing another: ``capture`` (live connections), ``formats`` (files),
  ``store`` (the archive: frames in, frames out), ``replay`` (scripted consumers), ``simulator`` (a pretend
  LivePerson), ``report`` (JSON and tables).
* ``projection`` stands on ``store`` and the core: frames to events to transcript to derived tables.
* ``recipes`` puts the rooms together and is the library's front door; ``cli`` parses, calls a recipe, prints;
  ``testing`` has fixtures for the tests of other people's bots, ``contrib`` bridges to other programs.

From Python, begin with ``from recorder import recipes``. The names below are loaded when they are first
used, so that importing the package costs nothing.
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
