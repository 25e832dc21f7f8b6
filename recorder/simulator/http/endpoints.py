"""The REST legs beside the socket: domain lookup, signing up, tokens, files.

Every leg is a row in ``LEGS``. Nothing here opens a socket or tells the time::

    rest.answer(Ask("POST", "/api/account/12345678/signup", (("host", "127.0.0.1:8765"),)), now_ms=0)

Where the published material leaves something open, it does this:

- the base address of every service is the one that was asked: the value of ``Host``
- a lookup of one service answers in the shape of the published page and in that of published clients
- no token is verified; one that is over is not taken
- what is wrong is answered ``{"code": …, "message": …}``
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import orjson

from ..delivery.context import IdSource
from ..protocol.conversations import Json
from ..protocol.request_parser import LARGEST_FILE
from ..protocol.uploads import PATH as FILES_PATH
from ..protocol.uploads import File, Shelf, is_good
from .admission import Doorman
from .messages import Answer, Ask, Wrong, dumped, json_answer, refusal, unescaped
from .tokens import External, anonymous_pass, guest_pass, known_pass, read_external

SERVICES = ("asyncMessagingEnt", "idp", "swift", "msgHist", "agentVep", "facadeMsg")
"""Names are case-sensitive. The last three are looked up by some clients; nothing answers for them here."""
LARGEST_BODY = LARGEST_FILE
SECONDS_OF_PREFLIGHT = 600
LONGEST_NAME = 128

_CALLBACK = re.compile(r"[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*", re.ASCII)
_HEADER_NAMES = re.compile(r"[\w!#$%&'*+.^`|~-]+(\s*,\s*[\w!#$%&'*+.^`|~-]+)*", re.ASCII)


class Asked(NamedTuple):
    """A request that found its leg: the parts of its path by name, and the time."""

    ask: Ask
    parts: dict[str, str]
    now_ms: int

    @property
    def now_s(self) -> int:
        """Whole seconds since 1970."""
        return self.now_ms // 1000

    @property
    def account(self) -> str:
        """The account in the path."""
        return self.parts["account"]


class Rest:
    """Answers every request that is no WebSocket. Keeps uploaded files, and nothing else."""

    def __init__(self, doorman: Doorman, *, ids: IdSource) -> None:
        self._doorman = doorman
        self._ids = ids
        self._shelf = Shelf()

    def answer(self, ask: Ask, *, now_ms: int) -> Answer:
        """Answer one request, whatever it holds."""
        stopped = self._doorman.check(hosts=ask.values("host"), origins=ask.values("origin"))
        if stopped is not None:
            return refusal(stopped.status, stopped.says)
        try:
            told = self._answer(ask, now_ms)
        except Wrong as wrong:
            told = refusal(wrong.status, wrong.says)
        return told._replace(headers=told.headers + _for_browsers(ask))

    def _answer(self, ask: Ask, now_ms: int) -> Answer:
        found, methods = _leg_at(ask.path)
        if ask.method == "OPTIONS":
            return _preflight(ask, methods)
        leg = methods.get("GET" if ask.method == "HEAD" else ask.method)
        if leg is None:
            raise Wrong(405, f"{ask.method[:16]} is not for this address, but {' and '.join(methods)}")
        parts = {name: unescaped(value) for name, value in found.groupdict().items()}
        if any(len(value) > LONGEST_NAME for value in parts.values()):
            raise Wrong(400, "That name is too long")
        return leg(self, Asked(ask, parts, now_ms))

    def lookup_all(self, asked: Asked) -> Answer:
        every = [_base(asked, service) for service in SERVICES]
        return json_answer({"baseURIs": every})

    def lookup(self, asked: Asked) -> Answer:
        base = _base(asked, _known_service(asked))
        return json_answer(base | {"baseURIs": [base]})

    def lookup_csdr(self, asked: Asked) -> Answer:
        base = _base(asked, _known_service(asked))
        listed = [{"lpServer": base["baseURI"]}]
        return _as_script(asked, base | {"ResultSet": {"lpData": listed}})

    def signup(self, asked: Asked) -> Answer:
        return json_answer({"jwt": self._guest(asked)})

    def signup_script(self, asked: Asked) -> Answer:
        return _as_script(asked, {"jwt": self._guest(asked)})

    def authenticate(self, asked: Asked) -> Answer:
        code = _text_in(_body(asked), "authCode")
        # A code that is no token is one the real service would ask the brand about.
        who = read_external(code) or External(code, None, None)
        return json_answer({"jwt": _let_in(who, asked)})

    def authorize_anonymous(self, asked: Asked) -> Answer:
        body = _body(asked) if asked.ask.body.strip() else {}
        subject = self._ids()
        if body.get("id_token") is not None:  # refreshed: it may be over, and stays who it is
            subject = _external_in(body).subject
        token = anonymous_pass(subject, account=asked.account, now_s=asked.now_s)
        return json_answer({"token": token})

    def authenticate_app(self, asked: Asked) -> Answer:
        return json_answer({"token": _let_in(_external_in(_body(asked)), asked)})

    def put_file(self, asked: Asked) -> Answer:
        _check_address(asked)
        kinds = asked.ask.values("content-type")
        kind = kinds[0] if kinds else "application/octet-stream"
        self._shelf.put(unescaped(asked.ask.path), File(asked.ask.body, kind))
        return Answer(201)

    def get_file(self, asked: Asked) -> Answer:
        _check_address(asked)
        file = self._shelf.get(unescaped(asked.ask.path))
        if file is None:
            raise Wrong(404, "No file was put there, or it is gone")
        # Never shown as a page of this address, whatever it says it is.
        headers = (("content-type", file.content_type), ("x-content-type-options", "nosniff"))
        return Answer(200, (*headers, ("content-disposition", "attachment")), file.data)

    def _guest(self, asked: Asked) -> str:
        return guest_pass(self._ids(), account=asked.account, now_s=asked.now_s)


Leg = Callable[[Rest, Asked], Answer]
_ACCOUNT = "/api/account/(?P<account>[^/]+)"
_SERVICE = "/service/(?P<service>[^/]+)"

LEGS: dict[str, dict[str, Leg]] = {
    _ACCOUNT + r"/service/baseURI(\.json)?": {"GET": Rest.lookup_all},
    _ACCOUNT + _SERVICE + r"/baseURI(\.json)?": {"GET": Rest.lookup},
    rf"/csdr/account/(?P<account>[^/]+){_SERVICE}/baseURI\.(json|lpCsds)": {"GET": Rest.lookup_csdr},
    _ACCOUNT + "/signup": {"POST": Rest.signup},
    _ACCOUNT + r"/signup\.jsonp": {"GET": Rest.signup_script},
    _ACCOUNT + "/authenticate": {"POST": Rest.authenticate},
    _ACCOUNT + "/anonymous/authorize": {"POST": Rest.authorize_anonymous},
    _ACCOUNT + "/app/(?P<connector>[^/]+)/authenticate": {"POST": Rest.authenticate_app},
    re.escape(FILES_PATH) + ".+": {"PUT": Rest.put_file, "GET": Rest.get_file},
}
_COMPILED = tuple((re.compile(path), methods) for path, methods in LEGS.items())


def _leg_at(path: str) -> tuple[re.Match[str], dict[str, Leg]]:
    for pattern, methods in _COMPILED:
        found = pattern.fullmatch(path)
        if found is not None:
            return found, methods
    raise Wrong(404, f"Nothing is at {path[:LONGEST_NAME]}")


def _base(asked: Asked, service: str) -> Json:
    return {"service": service, "account": asked.account, "baseURI": asked.ask.values("host")[0]}


def _known_service(asked: Asked) -> str:
    service = asked.parts["service"]
    if service not in SERVICES:
        raise Wrong(400, f"No service {service}; names are case-sensitive: {', '.join(SERVICES)}")
    return service


def _let_in(who: External, asked: Asked) -> str:
    if who.expires_s is not None and who.expires_s < asked.now_s:
        raise Wrong(401, "The token that was handed over has expired")
    return known_pass(who, account=asked.account, now_s=asked.now_s)


def _external_in(body: Json) -> External:
    who = read_external(_text_in(body, "id_token"))
    if who is None:
        raise Wrong(401, "id_token must be a JSON Web Token with a subject")
    return who


def _check_address(asked: Asked) -> None:
    signature, expires = asked.ask.query("temp_url_sig"), asked.ask.query("temp_url_expires")
    path = unescaped(asked.ask.path)
    if not is_good(path, signature=signature or "", expires=expires or "", now_s=asked.now_ms / 1000):
        raise Wrong(401, "temp_url_sig and temp_url_expires must be those handed out for this path, in time")


def _body(asked: Asked) -> Json:
    try:
        body = orjson.loads(asked.ask.body)
    except ValueError:
        raise Wrong(400, "The body is no JSON") from None
    if not isinstance(body, dict):
        raise Wrong(400, "The body must be a JSON object")
    return body


def _text_in(body: Json, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Wrong(400, f"{name} is missing" if value is None else f"{name} must be text")
    return value


def _as_script(asked: Asked, told: Json) -> Answer:
    """As a call of the function that ``cb`` or ``callback`` names; as JSON where none is named."""
    name = asked.ask.query("cb") or asked.ask.query("callback")
    if name is None:
        return json_answer(told)
    if len(name) > LONGEST_NAME or not _CALLBACK.fullmatch(name):
        raise Wrong(400, "The callback must be the name of a function")
    # What JSON allows and JavaScript once did not is escaped in any case: orjson writes it as it is.
    text = dumped(told).decode().replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    headers = (("content-type", "application/javascript; charset=utf-8"), ("cache-control", "no-store"))
    return Answer(200, (*headers, ("x-content-type-options", "nosniff")), f"{name}({text});".encode())


def _preflight(ask: Ask, methods: dict[str, Leg]) -> Answer:
    allowed = ", ".join(methods)
    headers = [("allow", allowed), ("access-control-allow-methods", allowed)]
    wanted = ", ".join(ask.values("access-control-request-headers"))
    if _HEADER_NAMES.fullmatch(wanted):
        headers.append(("access-control-allow-headers", wanted))
    if ask.values("access-control-request-private-network"):
        headers.append(("access-control-allow-private-network", "true"))
    headers.append(("access-control-max-age", str(SECONDS_OF_PREFLIGHT)))
    return Answer(204, tuple(headers))


def _for_browsers(ask: Ask) -> tuple[tuple[str, str], ...]:
    """What lets the page that asked, and has been let in, read the answer."""
    origins = ask.values("origin")
    if len(origins) != 1:
        return (("vary", "origin"),)
    return (
        ("access-control-allow-origin", origins[0]),
        ("access-control-allow-credentials", "true"),
        ("vary", "origin"),
    )
