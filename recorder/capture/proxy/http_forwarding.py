"""One HTTP request through the proxy and its answer: streamed as they come, with a summary kept."""

from __future__ import annotations

from collections.abc import Callable

from recorder.wire.frames import Side
from recorder.wire.handshake import header_values
from recorder.wire.records import BODY_LIMIT, HttpExchange
from recorder.wire.rest_purpose import purpose_of

from .answer_rewrite import LONGEST_ANSWER, AnswerRewriter
from .channel import SocketChannel
from .http_message import MessageReader, NotHttp, response_reader
from .recording import ProxyRecorder
from .request_head import UpstreamRequest

_Times = tuple[int | None, int | None]


class HttpForwarding:
    """Forwards one request. Begin with ``begin``, or ``fail`` where no service is reached.

    Args:
        reader: has read the head of the request, and with it perhaps all of the request.
        rewriter: gives the answer other addresses; None passes it on as it comes.
        on_over: called once, with whether both connections can carry another request.

    Attributes:
        leftover: what the client has sent after this request.
    """

    def __init__(
        self,
        asked: UpstreamRequest,
        reader: MessageReader,
        *,
        recorder: ProxyRecorder,
        client: SocketChannel,
        rewriter: AnswerRewriter | None,
        on_over: Callable[[bool], None],
    ) -> None:
        self._asked = asked
        self._reader = reader
        self._recorder = recorder
        self._client = client
        self._rewriter = rewriter
        self._on_over = on_over
        self._upstream: SocketChannel | None = None
        self._answer = response_reader(asked.request.method, keep=LONGEST_ANSWER if rewriter else BODY_LIMIT)
        self._asked_at: _Times = recorder.exchange_times()
        self._answered_at: _Times = (None, None)
        self._over = False
        self.leftover = b""

    def begin(self, upstream: SocketChannel) -> None:
        """The service is reached: send the request, and forward from now on."""
        self._upstream = upstream
        upstream.send(self._asked.head)
        if self._asked.rest:
            self.received(Side.CLIENT, self._asked.rest)

    def fail(self, problem: str) -> None:
        """The service cannot be reached: record the request alone. The client's connection is left open."""
        self._record()

    def received(self, sender: Side, data: bytes) -> None:
        """Forward these bytes; ``b""`` is the end of a stream."""
        if sender is Side.CLIENT:
            self._from_client(data)
        else:
            self._from_service(data)

    def drained(self, receiver: Side) -> None:
        """What was queued for this side is sent: read again what it is to get."""
        if receiver is Side.CLIENT and self._upstream is not None:
            self._upstream.resume()
        elif receiver is Side.SERVICE and not self.leftover:
            self._client.resume()

    def broken(self, side: Side, words: str) -> None:
        """The connection of this side broke: end the other."""
        other = self._client if side is Side.SERVICE else self._upstream
        if other is not None:
            other.reset_when_sent()
        self._finish(reusable=False)

    def stop(self) -> None:
        """The proxy is stopped."""
        self._finish(reusable=False)

    def storage_failed(self) -> None:
        """Nothing may go on."""
        self._close_both()

    def _from_client(self, data: bytes) -> None:
        assert self._upstream is not None  # noqa: S101 - the client is read from ``begin`` on
        if not data:
            if not self._reader.ended:
                self._finish(reusable=False)
            return
        try:
            taken = self._reader.feed(data)
        except NotHttp:
            self._finish(reusable=False)
            return
        self._upstream.send(data[:taken])
        if taken < len(data):
            self.leftover += data[taken:]
            self._client.pause()  # the next request waits for this answer
        elif self._upstream.is_full:
            self._client.pause()

    def _from_service(self, data: bytes) -> None:
        if self._answered_at == (None, None):
            self._answered_at = self._recorder.exchange_times()
        try:
            if data:
                taken = self._answer.feed(data)
            else:
                self._answer.feed_end()
                taken = 0
        except NotHttp:
            rewriter, self._rewriter = self._rewriter, None
            self._pass_on(data if rewriter is None else rewriter.give_up() + data)
            self._finish(reusable=False)
            return
        self._pass_on(data[:taken])
        if self._answer.ended:
            surplus = taken < len(data)
            self._finish(
                reusable=bool(data) and not surplus and self._answer.keeps_alive and self._reader.ended
                and self._reader.keeps_alive
            )  # fmt: skip

    def _pass_on(self, data: bytes) -> None:
        if self._rewriter is not None:
            data = self._rewriter.feed(data, self._answer)
        if not data:
            return
        self._recorder.send_after_commit(self._client, data)
        if self._client.is_full and self._upstream is not None:
            self._upstream.pause()

    def _close_both(self) -> None:
        for channel in (self._client, self._upstream):
            if channel is not None:
                self._recorder.call_after_commit(channel.close_when_sent)

    def _finish(self, *, reusable: bool) -> None:
        if self._over:
            return
        self._record()
        if not reusable:
            self._close_both()
        self._on_over(reusable)

    def _record(self) -> None:
        self._over = True
        request, answer = self._reader, self._answer
        self._recorder.add_exchange(
            HttpExchange(
                connection=None,
                purpose=purpose_of(self._asked.request.method, self._asked.request.target),
                at_us=self._asked_at[0],
                offset_us=self._asked_at[1],
                method=self._asked.request.method,
                url=self._asked.url,
                status=answer.status,
                answered_at_us=self._answered_at[0] if answer.has_head else None,
                answered_offset_us=self._answered_at[1] if answer.has_head else None,
                request_type=_content_type(request),
                response_type=_content_type(answer),
                request_size=request.size,
                response_size=answer.size if answer.has_head else None,
                request_body=request.text_body() if request.size else None,
                response_body=answer.text_body() if answer.size else None,
            )
        )


def _content_type(message: MessageReader) -> str | None:
    return next(iter(header_values(message.headers, "Content-Type")), None)
