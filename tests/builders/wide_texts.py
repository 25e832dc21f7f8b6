"""A conversation in scripts and emoji of which terminals draw some wider than others."""

from __future__ import annotations

from builders.hostile import notification
from builders.two_sides import AGENT, CONSUMER, Capture

FAMILY, THUMB, FLAG = "👨\u200d👩\u200d👧\u200d👦", "👍🏽", "🇫🇷"
WIDE_TEXTS = [
    f"family {FAMILY * 3} and {FAMILY} hello there, how are you doing today, {FAMILY * 8}",
    f"{THUMB * 40} ok",
    f"flags {FLAG * 30}",
    "日本語のテキストです。とても長いので、切られるはずです。" * 3,
    "שלום עולם, מה שלומך היום? אני צריך עזרה עם ההזמנה שלי 12345 בבקשה תודה רבה " * 2,
    "مرحبا بالعالم، كيف حالك اليوم؟ أحتاج مساعدة في طلبي رقم 12345 " * 2,
    "❤️☎️⌚️1️⃣" * 20,
    "नमस्ते दुनिया, आप कैसे हैं? मुझे अपने ऑर्डर में मदद चाहिए " * 3,
    "Z\u0351\u036b\u0343algo " * 30,
    "한국어 텍스트 " * 12,
    "x" * 300,
    "short",
]


def wide_capture() -> Capture:
    """Both sides write all of them; each is accepted by the other, whose receipt has a name as wide."""
    capture = Capture().opened(1, token=CONSUMER)
    sequence = 0
    for place, text in enumerate(WIDE_TEXTS):
        by, other = (CONSUMER, AGENT) if place % 2 else (AGENT, CONSUMER)
        content = {"type": "ContentEvent", "message": text, "contentType": "text/plain"}
        capture.frame(1, "service", notification(sequence, by, content))
        for status in ("ACCEPT", f"SEEN {FAMILY}"):
            receipt = {"type": "AcceptStatusEvent", "status": status, "sequenceList": [sequence]}
            capture.frame(1, "service", notification(sequence + 1, other, receipt))
        sequence += 3
    capture.frame(1, "client", {"kind": "req", "id": f"1{FAMILY}", "type": f"ms.{FAMILY * 9}", "body": {}})
    answer = {"kind": "resp", "reqId": f"1{FAMILY}", "code": 404, "type": "ms.E", "body": f"找不到 {FAMILY}"}
    capture.frame(1, "service", answer)
    return capture
