"""The two protocols that the upper storeys see of an exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from brokers.model import (
        Balance,
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
    """How one account talks to its exchange. Every call is bounded by the broker's timeout.

    Reads retry passing faults by themselves and raise a `BrokerError` when that did not help.
    """

    @property
    def exchange(self) -> Exchange: ...

    @property
    def can_amend_stops(self) -> bool:
        """Whether `amend_stop` works here; where not, a stop is replaced."""
        ...

    @property
    def stops_at_market(self) -> bool:
        """Whether a triggered STOP always sells, or turns into a limit order that the price may jump past."""
        ...

    @property
    def resends_by_id(self) -> bool:
        """Whether `resolve` sends a request again until its deadline; a later deadline is then an earlier end."""
        ...

    @property
    def fees_in_quote(self) -> bool:
        """Whether fees are always taken in the quote currency, so that all of what a buy filled can be sold."""
        ...

    def connect(self) -> KeyInfo:
        """Ask for the exchange's time and the key's rights, and read the markets."""
        ...

    def exchange_time(self) -> datetime:
        """The exchange's clock as measured last, carried on by this machine's; asks nobody."""
        ...

    def sync_clock(self, max_age: float = 300.0) -> None:
        """Measure the exchange's clock anew, unless that was done within `max_age` seconds and still holds.

        Called before a deadline is made. Raises BrokerError: `exchange_time` then goes on as it was.
        """
        ...

    def markets(self) -> Mapping[str, Market]:
        """Every spot market by symbol, as of connect or the last `refresh_markets`."""
        ...

    def refresh_markets(self, max_age: float = 60.0) -> None:
        """Read all markets and their present state anew, unless known for less than `max_age` seconds.

        The answer is shared by all accounts of the process. Raises BrokerError.
        """
        ...

    def markets_age(self) -> float:
        """Seconds since what `markets` says was read; infinite before the first time."""
        ...

    def fees(self, market: str) -> Fees:
        """The account's own tier for this market; asked anew at most once an hour."""
        ...

    def balances(self, *, protects: bool = False) -> Mapping[str, Balance]:
        """Everything held, by currency in NIJA's spelling (BTC, USD).

        `protects`: a stop or a sale waits for the answer, so it may use what the call budget keeps for these.
        """
        ...

    def place(self, request: OrderRequest) -> str:
        """Send an order once; return the exchange's id for it.

        OutcomeUnknown means it may have been placed. Every other error means it certainly was not.
        """
        ...

    def preview(self, request: OrderRequest) -> None:
        """Ask whether the exchange would take this order, without placing it. Raises OrderRejected, MarketRefused.

        An order that only lacks coins bound by another order passes: that one is to be withdrawn for it.
        """
        ...

    def resolve(self, request: OrderRequest) -> Resolution:
        """What became of a request whose outcome is unknown, by the exchange's own way of recovery.

        Raises a BrokerError where the exchange could not be asked: that is never "not found".
        """
        ...

    def amend_stop(self, exchange_id: str, market: str, amount: Decimal, stop_price: Decimal) -> None:
        """Move a resting stop in place. OutcomeUnknown: read the order to see. OrderNotFound: it is gone."""
        ...

    def cancel(self, exchange_id: str) -> None:
        """Ask for an order's end; it may fill first, so read the order before booking anything.

        Returns also where the order is already gone.
        """
        ...

    def order(self, exchange_id: str) -> Order:
        """Raises OrderNotFound."""
        ...

    def orders(self, exchange_ids: Sequence[str]) -> Mapping[str, Order]:
        """Those of the given orders that the exchange knows, by exchange id.

        One whose row cannot be read is missing as well, but stands in `unread_rows`: it is not denied.
        """
        ...

    def open_orders(self) -> tuple[Order, ...]:
        """Every open or pending order of the account, NIJA's or not."""
        ...

    def closed_orders(self, since: datetime) -> tuple[Order, ...]:
        """Every order that ended after `since`, NIJA's or not, oldest first.

        Where the exchange does not say when an order ended, the first look that saw it ended counts. To be asked after
        `open_orders`: an order that was seen open there is followed by its id, so that nobody has to read again how
        all orders of the last months ended. Raises BudgetSpent while a long history is read; the next call goes on.
        """
        ...

    def fills(self, since: datetime, *, protects: bool = False) -> tuple[Fill, ...]:
        """Every execution of the account at or after `since`, oldest first, each exactly once.

        The price of one that is not NIJA's may be 0. Raises BudgetSpent while a long history is read; the next call
        goes on. `protects`: as with `balances`; the further pages of a long history wait all the same.
        """
        ...

    def unread_rows(self) -> Mapping[str, str]:
        """Rows of the exchange's last answers that could not be read, by their id, and why; they hid nothing else.

        Orders and fills stand under the exchange's id. A balance whose currency has no known name, or that cannot be
        read, stands as `balance:<the exchange's name>`: it is not nothing.
        """
        ...

    def another_program(self) -> Evidence | None:
        """What speaks for another program using this key, and when it was seen, or None; asks nobody."""
        ...

    def budget_left(self) -> float:
        """The part of the key's call allowance that is left now, from 0 to 1, by our own count; asks nobody."""
        ...

    def close(self) -> None: ...


class MarketData(Protocol):
    """What an exchange tells everybody. One object per exchange, used by one feed thread."""

    @property
    def exchange(self) -> Exchange: ...

    def server_time(self) -> datetime: ...

    def markets(self) -> Mapping[str, Market]: ...

    def candles(self, market: str, timeframe: Timeframe, since: int | None = None) -> Candles:
        """Closed candles only, oldest first; those opening at or after `since` (Unix seconds), or all on offer.

        The candle of `since` comes again, as the exchange tells it now: what was read at its very end may be corrected.
        """
        ...

    def tickers(self, markets: Sequence[str]) -> Mapping[str, Ticker]: ...

    def close(self) -> None: ...
