"""What a request beside a WebSocket is for, by its method and target: the addresses LivePerson documents."""

from __future__ import annotations

import re

DOMAIN_LOOKUP, SIGNUP, LOGIN, UPLOAD, OTHER = "domain-lookup", "signup", "login", "upload", "other"

# The first that fits, by the path without its query. Uploads go by PUT to a path a service has signed.
_PATHS = (
    (DOMAIN_LOOKUP, re.compile(r"/(?:api|csdr)/account/[^/]+/service/(?:[^/]+/)?baseURI(?:\.\w+)?")),
    (SIGNUP, re.compile(r"/api/account/[^/]+/signup(?:\.jsonp)?")),
    (LOGIN, re.compile(r"/api/account/[^/]+/(?:anonymous/authorize|(?:app/[^/]+/)?authenticate|login)")),
)
_UPLOAD_PATH = re.compile(r"/v1/.+")


def purpose_of(method: str, target: str) -> str:
    """One of the purposes of ``HttpExchange`` for a request with this target: a path and perhaps a query."""
    path = target.partition("?")[0]
    for purpose, pattern in _PATHS:
        if pattern.fullmatch(path):
            return purpose
    return UPLOAD if method == "PUT" and _UPLOAD_PATH.fullmatch(path) else OTHER
