"""A conversation whose texts, names and statuses would act if they were anything but text."""

from __future__ import annotations

from typing import Any

from builders.two_sides import AGENT, CONSUMER, ROLES, Capture

HOSTILE = [
    "<script>window.ran = 1</script>",
    "</script><script>window.ran = 1</script>",
    "<img src=x onerror='window.ran=1'>",
    "<svg onload=window.ran=1>",
    "<svg/onload=window.ran=1//",
    "<body onload=window.ran=1>",
    "<iframe srcdoc='<script>parent.ran=1</script>'>",
    "<a href='javascript:window.ran=1'>x</a>",
    "javascript:window.ran=1",
    "data:text/html,<script>opener.ran=1</script>",
    '"><script>window.ran=1</script>',
    "' autofocus onfocus='window.ran=1",
    '" onmouseover="window.ran=1',
    "`${window.ran=1}`",
    "{{constructor.constructor('window.ran=1')()}}",
    "${window.ran=1}",
    "<!--<script>window.ran=1//-->",
    "]]><script>window.ran=1</script>",
    "<details open ontoggle=window.ran=1>",
    "<input autofocus onfocus=window.ran=1>",
    "<video><source onerror=window.ran=1>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=window.ran=1>",
    "<link rel=stylesheet href=//evil.test>",
    "<meta http-equiv=refresh content='0;url=//evil.test'>",
    "<base href=//evil.test>",
    "<object data=//evil.test>",
    "<embed src=//evil.test>",
    "<style>@import '//evil.test'</style>",
    "<div style='background:url(//evil.test)'>",
    "&lt;script&gt;window.ran=1&lt;/script&gt;",
    "\u202egnp.exe\u2066hidden\u2069",
    "zero\u200bwidth\ufeffand\u00adsoft",
    "\x1b[2J\x00\x07\x9b31m",
    "line\u2028separator\u2029paragraph",
    "\ud83d\ude00 emoji and \u0627\u0644\u0639\u0631\u0628\u064a\u0629",
    "Z\u0351\u036b\u0343algo",
    "__proto__",
    "constructor",
    "[red]x[/nope]",
    "%s%n{0}",
]


def hostile_capture() -> Capture:
    """An agent who writes all of them, one after the other, under a name that is one, too."""
    capture = Capture().opened(1, token=CONSUMER)
    for sequence, text in enumerate(HOSTILE):
        event = {"type": "ContentEvent", "message": text, "contentType": "text/plain"}
        capture.frame(1, "service", notification(sequence, AGENT, event))
    receipt = {"type": "AcceptStatusEvent", "status": HOSTILE[2], "sequenceList": [0, 1]}
    capture.frame(1, "service", notification(len(HOSTILE), HOSTILE[0], receipt))
    return capture


def notification(sequence: int, by: str, event: object) -> dict[str, Any]:
    change = {
        "sequence": sequence, "originatorId": by, "dialogId": "d",
        "serverTimestamp": 1_704_067_200_000 + sequence,
        "originatorMetadata": {"id": by, "role": ROLES.get(by, "CONSUMER")}, "event": event,
    }  # fmt: skip
    return {"kind": "notification", "type": "ms.MessagingEventNotification", "body": {"changes": [change]}}
