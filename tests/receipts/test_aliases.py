"""Two ids of one person are one where the user says so; otherwise they are only suggested."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.errors import BadOption
from recorder.messaging.events import (
    ChatStateReported,
    ConversationChanged,
    Dialog,
    Evidence,
    Identified,
    MessagePublished,
    Participant,
    Proof,
    PublishLost,
    PublishRequested,
    ReceiptRefused,
    ReceiptReported,
)
from recorder.receipts.aliases import ParticipantTracker, Suggestion, parse_aliases, rewritten
from recorder.receipts.fold import fold
from recorder.receipts.queries import view
from recorder.receipts.selves import selves_of

GUEST, USER, AGENT = "guest-1", "user-7", "agent-9"
STEP_UP = {GUEST: USER}


@pytest.mark.parametrize(
    ("written", "aliases"),
    [
        pytest.param([], {}, id="none"),
        pytest.param(["a=b"], {"a": "b"}, id="one"),
        pytest.param(["a=b", "b=c", "x=c"], {"a": "c", "b": "c", "x": "c"}, id="a chain leads to its end"),
        pytest.param(["b=c", "a=b"], {"a": "c", "b": "c"}, id="in any order"),
        pytest.param(["a=b", "a=b"], {"a": "b"}, id="said twice"),
        pytest.param(["a=a"], {}, id="itself"),
        pytest.param(["a=b=c"], {"a": "b=c"}, id="an id may hold an equals sign, the old one not"),
    ],
)
def test_an_alias_leads_to_the_last_name(written, aliases):
    assert parse_aliases(written) == aliases


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (["a"], "is not OLD=NEW"),
        (["=b"], "is not OLD=NEW"),
        (["a="], "is not OLD=NEW"),
        (["a=b", "a=c"], 'cannot be both "b" and "c"'),
        (["a=b", "b=a"], "goes round in a circle"),
        (["a=b", "b=c", "c=b"], "goes round in a circle"),
    ],
)
def test_what_cannot_be_meant_is_refused(written, says):
    with pytest.raises(BadOption, match=says):
        parse_aliases(written)


def every_kind(build, who):
    """One event of every kind in which a participant stands."""
    claim = build.claim("READ", 0, by=who)
    return [
        build.i_am(who), build.publish()._replace(author=who), build.message(0, by=who),
        build.receipt("READ", 0, by=who), claim, build.refuse_receipt(claim),
        ChatStateReported("d1", who, "CONSUMER", False, "COMPOSING", build.proof(Proof.ANNOUNCED)),
        ConversationChanged(
            "c", (Participant(who, "CONSUMER"),), (), "OPEN", None, 5, False, build.proof(Proof.ANNOUNCED)
        ),
    ]  # fmt: skip


def test_aliases_replace_every_participant_id(build):
    heard = every_kind(build, GUEST)
    assert {type(event) for event in heard} == {
        Identified, PublishRequested, MessagePublished, ReceiptReported, ReceiptRefused, ChatStateReported,
        ConversationChanged,
    }  # fmt: skip
    changed = list(rewritten([*heard, PublishLost(3)], STEP_UP))
    assert GUEST not in repr(changed)
    assert changed == [*rewritten(heard, {GUEST: USER}), PublishLost(3)]
    assert repr(changed[:-1]) == repr(heard).replace(GUEST, USER)


def test_a_snapshot_that_lists_both_lists_the_person_once(build):
    both = (
        Participant(GUEST, "CONSUMER"),
        Participant(AGENT, "ASSIGNED_AGENT"),
        Participant(USER, "CONSUMER"),
    )
    snapshot = ConversationChanged("c", both, (), "OPEN", None, 5, False, build.proof(Proof.ANNOUNCED))
    (merged,) = rewritten([snapshot], STEP_UP)
    assert [one.participant for one in merged.participants] == [USER, AGENT]


def test_after_merging_a_receipt_under_the_new_id_is_the_authors_own(build):
    """Before the step-up the guest wrote; what the user then reads is no word of anybody else."""
    heard = [build.message(0, by=GUEST, role="CONSUMER"), build.receipt("READ", 0, by=USER)]
    assert view(fold(heard))[0].status == "read"
    merged = view(fold(rewritten(heard, STEP_UP)))[0]
    assert (merged.status, merged.author) == ("sent", USER)


@given(st.dictionaries(st.sampled_from(["nobody", "else"]), st.just("somebody")))
def test_an_alias_of_nobody_changes_nothing(aliases):
    heard = [PublishLost(1), *_story()]
    assert list(rewritten(heard, aliases)) == heard
    assert fold(rewritten(heard, {GUEST: GUEST})) == fold(heard)


def _story():
    proof = Evidence(Proof.ANNOUNCED, 1, 1, None, None)
    return [
        MessagePublished("d", 0, None, GUEST, "CONSUMER", False, "text/plain", "hi", None, proof),
        ReceiptReported("d", (0,), AGENT, None, False, "READ", 1, None, proof),
    ]


# --- suggestions ----------------------------------------------------------------------------------------


def suggested(heard):
    acquaintances = ParticipantTracker()
    assert list(acquaintances.watch(heard)) == heard
    return [(each.old, each.new) for each in acquaintances.suggestions()]


def test_two_consumers_in_one_conversation_may_be_one_person_the_later_one_last(build):
    heard = [
        build.message(0, by=GUEST, role="CONSUMER"), build.message(1, by=AGENT, role="ASSIGNED_AGENT"),
        build.receipt("READ", 1, by=USER, role="CONSUMER"),
    ]  # fmt: skip
    assert suggested(heard) == [(GUEST, USER)]
    assert suggested(list(rewritten(heard, STEP_UP))) == []


def test_a_history_that_comes_late_does_not_turn_old_and_new_round(build):
    """Their clock says who was first, not the order in which we heard."""
    late = build.message(9, by=USER, role="CONSUMER")
    early = build.message(0, by=GUEST, role="CONSUMER")
    assert suggested([late, early]) == [(GUEST, USER)]


def test_consumers_of_different_conversations_are_different_people(build):
    heard = [build.message(0, by=GUEST, role="CONSUMER")]
    build.dialog = "d2"
    heard.append(build.message(0, by=USER, role="CONSUMER"))
    assert suggested(heard) == []


def test_dialogs_of_one_conversation_are_looked_at_together(build):
    heard = [build.message(0, by=GUEST, role="CONSUMER")]
    build.dialog = "d2"
    heard.append(build.message(0, by=USER, role="CONSUMER"))
    dialogs = tuple(Dialog(name, "MAIN", None, "OPEN") for name in ("d1", "d2"))
    snapshot = ConversationChanged("c", (), dialogs, "OPEN", None, 5, False, build.proof(Proof.ANNOUNCED))
    assert suggested([*heard, snapshot]) == [(GUEST, USER)]


def test_a_snapshot_after_the_change_is_enough(build):
    def snapshot(consumer, updated_ms):
        one = (Participant(consumer, "CONSUMER"),)
        return ConversationChanged(
            "c", one, (), "OPEN", None, updated_ms, False, build.proof(Proof.ANNOUNCED)
        )

    assert suggested([snapshot(GUEST, 1), snapshot(USER, 2)]) == [(GUEST, USER)]


def test_our_own_ids_on_several_connections_may_be_one_person(build):
    first, second = build.i_am(GUEST), build.i_am(USER)
    second = second._replace(evidence=second.evidence._replace(connection=2))
    assert suggested([first, second]) == [(GUEST, USER)]
    assert suggested([first, first._replace(evidence=second.evidence)]) == []


def test_a_suggestion_says_what_to_type_and_is_made_once(build):
    first, second = build.i_am(GUEST), build.i_am(USER)
    second = second._replace(evidence=second.evidence._replace(connection=2))
    acquaintances = ParticipantTracker()
    heard = [
        first,
        second,
        build.message(0, by=GUEST, role="CONSUMER"),
        build.message(1, by=USER, role="CONSUMER"),
    ]
    list(acquaintances.watch(heard))
    (only,) = acquaintances.suggestions()
    assert only.option == "--alias guest-1=user-7"
    assert isinstance(only, Suggestion)
    assert "connection 1" in only.why
    assert acquaintances.names == {GUEST, USER}


def test_several_ids_of_ours_are_all_known_to_be_us_without_any_alias(build):
    assert selves_of(fold([build.i_am(GUEST), build.i_am(USER)])).ids == {GUEST, USER}
