"""When a trade of the daemon and one of the backtest are equal.

Markets, candles, the number and sides of the fills, every price and every stop: to the last digit. Amounts at Coinbase
too. Kraken states balances, costs and fees in ten-thousandths of a dollar, where a backtest has all digits: each fill
may move the cash by two of them, and an amount is a share of that cash, floored to the market's step. So an account's
first amount is exact there, and a later one may differ by what that makes of it and by one step.

The reason of a sale at the open is not compared: where both the exit signal and the resting stop want it, the stop is
first at the exchange, and the price is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.model import ZERO, Exchange
from nija.backtest.records import FillReason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nija.backtest.records import BacktestFill, BacktestTrade
    from tests.parity.tape import TapedFill, TapedTrade

# What an exchange cuts off the cost, and off the fee, of a fill; in quote.
CUT = {Exchange.KRAKEN: Decimal("0.0001"), Exchange.COINBASE: Decimal("0.0000000001")}
# Below this, no amount of these tests differs by a step.
_NOTHING = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Tolerance:
    """`cut` is in quote, `cash` what the account began with."""

    cut: Decimal
    cash: Decimal
    amount_step: Decimal

    def of_amount(self, amount: Decimal, fills: int) -> Decimal:
        """After this many fills of the account."""
        if self.cut < _NOTHING or fills == 0:
            return ZERO
        return self.amount_step + amount * 2 * self.cut * fills / self.cash

    def of_fee(self, fill: BacktestFill, fills: int) -> Decimal:
        return 2 * self.cut + fill.fee * self.of_amount(fill.amount, fills) / fill.amount


def differences(
    taped: Sequence[TapedTrade], tested: Sequence[BacktestTrade], tolerances: Mapping[str, Tolerance]
) -> list[str]:
    """One line for each; none if both did the same."""
    # Of what opens in the same candle, each lists another one first.
    ours = sorted(taped, key=lambda trade: (trade.fills[0].time, trade.market))
    theirs = sorted(tested, key=lambda trade: (trade.opened, trade.market))
    times = [fill.time for trade in theirs for fill in trade.fills]
    found = [
        f"trade {number} of {other.market}, opened {other.opened}: {difference}"
        for number, (one, other) in enumerate(zip(ours, theirs, strict=False))
        for difference in _by_trade(one, other, tolerances, times)
    ]
    if len(ours) != len(theirs):
        found.append(f"{len(ours)} trades of the daemon, {len(theirs)} of the backtest")
    return found


def _by_trade(
    one: TapedTrade, other: BacktestTrade, tolerances: Mapping[str, Tolerance], times: Sequence[int]
) -> Iterator[str]:
    if one.market != other.market:
        yield f"the daemon's is in {one.market}"
        return
    filled = [fill for fill in other.fills if fill.reason is not FillReason.END]
    if len(one.fills) != len(filled):
        yield f"fills {one.fills} of the daemon, {filled} of the backtest"
    for ours, theirs in zip(one.fills, filled, strict=False):
        # Others of the same candle may come before it.
        others = sum(time <= theirs.time for time in times) - 1
        yield from _by_fill(ours, theirs, tolerances[other.market], others)
    stops = [(move.time, move.price) for move in other.stops]
    if one.stops != stops and not _was_sold_before_its_stop_moved(one, stops):
        yield f"stops {one.stops} of the daemon, {stops} of the backtest"


def _by_fill(one: TapedFill, other: BacktestFill, tolerance: Tolerance, fills: int) -> Iterator[str]:
    for name in ("time", "side", "price"):
        if getattr(one, name) != getattr(other, name):
            yield f"{name} {getattr(one, name)} of the daemon, {getattr(other, name)} of the backtest"
    if abs(one.amount - other.amount) > tolerance.of_amount(other.amount, fills):
        yield f"amount {one.amount} of the daemon, {other.amount} of the backtest"
    if abs(one.fee - other.fee) > tolerance.of_fee(other, fills):
        yield f"fee {one.fee} of the daemon, {other.fee} of the backtest"
    if one.is_stop and other.reason not in (FillReason.STOP, FillReason.EXIT):
        yield f"{other.reason} of the backtest, a stop of the daemon"


def _was_sold_before_its_stop_moved(one: TapedTrade, stops: Sequence[tuple[int, Decimal]]) -> bool:
    """A stop that would move above the open of the next candle never rests: what it protects is sold there."""
    return one.stops == list(stops[:-1]) and one.held == ZERO and one.fills[-1].time > stops[-1][0]
