"""Encode responses and notifications by the moods: v2 or v3, which fields, lists or scalars.

Nothing here decides what is sent, or when. Without moods the JSON is that of ``response_types`` and
``conversations``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from recorder.messaging.requests import Json

from ..faults.config import NO_MOODS, Moods
from ..protocol import response_types
from ..protocol.conversations import PublishedEvent, change

# v2 names a response after its request; the string response has one name in both.
V2_RESPONSES = {
    response_types.STRING: ".ReqBody$StringResp",
    response_types.STRING_AFTER_UPDATE: ".ReqBody$StringResp",
    response_types.CLOCK: ".GetClock$Response",
    response_types.SUBSCRIBED_EVENTS: ".ams.GenericSubscribe$Response",
    response_types.SUBSCRIBED_CONVERSATIONS: ".ams.aam.SubscribeExConversations$Response",
    response_types.CONVERSATION: ".ams.cm.ConsumerRequestConversation$Response",
    response_types.PUBLISHED: ".ams.ms.PublishEvent$Response",
    response_types.HISTORY: ".ams.ms.QueryMessages$Response",
    response_types.UPLOAD: ".ams.ms.GenerateURLForUploadFile$Response",
    response_types.DOWNLOAD: ".ams.ms.GenerateURLForDownloadFile$Response",
}

# Roles whose ids are the same in v2 and v3; names that no published material has, for ``unknown_fields``.
PUBLIC_ROLES = ("CONSUMER",)
FUTURE_FIELD = "fieldOfTheFuture"
FUTURE_NOTIFICATION = "ms.NotificationOfTheFuture"


class Encoder:
    """The JSON of responses and notifications for one set of moods."""

    def __init__(self, moods: Moods = NO_MOODS) -> None:
        self._moods = moods
        self._v2 = moods.dialect == "v2"
        self._is_plain = not self._v2 and not (
            moods.scalar_sequence_list
            or moods.scalar_changes
            or moods.absent_changes
            or moods.absent_conversation_id
            or moods.absent_originator_metadata
            or moods.unknown_fields
        )

    def response(self, request_id: str | None, body: Any, type_name: str, *, code: int = 200) -> str:
        """The text of a response; see ``response_types.response`` for what is left out."""
        if self._v2:
            type_name = V2_RESPONSES[type_name]
        if self._moods.unknown_fields and isinstance(body, dict):
            body = body | {FUTURE_FIELD: {"since": 4}}
        return response_types.response(request_id, body, type_name, code=code)

    def error(self, request_id: str | None, code: int, reason: str) -> str:
        """The text of an error response: a code of 400 or more and a sentence."""
        return self.response(request_id, reason, response_types.STRING, code=code)

    def events(self, published: Sequence[PublishedEvent], *, live: bool, account: str) -> list[str]:
        """The notifications of events: one with all of them in v3, one for each event in v2.

        ``published`` may be empty: v3 sends an empty list of changes, v2 sends nothing.
        """
        changes = [change(event, live=live) for event in published]
        if self._is_plain:
            return [response_types.notification(response_types.EVENTS, {"changes": changes})]
        changes = [self._change(one) for one in changes]
        if self._v2:
            bodies = [as_v2_event(one, account) for one in changes]
            return [response_types.notification(response_types.V2_EVENT, body) for body in bodies]
        texts = [response_types.notification(response_types.EVENTS, self._changes({}, changes))]
        if self._moods.unknown_fields and live:
            texts.append(response_types.notification(FUTURE_NOTIFICATION, {FUTURE_FIELD: len(changes)}))
        return texts

    def history(self, published: Sequence[PublishedEvent], account: str) -> list[Json]:
        """The body of the response to QueryMessages."""
        changes = [self._change(change(event, live=False)) for event in published]
        return [as_v2_event(one, account) for one in changes] if self._v2 else changes

    def conversations(self, subscription_id: str, changes: list[Json], account: str) -> str:
        """The notification of conversations for one subscription; ``changes`` may be empty."""
        changes = [{**one, "result": self._result(one["result"], account)} for one in changes]
        body = self._changes({"subscriptionId": subscription_id}, changes)
        return response_types.notification(
            response_types.V2_CONVERSATIONS if self._v2 else response_types.CONVERSATIONS, body
        )

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
        if self._is_plain:
            return change
        change = {key: value for key, value in change.items() if key not in self._absent_fields()}
        sequences = change["event"].get("sequenceList")
        if self._moods.scalar_sequence_list and isinstance(sequences, list) and len(sequences) == 1:
            change["event"] = change["event"] | {"sequenceList": sequences[0]}
        if self._moods.unknown_fields:
            change[FUTURE_FIELD] = 1
        return change

    def _absent_fields(self) -> list[str]:
        moods = {
            "conversationId": self._moods.absent_conversation_id,
            "originatorMetadata": self._moods.absent_originator_metadata,
        }
        return [field for field, is_absent in moods.items() if is_absent]


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
    if role in (None, *PUBLIC_ROLES):
        return public_id
    return f"{account}.{int(hashlib.sha256(public_id.encode()).hexdigest()[:8], 16)}"
