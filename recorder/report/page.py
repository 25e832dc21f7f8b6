"""A self-contained HTML file: it fetches nothing, and never executes the data it shows.

The data is a JSON block that the page's script reads and shows as text. A content security policy allows
that script and its style sheet by hash, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from importlib.resources import files
from string import Template

_POLICY = (
    "default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; img-src data:;"
    " base-uri 'none'; form-action 'none'"
)
# Characters that could end the script element, or a line of it, early.
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def page(title: str, data: object) -> str:
    """The HTML file with the script and style of ``templates``; ``data`` becomes JSON."""
    script, style = _read("load.js"), _read("load.css")
    return Template(_read("page.html")).substitute(
        title=html.escape(title),
        policy=_POLICY.format(script=_hash(script), style=_hash(style)),
        style=style,
        script=script,
        data=_json(data),
    )


def _read(name: str) -> str:
    return files(__package__).joinpath("templates", name).read_text("utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _json(data: object) -> str:
    # ASCII, so that half a surrogate pair survives too.
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return "".join(_ESCAPES.get(character, character) for character in text)
