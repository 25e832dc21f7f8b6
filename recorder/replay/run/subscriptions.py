"""What a consumer listens to: the subscriptions to ask for again once it has connected again."""

from __future__ import annotations

from recorder.messaging import typenames
from recorder.messaging.envelopes import Request, id_text


class Subscriptions:
    """Subscriptions, whoever asked for them: a verb, or a raw envelope.

    Attributes:
        conversations: whether it is told of conversations.
        dialogs: those whose messages it asked for and was not refused, in that order.
    """

    def __init__(self) -> None:
        self.conversations = False
        self.dialogs: list[str] = []
        self._asked: dict[int, str | None] = {}

    def asked(self, request: Request, frame: int) -> None:
        """A request went out in this frame."""
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
        """The connection is over; what it was still asked will not be answered."""
        self._asked.clear()
