"""What a trade earned, from the journal alone."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from nija.journal.connection import CommitPoint
from nija.journal.records import PositionPlan
from nija.performance.trades import Ending, closed_trades, open_trades
from nija.trader.appraisal import Earnings
from tests.nija.performance.bookkeeper import day

if TYPE_CHECKING:
    from tests.nija.performance.bookkeeper import Bookkeeper

D = Decimal


def test_a_closed_trade_earns_what_it_was_sold_for_less_what_it_cost_and_all_fees(books: Bookkeeper) -> None:
    position = books.buy("2", "100", day(1), fee="0.5")
    books.sell(position, "1.5", "110", day(2), fee="0.4")
    books.sell(position, "0.5", "120", day(4), fee="0.1")
    books.close(position, day(4.1), "trend exit on the candle closed 2026-01-05 00:00")
    (trade,) = closed_trades(books.journal)
    assert (trade.net, trade.cost, trade.amount, trade.sold) == (D("24.0"), D("200.5"), D(2), D("2.0"))
    assert (trade.entry_price, trade.exit_price) == (D(100), D("112.5"))
    assert (trade.fees, trade.fee_value) == ({"USD": D("1.0")}, D("1.0"))
    assert (trade.opened, trade.closed, trade.held.days) == (day(1), day(4), 3)
    assert (trade.ending, trade.is_won, trade.currency) == (Ending.SIGNAL, True, "USD")


def test_a_fee_in_the_coin_is_a_smaller_position_and_has_a_value(books: Bookkeeper) -> None:
    position = books.buy("2", "100", day(1), fee="0.02", fee_in="BTC")
    books.sell(position, "1.98", "100", day(2))
    books.close(position, day(2))
    (trade,) = closed_trades(books.journal)
    assert (trade.net, trade.fee_value, trade.fees["BTC"]) == (D("-2.00"), D("2.00"), D("0.02"))


def test_a_fee_in_a_third_currency_is_shown_and_has_no_known_value(books: Bookkeeper) -> None:
    position = books.buy("1", "100", day(1), fee="7", fee_in="KFEE")
    books.sell(position, "1", "100", day(2))
    books.close(position, day(2))
    (trade,) = closed_trades(books.journal)
    assert (trade.net, trade.fee_value, trade.fees) == (D(0), D(0), {"KFEE": D(7), "USD": D(0)})


def test_what_the_owner_took_is_neither_gain_nor_loss_from_then_on(books: Bookkeeper) -> None:
    position = books.buy("2", "100", day(1))
    books.write_off(position, "1", "130", day(2), "sold by the owner's hand")
    books.sell(position, "1", "90", day(3))
    books.close(position, day(3))
    (trade,) = closed_trades(books.journal)
    assert (trade.net, trade.sold, trade.written_off) == (D(130 + 90 - 200), D(1), D(1))


def test_a_trade_of_which_nothing_was_sold_says_who_took_it(books: Bookkeeper) -> None:
    position = books.buy("2", "100", day(1))
    books.write_off(position, "2", None, day(2), "withdrawn from the account")
    books.close(position, day(3))
    (trade,) = closed_trades(books.journal)
    assert (trade.net, trade.exit_price, trade.closed) == (D(0), None, day(2))
    assert (trade.ending, trade.reason) == (Ending.BOOKED_OUT, "withdrawn from the account")


def test_a_trade_says_how_it_ended(books: Bookkeeper) -> None:
    reasons = {
        None: Ending.STOP,
        "price $90.00 reached the stop $91.00": Ending.STOP,
        "flatten": Ending.COMMAND,
        "closed by web 203.0.113.7": Ending.COMMAND,
        "trend exit on the candle closed 2026-01-05 00:00": Ending.SIGNAL,
    }
    for number, reason in enumerate(reasons):
        books.close(books.trade("100", "100", day(number), day(number + 0.5)), day(number + 0.5), reason)
    assert [trade.ending for trade in closed_trades(books.journal)] == list(reasons.values())


def test_an_entry_that_bought_nothing_is_no_trade(books: Bookkeeper) -> None:
    with books.journal.transaction(CommitPoint.INTENDED):
        books.journal.plans.add(PositionPlan("open", "BTC/USD", day(1), "trend"))
        books.journal.plans.add(PositionPlan("closed", "BTC/USD", day(1), "trend", closed=day(2)))
    assert closed_trades(books.journal) == ()
    assert open_trades(books.journal) == ()


def test_an_open_trade_is_worth_the_last_price_that_the_journal_knows(books: Bookkeeper) -> None:
    position = books.buy("2", "100", day(1), fee="1")
    books.sell(position, "1", "120", day(2))
    books.value("1", day(3), {"BTC/USD": "130"})
    (trade,) = open_trades(books.journal)
    assert (trade.amount, trade.cost, trade.realised) == (D(1), D("100.5"), D("19.5"))
    assert (trade.price, trade.price_time, trade.unrealised, trade.result) == (D(130), day(3), D("29.5"), D("49.0"))
    assert trade.at(D(100), day(4)).result == D("19.0")


def test_without_a_price_the_result_of_an_open_trade_is_unknown(books: Bookkeeper) -> None:
    books.buy("2", "100", day(1))
    (trade,) = open_trades(books.journal)
    assert (trade.price, trade.price_time, trade.unrealised, trade.result) == (None, None, None, None)


def test_all_trades_together_earned_what_the_loss_limits_say(books: Bookkeeper) -> None:
    books.trade("100", "117.31", day(1), day(2))
    taken = books.buy("3", "50", day(3), fee="0.3", market="ETH/USD")
    books.write_off(taken, "1.5", "44.4", day(4))
    books.sell(taken, "1.4", "61", day(5), fee="0.31")
    books.write_off(taken, "0.1", None, day(5))
    books.close(taken, day(5))
    books.buy("2", "100", day(6), fee="0.7")
    (held,) = open_trades(books.journal)
    assert sum(trade.net for trade in closed_trades(books.journal)) + (held.at(D(90), day(7)).result or 0) == Earnings(
        books.journal, "USD"
    ).total(D(180))
