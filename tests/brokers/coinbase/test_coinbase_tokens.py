from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import jwt
import pytest
from coinbase.jwt_generator import build_rest_jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from brokers.clock import utc_now
from brokers.coinbase.keys import InvalidKey
from brokers.coinbase.tokens import TokenSigner
from brokers.model import ApiKey

if TYPE_CHECKING:
    from tests.fakes import ManualClock

NAME = "organizations/1/apiKeys/2"
URI = "GET localhost:8443/api/v3/brokerage/accounts"

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def _pem(key: PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _signer(secret: str, clock: ManualClock) -> TokenSigner:
    return TokenSigner(ApiKey(NAME, secret), lambda: utc_now(clock))


@pytest.mark.parametrize("kind", ["ec", "ed25519", "ed25519 base64"])
def test_a_token_equals_the_librarys(kind: str, clock: ManualClock) -> None:
    key: PrivateKey = ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else ed25519.Ed25519PrivateKey.generate()
    secret = _pem(key)
    if kind.endswith("base64") and isinstance(key, ed25519.Ed25519PrivateKey):
        secret = base64.b64encode(key.private_bytes_raw()).decode()

    ours = jwt.decode_complete(
        _signer(secret, clock).token(URI),
        key.public_key(),
        algorithms=["ES256", "EdDSA"],
        options={"verify_exp": False, "verify_nbf": False},
    )
    theirs = jwt.decode_complete(build_rest_jwt(URI, NAME, secret), options={"verify_signature": False})

    assert {**ours["header"], "nonce": ""} == {**theirs["header"], "nonce": ""}
    assert {**ours["payload"], "nbf": 0, "exp": 0} == {**theirs["payload"], "nbf": 0, "exp": 0}


def test_no_two_tokens_are_equal(clock: ManualClock) -> None:
    signer = _signer(_pem(ec.generate_private_key(ec.SECP256R1())), clock)

    assert len({signer.token(URI) for _ in range(20)}) == 20


def test_a_key_that_cannot_sign_is_refused_at_once(clock: ManualClock) -> None:
    with pytest.raises(InvalidKey):
        _signer("not a key", clock)
