"""Everything NIJA would know of Tulip: an exchange that does not exist, to prove what one more exchange takes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.description import (
    ExchangeDescription,
    KeyChecks,
    KeyGuide,
    KeylessRequests,
    Permission,
    Permissions,
    UnusableKey,
)
from brokers.model import Exchange, Fees

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from brokers.description import AccessSettings, ExchangeAccess

PERMISSIONS = Permissions(
    needed=(Permission("look", "Look at the account"), Permission("deal", "Deal")),
    withdrawing=(Permission("send", "Send bulbs"),),
)


def _beginning(front: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not value.startswith(front):
            raise UnusableKey(f"does not begin with {front}", "Copy it again from Tulip")
        return value

    return check


def _time(answer: Mapping[str, object]) -> float:
    return float(str(answer["time"]))


def _open_access(settings: AccessSettings) -> ExchangeAccess:
    from tests.brokers.tulip.access import TulipAccess  # noqa: PLC0415 - as the other exchanges do it

    return TulipAccess(settings)


TULIP = ExchangeDescription(
    exchange=Exchange("tulip"),
    short_name="Tulip",
    full_name="Tulip Bourse",
    prefix="TULIP",
    address="https://tulip.invalid",
    status_page="https://status.tulip.invalid",
    permissions=PERMISSIONS,
    key_guide=KeyGuide(
        page="https://tulip.invalid/keys",
        steps=("Log in", "Make a key"),
        key_text="the key, which begins with bulb-",
        secret_text="its secret, which begins with root-",
        key_prompt="Key",
        secret_prompt="Secret",
    ),
    keyless=KeylessRequests(time_path="/time", time=_time),
    entry_fees=Fees(maker=Decimal("0.001"), taker=Decimal("0.002")),
    candles_at_start=500,
    key_checks=lambda: KeyChecks(_beginning("bulb-"), _beginning("root-")),
    open_access=_open_access,
)
