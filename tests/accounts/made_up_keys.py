"""Made-up credentials in the shapes that the exchanges give out."""

from __future__ import annotations

import base64
import hashlib

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def kraken_key(seed: str) -> str:
    """56 characters of base64, as Kraken's API keys."""
    return base64.b64encode(hashlib.sha512(seed.encode()).digest()[:42]).decode()


def kraken_secret(seed: str) -> str:
    """88 characters of base64, as Kraken's private keys."""
    return base64.b64encode(hashlib.sha512(b"secret" + seed.encode()).digest()).decode()


def coinbase_name(seed: str) -> str:
    return f"organizations/{seed}/apiKeys/{hashlib.sha256(seed.encode()).hexdigest()[:32]}"


def coinbase_secret() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


def kraken_pair(prefix: str) -> dict[str, str]:
    """Both variables of an account, such as of `KRAKEN_MASTER`."""
    return {f"{prefix}_API_KEY": kraken_key(prefix), f"{prefix}_API_SECRET": kraken_secret(prefix)}
