"""A self-contained HTML file: it fetches nothing, and never executes the data it shows.

The data is a JSON block that the page's script reads and shows as text. A content security policy allows
that script and its style sheet by hash, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Sequence
from importlib.resources import files
from string import Template

_POLICY = (
    "default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; img-src data:;"
    " base-uri 'none'; form-action 'none'"
)
_SERVED = "; connect-src 'self'"
# Characters that could end the script element, or a line of it, early.
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


_LOAD_SCRIPTS = ("session/base.js", "load.js")
_LOAD_STYLES = ("common.css", "load.css")


def page(title: str, data: object) -> str:
    """The HTML file of a load run; ``data`` becomes JSON."""
    return page_start(title, _LOAD_SCRIPTS, _LOAD_STYLES, app="load") + page_end(data, _LOAD_SCRIPTS)


def page_start(
    title: str, scripts: Sequence[str], styles: Sequence[str], *, app: str = "", served: bool = False
) -> str:
    """The file up to where its data begins; ``page_end`` ends it, with the same scripts.

    Scripts and styles are files in ``templates``, which are joined. ``app`` is a class of the body. A page
    that is ``served`` may ask the server that it came from, and nobody else.
    """
    return _template(0).substitute(
        title=html.escape(title),
        policy=policy(scripts, styles, served=served),
        style="".join(map(_read, styles)),
        app=html.escape(app),
    )


def policy(scripts: Sequence[str], styles: Sequence[str], *, served: bool = False) -> str:
    """The content security policy of a page with these scripts and styles."""
    script, style = _script(scripts), "".join(map(_read, styles))
    return _POLICY.format(script=_hash(script), style=_hash(style)) + (_SERVED if served else "")


def page_end(data: object, scripts: Sequence[str]) -> str:
    """The rest of the file; ``data`` becomes JSON."""
    return _template(1).substitute(script=_script(scripts), data=_json(data))


def _template(part: int) -> Template:
    return Template(_read("page.html").split("<!-- blocks -->\n")[part])


def _script(names: Sequence[str]) -> str:
    """These files as one script, whose names are its own."""
    return f'"use strict";\n{{\n{"".join(map(_read, names))}}}\n'


def _read(name: str) -> str:
    return files(__package__).joinpath("templates", name).read_text("utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _json(data: object) -> str:
    # ASCII, so that half a surrogate pair survives too.
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return "".join(_ESCAPES.get(character, character) for character in text)
