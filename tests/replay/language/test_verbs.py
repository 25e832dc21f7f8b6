"""What may stand after the colon of a step."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from recorder.documents import Duration
from recorder.replay.language.script import load
from recorder.replay.language.verb_model import ANSWER_WITHIN
from recorder.replay.language.verbs import (
    CHAT_STATES,
    EXPANDED_VERBS,
    VERBS,
    AcceptVerb,
    AwaitVerb,
    ExpectVerb,
    IncludeVerb,
    OpenConversationVerb,
    ReadVerb,
    ReceiptVerb,
    RepeatVerb,
    SayVerb,
    SendFileVerb,
    SubscribeVerb,
    TypeVerb,
    WaitVerb,
)


def arguments_of(step: str):
    return load(f"steps:\n- wait: 1s\n- {step}", file="s.yaml", variables={}).steps[1].arguments


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("say: hi", "say: {text: hi}"),
        ("wait: 2s", "wait: {duration: 2s}"),
        ("type: composing", "type: {state: COMPOSING}"),
        ("type:", "type: {state: COMPOSING}"),
        ("read:", "read: {message: last_received}"),
        ("read: 3", "read: {message: 3}"),
        ("accept: last_sent", "accept: {message: last_sent}"),
        ("subscribe:", "subscribe: {dialog: main, from_sequence: 0}"),
        ("subscribe: conversations", "subscribe: {dialog: conversations}"),
        ("await:", "await: {message: {}}"),
        ("open_conversation", "open_conversation:"),
        ("close_dialog: x", "close_dialog: {dialog: x}"),
    ],
)
def test_the_short_form_means_the_long_one(short, long):
    assert arguments_of(short) == arguments_of(long)


def test_within_defaults_to_ten_seconds():
    assert arguments_of("await:").within == ANSWER_WITHIN == 10.0
    assert arguments_of("expect: {message: last_sent, status: read}").within == 10.0
    assert arguments_of("await: {within: 1m}").within == 60.0


@pytest.mark.parametrize(
    ("expect", "expects_failure"),
    [
        ("expect: {answer: 429}", True),
        ("expect: {message: last_sent, status: failed}", True),
        ("expect: {message: last_sent, status: unknown}", True),
        ("expect: {message: last_sent, status: pending}", True),
        ("expect: {message: last_sent, status: read}", False),
        ("expect: {message: last_sent, receipt: {status: ACTION, by: agent}}", False),
    ],
)
def test_an_expectation_knows_whether_it_is_about_a_failure(expect, expects_failure):
    assert arguments_of(expect).expects_failure is expects_failure


def test_a_raw_envelope_may_hold_anything():
    assert arguments_of("send: {kind: req, type: x, body: [1, {a: null}]}").envelope == {
        "kind": "req",
        "type": "x",
        "body": [1, {"a": None}],
    }
    assert arguments_of("send: 'not even JSON'").envelope == "not even JSON"


def test_verb_models_are_frozen():
    for says in (arguments_of("say: a"), arguments_of("await:"), arguments_of("wait: 1s")):
        field = next(iter(type(says).model_fields))
        with pytest.raises(ValueError, match="frozen"):
            setattr(says, field, None)


def test_the_verb_table_is_complete():
    asked = """open_conversation subscribe say send_file type accept read receipt await expect wait keep_alive
        send send_frame disconnect reconnect rate close_dialog close_conversation repeat include"""
    assert set(asked.split()) == {*VERBS, *EXPANDED_VERBS}
    assert (VERBS["say"], VERBS["type"], VERBS["read"]) == (SayVerb, TypeVerb, ReadVerb)
    assert (VERBS["await"], VERBS["expect"], VERBS["wait"]) == (AwaitVerb, ExpectVerb, WaitVerb)


# --- repeat and include ---


@pytest.mark.parametrize(("times", "read"), [(3, 3), ("3", 3), (0, 0), ("007", 7)])
def test_times_may_come_from_a_variable(times, read):
    assert RepeatVerb.model_validate({"times": times, "steps": ["await"]}).times == read


@pytest.mark.parametrize("times", [-1, "x", 1.5, True, 1_000_001, "", "-1", "\u0663"])
def test_times_is_a_number(times):
    with pytest.raises(ValidationError):
        RepeatVerb.model_validate({"times": times, "steps": ["await"]})


def test_repeat_and_include_need_content():
    assert IncludeVerb.model_validate("a.yaml").file == "a.yaml"
    for verb, given in ((RepeatVerb, {"times": 1, "steps": []}), (IncludeVerb, ""), (IncludeVerb, None)):
        with pytest.raises(ValidationError):
            verb.model_validate(given)


def test_missing_arguments_have_defaults():
    assert OpenConversationVerb.model_validate(None).within == 10.0
    assert SubscribeVerb.model_validate(None).dialog == "main"
    assert SubscribeVerb.model_validate({"from_sequence": "last"}).from_sequence == "last"
    assert SayVerb.model_validate("hi").dialog is None


@pytest.mark.parametrize("state", CHAT_STATES)
def test_chat_states_may_be_lower_case(state):
    assert TypeVerb.model_validate(state.lower()).state == state


def test_send_file_checks_name_and_type():
    assert SendFileVerb.model_validate("a.png").file == "a.png"
    assert SendFileVerb.model_validate({"file": "a", "type": "image/png"}).type == "image/png"
    for wrong in (None, "", {"file": "a", "type": "png"}):
        with pytest.raises(ValidationError):
            SendFileVerb.model_validate(wrong)


def test_receipt_verbs_take_one_message_or_a_list():
    assert ReadVerb.model_validate("a").messages == ("a",)
    assert ReadVerb.model_validate(["a", 3]).messages == ("a", 3)
    assert AcceptVerb.model_validate(None).messages == ("last_received",)
    assert ReceiptVerb.model_validate({"status": "nack", "message": [1, 2]}).messages == (1, 2)


def test_receipt_delays_may_be_random_or_never():
    assert ReadVerb.model_validate({"after": "never"}).after == "never"
    assert ReadVerb.model_validate({"after": "2s"}).after == Duration(2)
    assert ReadVerb.model_validate({"after": "1s..2s"}).after.bounds_s[1] == 2.0
    assert ReceiptVerb.model_validate({"status": "READ", "after": "1s ± 1s"}).after.bounds_s[0] == 0.0


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"with": "b", "after": "1s"}, "both say when"),
        ({"message": ["a", "b"], "with": "b"}, "with itself"),
        ({"message": []}, "the list of messages is empty"),
    ],
)
def test_contradicting_receipt_arguments_are_refused(given, says):
    with pytest.raises(ValidationError, match=says):
        AcceptVerb.model_validate(given)
    assert AcceptVerb.model_validate({"message": "a", "with": "b"}).with_ == "b"
