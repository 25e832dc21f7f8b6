"""``recorder login``: print a consumer's token, and store nothing."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from recorder.errors import BadOption

from .options import CaFile, Json, Quiet, TokenEnv, TokenFile, TokenPrompt, help_with
from .output import Talk, write_json
from .token_source import read_token

DEFAULT_BASE = "https://api.liveperson.net"


def add_to(parent: typer.Typer) -> None:
    """Hang the command under ``recorder``."""
    parent.command(
        "login",
        help=help_with(
            "Look up an account's addresses, log in as a consumer, and print the token: what other commands "
            "take by --token-env, --token-file or --token-command. Nothing is stored.",
            "recorder login 12345678 --signup --base $UMS_BASE",
        ),
    )(login)


def login(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's number or name.")],
    base: Annotated[
        str, typer.Option("--base", metavar="URL", help="Where to look up the account's addresses.")
    ] = DEFAULT_BASE,
    signup: Annotated[bool, typer.Option("--signup", help="As nobody in particular; the usual way.")] = False,
    anonymous: Annotated[
        bool, typer.Option("--anonymous", help="As nobody, by way of a connector of the account.")
    ] = False,
    authenticate: Annotated[
        bool,
        typer.Option(
            "--authenticate", help="As somebody: the token options name the brand's own token or code."
        ),
    ] = False,
    connector: Annotated[
        str | None, typer.Option("--connector", metavar="ID", help="The connector to go by.")
    ] = None,
    token_env: TokenEnv = None,
    token_file: TokenFile = None,
    token_prompt: TokenPrompt = False,
    ca_file: CaFile = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """See the help above."""
    from recorder import recipes
    from recorder.wire.records import iso_utc

    if signup + anonymous + authenticate > 1:
        raise BadOption("--signup, --anonymous, --authenticate", "give one of them, not several")
    code = read_token(token_env=token_env, token_file=token_file, token_prompt=token_prompt)
    if authenticate != (code is not None):
        raise BadOption(
            "--authenticate",
            "it goes with the brand's token or code, by --token-env, --token-file or --token-prompt",
        )
    got = recipes.login(
        account,
        base=base,
        anonymous=anonymous,
        code=code,
        connector=connector,
        ca_file=ca_file,
        say=Talk(quiet=quiet),
    )
    if json:
        write_json({"jwt": got.token, "url": got.url, "expires_at": iso_utc(got.expires_us)})
    else:
        sys.stdout.write(f"{got.token}\n")
