"""Sending what is not a plain message: raw envelopes and frames, files."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import urlencode

from recorder.messaging import requests
from recorder.messaging.envelopes import Request, dump

from ..language import verbs
from ..language.script import Step
from .actions import SendBytes, SendFrame, Upload
from .publish import publish
from .step_context import (
    Course,
    HandOver,
    Scene,
    StepFailed,
    TellRaw,
    answer_to,
    answered_with,
    ask,
    dialog_of,
    tell,
)


def send(scene: Scene, step: Step, says: verbs.SendEnvelope) -> Course[str]:
    """An envelope, or any text, as it stands; if its answer gets a name, it is waited for."""
    envelope = says.envelope
    frame = yield from tell(scene, envelope if isinstance(envelope, str) else dump(envelope))
    if says.as_ is None:
        return f"frame {frame}"
    answer = yield from answer_to(scene, frame, "what was sent", says.within, refusable=True)
    scene.bind_answer(says.as_, answer)
    return f"frame {frame}, {answered_with(answer)}"


def send_frame(scene: Scene, step: Step, says: verbs.SendFrame) -> Course[str]:
    """A frame as it is described, or bytes as they are."""
    connection = scene.part.connection or 0
    action: SendFrame | SendBytes
    if says.bytes_ is not None:
        action = SendBytes(says.bytes_, connection)
    else:
        action = SendFrame(says.opcode, says.payload, says.fin, says.rsv, says.mask, connection)
    frame = yield TellRaw(scene.part, action)
    return "no whole frame" if frame is None else f"frame {frame}"


# --- files ----------------------------------------------------------------------------------------------

_FILE_TYPES = {"image/jpeg": "JPG", "image/png": "PNG", "image/gif": "GIF"}
_CONTENT_TYPES = {"JPG": "image/jpeg", "JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif"}
LONGEST_PREVIEW = 30_000
"""Bytes of a preview that the service takes, as a data URL."""


def send_file(scene: Scene, step: Step, says: verbs.SendFile) -> Course[str]:
    """Ask where to, hand it over, publish it."""
    dialog_id = dialog_of(scene, says.dialog)
    data = scene.stage.script.files[says.file]
    extension = says.file.rpartition(".")[2].upper()
    content_type = says.type or _CONTENT_TYPES.get(extension, "application/octet-stream")
    file_type = _FILE_TYPES.get(content_type, extension)
    answer = yield from ask(
        scene,
        lambda request_id: requests.generate_upload_url(request_id, size=len(data), file_type=file_type),
        says.within,
    )
    path, target = _upload_target(scene.known.bodies.get(answer.ask or 0), answered_with(answer))
    yield HandOver(scene.part, Upload(target, data, content_type, scene.part.name))

    def wish(request_id: str) -> Request:
        return requests.publish_file(
            request_id,
            dialog_id,
            relative_path=path,
            file_type=file_type,
            caption=says.caption,
            preview=_preview(data, content_type),
            conversation_id=scene.known.conversation_of(dialog_id),
        )

    return (yield from publish(scene, step, wish, says.as_, says.within))


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
