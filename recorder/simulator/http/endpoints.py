"""The REST endpoints on the WebSocket's port: domain lookup, sign-up, tokens, files.

Every endpoint is a row in ``ROUTES``. Nothing here opens a socket or reads the clock::

    request = HttpRequest("POST", "/api/account/12345678/signup", (("host", "127.0.0.1:8765"),))
    endpoints.respond(request, now_ms=0)

Where the published material leaves something open, it does this:

- the base address of every service is the value of the request's ``Host``
- a lookup of one service answers in the shape of the published page and in that of published clients
- no token is verified; an expired one is refused
- an error is answered ``{"code": …, "message": …}``
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import unquote

import orjson

from recorder.messaging.requests import Json
from recorder.runtime.http.messages import HttpRequest, HttpResponse, error_response, json_response

from ..delivery.context import IdSource
from ..protocol.request_parser import MAX_FILE_BYTES, RequestRefused, text_in
from ..protocol.tokens import (
    ExternalIdentity,
    anonymous_token,
    authenticated_token,
    guest_token,
    read_external,
)
from ..protocol.uploads import PATH as FILES_PATH
from ..protocol.uploads import UploadedFile, UploadStore, is_valid_url
from .admission import Admission

SERVICES = ("asyncMessagingEnt", "idp", "swift", "msgHist", "agentVep", "facadeMsg")
"""Names are case-sensitive. Some clients look up the last three; the simulator does not serve them."""
MAX_BODY_BYTES = MAX_FILE_BYTES
PREFLIGHT_MAX_AGE_S = 600
MAX_NAME_LENGTH = 128

_CALLBACK = re.compile(r"[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*", re.ASCII)
_HEADER_NAMES = re.compile(r"[\w!#$%&'*+.^`|~-]+(\s*,\s*[\w!#$%&'*+.^`|~-]+)*", re.ASCII)


class EndpointCall(NamedTuple):
    """A routed request: the parts of its path by name, and the time."""

    request: HttpRequest
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


class RestEndpoints:
    """Answers every request that is no WebSocket. Stores uploaded files, and nothing else."""

    def __init__(self, admission: Admission, *, ids: IdSource) -> None:
        self._admission = admission
        self._ids = ids
        self._uploads = UploadStore()

    def respond(self, request: HttpRequest, *, now_ms: int) -> HttpResponse:
        """The response to one request, whatever it holds."""
        try:
            self._admission.check_headers(hosts=request.values("host"), origins=request.values("origin"))
        except RequestRefused as refused:
            return error_response(refused.code, refused.reason)
        try:
            response = self._respond(request, now_ms)
        except RequestRefused as refused:
            response = error_response(refused.code, refused.reason)
        return response._replace(headers=response.headers + _cors_headers(request))

    def _respond(self, request: HttpRequest, now_ms: int) -> HttpResponse:
        found, methods = _route_of(request.path)
        if request.method == "OPTIONS":
            return _preflight(request, methods)
        endpoint = methods.get("GET" if request.method == "HEAD" else request.method)
        if endpoint is None:
            raise RequestRefused(
                405, f"{request.method[:16]} is not for this address, but {' and '.join(methods)}"
            )
        parts = {name: unquote(value) for name, value in found.groupdict().items()}
        if any(len(value) > MAX_NAME_LENGTH for value in parts.values()):
            raise RequestRefused(400, "That name is too long")
        return endpoint(self, EndpointCall(request, parts, now_ms))

    def lookup_all(self, call: EndpointCall) -> HttpResponse:
        every = [_base(call, service) for service in SERVICES]
        return json_response({"baseURIs": every})

    def lookup(self, call: EndpointCall) -> HttpResponse:
        base = _base(call, _known_service(call))
        return json_response(base | {"baseURIs": [base]})

    def lookup_csdr(self, call: EndpointCall) -> HttpResponse:
        base = _base(call, _known_service(call))
        listed = [{"lpServer": base["baseURI"]}]
        return _jsonp(call, base | {"ResultSet": {"lpData": listed}})

    def signup(self, call: EndpointCall) -> HttpResponse:
        return json_response({"jwt": self._new_guest_token(call)})

    def signup_script(self, call: EndpointCall) -> HttpResponse:
        return _jsonp(call, {"jwt": self._new_guest_token(call)})

    def authenticate(self, call: EndpointCall) -> HttpResponse:
        code = text_in(_body(call), "authCode")
        # The real service would ask the brand about a code that is no token.
        who = read_external(code) or ExternalIdentity(code, None, None)
        return json_response({"jwt": _token_for(who, call)})

    def authorize_anonymous(self, call: EndpointCall) -> HttpResponse:
        body = _body(call) if call.request.body.strip() else {}
        subject = self._ids()
        if body.get("id_token") is not None:  # a refresh: it may have expired, and keeps its subject
            subject = _external_in(body).subject
        token = anonymous_token(subject, account=call.account, now_s=call.now_s)
        return json_response({"token": token})

    def authenticate_app(self, call: EndpointCall) -> HttpResponse:
        return json_response({"token": _token_for(_external_in(_body(call)), call)})

    def put_file(self, call: EndpointCall) -> HttpResponse:
        _check_signature(call)
        kinds = call.request.values("content-type")
        kind = kinds[0] if kinds else "application/octet-stream"
        self._uploads.put(unquote(call.request.path), UploadedFile(call.request.body, kind))
        return HttpResponse(201)

    def get_file(self, call: EndpointCall) -> HttpResponse:
        _check_signature(call)
        file = self._uploads.get(unquote(call.request.path))
        if file is None:
            raise RequestRefused(404, "No file was put there, or it is gone")
        # Never shown as a page of this address, whatever Content-Type it was uploaded with.
        headers = (("content-type", file.content_type), ("x-content-type-options", "nosniff"))
        return HttpResponse(200, (*headers, ("content-disposition", "attachment")), file.data)

    def _new_guest_token(self, call: EndpointCall) -> str:
        return guest_token(self._ids(), account=call.account, now_s=call.now_s)


Endpoint = Callable[[RestEndpoints, EndpointCall], HttpResponse]
_ACCOUNT = "/api/account/(?P<account>[^/]+)"
_SERVICE = "/service/(?P<service>[^/]+)"

ROUTES: dict[str, dict[str, Endpoint]] = {
    _ACCOUNT + r"/service/baseURI(\.json)?": {"GET": RestEndpoints.lookup_all},
    _ACCOUNT + _SERVICE + r"/baseURI(\.json)?": {"GET": RestEndpoints.lookup},
    rf"/csdr/account/(?P<account>[^/]+){_SERVICE}/baseURI\.(json|lpCsds)": {"GET": RestEndpoints.lookup_csdr},
    _ACCOUNT + "/signup": {"POST": RestEndpoints.signup},
    _ACCOUNT + r"/signup\.jsonp": {"GET": RestEndpoints.signup_script},
    _ACCOUNT + "/authenticate": {"POST": RestEndpoints.authenticate},
    _ACCOUNT + "/anonymous/authorize": {"POST": RestEndpoints.authorize_anonymous},
    _ACCOUNT + "/app/(?P<connector>[^/]+)/authenticate": {"POST": RestEndpoints.authenticate_app},
    re.escape(FILES_PATH) + ".+": {"PUT": RestEndpoints.put_file, "GET": RestEndpoints.get_file},
}
_COMPILED = tuple((re.compile(path), methods) for path, methods in ROUTES.items())


def _route_of(path: str) -> tuple[re.Match[str], dict[str, Endpoint]]:
    for pattern, methods in _COMPILED:
        found = pattern.fullmatch(path)
        if found is not None:
            return found, methods
    raise RequestRefused(404, f"Nothing is at {path[:MAX_NAME_LENGTH]}")


def _base(call: EndpointCall, service: str) -> Json:
    return {"service": service, "account": call.account, "baseURI": call.request.values("host")[0]}


def _known_service(call: EndpointCall) -> str:
    service = call.parts["service"]
    if service not in SERVICES:
        raise RequestRefused(400, f"No service {service}; names are case-sensitive: {', '.join(SERVICES)}")
    return service


def _token_for(who: ExternalIdentity, call: EndpointCall) -> str:
    if who.expires_s is not None and who.expires_s < call.now_s:
        raise RequestRefused(401, "The token that was handed over has expired")
    return authenticated_token(who, account=call.account, now_s=call.now_s)


def _external_in(body: Json) -> ExternalIdentity:
    who = read_external(text_in(body, "id_token"))
    if who is None:
        raise RequestRefused(401, "id_token must be a JSON Web Token with a subject")
    return who


def _check_signature(call: EndpointCall) -> None:
    signature, expires = call.request.query("temp_url_sig"), call.request.query("temp_url_expires")
    path = unquote(call.request.path)
    if not is_valid_url(path, signature=signature or "", expires=expires or "", now_s=call.now_ms / 1000):
        raise RequestRefused(
            401, "temp_url_sig and temp_url_expires must be those handed out for this path, in time"
        )


def _body(call: EndpointCall) -> Json:
    try:
        body = orjson.loads(call.request.body)
    except ValueError:
        raise RequestRefused(400, "The body is no JSON") from None
    if not isinstance(body, dict):
        raise RequestRefused(400, "The body must be a JSON object")
    return body


def _jsonp(call: EndpointCall, response: Json) -> HttpResponse:
    """JSONP: a call of the function that ``cb`` or ``callback`` names; JSON where none is named."""
    name = call.request.query("cb") or call.request.query("callback")
    if name is None:
        return json_response(response)
    if len(name) > MAX_NAME_LENGTH or not _CALLBACK.fullmatch(name):
        raise RequestRefused(400, "The callback must be the name of a function")
    # JSON allows these two, JavaScript once did not; orjson does not escape them.
    text = orjson.dumps(response).decode().replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    headers = (("content-type", "application/javascript; charset=utf-8"), ("cache-control", "no-store"))
    return HttpResponse(200, (*headers, ("x-content-type-options", "nosniff")), f"{name}({text});".encode())


def _preflight(request: HttpRequest, methods: dict[str, Endpoint]) -> HttpResponse:
    allowed = ", ".join(methods)
    headers = [("allow", allowed), ("access-control-allow-methods", allowed)]
    requested = ", ".join(request.values("access-control-request-headers"))
    if _HEADER_NAMES.fullmatch(requested):
        headers.append(("access-control-allow-headers", requested))
    if request.values("access-control-request-private-network"):
        headers.append(("access-control-allow-private-network", "true"))
    headers.append(("access-control-max-age", str(PREFLIGHT_MAX_AGE_S)))
    return HttpResponse(204, tuple(headers))


def _cors_headers(request: HttpRequest) -> tuple[tuple[str, str], ...]:
    """The CORS headers that let the page of an accepted Origin read the response."""
    origins = request.values("origin")
    if len(origins) != 1:
        return (("vary", "origin"),)
    return (
        ("access-control-allow-origin", origins[0]),
        ("access-control-allow-credentials", "true"),
        ("vary", "origin"),
    )
