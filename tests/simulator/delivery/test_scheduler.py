"""The service's calendar."""

from hypothesis import given
from hypothesis import strategies as st

from recorder.simulator.delivery.scheduler import Agenda


@given(st.lists(st.integers(0, 5)))
def test_tasks_run_by_due_time_and_then_in_the_order_they_were_entered(dues):
    """Two answers due together go out in the order of the script."""
    agenda, ran = Agenda(), []
    for place, due_s in enumerate(dues):
        agenda.enter(due_s, lambda now_s, key=(due_s, place): ran.append(key))
    agenda.run_due(5.0)
    assert ran == sorted(ran)
    assert len(ran) == len(dues)


def test_nothing_runs_before_it_is_due():
    agenda, ran = Agenda(), []
    agenda.enter(2.0, ran.append)
    agenda.run_due(1.999)
    assert (ran, agenda.next_due_s()) == ([], 2.0)
    agenda.run_due(2.0)
    assert (ran, agenda.next_due_s()) == ([2.0], None)


def test_what_a_task_enters_for_now_runs_now():
    agenda, ran = Agenda(), []
    agenda.enter(1.0, lambda now_s: agenda.enter(now_s, ran.append))
    agenda.run_due(1.5)
    assert ran == [1.5]
