"""Planned receipts as the page holds them."""

from __future__ import annotations

from recorder.report.session_page.plans import POINTS, planned_data, points_of
from recorder.report.session_page.states import MessagePlaces
from recorder.wire.records import ReceiptPlan

PLACES = MessagePlaces([("d", 0), ("d", 1)], [0, 0], ["d"], {("d", 0): 0, ("d", 1): 1})
PLAN = ReceiptPlan(1, "ben", 1, "d", 0, "READ", None, 2_000_000)


def test_they_stand_message_by_message():
    plans = [
        PLAN,
        PLAN._replace(number=2, sequence=7),
        PLAN._replace(number=3, frame=4, sent_offset_us=2_000_500),
    ]
    data = planned_data(plans, PLACES, 100, named=True)
    assert [(place, sequence, len(rows)) for place, sequence, rows in data["messages"]] == [
        (0, 0, 2),
        (None, 7, 1),
    ]
    assert data["messages"][0][2][1] == ["READ", None, 2_000_000, 2_000_500, 500, 4, None]
    assert (data["count"], data["sent"], data["points"]) == (3, 1, [0.0005])
    assert planned_data([], PLACES, 100, named=True) is None


def test_messages_beyond_the_most_are_counted():
    plans = [PLAN._replace(number=number, sequence=number) for number in range(1, 6)]
    data = planned_data(plans, PLACES, 2, named=True)
    assert (len(data["messages"]), data["more"]) == (2, 3)


def test_consumers_are_named_where_there_are_several_and_names_may_be_shown():
    plans = [PLAN, PLAN._replace(number=2, consumer="eve")]
    shown = [
        [row[1] for row in planned_data(plans, PLACES, 9, named=named)["messages"][0][2]]
        for named in (True, False)
    ]
    assert shown == [["ben", "eve"], ["consumer 1", "consumer 2"]]


def test_of_a_long_distribution_quantiles_are_drawn():
    assert points_of([1.0, 2.0]) == [1.0, 2.0]
    drawn = points_of([float(each) for each in range(10 * POINTS)])
    assert drawn[:3] == [0.0, 10.0, 20.0]
    assert len(drawn) == POINTS
