"""What an agent's rules plan for each event."""

import pytest

from recorder.clock import processing_s
from recorder.documents import read_document
from recorder.documents.patterns import TIME_LIMIT_S
from recorder.errors import BadScript
from recorder.messaging.events import Participant
from recorder.simulator.agent.rules import (
    DEFAULT_AGENT,
    ConsumerEvent,
    RuleEngine,
    Trigger,
    agent_from,
    read_agent,
)
from recorder.simulator.agent.verbs import (
    AgentAccept,
    AgentAccess,
    AgentClose,
    AgentHangUp,
    AgentNack,
    AgentRead,
    AgentReceipt,
    AgentRich,
    AgentSay,
    AgentSend,
    AgentSendFile,
    AgentStepUp,
    AgentSurvey,
    AgentTransfer,
    AgentType,
)
from recorder.simulator.faults.randomness import Randomness
from recorder.simulator.protocol.conversations import open_conversation


def conversation(conversation_id="c", number=1, consumer=None):
    """A conversation of a consumer whose token has that name."""
    person = Participant("", "CONSUMER")
    opened = open_conversation(conversation_id, account="a", consumer=person, request_body={}, now_ms=0)
    opened.number, opened.consumer_name = number, consumer
    return opened


def actions(rules, *noticed, randomness=None):
    agent = RuleEngine(agent_from(rules), randomness)
    delivered = [agent.apply(conversation("c"), each) for each in noticed]
    return [(action.after_s, undelayed(action.verb)) for each in delivered for action in each]


def undelayed(verb):
    """The deed alone: when it happens is told by the act."""
    return type(verb).model_validate(verb.model_dump(exclude_unset=True, exclude={"after"}))


def message(text="hi", sequence=4):
    return ConsumerEvent(Trigger.MESSAGE, text, sequence)


@pytest.mark.parametrize(
    ("line", "after_s", "verb"),
    [
        pytest.param({"read": {"after": "300ms"}}, 0.3, AgentRead(), id="after-inside"),
        pytest.param({"read": None, "after": "300ms"}, 0.3, AgentRead(), id="after-beside"),
        pytest.param("read", 0.0, AgentRead(), id="bare-word"),
        pytest.param({"accept": None}, 0.0, AgentAccept(), id="nothing-behind-it"),
        pytest.param({"read": 3}, 0.0, AgentRead(sequences=[3]), id="another-message"),
        pytest.param({"read": [0, 2]}, 0.0, AgentRead(sequences=[0, 2]), id="several-messages"),
        pytest.param({"read": "all"}, 0.0, AgentRead(sequences="all"), id="all-messages"),
        pytest.param("nack", 0.0, AgentNack(), id="nack"),
        pytest.param({"access": {"sequences": 1}}, 0.0, AgentAccess(sequences=[1]), id="access"),
        pytest.param({"receipt": "NACK"}, 0.0, AgentReceipt(status="NACK"), id="any-status"),
        pytest.param(
            {"receipt": {"status": "ACTION", "sequences": [1, 2], "after": "1s"}},
            1.0,
            AgentReceipt(status="ACTION", sequences=[1, 2]),
            id="status-inside",
        ),
        pytest.param(
            {"say": "Which number?", "after": "800ms"}, 0.8, AgentSay(text="Which number?"), id="say"
        ),
        pytest.param({"say": {"text": "Yes.", "after": "2m"}}, 120.0, AgentSay(text="Yes."), id="say-inside"),
        pytest.param(
            {"say": {"text": "?", "quick_replies": ["Yes", "No"]}},
            0.0,
            AgentSay(text="?", quick_replies=("Yes", "No")),
            id="quick-replies",
        ),
        pytest.param({"send_file": "A map"}, 0.0, AgentSendFile(caption="A map"), id="file"),
        pytest.param(
            {"rich": {"content": {"type": "text"}}}, 0.0, AgentRich(content={"type": "text"}), id="rich"
        ),
        pytest.param({"type": "COMPOSING"}, 0.0, AgentType(state="COMPOSING"), id="chat-state"),
        pytest.param({"close": {"after": "1h"}}, 3600.0, AgentClose(), id="close"),
        pytest.param("close", 0.0, AgentClose(), id="close-bare"),
        pytest.param({"transfer": {"skill": "7"}}, 0.0, AgentTransfer(skill="7"), id="transfer"),
        pytest.param("survey", 0.0, AgentSurvey(), id="survey"),
        pytest.param({"step_up": "her"}, 0.0, AgentStepUp(to="her"), id="step-up"),
        pytest.param({"hang_up": 4407}, 0.0, AgentHangUp(code=4407), id="hang-up"),
        pytest.param({"send": {"frame": "x"}}, 0.0, AgentSend(frame="x"), id="raw-frame"),
    ],
)
def test_a_line_of_do_is_one_planned_action(line, after_s, verb):
    assert actions([{"on": "message", "do": [line]}], message()) == [(after_s, verb)]


def test_a_delay_may_vary_and_comes_from_the_seed():
    """Fixed, around a mean, or between two bounds; the same for the same seed."""
    rules = [{"on": "message", "do": [{"read": {"after": "1s..3s"}}, {"say": "x", "after": "5s ± 1s"}]}]
    one, same, other = (
        [after_s for after_s, _ in actions(rules, *[message()] * 20, randomness=Randomness(seed))]
        for seed in (1, 1, 2)
    )
    assert one == same != other
    assert all(1 <= after_s <= 3 for after_s in one[::2])
    assert len(set(one)) == 40


@pytest.mark.parametrize(
    ("rule", "times"),
    [
        pytest.param({}, [1, 1, 1], id="always"),
        pytest.param({"matching": "order"}, [0, 1, 1], id="matching"),
        pytest.param({"nth": 2}, [0, 1, 0], id="second"),
        pytest.param({"nth": 2, "matching": "order"}, [0, 0, 1], id="second-that-matches"),
    ],
)
def test_a_rule_applies_when_it_matches(rule, times):
    agent = RuleEngine(agent_from([{"on": "message", "do": ["read"]} | rule]))
    delivered = [message("hi"), message("my order"), message("the order!")]
    assert [len(agent.apply(conversation("c"), each)) for each in delivered] == times


@pytest.mark.parametrize(
    ("rule", "times"),
    [
        pytest.param({"consumer": "ben"}, [0, 1, 1, 0], id="one consumer"),
        pytest.param({"conversation": 2}, [0, 0, 1, 0], id="one conversation of everybody"),
        pytest.param({"consumer": "anna", "conversation": 1}, [1, 0, 0, 0], id="both"),
    ],
)
def test_a_rule_may_be_for_one_consumer_or_conversation_only(rule, times):
    """Whose token has no name is nobody in particular."""
    agent = RuleEngine(agent_from([{"on": "conversation", "do": [{"say": "hi"}]} | rule]))
    places = [
        conversation("a", 1, "anna"),
        conversation("b", 1, "ben"),
        conversation("c", 2, "ben"),
        conversation("d", 1, None),
    ]
    assert [len(agent.apply(where, ConsumerEvent(Trigger.CONVERSATION))) for where in places] == times


def test_conversations_are_counted_apart():
    agent = RuleEngine(agent_from([{"on": "message", "nth": 1, "do": ["read"]}]))
    assert [len(agent.apply(conversation(each), message())) for each in ("a", "a", "b")] == [1, 0, 1]


def test_every_rule_that_fits_acts_in_the_order_of_the_script():
    rules = [
        {"on": "message", "do": ["accept"]},
        {"on": "close", "do": ["read"]},
        {"on": "message", "do": ["read"]},
    ]
    assert [verb.status for _, verb in actions(rules, message())] == ["ACCEPT", "READ"]


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        pytest.param({}, "list|tuple", id="no-list"),
        pytest.param([{"on": "message"}], "do", id="nothing-to-do"),
        pytest.param([{"on": "message", "do": []}], "do", id="empty-do"),
        pytest.param([{"on": "massage", "do": ["read"]}], "message", id="unknown-trigger"),
        pytest.param([{"on": "message", "do": ["raed"]}], "raed", id="unknown-verb"),
        pytest.param([{"on": "message", "do": [{"read": {}, "accept": {}}]}], "only one", id="two-verbs"),
        pytest.param(
            [{"on": "message", "do": [{"say": "hi", "quick_replies": ["yes"]}]}],
            r'"quick_replies" goes inside "say": {say: {text: …, quick_replies: …}}',
            id="key-of-the-verb-beside-it",
        ),
        pytest.param([{"on": "message", "do": [{"after": "1s"}]}], "only one", id="no-verb"),
        pytest.param(
            [{"on": "message", "do": [{"read": {"after": "1s"}, "after": "1s"}]}], "twice", id="two-afters"
        ),
        pytest.param([{"on": "message", "do": [{"read": {"after": "soon"}}]}], "duration", id="no-duration"),
        pytest.param([{"on": "message", "do": [{"read": {"after": 300}}]}], "unit", id="no-unit"),
        pytest.param([{"on": "message", "do": [{"say": 4711}]}], "say", id="text-is-number"),
        pytest.param(
            [{"on": "message", "matching": "(", "do": ["read"]}], "regular expression", id="bad-expression"
        ),
        pytest.param(
            [{"on": "message", "matching": "a" * 1_001, "do": ["read"]}], "1000", id="long-expression"
        ),
        pytest.param(
            [{"on": "close", "matching": "a", "do": ["read"]}], "no text to match", id="nothing-to-match"
        ),
        pytest.param([{"on": "message", "nth": 0, "do": ["read"]}], "nth", id="zeroth"),
        pytest.param([{"on": "message", "do": ["read"], "then": 1}], "then", id="unknown-key"),
    ],
)
def test_a_script_that_makes_no_sense_is_refused(rules, reason):
    with pytest.raises(ValueError, match=reason):
        agent_from(rules)


def test_the_bare_key_on_may_have_been_read_as_a_truth_value():
    """YAML 1.1 does so, and people load agents with whatever reader they have."""
    assert actions([{True: "message", "do": ["read"]}], message())


def test_a_file_of_rules_is_read():
    document = read_document(
        '- on: message\n  do: [{read: {after: 300ms}}, {say: "What is your order number?", after: 800ms}]\n',
        file="agent.yaml",
    )
    (rule,) = read_agent(document).root
    assert [action.delay for action in rule.do] == [0.3, 0.8]


def test_an_empty_agent_section_is_nobody():
    document = read_document("agent: []\n", file="script.yaml")
    assert read_agent(document, at=("agent",)).root == ()


def test_a_mistake_in_a_file_is_shown_with_its_line_and_what_was_meant():
    document = read_document("agent:\n  - on: message\n    do:\n      - {raed: {after: 1s}}\n", file="s.yaml")
    with pytest.raises(BadScript, match=r"s\.yaml, line 4.*raed.*read"):
        read_agent(document, at=("agent",))


def test_the_default_agent_greets_accepts_reads_and_quotes():
    agent = RuleEngine(DEFAULT_AGENT)
    greeting = agent.apply(conversation("c"), ConsumerEvent(Trigger.CONVERSATION))
    answer = agent.apply(conversation("c"), message("Where is my order?"))
    assert [(action.after_s, action.verb.text) for action in greeting] == [
        (0.5, "Hello, how can I help you?")
    ]
    assert [(action.after_s, undelayed(action.verb)) for action in answer] == [
        (0.2, AgentAccept()),
        (0.3, AgentType(state="COMPOSING")),
        (0.5, AgentRead()),
        (1.0, AgentSay(text='You wrote "{message}". Is there anything else?')),
        (1.0, AgentType(state="ACTIVE")),
    ]


SLOW = {"on": "message", "matching": "(a+)+$", "do": ["read"]}


def test_a_rule_whose_pattern_takes_too_long_applies_no_more_and_is_told_once():
    """The other rules apply, and the other messages are not held up."""
    told = []
    agent = RuleEngine(agent_from([{"on": "message", "do": ["accept"]}, SLOW]), on_remark=told.append)
    texts = ["a", "a" * 4_000 + "b", "a" * 4_000 + "b", "a"]
    planned = [[type(each.verb) for each in agent.apply(conversation("c"), message(text))] for text in texts]
    assert planned == [[AgentAccept, AgentRead], [AgentAccept], [AgentAccept], [AgentAccept]]
    (sentence,) = told
    assert sentence.startswith("rule 2 of the agent: the pattern (a+)+$ takes too long")


def test_many_rules_whose_patterns_take_too_long_hold_up_a_message_no_longer_than_one():
    """Those that had no time left are told once, and are not dropped; the quick rule after them applies."""
    told = []
    agent = RuleEngine(
        agent_from([SLOW] * 200 + [{"on": "message", "do": ["accept"]}]), on_remark=told.append
    )
    before_s = processing_s()
    for _ in range(2):
        planned = agent.apply(conversation("c"), message("a" * 4_000 + "b"))
        assert [type(each.verb) for each in planned] == [AgentAccept]
    assert processing_s() - before_s < 10 * TIME_LIMIT_S
    dropped = [sentence for sentence in told if sentence.endswith("applies no more")]
    untried = [sentence for sentence in told if sentence.endswith("took the time")]
    assert dropped
    assert len(untried) == len(set(untried)) < 200


@pytest.mark.parametrize("pattern", ["(a", "x" * 1_001, "((a{100}){100}){100}"])
def test_a_pattern_that_cannot_be_used_is_refused(pattern):
    with pytest.raises(ValueError, match="matching"):
        agent_from([{**SLOW, "matching": pattern}])
