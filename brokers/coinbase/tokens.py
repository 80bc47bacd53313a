"""The short-lived token that signs each request."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import jwt
from cryptography.hazmat.primitives.asymmetric import ed25519

from brokers.coinbase.keys import load_secret

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from brokers.model import ApiKey

# The maximum the exchange allows, in seconds.
TOKEN_LIFE = 120
# The exchange rejects a token that begins in its future, even by a millisecond.
_BACKDATED = 2


class TokenSigner:
    """Like the library's `build_rest_jwt`, but parses the private key once instead of for each request.

    It dates tokens by the exchange's clock, so that a wrong local clock does not get requests rejected.
    """

    def __init__(self, api_key: ApiKey, now: Callable[[], datetime]) -> None:
        """`api_key` holds a normalised secret; `now` is the exchange's time. Raises ValueError for an unusable key."""
        self._name = api_key.key
        self._key = load_secret(api_key.secret)
        self._algorithm = "EdDSA" if isinstance(self._key, ed25519.Ed25519PrivateKey) else "ES256"
        self._now = now

    def token(self, uri: str) -> str:
        """`uri` is method, space, host and path, without scheme and query."""
        begins = int(self._now().timestamp()) - _BACKDATED
        claims = {"sub": self._name, "iss": "cdp", "nbf": begins, "exp": begins + TOKEN_LIFE, "uri": uri}
        headers = {"kid": self._name, "nonce": secrets.token_hex()}
        return jwt.encode(claims, self._key, algorithm=self._algorithm, headers=headers)
