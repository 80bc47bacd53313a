"""Everything NIJA knows of Kraken."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.description import ExchangeDescription, KeyGuide, KeylessRequests, PublishedMarkets
from brokers.kraken.archive import ARCHIVE
from brokers.kraken.keys import CHECKS, KEY_LENGTH, SECRET_LENGTH
from brokers.kraken.permissions import PERMISSIONS
from brokers.model import Exchange, Fees, Market

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.base import CandleHistory
    from brokers.description import AccessSettings, ExchangeAccess

_LOGIN = "https://www.kraken.com"
# Kraken tells whole seconds, so half a second has passed on average.
_HALF_SECOND = 0.5


def _time(answer: Mapping[str, object]) -> float:
    return float(str(_result(answer)["unixtime"])) + _HALF_SECOND


def _status(answer: Mapping[str, object]) -> str:
    return str(_result(answer).get("status", "unknown"))


def _refusal(answer: Mapping[str, object]) -> str | None:
    """Kraken refuses with HTTP 200 and a list of texts."""
    errors = answer.get("error")
    return str(errors[0]) if isinstance(errors, list) and errors else None


def _result(answer: Mapping[str, object]) -> Mapping[str, object]:
    found = answer.get("result")
    return found if isinstance(found, dict) else {}


def _open_access(settings: AccessSettings) -> ExchangeAccess:
    from brokers.kraken.access import KrakenAccess  # noqa: PLC0415 - the client libraries are heavy

    return KrakenAccess(settings)


def _open_history(settings: AccessSettings) -> CandleHistory:
    from brokers.kraken.history import KrakenCandleHistory  # noqa: PLC0415 - the client libraries are heavy

    return KrakenCandleHistory(settings)


def _market(base: str, min_amount: str, price_step: str) -> Market:
    return Market(
        symbol=f"{base}/USD",
        base=base,
        quote="USD",
        amount_step=Decimal("0.00000001"),
        price_step=Decimal(price_step),
        min_amount=Decimal(min_amount),
        min_cost=Decimal("0.5"),
    )


KRAKEN = ExchangeDescription(
    exchange=Exchange.KRAKEN,
    short_name="Kraken",
    full_name="Kraken Pro",
    prefix="KRAKEN",
    address="https://api.kraken.com",
    status_page="https://status.kraken.com",
    permissions=PERMISSIONS,
    key_guide=KeyGuide(
        page="https://www.kraken.com/u/security/api",
        steps=(
            f"Log in at {_LOGIN} with the account that is to trade",
            "Click the profile (top right), then Security, then API",
            "Click Generate New Key (or Add Key) and call it, for example, NIJA",
            "Switch on exactly the permissions marked ✅ below, and no other",
            "Query start, Query end: leave them empty. Nonce window: leave it as it is, or 10000",
            "IP whitelist: name this machine's address, if it is a fixed one",
            "Click Generate Key and copy both keys at once: the private key is shown only this time",
        ),
        key_text=f"the API key, {KEY_LENGTH} characters",
        secret_text=f"its private key, {SECRET_LENGTH} characters",
        key_prompt=f"API key ({KEY_LENGTH} characters)",
        secret_prompt=f"Private key ({SECRET_LENGTH} characters)",
        lengths=f"{KEY_LENGTH} and {SECRET_LENGTH} characters",
    ),
    # One public call a second from an address is safe, and whatever asks next counts too.
    keyless=KeylessRequests(
        time_path="/0/public/Time",
        time=_time,
        status_path="/0/public/SystemStatus",
        status=_status,
        refusal=_refusal,
        seconds_apart=1.0,
    ),
    # The lowest tier of Kraken's own table, autumn 2026.
    entry_fees=Fees(maker=Decimal("0.0025"), taker=Decimal("0.0040")),
    # 720 rows, of which the last one is running.
    candles_at_start=719,
    key_checks=lambda: CHECKS,
    open_access=_open_access,
    open_history=_open_history,
    # Of ETH two minimums have been published, 0.001 and 0.002: this is the larger.
    published_markets=PublishedMarkets(
        "November 2025", (_market("BTC", "0.00005", "0.1"), _market("ETH", "0.002", "0.01"))
    ),
    candle_archive=ARCHIVE,
    uses_nonces=True,
    tells_ip_allowlist=True,
)
