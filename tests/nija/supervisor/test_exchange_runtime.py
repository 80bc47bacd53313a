"""What the daemon sets up for each exchange."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from accounts.environment import ProcessSettings
from brokers.exchanges import described
from brokers.model import Exchange, Timeframe
from nija.candles.store import CandleStore, origin
from nija.market_data.snapshot import Subscription
from nija.strategy.trend import Trend
from nija.supervisor.exchange_runtime import ExchangeRuntime
from tests.simulator_fixtures import manual_rig

if TYPE_CHECKING:
    from pathlib import Path

# pykrakenapi's filter of this warning is lost where several tests change filters at once.
pytestmark = pytest.mark.filterwarnings("ignore:'T' is deprecated:FutureWarning")


def test_the_candles_of_a_simulator_are_stored_apart_from_the_exchanges_own(tmp_path: Path) -> None:
    with manual_rig() as rig:
        address = rig.simulator.kraken_url
        process = ProcessSettings(data_dir=tmp_path)
        process = replace(process, addresses={**process.addresses, Exchange.KRAKEN: address})
        runtime = ExchangeRuntime(Exchange.KRAKEN, process, rig.clock, 30.0)
        runtime.feed.follow([Subscription(Trend(), "BTC/USD", Timeframe.D1)])
        runtime.feed.poll()
        rig.clock.stopping = True
        runtime.feed.run()
    with CandleStore(process.candle_store) as store:
        (span,) = store.spans()
        assert span.exchange == origin(Exchange.KRAKEN, address) != described(Exchange.KRAKEN).exchange
        assert (span.market, span.count) == ("BTC/USD", 719)
        assert store.market(span.exchange, "BTC/USD") is not None


def test_paper_trading_stores_the_real_candles_with_all_others_and_the_demo_its_own_apart() -> None:
    process = ProcessSettings()
    assert process.on_paper().candle_store == process.candle_store
    assert process.in_demo().candle_store.parent == process.data_dir / "demo"
