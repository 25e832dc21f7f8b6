"""Who connects where, and which receipts go out by themselves."""

from __future__ import annotations

import pytest

from recorder.documents import Duration
from recorder.errors import BadScript
from recorder.replay.language.script import load
from recorder.replay.language.sections import MOST_CONSUMERS, Consumer, StandingRule


def loaded(text: str, **variables: str):
    return load(text, file="s.yaml", variables=variables)


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
