from __future__ import annotations

import base64
import json
import threading
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nija.log.redaction import REDACTED, Redactor
from tests.accounts.made_up_keys import coinbase_name, coinbase_secret, kraken_key, kraken_secret

KEY, SECRET, PEM = kraken_key("a"), kraken_secret("a"), coinbase_secret()
ED25519 = base64.b64encode(bytes(range(64))).decode()
JWT = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJvcmdhbml6YXRpb25zIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ"
KNOWN = Redactor([KEY, SECRET, PEM, ED25519, coinbase_name("a"), "pa:ss/w@rd"])
UNKNOWN = Redactor()

SECRETS = st.one_of(
    st.binary(min_size=42, max_size=42).map(lambda raw: base64.b64encode(raw).decode()),
    st.binary(min_size=64, max_size=64).map(lambda raw: base64.b64encode(raw).decode()),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=60),
)
FORMS = st.sampled_from(
    [
        str,
        lambda text: quote(text, safe=""),
        quote_plus,
        quote,
        repr,
        json.dumps,
        lambda text: urlencode({"otp": text}),
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
        lambda text: base64.b64encode(f"user:{text}".encode()).decode(),
        lambda text: repr({"key": [text]}),
        lambda text: repr(repr(text)),
        lambda text: str(text.encode()),
    ]
)


@settings(max_examples=200, deadline=None)
@given(SECRETS, FORMS, st.text(max_size=30), st.text(max_size=30))
@example("aaaaaaaaaaaa", str, "aaaa", "aaaa")
@example("00000'\\0", lambda text: repr(repr(text)), "", "")
def test_a_known_secret_never_comes_through_in_any_form(secret: str, form, before: str, after: str) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - any of FORMS
    redacted = Redactor([secret]).redact(f"{before} {form(secret)} {after}")
    assert form(secret) not in redacted
    assert REDACTED in redacted


@settings(max_examples=100, deadline=None)
@given(st.binary(min_size=64, max_size=64), st.text(max_size=20), st.booleans())
def test_an_unknown_kraken_secret_is_known_by_its_shape(raw: bytes, around: str, url: bool) -> None:  # noqa: FBT001 - drawn
    secret = base64.b64encode(raw).decode()
    sent = quote(secret, safe="") if url else secret
    assert sent not in UNKNOWN.redact(f"{around} sign={sent} {around}")


@settings(max_examples=100, deadline=None)
@given(st.binary(min_size=42, max_size=42), st.sampled_from(["key={}", "'{}'", "({})", "{}\n", "x {}, y", "[{}]"]))
def test_an_unknown_kraken_key_is_known_by_its_shape(raw: bytes, frame: str) -> None:
    key = base64.b64encode(raw).decode()
    assert key not in UNKNOWN.redact(frame.format(key))


@pytest.mark.parametrize(
    "text",
    [
        PEM,
        PEM.replace("\n", "\\n"),
        f"loading {PEM[:150]}",
        PEM.replace("EC PRIVATE", "PRIVATE"),
        f"Authorization: Bearer {JWT}",
        f"{{'Authorization': 'Bearer {JWT}'}}",
        f"jwt={JWT}",
        "{'API-Key': 'abc123secret', 'API-Sign': 'c2lnbmF0dXJl'}",
        "API-Sign: c2lnbmF0dXJl",
        "('API-Sign', 'c2lnbmF0dXJl')",
        'b"API-Sign: c2lnbmF0dXJl"',
        "CB-ACCESS-SIGN=c2lnbmF0dXJl",
        "authorization: Basic c2lnbmF0dXJl",
        "Bearer c2lnbmF0dXJl",
    ],
    ids=lambda _text: "text",
)
def test_headers_tokens_and_pem_blocks_go_whatever_they_hold(text: str) -> None:
    redacted = UNKNOWN.redact(text)
    assert REDACTED in redacted
    for piece in (PEM[40:80], JWT[:30], JWT[-20:], "c2lnbmF0dXJl", "abc123secret"):
        assert piece not in redacted


def test_a_single_line_of_a_known_pem_goes_too() -> None:
    for line in PEM.splitlines()[1:-1]:
        assert line not in KNOWN.redact(f"could not read {line}")


def test_a_known_pem_goes_in_the_forms_that_logs_give_it() -> None:
    for text in (PEM, repr(PEM), json.dumps(PEM), str({"secret": PEM}), PEM.replace("\n", " "), PEM.replace("\n", "")):
        redacted = KNOWN.redact(text)
        assert not any(line in redacted for line in PEM.splitlines()[1:-1])


@pytest.mark.parametrize(
    "line",
    [
        "✅ BUY order filled: BTC/USD 0.00100000 @ $95000.00",
        "   ✅ FUNDED - Ready to trade",
        "⚠️  Kraken MASTER connection failed: Permission denied",
        "order 6e696a61-0144-4c5a-8f0e-0123456789ab is O4WKAV-Y7K2Q-LBJVFA",
        "/srv/nija/.venv/lib/python3.11/site-packages/coinbase/rest/rest_base.py",
        "https://api.kraken.com/0/private/AddOrder answered 502",
        "a key lacks Query Funds, authorization failed, bearer of news",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "the key 0123abcd is in use by process 1234 (nija run)",
    ],
)
def test_ordinary_lines_are_left_as_they_are(line: str) -> None:
    assert KNOWN.redact(line) == line


def test_neighbouring_and_overlapping_secrets_all_go() -> None:
    redactor = Redactor(["abcdefgh", "efghijkl", "abcdefghijkl"])
    assert redactor.redact("abcdefghijkl") == REDACTED
    assert redactor.redact("abcdefghabcdefgh") == REDACTED * 2


def test_a_secret_learned_later_goes_from_then_on() -> None:
    redactor = Redactor()
    redactor.add("hunter2hunter2")
    assert redactor.redact("it is hunter2hunter2") == f"it is {REDACTED}"


def test_learning_while_others_redact_never_fails_or_forgets() -> None:
    redactor = Redactor([SECRET])
    failures: list[str] = []

    def redact() -> None:
        failures.extend(text for _ in range(300) if SECRET in (text := redactor.redact(f"x {SECRET} y")))

    threads = [threading.Thread(target=redact) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(30):
        redactor.add(kraken_secret(str(number)))
    for thread in threads:
        thread.join()
    assert failures == []
    assert kraken_secret("7") not in redactor.redact(kraken_secret("7"))
