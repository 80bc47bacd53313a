"""The next size of a position that follows a weight: what to buy, what to sell, or why nothing.

The rules are the order of E in the strategy evidence, section 7, and what section 8 says of small accounts. The trader
and the backtest decide with the same functions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal, localcontext
from typing import TYPE_CHECKING

from brokers.figures import exact, money, money_enough, percent
from brokers.model import ZERO, Market
from nija.risk.no_trade import NoTradeReason, Rule
from nija.risk.sizing import Funds, min_notional, without_pending

if TYPE_CHECKING:
    from collections.abc import Collection

    from accounts.setting_tables import AccountSettings, RiskSettings
    from nija.strategy.base import SignalAt

_PRECISION = 50
# Caps that mean nothing to sizes that are a part of the market's share, unless someone has set them.
_ONE = Decimal(1)
_ANY_NUMBER = 1_000


@dataclass(frozen=True, slots=True)
class MarketShare:
    """What an account may hold of one market at the most, and what it holds.

    `fraction` of the account's equity, `held` in base currency. `equity_at_close` (quote) is the account's equity with
    the prices at the close that the signal is about: so the decision is the same however late it is made. `bid` values
    what is held now, `ask` is the price of buying; `fee` and `slippage` are fractions reserved on top of a purchase.
    """

    market: Market
    fraction: Decimal
    held: Decimal
    equity_at_close: Decimal
    bid: Decimal
    ask: Decimal
    fee: Decimal
    slippage: Decimal


@dataclass(frozen=True, slots=True)
class Increase:
    """Buy `amount` (base) more, or as the first part; `notional` = amount × ask (quote)."""

    amount: Decimal
    notional: Decimal


@dataclass(frozen=True, slots=True)
class Reduce:
    """Sell down to `keep` (base)."""

    keep: Decimal


@dataclass(frozen=True, slots=True)
class SellAll:
    """`why`, if it is not that nothing is wanted any more."""

    why: str = ""


NextSize = Increase | Reduce | SellAll


def share_of(markets: Collection[str], settings: AccountSettings) -> Decimal:
    """The fraction of equity that each of the account's `markets` may use at a weight of 1."""
    return settings.own.risk_multiplier / max(1, len(markets))


def limits_on_weights(settings: AccountSettings) -> AccountSettings:
    """The settings with the caps that apply to sizes by weight.

    The defaults of max_position, max_exposure and max_positions are made for sizes by risk. Weights are parts of the
    market's share, so these caps apply only where nija.toml sets them.
    """
    risk = settings.risk
    widest = {"max_position": _ONE, "max_exposure": _ONE, "max_positions": _ANY_NUMBER}
    unset = {key: value for key, value in widest.items() if key not in risk.model_fields_set}
    return replace(settings, risk=risk.model_copy(update=unset))


def widened_band(band: Decimal, market: Market, price: Decimal, share: Decimal) -> Decimal:
    """The band, or a wider one where a change by the band is less than the exchange's minimum order.

    `share` is the market's share of equity in quote currency.
    """
    return max(band, _min_order(market, price) / share)


def enough_equity_for_band(band: Decimal, market: Market, price: Decimal, fraction: Decimal) -> Decimal:
    """The equity from which the band need not be widened and the smallest position fits, in quote currency."""
    return max(_min_order(market, price) / band, min_notional(market, price)) / fraction


def next_size(
    signal: SignalAt, share: MarketShare, funds: Funds, settings: AccountSettings
) -> NextSize | NoTradeReason:
    """What to do about this market on this candle, or why nothing. Rounding only ever makes an order smaller.

    `settings` are the account's own: see limits_on_weights.
    """
    if signal.weight is None or share.bid <= 0 or share.ask <= 0:
        raise ValueError(f"{share.market.symbol}: needs a weight, and prices above 0")
    if signal.weight == 0:
        return SellAll() if share.held > 0 else NoTradeReason(Rule.NO_SIGNAL, "nothing is wanted of this market")
    limits = limits_on_weights(settings).risk
    with localcontext(prec=_PRECISION, rounding=ROUND_DOWN):
        wanted = min(signal.weight, limits.max_position / share.fraction)
        refusal = _no_change(signal, signal.weight, wanted, share)
        if refusal is not None:
            return refusal
        missing = wanted * share.fraction * funds.equity - share.held * share.bid
        if missing > 0:
            return _increase(missing, share, funds, limits)
        return _reduce(-missing, share)


def _no_change(signal: SignalAt, weight: Decimal, wanted: Decimal, share: MarketShare) -> NoTradeReason | None:
    """Why nothing changes: what is held differs by less than the band from what is wanted, at that close."""
    market, quote = share.market, share.market.quote
    whole = share.fraction * share.equity_at_close
    if whole <= 0:
        return _left_out(share, whole, signal.close)
    part = share.held * signal.close / whole
    difference = abs(wanted - part)
    band = widened_band(signal.band, market, signal.close, whole)
    if difference >= band:
        return None if share.held > 0 else _too_small_to_open(wanted, share, whole, signal.close)
    capped = " (all that max_position allows)" if wanted < weight else ""
    figures = f"{percent(wanted)} of its share of {money(whole, quote)} is wanted{capped} and {percent(part)} is held"
    if difference < signal.band:
        text = f"{figures}: less apart than the band of {percent(signal.band)}"
        return NoTradeReason(Rule.WITHIN_BAND, text, exact(difference), exact(signal.band))
    if whole < min_notional(market, signal.close):
        return _left_out(share, whole, signal.close)
    enough = enough_equity_for_band(signal.band, market, signal.close, share.fraction)
    text = (
        f"{figures}, but the exchange's minimum order widens the band from {percent(signal.band)} to {percent(band)};"
        f" {money_enough(enough, quote)} of equity would be enough for every change"
    )
    return NoTradeReason(Rule.MINIMUM_ORDER, text, exact(difference), exact(band))


def _too_small_to_open(wanted: Decimal, share: MarketShare, whole: Decimal, price: Decimal) -> NoTradeReason | None:
    least = min_notional(share.market, price)
    if whole < least:
        return _left_out(share, whole, price)
    notional = wanted * whole
    if notional >= least:
        return None
    quote = share.market.quote
    text = (
        f"{percent(wanted)} of its share is wanted, {money(notional, quote)}, but the smallest position is"
        f" {money(least, quote)} (twice the exchange's minimum); waiting until more is wanted"
    )
    return NoTradeReason(Rule.MINIMUM_ORDER, text, exact(notional), exact(least))


def _left_out(share: MarketShare, whole: Decimal, price: Decimal) -> NoTradeReason:
    least, quote = min_notional(share.market, price), share.market.quote
    text = (
        f"left out: its whole share of equity, {money(whole, quote)}, is less than the smallest position of"
        f" {money(least, quote)} (twice the exchange's minimum); needs {money_enough(least / share.fraction, quote)} of"
        " equity, or fewer markets"
    )
    return NoTradeReason(Rule.MINIMUM_ORDER, text, exact(whole), exact(least))


def _increase(missing: Decimal, share: MarketShare, funds: Funds, limits: RiskSettings) -> Increase | NoTradeReason:
    market, quote = share.market, share.market.quote
    reserved = 1 + share.fee + share.slippage
    free = without_pending(funds, reserved).available
    room = limits.max_exposure * funds.equity - funds.exposure
    notional = min(missing, free / reserved, room)
    amount = market.floor_amount(max(ZERO, notional) / share.ask)
    least = min_notional(market, share.ask) if share.held == 0 else ZERO
    if amount > 0 and market.allows(amount, share.ask) and notional >= min(least, missing):
        return Increase(amount, amount * share.ask)
    wanted = f"{money(missing, quote)} more is wanted"
    if notional == missing:
        rule, limit = Rule.MINIMUM_ORDER, _min_order(market, share.ask)
        text = f"the exchange's minimum order is {money(limit, quote)}"
    elif room < free / reserved:
        rule, limit = Rule.MAX_EXPOSURE, room
        text = f"max_exposure = {percent(limits.max_exposure)} of equity leaves too little"
    else:
        rule, limit = Rule.AVAILABLE, free
        text = f"only {money(free, quote)} is free, fees included; deposit more or wait for a sale"
    return NoTradeReason(rule, f"{wanted}, but {text}", exact(missing), exact(limit))


def _reduce(excess: Decimal, share: MarketShare) -> Reduce | SellAll | NoTradeReason:
    market, quote = share.market, share.market.quote
    sold = market.floor_amount(excess / share.bid)
    keep = share.held - sold
    if keep * share.bid < min_notional(market, share.bid):
        return SellAll("the rest would be too small to sell")
    if sold > 0 and market.allows(sold, share.bid):
        return Reduce(keep)
    least = _min_order(market, share.bid)
    text = f"{money(excess, quote)} less is wanted, but the exchange's minimum order is {money(least, quote)}"
    return NoTradeReason(Rule.MINIMUM_ORDER, text, exact(excess), exact(least))


def _min_order(market: Market, price: Decimal) -> Decimal:
    """The exchange's smallest order, in quote currency."""
    return max(market.min_amount * price, market.min_cost)
