"""Log in as a consumer: get a token from the service. Nothing is stored."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from recorder.capture.login import LoginMethod, request_token
from recorder.capture.rest_address import parse_rest_address
from recorder.clock import Clock, RealClock
from recorder.errors import CannotConnect
from recorder.redaction.redactor import Redactor
from recorder.redaction.tokens import claims_of

from .queries import Notify, silent

DEFAULT_BASE = "https://api.liveperson.net"


@dataclass(frozen=True, slots=True)
class Login:
    """A consumer's token, its URL and its expiry.

    Attributes:
        token: the JWT for the messaging service; a secret.
        url: where to connect with it.
        expires_us: its ``exp`` claim, in microseconds since the epoch; None without one.
    """

    token: str = field(repr=False)
    url: str
    expires_us: int | None


def login(
    account: str,
    *,
    base: str = DEFAULT_BASE,
    anonymous: bool = False,
    code: str | None = None,
    connector: str | None = None,
    ca_file: Path | None = None,
    clock: Clock | None = None,
    say: Notify = silent,
) -> Login:
    """Look up the addresses of ``account`` at ``base``, and get a token there.

    By signup; with ``anonymous`` through a ``connector``; or authenticated by the brand's ``code`` or token,
    through a ``connector`` if one is given.

    Raises:
        BadOption: the options cannot be used together, or one cannot be used; nothing was sent.
        CannotConnect: the service cannot be reached, or refused the login.
    """
    method = LoginMethod(anonymous, code, connector)
    address = parse_rest_address(base, ca_file=ca_file)
    say(f"asking {address.base_url} for the addresses of account {account}")
    redactor = Redactor(secrets.token_bytes(16), known=() if code is None else (code,))
    clock = RealClock() if clock is None else clock
    try:
        token, url = request_token(address, account, method, clock=clock, on_token=redactor.add_secret)
    except CannotConnect as refused:
        # It quotes the service, which may repeat a secret.
        raise CannotConnect(refused.url, redactor.text(refused.problem), hint=refused.hint) from None
    claims = claims_of(token)
    expires_s = None if claims is None else claims.exp
    return Login(token, url, None if expires_s is None else expires_s * 1_000_000)
