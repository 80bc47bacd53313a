"""Ids in Kraken's format: 17 upper-case letters and digits, a letter first, in groups of 6, 5 and 6."""

from __future__ import annotations

import random
from functools import partial

from brokers.simulator.engine.exchange import Ids

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def make_id(prefix: str, rng: random.Random) -> str:
    text = "".join(rng.choices(_ALPHABET, k=16))
    return f"{prefix}{text[:5]}-{text[5:10]}-{text[10:]}"


def kraken_ids(seed: int) -> Ids:
    rng = random.Random(seed)  # noqa: S311  the same seed makes the same ids
    return Ids(order=partial(make_id, "O", rng), fill=partial(make_id, "T", rng), ledger=partial(make_id, "L", rng))


def make_txid_like(order_id: str, moment: float) -> str:
    """The id of an amendment, the same for the same order and time."""
    return make_id("T", random.Random(f"{order_id}{moment}"))  # noqa: S311  no secret
