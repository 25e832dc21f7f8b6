"""Descriptors and the interpreter."""

from __future__ import annotations

import gc
import resource
import sys

import pytest

from recorder.errors import BadOption
from recorder.recipes.load.limits import quick_interpreter, room_for


@pytest.fixture
def limits():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield before
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_limit_is_raised_as_far_as_needed(limits):
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, limits[1]))
    room_for(200)
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= 800


def test_a_limit_that_is_high_enough_is_left_alone(limits):
    room_for(1)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == limits


def test_more_users_than_the_system_has_descriptors_for_are_refused(limits):
    if limits[1] == resource.RLIM_INFINITY:
        pytest.skip("this system has no limit")
    with pytest.raises(BadOption, match=r"need \d+ open files, and this system allows"):
        room_for(limits[1])


def test_the_interpreter_is_as_it_was_afterwards():
    before = (sys.getswitchinterval(), gc.get_threshold(), gc.get_freeze_count())
    with quick_interpreter():
        assert sys.getswitchinterval() < before[0]
        assert gc.get_threshold()[2] > before[1][2]
    assert (sys.getswitchinterval(), gc.get_threshold(), gc.get_freeze_count()) == before
