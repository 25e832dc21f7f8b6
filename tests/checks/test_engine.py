"""Rules over a session: all of them, on anything whatever."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.checks.engine import RULE_IDS, RULES, UNOBSERVABLE_EACH, check, chosen
from recorder.checks.findings import FRAMES_SHOWN, Limits, Outcome, Severity
from recorder.checks.input import CheckInput, ConnectionFact, WireFact
from recorder.messaging.events import (
    ChatStateReported,
    ConversationChanged,
    ConversationOpened,
    Dialog,
    Evidence,
    Identified,
    MessagePublished,
    OddityNoticed,
    Participant,
    Proof,
    PublishLost,
    PublishRefused,
    PublishRequested,
    ReceiptRefused,
    ReceiptReported,
    RequestAnswered,
    RequestMade,
)
from recorder.receipts.fold import fold

ME, AGENT = "consumer-1", "agent-1"


# --- the table ------------------------------------------------------------------------------------------


def test_ids_are_kebab_case_and_unique():
    assert len(RULE_IDS) == len(RULES) >= 30
    for rule in RULES:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+|[a-z]+", rule.id)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_is_explained_in_a_line_and_in_a_paragraph(rule):
    assert 15 < len(rule.title) <= 70
    assert not rule.title.endswith(".")
    assert len(rule.explain) > 100 or rule.id == "late-read"
    assert rule.explain.endswith(".")
    assert "nobody read" not in rule.explain.replace("never means that nobody read", "")


# --- which rules run, and how grave they are ------------------------------------------------------------


def test_only_the_rules_asked_for_run(session):
    session.give("READ")
    session.raw(b"hello", from_client=False)
    assert {finding.rule for finding in check(session.check_input(), rules=["unreadable-payload"])} == {
        "unreadable-payload"
    }


def test_levels_raise_lower_and_turn_off(session):
    session.raw(b"hello", from_client=False)
    check_input = session.check_input()

    def level(severity):
        return [
            f.severity
            for f in check(check_input, rules=["unreadable-payload"], levels={"unreadable-payload": severity})
        ]

    assert level(Severity.ERROR) == [Severity.ERROR]
    assert level(Severity.INFO) == [Severity.INFO]
    assert level(None) == []


@pytest.mark.parametrize(
    "how", [{"rules": ["nonsense"]}, {"levels": {"nonsense": None}}], ids=["rules", "levels"]
)
def test_an_unknown_rule_is_an_error_of_the_callers(session, how):
    with pytest.raises(KeyError):
        check(session.check_input(), **how)


def test_rules_run_in_the_order_of_the_table_whatever_the_order_asked_for():
    assert [rule.id for rule in chosen(["several-ids", "receipt-for-receipt"])] == [
        "receipt-for-receipt",
        "several-ids",
    ]


# --- how findings are told ------------------------------------------------------------------------------


def test_a_rule_without_anything_to_look_at_has_no_finding(session):
    assert check(session.check_input()) == []


def test_a_rule_that_holds_everywhere_is_one_finding(session):
    session.i_am()
    for sequence in range(0, 20, 2):
        session.message(sequence)
        session.given("READ", sequence, sequence + 1)
    (finding,) = check(session.check_input(), rules=["duplicate-receipt"])
    assert (finding.outcome, finding.sentence) == (
        Outcome.SATISFIED,
        "Nobody gives the same receipt twice (10 looked at)",
    )


def test_a_violated_rule_is_not_satisfied_as_well(session):
    session.raw(b"hello", from_client=False)
    session.say()
    assert [f.outcome for f in check(session.check_input(), rules=["unreadable-payload"])] == [
        Outcome.VIOLATED
    ]


def test_more_than_five_not_observable_findings_become_one(session):
    session.i_am().snapshot(ME, AGENT)
    for sequence in range(UNOBSERVABLE_EACH):
        session.message(sequence, by=ME)
    few = check(session.check_input(), rules=["never-read"])
    assert [f.sequence for f in few] == list(range(UNOBSERVABLE_EACH))
    session.message(UNOBSERVABLE_EACH, by=ME)
    (one,) = check(session.check_input(), rules=["never-read"])
    assert one.outcome is Outcome.NOT_OBSERVABLE
    numbered = "6 times this recording cannot tell (messages 0, 1, 2, 3, 4, 5); the first time: "
    assert one.sentence.startswith(f"{numbered}no READ of message 0")
    assert (one.dialog, one.sequence) == ("d", None)


def test_a_session_of_ten_thousand_messages_stays_readable(session):
    session.i_am().snapshot(ME, AGENT)
    for sequence in range(0, 20_000, 2):
        session.message(sequence)
        session.receipt("READ", sequence, by=ME, own=sequence + 1)
    findings = check(session.check_input())
    assert len(findings) <= len(RULES) + UNOBSERVABLE_EACH
    assert all(len(finding.frames) <= FRAMES_SHOWN for finding in findings)


# --- anything whatever ----------------------------------------------------------------------------------

small = st.integers(0, 4)
frames = st.integers(0, 12)
ids = st.sampled_from(["a", "b", "c", ""]) | st.none()
dialogs = st.sampled_from(["d", "e"])
times = st.none() | st.integers(-(10**18), 10**18)
codes = st.none() | st.integers(0, 999)
some = st.lists(small, max_size=4).map(tuple)
statuses = st.sampled_from(["ACCEPT", "READ", "NACK", "ACTION", "WINK"])
roles = st.sampled_from(["CONSUMER", "ASSIGNED_AGENT"]) | st.none()
flags = st.booleans()
# No event but a refusal has proof REFUSED, and for the rules that of a refusal does not matter.
proofs = st.sampled_from([Proof.CLAIMED, Proof.ACKNOWLEDGED, Proof.ANNOUNCED])
evidences = st.builds(Evidence, proofs, frames, st.integers(1, 3), times, times, times)
types = st.sampled_from(
    ["ms.PublishEvent", "ms.SubscribeMessagingEvents", "ms.QueryMessages", "GetClock", ""]
)
kinds = st.sampled_from(
    ["unreadable", "id-reused", "malformed-sequence-list", "unknown-type", "no-dialog", "new"]
)
people = st.builds(
    Participant,
    st.sampled_from("abc"),
    st.sampled_from(["CONSUMER", "MANAGER"]),
    st.sampled_from([None, "SUGGESTED"]),
)
states = st.sampled_from([None, "OPEN", "CLOSE"])

events = st.one_of(
    st.builds(Identified, st.sampled_from("abc"), evidences),
    st.builds(RequestMade, ids, types, evidences),
    st.builds(RequestAnswered, st.none() | frames, ids, ids, codes, evidences),
    st.builds(PublishRequested, dialogs | st.none(), ids, st.just("text/plain"), ids, ids, evidences),
    st.builds(PublishRefused, frames, st.integers(400, 599), evidences),
    st.builds(PublishLost, frames),
    st.builds(
        MessagePublished,
        dialogs,
        small,
        ids,
        ids,
        roles,
        flags,
        st.just("text/plain"),
        ids,
        st.none() | frames,
        evidences,
    ),
    st.builds(
        ReceiptReported,
        dialogs,
        some,
        ids,
        roles,
        flags,
        statuses,
        st.none() | small,
        st.none() | frames,
        evidences,
    ),
    st.builds(ReceiptRefused, dialogs, some, ids, statuses, frames, st.integers(400, 599), evidences),
    st.builds(ChatStateReported, dialogs, ids, roles, flags, st.just("ACTIVE"), evidences),
    st.builds(ConversationOpened, dialogs, st.none() | frames, evidences),
    st.builds(
        ConversationChanged,
        dialogs,
        st.lists(people, max_size=3).map(tuple),
        st.lists(st.builds(Dialog, dialogs, st.none(), st.none(), states), max_size=2).map(tuple),
        states,
        states,
        times,
        flags,
        evidences,
    ),
    st.builds(OddityNoticed, kinds, st.sampled_from(["odd", "strange"]), evidences),
)
maybe_frame = st.none() | frames
connections = st.builds(
    ConnectionFact,
    st.integers(1, 3),
    maybe_frame,
    maybe_frame,
    times,
    st.sampled_from([None, "closed", "lost", "refused", "failed"]),
    st.none() | st.sampled_from([1000, 1011, 4401]),
    ids,
    st.none() | flags,
    maybe_frame,
    times,
    flags,
)
violations = st.builds(
    WireFact, frames, st.integers(1, 3), flags, st.sampled_from(["reserved bits", "no mask"])
)


@st.composite
def cases(draw):
    drawn = draw(st.lists(events, max_size=30))
    return CheckInput(
        events=drawn, transcript=fold(drawn), connections=draw(st.lists(connections, max_size=3)),
        violations=draw(st.lists(violations, max_size=3)), last_frame=draw(frames),
        last_offset_us=draw(times), recording=draw(flags),
    )  # fmt: skip


limits = st.builds(Limits, st.none() | st.floats(0, 1e6), st.none() | st.floats(0, 1e6), st.floats(0, 1e6))


@given(cases(), limits)
def test_check_never_raises_and_is_deterministic_for_any_events(check_input, limits):
    first = check(check_input, limits=limits)
    assert first == check(check_input, limits=limits)
    order = [rule.id for rule in RULES]
    assert [f.rule for f in first] == sorted((f.rule for f in first), key=order.index)
    for finding in first:
        assert finding.sentence
        assert finding.frames == tuple(sorted(set(finding.frames)))
        assert len(finding.frames) <= FRAMES_SHOWN


@given(kinds | st.text(min_size=1), st.integers(1, 99))
def test_everything_strange_becomes_a_finding_with_its_frame(kind, frame):
    odd = OddityNoticed(kind, "odd", Evidence(Proof.CLAIMED, frame, 1, None, None))
    if kind == "answer-without-question":  # told by the answer itself
        return
    findings = check(CheckInput(events=[odd], transcript=fold([odd])))
    assert [f.frames for f in findings if f.outcome is Outcome.VIOLATED] == [(frame,)]


@given(cases())
def test_satisfied_and_violated_exclude_each_other(check_input):
    findings = check(check_input)
    outcomes = {rule.id: {f.outcome for f in findings if f.rule == rule.id} for rule in RULES}
    for seen in outcomes.values():
        assert not {Outcome.SATISFIED, Outcome.VIOLATED} <= seen


@given(cases())
def test_a_rule_alone_finds_what_it_finds_among_all(check_input):
    together = check(check_input)
    assert [finding for rule in RULES for finding in check(check_input, rules=[rule.id])] == together
