"""``recorder login``: print a consumer's token, and store nothing."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from recorder.errors import BadOption

from .options import CaFileOption, JsonOption, QuietOption, TokenEnvOption, TokenFileOption, TokenPromptOption
from .output import StatusPrinter, write_json
from .token_source import read_token

DEFAULT_BASE = "https://api.liveperson.net"


def login(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's number or name.")],
    base: Annotated[
        str, typer.Option("--base", metavar="URL", help="Where to look up the account's addresses.")
    ] = DEFAULT_BASE,
    signup: Annotated[
        bool, typer.Option("--signup", help="Log in without an identity; the default.")
    ] = False,
    anonymous: Annotated[
        bool,
        typer.Option("--anonymous", help="Log in without an identity, through a connector of the account."),
    ] = False,
    authenticate: Annotated[
        bool,
        typer.Option(
            "--authenticate", help="Log in with the brand's own token or code, which the token options name."
        ),
    ] = False,
    connector: Annotated[
        str | None, typer.Option("--connector", metavar="ID", help="Id of the connector to log in through.")
    ] = None,
    token_env: TokenEnvOption = None,
    token_file: TokenFileOption = None,
    token_prompt: TokenPromptOption = False,
    ca_file: CaFileOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Look up an account's addresses, log in as a consumer, and print the token: what other commands take by
    --token-env, --token-file or --token-command. Nothing is stored.

    Example:

        recorder login 12345678 --signup --base $UMS_BASE
    """
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
    result = recipes.login(
        account,
        base=base,
        anonymous=anonymous,
        code=code,
        connector=connector,
        ca_file=ca_file,
        say=StatusPrinter(quiet=quiet),
    )
    if json:
        write_json({"jwt": result.token, "url": result.url, "expires_at": iso_utc(result.expires_us)})
    else:
        sys.stdout.write(f"{result.token}\n")
