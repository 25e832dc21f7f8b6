"""A script is read whole or refused with file, line, step and what was meant."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import ANY

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.documents import Duration
from recorder.errors import BadScript
from recorder.replay.language.includes import Folder
from recorder.replay.language.script import MOST_CONSUMERS, Consumer, StandingRule, load

SAMPLES = Path(__file__).parents[3] / "samples"

WHOLE = """
name: slow reader
consumer: {url: "${UMS_URL}", token: "${UMS_JWT}"}
receipts: {accept: 200ms, read: 1.5s}
steps:
  - open_conversation:
  - say: Hello, where is my order?
  - await: {message: {from: agent, matching: "order number"}, within: 10s, as: question}
  - read: {message: question, after: 3s}
  - accept: {message: last_received}
  - read: question
  - close_conversation:
agent:
  - on: message
    do: [{say: "What is your order number?", after: 800ms}]
simulator: {read_only: true}
"""


def loaded(text: str, **variables: str):
    return load(text, file="s.yaml", variables=variables)


def test_a_script_has_its_sections():
    script = loaded(WHOLE)
    assert script.name == "slow reader"
    assert script.receipts.delays() == {"ACCEPT": 0.2, "READ": 1.5}
    assert [(step.number, step.verb, step.line) for step in script.steps][:3] == [
        (1, "open_conversation", 6),
        (2, "say", 7),
        (3, "await", 8),
    ]
    assert script.agent == [
        {"on": "message", "do": [{"say": "What is your order number?", "after": "800ms"}]}
    ]
    assert script.simulator == {"read_only": True}
    assert script.document.line(("agent", 0, "do", 0)) == 15
    assert script.notes == ()


def test_a_script_without_a_name_is_called_by_its_file():
    assert loaded("steps: [{wait: 1s}]").name == "s.yaml"


def test_consumer_variables_are_filled_in_on_demand():
    """The simulator needs no address and no token; undefined variables there must not hurt it."""
    script = loaded(WHOLE)
    filled = script.consumer({"UMS_URL": "wss://x", "UMS_JWT": "a.b.c"})
    assert (filled.url, filled.token) == ("wss://x", "a.b.c")
    with pytest.raises(BadScript, match=r"s\.yaml, line 3: the variable UMS_URL is not set"):
        script.consumer({})
    assert loaded("steps: [{wait: 1s}]").consumer({}).url is None


def test_variables_are_filled_in_everywhere_else():
    script = loaded(
        'name: "${WHO}"\nsteps: [{say: "I am ${WHO:-nobody}"}, {wait: "${PAUSE}"}]', WHO="Ada", PAUSE="2s"
    )
    assert script.name == "Ada"
    assert script.steps[0].arguments.text == "I am Ada"
    assert script.steps[1].arguments.duration == 2.0


def test_a_literal_token_is_noted_by_line_without_its_text():
    """S20: a secret in a script."""
    (note,) = loaded("consumer: {token: secret.in.script}\nsteps: [{wait: 1s}]").notes
    assert note.startswith("s.yaml, line 1: a token is written out")
    assert "secret.in.script" not in note


def test_a_consumer_nobody_plays_is_noted():
    (note,) = loaded("consumers: {anna: , ben: }\nsteps: [{say: hi}]").notes
    assert note == "s.yaml, line 1: no step is done by ben; it never connects"


@pytest.mark.parametrize("text", [WHOLE.replace("\n", "\r\n"), "\ufeff" + WHOLE, WHOLE.encode("utf-8-sig")])
def test_line_ends_and_byte_order_marks_make_no_difference(text):
    """S30."""
    plain = loaded(WHOLE)
    assert (loaded(text).steps, loaded(text).agent) == (plain.steps, plain.agent)


def test_a_name_of_letters_and_loose_accents_is_refused_before_it_is_confused():
    """S27: the same sign in two spellings (NFC, NFD) would be two names that look alike."""
    assert loaded("steps: [{await: {as: caf\u00e9}}, {read: caf\u00e9}]").steps
    with pytest.raises(BadScript, match="a name is letters"):
        loaded("steps: [{await: {as: cafe\u0301}}]")


STEP_ERRORS = [
    ("- sya: hi", 2, "step 1 (sya)", 'unknown verb "sya" (did you mean "say"?)'),
    ("- wait: 1s\n- reconect:", 3, "step 2 (reconect)", 'unknown verb "reconect"'),
    ("- open_conversatoin", 2, "step 1 (open_conversatoin)", 'did you mean "open_conversation"?'),
    ("- zzz: 1", 2, "step 1 (zzz)", "there are: open_conversation, subscribe, say"),
    ("- say: 4711", 2, "step 1 (say)", '"say" must be text, not 4711'),
    ("- say: {txt: hi}", 2, "step 1 (say)", 'unknown key "txt" (did you mean "text"?)'),
    ("- say:", 2, "step 1 (say)", '"text" is missing'),
    ("- wait: fast", 2, "step 1 (wait)", '"fast" is no duration'),
    ("- wait: 5", 2, "step 1 (wait)", 'say the unit, like "5s"'),
    ("- wait: -5s", 2, "step 1 (wait)", "it cannot be negative"),
    ("- wait: 90000h", 2, "step 1 (wait)", "longer than thirty days"),
    ("- type: COMPOSNG", 2, "step 1 (type)", 'did you mean "COMPOSING"?'),
    ("- await: {mesage: {}}", 2, "step 1 (await)", 'unknown key "mesage" (did you mean "message"?)'),
    (
        "- await:\n    message: {form: agent}",
        3,
        "step 1 (await)",
        'unknown key "form" (did you mean "from"?)',
    ),
    ("- await: {message: {matching: '(a'}}", 2, "step 1 (await)", "is no regular expression"),
    ("- await: {message: {nth: 0}}", 2, "step 1 (await)", '"nth" must be 1 or more'),
    ("- await: {as: last_sent}", 2, "step 1 (await)", '"last_sent" names a message already'),
    ("- await: {as: 2nd}", 2, "step 1 (await)", "a name is letters"),
    ("- read: nobody", 2, "step 1 (read)", 'unknown message "nobody"'),
    ("- await: {as: question}\n- read: questoin", 3, "step 2 (read)", 'did you mean "question"?'),
    (
        "- read: q\n- await: {as: q}",
        2,
        "step 1 (read)",
        'the message "q" gets its name only in step 2, line 3',
    ),
    ("- await: {as: q}\n- say: {text: a, as: q}", 3, "step 2 (say)", "is given already in step 1, line 2"),
    ("- read: {message: -1}", 2, "step 1 (read)", "a message is a name"),
    ("- read: {message: 3, after: soon}", 2, "step 1 (read)", '"soon" is no duration'),
    ("- receipt: {message: 3}", 2, "step 1 (receipt)", '"status" is missing'),
    ("- receipt: {message: 3, status: 'a b'}", 2, "step 1 (receipt)", "a word like ACCEPT"),
    ("- expect:", 2, "step 1 (expect)", "say what of"),
    ("- expect: {message: last_sent}", 2, "step 1 (expect)", "status: or receipt:, one of them"),
    ("- expect: {message: last_sent, status: raed}", 2, "step 1 (expect)", 'did you mean "read"?'),
    ("- expect: {answer: 200, message: last_sent}", 2, "step 1 (expect)", "answer: stands alone"),
    ("- expect: {answer: 42}", 2, "step 1 (expect)", '"answer" must be 100 or more'),
    ("- subscribe: {from_sequence: first}", 2, "step 1 (subscribe)", "history begins at a sequence"),
    ("- open_conversation: 3", 2, "step 1 (open_conversation)", "it takes a mapping here"),
    ("- say: hi\n  wait: 2s", 2, "step 1 (say)", "a step is one verb"),
    ("- 5", 2, "step 1", "a step is one verb"),
    ("- {}", 2, "step 1", "a step is one verb"),
    ("- say: '${NOPE}'", 2, "step 1 (say)", "the variable NOPE is not set"),
    ("- repeat: {times: x, steps: [await]}", 2, "step 1 (repeat)", '"times" must be a whole number'),
    ("- repeat: {times: 2}", 2, "step 1 (repeat)", '"steps" is missing'),
    ("- include:", 2, "step 1 (include)", '"file" is missing'),
    ("- includ: x", 2, "step 1 (includ)", 'did you mean "include"?'),
    ("- rate: 5", 2, "step 1 (rate)", "a rate is a number per second"),
    ("- send_frame: {opcode: txt}", 2, "step 1 (send_frame)", 'unknown opcode "txt"'),
    ("- send_frame: {opcode: text, data: '!'}", 2, "step 1 (send_frame)", "it is no base64"),
    ("- expect: {close: soon}", 2, "step 1 (expect)", "a close code like 4401"),
    ("- expect: {message: {form: agent}}", 2, "step 1 (expect)", 'unknown key "form" (did you mean "from"?)'),
    (
        "- expect:\n    message:\n      form: agent",
        4,
        "step 1 (expect)",
        'unknown key "form" (did you mean "from"?)',
    ),
    (
        "- expect:\n    not:\n      message: {form: x}\n    for: 1s",
        4,
        "step 1 (expect)",
        'unknown key "form" (did you mean "from"?)',
    ),
    ("- disconnect: gently", 2, "step 1 (disconnect)", 'unknown value of "disconnect"'),
    ("- read: {message: 3, after: 1s..}", 2, "step 1 (read)", "is no duration"),
]


@pytest.mark.parametrize(
    ("steps", "line", "step", "says"), STEP_ERRORS, ids=[case[0] for case in STEP_ERRORS]
)
def test_an_invalid_step_is_refused_with_line_and_suggestion(steps, line, step, says):
    with pytest.raises(BadScript) as refused:
        loaded(f"steps:\n{steps}")
    assert (refused.value.file, refused.value.line, refused.value.step) == ("s.yaml", line, step)
    assert says in refused.value.problem


def test_a_step_with_two_keys_gets_an_indentation_hint():
    with pytest.raises(BadScript) as refused:
        loaded("steps:\n- await:\n  within: 3s")
    assert (
        refused.value.hint == 'if "within" belongs to "await", indent it further, or write await: {within: …}'
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "line 1: a script is a mapping with steps:"),
        ("hello", "line 1: a script is a mapping with steps:"),
        ("name: x", '"steps" is missing'),
        ("steps:", '"steps" must be a list, not nothing'),
        ("steps: []", "there are no steps"),
        ("steps: {say: hi}", '"steps" must be a list, not a mapping'),
        ("stpes: []", 'unknown key "stpes" (did you mean "steps"?)'),
        ("steps: [{wait: 1s}]\nreceipts: {raed: 1s}", 'line 2: unknown key "raed" (did you mean "read"?)'),
        ("steps: [{wait: 1s}]\nreceipts: {read: 1}", 'line 2: "read": 1 is no duration'),
        ("steps: [{wait: 1s}]\nconsumer: {tokn: x}", 'line 2: unknown key "tokn" (did you mean "token"?)'),
        ("steps: [{wait: 1s}]\nconsumer: 5", '"consumer" must be a mapping, not 5'),
        ("steps: [{wait: 1s}]\nagent: {}", '"agent" must be a list, not a mapping'),
        ("steps: [{wait: 1s}]\nsteps: [{wait: 1s}]", 'the key "steps" is here twice: lines 1 and 2'),
    ],
)
def test_an_invalid_section_is_named(text, says):
    with pytest.raises(BadScript) as refused:
        loaded(text)
    assert says in str(refused.value)


FIELDS = st.sampled_from(["message", "text", "after", "within", "as", "status", "x"])
VERBS = st.sampled_from(["say", "await", "expect", "read", "receipt", "wait", "subscribe", "send", "type"])
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["message", "text", "after", "within", "as", "status", "x"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@given(VERBS, JUNK)
def test_any_arguments_are_read_or_refused_as_bad_script(verb, value):
    """S12: wrong types at every node."""
    try:
        loaded("steps: [" + json.dumps({verb: value}) + "]")
    except BadScript as refused:
        named = refused.step
    else:
        named = f"step 1 ({verb})"
    assert named is not None
    assert named.startswith(f"step 1 ({verb})")


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_sample_is_a_script(path):
    assert load(path.read_bytes(), file=path.name, variables={}, folder=Folder(SAMPLES)).agent


# --- sections ---


STEP = "steps: [{wait: 1s}]\n"


def test_standing_rule_delays_come_accept_before_read():
    rule = loaded(STEP + "receipts: {read: 1s..2s, accept: 0, batch: 2s}").receipts
    assert list(rule.delays()) == ["ACCEPT", "READ"]
    assert (rule.delays()["READ"].bounds_s[1], rule.batch) == (2.0, 2.0)
    assert StandingRule().delays() == {}
    assert list(loaded(STEP + "receipts: {read: never, accept: 1s}").receipts.delays()) == ["ACCEPT"]


def test_a_consumers_own_standing_rule_overrides_the_scripts():
    script = loaded(STEP + "receipts: {read: 1s}\nconsumers: {anna: {receipts: {accept: 2s}}, ben: }")
    assert script.rule("anna").delays() == {"ACCEPT": Duration(2)}
    assert script.rule("ben").delays() == {"READ": Duration(1)}


def test_one_consumer_without_a_name_is_called_consumer():
    assert dict(loaded(STEP).consumers) == {"consumer": Consumer()}
    assert loaded(STEP + "consumer: {reconnect: always}").consumers["consumer"].reconnect == "always"


def test_several_consumers_keep_their_order_and_the_first_acts():
    script = loaded(
        "consumers: {ben: {brand: '1'}, anna: {init_connection: true}}\n"
        "steps: [open_conversation, {say: {text: hi, consumer: anna}}, {wait: 1s}]"
    )
    assert list(script.consumers) == ["ben", "anna"]
    assert [step.consumer for step in script.steps] == ["ben", "anna", "ben"]


def test_only_url_and_token_are_filled_in_late():
    text = STEP + "consumers: {anna: {url: '${URL}', properties: {firstName: '${WHO}'}, brand: '${B:-1}'}}"
    script = loaded(text, WHO="Anna ${URL}")
    assert script.consumers["anna"].url == "${URL}"
    assert script.consumers["anna"].properties == {"firstName": "Anna ${URL}"}
    anna = script.consumer({"URL": "wss://x"}, "anna")
    assert (anna.url, anna.brand, anna.properties) == ("wss://x", "1", {"firstName": "Anna ${URL}"})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("consumers: {}", "line 2: there are no consumers"),
        ("consumers: []", '"consumers" must be a mapping, not a list'),
        ("consumer: {}\nconsumers: {a: }", "exclude each other"),
        ("consumers: {a b: }", '"a b": a consumer\'s name is letters'),
        ("consumers: {a: 5}", '"a" must be a mapping, not 5'),
        ("consumers: {a: {tokn: x}}", 'unknown key "tokn" (did you mean "token"?)'),
        ("consumer: {reconnect: sometimes}", "unknown value of"),
        ("consumer: {receipts: {read: 5}}", 'say the unit, like "5s"'),
        ("rate: fast", "a rate is a number per second"),
        ("version: 2", 'unknown key "version"'),
    ],
)
def test_an_invalid_section_is_refused_with_the_reason(text, says):
    """S26, S29: fields of the future, no consumers."""
    with pytest.raises(BadScript) as refused:
        loaded(STEP + text)
    assert says in str(refused.value)


def test_ten_thousand_consumers_are_too_many():
    """S29."""
    some = ", ".join(f"c{number}: " for number in range(MOST_CONSUMERS))
    assert len(loaded(f"{STEP}consumers: {{{some}}}").consumers) == MOST_CONSUMERS
    with pytest.raises(BadScript, match="more than 1,000 consumers"):
        loaded(f"{STEP}consumers: {{{some}, one_more: }}")


def test_an_unknown_consumer_is_refused_with_a_suggestion():
    with pytest.raises(
        BadScript, match=r'line 2, step 1 \(say\): unknown consumer "ana" \(did you mean "anna"'
    ):
        loaded("consumers: {anna: }\nsteps: [{say: {text: hi, consumer: ana}}]")


WRONG_EVERYWHERE = """\
nmae: x
consumers: {anna: {tken: a}, "b b": }
receipts: {read: later}
steps:
  - say: "${UNSET}"
  - read: {message: q, after: "${DELAY}"}
  - read: nobody
  - repeat: {tmes: 2, steps: [wait: long, {say: {txt: a, as: mine}}]}
  - say: {text: hi, consumer: bne}
  - read: mine
  - say: "${UNSET}"
agent: [{on: message, do: []}]
"""


def test_all_that_is_wrong_with_a_script_is_said_at_once():
    """Nothing is said of what follows from another error: names of steps that are not valid, for one."""
    with pytest.raises(BadScript) as refused:
        load(
            WRONG_EVERYWHERE,
            file="s.yaml",
            variables={},
            check_sections=lambda document, names: [document.error(("agent", 0), " ".join(names))],
        )
    assert [(each.line, each.problem) for each in (refused.value, *refused.value.others)] == [
        (1, 'unknown key "nmae" (did you mean "name"?)'),
        (2, 'unknown key "tken" (did you mean "token"?)'),
        (2, '"b b": a consumer\'s name is letters, digits, - and _, and begins with a letter'),
        (3, ANY),
        (5, "the variable UNSET is not set"),
        (6, "the variable DELAY is not set"),
        (7, ANY),
        (8, ANY),
        (8, 'unknown key "txt" (did you mean "text"?)'),
        (8, 'unknown key "tmes" (did you mean "times"?)'),
        (9, ANY),
        (12, "anna b b"),
    ]


def test_an_include_that_cannot_be_read_leaves_names_unchecked(tmp_path):
    text = "steps:\n- include: nowhere.yaml\n- read: theirs\n- accept: {after: x}\n"
    with pytest.raises(BadScript) as refused:
        load(text, file="s.yaml", variables={}, folder=Folder(tmp_path))
    assert [each.line for each in (refused.value, *refused.value.others)] == [2, 4]
