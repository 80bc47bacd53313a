"""Follows an account's loss limits through a backtest, at the close of every candle."""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from brokers.model import ZERO
from nija.backtest.curve import add_value, cash_at
from nija.backtest.losses import LossLimits
from nija.backtest.traded_market import opening_times

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nija.backtest.ledger import Booking, Ledger
    from nija.backtest.traded_market import TradedMarket
    from nija.risk.returns import EquityState
    from nija.trader.plan import TradingPlan

_ONE = Decimal(1)


class LossWatch:
    """Looks at the closes only if, since the last look, a limit may have been reached.

    For that it keeps the least and the most that the account can have been worth since then.
    """

    def __init__(
        self, plan: TradingPlan, markets: Sequence[TradedMarket], ledger: Ledger, start: int, *, at_bid: bool
    ) -> None:
        self._step = plan.timeframe.seconds
        self._markets = markets
        self._ledger = ledger
        self._at_bid = at_bid
        self._limits = LossLimits(plan.settings.risk, ledger.cash, start)
        self._least = self._most = float(ledger.cash)
        # As of the last look.
        self._looked = start
        self._opens: list[tuple[int, Decimal]] = []
        self._seen = 0
        self._cash = ledger.cash
        self._amounts: dict[str, Decimal] = {}

    @property
    def paused(self) -> str:
        """Why entries are paused, or nothing."""
        return self._limits.paused

    @property
    def is_final(self) -> bool:
        """Whether entries are paused for good."""
        return self._limits.is_final

    def note(self, worst: float, best: float) -> None:
        """What a purchase, or a position that is still open after a look, will have earned at the worst and at best."""
        self._least += min(0.0, worst)
        self._most += max(0.0, best)

    def at_open(self, time: int, equity: Decimal) -> tuple[EquityState, bool]:
        """The state when a candle opens at `time` and all before it have closed, and whether it has now looked."""
        self._opens.append((time, equity))
        has_looked = self._limits.may_halt(self._least, self._most)
        if has_looked:
            self._look(time)
            self._least = self._most = float(equity)
        else:
            self._limits.pass_to(time)
        return self._limits.state(equity), has_looked

    def _look(self, until: int) -> None:
        """At the closes of all candles that open before `until`, and at what was known when an entry was considered."""
        bookings = [one for one in self._ledger.bookings[self._seen :] if one.time < until]
        times = opening_times(self._markets, self._looked, until - 1)
        equity = cash_at(times, bookings, self._cash)
        for market in self._markets:
            add_value(equity, times, market, bookings, self._amounts, float(self._counted(market)))
        # A day's last candle closes on that day.
        moments = np.concatenate([times + (self._step - 1), [time for time, _ in self._opens]])
        equity = np.concatenate([equity, [float(known) for _, known in self._opens]])
        order = np.argsort(moments, kind="stable")
        at_close = self._exact(bookings)

        def exact(index: int) -> Decimal:
            source = int(order[index])
            return at_close(int(times[source])) if source < len(times) else opens[source - len(times)][1]

        opens, self._opens = self._opens, []
        self._limits.follow(moments[order], equity[order], exact)
        self._looked = until
        self._seen += len(bookings)
        for booking in bookings:
            self._cash = booking.cash
            self._amounts[booking.market] = booking.amount

    def _exact(self, bookings: Sequence[Booking]) -> Callable[[int], Decimal]:
        """The equity at the close of a candle that opens at a time since the last look."""
        cash = _Changes(self._cash, bookings, lambda booking: booking.cash)
        held = [
            (market, _Changes(self._amounts.get(market.symbol, ZERO), mine, lambda booking: booking.amount))
            for market in self._markets
            for mine in [[one for one in bookings if one.market == market.symbol]]
        ]

        def equity(time: int) -> Decimal:
            amounts = ((market, changes.at(time)) for market, changes in held)
            values = (amount * market.close_at(time) * self._counted(market) for market, amount in amounts if amount)
            return cash.at(time) + sum(values, ZERO)

        return equity

    def _counted(self, market: TradedMarket) -> Decimal:
        return market.bid if self._at_bid else _ONE


class _Changes:
    """A value that changes with each booking."""

    def __init__(self, before: Decimal, bookings: Sequence[Booking], of: Callable[[Booking], Decimal]) -> None:
        self._times = [booking.time for booking in bookings]
        self._values = [before, *map(of, bookings)]

    def at(self, time: int) -> Decimal:
        return self._values[bisect_right(self._times, time)]
