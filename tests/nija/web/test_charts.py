"""What the charts draw: equity, drawdown, and prices with entries, exits and the stop's path."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from nija.journal.records import EquityPoint, HistoryRow
from nija.web.context import Viewer
from nija.web.pages.equity_chart import equity_data, joined, journaled_curve, together
from nija.web.pages.price_chart import Mark, MarketTime, Marks, chart_data, marks_of
from nija.web.pages.recorder import ChartPoint
from tests.nija.web.page_world import DAIVON, MASTER, NOW, TANIA, account, candles

if TYPE_CHECKING:
    from tests.nija.web.page_world import World

DAY = 86_400


def point(time: float, equity: float) -> ChartPoint:
    return ChartPoint(time, equity, 0.0)


def measured(hour: int, equity: int, earned: int, unit: str) -> EquityPoint:
    return EquityPoint(NOW + timedelta(hours=hour), "USD", Decimal(equity), Decimal(earned), Decimal(unit))


def event(kind: str, day: int, **detail: str) -> HistoryRow:
    return HistoryRow(day, NOW + timedelta(days=day), kind, "BTC/USD", detail)


class TestTheCurveOfAllAccounts:
    def test_adds_up_each_accounts_last_value(self) -> None:
        curve = together({"a": [point(0, 1), point(10, 2)], "b": [point(0, 5), point(20, 6)]})
        assert curve == (point(0, 6), point(10, 7), point(20, 8))

    def test_begins_when_all_that_connected_together_are_there(self) -> None:
        curve = together({"a": [point(0, 1), point(40, 1)], "b": [point(30, 5)]})
        assert curve == (point(30, 6), point(40, 6))

    def test_shows_an_account_that_came_later_as_it_came(self) -> None:
        curve = together({"a": [point(0, 1), point(9_000, 1)], "b": [point(8_000, 5)]})
        assert curve == (point(0, 1), point(8_000, 6), point(9_000, 6))

    def test_is_empty_before_anything_is_known(self) -> None:
        assert together({"a": []}) == ()


class TestTheCurveOfOneAccount:
    def test_joins_the_journal_with_the_last_hours(self) -> None:
        assert joined([point(1, 1), point(5, 2)], [point(4, 3)]) == (point(1, 1), point(4, 3), point(5, 2))

    def test_measures_drawdown_on_units(self) -> None:
        curve = journaled_curve([measured(0, 100, 0, "1"), measured(1, 110, 10, "1.1"), measured(2, 209, 9, "0.99")])
        assert [round(one.drawdown, 4) for one in curve] == [0, 0, 0.1]

    def test_leaves_out_a_balance_that_lagged_behind_a_fill(self) -> None:
        curve = journaled_curve([measured(0, 100, 0, "1"), measured(1, 60, 1, "1"), measured(2, 102, 2, "1")])
        assert [one.equity for one in curve] == [100, 101, 102]

    def test_has_no_more_points_than_a_screen_can_show(self) -> None:
        data = equity_data([point(second, 1.0) for second in range(10_000)], "USD")
        times: Any = data["time"]
        assert len(times) <= 800
        assert times[-1] == 9_999

    def test_says_in_words_what_it_shows(self) -> None:
        data = equity_data([point(NOW.timestamp(), 100), point(NOW.timestamp() + 60, 120.5)], "USD")
        assert data["note"] == "$100.00 to $120.50 since 2026-01-17 12:00 UTC"


class TestAPriceChart:
    def test_marks_entries_and_exits(self) -> None:
        found = marks_of(
            [
                event("order_filled", 0, purpose="entry", price="70000"),
                event("order_filled", 2, purpose="stop", price="68000.5"),
            ],
            MarketTime(),
        )
        assert [mark.price for mark in found.entries] == [70000.0]
        assert [mark.price for mark in found.exits] == [68000.5]

    def test_draws_the_stop_from_its_placing_to_its_end(self) -> None:
        last = candles("BTC/USD")
        end = int(last.time[-1]) + DAY
        stops = (Mark(end - 5 * DAY, 65_000.0), Mark(end - 3 * DAY, 66_000.0), Mark(end - DAY, None))
        data = chart_data(last, Marks((), (), stops))
        assert data["stop"] == [65_000.0, 66_000.0, 66_000.0, None]

    def test_draws_a_resting_stop_up_to_now(self) -> None:
        last = candles("BTC/USD")
        end = int(last.time[-1]) + DAY
        data = chart_data(last, Marks((), (), (Mark(end - 3 * DAY, 66_000.0),)))
        assert (data["stop_time"], data["stop"]) == ([end - 3 * DAY, end], [66_000.0, 66_000.0])

    def test_begins_with_the_stop_that_rested_before(self) -> None:
        last = candles("BTC/USD")
        data = chart_data(last, Marks((), (), (Mark(0.0, 50_000.0),)))
        times: Any = data["time"]
        assert data["stop_time"] == [times[0], times[-1]]

    def test_closes_stand_at_the_end_of_their_candle(self) -> None:
        last = candles("BTC/USD")
        times: Any = chart_data(last, Marks((), (), ()))["time"]
        assert times[-1] == int(NOW.replace(hour=0).timestamp())


class TestMarketTime:
    def test_is_the_clocks_in_real_trading(self) -> None:
        assert MarketTime().at(5.0) == 5.0

    def test_runs_between_the_candles_that_were_acted_on(self) -> None:
        fast = MarketTime(((0.0, 1000.0), (10.0, 2000.0), (20.0, 5000.0)))
        assert [fast.at(5), fast.at(15), fast.at(25)] == [1500.0, 3500.0, 6500.0]

    def test_of_one_candle_is_its_end(self) -> None:
        assert MarketTime(((0.0, 1000.0),)).at(7.0) == 1000.0


class TestTheData:
    def test_has_the_trades_of_the_journal(self, world: World) -> None:
        world.trade(MASTER)
        world.note(MASTER, "order_filled", "BTC/USD", purpose="entry", price="69550.20", side="buy", amount="0.0185")
        data = world.client().get("/data/price/kraken/master/BTC/USD").json()
        assert data["entry"] == [69550.20]

    def test_is_sent_once_while_it_stays_the_same(self, world: World) -> None:
        client = world.client()
        first = client.get("/data/equity")
        again = client.get("/data/equity", headers={"If-None-Match": first.headers["ETag"]})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b"")

    def test_has_nothing_before_the_first_candle(self, world: World) -> None:
        world.candles = lambda _exchange, _market, _timeframe: None
        assert world.client().get("/data/price/kraken/master/BTC/USD").json()["time"] == []

    def test_adds_up_the_currency_of_most_accounts(self, world: World) -> None:
        euros = account("kraken:daivon_frazier", currency="EUR")
        world.accounts = (account(), account("coinbase:tania_gilbert"), euros)
        client = world.client()
        client.get("/data/equity")
        world.clock.advance(5)
        assert client.get("/data/equity").json()["note"].startswith("2 accounts in USD: $10462.84 to $10462.84")

    @pytest.mark.parametrize(
        "path",
        [
            "/data/equity",
            "/data/equity/kraken/master",
            "/data/price/kraken/master/BTC/USD",
            "/data/price/kraken/daivon_frazier/XRP/USD",
        ],
    )
    def test_of_others_is_missing_for_an_owner(self, world: World, path: str) -> None:
        world.accounts = (account(), account("kraken:daivon_frazier"))
        assert world.client(Viewer(only=DAIVON)).get(path).status_code == 404

    def test_of_their_own_is_there_for_an_owner(self, world: World) -> None:
        world.accounts = (account("coinbase:tania_gilbert"),)
        client = world.client(Viewer(only=TANIA))
        assert client.get("/data/equity/coinbase/tania_gilbert").status_code == 200
        assert client.get("/data/price/coinbase/tania_gilbert/BTC/USD").status_code == 200
