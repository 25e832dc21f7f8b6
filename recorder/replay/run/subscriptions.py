"""The subscriptions of a consumer, to be restored after a reconnect."""

from __future__ import annotations

from recorder.messaging import typenames
from recorder.messaging.envelopes import Request, id_text


class Subscriptions:
    """Subscriptions requested by verbs or by raw envelopes.

    Attributes:
        conversations: whether it subscribed to conversations.
        dialogs: ids of the dialogs it subscribed to, in order, refused ones left out.
    """

    def __init__(self) -> None:
        self.conversations = False
        self.dialogs: list[str] = []
        self._asked: dict[int, str | None] = {}

    def asked(self, request: Request, frame: int) -> None:
        """A request was sent in this frame."""
        if request.type == typenames.SUBSCRIBE_CONVERSATIONS:
            self._asked[frame] = None
        elif request.type == typenames.SUBSCRIBE_MESSAGES and isinstance(request.body, dict):
            dialog_id = id_text(request.body.get("dialogId"))
            if dialog_id is not None:
                self._asked[frame] = dialog_id

    def answered(self, frame: int, code: int | None) -> None:
        """The request in this frame was answered."""
        if frame not in self._asked:
            return
        dialog_id = self._asked.pop(frame)
        if code is not None and code >= 400:
            return
        if dialog_id is None:
            self.conversations = True
        elif dialog_id not in self.dialogs:
            self.dialogs.append(dialog_id)

    def lost(self) -> None:
        """The connection is over; forget requests without an answer."""
        self._asked.clear()
