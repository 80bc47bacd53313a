"""The feed's client: pykrakenapi over the canned and the simulated Kraken."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pytest

from brokers.errors import BadAnswer, RateLimited, RequestRefused
from brokers.kraken.market_data import KrakenMarketData
from brokers.model import Timeframe
from tests.brokers.kraken.canned import PAIRS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brokers.kraken.broker import KrakenBroker
    from brokers.kraken.public import KrakenPublic
    from tests.brokers.kraken.canned import CannedKraken
    from tests.fakes import ManualClock
    from tests.simulator_fixtures import Rig

DAY = 86_400
TICK = {"a": ["2", "1", "1"], "b": ["1", "1", "1"], "c": ["1.5", "1"]}


def row(time: int, close: str = "101.5") -> list[object]:
    return [time, "100.0", "102.0", "99.0", close, "100.7", "1.50000000", 7]


@pytest.fixture
def feed(public: KrakenPublic, clock: ManualClock) -> Iterator[KrakenMarketData]:
    data = KrakenMarketData(base_url="https://api.kraken.com", clock=clock, public=public)
    yield data
    data.close()


class TestCandles:
    def test_the_running_candle_is_dropped_and_the_rest_is_oldest_first(
        self, feed: KrakenMarketData, canned: CannedKraken
    ) -> None:
        canned.say("OHLC", {"XXBTZUSD": [row(n * DAY, f"{100 + n}.25") for n in range(4)], "last": 2 * DAY})
        candles = feed.candles("BTC/USD", Timeframe.D1)
        assert candles.time.tolist() == [0, DAY, 2 * DAY]
        assert candles.close.tolist() == [100.25, 101.25, 102.25]
        assert candles.volume.dtype == np.float64

    def test_the_candle_of_since_is_included_and_later_ones(self, feed: KrakenMarketData, canned: CannedKraken) -> None:
        """Kraken's own `since` is exclusive, so the request starts a second earlier."""
        canned.say("OHLC", {"XXBTZUSD": [row(n * DAY) for n in range(4)], "last": 2 * DAY})
        assert feed.candles("BTC/USD", Timeframe.D1, since=DAY).time.tolist() == [DAY, 2 * DAY]
        assert canned.calls("OHLC")[0].params["since"] == str(DAY - 1)

    def test_the_open_candle_alone_gives_no_candles(self, feed: KrakenMarketData, canned: CannedKraken) -> None:
        canned.say("OHLC", {"XXBTZUSD": [row(3 * DAY)], "last": 2 * DAY})
        assert len(feed.candles("BTC/USD", Timeframe.D1, since=2 * DAY)) == 0

    def test_no_rows_give_no_candles(self, feed: KrakenMarketData, canned: CannedKraken) -> None:
        canned.say("OHLC", {"XXBTZUSD": [], "last": 0})
        assert len(feed.candles("BTC/USD", Timeframe.D1)) == 0

    def test_a_gap_stays_a_gap(self, feed: KrakenMarketData, canned: CannedKraken) -> None:
        """Pykrakenapi gives its frame a frequency, which pandas refuses for an uneven series."""
        canned.say("OHLC", {"XXBTZUSD": [row(0), row(DAY), row(5 * DAY), row(6 * DAY)], "last": 5 * DAY})
        assert feed.candles("BTC/USD", Timeframe.D1).time.tolist() == [0, DAY, 5 * DAY]

    def test_an_answer_that_names_last_before_the_pair_is_read_all_the_same(
        self, feed: KrakenMarketData, canned: CannedKraken
    ) -> None:
        canned.say("OHLC", {"last": 0, "XXBTZUSD": [row(0), row(DAY)]})
        assert feed.candles("BTC/USD", Timeframe.D1).time.tolist() == [0]

    def test_unknown_pairs_are_not_requested_again(self, feed: KrakenMarketData, canned: CannedKraken) -> None:
        """Pykrakenapi sends its own `ascending` along."""
        canned.say("OHLC", {"XXBTZUSD": [row(0), row(DAY)], "last": 0})
        feed.candles("BTC/USD", Timeframe.H4)
        assert canned.calls("OHLC")[0].params == {"pair": "XXBTZUSD", "interval": "240"}

    @pytest.mark.parametrize("rows", [[["x"] * 8, row(DAY)], [[0, "1"], [1, "2"]]])
    def test_rows_of_another_shape_are_said_to_be_so(
        self, feed: KrakenMarketData, canned: CannedKraken, rows: list[object]
    ) -> None:
        canned.say("OHLC", {"XXBTZUSD": rows, "last": 0})
        with pytest.raises(BadAnswer, match="candles"):
            feed.candles("BTC/USD", Timeframe.D1)


class TestTickers:
    def test_prices_keep_every_digit(self, feed: KrakenMarketData, canned: CannedKraken) -> None:
        tick = {"a": ["105944.30000", "1", "1.0"], "b": ["0.12345678901234567890", "1", "1"], "c": ["105899.4", "0.1"]}
        canned.say("Ticker", {"XXBTZUSD": tick, "XTZUSD": tick})
        tickers = feed.tickers(["BTC/USD", "XTZ/USD"])
        assert tickers["XTZ/USD"].bid == Decimal("0.12345678901234567890")
        assert tickers["BTC/USD"].ask == Decimal("105944.3")
        assert tickers["BTC/USD"].last == Decimal("105899.4")

    def test_a_ticker_is_stamped_when_it_was_received(
        self, feed: KrakenMarketData, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.say("Ticker", {"XXBTZUSD": {"a": ["2"], "b": ["1"], "c": ["1"]}})
        assert feed.tickers(["BTC/USD"])["BTC/USD"].time.timestamp() == clock.time()

    def test_an_unknown_market_has_no_price_and_does_not_affect_others(
        self, feed: KrakenMarketData, canned: CannedKraken
    ) -> None:
        canned.say("Ticker", {"XXBTZUSD": TICK})
        assert set(feed.tickers(["NO/SUCH", "BTC/USD", "XBT/USD"])) == {"BTC/USD"}
        assert canned.calls("Ticker")[0].params == {"pair": "XXBTZUSD"}

    def test_of_unknown_markets_alone_kraken_is_not_asked(self, feed: KrakenMarketData, canned: CannedKraken) -> None:
        assert feed.tickers(["NO/SUCH"]) == {}
        assert canned.calls("Ticker") == []

    def test_a_pair_that_kraken_lists_and_yet_refuses_is_found_and_left_out(
        self, feed: KrakenMarketData, canned: CannedKraken
    ) -> None:
        canned.refuse("Ticker", "EQuery:Unknown asset pair")
        canned.say("Ticker", {"XTZUSD": TICK})
        canned.refuse("Ticker", "EQuery:Unknown asset pair")
        canned.say("Ticker", {"XTZUSD": TICK})
        assert set(feed.tickers(["BTC/USD", "XTZ/USD"])) == {"XTZ/USD"}
        assert set(feed.tickers(["BTC/USD", "XTZ/USD"])) == {"XTZ/USD"}
        asked = [asked.params["pair"] for asked in canned.calls("Ticker")]
        assert asked == ["XTZUSD,XXBTZUSD", "XTZUSD", "XXBTZUSD", "XTZUSD"]

    def test_a_delisted_market_is_still_requested_but_separately(
        self, feed: KrakenMarketData, public: KrakenPublic, canned: CannedKraken, clock: ManualClock
    ) -> None:
        public.symbols()
        canned.answers["AssetPairs"].clear()
        canned.say("AssetPairs", {"XTZUSD": PAIRS["XTZUSD"]})
        clock.advance(61)
        public.markets(60.0)
        canned.say("Ticker", {"XTZUSD": TICK})
        canned.say("Ticker", {"XXBTZUSD": TICK})
        assert set(feed.tickers(["BTC/USD", "XTZ/USD"])) == {"BTC/USD", "XTZ/USD"}
        assert [asked.params["pair"] for asked in canned.calls("Ticker")] == ["XTZUSD", "XXBTZUSD"]

    def test_a_price_that_cannot_be_read_hides_no_other(self, feed: KrakenMarketData, canned: CannedKraken) -> None:
        canned.say("Ticker", {"XXBTZUSD": TICK, "XTZUSD": TICK | {"b": ["n/a"]}})
        assert set(feed.tickers(["BTC/USD", "XTZ/USD"])) == {"BTC/USD"}

    def test_prices_none_of_which_can_be_read_are_said_to_be_so(
        self, feed: KrakenMarketData, canned: CannedKraken
    ) -> None:
        canned.say("Ticker", {"XXBTZUSD": {"a": [], "b": [], "c": []}})
        with pytest.raises(BadAnswer, match="tickers"):
            feed.tickers(["BTC/USD"])

    def test_candles_of_an_unknown_market_are_that_markets_error(self, feed: KrakenMarketData) -> None:
        with pytest.raises(RequestRefused, match="NO/SUCH"):
            feed.candles("NO/SUCH", Timeframe.D1)


class TestManners:
    def test_the_feed_keeps_the_exchanges_clock_fresh_so_that_no_order_waits_for_it(
        self, feed: KrakenMarketData, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.say("Ticker", {"XXBTZUSD": TICK})
        feed.tickers(["BTC/USD"])
        for _ in range(20):
            clock.advance(30)
            feed.tickers(["BTC/USD"])
            asked = len(canned.calls("Time"))
            broker.sync_clock()
            assert len(canned.calls("Time")) == asked
        assert len(canned.calls("Time")) <= 4

    def test_after_maintenance_the_markets_are_open_again_within_a_minute(
        self, feed: KrakenMarketData, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.answers["SystemStatus"].clear()
        canned.say("SystemStatus", {"status": "maintenance"})
        canned.say("SystemStatus", {"status": "online"})
        canned.say("Ticker", {"XXBTZUSD": TICK})
        assert not broker.markets()["BTC/USD"].tradable
        clock.advance(61)
        feed.tickers(["BTC/USD"])
        assert broker.markets()["BTC/USD"].tradable
        for _ in range(10):
            clock.advance(61)
            feed.tickers(["BTC/USD"])
        assert len(canned.calls("SystemStatus")) == 2

    def test_a_clock_that_cannot_be_read_costs_no_price(self, feed: KrakenMarketData, canned: CannedKraken) -> None:
        canned.answers["Time"].clear()
        canned.say("Ticker", {"XXBTZUSD": TICK})
        assert set(feed.tickers(["BTC/USD"])) == {"BTC/USD"}

    def test_public_calls_are_a_second_apart_without_surprise_sleeps_or_prints(
        self,
        feed: KrakenMarketData,
        canned: CannedKraken,
        clock: ManualClock,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        canned.say("Ticker", {"XXBTZUSD": {"a": ["2"], "b": ["1"], "c": ["1"]}})
        for _ in range(4):
            feed.tickers(["BTC/USD"])
        assert clock.sleeps == [1.0] * 7
        assert capsys.readouterr().out == ""

    def test_brokers_and_feed_share_one_budget(
        self, feed: KrakenMarketData, public: KrakenPublic, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.say("Ticker", {"XXBTZUSD": {"a": ["2"], "b": ["1"], "c": ["1"]}})
        public.exchange_clock.sync(0.0)
        feed.tickers(["BTC/USD"])
        assert clock.sleeps == [1.0] * 4

    def test_markets_are_read_once_for_everybody_and_again_on_request(
        self, public: KrakenPublic, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        public.symbols()
        broker.markets()
        assert len(canned.calls("AssetPairs")) == 1
        clock.advance(61)
        broker.refresh_markets()
        broker.refresh_markets()
        assert len(canned.calls("AssetPairs")) == 2

    def test_a_refresh_that_fails_leaves_the_markets_as_they_were(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        broker.markets()
        clock.advance(61)
        canned.answers["AssetPairs"].clear()
        with pytest.raises(RequestRefused):
            broker.refresh_markets()
        assert "BTC/USD" in broker.markets()

    def test_an_answer_without_markets_leaves_them_as_they_were(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        broker.markets()
        clock.advance(61)
        canned.answers["AssetPairs"].clear()
        canned.say("AssetPairs", {})
        with pytest.raises(BadAnswer, match="lists no markets"):
            broker.refresh_markets()
        assert "BTC/USD" in broker.markets()

    @pytest.mark.parametrize("error", ["EGeneral:Too many requests", "EService:Unavailable"])
    def test_a_passing_refusal_is_tried_again(self, feed: KrakenMarketData, canned: CannedKraken, error: str) -> None:
        canned.refuse("Ticker", error)
        canned.say("Ticker", {"XXBTZUSD": {"a": ["2"], "b": ["1"], "c": ["1"]}})
        assert feed.tickers(["BTC/USD"])["BTC/USD"].ask == 2

    def test_a_refusal_that_stays_comes_out_as_ours(self, feed: KrakenMarketData, canned: CannedKraken) -> None:
        canned.refuse("Ticker", "EAPI:Rate limit exceeded")
        with pytest.raises(RateLimited):
            feed.tickers(["BTC/USD"])

    def test_a_warning_is_not_an_error(self, feed: KrakenMarketData, canned: CannedKraken) -> None:
        canned.raw("Ticker", '{"error":["WGeneral:Hm"],"result":{"XXBTZUSD":{"a":["2"],"b":["1"],"c":["1"]}}}')
        assert feed.tickers(["BTC/USD"])["BTC/USD"].bid == 1

    def test_pandas_is_not_imported_before_there_is_a_feed(self) -> None:
        code = "import sys, brokers.kraken.broker, brokers.kraken.market_data; sys.exit('pandas' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 - our own code


def test_the_simulators_prices_are_read_without_breaking_a_rule(rig: Rig) -> None:
    feed = KrakenMarketData(base_url=rig.simulator.kraken_url, clock=rig.clock, timeout=2.0)
    assert len(feed.candles("BTC/USD", Timeframe.D1)) == 719
    assert set(feed.tickers(["BTC/USD", "ETH/USD"])) == {"BTC/USD", "ETH/USD"}
    feed.close()
