"""One WebSocket through the proxy, from upgrade to end: bytes as they came, each frame stored first."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from recorder.wire.frames import CloseCode, Opcode, Side, encode

from .channel import SocketChannel
from .connection_recording import ConnectionRecording
from .http_message import MessageReader, NotHttp, response_reader
from .recording import ProxyRecorder
from .request_head import UpstreamRequest

MOST_EARLY = 64 * 1024
_STORAGE_FAILED_REASON = b"the recorder cannot store what goes through it"
_STOPPED = "the proxy was stopped"
_OTHER = {Side.CLIENT: Side.SERVICE, Side.SERVICE: Side.CLIENT}


class WebSocketRelay:
    """Forwards one upgrade and what follows it: ``begin`` it, or ``fail`` where no service is reached.

    Args:
        on_over: called once when nothing more is forwarded; with True if the service refused the upgrade
            in an answer after which both connections can carry another request.
    """

    def __init__(
        self,
        asked: UpstreamRequest,
        *,
        recorder: ProxyRecorder,
        client: SocketChannel,
        on_over: Callable[[bool], None],
    ) -> None:
        self._asked = asked
        self._recorder = recorder
        self._on_over = on_over
        self._channels = {Side.CLIENT: client}
        self._ended: list[Side] = []
        self._refusal: MessageReader | None = None
        self._answer = b""  # of the service, while its head is not complete
        self._early = 0  # bytes that the client has sent before it had the answer
        self._over = False
        self.recording = ConnectionRecording(recorder, asked.url)
        client.on_sent = self.recording.forwarded

    def begin(self, upstream: SocketChannel) -> None:
        """The service is reached: send the upgrade, and forward from now on."""
        upstream.on_sent = self.recording.forwarded
        self._channels[Side.SERVICE] = upstream
        self.recording.feed(Side.CLIENT, self._asked.request.raw)
        self._recorder.send_after_commit(upstream, self._asked.head)
        if self._asked.rest:
            self.received(Side.CLIENT, self._asked.rest)

    def fail(self, problem: str) -> None:
        """The service cannot be reached: record that. The client's connection is left open."""
        self.recording.feed(Side.CLIENT, self._asked.request.raw)
        self._over = True
        self._record_end("refused", problem)

    # What comes ----------------------------------------------------------------------------------------

    def received(self, sender: Side, data: bytes) -> None:
        """Record these bytes and forward them once they are stored; ``b""`` is the end of a stream."""
        if not data:
            self._stream_ended(sender)
            return
        frames = self.recording.feed(sender, data)
        if self.recording.too_long is not None:
            self._give_up(self.recording.too_long)
            return
        receiver = self._channels[_OTHER[sender]]
        self._recorder.send_after_commit(receiver, data, frames)
        if receiver.queued and receiver.is_full:
            self._channels[sender].pause()
        if not frames or self._early:  # else frames go on, and the upgrade was long ago
            self._follow_upgrade(sender, data)

    def _follow_upgrade(self, sender: Side, data: bytes) -> None:
        """Note what came before the WebSocket is open, or as it opens."""
        if sender is Side.CLIENT:
            self._note_early(len(data))
        elif self.recording.is_refused:
            self._read_refusal(data)
        elif not self.recording.is_open:
            self._answer += data
        elif self._early:
            self._early = 0
            self._channels[Side.CLIENT].resume()

    def _note_early(self, size: int) -> None:
        """Make a client wait that sends much before it has the answer to its upgrade."""
        if not self.recording.is_open:
            self._early += size
            if self._early > MOST_EARLY:
                self._channels[Side.CLIENT].pause()

    def drained(self, receiver: Side) -> None:
        """What was queued for this side is sent: read again what it is to get."""
        self._channels[_OTHER[receiver]].resume()

    def broken(self, side: Side, words: str) -> None:
        """The connection of this side broke: pass on what came, then break the other's too."""
        other = self._channels.get(_OTHER[side])
        if other is not None:
            self._recorder.call_after_commit(other.reset_when_sent)
        self._finish(None, f"the connection of the {side.value} broke ({words})")

    def stop(self) -> None:
        """The proxy is stopped: record the end here."""
        self._close_both()
        self._finish(None, _STOPPED)

    def storage_failed(self) -> None:
        """Nothing more can be stored, and so nothing may go on: end both sides with a Close frame.

        It goes only where the last frame is whole, and only to a WebSocket that is open.
        """
        reason = CloseCode.TRY_AGAIN_LATER.to_bytes(2, "big") + _STORAGE_FAILED_REASON
        for side, channel in self._channels.items():
            sender = _OTHER[side]
            if self.recording.is_open and self.recording.forwarded_whole(sender):
                mask = b"\0\0\0\0" if side is Side.SERVICE else None
                channel.send(encode(Opcode.CLOSE, reason, mask=mask))
            channel.close_when_sent()

    # How it ends ---------------------------------------------------------------------------------------

    def _stream_ended(self, sender: Side) -> None:
        self._ended.append(sender)
        self.recording.feed(sender, b"")
        self._recorder.call_after_commit(self._channels[_OTHER[sender]].send_end)
        if self.recording.is_refused:
            self._end_refusal()
        elif sender is Side.SERVICE and not self.recording.is_open:
            self._close_both()
            self._finish("refused", "the service ended the connection before it answered the upgrade")
        elif len(self._ended) == 2:
            self._close_both()
            self._finish(None, f"the {self._ended[0].value} ended the stream without a Close frame")

    def _give_up(self, problem: str) -> None:
        """A frame cannot be stored, and so the rest of it may not go on."""
        for channel in self._channels.values():
            self._recorder.call_after_commit(channel.reset_when_sent)
        self._finish("failed", problem)

    def _close_both(self) -> None:
        for channel in self._channels.values():
            self._recorder.call_after_commit(channel.close_when_sent)

    def _finish(self, how: str | None, detail: str | None, *, reusable: bool = False) -> None:
        """Record the end, once. ``how``: None for "closed" after a Close frame, and "lost" without one."""
        if self._over:
            return
        self._over = True
        if how is None:
            how = "closed" if self.recording.close_sent else "lost"
            detail = detail if how == "lost" or detail == _STOPPED else None
        self._record_end(how, detail)
        self._on_over(reusable)

    def _record_end(self, how: str, detail: str | None) -> None:
        self.recording.closed(how, "; ".join(filter(None, (detail, *map(str, self._asked.changes)))) or None)

    # An upgrade that is refused ------------------------------------------------------------------------

    def _read_refusal(self, data: bytes) -> None:
        """Follow the answer to its end: after it, both connections may carry another request."""
        if self._refusal is None:
            self._refusal = response_reader("GET")
            data = self._answer + data
        try:
            self._refusal.feed(data)
        except NotHttp:
            self._close_both()
            self._finish("refused", "the service's answer is not HTTP")
            return
        if self._refusal.ended:
            self._refused(reusable=self._refusal.keeps_alive and not self._early)

    def _end_refusal(self) -> None:
        if self._refusal is not None:
            with contextlib.suppress(NotHttp):  # it was cut short
                self._refusal.feed_end()
            self._refused(reusable=False)

    def _refused(self, *, reusable: bool) -> None:
        reader = self._refusal
        assert reader is not None  # noqa: S101 - it was read to its end
        if not reusable:
            self._close_both()
        self._finish("refused", f"the service answered {reader.status}", reusable=reusable)
