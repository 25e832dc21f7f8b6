"""Where a script is to be played: never a guess where it could be one."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import NoReturn

from recorder.documents import unset_variables
from recorder.errors import BadOption
from recorder.redaction.redactor import Redactor
from recorder.replay.language.script import Script
from recorder.report.replay_target import ReplayTarget

from .replay_options import FROM_SCRIPT, SIMULATOR, ReplayOptions

_BOTH = "--url script plays it there, --url simulator against the built-in simulator"
_FOR_SERVICES = "it is for a service, and this plays the built-in simulator"
_GIVE_URL = "add --url URL, or --url script for the script's consumer.url"


def choose_target(
    script: Script, options: ReplayOptions, variables: Mapping[str, str], *, tokens: Sequence[str] = ()
) -> ReplayTarget:
    """Where a script is played; ``tokens`` are those of many users.

    Raises:
        BadOption: the script names a service, and nobody said whether it is meant; it names none, and was to;
            an option is for a service, and there is none.
    """
    if options.url not in (None, SIMULATOR, FROM_SCRIPT):
        return ReplayTarget(without_secrets(options.url or "", options), "--url")
    if options.url == FROM_SCRIPT:
        urls = _filled_urls(script, options, variables)
        if not urls:
            _refuse_without_url(script, variables)
        return ReplayTarget(", ".join(urls), "--url script", "the script's consumer.url, by --url script")
    return _simulator(script, options, variables, tokens)


def _simulator(
    script: Script, options: ReplayOptions, variables: Mapping[str, str], tokens: Sequence[str]
) -> ReplayTarget:
    may_be_meant = options.url is None and not options.virtual
    if may_be_meant and (urls := _filled_urls(script, options, variables)):
        problem = f"the script's consumer.url is {', '.join(urls)}; say whether it is meant"
        raise BadOption("--url", problem, hint=_BOTH)
    _refuse_options_of_services(options, tokens)
    if options.url is not None:
        return ReplayTarget(None, "--url simulator")
    if options.virtual:
        return ReplayTarget(None, "--clock virtual")
    return ReplayTarget(None, "default", f"no --url, and {_why_none(script, variables)}")


def without_secrets(url: str, options: ReplayOptions) -> str:
    """The URL as it may be shown."""
    token = options.service.token
    return Redactor(secrets.token_bytes(16), known=[] if token is None else [token]).url(url)


def _filled_urls(script: Script, options: ReplayOptions, variables: Mapping[str, str]) -> list[str]:
    """The URLs that the script gives its consumers, each once, as they may be shown."""
    filled = [
        script.consumer(variables, name, keys=("url",)).url
        for name in script.acting
        if not unset_variables(script.consumers[name].url or "", variables)
    ]
    return [without_secrets(url, options) for url in dict.fromkeys(filled) if url]


def _unset(script: Script, variables: Mapping[str, str]) -> list[str]:
    """The variables that keep the URLs of a script from being filled in."""
    written = [script.consumers[name].url or "" for name in script.acting]
    return list(dict.fromkeys(name for url in written for name in unset_variables(url, variables)))


def _why_none(script: Script, variables: Mapping[str, str]) -> str:
    if unset := _unset(script, variables):
        return f"{', '.join(unset)} of the script's consumer.url is not set"
    named = any(script.consumers[name].url is not None for name in script.acting)
    return "the script's consumer.url is empty" if named else "the script names no consumer.url"


def _refuse_without_url(script: Script, variables: Mapping[str, str]) -> NoReturn:
    unset = _unset(script, variables)
    hint = f"set {', '.join(unset)}" if unset else 'write consumer: {url: "${UMS_URL}"} in the script'
    raise BadOption(
        "--url script", _why_none(script, variables), hint=f"{hint}, or give the URL: --url wss://…"
    )


def _refuse_options_of_services(options: ReplayOptions, tokens: Sequence[str]) -> None:
    """Refuse what no simulator minds, and what it minds where nobody asked for it by name."""
    for option in options.for_services:
        raise BadOption(option, _FOR_SERVICES, hint=_GIVE_URL)
    if options.url == SIMULATOR:
        return
    for option in _given_of(_options_of_connections(options, tokens)):
        raise BadOption(option, _FOR_SERVICES, hint=f"{_GIVE_URL}; to try it here: --url simulator")


def _given_of(options: Mapping[str, object]) -> Iterator[str]:
    return (option for option, given in options.items() if given)


def _options_of_connections(options: ReplayOptions, tokens: Sequence[str]) -> dict[str, object]:
    return {
        "--token-env, --token-file, --token-prompt": options.service.token or tokens,
        "--token-command": options.token_command,
        "--init-connection": options.service.init_connection,
        "--reconnect": options.reconnect,
    }
