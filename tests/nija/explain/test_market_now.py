"""What an account would do now in a market, why not, and what would have to happen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pytest

from brokers.model import ZERO
from nija.explain.account_now import appraisal_of
from nija.explain.market_now import MarketFound, MarketNow, market_now
from nija.risk.no_trade import NoTradeReason, Rule
from nija.risk.sizing import Funds
from nija.strategy.base import Signals
from nija.trader.plan import TradingPlan, trading_plan
from tests.nija.explain.backtests import BTC, KRAKEN
from tests.nija.explain.test_next_candle import Always
from tests.nija.risk.settings_of import settings_of
from tests.nija.strategy.generated import candles_of, flat

if TYPE_CHECKING:
    from accounts.setting_tables import AccountSettings
    from brokers.model import Candles

QUIET = candles_of(flat(40))
BROKEN_OUT = candles_of([*flat(40), (100.0, 105.0, 100.0, 104.0)])
FALLEN = candles_of([*flat(40), (100.0, 100.0, 95.0, 96.0)])
CLOSED = datetime(1970, 2, 11, tzinfo=UTC)


def now(
    found: MarketFound, settings: AccountSettings | None = None, equity: str = "1000", paused: str = ""
) -> MarketNow:
    funds = Funds(Decimal(equity), Decimal(equity), ZERO)
    moment = CLOSED + timedelta(hours=12)
    plan = trading_plan(settings or settings_of())
    return market_now(found, plan, KRAKEN, appraisal_of(funds, moment, paused=paused))


QUIETLY = MarketFound("BTC/USD", BTC, QUIET, Decimal(100))
BREAKOUT = MarketFound("BTC/USD", BTC, BROKEN_OUT, Decimal(104))


class TestWithoutASignal:
    def test_says_so_and_when_the_next_decision_comes(self) -> None:
        found = now(QUIETLY)
        assert (found.signal, found.rule, found.order) == ("", "no_signal", None)
        assert (found.closed, found.decides) == (
            datetime(1970, 2, 10, tzinfo=UTC),
            datetime(1970, 2, 11, tzinfo=UTC),
        )

    def test_names_the_close_that_would_buy_and_the_order_it_would_open(self) -> None:
        found = now(QUIETLY)
        assert found.buys_above == Decimal("101.0")
        assert found.next_order is not None
        # The stop is three average ranges of about 2 below: 2 % of 1000 over 6 %, capped at 25 % of equity.
        assert found.next_order.stop == pytest.approx(Decimal("95.1"), abs=Decimal("0.2"))
        assert found.next_order.cost == pytest.approx(Decimal(250), abs=Decimal("0.1"))

    def test_names_the_equity_that_the_smallest_order_needs(self) -> None:
        """10 USD, which may be 25 % of the account and risk at most 4 % of it over a stop 6 % away."""
        assert now(QUIETLY).enough == pytest.approx(Decimal(40), abs=Decimal("0.1"))

    def test_says_why_an_account_that_is_too_small_would_not_buy(self) -> None:
        found = now(QUIETLY, equity="30")
        assert found.next_order is not None
        assert (found.next_order.amount, found.next_order.rule) == (None, "max_position")

    def test_names_no_time_where_market_time_runs_faster(self) -> None:
        assert now(QUIETLY, settings_of(max_candle_age=0)).decides is None


class TestWithASignal:
    def test_shows_the_order_it_places_now(self) -> None:
        found = now(BREAKOUT)
        assert (found.signal, found.why_not) == ("buy", "")
        assert found.order is not None
        assert found.order.cost == pytest.approx(Decimal(250), abs=Decimal("0.1"))

    @pytest.mark.parametrize(
        ("settings", "equity", "paused", "rule"),
        [
            (settings_of(), "1000", "stopped by command", "paused"),
            (settings_of(), "10", "", "min_balance"),
            (settings_of(), "30", "", "max_position"),
            (settings_of(disabled_markets=("BTC/USD",)), "1000", "", "disabled_markets"),
            (settings_of(max_candle_age=0.1), "1000", "", "max_candle_age"),
        ],
    )
    def test_names_the_rule_that_forbids_it(
        self, settings: AccountSettings, equity: str, paused: str, rule: str
    ) -> None:
        assert now(BREAKOUT, settings, equity, paused).rule == rule

    def test_without_a_price_says_that_there_is_none(self) -> None:
        found = now(replace(BREAKOUT, price=None))
        assert (found.rule, found.order) == ("no_price", None)

    def test_repeats_the_traders_own_reason(self) -> None:
        acted = NoTradeReason(Rule.ACTED_ON, "the candle was already acted upon")
        found = now(replace(BREAKOUT, refusal=acted))
        assert (found.rule, found.why_not) == ("acted_on", acted.text)


class TestWhileAPositionIsHeld:
    def test_names_the_close_that_would_sell_it(self) -> None:
        found = now(replace(QUIETLY, held=Decimal("0.5"), stop=Decimal(94)))
        assert (found.held, found.stop, found.sells_below) == (Decimal("0.5"), Decimal(94), Decimal("99.0"))
        assert (found.rule, found.buys_above, found.next_order) == ("position_open", None, None)

    def test_shows_the_signal_to_sell(self) -> None:
        assert now(replace(QUIETLY, candles=FALLEN, held=Decimal("0.5"))).signal == "sell"


@dataclass(frozen=True, slots=True)
class Weighted(Always):
    """Wants this part of its share held, with a stop at 90."""

    weight: float = 0.5

    def evaluate(self, candles: Candles) -> Signals:
        length = len(candles)
        wanted, stop = np.full(length, self.weight), np.full(length, 90.0)
        return Signals(wanted > 0, wanted == 0, stop, stop.copy(), wanted, band=0.1)


def weighted(weight: float, held: str = "0") -> MarketNow:
    plan = TradingPlan(settings_of(markets=("BTC/USD", "ETH/USD")), Weighted(weight=weight))
    found = replace(QUIETLY, held=Decimal(held), stop=Decimal(90) if Decimal(held) else None)
    return market_now(found, plan, KRAKEN, appraisal_of(Funds(Decimal(1000), Decimal(500), ZERO), CLOSED))


class TestAStrategyWithWeights:
    def test_buys_the_part_of_its_share_that_it_wants(self) -> None:
        """Half of the half of 1000 USD that each of two markets may use."""
        found = weighted(0.5)
        assert found.weight == Decimal("0.5")
        assert found.order is not None
        assert found.order.cost == pytest.approx(Decimal(250), abs=Decimal("0.1"))

    def test_buys_the_rest_of_what_it_wants_while_something_is_held(self) -> None:
        found = weighted(0.5, held="1")
        assert found.order is not None
        assert found.order.cost == pytest.approx(Decimal(150), abs=Decimal("0.1"))

    def test_sells_down_to_what_it_wants(self) -> None:
        assert weighted(0.5, held="4").sells == "down to 2.50000000 BTC"

    def test_sells_all_of_what_it_no_longer_wants(self) -> None:
        assert weighted(0, held="4").sells == "all of it"

    def test_waits_within_its_band(self) -> None:
        assert weighted(0.5, held="2.4").rule == "within_band"

    def test_names_the_equity_that_a_change_by_the_band_needs(self) -> None:
        """5 USD are a tenth of the half of 100 USD."""
        assert weighted(0.5).enough == Decimal(100)


class TestWhatIsUnknown:
    def test_is_said_where_there_are_no_candles(self) -> None:
        found = now(MarketFound("BTC/USD", BTC, problem="Kraken cannot be reached"))
        assert (found.closed, found.problem) == (None, "Kraken cannot be reached")

    def test_is_said_where_there_are_too_few_candles(self) -> None:
        assert "needs 21 closed 1d candles" in now(replace(QUIETLY, candles=candles_of(flat(5)))).problem

    def test_is_said_where_a_strategy_of_the_users_own_fails(self) -> None:
        class Failing(Always):
            def evaluate(self, candles: object) -> object:  # type: ignore[override]
                raise RuntimeError("no such column")

        plan = TradingPlan(settings_of(strategy="own:Failing"), Failing(does=True))  # type: ignore[arg-type]
        funds = Funds(Decimal(1000), Decimal(1000), ZERO)
        found = market_now(QUIETLY, plan, KRAKEN, appraisal_of(funds, CLOSED))
        assert found.problem == "the strategy own:Failing failed: RuntimeError: no such column"
