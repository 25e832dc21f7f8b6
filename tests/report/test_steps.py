"""What came of a replay, for machines: an object per step, a test case per step."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from recorder.report.steps import ReceiptReport, StepReport, lateness_line, step_json, steps_junit

READ = ReceiptReport("consumer", "d", 2, "READ", 26, 2.0, 2.0001234)
STEPS = [
    StepReport(1, "say", "s.yaml", 2, "consumer", None, "ok", "frame 3", 0.0, 0.5, (READ,)),
    StepReport(
        2, "expect", "s.yaml", 3, "ben", 4, "failed", "never \x07 read", 0.5, 2.5, (), ('#1 "<hi>", sent',)
    ),
    StepReport(3, "wait", "part.yaml", 1, "consumer", None, "not reached", "", None, None),
]


def test_the_object_of_a_step_has_the_documented_keys():
    told = step_json(STEPS[0])
    assert list(told) == [
        "step", "verb", "file", "line", "consumer", "round", "outcome", "says", "began_s", "ended_s",
        "receipts", "shown",
    ]  # fmt: skip
    assert told["receipts"] == [
        {
            "consumer": "consumer", "dialog": "d", "sequence": 2, "status": "READ", "frame": 26,
            "due_s": 2.0, "sent_s": 2.000123, "late_s": 0.000123,
        }
    ]  # fmt: skip
    assert step_json(STEPS[2])["began_s"] is None


def suite_of(*args, **more):
    root = ET.fromstring(steps_junit(*args, **more))
    assert (root.tag, root.attrib) == ("testsuites", {})
    return root.find("testsuite")


def test_every_step_is_a_test_case_and_a_failure_shows_the_transcript():
    suite = suite_of("a story", "abc", STEPS)
    assert {name: suite.get(name) for name in ("tests", "failures", "skipped", "time")} == {
        "tests": "3", "failures": "1", "skipped": "1", "time": "2.5",
    }  # fmt: skip
    ok, failed, skipped = suite.iter("testcase")
    assert ok.get("time") == "0.5"
    assert len(ok) == 0
    assert failed.get("name") == "002 expect (ben, line 3, round 4)"
    assert failed.find("failure").get("message") == "never \\u0007 read"
    assert failed.findtext("failure") == 's.yaml, line 3: never \\u0007 read\n#1 "<hi>", sent'
    assert skipped.find("skipped") is not None


def test_what_steps_said_and_every_receipt_stands_in_the_output_of_the_suite():
    assert suite_of("a story", "abc", STEPS).findtext("system-out").splitlines() == [
        "001 say (consumer, line 2): frame 3",
        "001 say (consumer, line 2): READ for #2 in frame 26: planned +2.000000s, left +2.000123s",
    ]


def test_what_is_of_no_step_is_a_test_case_of_its_own():
    suite = suite_of("a story", "abc", STEPS[:1], problems=["READ for #2 was late"])
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert suite.find(".//failure").get("message") == "READ for #2 was late"


@pytest.mark.parametrize("name", ["a story", "", "\x00\x1b[2J", "x]]>"])
def test_the_xml_keeps_to_both_schemas_in_use(name):
    """One outcome for a case, nothing beside it, no attribute that one of them does not know."""
    suite = suite_of(name, "abc", STEPS, problems=["late"], started_at_us=1_487_455_441_507_000)
    assert suite.get("timestamp") == "2017-02-18T22:04:01"
    assert [child.tag for child in suite] == [
        "properties", "testcase", "testcase", "testcase", "testcase", "system-out", "system-err",
    ]  # fmt: skip
    for case in suite.iter("testcase"):
        assert set(case.attrib) == {"name", "classname", "time"}
        assert all(case.attrib.values())
        assert len(case) <= 1


def test_a_step_that_was_stopped_is_an_error_and_the_rest_is_skipped():
    """Not a failure: nothing was found wrong. Not skipped: the run would pass for a green one."""
    stopped = STEPS[1]._replace(outcome="stopped", sentence="stopped from outside")
    suite = suite_of("a story", "abc", [STEPS[0], stopped, STEPS[2]], cut_short="stopped from outside")
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "3", "failures": "0", "errors": "1", "skipped": "1",
    }  # fmt: skip
    assert suite.find(".//error").get("message") == "stopped from outside"
    assert suite.findtext(".//error").endswith('#1 "<hi>", sent')


def test_what_cut_it_short_between_two_steps_is_an_error_of_its_own():
    suite = suite_of("a story", "abc", STEPS[:1], cut_short="the disk is full")
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "0", "1")
    assert suite.find(".//error").get("message") == "the disk is full"


def test_how_late_receipts_left_is_one_line():
    assert lateness_line(6, 0.00021, 0.00034, 0.00034) == (
        "6 planned receipts left 0.21 ms (p50), 0.34 ms (p99) after their time, 0.34 ms at most"
    )
    assert lateness_line(1, 0, 0, 0).startswith("1 planned receipt left")
