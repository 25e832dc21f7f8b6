"""What the tests of the messaging room share: the frames that were published, and hostile JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PUBLISHED = Path(__file__).parent / "published_frames.jsonl"


@pytest.fixture(scope="session")
def published() -> list[dict[str, Any]]:
    """Every frame that public material shows, with its direction."""
    return [json.loads(line) for line in PUBLISHED.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="session")
def make_jwt() -> Callable[..., str]:
    """Makes a token with these claims and a signature of its own."""

    def encoded(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    def make(signature: bytes = b"not really signed, but long enough", **claims: object) -> str:
        header = encoded(b'{"kid":"00001","typ":"JWT","alg":"RS256"}')
        return f"{header}.{encoded(json.dumps(claims).encode())}.{encoded(signature)}"

    return make
