"""An account's settings replayed from its start, beside its journal's trades."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from accounts.identity import AccountId
from brokers.client_order_id import Purpose, new_client_id
from brokers.model import Fill, OrderRequest, OrderType, Side
from nija.explain.account_past import account_past
from nija.explain.beside import Beside, NotCompared, TradedAccount, beside
from nija.explain.live_trades import live_trades
from nija.journal.connection import CommitPoint
from nija.journal.order_state import OrderState
from nija.journal.records import EquityDay, EquityPoint, Intent, PositionPlan
from nija.trader.plan import TradingPlan, trading_plan
from tests.fakes import ManualClock
from tests.journals import journals_in
from tests.nija.explain.backtests import BTC, DAY, KRAKEN
from tests.nija.explain.test_next_candle import Always
from tests.nija.orders.captured_log import CapturedLog
from tests.nija.risk.settings_of import settings_of
from tests.nija.strategy.generated import candles_of, flat

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from brokers.model import Candles
    from nija.journal.journal import Journal

MASTER = AccountId.parse("kraken:master")
START = datetime(1970, 2, 5, 9, 0, tzinfo=UTC)
"""Day 35."""
# It breaks out on day 40, and falls below its last ten days on day 50.
PRICES = [
    *flat(40),
    (100.0, 105.0, 100.0, 104.0),
    *([(104.0, 106.0, 103.0, 105.0)] * 9),
    (105.0, 105.0, 98.5, 99.0),
    *([(99.0, 100.0, 98.0, 99.0)] * 5),
]
CANDLES = candles_of(PRICES)
ACCOUNT = TradedAccount(
    trading_plan(settings_of(markets=("BTC/USD",))), KRAKEN, has_own_fees=True, markets={"BTC/USD": BTC}
)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journals = journals_in(tmp_path, ManualClock(START.timestamp()), CapturedLog().logger)
    with closing(journals.open(MASTER)) as opened:
        yield opened


def valued(journal: Journal, days: int = 25, equity: str = "1000") -> None:
    """NIJA ran for so many days."""
    for day in range(days):
        time = START + timedelta(days=day)
        worth = Decimal(equity)
        one = Decimal(1)
        row = EquityDay(time.date(), "USD", one, one, one, Decimal(0), worth, time)
        journal.equity.save(row, EquityPoint(time, "USD", worth, Decimal(0), one))


def bought(journal: Journal, day: float, price: str, signal: int) -> PositionPlan:
    position = new_client_id(Purpose.ENTRY)
    time = datetime.fromtimestamp(day * DAY, tz=UTC)
    plan = PositionPlan(position, "BTC/USD", time, "trend", signal_time=datetime.fromtimestamp(signal * DAY, tz=UTC))
    with journal.transaction(CommitPoint.INTENDED):
        journal.plans.add(plan)
    filled(journal, plan, Purpose.ENTRY, day, price)
    return plan


def sold(journal: Journal, plan: PositionPlan, day: float, price: str, reason: str = "trend exit") -> None:
    filled(journal, plan, Purpose.EXIT, day, price)
    ended = datetime.fromtimestamp(day * DAY, tz=UTC)
    with journal.transaction(CommitPoint.CLOSED):
        journal.plans.save(replace(plan, exit_reason=reason, closed=ended))


def filled(journal: Journal, plan: PositionPlan, purpose: Purpose, day: float, price: str) -> None:
    time = datetime.fromtimestamp(day * DAY, tz=UTC)
    side = Side.BUY if purpose is Purpose.ENTRY else Side.SELL
    client_id = plan.id if purpose is Purpose.ENTRY else new_client_id(purpose)
    amount, paid = Decimal("2.4"), Decimal("2.4") * Decimal(price) * KRAKEN.taker
    request = OrderRequest(client_id, plan.market, side, OrderType.MARKET, amount, time)
    fill = Fill(f"T-{client_id}", f"O-{client_id}", plan.market, side, amount, Decimal(price), paid, "USD", time)
    intent = Intent(request, plan.id, purpose, OrderState.INTENDED, time, Decimal(0), "trend")
    with journal.transaction(CommitPoint.BOOKED):
        journal.intents.add(intent)
        journal.fills.book(client_id, fill, time)


def of(journal: Journal, account: TradedAccount = ACCOUNT, candles: Candles | None = CANDLES) -> Beside | NotCompared:
    found = {} if candles is None else {"BTC/USD": candles}
    return beside(journal, account, found, lambda time: time.timestamp())


def compared(journal: Journal, account: TradedAccount = ACCOUNT) -> Beside:
    found = of(journal, account)
    assert isinstance(found, Beside), found
    return found


class TestTheComparison:
    def test_explains_a_trade_of_both_by_price_fee_and_time(self, journal: Journal) -> None:
        valued(journal)
        sold(journal, bought(journal, 41.0001, "104.5", 41), 51.0001, "98.5")
        (one,) = compared(journal).trades
        assert one.live is not None
        assert one.tested is not None
        assert one.signal == 41 * DAY
        assert one.difference is not None
        # The backtest bought at 104 and sold at 99, each with slippage of 0.05 %.
        assert one.difference.total == one.difference.price + one.difference.fee
        assert float(one.difference.price) == pytest.approx(98.5 / 104.5 - (99 * 0.9995) / (104 * 1.0005), abs=1e-9)

    def test_says_when_nija_was_not_running(self, journal: Journal) -> None:
        valued(journal, days=3)
        (one,) = compared(journal).trades
        assert (one.live, one.note) == (None, "NIJA was not running")

    def test_says_when_it_was_paused(self, journal: Journal) -> None:
        valued(journal)
        journal.history.add("stop_trading", START, detail={"by": "daivon_frazier"})
        (one,) = compared(journal).trades
        assert one.note == "paused since 1970-02-05 09:00: nija stop-trading"

    def test_says_when_the_exchange_refused_the_order(self, journal: Journal) -> None:
        valued(journal)
        refusal = {"purpose": "entry", "reason": "insufficient funds"}
        journal.history.add("order_refused", START + timedelta(days=6), market="BTC/USD", detail=refusal)
        (one,) = compared(journal).trades
        assert one.note == "the exchange refused the order: insufficient funds"

    def test_begins_where_the_account_began(self, journal: Journal) -> None:
        valued(journal)
        found = compared(journal)
        assert (found.start, found.end) == (START.timestamp(), len(PRICES) * DAY)

    def test_has_the_returns_of_both(self, journal: Journal) -> None:
        valued(journal)
        found = compared(journal)
        assert found.live_return == 0
        assert found.tested_return < 0

    def test_says_whose_fees_it_assumes(self, journal: Journal) -> None:
        valued(journal)
        assert compared(journal).notes == ()
        (note,) = compared(journal, replace(ACCOUNT, has_own_fees=False)).notes
        assert "highest fees of this exchange" in note

    def test_of_candles_that_begin_after_the_account_says_what_is_left_out(self, journal: Journal) -> None:
        valued(journal)
        late = candles_of(PRICES[30:])
        late = replace(late, time=late.time + 36 * DAY)
        found = of(journal, candles=late)
        assert isinstance(found, Beside)
        assert found.live_return is None
        assert any("what was before is not compared" in note for note in found.notes)
        assert any("needs 21 candles before its first signal, and 0" in note for note in found.notes)


class TestNothingIsCompared:
    def test_before_the_account_was_valued(self, journal: Journal) -> None:
        found = of(journal)
        assert isinstance(found, NotCompared)
        assert "for the first time" in found.reason

    def test_without_candles(self, journal: Journal) -> None:
        valued(journal)
        assert of(journal, candles=None) == NotCompared("There are no candles of BTC/USD yet.")

    def test_before_a_candle_has_closed(self, journal: Journal) -> None:
        valued(journal)
        assert of(journal, candles=candles_of(PRICES[:35])) == NotCompared(
            "No 1d candle has closed since this account began."
        )

    def test_where_a_strategy_of_the_users_own_fails(self, journal: Journal) -> None:
        class Failing(Always):
            def evaluate(self, candles: object) -> object:  # type: ignore[override]
                raise RuntimeError("no such column")

        valued(journal)
        settings = settings_of(markets=("BTC/USD",), strategy="own:Failing")
        broken = replace(ACCOUNT, plan=TradingPlan(settings, Failing(does=True)))  # type: ignore[arg-type]
        found = of(journal, broken)
        assert isinstance(found, NotCompared)
        assert found.reason.startswith("The backtest cannot run: strategy ")
        assert found.reason.endswith("candles of BTC/USD: RuntimeError: no such column.")


class TestTheJournal:
    def test_tells_a_pause_from_its_command_to_its_end(self, journal: Journal) -> None:
        valued(journal)
        journal.history.add("limit_reached", START, detail={"limit": "drawdown", "reason": "35 % lost"})
        journal.history.add("resume", START + timedelta(days=2), detail={"by": "tania_gilbert"})
        past = account_past(journal, ACCOUNT.plan.timeframe, lambda time: time.timestamp())
        (pause,) = past.pauses
        assert (pause.since, pause.until, pause.reason) == (
            START.timestamp(),
            (START + timedelta(days=2)).timestamp(),
            "35 % lost",
        )

    def test_tells_a_pause_of_one_day_until_midnight(self, journal: Journal) -> None:
        journal.history.add("limit_reached", START, detail={"limit": "daily_loss", "reason": "8 % lost"})
        (pause,) = account_past(journal, ACCOUNT.plan.timeframe, lambda time: time.timestamp()).pauses
        assert pause.until == 36 * DAY

    def test_tells_what_is_still_held(self, journal: Journal) -> None:
        bought(journal, 41.0, "104.5", 41)
        (trade,) = live_trades(journal, lambda time: time.timestamp())
        assert (trade.closed, trade.exit_price, trade.entry_price) == (None, None, Decimal("104.5"))

    def test_never_puts_a_purchase_before_its_signal(self, journal: Journal) -> None:
        """Where market time runs fast, whole seconds of the exchange's times are hours."""
        bought(journal, 40.6, "104.5", 41)
        (trade,) = live_trades(journal, lambda time: time.timestamp())
        assert trade.opened == 41 * DAY
