"""Everything NIJA knows of Coinbase Advanced."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.coinbase.permissions import PERMISSIONS
from brokers.description import ExchangeDescription, KeyGuide, KeylessRequests, PublishedMarkets
from brokers.model import Exchange, Fees, Market

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.base import CandleHistory
    from brokers.description import AccessSettings, ExchangeAccess, KeyChecks


def _time(answer: Mapping[str, object]) -> float:
    return float(str(answer["epochMillis"])) / 1000


def _key_checks() -> KeyChecks:
    from brokers.coinbase.keys import CHECKS  # noqa: PLC0415 - reading a private key loads cryptography

    return CHECKS


def _open_access(settings: AccessSettings) -> ExchangeAccess:
    from brokers.coinbase.access import CoinbaseAccess  # noqa: PLC0415 - the client library is heavy

    return CoinbaseAccess(settings)


def _open_history(settings: AccessSettings) -> CandleHistory:
    from brokers.coinbase.history import CoinbaseCandleHistory  # noqa: PLC0415 - the client library is heavy

    return CoinbaseCandleHistory(settings)


def _market(base: str) -> Market:
    smallest = Decimal("0.00000001")
    return Market(
        symbol=f"{base}/USD",
        base=base,
        quote="USD",
        amount_step=smallest,
        price_step=Decimal("0.01"),
        min_amount=smallest,
        min_cost=Decimal(1),
    )


COINBASE = ExchangeDescription(
    exchange=Exchange.COINBASE,
    short_name="Coinbase",
    full_name="Coinbase Advanced",
    prefix="COINBASE",
    address="https://api.coinbase.com",
    status_page="https://status.coinbase.com",
    permissions=PERMISSIONS,
    key_guide=KeyGuide(
        page="https://portal.cdp.coinbase.com/access/api",
        steps=(
            "Log in at https://portal.cdp.coinbase.com with the account that is to trade",
            "Open API keys, then Secret API keys, and click Create API key",
            "Give it a name, choose the portfolio that is to trade, and open the restrictions",
            "Switch on exactly the permissions marked ✅ below. An IP allowlist: only with a fixed address",
            "Click Create and download the key file: the private key is shown only this time",
        ),
        key_text="the key's name, `organizations/…/apiKeys/…`",
        secret_text="its private key",  # noqa: S106 - a description, not a secret
        key_prompt="Key name (organizations/…/apiKeys/…)",
        secret_prompt="Private key, or the path of the downloaded key file",  # noqa: S106 - a question
        file_suffix=".json",
        file_holds="`name` (or `id`) and `privateKey`",
    ),
    keyless=KeylessRequests(time_path="/api/v3/brokerage/time", time=_time),
    # The lowest tier of Coinbase's own table, autumn 2026.
    entry_fees=Fees(maker=Decimal("0.0060"), taker=Decimal("0.0120")),
    # Two windows of 350 are asked for.
    candles_at_start=700,
    key_checks=_key_checks,
    open_access=_open_access,
    open_history=_open_history,
    published_markets=PublishedMarkets("early 2026", (_market("BTC"), _market("ETH"))),
    master_without_name=True,
)
