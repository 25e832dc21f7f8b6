"""The requests of a consumer: connect, open a conversation, publish, accept, read, subscribe, close.

Every function returns a whole ``Request``; ``dump`` turns it into the text of a payload. Ids are handed
in by the caller, who alone knows which are free. Nothing is sent here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import typenames
from .envelopes import Request
from .typenames import normal_type

Json = dict[str, Any]


def request(request_id: str, type_name: str, body: object = None, **other_keys: object) -> Request:
    """Any request. ``body`` None leaves the key out; ``other_keys`` are keys next to it (``headers``)."""
    raw: Json = {"kind": "req", "id": request_id, "type": type_name}
    if body is not None:
        raw["body"] = body
    raw.update({key: value for key, value in other_keys.items() if value is not None})
    return Request(request_id, normal_type(type_name), body, raw)


def init_connection(
    request_id: str, token: str, *, client_properties: Mapping[str, object] | None = None
) -> Request:
    """Let a client in that could not send an Authorization header. ``token`` is the bare JWT."""
    properties: Json = {"type": ".ams.headers.ClientProperties", **(client_properties or {})}
    proof = {"type": ".ams.headers.ConsumerAuthentication", "jwt": token}
    return request(request_id, typenames.INIT_CONNECTION, headers=[properties, proof])


def get_clock(request_id: str) -> Request:
    """Ask for the service's time; also the usual way to keep a connection alive."""
    return request(request_id, typenames.GET_CLOCK)


def keep_alive(request_id: str) -> Request:
    """Do nothing but keep the connection alive."""
    return request(request_id, typenames.KEEP_ALIVE)


def set_user_profile(request_id: str, properties: Mapping[str, object]) -> Request:
    """Say who the consumer is. ``properties`` is the body: names, or ``authenticatedData``."""
    return request(request_id, "userprofile.SetUserProfile", dict(properties))


def request_conversation(
    request_id: str,
    *,
    brand_id: str | None = None,
    skill_id: str | None = None,
    campaign: Mapping[str, object] | None = None,
    context: Mapping[str, object] | None = None,
    ttr: str | None = None,
) -> Request:
    """Ask for a new conversation. ``ttr`` is NORMAL, URGENT or PRIORITIZED."""
    body = _without_none(
        channelType="MESSAGING",
        ttrDefName=ttr,
        brandId=brand_id,
        skillId=skill_id,
        campaignInfo=None if campaign is None else dict(campaign),
        conversationContext=None if context is None else dict(context),
    )
    return request(request_id, typenames.REQUEST_CONVERSATION, body)


def subscribe_conversations(
    request_id: str,
    *,
    states: Sequence[str] = ("OPEN", "CLOSE"),
    stages: Sequence[str] | None = None,
    updated_since_ms: int | None = None,
) -> Request:
    """Subscribe to conversations: those there are, then every change."""
    body = _without_none(
        convState=list(states),
        stage=None if stages is None else list(stages),
        minLastUpdatedTime=updated_since_ms,
    )
    return request(request_id, typenames.SUBSCRIBE_CONVERSATIONS, body)


def unsubscribe_conversations(request_id: str, subscription_id: str) -> Request:
    """End such a subscription; ``subscription_id`` came in its answer."""
    return request(request_id, typenames.UNSUBSCRIBE_CONVERSATIONS, {"subscriptionId": subscription_id})


def subscribe_messages(
    request_id: str, dialog_id: str, *, from_seq: int = 0, conversation_id: str | None = None
) -> Request:
    """Ask for the events of a dialog from ``from_seq`` on, that one included, and all later ones."""
    body = _without_none(dialogId=dialog_id, conversationId=conversation_id, fromSeq=from_seq)
    return request(request_id, typenames.SUBSCRIBE_MESSAGES, body)


def publish(
    request_id: str,
    dialog_id: str,
    event: Mapping[str, object],
    *,
    conversation_id: str | None = None,
    metadata: Sequence[Mapping[str, object]] | None = None,
) -> Request:
    """Publish any event into a dialog, structured content included."""
    body = _without_none(dialogId=dialog_id, conversationId=conversation_id, event=dict(event))
    other_keys = None if metadata is None else [dict(entry) for entry in metadata]
    return request(request_id, typenames.PUBLISH, body, metadata=other_keys)


def publish_text(
    request_id: str,
    dialog_id: str,
    text: str,
    *,
    conversation_id: str | None = None,
    metadata: Sequence[Mapping[str, object]] | None = None,
) -> Request:
    """Write a message of plain text."""
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": text}
    return publish(request_id, dialog_id, event, conversation_id=conversation_id, metadata=metadata)


def generate_upload_url(request_id: str, *, size: int, file_type: str) -> Request:
    """Ask where to upload a file of ``size`` bytes; ``file_type`` is JPG, JPEG, PNG or GIF."""
    return request(request_id, "ms.GenerateURLForUploadFile", {"fileSize": str(size), "fileType": file_type})


def publish_file(
    request_id: str,
    dialog_id: str,
    *,
    relative_path: str,
    file_type: str,
    caption: str | None = None,
    preview: str | None = None,
    conversation_id: str | None = None,
) -> Request:
    """Show an uploaded file. ``relative_path`` came with the upload URL; ``preview`` is a data URL."""
    message = _without_none(caption=caption, relativePath=relative_path, fileType=file_type, preview=preview)
    event = {"type": "ContentEvent", "contentType": "hosted/file", "message": message}
    return publish(request_id, dialog_id, event, conversation_id=conversation_id)


def publish_chat_state(
    request_id: str, dialog_id: str, state: str, *, conversation_id: str | None = None
) -> Request:
    """Say ACTIVE, INACTIVE, GONE, COMPOSING or PAUSE. The answer's sequence means nothing."""
    event = {"type": "ChatStateEvent", "chatState": state}
    return publish(request_id, dialog_id, event, conversation_id=conversation_id)


def publish_receipt(
    request_id: str,
    dialog_id: str,
    status: str,
    sequences: Sequence[int],
    *,
    conversation_id: str | None = None,
    metadata: Sequence[Mapping[str, object]] | None = None,
) -> Request:
    """Report any status on the messages with these sequences."""
    event = {"type": "AcceptStatusEvent", "status": status, "sequenceList": list(sequences)}
    return publish(request_id, dialog_id, event, conversation_id=conversation_id, metadata=metadata)


def accept(
    request_id: str, dialog_id: str, sequences: Sequence[int], *, conversation_id: str | None = None
) -> Request:
    """Say that these messages arrived."""
    return publish_receipt(request_id, dialog_id, "ACCEPT", sequences, conversation_id=conversation_id)


def read(
    request_id: str, dialog_id: str, sequences: Sequence[int], *, conversation_id: str | None = None
) -> Request:
    """Say that these messages were shown to the reader."""
    return publish_receipt(request_id, dialog_id, "READ", sequences, conversation_id=conversation_id)


def close_conversation(request_id: str, conversation_id: str) -> Request:
    """Close a conversation with all its dialogs; no survey follows."""
    field = [{"field": "ConversationStateField", "conversationState": "CLOSE"}]
    return _update(request_id, conversation_id, field)


def close_dialog(request_id: str, conversation_id: str, dialog_id: str) -> Request:
    """Close one dialog, which lets a survey begin."""
    dialog = {"dialogId": dialog_id, "state": "CLOSE", "closedCause": "Closed by consumer"}
    field = [{"field": "DialogChange", "type": "UPDATE", "dialog": dialog}]
    return _update(request_id, conversation_id, field)


def _update(request_id: str, conversation_id: str, field: list[Json]) -> Request:
    body = {"conversationId": conversation_id, "conversationField": field}
    return request(request_id, typenames.UPDATE_CONVERSATION, body)


def _without_none(**fields: object) -> Json:
    """The fields that have a value, in order: absent and null are not the same to the service."""
    return {name: value for name, value in fields.items() if value is not None}
