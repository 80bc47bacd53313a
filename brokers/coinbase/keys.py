"""Checks a Coinbase key without the network: its name, and its private key in every format users paste.

Accepted formats are those of the exchange's portal and of `.env` files: a PEM with real newlines, one on one line with
escapes, the portal's JSON key file, and base64 of a raw Ed25519 key. Line breaks that were lost (replaced by blanks, by
the letter n or by nothing) are restored if the result is certain to be the key.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from brokers.description import KeyChecks, UnusableKey

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME = re.compile(r"organizations/[^/\s]+/apiKeys/[^/\s]+|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ESCAPED_NEWLINE = re.compile(r"\\+r\\+n|\\+[nr]")
_PEM = re.compile(r"-----BEGIN ?([A-Z0-9 ]+)-----(.*?)-----END ?\1-----", re.DOTALL)
# Labels by their text without blanks, which may be lost like line breaks.
_LABELS = {label.replace(" ", ""): label for label in ("EC PRIVATE KEY", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY")}
# Not part of base64, but left between the lines by copying and quoting.
_NOT_OF_A_KEY = re.compile(r"[\s\\\"'`]+")
_QUOTES = "\"'`"
_SEED_BYTES = 32
_SEED_AND_PUBLIC_BYTES = 64
_PEM_LINE = 64
# What is left of `\n` and `\r\n` once their backslashes are gone.
_LOST_ESCAPES = ("n", "rn")
_REMEDY = "copy the private key again from the Coinbase developer portal (portal.cdp.coinbase.com), whole and unchanged"
_IN_ENV = "in .env write it on one line with \\n between the lines, in double quotes"
_DAMAGED = f"the private key is damaged and cannot be read: {_REMEDY}"
_LINES_LOST = f"the private key's line breaks were lost and cannot be restored with certainty: {_REMEDY}; {_IN_ENV}"
_SWAP = "The two values are swapped: exchange them"
_NOTHING_SENT = "Nothing was sent to Coinbase"

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


class InvalidKey(ValueError):
    """What is wrong with a key and how to fix it; never any part of the key itself."""


def holds_private_key(text: str) -> bool:
    """Whether `text` contains a PEM, with or without its blanks."""
    return "PRIVATEKEY" in text.replace(" ", "")


def check_key_name(name: str) -> None:
    """Raises InvalidKey if `name` is neither `organizations/…/apiKeys/…` nor a bare key id."""
    if holds_private_key(name):
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
        raise InvalidKey(f"the private key contains characters that no key has: {_REMEDY}")
    if "PUBLICKEY" in text.replace(" ", ""):
        raise InvalidKey("this is the public key: use the private key, which begins with BEGIN … PRIVATE KEY")
    return _checked_pem(text) if "-----" in text else _checked_base64(text)


def read_key_file(text: str) -> tuple[str, str] | None:
    """Key name and private key out of the portal's JSON key file; None where `text` is something else."""
    try:
        content = json.loads(text)
        return str(content.get("name") or content["id"]), str(content["privateKey"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _check_key(value: str) -> str:
    if holds_private_key(value):
        raise UnusableKey(
            "holds the private key where the key's name (organizations/…/apiKeys/…) belongs", _SWAP, is_misplaced=True
        )
    try:
        check_key_name(value)
    except InvalidKey as error:
        raise UnusableKey(str(error).rstrip("."), _NOTHING_SENT) from None
    return value


def _check_secret(value: str) -> str:
    if _is_long_name(value):
        raise UnusableKey("holds the key's name where the private key belongs", _SWAP, is_misplaced=True)
    try:
        return normalise_secret(value)
    except InvalidKey as error:
        raise UnusableKey(str(error).rstrip("."), _NOTHING_SENT) from None


def _recognises(text: str) -> bool:
    return holds_private_key(text) or _is_long_name(text)


def _is_long_name(text: str) -> bool:
    return text.startswith("organizations/")


CHECKS = KeyChecks(_check_key, _check_secret, _recognises, read_key_file)


def load_secret(secret: str) -> PrivateKey:
    """The private key of a normalised secret. Raises InvalidKey."""
    if "-----" in secret:
        key = _loaded(secret)
        if key is None:
            raise InvalidKey(_DAMAGED)
        return key
    return ed25519.Ed25519PrivateKey.from_private_bytes(_raw_key(secret)[:_SEED_BYTES])


def _unquoted(text: str) -> str:
    """`text` without surrounding blanks and quotes."""
    stripped = text.strip()
    while len(stripped) > 1 and stripped[0] in _QUOTES and stripped[-1] == stripped[0]:
        stripped = stripped[1:-1].strip()
    return stripped


def _from_key_file(text: str) -> str:
    """The private key in the portal's JSON key file, or `text` if it is not one."""
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
    label, body = _label_and_body(text)
    for spelled in _spellings(body):
        pem = _rewrapped(label, spelled)
        if _loaded(pem) is not None:
            return pem
    raise InvalidKey(_DAMAGED if "\n" in body.strip() else _LINES_LOST)


def _label_and_body(text: str) -> tuple[str, str]:
    found = _PEM.search(text)
    if found is None:
        raise InvalidKey(
            f"the private key is cut off: it needs every line from BEGIN … PRIVATE KEY to END … PRIVATE KEY; {_IN_ENV}"
        )
    kind, body = found.groups()
    label = _LABELS.get(kind.replace(" ", ""), kind)
    if not label.endswith("PRIVATE KEY"):
        raise InvalidKey(f"this is a {label.lower()}, not a private key: {_REMEDY}")
    if label == "ENCRYPTED PRIVATE KEY":
        raise InvalidKey("the private key is protected by a password, which Coinbase's keys are not: make a new key")
    return label, body


def _spellings(body: str) -> Iterator[str]:
    """The possible base64 texts of `body`: as is, and without the remains of escaped line breaks."""
    joined = _NOT_OF_A_KEY.sub("", body)
    yield joined
    for rest in _LOST_ESCAPES:
        inner, step = joined.removesuffix(rest), len(rest) + _PEM_LINE
        lines = [inner[start : start + step] for start in range(0, len(inner), step)]
        if all(line.startswith(rest) for line in lines):
            yield "".join(line.removeprefix(rest) for line in lines)


def _rewrapped(label: str, body: str) -> str:
    """The PEM in its standard layout, whatever its line ends were."""
    lines = [body[start : start + _PEM_LINE] for start in range(0, len(body), _PEM_LINE)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def _loaded(pem: str) -> PrivateKey | None:
    """The key, or None if it cannot be read. Raises InvalidKey for a key of another kind."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return key if _parts_belong_together(key) else None
    raise InvalidKey(
        "the private key is of another kind: Coinbase's are ECDSA (P-256) or Ed25519; make a new key there"
    )


def _parts_belong_together(key: ec.EllipticCurvePrivateKey) -> bool:
    """A key file also holds the public key, which reveals a damaged private one."""
    derived = ec.derive_private_key(key.private_numbers().private_value, ec.SECP256R1())
    return derived.public_key().public_numbers() == key.public_key().public_numbers()


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
    """A 64-byte key is a seed and its public key; 64-byte secrets of other exchanges are not."""
    seed = ed25519.Ed25519PrivateKey.from_private_bytes(raw[:_SEED_BYTES])
    return seed.public_key().public_bytes_raw() == raw[_SEED_BYTES:]
