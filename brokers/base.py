"""The two protocols through which the rest of NIJA sees an exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from brokers.model import (
        Balance,
        CandlePage,
        Candles,
        Evidence,
        Exchange,
        Fees,
        Fill,
        KeyInfo,
        Market,
        Order,
        OrderRequest,
        Resolution,
        Ticker,
        Timeframe,
    )


class Broker(Protocol):
    """How one account talks to its exchange. The broker's timeout bounds every call.

    Reads retry transient failures and raise a `BrokerError` if that does not help.
    """

    @property
    def exchange(self) -> Exchange: ...

    @property
    def can_amend_stops(self) -> bool:
        """Whether `amend_stop` is supported; if not, stops are replaced."""
        ...

    @property
    def stops_at_market(self) -> bool:
        """Whether a triggered STOP sells at market; if not, it becomes a limit order that the price may jump past."""
        ...

    @property
    def resends_by_id(self) -> bool:
        """Whether `resolve` resends a request until its deadline, so that a later deadline settles it earlier."""
        ...

    @property
    def fees_in_quote(self) -> bool:
        """Whether fees are always charged in the quote currency, so that everything a buy filled can be sold."""
        ...

    def connect(self) -> KeyInfo:
        """Read the exchange's time, the key's permissions and the markets."""
        ...

    def exchange_time(self) -> datetime:
        """The exchange's time, extrapolated from the last measurement; sends no request."""
        ...

    def sync_clock(self, max_age: float = 300.0) -> None:
        """Measure the exchange's clock again, unless the last measurement holds and is younger than `max_age` seconds.

        Called before a deadline is set. Raises BrokerError; `exchange_time` is then unchanged.
        """
        ...

    def markets(self) -> Mapping[str, Market]:
        """Every spot market by symbol, as of `connect` or the last `refresh_markets`."""
        ...

    def refresh_markets(self, max_age: float = 60.0) -> None:
        """Read all markets and their current state again, unless they are younger than `max_age` seconds.

        All accounts of the process share the answer. Raises BrokerError.
        """
        ...

    def markets_age(self) -> float:
        """Seconds since the content of `markets` was read; infinite before the first time."""
        ...

    def fees(self, market: str) -> Fees:
        """The account's own fee tier for this market, requested at most once an hour."""
        ...

    def balances(self, *, protects: bool = False) -> Mapping[str, Balance]:
        """Everything held, by currency in NIJA's spelling (BTC, USD).

        `protects`: a stop or a sale depends on the answer, so the request may use the reserve of the call budget.
        """
        ...

    def place(self, request: OrderRequest) -> str:
        """Send an order once and return the exchange's id for it.

        OutcomeUnknown means it may have been placed. Every other error means it certainly was not.
        """
        ...

    def preview(self, request: OrderRequest) -> None:
        """Check whether the exchange would accept this order, without placing it. Raises OrderRejected, MarketRefused.

        An order that only lacks coins held by another order passes, since that one will be cancelled first.
        """
        ...

    def resolve(self, request: OrderRequest) -> Resolution:
        """Find out what became of a request whose outcome is unknown.

        Raises a BrokerError if the exchange could not be asked, which never means "not found".
        """
        ...

    def amend_stop(self, exchange_id: str, market: str, amount: Decimal, stop_price: Decimal) -> None:
        """Move a resting stop in place. Raises OutcomeUnknown (read the order to find out) or OrderNotFound."""
        ...

    def cancel(self, exchange_id: str) -> None:
        """Request an order's cancellation; it may fill first, so read the order before booking anything.

        Returns normally if the order is already gone.
        """
        ...

    def order(self, exchange_id: str) -> Order:
        """Raises OrderNotFound."""
        ...

    def orders(self, exchange_ids: Sequence[str]) -> Mapping[str, Order]:
        """Those of the given orders that the exchange knows, by exchange id.

        An order whose row cannot be read is missing here but listed in `unread_rows`: it still exists.
        """
        ...

    def open_orders(self) -> tuple[Order, ...]:
        """Every open or pending order of the account, NIJA's or not."""
        ...

    def closed_orders(self, since: datetime) -> tuple[Order, ...]:
        """Every order that ended after `since`, NIJA's or not, oldest first.

        If the exchange does not report when an order ended, the moment it was first seen ended counts. Call after
        `open_orders`: orders seen open there are followed by id, which saves reading the orders of the last months
        again. Raises BudgetSpent while a long history is read; the next call continues.
        """
        ...

    def fills(self, since: datetime, *, protects: bool = False) -> tuple[Fill, ...]:
        """Every execution of the account at or after `since`, oldest first, each exactly once.

        The price may be 0 for executions that are not NIJA's. Raises BudgetSpent while a long history is read; the
        next call continues. `protects`: as for `balances`, but only for the first page of a long history.
        """
        ...

    def unread_rows(self) -> Mapping[str, str]:
        """Rows of the exchange's latest answers that could not be read, by id, with the reason.

        Orders and fills are listed under the exchange's id. A balance that cannot be read, or whose currency has no
        known name, is listed as `balance:<the exchange's name>`: it must not be taken for zero.
        """
        ...

    def another_program(self) -> Evidence | None:
        """Evidence that another program uses this key, and when it was seen, or None; sends no request."""
        ...

    def budget_left(self) -> float:
        """The share of the key's call budget that is left, from 0 to 1, by our own count; sends no request."""
        ...

    def close(self) -> None: ...


class MarketData(Protocol):
    """An exchange's public data. One object per exchange, used by one feed thread."""

    @property
    def exchange(self) -> Exchange: ...

    def candles(self, market: str, timeframe: Timeframe, since: int | None = None) -> Candles:
        """Closed candles, oldest first: those opening at or after `since` (Unix seconds), or all that are on offer.

        The candle of `since` is included again, because one read right at its end may still be corrected.
        """
        ...

    def tickers(self, markets: Sequence[str]) -> Mapping[str, Ticker]: ...

    def close(self) -> None: ...


class CandleHistory(Protocol):
    """An exchange's past candles, a page at a time and within its public limits. For one thread."""

    @property
    def is_complete(self) -> bool:
        """Whether all candles since a market's beginning are on offer."""
        ...

    def markets(self) -> Mapping[str, Market]:
        """Every spot market by symbol. Raises BrokerError."""
        ...

    def first(self, market: str, timeframe: Timeframe, since: int) -> int:
        """`since`, or the opening of the first candle after it if the exchange offers none before (Unix seconds)."""
        ...

    def page(self, market: str, timeframe: Timeframe, since: int) -> CandlePage:
        """The closed candles from `since` (Unix seconds) on, as many as the exchange gives at once."""
        ...

    def close(self) -> None: ...
