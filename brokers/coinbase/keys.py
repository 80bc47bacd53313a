"""A Coinbase key checked before any network: its name, and its private key in every spelling users arrive with.

Accepted are the forms of the exchange's portal and of `.env` files: a PEM with real newlines, the same on one line with
escapes or blanks, the portal's JSON key file, and base64 of a raw Ed25519 key.
"""

from __future__ import annotations

import base64
import binascii
import json
import re

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import load_pem_private_key

_NAME = re.compile(r"organizations/[^/\s]+/apiKeys/[^/\s]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ESCAPED_NEWLINE = re.compile(r"\\+r\\+n|\\+[nr]")
_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_QUOTES = "\"'`"
_SEED_BYTES = 32
_SEED_AND_PUBLIC_BYTES = 64
_PEM_LINE = 64
_REMEDY = "copy the private key again from the Coinbase developer portal (portal.cdp.coinbase.com), whole and unchanged"

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


class InvalidKey(ValueError):
    """What is wrong with a key and how to mend it; never any part of the key itself."""


def check_key(name: str, secret: str) -> str:
    """The secret as the client library takes it. Raises InvalidKey."""
    check_key_name(name)
    return normalise_secret(secret)


def check_key_name(name: str) -> None:
    """Raises InvalidKey where `name` is neither `organizations/…/apiKeys/…` nor a bare key id."""
    if "PRIVATE KEY" in name:
        raise InvalidKey(
            "the key name holds a private key: put organizations/…/apiKeys/… here and the private key in the secret"
        )
    if not _NAME.fullmatch(name):
        raise InvalidKey(
            "the key name is not of the form organizations/…/apiKeys/…: copy the field `name` (or `id`) "
            "of the Coinbase key file; older Coinbase keys and keys of other exchanges do not work here"
        )


def normalise_secret(secret: str) -> str:
    """A PEM with real newlines, or one line of base64. Raises InvalidKey."""
    text = _from_key_file(_unquoted(secret))
    text = _unquoted(_ESCAPED_NEWLINE.sub("\n", text))
    if not text:
        raise InvalidKey(f"the private key is empty: {_REMEDY}")
    if not text.isascii():
        raise InvalidKey(f"the private key holds characters that no key has: {_REMEDY}")
    if "PUBLIC KEY" in text:
        raise InvalidKey("this is the public key: the private key is needed, the one that begins BEGIN … PRIVATE KEY")
    return _checked_pem(text) if "-----" in text else _checked_base64(text)


def load_secret(secret: str) -> PrivateKey:
    """The key that a normalised secret spells. Raises InvalidKey."""
    if "-----" in secret:
        return _pem_key(secret)
    return ed25519.Ed25519PrivateKey.from_private_bytes(_raw_key(secret)[:_SEED_BYTES])


def _unquoted(text: str) -> str:
    """`text` without the blanks and the pairs of quotes around it."""
    stripped = text.strip()
    while len(stripped) > 1 and stripped[0] in _QUOTES and stripped[-1] == stripped[0]:
        stripped = stripped[1:-1].strip()
    return stripped


def _from_key_file(text: str) -> str:
    """The private key out of the portal's JSON key file, or `text` where it is none."""
    if not text.startswith("{"):
        return text
    try:
        key = json.loads(text)["privateKey"]
    except (ValueError, KeyError):
        key = None
    if not isinstance(key, str):
        raise InvalidKey("this JSON is not a Coinbase key file: it needs the field `privateKey`")
    return key


def _checked_pem(text: str) -> str:
    found = _PEM.search(text)
    if found is None:
        raise InvalidKey(
            "the private key is cut off: it needs every line from BEGIN … PRIVATE KEY to END … PRIVATE KEY; "
            "in .env write it on one line with \\n between the lines, in double quotes"
        )
    kind, body = found.groups()
    if not kind.endswith("PRIVATE KEY"):
        raise InvalidKey(f"this is a {kind.lower()}, not a private key: {_REMEDY}")
    if kind == "ENCRYPTED PRIVATE KEY":
        raise InvalidKey("the private key is protected by a password, which Coinbase's keys are not: make a new key")
    pem = _rewrapped(kind, "".join(body.split()))
    _pem_key(pem)
    return pem


def _rewrapped(kind: str, body: str) -> str:
    """The PEM as its standard writes it, whatever became of its line ends on the way here."""
    lines = [body[start : start + _PEM_LINE] for start in range(0, len(body), _PEM_LINE)]
    return "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----", ""])


def _pem_key(pem: str) -> PrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise InvalidKey(f"the private key is damaged and cannot be read: {_REMEDY}") from None
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise InvalidKey(
        "the private key is of another kind: Coinbase's are ECDSA (P-256) or Ed25519; make a new key there"
    )


def _checked_base64(text: str) -> str:
    joined = "".join(text.split())
    _raw_key(joined)
    return joined


def _raw_key(text: str) -> bytes:
    """A seed, or a seed and its public key."""
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) == _SEED_BYTES or (len(raw) == _SEED_AND_PUBLIC_BYTES and _halves_belong_together(raw)):
        return raw
    raise InvalidKey(f"the private key is neither a PEM nor base64 of an Ed25519 key of 32 or 64 bytes: {_REMEDY}")


def _halves_belong_together(raw: bytes) -> bool:
    """A 64-byte key is seed and public key. Secrets of other exchanges have 64 bytes too, but not this."""
    seed = ed25519.Ed25519PrivateKey.from_private_bytes(raw[:_SEED_BYTES])
    return seed.public_key().public_bytes_raw() == raw[_SEED_BYTES:]
