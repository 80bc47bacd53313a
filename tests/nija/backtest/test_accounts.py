"""A backtest of whole accounts: the daemon's sizes, several markets, several accounts, and what forbids an entry."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from brokers.model import ZERO, Candles, Fees, Market, Timeframe
from nija.backtest.engine import BacktestError, backtest, evaluate
from nija.backtest.records import BacktestAccount, BacktestResult, BacktestTrade, FillReason, MarketHistory
from nija.risk.sizing import Funds
from nija.strategy.base import Signals
from nija.trader.plan import TradingPlan
from tests.nija.backtest.runs import Scripted
from tests.nija.risk.settings_of import settings_of
from tests.nija.strategy.generated import candles_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nija.strategy.base import Strategy

DAY = 86_400
FEES = Fees(Decimal("0.0025"), Decimal("0.004"))
QUIET = (100.0, 100.0, 100.0, 100.0)
Rows = list[tuple[float, float, float, float]]


@dataclass(frozen=True)
class ByMarket:
    """A script for each market."""

    scripts: tuple[tuple[str, Scripted], ...]
    asked: list[str] = field(default_factory=list, compare=False)
    name: str = "by_market"
    warmup: int = 1
    fee_gate: float = 0.0

    def evaluate(self, candles: Candles) -> Signals:
        self.asked.append(candles.market)
        return dict(self.scripts)[candles.market].evaluate(candles)


def real_market(symbol: str, min_cost: str = "0.5") -> Market:
    base, quote = symbol.split("/")
    return Market(
        *(symbol, base, quote),
        amount_step=Decimal("0.001"),
        price_step=Decimal("0.1"),
        min_amount=Decimal("0.001"),
        min_cost=Decimal(min_cost),
    )


def history(symbol: str, rows: Rows, first: int = 0) -> MarketHistory:
    candles = candles_of(rows)
    return MarketHistory(real_market(symbol), replace(candles, market=symbol, time=candles.time + first * DAY))


def account(strategy: Strategy, cash: str = "1000", name: str = "kraken:master", **settings: object) -> BacktestAccount:
    return BacktestAccount(name, TradingPlan(settings_of(**settings), strategy), FEES, Decimal(cash))


def run(of: BacktestAccount, *histories: MarketHistory) -> BacktestResult:
    (result,) = backtest([of], {one.market.symbol: one for one in histories})
    return result


def entered(result: BacktestResult) -> list[tuple[str, int]]:
    return [(trade.market, trade.opened // DAY) for trade in result.trades]


def refusals(result: BacktestResult) -> list[tuple[str, str, int]]:
    return [(one.market, one.rule, one.count) for one in result.not_opened]


ONE = Scripted(frozenset({0}), stop=90.06)
BOTH = ByMarket((("BTC/USD", ONE), ("ETH/USD", ONE)))


def test_an_entry_has_the_size_that_the_daemon_would_order_at_the_ask() -> None:
    of = account(ONE, markets=("BTC/USD",))
    ask = Decimal("100.05")
    signal = ONE.evaluate(candles_of([QUIET])).at(candles_of([QUIET]), 0)
    funds = Funds(equity=Decimal(1000), available=Decimal(1000), exposure=ZERO)
    sized = of.plan.entry_size(real_market("BTC/USD"), signal, ask, FEES, funds)
    (trade,) = run(of, history("BTC/USD", [QUIET] * 3)).trades
    assert trade.fills[0].price == ask
    assert trade.fills[0].amount == getattr(sized, "amount", None)


def test_stops_lie_on_the_tick_below() -> None:
    (trade,) = run(account(ONE, markets=("BTC/USD",)), history("BTC/USD", [QUIET] * 3)).trades
    assert [move.price for move in trade.stops] == [Decimal("90.0")]


def test_a_low_between_the_stop_and_its_tick_does_not_sell() -> None:
    rows = [QUIET, (100.0, 100.0, 90.03, 100.0), QUIET]
    (trade,) = run(account(ONE, markets=("BTC/USD",)), history("BTC/USD", rows)).trades
    assert trade.is_unfinished


def test_too_small_an_account_opens_nothing_and_says_by_which_rule() -> None:
    small = run(account(ONE, cash="20", markets=("BTC/USD",)), history("BTC/USD", [QUIET] * 3))
    assert (small.trades, refusals(small)) == ((), [("BTC/USD", "min_balance", 1)])
    costly = MarketHistory(real_market("BTC/USD", min_cost="200"), candles_of([QUIET] * 3))
    large = run(account(ONE, markets=("BTC/USD",)), costly)
    assert refusals(large) == [("BTC/USD", "max_position", 1)]
    assert "$400.00" in large.not_opened[0].example


def test_markets_are_entered_in_the_order_of_the_plan_each_with_what_the_last_one_left() -> None:
    histories = history("BTC/USD", [QUIET] * 3), history("ETH/USD", [QUIET] * 3)
    settings: dict[str, Any] = {"max_exposure": Decimal("0.3"), "risk_per_trade": Decimal("0.05")}
    first = run(account(BOTH, markets=("BTC/USD", "ETH/USD"), **settings), *histories)
    assert [trade.market for trade in first.trades] == ["BTC/USD", "ETH/USD"]
    large, rest = (trade.fills[0].value for trade in first.trades)
    assert (round(large), round(rest)) == (250, 50)
    other = run(account(BOTH, markets=("ETH/USD", "BTC/USD"), **settings), *histories)
    assert [trade.market for trade in other.trades] == ["ETH/USD", "BTC/USD"]


def test_what_is_held_counts_at_the_bid_when_the_next_entry_is_sized() -> None:
    of = account(BOTH, cash="100000", markets=("BTC/USD", "ETH/USD"))
    first, second = run(of, history("BTC/USD", [QUIET] * 3), history("ETH/USD", [QUIET] * 3)).trades
    cash = Decimal(100_000) - first.fills[0].value - first.fills[0].fee
    held = first.fills[0].amount * Decimal("99.95")
    signal = ONE.evaluate(candles_of([QUIET])).at(candles_of([QUIET]), 0)
    funds = Funds(equity=cash + held, available=cash, exposure=held)
    sized = of.plan.entry_size(real_market("ETH/USD"), signal, Decimal("100.05"), FEES, funds)
    assert second.fills[0].amount == getattr(sized, "amount", None)


def test_a_sale_at_the_open_makes_room_for_an_entry_at_the_same_open() -> None:
    leaves, enters = Scripted(frozenset({0}), exits=frozenset({1}), stop=90), Scripted(frozenset({1}), stop=90)
    strategy = ByMarket((("BTC/USD", enters), ("ETH/USD", leaves)))
    histories = history("BTC/USD", [QUIET] * 4), history("ETH/USD", [QUIET] * 4)
    result = run(account(strategy, markets=("BTC/USD", "ETH/USD"), max_positions=1), *histories)
    assert entered(result) == [("ETH/USD", 1), ("BTC/USD", 2)]


def test_a_stop_inside_the_candle_comes_too_late_for_an_entry_at_its_open() -> None:
    stopped, enters = Scripted(frozenset({0}), stop=90), Scripted(frozenset({1}), stop=90)
    strategy = ByMarket((("BTC/USD", enters), ("ETH/USD", stopped)))
    histories = history("BTC/USD", [QUIET] * 4), history("ETH/USD", [QUIET, QUIET, (100, 100, 80, 100), QUIET])
    result = run(account(strategy, markets=("BTC/USD", "ETH/USD"), max_positions=1), *histories)
    assert (entered(result), refusals(result)) == ([("ETH/USD", 1)], [("BTC/USD", "max_positions", 1)])


def test_a_gap_below_a_stop_makes_room_for_an_entry_at_the_same_open() -> None:
    stopped, enters = Scripted(frozenset({0}), stop=90), Scripted(frozenset({1}), stop=90)
    strategy = ByMarket((("BTC/USD", enters), ("ETH/USD", stopped)))
    histories = history("BTC/USD", [QUIET] * 4), history("ETH/USD", [QUIET, QUIET, (80, 100, 80, 100), QUIET])
    result = run(account(strategy, markets=("BTC/USD", "ETH/USD"), max_positions=1), *histories)
    assert entered(result) == [("ETH/USD", 1), ("BTC/USD", 2)]


def test_a_disabled_market_is_not_entered_and_needs_no_candles() -> None:
    of = account(BOTH, markets=("BTC/USD", "ETH/USD"), disabled_markets=("ETH/USD",))
    with_candles = run(of, history("BTC/USD", [QUIET] * 3), history("ETH/USD", [QUIET] * 3))
    assert refusals(with_candles) == [("ETH/USD", "disabled_markets", 1)]
    assert entered(run(of, history("BTC/USD", [QUIET] * 3))) == [("BTC/USD", 1)]


def test_an_old_signal_opens_nothing_after_a_long_gap() -> None:
    candles = candles_of([QUIET] * 3)
    gap = MarketHistory(real_market("BTC/USD"), replace(candles, time=np.array([0, 5, 6]) * DAY))
    assert refusals(run(account(ONE, markets=("BTC/USD",)), gap)) == [("BTC/USD", "max_candle_age", 1)]


# Bought for 250 USD at 100.05; each fall of 40 costs the account about 10 %.
FALL: Rows = [QUIET, QUIET, (100.0, 100.0, 60.0, 60.0), (60.0, 60.0, 60.0, 60.0)]
BIG: dict[str, Any] = {"risk_per_trade": Decimal("0.2"), "max_drawdown": Decimal("0.5")}


def test_a_daily_loss_pauses_entries_until_the_next_day() -> None:
    hours = candles_of([*FALL, *[QUIET] * 26])
    hourly = replace(hours, timeframe=Timeframe.H1, time=hours.time // 24)
    script = Scripted(frozenset({0, 4, 5, 24, 25}), exits=frozenset({3}), stop=50)
    of = account(script, markets=("BTC/USD",), timeframe=Timeframe.H1, **BIG)
    result = run(of, MarketHistory(real_market("BTC/USD"), hourly))
    # 00:00 + 24 candles is the next day, at whose first open the signal of 23:00 could fill.
    assert [trade.opened // 3600 for trade in result.trades] == [1, 25]
    assert refusals(result) == [("BTC/USD", "paused", 2)]
    assert "daily loss" in result.not_opened[0].example


def test_a_loss_in_the_last_candle_of_a_day_is_one_of_that_day() -> None:
    hours = candles_of([*[QUIET] * 23, FALL[2], *[FALL[3]] * 4])
    hourly = replace(hours, timeframe=Timeframe.H1, time=hours.time // 24)
    script = Scripted(frozenset({20, 24}), exits=frozenset({23}), stop=50)
    of = account(script, markets=("BTC/USD",), timeframe=Timeframe.H1, **BIG)
    result = run(of, MarketHistory(real_market("BTC/USD"), hourly))
    assert [trade.opened // 3600 for trade in result.trades] == [21, 25]


def test_a_drawdown_pauses_entries_for_good() -> None:
    script = Scripted(frozenset({0, 4, 9}), exits=frozenset({3}), stop=50)
    tight = BIG | {"max_drawdown": Decimal("0.09"), "max_daily_loss": Decimal("0.9")}
    result = run(account(script, markets=("BTC/USD",), **tight), history("BTC/USD", [*FALL, *[QUIET] * 8]))
    assert (entered(result), refusals(result)) == ([("BTC/USD", 1)], [("BTC/USD", "paused", 2)])
    assert "drawdown" in result.not_opened[0].example


def test_a_fall_that_has_recovered_by_the_close_reaches_no_limit() -> None:
    rows: Rows = [QUIET, (100.0, 100.0, 60.0, 100.0), QUIET, QUIET, QUIET]
    script = Scripted(frozenset({0, 3}), exits=frozenset({2}), stop=50)
    tight = BIG | {"max_drawdown": Decimal("0.05"), "max_daily_loss": Decimal("0.05")}
    assert len(run(account(script, markets=("BTC/USD",), **tight), history("BTC/USD", rows)).trades) == 2


def test_each_account_trades_alone_and_equal_strategies_are_evaluated_once() -> None:
    twin = ByMarket(BOTH.scripts, BOTH.asked)
    BOTH.asked.clear()
    both = [account(BOTH, cash="1000"), account(twin, cash="50", name="kraken:daivon_frazier", max_positions=1)]
    histories = {one.market.symbol: one for one in (history("BTC/USD", [QUIET] * 3), history("ETH/USD", [QUIET] * 3))}
    large, small = backtest(both, histories)
    assert [result.account.name for result in (large, small)] == ["kraken:master", "kraken:daivon_frazier"]
    assert (len(large.trades), len(small.trades)) == (2, 1)
    assert sorted(BOTH.asked) == ["BTC/USD", "ETH/USD"]


def test_a_table_of_signals_replaces_the_strategies() -> None:
    of = account(ONE, markets=("BTC/USD",))
    late = {of.plan.subscription("BTC/USD"): Scripted(frozenset({1}), stop=90).evaluate(candles_of([QUIET] * 4))}
    (result,) = backtest([of], {"BTC/USD": history("BTC/USD", [QUIET] * 4)}, signals=late)
    assert entered(result) == [("BTC/USD", 2)]


def test_the_curve_has_every_close_of_any_market() -> None:
    result = run(account(BOTH), history("BTC/USD", [QUIET] * 3), history("ETH/USD", [QUIET] * 3, first=2))
    assert (result.curve.time // DAY).tolist() == [0, 1, 2, 3, 4]
    assert entered(result) == [("BTC/USD", 1), ("ETH/USD", 3)]
    money = [float(trade.fills[0].value + trade.fills[0].fee) for trade in result.trades]
    amounts = [float(trade.fills[0].amount) for trade in result.trades]
    ended = float(result.trades[0].net)
    assert result.curve.invested.tolist() == pytest.approx(
        [0, amounts[0] * 100, amounts[0] * 100, amounts[1] * 100, amounts[1] * 100]
    )
    assert result.curve.equity.tolist() == pytest.approx(
        [
            *(1000, 1000 - money[0] + amounts[0] * 100, 1000 - money[0] + amounts[0] * 100),
            *([1000 + ended - money[1] + amounts[1] * 100] * 2),
        ]
    )


@dataclass(frozen=True)
class Weighted:
    """Wants these weights, by the index of the candle."""

    weights: tuple[float, ...]
    stop: float = 50.0
    band: float = 0.1
    name: str = "weighted"
    warmup: int = 1
    fee_gate: float = 0.0

    def evaluate(self, candles: Candles) -> Signals:
        weight = np.array(self.weights)
        stop = np.full(len(candles), self.stop)
        return Signals(weight >= self.band, weight == 0, stop, stop + np.arange(len(candles)), weight, self.band)


def resized(weights: Sequence[float], rows: Rows | None = None) -> BacktestTrade:
    of = account(Weighted(tuple(weights)), markets=("BTC/USD",))
    return run(of, history("BTC/USD", rows or [QUIET] * len(weights))).trades[0]


def test_a_position_that_follows_a_weight_is_bought_and_sold_in_parts() -> None:
    trade = resized([0.2, 0.25, 0.5, 0.3, 0.3, 0.0, 0.0])
    reasons = [(fill.time // DAY, fill.reason) for fill in trade.fills]
    assert reasons == [
        *((1, FillReason.ENTRY), (3, FillReason.INCREASE), (4, FillReason.REDUCE), (6, FillReason.EXIT)),
    ]
    values = [round(float(fill.value)) for fill in trade.fills]
    assert values[:3] == pytest.approx([200, 300, 200], abs=2)
    assert trade.bought == sum(fill.amount for fill in trade.fills if fill.side == "sell")


def test_a_stop_sells_all_that_is_held_then_and_moves_on_while_parts_are_bought() -> None:
    fall = (100.0, 100.0, 40.0, 100.0)
    trade = resized([0.2, 0.5, 0.5, 0.5, 0.5], [QUIET, QUIET, QUIET, fall, QUIET])
    assert [fill.reason for fill in trade.fills] == [FillReason.ENTRY, FillReason.INCREASE, FillReason.STOP]
    assert trade.fills[-1].amount == trade.bought
    assert [move.price for move in trade.stops] == [Decimal(50), Decimal(51), Decimal(52)]


def test_a_rest_too_small_to_sell_is_sold_with_the_part_before_it() -> None:
    trade = resized([0.5, 0.5, 0.0005, 0.0005, 0.0005])
    assert [(fill.time // DAY, fill.reason) for fill in trade.fills] == [(1, FillReason.ENTRY), (3, FillReason.EXIT)]
    assert [move.time // DAY for move in trade.stops] == [0, 1, 2]


@pytest.mark.parametrize(
    ("of", "histories", "said"),
    [
        (account(BOTH), {}, "kraken:master trades BTC/USD, of which there are no candles"),
        (
            account(ONE, markets=("BTC/USD",), timeframe=Timeframe.H1),
            {"BTC/USD": history("BTC/USD", [QUIET])},
            "trades 1h candles, but those of BTC/USD are 1d",
        ),
        (account(ONE, cash="0", markets=("BTC/USD",)), {"BTC/USD": history("BTC/USD", [QUIET])}, "starts with 0"),
    ],
)
def test_what_cannot_be_tested_is_an_error(of: BacktestAccount, histories: dict[str, MarketHistory], said: str) -> None:
    with pytest.raises(BacktestError, match=said):
        backtest([of], histories)


def test_a_span_without_candles_is_an_error() -> None:
    of, histories = account(ONE, markets=("BTC/USD",)), {"BTC/USD": history("BTC/USD", [QUIET] * 3)}
    with pytest.raises(BacktestError, match="no candle of its markets opens between start and end"):
        backtest([of], histories, start=10 * DAY)


def test_a_market_without_candles_in_the_span_opens_nothing() -> None:
    histories = {"BTC/USD": history("BTC/USD", [QUIET] * 4), "ETH/USD": history("ETH/USD", [QUIET] * 4, first=9)}
    (result,) = backtest([account(BOTH)], histories, end=3 * DAY)
    assert entered(result) == [("BTC/USD", 1)]


def test_a_market_in_another_currency_is_left_out_and_said() -> None:
    strategy = ByMarket((("BTC/USD", ONE), ("ETH/BTC", ONE)))
    of = account(strategy, markets=("BTC/USD", "ETH/BTC"))
    result = run(of, history("BTC/USD", [QUIET] * 3), history("ETH/BTC", [QUIET] * 3))
    assert refusals(result) == [("ETH/BTC", "other_quote", 1)]


def test_evaluate_gives_a_table_by_strategy_market_and_timeframe() -> None:
    of = account(ONE, markets=("BTC/USD",))
    table = evaluate([of], {"BTC/USD": history("BTC/USD", [QUIET] * 3)})
    assert list(table) == [of.plan.subscription("BTC/USD")]
