"""Tokens among the subprotocols."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from recorder.redaction.redactor import Redactor
from recorder.redaction.subprotocols import shown_choice, shown_subprotocols, subprotocol_secrets

SECRET = "OPAQUEtok3nAAAA1111"


@pytest.mark.parametrize(
    "offered",
    [
        ["bearer", SECRET],
        ["graphql-ws", "access_token", SECRET],
        ["Authorization", SECRET, "chat"],
        ["x-auth-token", SECRET],
        [f"base64url.bearer.authorization.k8s.io.{SECRET}", "v4.channel.k8s.io"],
        [f"bearer.{SECRET}"],
        [f"access_token.{SECRET}"],
        [f"auth-{SECRET}"],
        ["access_token.abcdef." + SECRET],
    ],
)
def test_they_go_and_the_names_stay(offered: list[str]) -> None:
    assert all(secret.endswith(SECRET) for secret in subprotocol_secrets(offered))
    redactor = Redactor(b"k")
    ((_, value),) = redactor.headers([("sec-websocket-protocol", ", ".join(offered))])
    assert SECRET not in value
    assert value.split(",")[0].split("⟦")[0] == offered[0].split(SECRET)[0].replace("abcdef.", "")
    assert SECRET not in redactor.text(f"none was chosen ({', '.join(offered)})")
    assert redactor.headers([("sec-websocket-protocol", value)])[0][1] == value


def test_a_jwt_is_one_wherever_it_stands(make_jwt: Callable[..., str]) -> None:
    token = make_jwt(sub="me")
    encoded = base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")
    kubernetes = f"base64url.bearer.authorization.k8s.io.{encoded}"
    assert list(subprotocol_secrets(["chat", token, kubernetes])) == [token, encoded]


@pytest.mark.parametrize(
    "offered",
    [["graphql-ws", "chat"], ["v4.channel.k8s.io"], ["mqtt", "wamp.2.json"], ["auth-updates"]],
)
def test_ordinary_subprotocols_are_none(offered: list[str]) -> None:
    assert list(subprotocol_secrets(offered)) == []


@pytest.mark.parametrize(
    ("offered", "shown"),
    [
        (["chat", "v2.chat"], ["chat", "v2.chat"]),
        (["bearer", "abc12"], ["bearer", "…"]),
        (
            ["base64url.bearer.authorization.k8s.io.Zm9v", "k8s"],
            ["base64url.bearer.authorization.k8s.io.…", "k8s"],
        ),
        (["access_token", "aB3-x", "chat"], ["access_token", "…", "chat"]),
    ],
)
def test_a_list_is_shown_without_its_tokens_however_short(offered, shown):
    assert shown_subprotocols(offered) == shown


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [
        ("chat", "chat"),
        ("abc12", None),
        ("ABC12", None),
        ("x.abc12", None),
        ("base64url.bearer.authorization.k8s.io.Zm9v", None),
    ],
)
def test_a_choice_that_repeats_a_token_is_not_shown(chosen, shown):
    assert shown_choice(chosen, ["bearer", "abc12"]) == shown
