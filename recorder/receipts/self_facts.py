"""Everybody in a session: every self with its role and connections, also of unknown id, and all others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from recorder.messaging.events import (
    Event,
    Evidence,
    MessagePublished,
    PublishRequested,
    ReceiptRefused,
    ReceiptReported,
)

from .participants import KnownParticipant
from .queries import MessageView, name_of, role_of
from .selves import Selves, selves_of
from .state import OwnPublish, Transcript, giver_of

KnownPeople = dict[str | int, KnownParticipant]
"""Id → role and name; for a self whose id is not known its connection stands for it."""


class SelfFact(NamedTuple):
    """One of us: id, role, the connections that we speak on under it, and the name in a user profile.

    ``participant`` None: something was sent on this connection, and nothing tells by whom.
    """

    participant: str | None
    role: str | None
    connections: tuple[int, ...]
    name: str | None = None

    @property
    def key(self) -> str | int:
        """The id; for an unknown one the connection."""
        return self.connections[0] if self.participant is None else self.participant

    @property
    def known(self) -> KnownParticipant:
        """Role and name."""
        return KnownParticipant(self.role, self.name)


def self_facts(
    transcript: Transcript, selves: Selves | None = None, speaking: Iterable[int] | None = None
) -> list[SelfFact]:
    """Each of us once, in the order of connections; last those that are not known to speak on any.

    ``speaking`` are the connections of ``speaking_in`` of all events, for who has them.
    """
    selves = selves_of(transcript) if selves is None else selves
    speaking = _speaking(transcript) if speaking is None else speaking
    connections: dict[str | int, list[int]] = {}
    for connection in sorted({*selves.by_connection, *speaking}):
        connections.setdefault(selves.by_connection.get(connection, connection), []).append(connection)
    for who in sorted(selves.ids):
        connections.setdefault(who, [])
    return [
        SelfFact(who, role_of(transcript, who), tuple(where), name_of(transcript, who, selves))
        if isinstance(who, str)
        else SelfFact(None, None, tuple(where))
        for who, where in connections.items()
    ]


def self_roles(
    transcript: Transcript, selves: Selves | None = None, speaking: Iterable[int] | None = None
) -> KnownPeople:
    """The roles and names of all of us in a session; arguments as those of ``self_facts``."""
    return {each.key: each.known for each in self_facts(transcript, selves, speaking)}


def speaking_in(transcript: Transcript, events: Iterable[Event]) -> Iterator[int]:
    """The connections on which these events, which are folded, show something sent, and not by whom."""
    for event in events:
        if isinstance(event, PublishRequested | MessagePublished):
            requested = event.evidence.frame if isinstance(event, PublishRequested) else event.request_frame
            publish = None if requested is None else transcript.own_publishes.get(requested)
            if publish is not None and publish.author is None:
                yield from _connections_of(publish)
        elif isinstance(event, ReceiptReported | ReceiptRefused) and event.sequences:
            giver = giver_of(event)
            if isinstance(giver, int):
                yield giver


def known_people(transcript: Transcript, selves: Selves | None = None) -> KnownPeople:
    """The roles and names of all of us, then of everybody else whose role or name is known."""
    selves = selves_of(transcript) if selves is None else selves
    people = self_roles(transcript, selves)
    for who in dict.fromkeys((*transcript.roles, *transcript.names)):
        if isinstance(who, str) and who not in people:
            role, name = role_of(transcript, who), name_of(transcript, who, selves)
            people[who] = KnownParticipant(role, name, mine=False)
    return people


def people_of(messages: Iterable[MessageView]) -> KnownPeople:
    """The roles of everybody who wrote these messages or gave receipts for them."""
    people: KnownPeople = {}
    for message in messages:
        _note(people, message.author, message.role, mine=message.mine, evidence=message.sent)
        for receipt in message.receipts:
            _note(people, receipt.participant, receipt.role, mine=receipt.mine, evidence=receipt.evidence)
    return people


def _note(
    people: KnownPeople,
    participant: str | None,
    role: str | None,
    *,
    mine: bool | None,
    evidence: Evidence | None,
) -> None:
    who = connection_of(evidence) if participant is None and mine else participant
    if who is not None:
        known = people.get(who, KnownParticipant(None, mine=False))
        people[who] = known._replace(role=role or known.role, mine=known.mine or bool(mine))


def connection_of(evidence: Evidence | None) -> int | None:
    """The connection of a frame, None where there is no such frame."""
    return None if evidence is None else evidence.connection


def _speaking(transcript: Transcript) -> Iterator[int]:
    """The connections that messages or receipts were sent on without saying who sends them."""
    for publish in transcript.own_publishes.values():
        if publish.author is None:
            yield from _connections_of(publish)
    for given in transcript.receipts.values():
        yield from (key.participant for key in given if isinstance(key.participant, int))
    for actions in transcript.own_actions.values():
        for action in actions.values():
            yield from (
                key.participant for key in action.receipt_requests if isinstance(key.participant, int)
            )


def _connections_of(publish: OwnPublish) -> Iterator[int]:
    for evidence in (publish.asked, None if publish.answered is None else publish.answered[0]):
        if evidence is not None:
            yield evidence.connection
