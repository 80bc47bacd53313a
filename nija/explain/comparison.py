"""A backtest of an account's own settings beside what really happened, trade by trade. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokers.figures import duration
from brokers.model import ZERO, Side
from nija.backtest.records import FillReason
from nija.explain.one_sided import why_not_live, why_not_tested
from nija.explain.times import written

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from nija.backtest.records import BacktestResult, BacktestTrade, MarketHistory
    from nija.explain.account_past import AccountPast
    from nija.explain.live_trades import LiveTrade

# A fill within this share of a candle after the backtest's is on time; an exchange takes seconds, a poll half a minute.
_ON_TIME = 0.01
_ON_TIME_AT_LEAST = 120.0


@dataclass(frozen=True, slots=True)
class TradeDifference:
    """The live trade's return less the backtest's, as fractions of the cost; the parts add up to `total`.

    `price`: other prices at the same time, as spread and slippage make them. `time`: bought or sold at another time.
    `fee`: other fees.
    """

    price: Decimal
    time: Decimal
    fee: Decimal

    @property
    def total(self) -> Decimal:
        return self.price + self.time + self.fee


@dataclass(frozen=True, slots=True)
class ComparedTrade:
    """One entry of either side or of both. `signal` is when its candle closed (Unix seconds, the market's time).

    Returns are after fees, fractions of the cost, and None where a side has no trade or no end of it. `note` says why
    only one side has it, or what the two did differently.
    """

    market: str
    signal: float
    live: LiveTrade | None
    tested: BacktestTrade | None
    live_return: Decimal | None
    tested_return: Decimal | None
    difference: TradeDifference | None
    note: str


@dataclass(frozen=True, slots=True)
class _Sides:
    live: LiveTrade
    tested: BacktestTrade
    candle: float


def compare(result: BacktestResult, live: Sequence[LiveTrade], past: AccountPast) -> tuple[ComparedTrade, ...]:
    """Every trade of either side since the backtest's start, oldest first, matched by market and signal candle."""
    step = float(result.timeframe.seconds)
    found: list[ComparedTrade] = []
    for history in result.histories:
        symbol = history.market.symbol
        mine = [one for one in live if one.market == symbol and _signal_of_live(one) >= result.start - step]
        theirs = [trade for trade in result.trades if trade.market == symbol]
        for tested, real in _matched(theirs, mine, history):
            if tested is not None and real is not None:
                found.append(_both(_Sides(real, tested, step), history))
            elif tested is not None:
                note = why_not_live(tested, result, mine, past)
                found.append(_only_tested(tested, history, note))
            elif real is not None:
                found.append(_only_live(real, why_not_tested(real, result)))
    return tuple(sorted(found, key=lambda one: (one.signal, one.market)))


def signal_close(trade: BacktestTrade, history: MarketHistory) -> float:
    """When the candle closed on which a backtest bought: the last one before that of the purchase."""
    times = history.candles.time
    index = bisect_right(times, trade.opened - 1) - 1
    if index < 0:
        return float(trade.opened)
    return float(times[index]) + history.candles.timeframe.seconds


def _signal_of_live(trade: LiveTrade) -> float:
    return trade.opened if trade.signal is None else trade.signal


def _matched(
    tested: Iterable[BacktestTrade], live: Iterable[LiveTrade], history: MarketHistory
) -> Iterable[tuple[BacktestTrade | None, LiveTrade | None]]:
    by_candle: defaultdict[int, list[LiveTrade]] = defaultdict(list)
    for one in live:
        by_candle[_candle_after(_signal_of_live(one), history)].append(one)
    for trade in tested:
        mine = by_candle.get(_candle_after(signal_close(trade, history), history), [])
        yield trade, mine.pop(0) if mine else None
    for left in by_candle.values():
        yield from ((None, one) for one in left)


def _candle_after(time: float, history: MarketHistory) -> int:
    """The index of the last candle that had closed: trades on the same candle belong together."""
    return bisect_right(history.candles.time, time - history.candles.timeframe.seconds)


def _both(sides: _Sides, history: MarketHistory) -> ComparedTrade:
    live, tested = sides.live, sides.tested
    mark = _last_price(tested)
    exit_price = _exit_price(live, mark)
    is_open = live.closed is None
    difference = None
    if exit_price is not None and not (is_open and not tested.is_unfinished):
        difference = _difference(sides, exit_price, counts_exit_fee=not is_open)
    return ComparedTrade(
        market=live.market,
        signal=signal_close(tested, history),
        live=live,
        tested=tested,
        live_return=_live_return(live, exit_price),
        tested_return=_tested_return(tested, counts_exit_fee=not (is_open and tested.is_unfinished)),
        difference=difference,
        note=_note(sides),
    )


def _only_tested(tested: BacktestTrade, history: MarketHistory, note: str) -> ComparedTrade:
    returned = _tested_return(tested, counts_exit_fee=not tested.is_unfinished)
    return ComparedTrade(tested.market, signal_close(tested, history), None, tested, None, returned, None, note)


def _only_live(live: LiveTrade, note: str) -> ComparedTrade:
    returned = _live_return(live, live.exit_price) if live.closed is not None else None
    return ComparedTrade(live.market, _signal_of_live(live), live, None, returned, None, None, note)


def _difference(sides: _Sides, exit_price: Decimal, *, counts_exit_fee: bool) -> TradeDifference:
    live, tested = sides.live, sides.tested
    bought_at = tested.cost / tested.bought
    sold_at = _average_exit(tested)
    entry = sold_at / live.entry_price - sold_at / bought_at
    exit_ = (exit_price - sold_at) / live.entry_price
    fee = _tested_fees(tested, counts_exit_fee=counts_exit_fee or not tested.is_unfinished) - _live_fees(live)
    price = time = ZERO
    for effect, is_on_time in ((entry, _entered_on_time(sides)), (exit_, _sold_on_time(sides))):
        price, time = (price + effect, time) if is_on_time else (price, time + effect)
    return TradeDifference(price, time, fee)


def _entered_on_time(sides: _Sides) -> bool:
    return abs(sides.live.opened - sides.tested.opened) <= _tolerance(sides)


def _sold_on_time(sides: _Sides) -> bool:
    """A stop may be hit at any moment of its candle; a sale on a signal happens at the candle's opening."""
    live, tested = sides.live, sides.tested
    if live.closed is None:
        return tested.is_unfinished
    if tested.is_unfinished:
        return False
    slack = sides.candle if tested.fills[-1].reason is FillReason.STOP else _tolerance(sides)
    return tested.closed - _tolerance(sides) <= live.closed <= tested.closed + slack


def _tolerance(sides: _Sides) -> float:
    return max(_ON_TIME_AT_LEAST, _ON_TIME * sides.candle)


def _exit_price(live: LiveTrade, mark: Decimal | None) -> Decimal | None:
    """The average of what was sold; what is still held counts at `mark`."""
    if live.closed is not None:
        return live.exit_price
    if mark is None:
        return None
    return (live.proceeds + (live.bought - live.sold) * mark) / live.bought


def _last_price(tested: BacktestTrade) -> Decimal | None:
    """What the coin was worth at the end of the candles, if the backtest still held it."""
    return tested.fills[-1].price if tested.is_unfinished else None


def _average_exit(tested: BacktestTrade) -> Decimal:
    sold = sum((fill.amount for fill in tested.fills if fill.side is Side.SELL), ZERO)
    return tested.proceeds / sold


def _live_return(live: LiveTrade, exit_price: Decimal | None) -> Decimal | None:
    return None if exit_price is None else exit_price / live.entry_price - 1 - _live_fees(live)


def _live_fees(live: LiveTrade) -> Decimal:
    return (live.entry_fees + live.exit_fees) / live.cost


def _tested_return(tested: BacktestTrade, *, counts_exit_fee: bool) -> Decimal:
    gross = _average_exit(tested) / (tested.cost / tested.bought) - 1
    return gross - _tested_fees(tested, counts_exit_fee=counts_exit_fee)


def _tested_fees(tested: BacktestTrade, *, counts_exit_fee: bool) -> Decimal:
    """Without the fee of the made-up sale at the end, where the other side has not sold either."""
    paid = (fill.fee for fill in tested.fills if counts_exit_fee or fill.reason is not FillReason.END)
    return sum(paid, ZERO) / tested.cost


def _note(sides: _Sides) -> str:
    """What the two did at different times."""
    return "; ".join(part for part in (_entry_note(sides), _exit_note(sides)) if part)


def _entry_note(sides: _Sides) -> str:
    late = sides.live.opened - sides.tested.opened
    return "" if _entered_on_time(sides) else f"bought {duration(abs(late))} {'later' if late > 0 else 'earlier'}"


def _exit_note(sides: _Sides) -> str:
    live, tested = sides.live, sides.tested
    if live.closed is None:
        return "" if tested.is_unfinished else f"the backtest sold {written(tested.closed)}; NIJA still holds it"
    if live.exit_price is None:
        return f"the coins left without a sale of NIJA's: {live.ending}"
    if tested.is_unfinished:
        return f"sold {written(live.closed)} ({live.ending}); the backtest still holds it"
    if _sold_on_time(sides):
        return ""
    late = live.closed - tested.closed
    return f"sold {duration(abs(late))} {'later' if late > 0 else 'earlier'} ({live.ending})"
