"""Who becomes stale when a fact changes."""

from __future__ import annotations

import pytest

from recorder.checks.dependencies import Dependencies, Facts, Kind, looks_of


@pytest.fixture
def dependencies():
    found = Dependencies()
    found.looks[Kind.REQUEST] = list(looks_of(0, [(Kind.REQUEST, lambda *_: ())]))
    for item in (1, 2, 3):
        found.appear(Kind.REQUEST, item)
    found.stale.clear()
    return found


def place_of(dependencies, item):
    return dependencies.items[Kind.REQUEST][item][0]


def reading(dependencies, item, read):
    dependencies.place = place_of(dependencies, item)
    read()
    dependencies.place = None


def stale(dependencies):
    return {place.item for place in dependencies.stale}


def test_who_read_a_fact_is_stale_when_it_changes_also_when_it_was_not_there(dependencies):
    facts: Facts[str, int] = Facts(dependencies)
    facts.put("a", 1)
    reading(dependencies, 1, lambda: facts.get("a"))
    reading(dependencies, 2, lambda: facts.get("b"))
    reading(dependencies, 3, lambda: "b" in facts)
    facts.put("a", 1)
    assert stale(dependencies) == set()
    facts.put("b", 2)
    assert stale(dependencies) == {2, 3}
    facts.put("a", 2)
    assert stale(dependencies) == {1, 2, 3}


def test_what_nobody_reads_makes_nobody_stale(dependencies):
    facts: Facts[str, int] = Facts(dependencies)
    facts.get("a")
    facts.put("a", 1)
    assert stale(dependencies) == set()


def test_what_waits_is_stale_when_its_clock_shows_it(dependencies):
    reading(dependencies, 1, lambda: dependencies.wait("offset", 10))
    reading(dependencies, 2, lambda: dependencies.wait("calendar", 5))
    dependencies.pass_time("offset", 9)
    assert stale(dependencies) == set()
    dependencies.pass_time("offset", 10)
    assert stale(dependencies) == {1}


def test_an_item_that_vanished_is_not_stale(dependencies):
    dependencies.touch_all()
    assert stale(dependencies) == {1, 2, 3}
    dependencies.vanish(Kind.REQUEST, 2)
    assert stale(dependencies) == {1, 3}
    assert [place.item for place in dependencies.vanished] == [2]
    dependencies.touch(Kind.REQUEST, 2)
    assert stale(dependencies) == {1, 3}
