"""Every mood: how it is said, and what our own checks make of a visit in it."""

import json

import pytest
from pydantic import ValidationError

from recorder.documents import read_document
from recorder.errors import BadOption, BadScript
from recorder.simulator import (
    DEFAULT_AGENT,
    NO_MOODS,
    Deliver,
    Moods,
    agent_from,
    moods_from,
    moods_from_options,
    read_moods,
)
from recorder.simulator.faults.config import mood_descriptions

AGENT = agent_from(
    [
        {
            "on": "message",
            "do": [
                {"accept": {"after": "1s"}},
                {"read": {"after": "2s"}},
                {"say": "Which order?", "after": "3s"},
            ],
        }
    ]
)


def converse(serve, delivered, moods, *, seed=0):
    """Two messages each, all of them accepted and read by the other side, each in its time; then the end."""
    session = serve(agent=AGENT, moods=moods_from(moods), seed=seed)
    session.ask("cqm.SubscribeExConversations")
    session.ask("cm.ConsumerRequestConversation")
    session.wait(2)
    opened = [what for _, _, what in session.received if isinstance(what, dict) and "cm." in what["type"]]
    dialog_id = opened[0]["body"]["conversationId"]
    given = set()
    for text in ("Where is my order?", "4711"):
        session.write(dialog_id, text)
        session.wait(10)
        for _, change in delivered(session, "ContentEvent"):
            if change["event"]["message"] == "Which order?" and change["sequence"] not in given:
                given.add(change["sequence"])
                session.mark(dialog_id, "ACCEPT", [change["sequence"]])
                session.wait(1)
                session.mark(dialog_id, "READ", [change["sequence"]])
                session.wait(15)
    session.close(dialog_id)
    session.wait(30)
    return session


def test_a_service_without_moods_violates_no_check(serve, delivered):
    assert converse(serve, delivered, {}).violated_rules() == set()


@pytest.mark.parametrize(
    ("moods", "rules"),
    [
        pytest.param({"read_only": True}, {"read-without-accept"}, id="read-only"),
        pytest.param({"late_receipts": "2500ms"}, {"out-of-order", "server-time-backwards"}, id="late"),
        pytest.param({"duplicated_receipts": True}, {"duplicate-receipt"}, id="given-again"),
        pytest.param({"duplicated_receipts": "same"}, set(), id="told-again-is-no-duplicate"),
        pytest.param({"reordered_receipts": True}, {"out-of-order"}, id="reordered"),
        pytest.param({"lost_receipts": True}, {"sequence-gap", "never-accepted"}, id="lost"),
        pytest.param({"lost_receipts": {"status": "READ"}}, {"sequence-gap"}, id="lost-reads"),
        pytest.param({"malformed_receipts": "empty"}, {"malformed-sequence-list"}, id="empty"),
        pytest.param({"malformed_receipts": "missing"}, {"malformed-sequence-list"}, id="missing"),
        pytest.param({"malformed_receipts": "text"}, {"malformed-sequence-list"}, id="text"),
        pytest.param({"malformed_receipts": "negative"}, {"malformed-sequence-list"}, id="negative"),
        pytest.param({"malformed_receipts": "nested"}, {"malformed-sequence-list"}, id="nested"),
        pytest.param({"malformed_receipts": "repeated"}, {"malformed-sequence-list"}, id="repeated"),
        pytest.param({"malformed_receipts": "no_status"}, {"malformed-sequence-list"}, id="no-status"),
        pytest.param({"sequence_gaps": True}, {"sequence-gap"}, id="gaps"),
        pytest.param({"scalar_sequence_list": True}, set(), id="scalar-list-is-allowed"),
        pytest.param({"scalar_changes": True}, set(), id="scalar-change-is-allowed"),
        pytest.param({"absent_changes": True}, {"malformed-envelope"}, id="absent-changes"),
        pytest.param({"absent_conversation_id": True}, set(), id="no-conversation-id"),
        pytest.param({"absent_originator_metadata": True}, set(), id="no-metadata"),
        pytest.param({"absent_last_content": True}, set(), id="no-last-content"),
        pytest.param({"unknown_fields": True}, {"undescribed"}, id="unknown-things"),
        pytest.param({"dialect": "v2"}, set(), id="v2"),
        pytest.param({"errors": {"code": 400, "event": "AcceptStatusEvent"}}, {"refused-receipt"}, id="400"),
        pytest.param(
            {"errors": [{"code": 429, "to": "PublishEvent", "event": "AcceptStatusEvent", "first": 1}]},
            {"refused-receipt"},
            id="429-once",
        ),
        pytest.param(
            {"errors": {"code": 500, "to": "UpdateConversationField"}}, {"error-answer"}, id="cannot-close"
        ),
        pytest.param({"unanswered": {"event": "AcceptStatusEvent"}}, {"unanswered-receipt"}, id="no-answer"),
        pytest.param(
            {"unanswered": "UpdateConversationField"}, {"request-unanswered"}, id="close-unanswered"
        ),
        pytest.param({"answer_delay": "1s"}, set(), id="slow-answers"),
        pytest.param({"push_delay": "0..2s"}, set(), id="jitter-in-order"),
        pytest.param(
            {"push_delay": "2s ± 2s", "overtaking": True},
            {"out-of-order", "server-time-backwards"},
            id="overtaking",
        ),
        pytest.param({"close_after": {"code": 4407, "after": "1m"}}, {"auth-close"}, id="4407"),
        pytest.param({"drop_after": {"after": "56s"}}, {"ended-without-close"}, id="dropped"),
        pytest.param({"step_up": "5s"}, {"several-ids"}, id="step-up"),
    ],
)  # fmt: skip
def test_our_checks_find_what_each_mood_causes(serve, delivered, moods, rules):
    """And nothing but it, or what follows from it; where the protocol allows the oddity, nothing at all."""
    assert rules - FOLLOWS <= (found := converse(serve, delivered, moods).violated_rules())
    assert found - FOLLOWS == rules - FOLLOWS


# What is not seen leaves holes, and messages that nobody acknowledged.
FOLLOWS = {
    "never-accepted",
    "never-read",
    "receipt-for-unknown-message",
    "sequence-gap",
    "read-without-accept",
}


@pytest.mark.parametrize(
    ("moods", "rule"),
    [
        ({"read_only": True}, "read-without-accept"),
        ({"lost_receipts": True}, "never-accepted"),
        ({"lost_receipts": {"status": "READ"}}, "sequence-gap"),
        ({"sequence_gaps": True}, "sequence-gap"),
    ],
)
def test_our_checks_find_what_follows_from_other_moods(serve, delivered, moods, rule):
    assert rule in converse(serve, delivered, moods).violated_rules()


EVERYTHING = {
    "late_receipts": {"by": "1s ± 500ms", "probability": 0.5},
    "duplicated_receipts": {"probability": 0.3},
    "reordered_receipts": {"probability": 0.3},
    "lost_receipts": {"probability": 0.2},
    "malformed_receipts": {"probability": 0.2},
    "sequence_gaps": {"size": 3, "probability": 0.3},
    "errors": [{"code": 503, "event": "AcceptStatusEvent", "probability": 0.5}],
    "answer_delay": "200ms ± 100ms",
    "push_delay": "0..3s",
    "overtaking": True,
    "drop_after": {"bytes": 40_000},
}


def test_the_same_seed_gives_the_same_bytes_and_another_one_others(serve, delivered):
    """Whatever is left to chance."""
    one, same, other = (converse(serve, delivered, EVERYTHING, seed=seed).log for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_random_decisions_of_consumers_are_independent(serve):
    """Each has a generator of its own, so that many consumers can be replayed."""
    outcomes = []
    for company in (False, True):
        session = serve(agent=DEFAULT_AGENT, moods=moods_from({"errors": {"code": 500, "probability": 0.5}}))
        session.connect(2, token="somebody else")
        codes = []
        for _ in range(30):
            if company:
                session.ask("GetClock", client=2)
            codes.append(session.ask("GetClock")[0]["code"])
        outcomes.append(codes)
    assert outcomes[0] == outcomes[1]
    assert set(outcomes[0]) == {200, 500}


def test_moods_that_are_off_change_nothing(serve):
    """The calm service, and one whose moods never take an occasion, say the same bytes."""
    never = {name: {"probability": 0} for name in ("lost_receipts", "duplicated_receipts", "sequence_gaps")}
    never |= {"late_receipts": {"by": "1s", "probability": 0}, "errors": {"code": 500, "probability": 0}}
    texts = []
    for moods in (NO_MOODS, Moods(), moods_from(never)):
        session = serve(agent=DEFAULT_AGENT, moods=moods)
        session.write(session.open())
        session.wait(5)
        texts.append([each.text for *_, each in session.log if isinstance(each, Deliver)])
    assert texts[0] == texts[1] == texts[2]


# --- how moods are written ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ({"late_receipts": "2s"}, {"late_receipts": {"by": "2s"}}),
        ({"lost_receipts": True}, {"lost_receipts": {}}),
        ({"lost_receipts": 0.25}, {"lost_receipts": {"probability": 0.25}}),
        ({"lost_receipts": False}, {}),
        ({"malformed_receipts": "empty"}, {"malformed_receipts": {"how": "empty"}}),
        ({"errors": {"code": 429}}, {"errors": [{"code": 429}]}),
        ({"errors": 429}, {"errors": [{"code": 429}]}),
        ({"errors": {"code": 429, "to": ".ams.ms.PublishEvent"}},
         {"errors": {"code": 429, "to": "PublishEvent"}}),
        ({"unanswered": "KeepAlive"}, {"unanswered": [{"to": "KeepAlive"}]}),
        ({"close_after": "10s"}, {"close_after": {"after": "10s", "code": 4401}}),
        ({"drop_after": 700}, {"drop_after": {"bytes": 700}}),
        ({"idle_close": "1m"}, {"idle_close": {"after": "1m"}}),
        ({"survey": {"questions": "Well?"}}, {"survey": {"questions": ["Well?"]}}),
        ({"step_up": "1s"}, {"step_up": {"after": "1s"}}),
    ],
)  # fmt: skip
def test_moods_have_short_forms(short, long):
    assert moods_from(short).model_dump() == moods_from(long).model_dump()


def test_a_section_is_read_with_its_lines():
    text = "steps: []\nsimulator:\n  survey:\n  lost_receipts: {nth: 2}\n"
    moods = read_moods(read_document(text, file="s.yaml"), at=("simulator",))
    assert moods == moods_from({"survey": True, "lost_receipts": {"nth": 2}})


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("lost_receipt: true", 'unknown key "lost_receipt" (did you mean "lost_receipts"?)'),
        ("lost_receipts: {nth: 1, first: 2}", "nth and first exclude each other"),
        ("lost_receipts: {status: 3}", '"status" must be text, not 3'),
        ("lost_receipts: {probability: 2}", '"probability" must be 1.0 or less, not 2'),
        ("lost_receipts: {whose: agents}", '(did you mean "agent"?)'),
        ("late_receipts: soon", '"soon" is no duration'),
        ("late_receipts: true", '"by" is missing'),
        ("malformed_receipts: emty", '(did you mean "empty"?)'),
        ("sequence_gaps: 0", '"sequence_gaps" must be 1 or more, not 0'),
        ("errors: 200", '"errors" must be 400 or more, not 200'),
        ("errors: [{code: 429, to: PublishEvnt}]", '(did you mean "PublishEvent"?)'),
        ("errors: {code: 429, event: ContentEvents}", '(did you mean "ContentEvent"?)'),
        ("close_after: {code: 1006, after: 1s}", "1006 cannot be sent"),
        ("close_after: {code: 4401}", "one of after, requests is wanted here, and only one"),
        ("close_after: {after: 1s, requests: 3}", "one of after, requests is wanted here, and only one"),
        ("drop_after: {bytes: 0}", '"bytes" must be 1 or more, not 0'),
        ("drop_after: {}", "one of after, requests, bytes is wanted here, and only one"),
        ("dialect: v4", 'unknown value of "dialect": "v4"'),
        ("read_only: sure", '"read_only" must be true or false, not "sure"'),
        ("survey: {questions: []}", "questions"),
        ("transfer: {awy: 1s}", '(did you mean "away"?)'),
    ],
)
def test_invalid_moods_are_refused_with_their_line(line, reason):
    document = read_document(f"steps: []\nsimulator:\n  {line}\n", file="s.yaml")
    with pytest.raises(BadScript) as refused:
        read_moods(document, at=("simulator",))
    assert reason in str(refused.value)
    assert "s.yaml, line 3" in str(refused.value)


def test_mood_options_are_combined_and_the_last_one_counts():
    sent = ["read_only", "close_after={code: 4407, requests: 3}", "errors=429", "errors=[{code: 503}]"]
    moods = moods_from_options(sent, base=moods_from({"step_up": "1s", "read_only": False}))
    assert moods == moods_from(
        {
            "read_only": True,
            "close_after": {"code": 4407, "requests": 3},
            "errors": 503,
            "step_up": "1s",
        }
    )
    assert moods_from_options(["step_up=false"], base=moods) == moods.model_copy(update={"step_up": None})


@pytest.mark.parametrize(
    ("sent", "error", "reason"),
    [
        ("lost_receipt", BadOption, '--mood: unknown mood "lost_receipt" (did you mean "lost_receipts"?)'),
        ("=3", BadOption, '--mood: unknown mood ""'),
        ("close_after", BadScript, "--mood close_after, line 1"),
        ("close_after={cod: 1}", BadScript, 'unknown key "cod" (did you mean "code"?)'),
        ("errors=[", BadScript, "--mood errors, line 1"),
        ("errors=", BadScript, "it is empty"),
    ],
)
def test_errors_of_mood_options_are_one_sentence(sent, error, reason):
    with pytest.raises(error) as refused:
        moods_from_options([sent])
    assert reason in str(refused.value)


def test_moods_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        NO_MOODS.read_only = True


def test_every_mood_is_described_in_one_sentence():
    assert mood_descriptions().keys() == Moods.model_fields.keys()
    for name, reason in mood_descriptions().items():
        assert reason.endswith("."), name
        assert 20 < len(reason) <= 120, name


def test_the_schema_for_editors_describes_every_mood():
    schema = json.loads(json.dumps(Moods.model_json_schema()))
    assert all("description" in schema["properties"][name] for name in Moods.model_fields)
