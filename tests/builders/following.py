"""What tests share that follow a session while it is recorded: a clock, a message, and its READ."""

from __future__ import annotations

from collections.abc import Callable

from recorder.clock import VirtualClock

HI = (
    b'{"kind":"notification","type":"ms.MessagingEventNotification","body":{"changes":[{"sequence":0,'
    b'"dialogId":"d","originatorId":"a","event":{"type":"ContentEvent","contentType":"text/plain",'
    b'"message":"hi"}}]}}'
)
"""Message 0 of dialog "d", by "a"."""

READ = (
    HI.replace(b'"sequence":0', b'"sequence":1')
    .replace(b'"a"', b'"b"')
    .replace(
        b'"ContentEvent","contentType":"text/plain","message":"hi"',
        b'"AcceptStatusEvent","status":"READ","sequenceList":[0]',
    )
)
"""It was read by "b"."""


class StepClock(VirtualClock):
    """A clock whose waiting lets the recorder do its next step."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        super().__init__()
        self._steps = list(steps)
        self.waits = 0

    def sleep_until(self, when_s: float) -> None:
        super().sleep_until(when_s)
        self.waits += 1
        self._steps.pop(0)()
