"""Whom a session names is found wherever the protocol says who somebody is."""

from __future__ import annotations

import json

from recorder.redaction.people import NAME_WITHHELD
from recorder.redaction.people_listed import PeopleListed


def names(*payloads):
    people = PeopleListed()
    for payload in payloads:
        people.add_payload(json.dumps(payload).encode())
    return people.names


def test_people_are_numbered_as_they_turn_up():
    change = {"originatorId": "a", "originatorMetadata": {"id": "b", "role": "CONSUMER"}}
    snapshot = {"participants": [{"id": "c", "role": "READER"}], "participantsPId": {"CONSUMER": ["d", "a"]}}
    found = names({"body": {"changes": [change]}}, {"result": snapshot, "userId": "e", "id": "no"})
    assert found == {"a": "person1", "b": "person2", "c": "person3", "d": "person4", "e": "person5"}


def test_tokens_tell_whose_they_are():
    people = PeopleListed()
    people.add_token("jwt ⟦jwt:3f9a1c22 sub=me⟧")
    people.add_payload('{"headers": [{"jwt": "⟦jwt:3f9a1c23 sub=you⟧"}]}'.encode())
    people.add_token("nobody")
    assert people.names == {"me": "person1", "you": "person2"}


def test_names_of_profiles_are_withheld():
    assert names({"body": {"firstName": "Ann", "lastName": "Li"}}) == {"Ann": NAME_WITHHELD}


def test_what_people_write_names_nobody():
    event = {"type": "RichContentEvent", "content": {"userId": "a", "email": "x@example.com"}}
    assert names({"event": event}, [{"text": "userId"}]) == {}


def test_what_is_no_json_names_nobody():
    people = PeopleListed()
    for payload in (b"", b"{", b"\xff", b'{"userId": NaN}'):
        people.add_payload(payload)
    assert people.names == {}
