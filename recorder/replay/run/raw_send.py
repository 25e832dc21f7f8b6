"""Sending what is not a plain message: raw envelopes and frames, files."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import urlencode

from recorder.messaging import requests
from recorder.messaging.envelopes import Request, dump

from ..language import verbs
from ..language.script import Step
from .actions import SendBytes, SendRawFrame, Upload
from .publish import publish
from .step_context import (
    ConsumerAction,
    StepContext,
    StepCoroutine,
    StepFailed,
    answered_with,
    dialog_of,
    send_request,
    send_text,
    wait_for_answer,
)


def send(context: StepContext, step: Step, args: verbs.SendEnvelopeVerb) -> StepCoroutine[str]:
    """An envelope, or any text, as it stands; if its answer gets a name, it is waited for."""
    envelope = args.envelope
    frame = yield from send_text(context, envelope if isinstance(envelope, str) else dump(envelope))
    if args.as_ is None:
        return f"frame {frame}"
    answer = yield from wait_for_answer(context, frame, "what was sent", args.within, refusable=True)
    context.bind_answer(args.as_, answer)
    return f"frame {frame}, {answered_with(answer)}"


def send_frame(context: StepContext, step: Step, args: verbs.SendFrameVerb) -> StepCoroutine[str]:
    """A frame as it is described, or bytes as they are."""
    action: SendRawFrame | SendBytes
    if args.bytes_ is not None:
        action = SendBytes(args.bytes_)
    else:
        action = SendRawFrame(args.opcode, args.payload, args.fin, args.rsv, args.mask)
    frame = yield ConsumerAction(context.consumer, action)
    return "no whole frame" if frame is None else f"frame {frame}"


# --- files ----------------------------------------------------------------------------------------------

_FILE_TYPES = {"image/jpeg": "JPG", "image/png": "PNG", "image/gif": "GIF"}
_CONTENT_TYPES = {"JPG": "image/jpeg", "JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif"}
LONGEST_PREVIEW = 30_000
"""Bytes of a preview that the service takes, as a data URL."""


def send_file(context: StepContext, step: Step, args: verbs.SendFileVerb) -> StepCoroutine[str]:
    """Ask where to, hand it over, publish it."""
    dialog_id = dialog_of(context, args.dialog)
    data = context.run.script.files[args.file]
    extension = args.file.rpartition(".")[2].upper()
    content_type = args.type or _CONTENT_TYPES.get(extension, "application/octet-stream")
    file_type = _FILE_TYPES.get(content_type, extension)
    answer = yield from send_request(
        context,
        lambda request_id: requests.generate_upload_url(request_id, size=len(data), file_type=file_type),
        args.within,
    )
    path, target = _upload_target(context.view.bodies.get(answer.request_frame or 0), answered_with(answer))
    yield ConsumerAction(context.consumer, Upload(target, data, content_type, context.consumer.name))

    def make_request(request_id: str) -> Request:
        return requests.publish_file(
            request_id,
            dialog_id,
            relative_path=path,
            file_type=file_type,
            caption=args.caption,
            preview=_preview(data, content_type),
            conversation_id=context.view.conversation_of(dialog_id),
        )

    return (yield from publish(context, step, make_request, args.as_, args.within))


def _upload_target(body: object, answered: str) -> tuple[str, str]:
    """The path of the file, and path and query to upload it to."""
    path = body.get("relativePath") if isinstance(body, Mapping) else None
    if not isinstance(body, Mapping) or not isinstance(path, str):
        raise StepFailed(f"the request for an upload URL was {answered}, without a relativePath")
    query = body.get("queryParams")
    pairs = {str(key): str(value) for key, value in query.items()} if isinstance(query, Mapping) else {}
    return path, f"{path}?{urlencode(pairs)}" if pairs else path


def _preview(data: bytes, content_type: str) -> str | None:
    """The whole picture, where it is small enough to be its own preview."""
    if not content_type.startswith("image/"):
        return None
    preview = f"data:{content_type};base64,{b64encode(data).decode()}"
    return preview if len(preview) < LONGEST_PREVIEW else None
