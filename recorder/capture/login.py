"""How a consumer comes by a token: look up where to ask, and ask in one of three ways.

The ways are the published ones: signing up as nobody, being anonymous by an account's connector, and being
somebody whom the brand vouches for. Nothing is stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from recorder.clock import Clock
from recorder.errors import BadOption, CannotConnect

from .rest import RestAddress, ask

MESSAGING = "asyncMessagingEnt"
IDENTITY = "idp"
LONGEST_TOKEN = 16 * 1024

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TOKEN = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_TOKEN}}}")


@dataclass(frozen=True)
class SignUp:
    """As nobody, by the older way: one request."""


@dataclass(frozen=True)
class Anonymous:
    """As nobody, by the newer way: an outer token, exchanged at the account's connector."""

    connector: str


@dataclass(frozen=True)
class Vouched:
    """As somebody: ``code`` is the brand's token or code. With a ``connector`` it is exchanged there."""

    code: str = field(repr=False)
    connector: str | None = None


Way = SignUp | Anonymous | Vouched


class LoggedIn(NamedTuple):
    """The token, and where to bring it. Not to be printed as a whole."""

    token: str
    url: str


def log_in(
    base: RestAddress,
    account: str,
    way: Way,
    *,
    clock: Clock,
    know: Callable[[str], None] = lambda token: None,
) -> LoggedIn:
    """Look up the account's addresses at ``base``, and get a token for its messaging service.

    ``know`` is told of every token that is given out on the way: an error may quote it.

    Raises:
        BadOption: the account or connector is no such name; nothing was asked.
        CannotConnect: nobody there, not let in, or answered with something of no use.
    """
    _check_name("ACCOUNT", account)
    identity = _look_up(base, account, IDENTITY, clock=clock)
    messaging = _look_up(base, account, MESSAGING, clock=clock)

    def post(path: str, body: Mapping[str, object] | None = None) -> Mapping[str, object]:
        return ask(identity, "POST", f"/api/account/{account}/{path}", body, clock=clock)

    token = _WAYS[type(way)](way, _Counter(identity, post, know))
    scheme = "wss" if messaging.secure else "ws"
    return LoggedIn(token, f"{scheme}://{messaging.netloc}/ws_api/account/{account}/messaging/consumer?v=3")


class _Counter(NamedTuple):
    """Where tokens are given out, and how to ask there."""

    address: RestAddress
    post: Callable[..., Mapping[str, object]]
    know: Callable[[str], None]

    def token(self, path: str, body: Mapping[str, object] | None, *, called: str) -> str:
        value = self.post(path, body).get(called)
        if not isinstance(value, str) or not _TOKEN.fullmatch(value):
            raise CannotConnect(
                self.address.place, f"its answer to {path.partition('?')[0]} holds no {called}"
            )
        self.know(value)
        return value


def _sign_up(way: SignUp, counter: _Counter) -> str:
    return counter.token("signup", None, called="jwt")


def _be_anonymous(way: Anonymous, counter: _Counter) -> str:
    _check_name("--connector", way.connector)
    outer = counter.token("anonymous/authorize", None, called="token")
    return _exchange(way.connector, outer, counter)


def _be_vouched_for(way: Vouched, counter: _Counter) -> str:
    if way.connector is None:
        return counter.token("authenticate", {"authCode": way.code}, called="jwt")
    return _exchange(way.connector, way.code, counter)


def _exchange(connector: str, outer: str, counter: _Counter) -> str:
    _check_name("--connector", connector)
    return counter.token(f"app/{connector}/authenticate?v=3.0", {"id_token": outer}, called="token")


_WAYS: dict[type[Way], Callable[..., str]] = {
    SignUp: _sign_up,
    Anonymous: _be_anonymous,
    Vouched: _be_vouched_for,
}


def _look_up(base: RestAddress, account: str, service: str, *, clock: Clock) -> RestAddress:
    told = ask(base, "GET", f"/api/account/{account}/service/{service}/baseURI.json?version=1.0", clock=clock)
    found = _base_in(told, service)
    address = None if found is None else base.elsewhere(found)
    if address is None:
        raise CannotConnect(
            base.place,
            f"its answer names no usable address of {service} for account {account}",
            hint="is the account number right?",
        )
    return address


def _base_in(told: Mapping[str, object], service: str) -> str | None:
    """The page on the lookup shows a list; clients in use read the object itself."""
    listed = told.get("baseURIs")
    for each in [told, *(listed if isinstance(listed, list) else [])]:
        if isinstance(each, dict) and each.get("service", service) == service:
            value = each.get("baseURI")
            if isinstance(value, str):
                return value
    return None


def _check_name(option: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise BadOption(option, "it may hold letters, digits, dots, dashes and underscores only")
