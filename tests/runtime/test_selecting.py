"""Waiting for sockets, by whichever call the machine's descriptors allow."""

from __future__ import annotations

import socket

import pytest

from recorder.runtime.selecting import readable


@pytest.fixture(params=[1024, 0], ids=["few descriptors", "many descriptors"])
def pair(request, monkeypatch):
    monkeypatch.setattr("recorder.runtime.selecting._SELECTABLE", request.param)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_only_what_can_be_read_is_returned(pair):
    ours, theirs = pair
    assert readable([ours, theirs], 0.0) == []
    theirs.send(b"x")
    assert readable([theirs, ours], None) == [ours]


def test_room_to_write_ends_the_wait_and_is_not_taken_for_news(pair):
    ours, theirs = pair
    assert readable([ours], None, writing=ours) == []
    assert readable([theirs], None, writing=ours) == []
    theirs.send(b"x")
    assert readable([ours], None, writing=ours) == [ours]
