"""Where to click for a key, and which permissions it needs."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from brokers.model import Exchange

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class KeyGuide:
    """`needed` and `forbidden` are permissions by the names of the exchange's website."""

    key_page: str
    status_page: str
    steps: tuple[str, ...]
    needed: tuple[str, ...]
    forbidden: tuple[str, ...]
    key_prompt: str
    secret_prompt: str


_GUIDES: Mapping[Exchange, KeyGuide] = MappingProxyType(
    {
        Exchange.KRAKEN: KeyGuide(
            key_page="https://www.kraken.com/u/security/api",
            status_page="https://status.kraken.com",
            steps=(
                "Log in at https://www.kraken.com with the account that is to trade",
                "Click the profile (top right), then Security, then API",
                "Click Generate New Key (or Add Key) and call it, for example, NIJA",
                "Switch on exactly the permissions marked ✅ below, and no other",
                "Query start, Query end: leave them empty. Nonce window: leave it as it is, or 10000",
                "IP whitelist: name this machine's address, if it is a fixed one",
                "Click Generate Key and copy both keys at once: the private key is shown only this time",
            ),
            needed=(
                "Query Funds",
                "Query Open Orders & Trades",
                "Query Closed Orders & Trades",
                "Create & Modify Orders",
                "Cancel/Close Orders",
            ),
            forbidden=("Withdraw Funds", "Deposit Funds"),
            key_prompt="API key (56 characters)",
            secret_prompt="Private key (88 characters)",  # noqa: S106  a question, not an answer
        ),
        Exchange.COINBASE: KeyGuide(
            key_page="https://portal.cdp.coinbase.com/access/api",
            status_page="https://status.coinbase.com",
            steps=(
                "Log in at https://portal.cdp.coinbase.com with the account that is to trade",
                "Open API keys, then Secret API keys, and click Create API key",
                "Give it a name, choose the portfolio that is to trade, and open the restrictions",
                "Switch on exactly the permissions marked ✅ below. An IP allowlist: only with a fixed address",
                "Click Create and download the key file: the private key is shown only this time",
            ),
            needed=("View", "Trade"),
            forbidden=("Transfer",),
            key_prompt="Key name (organizations/…/apiKeys/…)",
            secret_prompt="Private key, or the path of the downloaded key file",  # noqa: S106  a question
        ),
    }
)


def guide_for(exchange: Exchange) -> KeyGuide:
    return _GUIDES[exchange]
