"""A backtest of the account's own settings on stored candles; the bundled figures are such a backtest, too."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from brokers.model import Fees, Timeframe
from nija.candles.store import CandleStore
from nija.explain.bundled import bundled_figures
from nija.explain.own_past import StoredMarkets, own_past
from nija.trader.plan import trading_plan
from tests.nija.explain.backtests import BTC, ETH, KRAKEN
from tests.nija.risk.settings_of import settings_of
from tests.nija.strategy.generated import random_walk
from tests.nija.strategy.real_candles import real_candles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OCTOBER_2023 = 1_696_118_400
# The first signal is that of 1 October; before it the breakout needs 21 candles.
WARM_UP = OCTOBER_2023 - 21 * 86_400


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[StoredMarkets]:
    with CandleStore(tmp_path / "candles.sqlite3") as store:
        store.add_markets("kraken", [BTC, ETH], 0)
        yield StoredMarkets(store, "kraken")


@pytest.mark.parametrize("fee", ["0.004", "0.006", "0.012"])
def test_the_bundled_figures_of_the_latest_candles_are_what_the_backtest_makes_of_them(
    stored: StoredMarkets, fee: str
) -> None:
    for market in ("BTC", "ETH"):
        candles = real_candles(f"binance-{market}-USDT-1d", Timeframe.D1)
        late = candles.time >= WARM_UP
        columns = {name: getattr(candles, name)[late] for name in ("time", "open", "high", "low", "close", "volume")}
        stored.store.add("kraken", replace(candles, market=f"{market}/USD", **columns))
    plan, own = trading_plan(settings_of()), Fees(Decimal(fee), Decimal(fee))
    found, bundled = own_past(stored, plan, own, Decimal(10_000)), bundled_figures(plan, own.taker)
    assert found is not None
    assert bundled is not None
    measured, told = found.stretches[0], bundled.stretches[-1]
    assert (round(measured.total, 2), round(measured.fall, 2)) == (told.total, told.fall)
    # The evidence holds equal parts anew each day; here the coins are left alone.
    assert measured.hold_total == pytest.approx(told.hold_total, abs=Decimal("0.05"))
    assert measured.hold_fall == pytest.approx(told.hold_fall, abs=Decimal("0.05"))
    assert found.notes[0] == "30 trades from 2023-10-01 to 2026-03-04."
    assert [one.period for one in found.stretches[1:]] == [
        "2023-10-01 to 2024-01-01",
        "2024",
        "2025",
        "2026-01-01 to 2026-03-04",
    ]


def test_markets_without_candles_have_no_figures(stored: StoredMarkets) -> None:
    stored.store.add("kraken", random_walk(1, 200))
    assert own_past(stored, trading_plan(settings_of()), KRAKEN, Decimal(100)) is None


def test_too_few_candles_have_no_figures(stored: StoredMarkets) -> None:
    stored.store.add("kraken", random_walk(1, 50))
    plan = trading_plan(settings_of(markets=("BTC/USD",)))
    assert own_past(stored, plan, KRAKEN, Decimal(100)) is None


def test_many_years_are_not_added_up(stored: StoredMarkets) -> None:
    """Their total would be that of the first ones."""
    stored.store.add("kraken", random_walk(1, 3000))
    found = own_past(stored, trading_plan(settings_of(markets=("BTC/USD",))), KRAKEN, Decimal(1000))
    assert found is not None
    assert [len(one.period) for one in found.stretches[:-1]] == [len("2024")] * 7


def test_finer_candles_are_combined(stored: StoredMarkets) -> None:
    daily = random_walk(1, 200)
    stored.store.add("kraken", replace(daily, timeframe=Timeframe.H4))
    assert own_past(stored, trading_plan(settings_of(markets=("BTC/USD",))), KRAKEN, Decimal(1000)) is not None


def test_few_trades_are_called_few_and_the_source_is_named(stored: StoredMarkets) -> None:
    stored.store.add("kraken", random_walk(1, 200))
    found = own_past(stored, trading_plan(settings_of(markets=("BTC/USD",))), KRAKEN, Decimal(1000))
    assert found is not None
    assert "too few to prove anything" in found.notes[0]
    assert found.source == "200 stored 1d candles of kraken; nija backtest has the whole report"
