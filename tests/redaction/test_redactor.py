"""Secrets do not survive, everything else does, to the byte."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recorder.redaction.encodings import spellings_of
from recorder.redaction.redactor import Redactor
from recorder.redaction.tokens import PLACEHOLDER, claims_of

KEY = b"a key of the tests"


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def once(redactor: Redactor, data: bytes | str) -> bytes:
    raw = data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")
    return redactor.payload(raw, stream="s", fin=True, continuation=False)


def in_fragments(redactor: Redactor, data: bytes, cuts: list[int]) -> list[bytes]:
    bounds = [0, *sorted(cuts), len(data)]
    pieces = [data[start:end] for start, end in pairwise(bounds)]
    return [
        redactor.payload(piece, stream="s", fin=i == len(pieces) - 1, continuation=i > 0)
        for i, piece in enumerate(pieces)
    ]


SAFE = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
OPAQUE = st.text(alphabet=SAFE, min_size=12, max_size=40).filter(lambda text: not text.isdigit())
ODD_SECRETS = st.text(alphabet=SAFE + '/+=.~"\\ü€', min_size=12, max_size=30).filter(
    lambda text: not re.fullmatch(r"[-+0-9.eE]*", text)
)


def _jwt(sub: str, signature: bytes) -> str:
    header, claims = b'{"alg":"RS256","typ":"JWT"}', json.dumps({"sub": sub}).encode()
    return ".".join(encoded(part) for part in (header, claims, signature))


JWTS = st.builds(_jwt, st.uuids().map(str), st.binary(min_size=20, max_size=40))
NAMES = st.sampled_from(
    ["jwt", "token", "access_token", "Password", "api_key", "authCode", "lp_sdes", "X-Auth-Token"]
)
WORDS = st.text(alphabet="abc ü\n\"\\/{}:,'eyJ.%&=?", max_size=10)


@st.composite
def planted(draw: st.DrawFn, secret: str, *, named: bool) -> Any:
    """The secret under a secret name, or anywhere, inside random JSON, perhaps JSON in a string."""
    value: Any = secret
    if named:
        value = {draw(NAMES): value, "beside": draw(WORDS)}
    for _ in range(draw(st.integers(0, 3))):
        value = draw(
            st.sampled_from(
                [
                    {"body": value},
                    [draw(WORDS), value],
                    {"changes": [value], "n": 7},
                    json.dumps(value, ensure_ascii=draw(st.booleans())),
                ]
            )
        )
    return {"kind": "req", "x": value, "y": draw(WORDS)}


@st.composite
def written(draw: st.DrawFn, value: Any) -> bytes:
    """JSON text of the value, some of its plain letters as escapes, some slashes escaped."""
    text = json.dumps(value, ensure_ascii=draw(st.booleans()))
    if draw(st.booleans()):
        text = text.replace("/", "\\/")
    if draw(st.booleans()):
        unescaped = re.compile(r"(\\.)|([A-Za-z])")
        marks = iter(draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text))))
        text = unescaped.sub(lambda m: m[1] or (f"\\u{ord(m[2]):04x}" if next(marks) else m[2]), text)
        text = text if _is_json(text) else json.dumps(value)
    return text.encode()


def _is_json(text: str | bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def traces(secret: str, output: bytes) -> list[bytes]:
    """Every spelling of the secret that the output still holds, its escapes undone or not."""
    undone = [output.decode("utf-8", "replace")]
    for _ in range(5):
        undone.append(re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), undone[-1]))
        undone.append(re.sub(r"\\(.)", r"\1", undone[-1]))
    return [
        form for form in spellings_of(secret) for text in undone if form in text.encode("utf-8", "replace")
    ]


@given(st.data(), OPAQUE | ODD_SECRETS)
def test_a_secret_under_its_name_does_not_survive(data: st.DataObject, secret: str) -> None:
    raw = data.draw(written(data.draw(planted(secret, named=True))))
    redacted = once(Redactor(KEY), raw)
    assert traces(secret, redacted) == []
    assert _is_json(redacted)


@given(st.data(), JWTS)
def test_a_token_does_not_survive_anywhere(data: st.DataObject, token: str) -> None:
    raw = data.draw(written(data.draw(planted(f"see {token}!", named=False))))
    redacted = once(Redactor(KEY), raw)
    assert traces(token, redacted) == []
    assert _is_json(redacted)


@given(
    st.data(),
    OPAQUE | JWTS,
    st.sampled_from(
        [
            lambda secret, pad: secret,
            lambda secret, pad: base64.b64encode((pad + secret + pad).encode()).decode(),
            lambda secret, pad: base64.urlsafe_b64encode((pad + secret).encode()).decode(),
            lambda secret, pad: quote(secret, safe=""),
            lambda secret, pad: "".join(f"%{byte:02x}" for byte in secret.encode()),
            lambda secret, pad: pad + secret + pad,
        ]
    ),
    st.text(alphabet="xyz", max_size=4),
)
def test_a_secret_seen_once_is_gone_from_then_on_in_any_spelling(
    data: st.DataObject, secret: str, disguise: Callable[[str, str], str], pad: str
) -> None:
    redactor = Redactor(KEY)
    redactor.headers([("Authorization", f"jwt {secret}")])
    raw = data.draw(written(data.draw(planted(disguise(secret, pad), named=False))))
    redacted = once(redactor, raw)
    assert redacted != raw
    assert traces(secret, redacted) == []
    assert _is_json(redacted)


@given(st.data(), OPAQUE | JWTS, st.booleans())
def test_a_secret_spread_over_fragments_does_not_get_through(
    data: st.DataObject, secret: str, one_by_one: bool
) -> None:
    """Two letters may go before it is known to be one; the joined fragments are JSON again."""
    frame = {"kind": "req", "headers": [{"jwt": secret}], "body": {"text": "hello there", "n": [1, 2]}}
    raw = json.dumps(frame).encode()
    cuts = (
        list(range(1, len(raw))) if one_by_one else data.draw(st.lists(st.integers(0, len(raw)), max_size=6))
    )
    joined = b"".join(in_fragments(Redactor(KEY), raw, cuts))
    text = joined.decode()
    assert not [
        secret[i : i + 5] for i in range(len(secret) - 4) if secret[i : i + 5] in PLACEHOLDER.sub("", text)
    ]
    read = json.loads(joined)
    assert PLACEHOLDER.search(read["headers"][0]["jwt"])
    assert read["body"] == frame["body"]


@given(st.data(), OPAQUE)
def test_a_known_secret_spread_over_fragments_does_not_get_through(data: st.DataObject, secret: str) -> None:
    raw = f'{{"message":"it is {secret}, is it not"}}'.encode()
    cuts = data.draw(st.lists(st.integers(0, len(raw)), max_size=6) | st.just(list(range(1, len(raw)))))
    joined = b"".join(in_fragments(Redactor(KEY, [secret]), raw, cuts))
    assert secret[3:].encode() not in joined
    assert json.loads(joined)["message"].endswith(", is it not")


@given(WORDS | st.text(max_size=40), st.data())
def test_ordinary_text_in_fragments_comes_out_whole(text: str, data: st.DataObject) -> None:
    raw = json.dumps({"message": text, "token_count": 3}, ensure_ascii=False).encode("utf-8", "surrogatepass")
    redactor = Redactor(KEY, ["a secret of ours"])
    assume(once(redactor, raw) is raw)
    cuts = data.draw(st.lists(st.integers(0, len(raw)), max_size=5) | st.just(list(range(1, len(raw)))))
    assert b"".join(in_fragments(redactor, raw, cuts)) == raw


ORDINARY = [
    "the token is expired",
    "tokenizer, author, authority, secretary, passwords and cookies",
    "bearer of bad news; the bearer certificates arrived",
    "my jwt authentication failed, what is a jwt?",
    "password: please reset it",
    "Is 100% of it paid? See https://example.com/a?b=c&d=e#f or mail me@example.com",
    "eyJ is how they begin",
    'she said "token" : and left',
    "C:\\users\\token\\secret",
    "⟦jwt:…⟧",
    "⟦jwt:3f9a1c22 sub=x aud=acc:1 exp=1⟧",
    "こちらをクリック",
    "sequence=3 key=home signature is missing",
    "1477840831162 and 4711",
]


@pytest.mark.parametrize("text", ORDINARY)
@pytest.mark.parametrize("ascii_only", [True, False], ids=["ascii", "utf-8"])
def test_ordinary_messages_are_the_very_same_object(text: str, ascii_only: bool) -> None:
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": text}
    raw = json.dumps({"kind": "req", "body": {"event": event}}, ensure_ascii=ascii_only).encode()
    assert once(Redactor(KEY), raw) is raw


@given(st.lists(st.sampled_from(" ".join(ORDINARY[:6]).split()), min_size=1, max_size=20).map(" ".join))
def test_ordinary_words_in_any_order_stay(text: str) -> None:
    raw = json.dumps({"message": text}).encode()
    assert once(Redactor(KEY), raw) is raw


def test_the_published_frames_lose_their_secrets_and_nothing_else(published: list[dict[str, Any]]) -> None:
    redactor = Redactor(KEY)
    secrets = {"__YOUR_JWT__", "...", "__REDACTED__", "12345", "6f52625b7f148325071c2518c714109134acd7a3"}
    changed = set()
    for row in published:
        raw = json.dumps(row["frame"], separators=(",", ":"), ensure_ascii=False).encode()
        redacted = once(redactor, raw)
        hidden = re.sub(rb'"(jwt|temp_url_sig)":"[^"]*"', b"", raw)
        assert re.sub(rb'"(jwt|temp_url_sig)":"[^"]*"', b"", redacted) == hidden
        changed |= {s for s in secrets if f'"{s}"'.encode() in raw and f'"{s}"'.encode() not in redacted}
    assert changed == secrets


@given(st.data(), OPAQUE | JWTS, st.booleans())
def test_redacting_twice_changes_nothing(data: st.DataObject, secret: str, named: bool) -> None:
    raw = data.draw(written(data.draw(planted(secret, named=named))))
    redactor = Redactor(KEY)
    first = once(redactor, raw)
    assert once(redactor, first) == first
    assert once(Redactor(KEY), first) == first


@pytest.mark.parametrize(
    "method",
    [Redactor.text, Redactor.url, lambda r, text: once(r, text).decode()],
    ids=["text", "url", "payload"],
)
@given(st.text(alphabet="eyJ.ab1=&?@:/ tokenjwtBearer⟦⟧'\"", max_size=50))
def test_redacting_any_text_twice_changes_nothing(method: Callable[[Redactor, str], str], text: str) -> None:
    redactor = Redactor(KEY)
    first = method(redactor, text)
    assert method(redactor, first) == first


def test_a_placeholder_of_another_archive_stays_in_a_text(make_jwt: Callable[..., str]) -> None:
    for written in (f"closed: {make_jwt(sub='me', exp=1700000000)}", "closed, token: hush7hush8hush"):
        first = Redactor(KEY).text(written)
        assert first != written
        assert Redactor(b"another key").text(first) == first
    only_like_one = "⟦token: 4e389244a⟧"
    assert Redactor(KEY).text(only_like_one) != only_like_one


@given(st.binary(max_size=80))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    redactor = Redactor(KEY, ["known secret"])
    once(redactor, data)
    in_fragments(redactor, data, [len(data) // 3, len(data) // 2])


def test_equal_tokens_stay_recognisably_equal(make_jwt: Callable[..., str]) -> None:
    """The header's token, the same one in InitConnection, escaped and in base64: one fingerprint."""
    token = make_jwt(sub="me", aud="acc:1", exp=1700000000)
    redactor = Redactor(KEY)
    ((_, header),) = redactor.headers([("Authorization", f"jwt {token}")])
    escaped = "\\u0065" + token[1:]
    spellings = [token, escaped, base64.b64encode(token.encode()).decode()]
    outputs = [once(redactor, f'{{"a":"{spelling}"}}').decode() for spelling in spellings]
    marks = {match[0] for text in (header, *outputs) for match in PLACEHOLDER.finditer(text)}
    assert len(marks) == 1
    assert header.startswith("jwt ⟦jwt:")
    assert claims_of(header) == claims_of(token)
    assert once(Redactor(b"another key"), f'"{token}"').decode()[1:-1] not in marks


@pytest.mark.parametrize(
    ("pairs", "redacted"),
    [
        pytest.param(("Authorization", "jwt abc"), r"jwt ⟦auth:[0-9a-f]{8}⟧", id="scheme-kept"),
        pytest.param(("authorization", "abc"), r"⟦auth:[0-9a-f]{8}⟧", id="no-scheme"),
        pytest.param(("Proxy-Authorization", "Basic dTpw"), r"Basic ⟦auth:[0-9a-f]{8}⟧", id="proxy"),
        pytest.param(("Cookie", "a=b; c=d"), r"⟦cookie:[0-9a-f]{8}⟧", id="cookie"),
        pytest.param(("set-cookie", "a=b"), r"⟦cookie:[0-9a-f]{8}⟧", id="set-cookie"),
        pytest.param(("X-Api-Key", "abc"), r"⟦token:[0-9a-f]{8}⟧", id="named"),
        pytest.param(("X-Debug", "Bearer abc12345"), r"Bearer ⟦auth:[0-9a-f]{8}⟧", id="by-value"),
        pytest.param(
            ("Location", "https://h/?token=x&a=1"), r"https://h/\?token=⟦token:[0-9a-f]{8}⟧&a=1", id="url"
        ),
        pytest.param(
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), r"dGhlIHNhbXBsZSBub25jZQ==", id="harmless"
        ),
        pytest.param(("Host", "h"), "h", id="host"),
    ],
)
def test_headers_keep_name_order_and_scheme(pairs: tuple[str, str], redacted: str) -> None:
    redactor = Redactor(KEY)
    (first, (name, value)) = redactor.headers([("A", "b"), pairs])
    assert first == ("A", "b")
    assert name == pairs[0]
    assert re.fullmatch(redacted, value)
    assert redactor.headers([(name, value)]) == ((name, value),)


def test_a_cookie_is_known_in_frames() -> None:
    redactor = Redactor(KEY)
    redactor.headers(
        [("Set-Cookie", "sid=a1b2c3d4e5f6; Path=/; HttpOnly"), ("Cookie", "lang=en; theme=darkmode")]
    )
    assert b"a1b2c3d4e5f6" not in once(redactor, '{"message":"a1b2c3d4e5f6 and darkmode"}')
    assert b"darkmode" in once(redactor, '{"message":"a1b2c3d4e5f6 and darkmode"}')


def test_the_bearer_of_an_agents_url_goes_from_url_and_frames() -> None:
    redactor = Redactor(KEY)
    url = redactor.url("wss://h/ws_api/account/1/messaging/brand/b3a7e1c09d?v=2&token=t0ken")
    assert re.fullmatch(
        r"wss://h/ws_api/account/1/messaging/brand/⟦auth:\w{8}⟧\?v=2&token=⟦token:\w{8}⟧", url
    )
    assert b"b3a7e1c09d" not in once(redactor, '{"x":"b3a7e1c09d"}')


def test_a_harmless_url_is_the_same_object() -> None:
    url = "wss://h/ws_api/account/1/messaging/consumer?v=3"
    assert Redactor(KEY).url(url) is url


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        pytest.param("token=abc is bad", "token=∎ is bad", id="assignment"),
        pytest.param(
            "handshake failed: {'set-cookie': 'a=b'}", "handshake failed: {'set-cookie': '∎'}", id="repr"
        ),
        pytest.param("bad jwt eyJhbGci.eyJzdWIi.c2ln!", "bad jwt ∎!", id="jwt"),
        pytest.param("token expired", "token expired", id="nothing"),
    ],
)
def test_error_texts_lose_what_they_quote(text: str, rest: str) -> None:
    assert PLACEHOLDER.sub("∎", Redactor(KEY).text(text)) == rest


def test_text_that_only_looks_like_a_placeholder_does_not_hide_a_token(make_jwt: Callable[..., str]) -> None:
    token = make_jwt(sub="x")
    assert token.encode() not in once(Redactor(KEY), f'{{"m":"⟦jwt:{token}⟧"}}')
    assert token.encode() not in once(Redactor(KEY), f'{{"token":"⟦jwt:00000000⟧{token}"}}')


def test_claims_that_are_secrets_elsewhere_are_dropped(make_jwt: Callable[..., str]) -> None:
    token = make_jwt(sub="consumer-4711", aud="acc:1")
    redacted = once(Redactor(KEY), json.dumps({"jwt": token, "password": "consumer-4711"}))
    assert b"consumer-4711" not in redacted


def test_a_fragmented_payload_reads_as_if_it_had_come_in_one(make_jwt: Callable[..., str]) -> None:
    raw = json.dumps({"headers": [{"jwt": make_jwt(sub="me")}], "password": "hunter2"}).encode()
    whole = once(Redactor(KEY), raw)
    for cut in range(len(raw) + 1):
        assert b"".join(in_fragments(Redactor(KEY), raw, [cut])) == whole


def test_fragments_without_secrets_are_the_same_objects() -> None:
    redactor = Redactor(KEY)
    pieces = [b'{"message":"hel', b"lo wor", b'ld"}']
    for i, piece in enumerate(pieces):
        assert redactor.payload(piece, stream=1, fin=i == 2, continuation=i > 0) is piece


def test_streams_do_not_mix_and_a_control_frame_does_not_end_one() -> None:
    redactor = Redactor(KEY)
    first = redactor.payload(b'{"token":"hun', stream="a", fin=False, continuation=False)
    assert redactor.payload(b"ping", stream="a", fin=True, continuation=False) == b"ping"
    assert redactor.payload(b'ter2"}', stream="b", fin=True, continuation=True) == b'ter2"}'
    last = redactor.payload(b'ter2"}', stream="a", fin=True, continuation=True)
    assert first == b'{"token":"'
    assert PLACEHOLDER.fullmatch(last.decode()[:-2])


def test_a_new_payload_or_the_end_drops_withheld_bytes() -> None:
    redactor = Redactor(KEY)
    redactor.payload(b'{"token":"hun', stream="a", fin=False, continuation=False)
    assert redactor.payload(b'{"a":1', stream="a", fin=False, continuation=False) == b'{"a":1'
    redactor.payload(b'{"token":"hun', stream="a", fin=False, continuation=False)
    redactor.forget("a")
    assert redactor.payload(b'ter2"}', stream="a", fin=True, continuation=True) == b'ter2"}'


def test_an_endless_secret_swallows_the_rest_of_its_payload() -> None:
    redactor = Redactor(KEY)
    pieces = [b'{"token":"', *[b"s3cret" * 2000] * 12, b'"}']
    joined = b"".join(
        redactor.payload(piece, stream=1, fin=i == len(pieces) - 1, continuation=i > 0)
        for i, piece in enumerate(pieces)
    )
    assert b"s3cret" not in joined
    assert redactor.payload(b"{}", stream=1, fin=True, continuation=True) == b"{}"


def test_a_large_object_under_a_secret_name_is_withheld_until_it_ends() -> None:
    """Its name is long gone when the last string of it comes."""
    inner = {f"k{i}": f"hidden-{i}" for i in range(60)}
    raw = json.dumps({"credentials": inner, "n": "shown"}).encode()
    joined = b"".join(in_fragments(Redactor(KEY), raw, list(range(0, len(raw), 7))))
    assert b"hidden" not in joined
    assert json.loads(joined)["n"] == "shown"


def test_half_a_secret_is_not_remembered() -> None:
    """Byte by byte, every beginning of a token would push out a secret that is still to be looked for."""
    redactor = Redactor(KEY)
    redactor.headers([("Authorization", "Bearer first-secret-1")])
    in_fragments(redactor, b'{"token":"' + b"a1b2c3d4e5" * 40 + b'"}', list(range(1, 400)))
    assert b"first-secret-1" not in once(redactor, '{"message":"first-secret-1"}')


def test_a_known_secret_does_not_tear_an_escape_apart() -> None:
    """A line break, written as backslash and n, before what looks like the secret's second letter."""
    redacted = once(Redactor(KEY, ["nabcdefgh1"]), b'{"m":"line\\nabcdefgh1"}')
    assert b"abcdefgh1" not in redacted
    assert _is_json(redacted)


@pytest.mark.parametrize("cut", range(60))
def test_a_secret_that_holds_the_beginning_of_another_goes_as_one(cut: int) -> None:
    raw = b'{"token":"abcdefg {\\"auth\\":{\\"x\\":\\"y", "message":"shown"}'
    joined = b"".join(in_fragments(Redactor(KEY), raw, [cut]))
    assert b"abcdefg" not in joined
    assert json.loads(joined)["message"] == "shown"


@pytest.mark.parametrize(
    "text",
    [
        'he wrote {"auth": {"a": "b',
        'he wrote {"token": "abc',
        "he wrote {'auth': {",
        "he wrote 'token': 'abc",
        "he wrote 'token':",
        'and \\"password\\": \\"',
        "?token=",
        "%22auth%22:{",
        "Authorization: jwt abcdefgh1",
    ],
)
def test_what_a_message_leaves_open_ends_with_it(text: str) -> None:
    """Half a JSON object in a chat is its author's affair: the frame around it stays whole."""
    frame = {"a": text, "x": "shown", "l": ["shown", {"y": "z"}], "b": json.dumps({"token": "hidden"})}
    redacted = once(Redactor(KEY), json.dumps(frame))
    read = json.loads(redacted)
    assert (read["x"], read["l"]) == (frame["x"], frame["l"])
    assert "hidden" not in read["b"]
    assert read["a"][:3] == text[:3]


@pytest.mark.parametrize("payloads", [[b"plain"], [b"to", b"ken"], [b'{"a":1}', b"b" * 100_000]])
def test_payloads_without_a_secret_are_seen_at_a_glance(payloads):
    """What stands in two of them is in none."""
    assert Redactor(KEY).holds_no_secret(payloads)


@pytest.mark.parametrize("suspect", [b'{"token":"s3cr3t-word"}', b"eyJ", b"a known-secret here"])
def test_one_payload_that_may_hold_a_secret_needs_a_closer_look(suspect):
    """Wherever it stands among the others, and alone."""
    redactor = Redactor(KEY, known=["known-secret"])
    for payloads in ([suspect], [b"plain", suspect], [suspect, b"plain"]):
        assert not redactor.holds_no_secret(payloads)
