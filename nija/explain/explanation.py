"""Everything that `nija explain` says of one account, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokers.model import Exchange
from nija.explain.account_size import account_size, verdict, with_costs, with_ordinary_year
from nija.explain.bundled import bundled_figures, differences, slow_timeframe_note
from nija.risk.costs import cost_of, round_trip_cost, slippage_of

if TYPE_CHECKING:
    from decimal import Decimal

    from nija.explain.account_now import AccountNow
    from nija.explain.account_size import AccountSize
    from nija.explain.past import PastFigures
    from nija.trader.plan import TradingPlan

_DEFAULT = "trend"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One account, now and in the past.

    `round_trip` is what buying and selling once costs, as a fraction. `own` are the figures of a backtest of these
    settings on stored candles, `bundled` those that come with NIJA; None if there are none. `unlike` are the account's
    settings that the bundled figures do not have. `timeframe_note` is what a fast timeframe costs.
    """

    now: AccountNow
    strategy: str
    timeframe: str
    markets: tuple[str, ...]
    round_trip: Decimal
    own: PastFigures | None
    bundled: PastFigures | None
    unlike: tuple[str, ...]
    timeframe_note: str
    size: AccountSize
    verdict: str


def explanation(now: AccountNow, plan: TradingPlan, own: PastFigures | None = None) -> Explanation:
    """`own` is a backtest of the account's settings, where there are candles for it."""
    slipped = max(slippage_of(symbol.partition("/")[0]) for symbol in plan.markets)
    round_trip = round_trip_cost(now.taker, now.taker, slipped)
    bundled = bundled_figures(plan, now.taker)
    size = account_size(now.sized_by, [one.enough for one in now.markets])
    if bundled is not None:
        size = with_ordinary_year(size)
        size = with_costs(size, round_trip) if plan.strategy_name == _DEFAULT else size
    resizes = any(one.weight is not None for one in now.markets)
    return Explanation(
        now=now,
        strategy=plan.strategy_name,
        timeframe=str(plan.timeframe),
        markets=plan.settings.markets,
        round_trip=round_trip,
        own=own,
        bundled=bundled,
        unlike=differences(plan),
        timeframe_note=cost_of(plan.timeframe, now.taker, round_trip) or slow_timeframe_note(plan.timeframe),
        size=size,
        verdict=verdict(size, Exchange(now.exchange), resizes=resizes),
    )
