"""One account's page: positions and their protection, why nothing is bought, and every order's life."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from nija.trader.view import ProtectionView, Steps
from nija.web.context import Viewer
from nija.web.pages.account_view import market_cards, next_decision, position_cards
from nija.web.pages.journal_parts import fees_paid
from nija.web.pages.words import Tone
from tests.nija.web.page_world import BTC, DAIVON, MASTER, NOW, POSITION, account, before_its_first_cycle

if TYPE_CHECKING:
    from tests.nija.web.page_world import World


class TestAPosition:
    def test_shows_entry_stop_and_profit(self) -> None:
        (card,) = position_cards(account())
        assert (card.entry, card.stop, card.profit, card.profit_percent) == (
            "$69550.20",
            "$66750.50",
            "+$30.52",
            "+2.37 %",
        )

    def test_shows_prices_and_amounts_with_the_decimals_of_its_market(self) -> None:
        (card,) = position_cards(
            account(positions=(replace(POSITION, steps=Steps(Decimal("0.1"), Decimal("0.0001"))),))
        )
        assert (card.entry, card.amount) == ("$69550.2", "0.0185 BTC")

    def test_says_how_far_the_stop_is_below_the_price(self) -> None:
        (card,) = position_cards(account())
        assert card.risk == "6.24 % below the price"

    @pytest.mark.parametrize(
        ("seconds", "total", "words", "tone"),
        [
            (0.0, 0.0, "0 s", Tone.CALM),
            (0.0, 3.4, "0 s now, 3 s in all", Tone.CALM),
            (42.0, 42.0, "42 s now", Tone.BAD),
        ],
    )
    def test_says_how_long_it_has_been_bare(self, seconds: float, total: float, words: str, tone: Tone) -> None:
        protection = ProtectionView("BTC/USD", covered=seconds == 0, bare_seconds=seconds, bare_total=total)
        (card,) = position_cards(account(protection=(protection,)))
        assert (card.bare, card.bare_tone) == (words, tone)

    def test_is_unknown_where_nothing_is_known_of_its_protection(self) -> None:
        (card,) = position_cards(account(protection=()))
        assert card.bare == "unknown"

    def test_without_a_price_has_no_profit(self) -> None:
        unpriced = replace(POSITION, price=None, profit=None, profit_percent=None)
        (card,) = position_cards(account(positions=(unpriced,)))
        assert (card.price, card.profit, card.risk) == ("unknown", "unknown", "")


class TestAMarket:
    def test_says_why_nothing_is_bought(self) -> None:
        assert [card.why for card in market_cards(account(), NOW)] == [
            "A position is open",
            "No entry signal on the last closed candle",
        ]

    def test_says_when_the_next_decision_comes(self) -> None:
        assert next_decision(BTC, NOW) == "2026-01-18 00:00 UTC, when the daily candle closes"

    def test_waits_for_a_candle_that_is_late(self) -> None:
        late = replace(BTC, candle_age=90_000.0)
        assert next_decision(late, NOW) == "now: the daily candle has ended, and its figures are awaited"

    def test_names_no_time_where_market_time_runs_faster(self) -> None:
        assert "runs faster" in next_decision(replace(BTC, candle_limit=None), NOW)

    def test_names_no_time_before_the_first_candle(self) -> None:
        assert next_decision(replace(BTC, candle_age=None), NOW) == "once the first daily candle is there"


class TestThePage:
    def test_shows_every_order_with_its_life(self, world: World) -> None:
        world.trade(MASTER, sold_at=Decimal(71000), day=2)
        text = world.client().get("/account/kraken/master").text
        assert "buy 0.01850000 at $69550.20, fee 5.1467 USD" in text
        assert "sell 0.01850000 at $71000.00, fee 5.2540 USD" in text
        assert text.index("Sell</b>") < text.index("Buy</b>")

    def test_shows_the_fees_that_were_paid(self, world: World) -> None:
        world.trade(MASTER, sold_at=Decimal(71000))
        assert "$10.40" in world.client().get("/account/kraken/master").text

    def test_shows_twenty_orders_at_a_time(self, world: World) -> None:
        for day in range(12):
            world.trade(MASTER, sold_at=Decimal(71000), day=day + 1)
        client = world.client()
        assert client.get("/account/kraken/master").text.count('class="order-line"') == 20
        older = client.get("/account/kraken/master?orders=2").text
        assert older.count('class="order-line"') == 4
        assert 'href="?orders=1#orders"' in older
        assert 'sse-swap="orders"' not in older

    def test_says_what_is_not_known_before_the_first_cycle(self, world: World) -> None:
        world.accounts = (before_its_first_cycle("kraken:master"),)
        text = world.client().get("/account/kraken/master").text
        assert "Not known before the first cycle" in text
        assert "The journal cannot be read yet" in text

    def test_offers_to_sell_each_position(self, world: World) -> None:
        text = world.client().get("/account/kraken/master").text
        assert "/act/close?account=kraken%3Amaster&amp;market=BTC%2FUSD" in text

    def test_offers_no_action_to_the_owner_of_the_account(self, world: World) -> None:
        text = world.client(Viewer(only=MASTER)).get("/account/kraken/master").text
        assert "$5231.42" in text
        assert "/act/" not in text

    def test_is_missing_for_the_owner_of_another_account(self, world: World) -> None:
        world.accounts = (account(), account("kraken:daivon_frazier"))
        client = world.client(Viewer(only=DAIVON))
        assert client.get("/account/kraken/daivon_frazier").status_code == 200
        assert client.get("/account/kraken/master").status_code == 404

    def test_is_missing_for_an_account_that_does_not_exist(self, world: World) -> None:
        assert world.client().get("/account/kraken/nobody").status_code == 404

    @pytest.mark.parametrize("page", ["0", "-3", "x", "99999999999"])
    def test_takes_any_number_of_a_page(self, world: World, page: str) -> None:
        world.trade(MASTER)
        assert world.client().get(f"/account/kraken/master?orders={page}").status_code == 200


def test_fees_in_several_currencies_are_not_added_up(world: World) -> None:
    world.trade(MASTER)
    journal = world.journals.read(MASTER)
    (fill,) = journal.fills.all()
    journal.close()
    in_coins = replace(fill, id="another", fee=Decimal("0.0001"), fee_currency="BTC")
    assert fees_paid((fill, in_coins)) == "0.00010000 BTC, $5.14"


def test_no_trade_of_the_last_seconds_is_shown_late(world: World) -> None:
    client = world.client()
    client.get("/account/kraken/master")
    world.trade(MASTER)
    world.clock.advance(timedelta(seconds=3).total_seconds())
    assert "entry signal" in client.get("/account/kraken/master").text
