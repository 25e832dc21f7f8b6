"""Receipts, sequences and requests under each mood, as the envelopes show them."""

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


def receipts(delivered, session):
    """(time, sequence, status, list) of every receipt the consumer received."""
    return [
        (at_s, change["sequence"], change["event"].get("status"), change["event"].get("sequenceList", "none"))
        for at_s, change in delivered(session, "AcceptStatusEvent")
    ]


def written(serve, moods, *, seconds=20.0, agent=AGENT, texts=("Hi",)):
    session = serve(agent=agent, moods=moods_from(moods))
    dialog_id = session.open()
    for text in texts:
        session.write(dialog_id, text)
        session.wait(seconds)
    return session, dialog_id


@pytest.mark.parametrize(
    ("moods", "received"),
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
def test_receipts_are_delivered_by_the_moods(serve, delivered, moods, received):
    """Time, number, status and list of every receipt the consumer is told of."""
    session, _ = written(serve, moods)
    assert [(round(at_s, 3), *rest) for at_s, *rest in receipts(delivered, session)] == received


def test_a_late_receipt_says_when_it_was_given(serve, delivered):
    session, _ = written(serve, {"late_receipts": "4s"})
    (_, accept), _ = delivered(session, "AcceptStatusEvent")
    assert accept["serverTimestamp"] == 1_700_000_001_000


def test_a_lost_receipt_is_in_the_history(serve, delivered):
    """It was given; only the telling was lost."""
    session, dialog_id = written(serve, {"lost_receipts": True})
    assert receipts(delivered, session) == []
    session.subscribe(dialog_id)
    assert [rest for _, *rest in receipts(delivered, session)] == [[1, "ACCEPT", [0]], [2, "READ", [0]]]


def test_the_history_repeats_what_was_malformed(serve, delivered):
    """Else one number would mean two things."""
    session, dialog_id = written(serve, {"malformed_receipts": "any"})
    live = receipts(delivered, session)
    session.subscribe(dialog_id)
    assert [rest for _, *rest in receipts(delivered, session)[len(live) :]] == [rest for _, *rest in live]


def test_any_draws_every_malformation(serve, delivered):
    session, _ = written(serve, {"malformed_receipts": "any"}, seconds=1.0, texts=["x"] * 40)
    shapes = {
        str((status is None, type(listed), bool(listed)))
        for *_, status, listed in receipts(delivered, session)
    }
    assert len(shapes) >= 4
    assert len(MALFORMATIONS) == 7


@pytest.mark.parametrize(("whose", "echoes"), [("consumer", 0), ("everybody", 0), ("agent", 1)])
def test_moods_apply_to_consumer_receipts_only_with_whose(serve, delivered, whose, echoes):
    session = serve(agent=AGENT, moods=moods_from({"lost_receipts": {"whose": whose}}))
    dialog_id = session.open()
    answer = session.mark(dialog_id, "READ", [0])[0]
    assert answer["code"] == 200
    assert len(receipts(delivered, session)) == echoes


def test_a_duplicated_receipt_of_the_consumer_is_answered_once(serve, delivered):
    """With the first of its two numbers."""
    session = serve(moods=moods_from({"duplicated_receipts": {"whose": "consumer"}}))
    dialog_id = session.open()
    session.write(dialog_id)
    answer, *_ = session.mark(dialog_id, "READ", [0])
    assert answer["body"] == {"sequence": 1}
    assert receipts(delivered, session) == [(0.0, 1, "READ", [0]), (0.0, 2, "READ", [0])]


def test_a_chat_state_takes_no_number_in_any_mood(serve):
    session = serve(moods=moods_from({"sequence_gaps": True, "duplicated_receipts": True}))
    dialog_id = session.open()
    assert session.type(dialog_id)[0]["body"] == {"sequence": 0}
    assert session.write(dialog_id)[0]["body"] == {"sequence": 1}


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
def test_requests_are_refused_by_the_moods(serve, errors, codes):
    """The first that fits counts; the others count this occasion only if it comes to them."""
    session = serve(moods=moods_from({"errors": errors}))
    assert [session.ask("GetClock")[0]["code"] for _ in range(4)] == codes


@pytest.mark.parametrize(
    ("error", "body"),
    [
        ({"code": 429}, "Too Many Requests"),
        ({"code": 599}, "Error 599"),
        ({"code": 429, "says": "slow down"}, "slow down"),
        ({"code": 429, "says": ""}, ""),
    ],
)
def test_an_error_has_the_text_of_its_mood(serve, error, body):
    session = serve(moods=moods_from({"errors": error}))
    assert session.say('{"id":"7","type":"GetClock"}') == [
        {"kind": "resp", "reqId": "7", "code": error["code"], "body": body, "type": ".ReqBody$StringResp"}
    ]


def test_a_refused_request_is_not_carried_out(serve, delivered):
    session = serve(moods=moods_from({"errors": {"code": 429, "event": "ContentEvent", "first": 1}}))
    dialog_id = session.open()
    assert len(session.write(dialog_id)) == 1
    assert session.write(dialog_id)[0]["body"] == {"sequence": 0}


def test_an_unanswered_request_is_carried_out(serve, delivered):
    session = serve(moods=moods_from({"unanswered": {"to": "PublishEvent", "first": 1}}))
    dialog_id = session.open()
    (echo,) = session.write(dialog_id)
    assert echo["kind"] == "notification"
    assert session.write(dialog_id)[0]["body"] == {"sequence": 1}


def test_a_refused_init_connection_closes_the_connection(serve):
    session = serve(moods=moods_from({"errors": {"code": 401, "to": "InitConnection"}}))
    session.connect(2, token=None)
    header = {"type": ".ams.headers.ConsumerAuthentication", "jwt": "x"}
    answer, hang_up = session.ask("InitConnection", client=2, headers=[header])
    assert (answer["code"], hang_up.code) == (401, 4401)
