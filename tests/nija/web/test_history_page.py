"""The history: closed trades with their net result, filters, totals, and events in words."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from nija.events import Event
from nija.journal.history_writer import _LEFT_OUT, kind_of
from nija.journal.records import HistoryRow
from nija.web.context import Viewer
from nija.web.pages.event_words import _WORDS, event_words
from tests.nija.web.page_world import DAIVON, ETH, MASTER, NOW, TANIA, account

if TYPE_CHECKING:
    from tests.nija.web.page_world import World


def row(kind: str, market: str | None = "BTC/USD", **detail: object) -> HistoryRow:
    return HistoryRow(1, NOW, kind, market, detail)


class TestAnEvent:
    @pytest.mark.parametrize(
        ("event", "words"),
        [
            (
                row("order_filled", side="buy", amount="0.01", price="70000", purpose="entry"),
                "Bought 0.01000000 BTC at $70000.00 (entry)",
            ),
            (row("stop_moved", stop="68000.5", amount="0.01"), "Stop moved to $68000.50"),
            (
                row("position_closed", net="-12.345", reason=""),
                "Position closed: -$12.34 after all fees (sold by its stop)",
            ),
            (
                row("position_reduced", amount="0.01", price="70000", net="1.2", reason="trend_ensemble wants 21.72 %"),
                "Position reduced by 0.01000000 BTC at $70000.00, +$1.20 after fees: trend_ensemble wants 21.72 %",
            ),
            (row("account_failed", None, reason="Invalid key"), "Failed: Invalid key"),
            (row("stop_trading", None, by="web 203.0.113.7"), "Trading stopped, by web 203.0.113.7"),
            (row("resume", None, by="command", cleared="stop_trading"), "Trading resumed, by command"),
            (row("something_new", None, figure="7"), "Something new: figure 7"),
            (row("stop_placed"), "Stop placed at unknown for unknown"),
        ],
    )
    def test_is_a_sentence(self, event: HistoryRow, words: str) -> None:
        assert event_words(event) == words

    def test_of_every_kind_that_the_journal_keeps_has_words(self) -> None:
        kept = {kind_of_class(one) for one in Event.__args__ if one not in _LEFT_OUT}
        assert kept <= _WORDS.keys()


def kind_of_class(event: type) -> str:
    return kind_of(object.__new__(event))


class TestThePage:
    @pytest.fixture(autouse=True)
    def traded(self, world: World) -> None:
        world.accounts = (account(), account("kraken:daivon_frazier"))
        world.trade(MASTER, sold_at=Decimal(71000), day=1)
        world.trade(MASTER, sold_at=Decimal(68000), day=40, market="ETH/USD")
        world.trade(DAIVON, sold_at=Decimal(70500), day=2)

    def test_shows_the_net_result_of_each_trade(self, world: World) -> None:
        text = world.client().get("/history").text
        # 0.0185 × (71000 − 69550.20) less fees of 5.1467 and 5.2540.
        assert "+$16.42" in text
        assert "2026-01-16 13:00" in text

    def test_adds_up_by_month_account_and_market(self, world: World) -> None:
        text = world.client().get("/history").text
        assert all(f"By {what}" in text for what in ("month", "account", "market"))
        assert '<th scope="row" class="wrap">2025-12</th>' in text

    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ("", 3),
            ("account=kraken:master", 2),
            ("market=ETH/USD", 1),
            ("from=2026-01-01", 2),
            ("to=2026-01-15", 2),
            ("from=2026-01-15&to=2026-01-15", 1),
            ("from=nonsense&page=x", 3),
        ],
    )
    def test_filters(self, world: World, query: str, count: int) -> None:
        text = world.client().get(f"/history?{query}").text
        assert text.count("Signal</td>") == count

    def test_says_that_nothing_fits_a_filter(self, world: World) -> None:
        assert "No trade has ended yet that fits this filter" in world.client().get("/history?from=2030-01-01").text

    def test_shows_an_owner_only_their_own(self, world: World) -> None:
        text = world.client(Viewer(only=DAIVON)).get("/history").text
        assert text.count("Signal</td>") == 1
        assert "master" not in text

    def test_tells_an_owner_no_market_of_others(self, world: World) -> None:
        solana = replace(ETH, market="SOL/USD")
        world.accounts = (account(markets=(solana,)), account("kraken:daivon_frazier"))
        assert "SOL/USD" in world.client().get("/history").text
        assert "SOL/USD" not in world.client(Viewer(only=DAIVON)).get("/history").text

    def test_is_missing_for_an_account_the_viewer_may_not_see(self, world: World) -> None:
        assert world.client(Viewer(only=DAIVON)).get("/history?account=kraken:master").status_code == 404
        assert world.client().get("/history?account=kraken:nobody").status_code == 404

    def test_shows_who_gave_a_command(self, world: World) -> None:
        world.note(MASTER, "flatten", by="Telegram 1234 (Daivon)")
        assert "Selling everything, by Telegram 1234 (Daivon)" in world.client().get("/history").text

    def test_shows_fifty_events_at_a_time(self, world: World) -> None:
        for _ in range(60):
            world.note(DAIVON, "trading_started")
        client = world.client()
        assert client.get("/history").text.count("Trading started") == 50
        assert client.get("/history?events=2").text.count("Trading started") == 10


@pytest.mark.parametrize("path", ["/history", "/account/kraken/master"])
def test_a_damaged_row_takes_no_page_away(world: World, path: str) -> None:
    world.trade(MASTER, sold_at=Decimal(71000), day=1)
    with closing(sqlite3.connect(world.journals.path(MASTER))) as damaged, damaged:
        damaged.execute("UPDATE fills SET price = 'garbage'")
    assert world.client().get(path).status_code == 200


def test_a_nija_without_trades_says_so(world: World) -> None:
    world.accounts = (account("coinbase:tania_gilbert"),)
    text = world.client(Viewer(only=TANIA)).get("/history").text
    assert "No trade has ended yet." in text
    assert "No event yet." in text


def test_a_trade_of_today_shows_within_seconds(world: World) -> None:
    client = world.client()
    client.get("/history")
    world.trade(MASTER, sold_at=Decimal(71000))
    world.clock.advance(timedelta(seconds=10).total_seconds())
    assert "Signal</td>" in client.get("/history").text
