"""Adding a field to an event fails loudly in every module that was written for its present fields."""

from __future__ import annotations

from importlib.util import find_spec, module_from_spec
from pathlib import Path

import pytest

import recorder
from recorder.messaging.events import (
    ChatStateReported,
    Evidence,
    MessagePublished,
    ReceiptReported,
    check_layout,
)

ROOT = Path(recorder.__file__).parent
READERS = {
    "messaging/changes.py": (MessagePublished, ReceiptReported, ChatStateReported),
    "messaging/exchanges.py": (MessagePublished, ReceiptReported, ChatStateReported),
    "messaging/fast_dict.py": (MessagePublished, ReceiptReported, ChatStateReported, Evidence),
    "receipts/batch_fold.py": (MessagePublished, ReceiptReported, Evidence),
    "receipts/state.py": (MessagePublished,),
    "projection/parallel/columns.py": (MessagePublished, ReceiptReported, ChatStateReported, Evidence),
    "projection/derived/rows.py": (MessagePublished, ReceiptReported, Evidence),
}
"""The modules that build events by position or take them apart, and the events they do it with."""


def import_afresh(path: str) -> None:
    """Execute the module of this file once more, beside the one that is imported."""
    spec = find_spec("recorder." + path.removesuffix(".py").replace("/", "."))
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(module_from_spec(spec))


@pytest.mark.parametrize(
    ("path", "event_type"),
    [
        pytest.param(path, event_type, id=f"{path}-{event_type.__name__}")
        for path, event_types in READERS.items()
        for event_type in event_types
    ],
)
def test_a_new_field_stops_the_import_of_every_fast_path(path, event_type, monkeypatch):
    import_afresh(path)
    monkeypatch.setattr(event_type, "_fields", (*event_type._fields, "added"))
    with pytest.raises(TypeError, match=f"{event_type.__name__} has the fields .* added, this module"):
        import_afresh(path)


def test_every_module_that_knows_positions_is_listed():
    knowing = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py")
        if "check_layout(" in path.read_text("utf-8")
    }
    assert knowing == {*READERS, "messaging/events.py"}


def test_the_order_of_fields_counts():
    check_layout(ReceiptReported, " ".join(ReceiptReported._fields))
    with pytest.raises(TypeError):
        check_layout(ReceiptReported, " ".join(reversed(ReceiptReported._fields)))
