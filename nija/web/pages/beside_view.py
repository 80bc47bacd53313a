"""The backtest beside what happened, as words and figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokers.figures import percent, price
from nija.explain.beside import NotCompared
from nija.web.pages.words import Tone, moment_of, sentence, tone_of_change

if TYPE_CHECKING:
    from decimal import Decimal

    from nija.explain.beside import Beside
    from nija.explain.comparison import ComparedTrade, TradeDifference

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ComparedSide:
    """A result, with what stands small below it."""

    result: str
    below: tuple[str, ...] = ()


_NOT_BOUGHT = ComparedSide("did not buy")


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One trade of either side. `difference` is the live result less the backtest's, `parts` explain it."""

    market: str
    signal: str
    live: ComparedSide
    tested: ComparedSide
    difference: str
    tone: Tone
    parts: str
    note: str


@dataclass(frozen=True, slots=True)
class BesideView:
    """`empty` says why there is no comparison; the rest is then empty."""

    empty: str = ""
    span: str = ""
    live: str = ""
    tested: str = ""
    counts: str = ""
    notes: tuple[str, ...] = ()
    rows: tuple[ComparedRow, ...] = ()
    older: int = 0


def beside_view(found: Beside | NotCompared, currency: str) -> BesideView:
    """`currency` is the account's."""
    if isinstance(found, NotCompared):
        return BesideView(empty=found.reason)
    newest = found.trades[::-1]
    return BesideView(
        span=f"{moment_of(found.start)} to {moment_of(found.end)} UTC, in {currency}",
        live=percent(found.live_return, signed=True),
        tested=percent(found.tested_return, signed=True),
        counts=_counts(found),
        notes=found.notes,
        rows=tuple(map(_row, newest[:_SHOWN])),
        older=max(0, len(newest) - _SHOWN),
    )


def _counts(found: Beside) -> str:
    both = sum(one.live is not None and one.tested is not None for one in found.trades)
    live = sum(one.tested is None for one in found.trades)
    tested = sum(one.live is None for one in found.trades)
    if not found.trades:
        return "Neither has bought anything yet: no candle gave a signal."
    return f"{both} bought by both, {live} by NIJA alone, {tested} by the backtest alone"


def _row(one: ComparedTrade) -> ComparedRow:
    total = None if one.difference is None else one.difference.total
    return ComparedRow(
        market=one.market,
        signal=moment_of(one.signal),
        live=_live(one),
        tested=_tested(one),
        difference=percent(total, signed=True),
        tone=tone_of_change(total),
        parts="" if one.difference is None else _parts(one.difference),
        note=sentence(one.note),
    )


def _live(one: ComparedTrade) -> ComparedSide:
    if one.live is None:
        return _NOT_BOUGHT
    return _side(one.live.entry_price, one.live_return, one.market, is_held=one.live.closed is None)


def _tested(one: ComparedTrade) -> ComparedSide:
    if one.tested is None:
        return _NOT_BOUGHT
    bought_at = one.tested.cost / one.tested.bought
    return _side(bought_at, one.tested_return, one.market, is_held=one.tested.is_unfinished)


def _side(bought_at: Decimal, returned: Decimal | None, market: str, *, is_held: bool) -> ComparedSide:
    figure = "" if returned is None else percent(returned, signed=True)
    state = "still held" if is_held else "no sale" if returned is None else ""
    return ComparedSide(figure or state, (f"bought at {price(bought_at, market)}", state if figure else ""))


def _parts(difference: TradeDifference) -> str:
    named = (("price", difference.price), ("fee", difference.fee), ("time", difference.time))
    return ", ".join(f"{name} {percent(part, signed=True)}" for name, part in named)
