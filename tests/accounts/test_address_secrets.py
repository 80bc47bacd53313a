from __future__ import annotations

import pytest

from accounts.address_secrets import secrets_in
from nija.log.redaction import Redactor


@pytest.mark.parametrize(
    ("url", "token"),
    [
        ("tgram://123456789:AAHidden_Token-x/42", "AAHidden_Token-x"),
        ("discord://4174216298/hiddenwebhooktoken", "hiddenwebhooktoken"),
        ("mailto://me:hiddenpassword@example.org", "hiddenpassword"),
        ("mailto://me:hidden%21password@example.org", "hidden!password"),
        ("json://example.org/?token=hiddentoken&x=1", "hiddentoken"),
        ("https://hc-ping.com/0f7c2d1e-hidden-4711", "0f7c2d1e-hidden-4711"),
    ],
)
def test_a_token_is_hidden_wherever_it_is_in_its_url(url: str, token: str) -> None:
    redactor = Redactor(secrets_in([url]))
    assert token not in redactor.redact(f"could not reach {url}")
    assert token not in redactor.redact(f"HTTP 401 for {token}")


def test_ordinary_words_are_left_alone() -> None:
    redactor = Redactor(secrets_in(["json://127.0.0.1:8080/", "mailto://me:hiddenpassword@example.org"]))
    assert redactor.redact("127.0.0.1:9090 and example.org and me") == "127.0.0.1:9090 and example.org and me"
