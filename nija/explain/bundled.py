"""Figures of the strategy evidence, for accounts without candles of their own: periods and sources are named.

The strategy evidence, sections 5 and 8: default sizes, BTC and ETH in one account. They are totals, never a yearly
average: most of each comes from a few trades.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from brokers.figures import exact, percent
from brokers.model import Timeframe
from nija.explain.past import PastFigures, PastStretch
from nija.strategy.registry import STRATEGY_TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nija.trader.plan import TradingPlan

SOURCE = "daily candles of Binance, BTC and ETH in one account, slippage 0.05 % a side, default settings"
_PERIODS = ("2018 and 2019", "2020 to Sep 2023", "Oct 2023 to Mar 2026")
_HOLD = ((-68, -88), (672, -76), (74, -55))
_CHOSEN_ON = (
    "The rules were chosen by people who knew the candles up to September 2023. Nothing was chosen on the later ones.",
    "Most of 2020 to 2023 came from a few trades before May 2021.",
)
_KRAKEN, _COINBASE_LOWER, _COINBASE = Decimal("0.004"), Decimal("0.006"), Decimal("0.012")


@dataclass(frozen=True, slots=True)
class _Bundle:
    """Total and fall in percent, for each of the periods; None where it was not measured."""

    fee: Decimal
    figures: tuple[tuple[int, int] | None, ...]
    notes: tuple[str, ...]


_BUNDLES: Mapping[str, tuple[_Bundle, ...]] = MappingProxyType(
    {
        "trend": (
            _Bundle(
                _KRAKEN,
                ((9, -11), (176, -16), (13, -17)),
                (
                    (
                        "Of all 12 months that ended between May 2022 and March 2026, the middle made 3 %, the lowest"
                        " quarter less than -2 %, the highest more than 13 %; 35 % of them lost."
                    ),
                    (
                        "Its high of March 2024 was not reached again by March 2026. Random entries with the same exits"
                        " did better in 37 of 100 runs."
                    ),
                ),
            ),
            _Bundle(_COINBASE_LOWER, (None, None, (11, -17)), ()),
            _Bundle(
                _COINBASE,
                ((6, -13), (153, -18), (4, -21)),
                (
                    (
                        "Of all 12 months that ended between May 2022 and March 2026, the middle made 0 %, the lowest"
                        " quarter less than -6 %, the highest more than 9 %; 50 % of them lost."
                    ),
                    "At this fee costs took nearly all of the lean years, and no account size changes a fee.",
                ),
            ),
        ),
        "trend_ensemble": (
            _Bundle(
                _KRAKEN,
                ((24, -10), (71, -15), (39, -14)),
                (
                    (
                        "Over the whole time it earned about as much as the default with the same fall: better in both"
                        " lean stretches, much worse in the great one. No difference is shown."
                    ),
                    (
                        "Its longest time below a high was 937 days; 30 % of all 12 months lost. About 60 variants were"
                        " looked at, these periods included."
                    ),
                ),
            ),
            _Bundle(
                _COINBASE,
                ((21, -11), (60, -19), (32, -15)),
                (
                    "Without its stop, which cost next to nothing. The steadier rule, not the richer one.",
                    "About 60 variants were looked at, these periods included.",
                ),
            ),
        ),
    }
)
_BY_WEIGHT = frozenset({"trend_ensemble"})
_CAPS = frozenset({"max_position", "max_exposure", "max_positions"})
_SLOW = MappingProxyType(
    {
        Timeframe.H4: "On 4h candles the same breakout made 0.67 % a trade from 2020 to September 2023 (by chance"
        " -1.01 to 2.66 %) and fell by 66 % on the way; daily candles were better in every way.",
    }
)


def bundled_figures(plan: TradingPlan, fee: Decimal) -> PastFigures | None:
    """Those of the bundled fee next to `fee` and not below it where there is one; None for other strategies."""
    bundles = _BUNDLES.get(plan.strategy_name)
    if bundles is None or plan.timeframe is not Timeframe.D1:
        return None
    dearer = [one for one in bundles if one.fee >= fee]
    bundle = min(dearer, key=lambda one: one.fee) if dearer else max(bundles, key=lambda one: one.fee)
    stretches = tuple(
        _stretch(period, measured, hold)
        for period, measured, hold in zip(_PERIODS, bundle.figures, _HOLD, strict=True)
        if measured is not None
    )
    return PastFigures(bundle.fee, stretches, SOURCE, (*bundle.notes, *_CHOSEN_ON))


def slow_timeframe_note(timeframe: Timeframe) -> str:
    """What is known of a timeframe that is slow enough to trade, but not the default; empty if nothing is."""
    return _SLOW.get(timeframe, "")


def differences(plan: TradingPlan) -> tuple[str, ...]:
    """Settings that change the figures and are not those of the bundled ones, as `key = value`."""
    settings, trading, risk = plan.settings, plan.settings.trading, plan.settings.risk
    usual = type(trading)(), type(settings.own)()
    found = []
    if trading.markets != usual[0].markets:
        found.append(f"markets = {', '.join(trading.markets)}")
    if settings.own.disabled_markets:
        found.append(f"disabled_markets = {', '.join(settings.own.disabled_markets)}")
    if settings.own.risk_multiplier != usual[1].risk_multiplier:
        found.append(f"risk_multiplier = {exact(settings.own.risk_multiplier)}")
    rates = ("risk_per_trade", "max_position", "max_exposure", "max_daily_loss", "max_drawdown")
    found += [f"{key} = {percent(getattr(risk, key))}" for key in rates if _differs(plan, key)]
    if _differs(plan, "max_positions"):
        found.append(f"max_positions = {risk.max_positions}")
    shipped = STRATEGY_TABLES().parameters(plan.strategy_name)
    found += [f"{key} = {value}" for key, value in settings.parameters.items() if value != shipped.get(key)]
    return tuple(found)


def _differs(plan: TradingPlan, key: str) -> bool:
    risk = plan.settings.risk
    # A weight knows no cap that is not set, so a cap set to its default limits it.
    if key in _CAPS and plan.strategy_name in _BY_WEIGHT:
        return key in risk.model_fields_set
    return bool(getattr(risk, key) != getattr(type(risk)(), key))


def _stretch(period: str, measured: tuple[int, int], hold: tuple[int, int]) -> PastStretch:
    total, fall, hold_total, hold_fall = map(_percent, (*measured, *hold))
    return PastStretch(period, total, fall, hold_total, hold_fall)


def _percent(whole: int) -> Decimal:
    return Decimal(whole) / 100
