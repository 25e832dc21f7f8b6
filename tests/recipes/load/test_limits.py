"""The limit of open descriptors is raised for many users, or they are refused."""

from __future__ import annotations

import resource

import pytest

from recorder.errors import BadOption
from recorder.recipes.load.limits import room_for


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
    with pytest.raises(BadOption, match=r"need [\d,]+ open files, and this system allows"):
        room_for(limits[1])
