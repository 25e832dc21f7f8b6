"""Checks on real archives: samples played against the simulator, and captures written by hand."""

from __future__ import annotations

import json

import pytest

from recorder import recipes
from recorder.checks.findings import Outcome, Severity
from recorder.errors import BadOption, ExpectationFailed, NotFound

DIALOG = "d"


def line(sender, second, **raw):
    return json.dumps({"sender": sender, "at": f"2024-01-01T00:00:{second:06.3f}Z", "text": json.dumps(raw)})


def publish(second, id, **event):
    return line(
        "client", second, kind="req", id=id, type="ms.PublishEvent", body={"dialogId": DIALOG, "event": event}
    )


def answered(second, id, sequence=None, code=200):
    body = {} if sequence is None else {"sequence": sequence}
    return line(
        "service", second, kind="resp", reqId=id, code=code, body=body, type="ms.PublishEventResponse"
    )


def told(second, sequence, by, **event):
    change = {"sequence": sequence, "dialogId": DIALOG, "originatorId": by, "event": event,
              "serverTimestamp": 1_704_067_200_000 + round(second * 1000)}  # fmt: skip
    return line(
        "service",
        second,
        kind="notification",
        type="ms.MessagingEventNotification",
        body={"changes": [change]},
    )


def text(message):
    return {"type": "ContentEvent", "contentType": "text/plain", "message": message}


def receipt(status, *sequences):
    return {"type": "AcceptStatusEvent", "status": status, "sequenceList": list(sequences)}


HAND_WRITTEN = [
    publish(0, "1", **text("hello")),
    answered(0.1, "1", 0),
    told(0.1, 0, "me", **text("hello")),
    told(1, 1, "agent", **receipt("READ", 0)),
    told(2, 2, "agent", **text("hi")),
    publish(3, "2", **receipt("READ")),  # an empty list
    answered(3.1, "2", code=400),
    publish(4, "3", **receipt("READ", 2)),
    answered(4.1, "3", 3),
    told(4.1, 3, "me", **receipt("READ", 2)),
    publish(5, "4", **receipt("READ", 2)),
    answered(5.1, "4", 4),
    told(5.1, 4, "me", **receipt("READ", 2)),
    told(59, 5, "agent", **text("still there?")),
]


@pytest.fixture
def written(archive, tmp_path):
    capture = tmp_path / "hand.jsonl"
    capture.write_text("\n".join(HAND_WRITTEN))
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        recipes.import_capture(opened, capture, name="by hand")
    with recipes.open_archive(archive) as reading:
        yield reading


def violated(findings):
    return {finding.rule for finding in findings if finding.outcome is Outcome.VIOLATED}


@pytest.mark.parametrize(
    "sample", ["slow-reader", "read-without-accept", "unread-message", "tutorial-conversation"]
)
def test_the_samples_check_clean(archive, samples, sample):
    recipes.replay(samples / f"{sample}.yaml", archive=archive)
    with recipes.open_archive(archive) as opened:
        checked = recipes.checked(opened, "last")
    checked.raise_if_failed()
    graver = {finding.rule for finding in checked.findings if finding.severity is not Severity.INFO}
    assert not violated(checked.findings) & graver
    assert sum(finding.outcome is Outcome.SATISFIED for finding in checked.findings) > 25


def test_the_tutorial_by_hand_has_no_error(archive, samples):
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        recipes.import_capture(opened, samples / "tutorial.jsonl")
        checked = recipes.checked(opened, "last")
    checked.raise_if_failed()
    assert violated(checked.findings) == {"request-id-reused"}


def test_a_capture_written_by_hand(written):
    findings = recipes.check(written, "by hand")
    assert violated(findings) == {
        "malformed-sequence-list", "error-answer", "duplicate-receipt", "read-without-accept",
    }  # fmt: skip
    (duplicate,) = (f for f in findings if f.rule == "duplicate-receipt" and f.outcome is Outcome.VIOLATED)
    assert (duplicate.dialog, duplicate.sequence, duplicate.frames) == (DIALOG, 2, (8, 11))


def test_a_violated_error_rule_raises(written):
    checked = recipes.checked(written, "last", accept_within="500ms", rule=["late-accept", "late-read"])
    assert [f.sequence for f in checked.findings if f.outcome is Outcome.VIOLATED] == [0, 2]
    assert [f.sequence for f in checked.findings if f.outcome is Outcome.NOT_OBSERVABLE] == [5]
    with pytest.raises(ExpectationFailed, match="1 rule of severity error violated: late-accept") as failed:
        checked.raise_if_failed()
    assert failed.value.exit_code == 3
    recipes.checked(written, "last", accept_within="3s", rule=["late-accept"]).raise_if_failed()
    recipes.checked(
        written, "last", accept_within="500ms", rule=["late-accept"], levels={"late-accept": None}
    ).raise_if_failed()


def test_as_of_a_frame_nothing_later_counts(written):
    assert "duplicate-receipt" in violated(recipes.check(written, "last", at="#11"))
    assert "duplicate-receipt" not in violated(recipes.check(written, "last", at="#10"))
    assert "malformed-sequence-list" not in violated(recipes.check(written, "last", at="#5"))
    (waiting,) = recipes.check(written, "last", at="#1", rule=["request-unanswered"])
    assert waiting.outcome is Outcome.NOT_OBSERVABLE
    assert "the recording goes on" in waiting.sentence


def test_as_of_the_last_frame_is_now(written):
    frames = written.find_session("last").frames
    assert recipes.check(written, "last", at=f"#{frames}") == recipes.check(written, "last")


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"rule": ["duplicate-receit"]}, 'unknown rule "duplicate-receit" .did you mean "duplicate-receipt"'),
        ({"levels": {"x": None}}, 'unknown rule "x"'),
        ({"read_within": "soon"}, "--read-within"),
        ({"accept_within": "2"}, "--accept-within"),
        ({"min_read": "-1s"}, "--min-read"),
    ],
)
def test_unusable_options_are_named_in_the_error(written, how, says):
    with pytest.raises(BadOption, match=says):
        recipes.check(written, "last", **how)


def test_an_unknown_session_is_not_found(written):
    with pytest.raises(NotFound):
        recipes.check(written, "nonsense")


def test_levels_as_people_type_them():
    levels = recipes.levels_of(
        error=["never-read"], warn=["error-answer"], off=["undescribed", "undescribed"]
    )
    assert levels == {"never-read": Severity.ERROR, "error-answer": Severity.WARNING, "undescribed": None}
    with pytest.raises(BadOption, match="--off: rule never-read is given another severity"):
        recipes.levels_of(error=["never-read"], off=["never-read"])
    with pytest.raises(BadOption, match="--warn"):
        recipes.levels_of(warn=["nonsense"])


def test_rules_are_explained_one_or_all():
    assert [rule.id for rule in recipes.explained("auth-close")] == ["auth-close"]
    assert len(recipes.explained("all")) > 30
    with pytest.raises(BadOption, match="--explain"):
        recipes.explained("nonsense")


STRANGE = [
    pytest.param('{"kind":"notification","kind":"notification","type":"GetClock"}', id="a key twice"),
    pytest.param('{"kind":"req","id":"\\ud83d","type":"GetClock"}', id="half a character"),
    *(pytest.param(text, id=f"scalar {text}") for text in ("17", "null", '"x"', "[]", "true")),
    pytest.param("nope", id="no JSON"),
    pytest.param("", id="nothing"),
    pytest.param("[" * 3_000, id="too deep"),
    pytest.param('{"kind":"resp","reqId":"1"}', id="an answer without a code"),
    pytest.param('{"kind":"notification","type":"ms.MessagingEventNotification","body":7}', id="no body"),
    pytest.param(json.dumps({"kind": "notification", "type": "ms.MessagingEventNotification", "body": {
        "changes": [{"sequence": 10**30, "dialogId": "d", "originatorId": "a", "event": text("x")}]}}),
        id="a number beyond 64 bits"),
    pytest.param(json.dumps({"kind": "notification", "type": "ms.MessagingEventNotification", "body": {
        "changes": [{"sequence": 1, "dialogId": "d", "event": text("x")}]}}), id="nobody wrote it"),
    pytest.param(json.dumps({"kind": "notification", "type": "ms.MessagingEventNotification", "body": {
        "changes": [{"sequence": 1, "dialogId": "d", "originatorId": "a", "event": text(9)}]}}),
        id="no text"),
]  # fmt: skip


@pytest.mark.parametrize("payload", STRANGE)
def test_everything_strange_in_a_capture_becomes_a_finding_with_its_frame(archive, tmp_path, payload):
    capture = tmp_path / "strange.jsonl"
    clock = {"kind": "req", "id": "1", "type": "GetClock"}
    heard = json.dumps({"sender": "client" if '"req"' in payload else "service", "text": payload})
    capture.write_text(f"{line('client', 0, **clock)}\n{heard}\n")
    with recipes.open_archive(archive, mode="write", create=True) as opened:
        recipes.import_capture(opened, capture)
        found = [f for f in recipes.check(opened, "last") if f.outcome is Outcome.VIOLATED]
    assert any(2 in finding.frames for finding in found)


def test_an_unknown_keyword_argument_of_check_is_a_type_error(written):
    with pytest.raises(TypeError, match="read_in"):
        recipes.check(written, "last", read_in="2s")
