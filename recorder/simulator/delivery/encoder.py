"""How the service words what it says, by its moods: which spelling, which fields, lists or not.

Nothing here decides what is said, or when. Without moods everything reads as ``answers`` writes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from ..faults.config import CALM, Moods
from ..protocol import response_types
from ..protocol.conversations import Json, Published, change

# v2 names an answer after its question. The same text serves as string response everywhere.
V2_ANSWERS = {
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

# Whose ids are the same in both forms, and what nobody knows.
PUBLIC_ROLES = ("CONSUMER",)
FUTURE_FIELD = "fieldOfTheFuture"
FUTURE_NOTIFICATION = "ms.NotificationOfTheFuture"


class Wording:
    """Puts into words, for one set of moods."""

    def __init__(self, moods: Moods = CALM) -> None:
        self._moods = moods
        self._v2 = moods.dialect == "v2"
        self._as_usual = not self._v2 and not (
            moods.scalar_sequence_list
            or moods.scalar_changes
            or moods.absent_changes
            or moods.absent_conversation_id
            or moods.absent_originator_metadata
            or moods.unknown_fields
        )

    def answer(self, request_id: str | None, body: Any, type_name: str, *, code: int = 200) -> str:
        """A response, as ``answers.response``."""
        if self._v2:
            type_name = V2_ANSWERS[type_name]
        if self._moods.unknown_fields and isinstance(body, dict):
            body = body | {FUTURE_FIELD: {"since": 4}}
        return response_types.response(request_id, body, type_name, code=code)

    def refusal(self, request_id: str | None, code: int, says: str) -> str:
        """A response with a code of 400 or more and a sentence."""
        return self.answer(request_id, says, response_types.STRING, code=code)

    def events(self, published: Sequence[Published], *, live: bool, account: str) -> list[str]:
        """The notifications about events in dialogs: one, unless the dialect wants one for each.

        ``published`` may be empty: v3 says so, v2 says nothing.
        """
        told = [change(one, live=live) for one in published]
        if self._as_usual:
            return [response_types.messaging_events(told)]
        told = [self._change(one) for one in told]
        if self._v2:
            return [
                response_types.notification(response_types.V2_EVENT, as_v2_event(one, account))
                for one in told
            ]
        said = [response_types.notification(response_types.EVENTS, self._changes({}, told))]
        if self._moods.unknown_fields and live:
            said.append(response_types.notification(FUTURE_NOTIFICATION, {FUTURE_FIELD: len(told)}))
        return said

    def history(self, published: Sequence[Published], account: str) -> list[Json]:
        """The body of the answer to QueryMessages."""
        told = [self._change(change(one, live=False)) for one in published]
        return [as_v2_event(one, account) for one in told] if self._v2 else told

    def conversations(self, subscription_id: str, changes: list[Json], account: str) -> str:
        """The notification about conversations, for one subscription; ``changes`` may be empty."""
        told = [{**one, "result": self._result(one["result"], account)} for one in changes]
        body = self._changes({"subscriptionId": subscription_id}, told)
        return response_types.notification(
            response_types.V2_CONVERSATIONS if self._v2 else response_types.CONVERSATIONS, body
        )

    def _changes(self, body: Json, changes: list[Json]) -> Json:
        if not changes and self._moods.absent_changes:
            return body
        bare = len(changes) == 1 and self._moods.scalar_changes
        return {**body, "changes": changes[0] if bare else changes}

    def _result(self, result: Json, account: str) -> Json:
        told = dict(result)
        last = told.pop("lastContentEventNotification", None)
        if last is not None and not self._moods.absent_last_content:
            told["lastContentEventNotification"] = self._change(last)
        if self._moods.unknown_fields:
            told[FUTURE_FIELD] = ["anything"]
        return as_v2_result(told, account) if self._v2 else told

    def _change(self, told: Json) -> Json:
        if self._as_usual:
            return told
        told = {key: held for key, held in told.items() if key not in self._absent()}
        sequences = told["event"].get("sequenceList")
        if self._moods.scalar_sequence_list and isinstance(sequences, list) and len(sequences) == 1:
            told["event"] = told["event"] | {"sequenceList": sequences[0]}
        if self._moods.unknown_fields:
            told[FUTURE_FIELD] = 1
        return told

    def _absent(self) -> list[str]:
        fields = {
            "conversationId": self._moods.absent_conversation_id,
            "originatorMetadata": self._moods.absent_originator_metadata,
        }
        return [name for name, absent in fields.items() if absent]


def as_v2_event(told: Json, account: str) -> Json:
    """One change as v2 has it: alone in its body, author under both ids, without conversation."""
    public = told["originatorId"]
    role = told.get("originatorMetadata", {}).get("role")
    v2 = {key: held for key, held in told.items() if key != "conversationId"}
    return v2 | {"originatorId": legacy_id(public, role, account), "originatorPId": public}


def as_v2_result(result: Json, account: str) -> Json:
    """A conversation as v2 has it: participants by role under both ids, its id and time twice."""
    details = dict(result["conversationDetails"])
    by_role: dict[str, list[str]] = {}
    by_public_id: dict[str, list[str]] = {}
    for who in details["participants"]:
        by_role.setdefault(who["role"], []).append(legacy_id(who["id"], who["role"], account))
        by_public_id.setdefault(who["role"], []).append(who["id"])
    details |= {"convId": result["convId"], "participants": by_role, "participantsPId": by_public_id}
    details["dialogs"] = [_as_v2_dialog(dialog, account) for dialog in details["dialogs"]]
    v2 = {**result, "conversationDetails": details, "lastUpdateTime": details["metaDataLastUpdateTs"]}
    last = v2.get("lastContentEventNotification")
    return v2 if last is None else v2 | {"lastContentEventNotification": as_v2_event(last, account)}


def _as_v2_dialog(dialog: Json, account: str) -> Json:
    people = [
        {**who, "id": legacy_id(who["id"], who["role"], account)} for who in dialog["participantsDetails"]
    ]
    return {**dialog, "participantsDetails": people}


def legacy_id(public: str, role: str | None, account: str) -> str:
    """The other id that agents have on v2: account and number. A consumer has only one."""
    if role in (None, *PUBLIC_ROLES):
        return public
    return f"{account}.{int(hashlib.sha256(public.encode()).hexdigest()[:8], 16)}"
