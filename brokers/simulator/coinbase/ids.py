"""Ids in Coinbase's format: UUIDs everywhere."""

from __future__ import annotations

import random
import uuid

from brokers.simulator.engine.exchange import Ids


def coinbase_ids(seed: int) -> Ids:
    rng = random.Random(f"coinbase {seed}")  # noqa: S311  the same seed makes the same ids

    def make() -> str:
        return str(uuid.UUID(bytes=rng.randbytes(16), version=4))

    return Ids(order=make, fill=make, ledger=make)


def derived(*parts: str) -> str:
    """The same parts always give the same id."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "/".join(parts)))
