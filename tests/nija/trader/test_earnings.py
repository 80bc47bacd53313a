"""NIJA's earnings, from its own journal alone."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from brokers.client_order_id import Purpose, new_client_id
from brokers.model import Fill, OrderRequest, OrderType, Side
from nija.journal.connection import CommitPoint
from nija.journal.opening import Journals
from nija.journal.order_state import OrderState
from nija.journal.records import EquityDay, Intent, PositionPlan, WriteOff
from nija.trader.appraisal import Earnings
from tests.fakes import ManualClock
from tests.nija.orders.captured_log import CapturedLog
from tests.nija.trader.trader_rig import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nija.journal.journal import Journal

NOW = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journals = Journals(tmp_path, ManualClock(), CapturedLog().logger)
    journal = journals.open(ACCOUNT)
    yield journal
    journal.close()
    journals.close()


def bought(journal: Journal, amount: str, price: str, market: str = "BTC/USD") -> str:
    """Open a position of this amount; returns its id."""
    client_id = new_client_id(Purpose.ENTRY)
    request = OrderRequest(client_id, market, Side.BUY, OrderType.MARKET, Decimal(amount), NOW)
    with journal.transaction(CommitPoint.INTENDED):
        journal.plans.add(PositionPlan(client_id, market, NOW, "trend"))
        journal.intents.add(Intent(request, client_id, Purpose.ENTRY, OrderState.INTENDED, NOW, Decimal(0)))
        fill = Fill(client_id, "O1", market, Side.BUY, Decimal(amount), Decimal(price), Decimal(0), "USD", NOW)
        journal.fills.book(client_id, fill, NOW)
    return client_id


def write_off(journal: Journal, position: str, amount: str, price: str | None) -> None:
    loss = WriteOff(position, Decimal(amount), "gone", NOW, None if price is None else Decimal(price))
    with journal.transaction(CommitPoint.CLOSED):
        journal.plans.write_off(loss)


def test_an_open_position_counts_with_what_it_is_worth(journal: Journal) -> None:
    bought(journal, "2", "100")
    assert Earnings(journal, "USD").total(Decimal(190)) == -10


def sold_before_the_purchase_is_booked(journal: Journal) -> None:
    """An entry of 2 at 100 whose fills are unread, and its stop's fill of 2 at 90."""
    entry, stop = new_client_id(Purpose.ENTRY), new_client_id(Purpose.STOP)
    with journal.transaction(CommitPoint.INTENDED):
        journal.plans.add(PositionPlan(entry, "BTC/USD", NOW, "trend"))
        for client_id, purpose, side in ((entry, Purpose.ENTRY, Side.BUY), (stop, Purpose.STOP, Side.SELL)):
            request = OrderRequest(client_id, "BTC/USD", side, OrderType.MARKET, Decimal(2), NOW)
            journal.intents.add(Intent(request, entry, purpose, OrderState.FILLED, NOW, Decimal(2)))
        fill = Fill(stop, "O2", "BTC/USD", Side.SELL, Decimal(2), Decimal(90), Decimal(0), "USD", NOW)
        journal.fills.book(stop, fill, NOW)


def test_a_sale_that_is_booked_before_its_purchase_is_no_gain(journal: Journal) -> None:
    earnings = Earnings(journal, "USD")
    assert earnings.counted(Decimal(0), is_complete=True) == 0
    sold_before_the_purchase_is_booked(journal)
    assert earnings.counted(Decimal(0), is_complete=False) == 0


def test_a_sale_that_is_booked_before_its_purchase_is_no_gain_after_a_restart(journal: Journal) -> None:
    journal.equity.save(
        EquityDay(NOW.date(), "USD", Decimal(1), Decimal(1), Decimal(1), Decimal(7), Decimal(1000), NOW)
    )
    sold_before_the_purchase_is_booked(journal)
    assert Earnings(journal, "USD").counted(Decimal(0), is_complete=False) == 7


def test_a_loss_counts_while_fills_of_an_entry_are_missing(journal: Journal) -> None:
    earnings = Earnings(journal, "USD")
    bought(journal, "2", "100")
    assert earnings.counted(Decimal(200), is_complete=True) == 0
    assert earnings.counted(Decimal(150), is_complete=False) == -50


@pytest.mark.parametrize("price", ["40", "100", "250"])
def test_a_position_that_left_by_the_owners_hand_is_booked_out_at_the_last_price(journal: Journal, price: str) -> None:
    earnings = Earnings(journal, "USD")
    position = bought(journal, "2", "100")
    before = earnings.total(2 * Decimal(price))
    write_off(journal, position, "2", price)
    assert earnings.total(Decimal(0)) == before


def test_a_part_of_a_position_that_left_by_the_owners_hand_is_booked_out_as_well(journal: Journal) -> None:
    earnings = Earnings(journal, "USD")
    position = bought(journal, "2", "100")
    before = earnings.total(Decimal(2 * 80))
    write_off(journal, position, "0.5", "80")
    assert earnings.total(Decimal("1.5") * 80) == before


def test_what_left_without_a_known_price_left_at_what_it_cost(journal: Journal) -> None:
    position = bought(journal, "2", "100")
    write_off(journal, position, "2", None)
    assert Earnings(journal, "USD").total(Decimal(0)) == 0


def test_markets_of_another_currency_are_not_counted(journal: Journal) -> None:
    write_off(journal, bought(journal, "2", "100", "BTC/EUR"), "1", "50")
    assert Earnings(journal, "USD").total(Decimal(0)) == 0


def test_what_has_not_changed_is_not_read_again(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    earnings = Earnings(journal, "USD")
    bought(journal, "2", "100")
    earnings.total(Decimal(200))
    monkeypatch.setattr(type(journal.fills), "all", None)
    assert earnings.total(Decimal(210)) == 10
