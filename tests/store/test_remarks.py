"""Remarks that nobody asked for."""

from __future__ import annotations

from recorder.store.remarks import silent


def test_a_remark_is_discarded(capsys):
    silent("there is something to know")
    assert capsys.readouterr() == ("", "")
