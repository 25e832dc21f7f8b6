"""Publishes of ours that no answer gave a sequence, and the messages that are probably them.

When a connection ends between a publish and its answer, nobody here can know whether it was stored; an
answer in an old dialect says that it was, and not where. If the service later announces a message in the same
dialog, by us, with the same text, it probably was this one. This is a conclusion from all facts together,
never a fact: the next frame may take it back.

* Nothing is matched that the answer to another publish already explains, and nothing without a text.
* A publish of the same text that still waits for its answer goes first: the echo may be its own.
* One echo for each publish, first come, first served.
"""

from __future__ import annotations

from collections import defaultdict, deque
from typing import NamedTuple

from recorder.messaging.events import Evidence, MessagePublished, Proof

from .selves import Selves
from .state import OwnPublish, Transcript

MessageKey = tuple[str, int]
"""Dialog and sequence."""


class Echo(NamedTuple):
    """A publish without a sequence, and the announcement that it is probably the same message."""

    request_frame: int
    asked: Evidence
    announced: Evidence


_EchoKey = tuple[str, str, str]
"""Dialog, type and text: equal for a publish and its echo."""


def probable_echoes(transcript: Transcript, selves: Selves) -> dict[MessageKey, Echo]:
    """For each message that probably is a publish of ours whose outcome is unknown: which."""
    lost, waiting = _unanswered(transcript)
    if not lost:
        return {}
    candidates = _candidates(transcript, {_echo_key(publish) for _, publish in lost})
    for frame, publish in waiting:
        _take(candidates[_echo_key(publish)], frame, publish, selves)
    found: dict[MessageKey, Echo] = {}
    for frame, publish in lost:
        taken = _take(candidates[_echo_key(publish)], frame, publish, selves)
        if taken is not None and publish.asked is not None:
            found[taken.dialog_id, taken.sequence] = Echo(frame, publish.asked, taken.evidence)
    return found


def probable_echo(transcript: Transcript, selves: Selves, dialog_id: str, sequence: int) -> Echo | None:
    """The publish of ours that one message probably is; None for most, without a look at the others."""
    message = transcript.published.get(dialog_id, {}).get(sequence)
    if message is None or message.text is None:
        return None
    key = (dialog_id, message.type, message.text)
    if not any(_echo_key(transcript.own_publishes[frame]) == key for frame in transcript.unresolved):
        return None
    return probable_echoes(transcript, selves).get((dialog_id, sequence))


def _unanswered(transcript: Transcript) -> tuple[list[tuple[int, OwnPublish]], list[tuple[int, OwnPublish]]]:
    """Publishes without an answer in the order they went out: those that are lost, those that wait."""
    open_asks = [
        (frame, publish)
        for frame in sorted(transcript.unresolved)
        if _is_open(publish := transcript.own_publishes[frame])
    ]
    lost = [each for each in open_asks if each[1].lost or each[1].taken is not None]
    return lost, [each for each in open_asks if not (each[1].lost or each[1].taken is not None)]


def _is_open(publish: OwnPublish) -> bool:
    complete = publish.dialog_id is not None and publish.type is not None and publish.text is not None
    return complete and publish.asked is not None and publish.answered is None and publish.refused is None


def _echo_key(publish: OwnPublish) -> _EchoKey:
    return (publish.dialog_id or "", publish.type or "", publish.text or "")


def _candidates(
    transcript: Transcript, targets: set[_EchoKey]
) -> defaultdict[_EchoKey, deque[MessagePublished]]:
    """Announced messages that no answer explains, in the order they were announced."""
    found: defaultdict[_EchoKey, deque[MessagePublished]] = defaultdict(deque)
    for dialog_id in {dialog_id for dialog_id, _, _ in targets} & transcript.published.keys():
        own = transcript.own_actions.get(dialog_id, {})
        answered = {sequence for sequence, actions in own.items() if actions.request_frame is not None}
        messages = transcript.published[dialog_id].values()
        for message in sorted(messages, key=lambda each: (each.evidence.frame, each.sequence)):
            key = (dialog_id, message.type, message.text or "")
            announced = message.evidence.proof is Proof.ANNOUNCED and message.sequence not in answered
            if announced and key in targets and message.text is not None:
                found[key].append(message)
    return found


def _take(
    candidates: deque[MessagePublished], frame: int, publish: OwnPublish, selves: Selves
) -> MessagePublished | None:
    """Take the first that came after the publish and is by its author.

    Where the publish does not tell who that is, it is the self of its connection; where even that is not
    known, any of our own ids may be.
    """
    connection = None if publish.asked is None else publish.asked.connection
    author = publish.author or selves.id_of(connection)
    authors = selves.ids if author is None else {author}
    for candidate in candidates:
        if candidate.evidence.frame > frame and candidate.author in authors:
            candidates.remove(candidate)
            return candidate
    return None
