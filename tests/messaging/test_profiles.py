"""Names out of user profiles, whichever way a client writes them."""

from __future__ import annotations

import json

import pytest

from recorder.messaging.events import ParticipantNamed, Stamp
from recorder.messaging.interpreter import Interpreter
from recorder.messaging.profiles import name_in


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"nickName": "Ann", "firstName": "Annabel"}, "Ann"),
        ({"firstName": "Ann", "lastName": "Lee"}, "Ann Lee"),
        ({"lastName": "Lee"}, "Lee"),
        ({"nickname": " two\n lines "}, "two lines"),
        ([{"type": "ctmrinfo"}, {"type": "personal", "personal": {"firstname": "Ann"}}], "Ann"),
        ({"nickName": "x" * 10_000}, "x" * 128),
        ({"nickName": 7, "firstName": None}, None),
        ({"personal": "Ann"}, None),
        ("Ann", None),
        (None, None),
        ([[]], None),
    ],
)
def test_the_name_in_a_profile(body: object, name: str | None) -> None:
    assert name_in(body) == name


def named(kind: str, asked: object, code: int, answered: object) -> list[ParticipantNamed]:
    reader = Interpreter()
    request = {"kind": "req", "id": "1", "type": kind, "body": asked}
    reader.read(json.dumps(request).encode(), Stamp(1, 4), from_client=True)
    answer = {"kind": "resp", "reqId": "1", "code": code, "body": answered}
    events = reader.read(json.dumps(answer).encode(), Stamp(2, 4), from_client=False)
    return [event for event in events if isinstance(event, ParticipantNamed)]


@pytest.mark.parametrize(
    ("asked", "participant"), [({}, None), (None, None), ("p1", "p1"), ({"userId": "p1"}, "p1")]
)
def test_a_profile_is_of_whom_it_was_asked_for(asked: object, participant: str | None) -> None:
    (event,) = named("userprofile.GetUserProfile", asked, 200, {"userId": "1.2", "firstName": "Ann"})
    assert (event.participant, event.name, event.evidence.frame) == (participant, "Ann", 2)


def test_only_what_the_service_took_names_anybody() -> None:
    profile = {"firstName": "Ann"}
    assert [each.name for each in named("userprofile.SetUserProfile", profile, 200, "OK")] == ["Ann"]
    assert named("userprofile.SetUserProfile", profile, 400, "no") == []
    assert named("GetClock", {}, 200, profile) == []
