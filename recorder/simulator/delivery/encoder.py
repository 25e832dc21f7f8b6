"""Encode responses and notifications by the moods: v2 or v3, which fields, lists or scalars.

Nothing here decides what is sent, or when.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson

from recorder.messaging.requests import Json

from ..faults.config import NO_MOODS, Moods
from ..protocol import response_types
from ..protocol.conversations import PublishedEvent, change
from ..protocol.response_types import ResponseType

MAX_REASON_LENGTH = 128

# Names that no published material has, for ``unknown_fields``.
FUTURE_FIELD = "fieldOfTheFuture"
FUTURE_NOTIFICATION = ResponseType("ms.NotificationOfTheFuture", "ms.NotificationOfTheFuture")


class Encoder:
    """The JSON of responses and notifications for one set of moods."""

    def __init__(self, moods: Moods = NO_MOODS) -> None:
        self._moods = moods
        self._v2 = moods.dialect == "v2"
        absent = {
            "conversationId": moods.absent_conversation_id,
            "originatorMetadata": moods.absent_originator_metadata,
        }
        self._absent_fields = [field for field, is_absent in absent.items() if is_absent]

    def response(self, request_id: str | None, body: Any, type_: ResponseType, *, code: int = 200) -> str:
        """The text of a response; no ``reqId`` for a request without id, no ``body`` where it is None."""
        if self._moods.unknown_fields and isinstance(body, dict):
            body = body | {FUTURE_FIELD: {"since": 4}}
        fields: Json = {"kind": "resp"}
        if request_id is not None:
            fields["reqId"] = request_id
        fields["code"] = code
        if body is not None:
            fields["body"] = body
        return self._text(fields, type_)

    def error(self, request_id: str | None, code: int, reason: str) -> str:
        """The text of an error response: a code of 400 or more, and a sentence cut to 128 characters."""
        return self.response(request_id, reason[:MAX_REASON_LENGTH], response_types.STRING, code=code)

    def events(self, published: Sequence[PublishedEvent], *, live: bool, account: str) -> list[str]:
        """The notifications of events: one with all of them in v3, one for each event in v2.

        ``published`` may be empty: v3 sends an empty list of changes, v2 sends nothing.
        """
        changes = [self._change(change(event, live=live)) for event in published]
        if self._v2:
            return [self._notification(response_types.EVENTS, as_v2_event(one, account)) for one in changes]
        texts = [self._notification(response_types.EVENTS, self._changes({}, changes))]
        if self._moods.unknown_fields and live:
            texts.append(self._notification(FUTURE_NOTIFICATION, {FUTURE_FIELD: len(changes)}))
        return texts

    def history(self, published: Sequence[PublishedEvent], account: str) -> list[Json]:
        """The body of the response to QueryMessages."""
        changes = [self._change(change(event, live=False)) for event in published]
        return [as_v2_event(one, account) for one in changes] if self._v2 else changes

    def conversations(self, subscription_id: str, changes: list[Json], account: str) -> str:
        """The notification of conversations for one subscription; ``changes`` may be empty."""
        changes = [{**one, "result": self._result(one["result"], account)} for one in changes]
        body = self._changes({"subscriptionId": subscription_id}, changes)
        return self._notification(response_types.CONVERSATIONS, body)

    def _notification(self, type_: ResponseType, body: Json) -> str:
        return self._text({"kind": "notification", "body": body}, type_)

    def _text(self, fields: Json, type_: ResponseType) -> str:
        return orjson.dumps(fields | {"type": type_.v2 if self._v2 else type_.v3}).decode()

    def _changes(self, body: Json, changes: list[Json]) -> Json:
        if not changes and self._moods.absent_changes:
            return body
        is_scalar = len(changes) == 1 and self._moods.scalar_changes
        return {**body, "changes": changes[0] if is_scalar else changes}

    def _result(self, result: Json, account: str) -> Json:
        result = dict(result)
        last = result.pop("lastContentEventNotification", None)
        if last is not None and not self._moods.absent_last_content:
            result["lastContentEventNotification"] = self._change(last)
        if self._moods.unknown_fields:
            result[FUTURE_FIELD] = ["anything"]
        return as_v2_result(result, account) if self._v2 else result

    def _change(self, change: Json) -> Json:
        for field in self._absent_fields:
            change.pop(field, None)
        sequences = change["event"].get("sequenceList")
        if self._moods.scalar_sequence_list and isinstance(sequences, list) and len(sequences) == 1:
            change["event"] = change["event"] | {"sequenceList": sequences[0]}
        if self._moods.unknown_fields:
            change[FUTURE_FIELD] = 1
        return change


def as_v2_event(change: Json, account: str) -> Json:
    """One change in v2: alone in its body, author under both ids, without conversation."""
    public_id = change["originatorId"]
    role = change.get("originatorMetadata", {}).get("role")
    v2 = {key: value for key, value in change.items() if key != "conversationId"}
    return v2 | {"originatorId": legacy_id(public_id, role, account), "originatorPId": public_id}


def as_v2_result(result: Json, account: str) -> Json:
    """A conversation in v2: participants by role under both ids, its id and time twice."""
    details = dict(result["conversationDetails"])
    by_role: dict[str, list[str]] = {}
    by_public_id: dict[str, list[str]] = {}
    for member in details["participants"]:
        by_role.setdefault(member["role"], []).append(legacy_id(member["id"], member["role"], account))
        by_public_id.setdefault(member["role"], []).append(member["id"])
    details |= {"convId": result["convId"], "participants": by_role, "participantsPId": by_public_id}
    details["dialogs"] = [_as_v2_dialog(dialog, account) for dialog in details["dialogs"]]
    v2 = {**result, "conversationDetails": details, "lastUpdateTime": details["metaDataLastUpdateTs"]}
    last = v2.get("lastContentEventNotification")
    return v2 if last is None else v2 | {"lastContentEventNotification": as_v2_event(last, account)}


def _as_v2_dialog(dialog: Json, account: str) -> Json:
    members = [
        {**member, "id": legacy_id(member["id"], member["role"], account)}
        for member in dialog["participantsDetails"]
    ]
    return {**dialog, "participantsDetails": members}


def legacy_id(public_id: str, role: str | None, account: str) -> str:
    """The v2 id of an agent: account and number. A consumer has the same id in v2 and v3."""
    if role in (None, "CONSUMER"):
        return public_id
    return f"{account}.{int(hashlib.sha256(public_id.encode()).hexdigest()[:8], 16)}"
