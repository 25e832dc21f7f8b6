"""Get a consumer's token: look up the account's addresses, then log in by one of LivePerson's methods.

The methods are signup and anonymous authentication through a connector, both without an identity, and
authentication with a code or token of the brand. Nothing is stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from recorder.clock import Clock
from recorder.errors import BadOption, CannotConnect

from .rest import request_json
from .rest_address import RestAddress

MESSAGING = "asyncMessagingEnt"
IDENTITY = "idp"
LONGEST_TOKEN = 16 * 1024

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TOKEN = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_TOKEN}}}")


class _IdentityProvider(NamedTuple):
    """The account's ``idp`` service, which issues tokens."""

    address: RestAddress
    post: Callable[..., Mapping[str, object]]
    on_token: Callable[[str], None]

    def token(self, path: str, body: Mapping[str, object] | None, *, field_name: str) -> str:
        value = self.post(path, body).get(field_name)
        if not isinstance(value, str) or not _TOKEN.fullmatch(value):
            raise CannotConnect(
                self.address.base_url, f"its answer to {path.partition('?')[0]} holds no {field_name}"
            )
        self.on_token(value)
        return value

    def exchange(self, connector: str, outer: str) -> str:
        """Exchange an outer token or code at the account's connector."""
        _check_name("--connector", connector)
        return self.token(f"app/{connector}/authenticate?v=3.0", {"id_token": outer}, field_name="token")


@dataclass(frozen=True)
class SignupLogin:
    """Unauthenticated: one POST to ``signup``."""

    def token(self, identity: _IdentityProvider) -> str:
        """Request the token."""
        return identity.token("signup", None, field_name="jwt")


@dataclass(frozen=True)
class AnonymousLogin:
    """Unauthenticated: an outer token from ``anonymous/authorize``, exchanged at the account's connector."""

    connector: str

    def token(self, identity: _IdentityProvider) -> str:
        """Request the outer token, and exchange it."""
        _check_name("--connector", self.connector)
        return identity.exchange(
            self.connector, identity.token("anonymous/authorize", None, field_name="token")
        )


@dataclass(frozen=True)
class AuthenticatedLogin:
    """Authenticated by the brand's code or token; with a ``connector`` it is exchanged there."""

    code: str = field(repr=False)
    connector: str | None = None

    def token(self, identity: _IdentityProvider) -> str:
        """Request the token for the code."""
        if self.connector is None:
            return identity.token("authenticate", {"authCode": self.code}, field_name="jwt")
        return identity.exchange(self.connector, self.code)


LoginMethod = SignupLogin | AnonymousLogin | AuthenticatedLogin


class LoginResult(NamedTuple):
    """The token, and the messaging URL it is for. Holds a secret: do not print."""

    token: str
    url: str


def request_token(
    base: RestAddress,
    account: str,
    method: LoginMethod,
    *,
    clock: Clock,
    on_token: Callable[[str], None] = lambda token: None,
) -> LoginResult:
    """Look up the account's addresses at ``base``, and get a token for its messaging service.

    ``on_token`` is called with every token received: redact them, since an error may quote them.

    Raises:
        BadOption: the account or connector has an invalid name; nothing was sent.
        CannotConnect: the service cannot be reached, refuses the login, or its answer holds no token.
    """
    _check_name("ACCOUNT", account)
    identity = _look_up(base, account, IDENTITY, clock=clock)
    messaging = _look_up(base, account, MESSAGING, clock=clock)

    def post(path: str, body: Mapping[str, object] | None = None) -> Mapping[str, object]:
        return request_json(identity, "POST", f"/api/account/{account}/{path}", body, clock=clock)

    token = method.token(_IdentityProvider(identity, post, on_token))
    scheme = "wss" if messaging.secure else "ws"
    return LoginResult(
        token, f"{scheme}://{messaging.netloc}/ws_api/account/{account}/messaging/consumer?v=3"
    )


def _look_up(base: RestAddress, account: str, service: str, *, clock: Clock) -> RestAddress:
    path = f"/api/account/{account}/service/{service}/baseURI.json?version=1.0"
    netloc = _base_uri(request_json(base, "GET", path, clock=clock), service)
    address = None if netloc is None else base.with_netloc(netloc)
    if address is None:
        raise CannotConnect(
            base.base_url,
            f"its answer names no usable address of {service} for account {account}",
            hint="is the account number right?",
        )
    return address


def _base_uri(answer: Mapping[str, object], service: str) -> str | None:
    """The ``baseURI`` of the service: in a list as LivePerson documents it, or in the object itself."""
    listed = answer.get("baseURIs")
    for each in [answer, *(listed if isinstance(listed, list) else [])]:
        if isinstance(each, dict) and each.get("service", service) == service:
            value = each.get("baseURI")
            if isinstance(value, str):
                return value
    return None


def _check_name(option: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise BadOption(option, "it may hold letters, digits, dots, dashes and underscores only")
