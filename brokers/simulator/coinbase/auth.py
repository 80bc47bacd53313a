"""Access checks: the token of each request, the key's portfolio and its permissions."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from brokers.simulator.coinbase.errors import unauthorized
from brokers.simulator.coinbase.ids import derived

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.clock import Clock
    from brokers.simulator.config import SimulatedAccount

_LONGEST_LIFE = 120
# The second is used by clients of 2024 and before; the exchange still accepts it.
_ISSUERS = ("cdp", "coinbase-cloud")
_ED25519_LENGTHS = (32, 64)

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


@dataclass(slots=True, eq=False)
class CoinbaseKeyState:
    """One key as the exchange knows it; its owner may change it at any time.

    `portfolio` is the one it belongs to. `valid_until` is in Unix seconds, 0 for no end.
    """

    account: SimulatedAccount
    public_key: PublicKey
    portfolio: str
    permissions: frozenset[str]
    revoked: bool = False
    valid_until: float = 0.0
    ip_allowlist: tuple[str, ...] = ()

    @property
    def algorithm(self) -> str:
        return "EdDSA" if isinstance(self.public_key, ed25519.Ed25519PublicKey) else "ES256"

    @property
    def can_view(self) -> bool:
        return any(right.startswith("query-") for right in self.permissions)

    @property
    def can_trade(self) -> bool:
        return "modify-trades" in self.permissions

    @property
    def can_transfer(self) -> bool:
        return "withdraw-funds" in self.permissions

    @property
    def can_receive(self) -> bool:
        return "deposit-funds" in self.permissions


@dataclass(frozen=True, slots=True)
class CoinbaseKeyRing:
    """Every key of this face by its name."""

    clock: Clock
    keys: Mapping[str, CoinbaseKeyState]

    @classmethod
    def of(cls, accounts: tuple[SimulatedAccount, ...], clock: Clock) -> CoinbaseKeyRing:
        states = (
            CoinbaseKeyState(
                account=account,
                public_key=_public_key(account.api_key.secret),
                portfolio=account.account_uid or derived(account.name),
                permissions=account.permissions,
            )
            for account in accounts
        )
        return cls(clock, {state.account.api_key.key: state for state in states})

    def named_in(self, authorization: str) -> CoinbaseKeyState | None:
        """The key name that the token claims, before any verification."""
        try:
            name = jwt.get_unverified_header(_token(authorization)).get("kid")
        except jwt.PyJWTError:
            return None
        return self.keys.get(name) if isinstance(name, str) else None

    def admit(self, authorization: str, uri: str, peer: str, clock_offset: float = 0.0) -> CoinbaseKeyState:
        """The key's state if the token is valid for this request now. Raises ApiError.

        `clock_offset` is the error of the exchange's clock in seconds.
        """
        state = self.named_in(authorization)
        if state is None:
            raise unauthorized("no token of a known key")
        claims = _verified(state, _token(authorization))
        self._check(state, claims, uri, self.clock.time() + clock_offset)
        if state.revoked or 0.0 < state.valid_until <= self.clock.time():
            raise unauthorized("the key is no longer valid", injected=True)
        if state.ip_allowlist and peer not in state.ip_allowlist:
            raise unauthorized("the address is not on the key's allowlist", injected=True)
        return state

    def _check(self, state: CoinbaseKeyState, claims: dict[str, Any], uri: str, now: float) -> None:
        begins, ends = claims.get("nbf"), claims.get("exp")
        if not isinstance(begins, int) or not isinstance(ends, int):
            raise unauthorized("nbf and exp must be whole seconds")
        faults = (
            (claims.get("sub") != state.account.api_key.key, "sub is not the key's name"),
            (claims.get("iss") not in _ISSUERS, "iss is not cdp"),
            (begins > now, "nbf lies in the future"),
            (ends <= now, "the token has expired"),
            (ends - begins > _LONGEST_LIFE, "the token lives longer than 120 seconds"),
            (uri not in (claims.get("uri"), *_listed(claims.get("uris"))), f"uri is not {uri}"),
        )
        for broken, why in faults:
            if broken:
                raise unauthorized(why)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _token(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    return token if scheme == "Bearer" else ""


def _verified(state: CoinbaseKeyState, token: str) -> dict[str, Any]:
    """The claims of a token signed by this key. Its times are checked by the exchange's clock, not here."""
    ours = ("exp", "nbf", "iat", "aud", "iss", "sub")
    try:
        header = jwt.get_unverified_header(token)
        claims: dict[str, Any] = jwt.decode(
            token,
            state.public_key,
            algorithms=[state.algorithm],
            options={f"verify_{claim}": False for claim in ours},  # type: ignore[arg-type]  # the TypedDict's keys, all spelled out above
        )
    except jwt.PyJWTError as error:
        raise unauthorized(f"bad token ({error})") from None
    if not header.get("nonce"):
        raise unauthorized("the token's header has no nonce")
    return claims


def _public_key(secret: str) -> PublicKey:
    """The public key of a PEM or base64 Ed25519 secret. Raises ValueError for any other."""
    if "-----BEGIN" not in secret:
        return _ed25519_key(secret).public_key()
    private = serialization.load_pem_private_key(secret.replace("\\n", "\n").encode(), password=None)
    if isinstance(private, ec.EllipticCurvePrivateKey) and isinstance(private.curve, ec.SECP256R1):
        return private.public_key()
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return private.public_key()
    raise ValueError("a simulated Coinbase key must be EC P-256 or Ed25519")


def _ed25519_key(secret: str) -> ed25519.Ed25519PrivateKey:
    try:
        raw = base64.b64decode(secret, validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) not in _ED25519_LENGTHS:
        raise ValueError("a simulated Coinbase key must be a PEM or 32 or 64 bytes in base64")
    return ed25519.Ed25519PrivateKey.from_private_bytes(raw[:32])
