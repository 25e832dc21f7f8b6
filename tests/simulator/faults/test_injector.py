"""What becomes of receipts, numbers and requests: the envelopes themselves."""

import pytest

from recorder.simulator import agent_from, moods_from
from recorder.simulator.faults.injector import MALFORMATIONS

AGENT = agent_from(
    [
        {
            "on": "message",
            "do": [{"accept": {"after": "1s"}}, {"read": {"after": "2s"}}, {"say": "Yes", "after": "3s"}],
        }
    ]
)


def receipts(told, guest):
    """(time, sequence, status, list) of every receipt the consumer was told of."""
    return [
        (at_s, change["sequence"], change["event"].get("status"), change["event"].get("sequenceList", "none"))
        for at_s, change in told(guest, "AcceptStatusEvent")
    ]


def written(visit, moods, *, seconds=20.0, agent=AGENT, texts=("Hi",)):
    guest = visit(agent=agent, moods=moods_from(moods))
    dialog_id = guest.open()
    for text in texts:
        guest.write(dialog_id, text)
        guest.wait(seconds)
    return guest, dialog_id


@pytest.mark.parametrize(
    ("moods", "heard"),
    [
        pytest.param({}, [(1, 1, "ACCEPT", [0]), (2, 2, "READ", [0])], id="none"),
        pytest.param({"read_only": True}, [(2, 1, "READ", [0])], id="read-only"),
        pytest.param(
            {"late_receipts": "4s"}, [(5, 1, "ACCEPT", [0]), (6, 2, "READ", [0])], id="late"
        ),
        pytest.param(
            {"late_receipts": {"by": "4s", "status": "ACCEPT"}},
            [(2, 2, "READ", [0]), (5, 1, "ACCEPT", [0])],
            id="late-accepts",
        ),
        pytest.param(
            {"duplicated_receipts": True},
            [(1, 1, "ACCEPT", [0]), (1, 2, "ACCEPT", [0]), (2, 3, "READ", [0]), (2, 4, "READ", [0])],
            id="given-again",
        ),
        pytest.param(
            {"duplicated_receipts": {"number": "same", "nth": 2}},
            [(1, 1, "ACCEPT", [0]), (2, 2, "READ", [0]), (2, 2, "READ", [0])],
            id="second-told-twice",
        ),
        pytest.param(
            {"reordered_receipts": True}, [(2, 2, "READ", [0]), (2, 1, "ACCEPT", [0])], id="reordered"
        ),
        pytest.param(
            {"reordered_receipts": {"status": "READ"}},
            [(1, 1, "ACCEPT", [0]), (3, 2, "READ", [0])],
            id="after-the-message-that-follows",
        ),
        pytest.param({"lost_receipts": {"status": "READ"}}, [(1, 1, "ACCEPT", [0])], id="lost"),
        pytest.param({"lost_receipts": {"first": 1}}, [(2, 2, "READ", [0])], id="first-lost"),
        pytest.param({"lost_receipts": {"whose": "consumer"}}, [(1, 1, "ACCEPT", [0]), (2, 2, "READ", [0])],
                     id="not-the-agents"),
        pytest.param(
            {"sequence_gaps": {"size": 10, "nth": 2}},
            [(1, 11, "ACCEPT", [0]), (2, 12, "READ", [0])],
            id="gap",
        ),
        pytest.param(
            {"scalar_sequence_list": True}, [(1, 1, "ACCEPT", 0), (2, 2, "READ", 0)], id="scalar"
        ),
        pytest.param({"malformed_receipts": "empty"}, [(1, 1, "ACCEPT", []), (2, 2, "READ", [])], id="empty"),
        pytest.param(
            {"malformed_receipts": "missing"},
            [(1, 1, "ACCEPT", "none"), (2, 2, "READ", "none")],
            id="missing",
        ),
        pytest.param(
            {"malformed_receipts": {"how": "nested", "nth": 1}},
            [(1, 1, "ACCEPT", [[0]]), (2, 2, "READ", [0])],
            id="nested",
        ),
        pytest.param(
            {"malformed_receipts": {"how": "no_status", "status": "READ"}},
            [(1, 1, "ACCEPT", [0]), (2, 2, None, [0])],
            id="no-status",
        ),
        pytest.param(
            {"malformed_receipts": {"how": "text", "first": 1}},
            [(1, 1, "ACCEPT", ["message 0"]), (2, 2, "READ", [0])],
            id="text",
        ),
        pytest.param(
            {"malformed_receipts": {"how": "negative", "first": 1}},
            [(1, 1, "ACCEPT", [-1]), (2, 2, "READ", [0])],
            id="negative",
        ),
        pytest.param(
            {"malformed_receipts": {"how": "repeated", "first": 1}},
            [(1, 1, "ACCEPT", [0, 0]), (2, 2, "READ", [0])],
            id="repeated",
        ),
    ],
)  # fmt: skip
def test_receipts_come_out_as_the_mood_has_it(visit, told, moods, heard):
    """Time, number, status and list of every receipt the consumer is told of."""
    guest, _ = written(visit, moods)
    assert [(round(at_s, 3), *rest) for at_s, *rest in receipts(told, guest)] == heard


def test_a_late_receipt_says_when_it_was_given(visit, told):
    guest, _ = written(visit, {"late_receipts": "4s"})
    (_, accept), _ = told(guest, "AcceptStatusEvent")
    assert accept["serverTimestamp"] == 1_700_000_001_000


def test_a_lost_receipt_is_in_the_history(visit, told):
    """It was given; only the telling was lost."""
    guest, dialog_id = written(visit, {"lost_receipts": True})
    assert receipts(told, guest) == []
    guest.subscribe(dialog_id)
    assert [rest for _, *rest in receipts(told, guest)] == [[1, "ACCEPT", [0]], [2, "READ", [0]]]


def test_the_history_repeats_what_was_malformed(visit, told):
    """Else one number would mean two things."""
    guest, dialog_id = written(visit, {"malformed_receipts": "any"})
    live = receipts(told, guest)
    guest.subscribe(dialog_id)
    assert [rest for _, *rest in receipts(told, guest)[len(live) :]] == [rest for _, *rest in live]


def test_any_malformation_comes_by_chance(visit, told):
    guest, _ = written(visit, {"malformed_receipts": "any"}, seconds=1.0, texts=["x"] * 40)
    shapes = {
        str((status is None, type(listed), bool(listed))) for *_, status, listed in receipts(told, guest)
    }
    assert len(shapes) >= 4
    assert len(MALFORMATIONS) == 7


@pytest.mark.parametrize(("whose", "echoes"), [("consumer", 0), ("everybody", 0), ("agent", 1)])
def test_one_s_own_receipts_are_meant_only_where_it_says_so(visit, told, whose, echoes):
    guest = visit(agent=AGENT, moods=moods_from({"lost_receipts": {"whose": whose}}))
    dialog_id = guest.open()
    answer = guest.mark(dialog_id, "READ", [0])[0]
    assert answer["code"] == 200
    assert len(receipts(told, guest)) == echoes


def test_one_s_own_receipt_given_again_is_answered_once(visit, told):
    """With the first of its two numbers."""
    guest = visit(moods=moods_from({"duplicated_receipts": {"whose": "consumer"}}))
    dialog_id = guest.open()
    guest.write(dialog_id)
    answer, *_ = guest.mark(dialog_id, "READ", [0])
    assert answer["body"] == {"sequence": 1}
    assert receipts(told, guest) == [(0.0, 1, "READ", [0]), (0.0, 2, "READ", [0])]


def test_a_chat_state_takes_no_number_in_any_mood(visit):
    guest = visit(moods=moods_from({"sequence_gaps": True, "duplicated_receipts": True}))
    dialog_id = guest.open()
    assert guest.type(dialog_id)[0]["body"] == {"sequence": 0}
    assert guest.write(dialog_id)[0]["body"] == {"sequence": 1}


@pytest.mark.parametrize(
    ("errors", "codes"),
    [
        ({"code": 429, "first": 2}, [429, 429, 200, 200]),
        ({"code": 500, "nth": 3}, [200, 200, 500, 200]),
        ({"code": 404, "to": "KeepAlive"}, [200, 200, 200, 200]),
        ([{"code": 429, "nth": 1}, {"code": 500, "nth": 1}], [429, 500, 200, 200]),
        ({"code": 599}, [599] * 4),
    ],
)
def test_requests_are_refused_as_the_mood_has_it(visit, errors, codes):
    """The first that fits counts; the others count this occasion only if it comes to them."""
    guest = visit(moods=moods_from({"errors": errors}))
    assert [guest.ask("GetClock")[0]["code"] for _ in range(4)] == codes


@pytest.mark.parametrize(
    ("error", "body"),
    [
        ({"code": 429}, "Too Many Requests"),
        ({"code": 599}, "Error 599"),
        ({"code": 429, "says": "slow down"}, "slow down"),
        ({"code": 429, "says": ""}, ""),
    ],
)
def test_a_refusal_says_what_it_is_told_to(visit, error, body):
    guest = visit(moods=moods_from({"errors": error}))
    assert guest.say('{"id":"7","type":"GetClock"}') == [
        {"kind": "resp", "reqId": "7", "code": error["code"], "body": body, "type": ".ReqBody$StringResp"}
    ]


def test_what_is_refused_is_not_done(visit, told):
    guest = visit(moods=moods_from({"errors": {"code": 429, "event": "ContentEvent", "first": 1}}))
    dialog_id = guest.open()
    assert len(guest.write(dialog_id)) == 1
    assert guest.write(dialog_id)[0]["body"] == {"sequence": 0}


def test_what_is_not_answered_is_done(visit, told):
    guest = visit(moods=moods_from({"unanswered": {"to": "PublishEvent", "first": 1}}))
    dialog_id = guest.open()
    (echo,) = guest.write(dialog_id)
    assert echo["kind"] == "notification"
    assert guest.write(dialog_id)[0]["body"] == {"sequence": 1}


def test_who_says_who_they_are_may_be_refused_and_is_closed(visit):
    guest = visit(moods=moods_from({"errors": {"code": 401, "to": "InitConnection"}}))
    guest.connect(2, token=None)
    header = {"type": ".ams.headers.ConsumerAuthentication", "jwt": "x"}
    answer, hang_up = guest.ask("InitConnection", client=2, headers=[header])
    assert (answer["code"], hang_up.code) == (401, 4401)
