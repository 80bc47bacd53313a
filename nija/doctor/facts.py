"""What is known of an account at its exchange, from a running daemon or from a query under the key's lock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003  read at run time by from_plain
from decimal import Decimal
from typing import TYPE_CHECKING

from accounts.failures import FailureKind  # noqa: TC001  read at run time by from_plain
from accounts.market_names import nearest_market
from brokers.model import Market  # noqa: TC001  read at run time by from_plain
from nija.control.values import from_plain, to_plain
from nija.journal.records import HaltName
from nija.status.report import HaltStatus  # noqa: TC001  read at run time by from_plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.model import KeyInfo


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an account cannot trade; `retry_after` is in seconds."""

    kind: FailureKind
    text: str
    retry_after: float = 0.0


@dataclass(frozen=True, slots=True)
class KeyRights:
    """A key as the exchange describes it. `clock_skew` is in seconds, the exchange's clock minus ours."""

    account_uid: str
    permissions: tuple[str, ...]
    missing: tuple[str, ...]
    can_withdraw: bool
    clock_skew: float
    expires: datetime | None
    ip_allowlist: tuple[str, ...]
    history_from: datetime | None = None
    history_until: datetime | None = None

    @classmethod
    def of(cls, info: KeyInfo) -> KeyRights:
        return cls(
            info.account_uid,
            tuple(sorted(info.permissions)),
            tuple(sorted(info.missing)),
            info.can_withdraw,
            info.clock_skew.total_seconds(),
            info.expires,
            info.ip_allowlist,
            info.history_from,
            info.history_until,
        )


@dataclass(frozen=True, slots=True)
class BalanceFacts:
    currency: str
    total: Decimal
    available: Decimal


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """A market that the account is configured to trade; `market` is None if the exchange does not have it.

    `nearest` is then the one that the user probably meant.
    """

    symbol: str
    market: Market | None
    price: Decimal | None
    nearest: str | None = None

    @classmethod
    def of(cls, symbol: str, listed: Mapping[str, Market], price: Decimal | None) -> MarketFacts:
        market = listed.get(symbol)
        return cls(symbol, market, price, nearest_market(symbol, listed) if market is None else None)


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """With a `failure`, the rest is unknown. Fees are fractions. Only a daemon knows `equity` and the fields after it.

    `halts` stop new entries; `paused` is what the daemon says of that while it has not published them yet.
    `alternatives` are the same coins' markets in the currencies that the account holds. `troubles` is what the daemon
    knows to be wrong.
    """

    id: str
    fingerprint: str
    failure: Failure | None = None
    key: KeyRights | None = None
    holdings: tuple[BalanceFacts, ...] = ()
    maker: Decimal | None = None
    taker: Decimal | None = None
    markets: tuple[MarketFacts, ...] = ()
    alternatives: tuple[Market, ...] = ()
    paused: str = ""
    halts: tuple[HaltStatus, ...] = ()
    equity: Decimal | None = None
    state: str = ""
    last_work: datetime | None = None
    troubles: tuple[str, ...] = ()

    @property
    def another_program(self) -> bool:
        return any(halt.name == HaltName.ANOTHER_PROGRAM for halt in self.halts)

    def held(self, currency: str) -> BalanceFacts:
        nothing = BalanceFacts(currency, Decimal(0), Decimal(0))
        return next((holding for holding in self.holdings if holding.currency == currency), nothing)

    def to_json(self) -> dict[str, object]:
        plain: dict[str, object] = to_plain(self)
        return plain

    @classmethod
    def from_json(cls, plain: object) -> AccountFacts:
        """Raises ValueError."""
        return from_plain(cls, plain)
