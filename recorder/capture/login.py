"""Get a consumer's token: look up the account's addresses, then log in by one of LivePerson's methods.

The methods are signup and anonymous authentication through a connector, both without an identity, and
authentication with a code or token of the brand. Nothing is stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from recorder.clock import Clock
from recorder.errors import BadOption, CannotConnect

from .rest import request_json
from .rest_address import RestAddress

MESSAGING = "asyncMessagingEnt"
IDENTITY = "idp"
LONGEST_TOKEN = 16 * 1024

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TOKEN = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_TOKEN}}}")


@dataclass(frozen=True)
class LoginMethod:
    """How a consumer logs in: by ``signup`` unless something else is given.

    Attributes:
        anonymous: by an outer token from ``anonymous/authorize``, exchanged at the account's ``connector``.
        code: the brand's code or token; with a ``connector`` it is exchanged there.
        connector: the id of a connector of the account.

    Raises:
        BadOption: they do not go together.
    """

    anonymous: bool = False
    code: str | None = field(default=None, repr=False)
    connector: str | None = None

    def __post_init__(self) -> None:
        if self.anonymous and self.code is not None:
            raise BadOption("--anonymous", "it needs no code or token of the brand")
        if self.anonymous and self.connector is None:
            raise BadOption(
                "--anonymous",
                "it goes by way of a connector of the account, and none was given",
                hint="add --connector ID, or use --signup",
            )
        if self.connector is not None and not self.anonymous and self.code is None:
            raise BadOption("--connector", "signing up needs none", hint="add --anonymous or --authenticate")


def request_token(
    base: RestAddress,
    account: str,
    method: LoginMethod,
    *,
    clock: Clock,
    on_token: Callable[[str], None] = lambda token: None,
) -> tuple[str, str]:
    """Look up the account's addresses at ``base``, get a token; return it and the messaging URL it is for.

    ``on_token`` is called with every token received: redact them, since an error may quote them.

    Raises:
        BadOption: the account or connector has an invalid name; nothing was sent.
        CannotConnect: the service cannot be reached, refuses the login, or its answer holds no token.
    """
    _check_name("ACCOUNT", account)
    if method.connector is not None:
        _check_name("--connector", method.connector)
    identity = _look_up(base, account, IDENTITY, clock=clock)
    messaging = _look_up(base, account, MESSAGING, clock=clock)

    def issued(path: str, body: Mapping[str, object] | None, name: str) -> str:
        """Post to the ``idp`` service, and return the token in the field ``name`` of its answer."""
        answer = request_json(identity, "POST", f"/api/account/{account}/{path}", body, clock=clock)
        token = answer.get(name)
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise CannotConnect(identity.base_url, f"its answer to {path.partition('?')[0]} holds no {name}")
        on_token(token)
        return token

    if method.connector is not None:
        outer = issued("anonymous/authorize", None, "token") if method.code is None else method.code
        token = issued(f"app/{method.connector}/authenticate?v=3.0", {"id_token": outer}, "token")
    elif method.code is not None:
        token = issued("authenticate", {"authCode": method.code}, "jwt")
    else:
        token = issued("signup", None, "jwt")
    scheme = "wss" if messaging.secure else "ws"
    return token, f"{scheme}://{messaging.netloc}/ws_api/account/{account}/messaging/consumer?v=3"


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
