"""Steps that plan receipts: lists, with, never, again."""

from __future__ import annotations

import pytest

from recorder.replay.run.actions import CloseConnection

OPEN = "steps:\n- open_conversation:\n"
TWO = OPEN + "- await: {as: one}\n- await: {as: two}\n"


def receipt_in(envelope):
    event = envelope["body"]["event"]
    return event["status"], event["sequenceList"]


def results(driver):
    return driver.player.outcome().results


@pytest.fixture
def heard(manual_driver, notification, text):
    """One and two are heard at 0s and 1s, as #4 and #5; then come these steps."""

    def heard(steps: str, *, rule: str = "") -> object:
        driver = manual_driver(f"{rule}\n{TWO}{steps}\n- wait: 60s\n")
        driver.open()
        driver.receive(notification(text(4, "a")))
        driver.advance_to(1.0)
        driver.receive(notification(text(5, "b")))
        return driver

    return heard


def test_a_list_of_messages_is_one_receipt_after_the_last_of_them(heard):
    driver = heard("- read: {message: [two, one], after: 3s}")
    driver.advance_to(4.0)
    assert receipt_in(driver.send()) == ("READ", [5, 4])
    sent = [(one.sequence, one.due_s, one.step) for one in driver.player.outcome().receipts]
    assert sent == [(5, 4.0, 4), (4, 4.0, 4)]
    driver.advance_to(60.0)


def test_what_is_given_already_is_left_out_of_a_list(heard):
    driver = heard("- read: one\n- wait: 1s\n- read: [one, two]")
    assert receipt_in(driver.send()) == ("READ", [4])
    driver.advance_to(2.0)
    assert receipt_in(driver.send()) == ("READ", [5])


def test_a_list_over_two_dialogs_is_two_receipts(manual_driver, notification, text):
    driver = manual_driver(TWO + "- read: [one, two]\n- wait: 1s")
    driver.open()
    driver.receive(notification(text(4, "a"), text(5, "b", dialog="survey")))
    assert [receipt_in(driver.send()), receipt_in(driver.send())] == [("READ", [4]), ("READ", [5])]


def test_never_holds_for_all_of_a_list(heard):
    driver = heard("- read: {message: [one, two], after: never}", rule="receipts: {read: 10s}")
    driver.advance_to(60.0)


@pytest.mark.parametrize(
    "steps",
    [
        "- read: {message: one, with: two}\n- read: {message: two, after: 3s}",
        "- read: {message: two, after: 3s}\n- read: {message: one, with: two}",
    ],
    ids=["before", "after"],
)
def test_with_is_in_the_frame_of_the_other_one_whichever_is_planned_first(heard, steps):
    driver = heard(steps, rule="receipts: {read: 2s}")
    driver.advance_to(4.0)
    assert receipt_in(driver.send()) == ("READ", [5, 4])
    driver.advance_to(60.0)


def test_with_a_receipt_of_the_rule_leaves_when_the_rule_says(manual_driver, notification, text):
    driver = manual_driver(
        "receipts: {read: 5s}\n" + OPEN + "- await: {as: one}\n- await:\n"
        "- read: {message: one, with: last_received}\n- wait: 60s\n"
    )
    driver.open()
    driver.receive(notification(text(4, "a"), text(5, "b")))
    driver.advance_to(5.0)
    assert receipt_in(driver.send()) == ("READ", [5, 4])


def test_with_one_that_is_given_already_goes_out_now(heard):
    driver = heard("- read: two\n- wait: 5s\n- read: {message: one, with: two}")
    assert receipt_in(driver.send()) == ("READ", [5])
    driver.advance_to(6.0)
    assert receipt_in(driver.send()) == ("READ", [4])


def test_with_one_that_never_goes_out_fails_its_step_at_the_end(manual_driver, notification, text):
    driver = manual_driver(TWO + "- read: {message: one, with: two}\n")
    driver.open()
    driver.receive(notification(text(4, "a"), text(5, "b")))
    assert driver.next() == CloseConnection()
    assert results(driver)[3].sentence == "READ for #4 was to go out with that for #5, which never went out"
    assert not driver.player.outcome().passed


def test_two_that_wait_for_each_other_are_refused(heard):
    driver = heard("- read: {message: one, with: two}\n- read: {message: two, with: one}")
    driver.next()
    assert "neither would ever go out" in results(driver)[4].sentence


def test_with_one_of_another_dialog_is_refused(manual_driver, notification, text):
    driver = manual_driver(TWO + "- read: {message: one, with: two}\n")
    driver.open()
    driver.receive(notification(text(4, "a"), text(5, "b", dialog="survey")))
    driver.next()
    assert "a frame holds receipts of one dialog" in results(driver)[3].sentence


def test_metadata_goes_beside_a_receipt(heard):
    driver = heard("- receipt: {status: ACTION, message: one, metadata: [{type: ExternalId, id: '7'}]}")
    assert driver.send()["metadata"] == [{"type": "ExternalId", "id": "7"}]


def test_a_delay_that_varies_is_drawn_from_the_seed(manual_driver, notification, text):
    def due(seed: int) -> list[float]:
        driver = manual_driver("receipts: {read: 1s..9s}\n" + OPEN + "- wait: 60s\n", seed=seed)
        driver.open()
        driver.receive(notification(text(4, "a"), text(5, "b")))
        for _ in range(2):
            driver.now_s = driver.next().at_s
            driver.send()
        assert driver.player.outcome().seed == seed
        return [one.due_s for one in driver.player.outcome().receipts]

    assert due(1) == due(1) != due(2)
    assert all(1 <= at_s <= 9 for at_s in due(1))


def test_a_batch_waits_for_the_end_of_its_span(manual_driver, notification, text):
    driver = manual_driver("receipts: {accept: 0, read: 1s, batch: 2s}\n" + OPEN + "- wait: 60s\n")
    driver.open()
    driver.receive(notification(text(4, "a")))
    driver.advance_to(1.5)
    driver.receive(notification(text(5, "b"), text(6, "c", dialog="survey")))
    driver.advance_to(2.0)
    assert receipt_in(driver.send()) == ("ACCEPT", [4, 5])
    driver.advance_to(3.0)
    assert receipt_in(driver.send()) == ("READ", [4, 5])
    driver.advance_to(3.5)
    assert receipt_in(driver.send()) == ("ACCEPT", [6])
    driver.advance_to(4.5)
    assert receipt_in(driver.send()) == ("READ", [6])
    driver.advance_to(60.0)


def test_what_a_step_asks_for_waits_for_no_batch(heard):
    driver = heard("- read: {message: one, after: 3s}", rule="receipts: {read: 2s, batch: 30s}")
    driver.advance_to(3.0)
    assert receipt_in(driver.send()) == ("READ", [4])


VARYING = """
receipts: {accept: 0s..1s, read: 2s ± 1s, batch: 500ms}
steps:
- open_conversation:
- await: {as: it}
- read: {message: it, after: 1s..5s}
- wait: 1s..2s
- say: hi
- wait: 20s
agent:
- on: conversation
  do: [{say: a}, {say: b, after: 300ms}]
- on: message
  do: [{say: c}]
"""


def test_the_same_seed_sends_the_same_bytes_at_the_same_times(play):
    assert play(VARYING, seed=7).line.log == play(VARYING, seed=7).line.log
    assert play(VARYING, seed=7).line.log != play(VARYING, seed=8).line.log
