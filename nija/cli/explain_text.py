"""The text of `nija explain`, for a terminal of any width."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from brokers.figures import amount, money, percent, price
from nija.analysis.expectations import EXPECTATIONS, PLAN_FOR
from nija.explain.account_size import SERVER_A_MONTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from decimal import Decimal

    from nija.explain.account_size import AccountSize
    from nija.explain.explanation import Explanation
    from nija.explain.market_now import MarketNow, PlannedEntry
    from nija.explain.past import PastFigures, PastStretch

_INDENT = "   "
_LEAST_WIDTH = 40
# textwrap breaks a line at every other kind of space.
_NO_BREAK = "\u00a0"


def explanation_lines(found: Sequence[Explanation], width: int) -> Iterator[str]:
    """Every account, then what holds for all of them."""
    for one in found:
        yield f"── {one.now.id} ({one.now.label})"
        yield from _paragraph(_settings(one), width)
        yield from _section("What it would have made", _past(one), width)
        yield from _section("How large the account should be", _size(one), width)
        yield from _section("What it would do now", _now(one), width)
        yield ""
    yield "── What to know before you fund an account"
    for number, text in enumerate(EXPECTATIONS, start=1):
        yield from _wrapped(text, width, f"{number}. ", _INDENT)


def _settings(one: Explanation) -> str:
    now = one.now
    fees = "this account's own fee" if now.has_own_fees else "the highest fee of this exchange; yours is not known"
    worth = "unknown" if now.equity is None else money(now.equity, now.currency)
    assumed = f" (orders as for {money(now.assumed_equity, now.currency)})" if now.equity is None else ""
    markets = ", ".join(one.markets) or "no market"
    return (
        f"{one.strategy} on {one.timeframe} candles of {markets}. Equity {worth}{assumed}."
        f" Each order costs {percent(now.taker)} ({fees}), buying and selling {percent(one.round_trip)} with slippage."
    )


def _past(one: Explanation) -> Iterator[str]:
    if one.timeframe_note:
        yield f"⚠️  {one.timeframe_note[0].upper()}{one.timeframe_note[1:]}."
    if one.own is not None:
        yield from _figures(one.own, "These settings, by backtest")
    if one.bundled is not None:
        yield from _figures(one.bundled, f"The default settings of {one.strategy}")
        if one.unlike:
            yield f"Yours differ, and so would the figures: {'; '.join(one.unlike)}."
    elif one.own is None:
        yield (
            f"No figures for {one.strategy} on {one.timeframe} candles come with NIJA: nija backtest makes them from"
            " candles that nija candles download stores."
        )
    if one.bundled is not None:
        yield PLAN_FOR


def _figures(figures: PastFigures, title: str) -> Iterator[str]:
    yield f"{title}, at {percent(figures.fee)} an order:"
    rows = [("", "made", "fell by", "holding", "fell by"), *map(_row, figures.stretches)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(size) for cell, size in zip(row[1:], widths[1:], strict=True))]
        yield "| " + "   ".join(cells).rstrip()
    yield f"Source: {figures.source}."
    yield from figures.notes


def _row(stretch: PastStretch) -> tuple[str, ...]:
    held = "" if stretch.hold_total is None else _whole(stretch.hold_total, signed=True)
    fell = "" if stretch.hold_fall is None else _whole(abs(stretch.hold_fall))
    return stretch.period, _whole(stretch.total, signed=True), _whole(abs(stretch.fall)), held, fell


def _whole(fraction: Decimal, *, signed: bool = False) -> str:
    return f"{100 * fraction:{'+' if signed else ''}.0f} %"


def _size(one: Explanation) -> Iterator[str]:
    size, currency = one.size, one.now.currency
    needs = [f"{now.market} {money(now.enough, currency)}" for now in one.now.markets if now.enough is not None]
    if needs:
        yield f"For the smallest order at the present stop it needs: {', '.join(needs)}."
    yield f"The smallest sensible account: {money(size.sensible, currency)}. {one.verdict}".rstrip()
    yield _server(size, currency)


def _server(size: AccountSize, currency: str) -> str:
    of_it = f", {percent(size.server / size.equity)} of this account" if currency == "USD" and size.equity else ""
    text = f"A server for {money(SERVER_A_MONTH, 'USD')} a month costs {money(size.server, 'USD')} a year{of_it}."
    if size.low is None or size.high is None:
        return text
    text += f" An ordinary year is {money(size.low, currency)} to +{money(size.high, currency)}"
    if size.costs is not None:
        text += f", about {money(size.costs, currency)} of costs at the exchange already taken off"
    text += "."
    if currency == "USD" and size.high < size.server:
        text += " The server costs more than the account can be expected to earn: use one NIJA for several accounts."
    return text


def _now(one: Explanation) -> Iterator[str]:
    now = one.now
    yield f"From: {now.source}." + (f" {now.state}: {now.reason}." if now.state and now.reason else "")
    if not now.markets:
        yield "Nothing is known of its markets yet."
    for market in now.markets:
        yield from _market(market)


def _market(now: MarketNow) -> Iterator[str]:
    if now.closed is None or now.close is None:
        yield f"{now.market}: unknown, {now.problem}."
        if now.why_not:
            yield f"- not buying: {now.why_not} [{now.rule}]"
        return
    yield (
        f"{now.market}: the {now.timeframe} candle closed {now.closed:%Y-%m-%d %H:%M} UTC at"
        f" {price(now.close, now.market)}{f', signal: {now.signal}' if now.signal else ''}"
    )
    if now.problem:
        yield f"- ⚠️  {now.problem}"
    if now.held:
        stop = "no stop yet" if now.stop is None else f"stop {price(now.stop, now.market)}"
        yield f"- holds {amount(now.held)}, {stop}"
    if now.weight is not None:
        yield f"- wants {percent(now.weight)} of its share held"
    if now.sells:
        yield f"- order now: sells {now.sells}"
    if now.order is not None:
        yield f"- order now: {_order(now.order, now.market)}"
    if now.why_not:
        yield f"- not buying: {now.why_not} [{now.rule}]"
    yield from _ahead(now)


def _ahead(now: MarketNow) -> Iterator[str]:
    when = "the next candle" if now.decides is None else f"the candle of {now.decides:%Y-%m-%d %H:%M} UTC"
    if now.sells_below is not None:
        yield f"- sells if {when} closes below {price(now.sells_below, now.market)}"
    is_bought_now = now.order is not None and not now.why_not
    if now.buys_above is not None and not is_bought_now:
        yield f"- buys if {when} closes above {price(now.buys_above, now.market)}:"
        if now.next_order is not None:
            yield f"-- {_order(now.next_order, now.market)}"
    elif now.sells_below is None:
        yield f"- next decision: when {when} closes"


def _order(order: PlannedEntry, market: str) -> str:
    stop = "no stop" if order.stop is None else f"stop about {price(order.stop, market)}"
    if order.amount is None or order.cost is None or order.risk is None:
        return f"nothing: {order.refused} [{order.rule}]"
    quote = market.partition("/")[2]
    risk = f"{money(order.risk, quote)} is lost if it is hit"
    return f"{amount(order.amount)} for {money(order.cost, quote)}, {stop}; {risk}"


def _section(title: str, texts: Iterable[str], width: int) -> Iterator[str]:
    yield ""
    yield title
    for text in texts:
        yield from _paragraph(text, width)


def _paragraph(text: str, width: int) -> Iterator[str]:
    """Wrapped; a row of a table (`| `) is not, and a point (`- `) hangs."""
    if text.startswith("| "):
        yield _INDENT + text[2:]
        return
    level = len(text) - len(text.lstrip("-")) if text[:1] == "-" and text.lstrip("-")[:1] == " " else 0
    first = _INDENT * (1 + level)
    yield from _wrapped(text.lstrip("-").lstrip() if level else text, width, first, first + ("  " if level else ""))


def _wrapped(text: str, width: int, first: str, rest: str) -> Iterator[str]:
    """A number keeps its unit."""
    for line in textwrap.wrap(
        text.replace(" %", f"{_NO_BREAK}%"),
        max(_LEAST_WIDTH, width - 1),
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=False,
    ):
        yield line.replace(_NO_BREAK, " ")
