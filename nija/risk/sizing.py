"""Position sizing: risk over stop distance, within every cap, on the market's step, and never too small to sell again.

For the rules and their reasons see points 5 and 6 of the default strategy in the strategy evidence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal, localcontext
from typing import TYPE_CHECKING

from brokers import figures
from brokers.figures import exact, money, percent
from brokers.model import ZERO, Market
from nija.risk.no_trade import NoTradeReason, Rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from accounts.setting_tables import AccountSettings, RiskSettings

# A position halved in value must still be large enough to sell.
_MINIMUMS = 2
# A notional raised to the minimum order may risk this many times `risk_per_trade`, whatever the account's multiplier.
_RAISED_RISK = 2
_PRECISION = 50


@dataclass(frozen=True, slots=True)
class Funds:
    """In quote currency: `available` can be spent now, `exposure` is the value of all open positions and entries.

    `pending` is the part of `exposure` that may still fill or is not booked yet; it is not yet deducted from
    `available`.
    """

    equity: Decimal
    available: Decimal
    exposure: Decimal
    pending: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry to be sized. `close` and `stop` are the signal's; `price` is the price of one unit now.

    `fee` and `slippage` are fractions of the notional, reserved on top of it.
    """

    market: Market
    close: Decimal
    stop: Decimal | None
    price: Decimal
    fee: Decimal
    slippage: Decimal


@dataclass(frozen=True, slots=True)
class EntrySize:
    """`amount` in base currency; `notional` = amount × price and `risk` (lost down to the stop) in quote currency."""

    amount: Decimal
    notional: Decimal
    risk: Decimal


@dataclass(frozen=True, slots=True)
class _Ceiling:
    """`text` is made only for a refusal: a backtest asks for thousands of sizes."""

    rule: Rule
    notional: Decimal
    text: Callable[[], str]


def without_pending(funds: Funds, reserved: Decimal) -> Funds:
    """Funds whose `available` no longer counts what pending entries will spend, `reserved` per unit of their value."""
    return replace(funds, available=funds.available - funds.pending * reserved)


def min_notional(market: Market, price: Decimal) -> Decimal:
    """The smallest notional worth opening: twice the larger of the exchange's two minimums."""
    return _MINIMUMS * max(market.min_amount * price, market.min_cost)


def enough_equity(entry: Entry, settings: AccountSettings) -> Decimal | None:
    """An equity that is enough for this entry's minimum order if nothing is open; None if none is enough."""
    if entry.stop is None or not 0 < entry.stop < entry.price:
        raise ValueError(f"{entry.market.symbol}: the stop must be between 0 and the price")
    with localcontext(prec=_PRECISION, rounding=ROUND_DOWN):
        # All ceilings are proportional to the equity of such an account.
        one = Funds(equity=Decimal(1), available=Decimal(1), exposure=ZERO)
        raised = _raised_risk(entry, _stop_distance(entry, entry.stop), one, settings.risk)
        share = min(ceiling.notional for ceiling in (*_ceilings(entry, one, settings.risk), raised))
        return min_notional(entry.market, entry.price) / share if share > 0 else None


def size_entry(entry: Entry, funds: Funds, settings: AccountSettings) -> EntrySize | NoTradeReason:
    """How much to buy, or the rule that forbids it. Rounding only ever makes the order smaller."""
    funds = without_pending(funds, 1 + entry.fee + entry.slippage)
    if entry.price <= 0 or entry.close <= 0:
        raise ValueError(f"{entry.market.symbol}: a price must be above 0")
    with localcontext(prec=_PRECISION, rounding=ROUND_DOWN):
        return (
            _no_stop(entry) if entry.stop is None else stop_refusal(entry) or _size(entry, entry.stop, funds, settings)
        )


def stop_refusal(entry: Entry) -> NoTradeReason | None:
    """Why nothing may be bought with this stop, or None."""
    if entry.stop is None or entry.stop <= 0 or entry.stop >= entry.close:
        return _no_stop(entry)
    return _price_below_stop(entry, entry.stop) if entry.price <= entry.stop else None


def _size(entry: Entry, stop: Decimal, funds: Funds, settings: AccountSettings) -> EntrySize | NoTradeReason:
    fraction = _stop_distance(entry, stop)
    limits = settings.risk
    ceilings = _ceilings(entry, funds, limits)
    intended = limits.risk_per_trade * settings.own.risk_multiplier * funds.equity / fraction
    notional = min(intended, *(ceiling.notional for ceiling in ceilings))
    least = min_notional(entry.market, entry.price)
    if notional < least:
        bounds = (*ceilings, _raised_risk(entry, fraction, funds, limits))
        tightest = min(bounds, key=lambda ceiling: ceiling.notional)
        if tightest.notional < least:
            return _too_small(entry, least, tightest)
        notional = least
    amount = entry.market.floor_amount(notional / entry.price)
    if amount <= 0 or not entry.market.allows(amount, entry.price):
        return _below_minimum(entry, amount)
    return EntrySize(amount=amount, notional=amount * entry.price, risk=amount * (entry.price - stop))


def _stop_distance(entry: Entry, stop: Decimal) -> Decimal:
    """As a fraction. A late entry may buy above the close, further from its stop than the signal's."""
    return max((entry.close - stop) / entry.close, (entry.price - stop) / entry.price)


def _ceilings(entry: Entry, funds: Funds, limits: RiskSettings) -> tuple[_Ceiling, ...]:
    quote, equity = entry.market.quote, funds.equity
    return (
        _Ceiling(
            Rule.AVAILABLE,
            funds.available / (1 + entry.fee + entry.slippage),
            lambda: f"only {money(funds.available, quote)} is free, fees included; deposit more or wait for an exit",
        ),
        _Ceiling(
            Rule.MAX_EXPOSURE,
            limits.max_exposure * equity - funds.exposure,
            lambda: (
                f"max_exposure = {percent(limits.max_exposure)} of equity {money(equity, quote)} less"
                f" {money(funds.exposure, quote)} already in positions leaves too little; waiting for an exit or more"
                " equity"
            ),
        ),
        _Ceiling(
            Rule.MAX_POSITION,
            limits.max_position * equity,
            lambda: (
                f"max_position = {percent(limits.max_position)} of equity {money(equity, quote)} is less than that;"
                " needs more equity or a larger max_position in [risk]"
            ),
        ),
    )


def _raised_risk(entry: Entry, fraction: Decimal, funds: Funds, limits: RiskSettings) -> _Ceiling:
    """The additional ceiling for a notional that is raised to the minimum order."""
    allowed = _RAISED_RISK * limits.risk_per_trade
    return _Ceiling(
        Rule.MINIMUM_RISK,
        allowed * funds.equity / fraction,
        lambda: (
            f"with the stop {percent(fraction)} away it would risk more than {percent(allowed)} of equity"
            f" {money(funds.equity, entry.market.quote)}; needs more equity"
        ),
    )


def _too_small(entry: Entry, least: Decimal, ceiling: _Ceiling) -> NoTradeReason:
    text = (
        f"the minimum order is {money(least, entry.market.quote)} (twice the exchange's minimum), but {ceiling.text()}"
    )
    return NoTradeReason(ceiling.rule, text, exact(least), exact(ceiling.notional))


def _below_minimum(entry: Entry, amount: Decimal) -> NoTradeReason:
    market = entry.market
    text = (
        f"{figures.amount(amount)} {market.base} is below the exchange's minimum of"
        f" {figures.amount(market.min_amount)} {market.base}"
        f" and {money(market.min_cost, market.quote)} an order; needs more equity"
    )
    return NoTradeReason(Rule.MINIMUM_ORDER, text, exact(amount), exact(market.min_amount))


def _no_stop(entry: Entry) -> NoTradeReason:
    if entry.stop is None:
        fault, remedy = "the strategy gives no stop", "set stop_atr in [strategy.*]"
    else:
        fault, remedy = (
            f"the strategy's stop {figures.price(entry.stop, entry.market.symbol)} is not between 0 and the close",
            "a smaller stop_atr helps",
        )
    text = f"{fault}, and a position without a stop is never opened; {remedy}"
    return NoTradeReason(Rule.NO_STOP, text, "none" if entry.stop is None else exact(entry.stop), exact(entry.close))


def _price_below_stop(entry: Entry, stop: Decimal) -> NoTradeReason:
    limit = entry.market.floor_price(stop)
    price, limit_shown = (figures.price(value, entry.market.symbol) for value in (entry.price, limit))
    text = f"the price {price} is already at or below the stop {limit_shown}; waiting for a new signal"
    return NoTradeReason(Rule.PRICE_BELOW_STOP, text, exact(entry.price), exact(limit))
