"""Which markets an account can trade: known, open, and with enough money for the exchange's minimums."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from accounts.identity import AccountId
from brokers.exchanges import described
from brokers.figures import money, money_enough, percent
from nija.doctor.finding import Finding, Level, broken, fine, warning
from nija.risk.costs import round_trip_cost, slippage
from nija.risk.no_trade import NoTradeReason
from nija.risk.resizing import enough_equity_for_band, share_of, widened_band
from nija.risk.sizing import Entry, Funds, enough_equity, min_notional, size_entry
from nija.strategy.base import StrategyError
from nija.trader.plan import trading_plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accounts.setting_tables import AccountSettings
    from brokers.model import Market
    from nija.doctor.facts import AccountFacts, MarketFacts
    from nija.trader.plan import TradingPlan

# About three times the usual daily range of the large coins, where the default strategy's stops lie.
_USUAL_STOP = Decimal("0.10")
# A deposit must be enough at the next entry too, which may be weeks away.
_PRICE_RISE = Decimal("1.10")


def check_markets(facts: AccountFacts, settings: AccountSettings, *, is_funded: bool) -> Iterator[Finding]:
    """A finding for each market, then one if none can be traded; without money, sizes are not checked."""
    try:
        plan = trading_plan(settings)
    except StrategyError as error:
        yield broken("The strategy cannot be used", str(error))
        return
    checks = (_check_market(market, facts, settings, is_funded=is_funded) for market in facts.markets)
    findings = [finding for finding in checks if finding is not None]
    yield from findings
    yield from _check_history(facts, plan)
    if not settings.enabled:
        yield warning(
            "This account is switched off",
            f'To trade it, set enabled = true under [accounts."{facts.id}"] in nija.toml',
        )
    elif facts.markets and all(found.market is None for found in facts.markets):
        yield broken("The exchange has none of this account's markets", "Correct markets in nija.toml")
    elif is_funded and findings and all(finding.level is not Level.OK for finding in findings):
        yield broken("No market can be traded with this balance", _way_out(facts, settings))
    yield from _check_costs(facts, settings)


def quote_of(settings: AccountSettings) -> str:
    """The currency in which an account's money counts: the quote currency of its first market."""
    return settings.trading.markets[0].partition("/")[2]


def enough_for_all(facts: AccountFacts, settings: AccountSettings) -> Decimal | None:
    """The equity, in the account's currency, with which each of its markets can be traded; None if that is unknown.

    Leaves room for rising prices.
    """
    known = [found for found in facts.markets if found.market is not None and found.market.quote == quote_of(settings)]
    needed = [_enough_for(found, facts, settings) for found in known]
    enough = [equity for equity in needed if equity is not None]
    return max(enough) if enough and len(enough) == len(known) else None


def _enough_for(found: MarketFacts, facts: AccountFacts, settings: AccountSettings) -> Decimal | None:
    if found.market is None or found.price is None or found.price <= 0:
        return None
    band, price = _band(settings), found.price * _PRICE_RISE
    if band is not None:
        return enough_equity_for_band(band, found.market, price, share_of(settings.markets, settings))
    return enough_equity(_usual_entry(found.market, price, facts), settings)


def _band(settings: AccountSettings) -> Decimal | None:
    """The band of a strategy whose positions follow a weight; None for one that sizes by risk."""
    band = settings.parameters.get("band")
    return None if band is None else Decimal(str(band))


def _way_out(facts: AccountFacts, settings: AccountSettings) -> str:
    enough, quote = enough_for_all(facts, settings), quote_of(settings)
    worth = _worth(facts, quote)
    if enough is None or enough <= worth:
        return "See the reasons above, and change the settings or the markets in nija.toml"
    return (
        f"Deposit {money_enough(enough - worth, quote)} or more in {quote}, which is enough for every market of this "
        "account, or change the settings named above"
    )


def _worth(facts: AccountFacts, currency: str) -> Decimal:
    total = facts.held(currency).total
    return max(total, facts.equity or total)


def _check_market(
    found: MarketFacts, facts: AccountFacts, settings: AccountSettings, *, is_funded: bool
) -> Finding | None:
    if found.market is None:
        nearest = f"The nearest is {found.nearest}. " if found.nearest else ""
        return warning(
            f"{found.symbol}: the exchange has no such market",
            f"{nearest}Correct markets in nija.toml; the account's other markets are not affected",
        )
    if not found.market.tradable:
        return warning(
            f"{found.symbol}: the exchange accepts no orders now", "Nothing to do: wait until it opens again"
        )
    if found.price is None or found.price <= 0:
        return warning(f"{found.symbol}: no price is known yet", "Try again in a minute")
    return _check_size(found.market, found.price, facts, settings) if is_funded else None


def _check_history(facts: AccountFacts, plan: TradingPlan) -> Iterator[Finding]:
    given, name = described(AccountId.parse(facts.id).exchange).candles_at_start, plan.strategy_name
    if plan.strategy.warmup > given:
        yield broken(
            f"The strategy {name} needs {plan.strategy.warmup} closed candles; the exchange provides {given}",
            "It opens nothing, or not what it should, until the rest have closed while NIJA runs: use shorter lengths"
            " in nija.toml",
        )


def _check_size(market: Market, price: Decimal, facts: AccountFacts, settings: AccountSettings) -> Finding:
    least = money(min_notional(market, price), market.quote)
    worth, band = _worth(facts, market.quote), _band(settings)
    if band is not None:
        return _check_share(market, price, share_of(settings.markets, settings) * worth, band)
    entry = _usual_entry(market, price, facts)
    sized = size_entry(entry, Funds(equity=worth, available=worth, exposure=Decimal(0)), settings)
    if isinstance(sized, NoTradeReason):
        return warning(f"{market.symbol}: the account is too small to trade it", sized.text)
    return fine(
        f"{market.symbol}: can be traded, about {money(sized.notional, market.quote)} per trade (minimum {least})"
    )


def _check_share(market: Market, price: Decimal, share: Decimal, band: Decimal) -> Finding:
    """`share` is the market's share of equity, in quote currency."""
    least, most = min_notional(market, price), money(share, market.quote)
    if share < least:
        return warning(
            f"{market.symbol}: the account is too small to trade it",
            f"Its share of equity is {most}, and the smallest position is {money(least, market.quote)} (twice the"
            " exchange's minimum): it is left out. Deposit more, or trade fewer markets",
        )
    widened = widened_band(band, market, price, share)
    return fine(
        f"{market.symbol}: can be traded, up to {most} (minimum {money(least, market.quote)})",
        f"The exchange's minimum order widens the band from {percent(band)} to {percent(widened)}"
        if widened > band
        else "",
    )


def _usual_entry(market: Market, price: Decimal, facts: AccountFacts) -> Entry:
    return Entry(
        market=market,
        close=price,
        stop=price * (1 - _USUAL_STOP),
        price=price,
        fee=facts.taker or Decimal(0),
        slippage=slippage(market),
    )


def _check_costs(facts: AccountFacts, settings: AccountSettings) -> Iterator[Finding]:
    known = next((found.market for found in facts.markets if found.market is not None), None)
    if known is None or facts.taker is None:
        return
    cost = round_trip_cost(facts.taker, facts.taker, slippage(known))
    gate = Decimal(str(settings.parameters.get("fee_gate", 0)))
    skipped = f"Entries with a stop nearer than {percent(gate * cost)} are skipped" if gate else ""
    yield fine(f"Buying and selling costs about {percent(cost)} of a trade", skipped)
