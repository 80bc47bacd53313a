"""The part of an account's page that shows a backtest of its settings beside what happened."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from brokers.candle_files import CandleError
from nija.candles.cutting import cut
from nija.explain.beside import NotCompared
from nija.web.context import Viewer
from nija.web.pages.beside_view import beside_view
from tests.nija.web.page_world import DAIVON, MASTER, TRADED, account, candles

if TYPE_CHECKING:
    from brokers.model import Candles, Exchange, Timeframe
    from tests.nija.web.page_world import World

PATH = "/account/kraken/master/backtest"


@pytest.fixture
def valued(world: World) -> World:
    """An account that NIJA has traded for thirty days, with one trade."""
    world.traded = lambda _account: TRADED
    world.value(MASTER, 30)
    world.trade(MASTER, sold_at=Decimal(71000), day=20)
    return world


def test_the_page_fetches_it_once_it_is_open(world: World) -> None:
    text = world.client().get("/account/kraken/master").text
    assert f'hx-get="{PATH}"' in text
    assert "Backtest beside what happened" in text


def test_it_shows_both_sides_and_why_they_differ(valued: World) -> None:
    text = valued.client().get(PATH).text
    assert "+1.27 %" in text
    assert "bought at $69550.20" in text
    assert "1 by NIJA alone" in text
    assert "did not buy" in text


def test_it_says_what_the_figure_beside_a_trade_means(valued: World) -> None:
    assert "NIJA's result less the backtest's" in valued.client().get(PATH).text


def test_it_says_that_nothing_can_be_compared_yet(world: World) -> None:
    assert "once this account trades" in world.client().get(PATH).text
    world.traded = lambda _account: TRADED
    assert "The journal cannot be read yet" in world.client().get(PATH).text
    world.journals.open(MASTER).close()
    world.traded = lambda _account: replace(TRADED, has_own_fees=False)
    assert "for the first time" in world.client().get(PATH).text


def test_it_is_computed_once_for_each_candle_however_often_it_is_looked_at(valued: World) -> None:
    held = {"BTC/USD": candles("BTC/USD")}
    valued.candles = lambda _exchange, market, _timeframe: held[market]
    client = valued.client()
    assert len({client.get(PATH).text for _ in range(3)}) == 1
    assert valued.journal_reads == 1
    held["BTC/USD"] = replace(held["BTC/USD"], time=held["BTC/USD"].time + 86_400)
    client.get(PATH)
    assert valued.journal_reads == 2


def test_it_reaches_back_as_far_as_the_store_does(valued: World) -> None:
    every = candles("BTC/USD")
    valued.candles = lambda _exchange, _market, _timeframe: cut(every, since=int(every.time[-5]))
    assert "what was before is not compared" in valued.client().get(PATH).text
    valued.stored = lambda _exchange, _market, _timeframe: every
    assert "what was before is not compared" not in valued.client().get(PATH).text


def test_a_store_that_cannot_be_read_hides_nothing(valued: World) -> None:
    def broken(_exchange: Exchange, _market: str, _timeframe: Timeframe) -> Candles:
        raise CandleError("the store is damaged")

    valued.stored = broken
    assert "1 by NIJA alone" in valued.client().get(PATH).text


def test_an_owner_sees_that_of_the_own_account_alone(valued: World) -> None:
    valued.accounts = (account(), account("kraken:daivon_frazier"))
    client = valued.client(Viewer(only=DAIVON))
    assert client.get("/account/kraken/daivon_frazier/backtest").status_code == 200
    assert client.get(PATH).status_code == 404


def test_an_account_that_does_not_exist_has_none(world: World) -> None:
    assert world.client().get("/account/kraken/nobody/backtest").status_code == 404


def test_what_cannot_be_compared_is_one_sentence() -> None:
    view = beside_view(NotCompared("There are no candles of BTC/USD yet."), "USD")
    assert (view.empty, view.rows) == ("There are no candles of BTC/USD yet.", ())
