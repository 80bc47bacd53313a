"""How a position ends: by its stop, by the exit signal, or with the candles.

Points 1, 3, 4 and 6 of the fill rules in docs/backtest.md. None of it depends on the account.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

import numpy as np

from nija.backtest.records import FillReason, StopMove
from nija.backtest.traded_market import price_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from nija.backtest.traded_market import TradedMarket

_WINDOW = 64
_NONE = Decimal("-Infinity")


class Moment(IntEnum):
    """When within a candle something happens; at the open, sales come before purchases."""

    SALE_AT_OPEN = 0
    SALE_IN_PART = 1
    PURCHASE = 2
    INSIDE = 3
    CLOSE = 4


@dataclass(frozen=True, slots=True)
class PlannedSale:
    """In the candle at `index`, at `price`, slippage included.

    `part` is a fraction of what was bought; None is all that is left.
    """

    index: int
    moment: Moment
    price: Decimal
    reason: FillReason
    part: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PositionEnd:
    """The sales of a position, in the order of time, and the moves of its stop after the first."""

    sales: tuple[PlannedSale, ...]
    stops: tuple[StopMove, ...]


class FindEnd(Protocol):
    """How a position ends that was bought in the candle `bought` at `price`, with its first stop at `stop`."""

    def __call__(self, market: TradedMarket, bought: int, price: Decimal, stop: Decimal | None) -> PositionEnd: ...


def end_by_signals(market: TradedMarket, bought: int, price: Decimal, stop: Decimal | None) -> PositionEnd:
    """The daemon's way: all is sold at the stop, which only rises, or at the exit signal."""
    del price
    following = int(market.exits.searchsorted(bought))
    has_exit = following < len(market.exits)
    exit_signal = int(market.exits[following]) if has_exit else market.last
    moves: list[StopMove] = []
    for start, levels in _levels(market, bought, exit_signal, stop):
        low = market.candles.low[start : start + len(levels) - 1]
        for offset in np.flatnonzero(low <= levels[:-1]).tolist():
            sale = _stop_sale(market, start + offset, levels.item(offset), is_entry=start + offset == bought)
            if sale is not None:
                moves += _moves(market, start, levels[: offset + 1])
                return PositionEnd((sale,), tuple(moves))
        # With an exit signal the stop is not moved any more.
        moves += _moves(market, start, levels if start + len(levels) - 1 <= exit_signal else levels[:-1])
    return PositionEnd((_unstopped(market, exit_signal, has_exit=has_exit),), tuple(moves))


def _levels(
    market: TradedMarket, bought: int, until: int, stop: Decimal | None
) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Window by window: the index of its first candle; the stop during each of its candles, and after the last."""
    level = -np.inf if stop is None else float(stop)
    start, width = bought, _WINDOW
    while start <= until:
        after = min(start + width, until + 1)
        levels = np.empty(after - start + 1)
        levels[0] = level
        levels[1:] = market.signals.trail[start:after]
        np.fmax.accumulate(levels, out=levels)
        yield start, levels
        level, start, width = levels.item(-1), after, 4 * width


def _stop_sale(market: TradedMarket, index: int, level: float, *, is_entry: bool) -> PlannedSale | None:
    stop = _placed(market, level)
    opened = price_of(market.candles.open, index)
    if not is_entry and opened <= stop:
        return PlannedSale(index, Moment.SALE_AT_OPEN, opened * market.bid, FillReason.STOP)
    if price_of(market.candles.low, index) <= stop:
        return PlannedSale(index, Moment.INSIDE, stop * market.bid, FillReason.STOP)
    return None


def _unstopped(market: TradedMarket, exit_signal: int, *, has_exit: bool) -> PlannedSale:
    if has_exit:
        opened = price_of(market.candles.open, exit_signal + 1)
        return PlannedSale(exit_signal + 1, Moment.SALE_AT_OPEN, opened * market.bid, FillReason.EXIT)
    close = price_of(market.candles.close, market.last)
    return PlannedSale(market.last, Moment.CLOSE, close * market.bid, FillReason.END)


def _moves(market: TradedMarket, start: int, levels: NDArray[np.float64]) -> Iterator[StopMove]:
    """The moves at the ends of a window's candles: `levels` has one value before the first and one after each."""
    rises = np.flatnonzero(levels[1:] > levels[:-1]).tolist()
    if not rises:
        return
    placed = _placed(market, levels.item(0))
    for offset in rises:
        wanted = _placed(market, levels.item(offset + 1))
        if wanted > placed:
            placed = wanted
            yield StopMove(market.time(start + offset), placed)


def _placed(market: TradedMarket, level: float) -> Decimal:
    """Before there is a stop its level is -inf."""
    return _NONE if level == _NONE else market.market.floor_price(Decimal(repr(level)))
