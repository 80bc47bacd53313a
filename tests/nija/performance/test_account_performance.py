"""What an account earned: by market and month, its returns, and against buy and hold."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from accounts.identity import AccountId
from nija.journal.errors import JournalError
from nija.performance.account import account_performance, together
from nija.performance.equity import Return, drawdown, equity_series, month_after, returns
from nija.performance.monthly import monthly_report
from nija.performance.selection import Selection
from nija.performance.totals import by_month, overall
from nija.performance.trades import closed_trades
from tests.nija.journal.equity_days import equity_day
from tests.nija.performance.bookkeeper import day

if TYPE_CHECKING:
    from nija.journal.journal import Journal
    from tests.nija.performance.bookkeeper import Bookkeeper

D = Decimal
MASTER = AccountId.parse("kraken:master")
JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)


def test_a_trade_counts_in_the_month_in_which_it_was_closed_by_utc(books: Bookkeeper) -> None:
    books.trade("100", "110", day(10), day(31) - timedelta(seconds=1))
    books.trade("100", "90", day(10), day(31))
    books.trade("100", "125", day(40), day(41))
    known = by_month(closed_trades(books.journal))
    assert [(one.name, one.trades, one.won, one.net) for one in known] == [
        ("2026-01", 1, 1, D(10)),
        ("2026-02", 2, 1, D(15)),
    ]
    assert (known[1].best, known[1].worst) == (D(25), D(-10))


def test_money_of_two_currencies_is_never_summed(books: Bookkeeper) -> None:
    books.trade("100", "110", day(1), day(2))
    books.trade("100", "90", day(1), day(2), market="BTC/EUR")
    assert [(one.currency, one.net) for one in overall(closed_trades(books.journal))] == [
        ("EUR", D(-10)),
        ("USD", D(10)),
    ]
    known = account_performance(books.journal)
    assert [(one.currency, one.trades, one.net) for one in together([known, known])] == [
        ("EUR", 2, D(-20)),
        ("USD", 2, D(20)),
    ]


def test_a_selection_has_both_of_its_days_and_one_market(books: Bookkeeper) -> None:
    for number in range(4):
        books.trade("100", "110", day(number), day(number + 0.99))
    books.trade("100", "110", day(1), day(1.5), market="ETH/USD")
    chosen = Selection(date(2026, 1, 2), date(2026, 1, 3), "BTC/USD")
    assert [trade.closed for trade in closed_trades(books.journal) if chosen.has(trade)] == [day(1.99), day(2.99)]


def test_the_return_of_a_month_begins_at_the_last_value_before_it(books: Bookkeeper) -> None:
    for unit, at in (("1.1", 5), ("1.2", 30.5), ("0.9", 35), ("1.5", 40)):
        books.value(unit, day(at))
    january, february = account_performance(books.journal).months
    assert january.returned == Return(D("0.2"), D(0))
    assert february.returned == Return(D("0.25"), D("0.25"))
    assert account_performance(books.journal).returned == Return(D("0.5"), D("0.25"))


def test_a_return_is_unknown_where_nothing_was_measured(books: Bookkeeper) -> None:
    books.trade("100", "110", day(1), day(2))
    known = account_performance(books.journal)
    assert (known.returned, known.equity, known.months[0].returned, known.months[0].buy_and_hold) == (
        None,
        None,
        None,
        D("0.1"),
    )


def test_rows_that_are_no_unit_values_are_left_out(books: Bookkeeper) -> None:
    books.journal.equity.save(equity_day(day(1), "100", "40", "300"))
    books.value("1.1", day(2))
    assert [point.unit for point in equity_series(books.journal)] == [D("1.1")]


def test_the_curve_has_the_points_within_a_day_and_the_last_value_of_each(books: Bookkeeper) -> None:
    books.value("1.1", day(1.9))
    books.point("0.8", day(1.5))
    books.value("1.2", day(2.9))
    assert [point.unit for point in equity_series(books.journal)] == [D("0.8"), D("1.1"), D("1.2")]
    assert [point.time for point in equity_series(books.journal, day(1.9))] == [day(1.9), day(2.9)]
    assert returns(equity_series(books.journal)) == Return(D("0.2"), D("0.2"))


def test_a_drawdown_is_the_deepest_fall_below_an_earlier_high() -> None:
    assert drawdown(map(D, ("1", "0.9", "1.5", "1.2", "1.4", "1.35"))) == D("0.2")


def test_december_is_followed_by_january() -> None:
    assert month_after(date(2025, 12, 1)) == JANUARY


class TestBuyAndHold:
    """In equal parts of every market, from NIJA's first purchase there."""

    def test_a_market_is_held_to_its_last_known_price(self, books: Bookkeeper) -> None:
        books.trade("100", "90", day(1), day(2))
        books.trade("80", "95", day(20), day(25))
        books.value("1", day(30), {"BTC/USD": "150", "ETH/USD": "7"})
        known = account_performance(books.journal)
        assert (known.markets[0].buy_and_hold, known.buy_and_hold) == (D("0.5"), D("0.5"))

    def test_prices_from_before_the_first_purchase_do_not_count(self, books: Bookkeeper) -> None:
        books.value("1", day(1), {"BTC/USD": "50"})
        books.trade("100", "90", day(2), day(3))
        assert account_performance(books.journal).buy_and_hold == D("-0.1")

    def test_one_price_alone_makes_it_unknown(self, books: Bookkeeper) -> None:
        books.trade("100", "110", day(1), day(2))
        books.buy("1", "7", day(3), market="ETH/USD")
        assert account_performance(books.journal).buy_and_hold is None

    def test_a_month_is_measured_by_prices_of_its_first_and_last_days(self, books: Bookkeeper) -> None:
        books.buy("1", "100", day(10))
        books.buy("1", "10", day(35), market="ETH/USD")
        books.value("1", day(30.5), {"BTC/USD": "110", "ETH/USD": "5"})
        books.value("1", day(58.5), {"BTC/USD": "99", "ETH/USD": "12"})
        january, february = account_performance(books.journal).months
        assert (january.buy_and_hold, february.buy_and_hold) == (D("0.1"), D("0.05"))

    @pytest.mark.parametrize("known_on", [25, 61], ids=["no price at its beginning", "no price in it"])
    def test_a_month_without_such_prices_is_unknown(self, books: Bookkeeper, known_on: float) -> None:
        books.trade("100", "110", day(1), day(known_on))
        books.value("1", day(50), {})
        books.value("1", day(70), {"BTC/USD": "99"})
        february = account_performance(books.journal).month(FEBRUARY)
        assert february is not None
        assert february.buy_and_hold is None


def test_open_trades_are_apart_from_closed_ones(books: Bookkeeper) -> None:
    books.trade("100", "110", day(1), day(2))
    books.buy("1", "50", day(3), market="ETH/USD")
    known = account_performance(books.journal)
    assert (known.totals[0].net, known.open_result("USD")) == (D(10), None)
    assert known.priced({"ETH/USD": D(60)}, day(4)).open_result("USD") == D(10)
    assert known.open_result("EUR") == 0


def test_a_month_without_a_closed_trade_has_its_return(books: Bookkeeper) -> None:
    books.buy("1", "100", day(1))
    books.value("1.1", day(5))
    (january,) = account_performance(books.journal).months
    assert [(one.trades, one.net) for one in january.totals_or_none("USD")] == [(0, D(0))]
    assert january.returned == Return(D("0.1"), D(0))


def test_the_report_of_a_month_hides_no_account_behind_a_broken_journal(books: Bookkeeper) -> None:
    def open_journal(account: AccountId) -> Journal:
        if account.is_master:
            raise JournalError("it is damaged")
        return books.journal

    books.trade("100", "110", day(1), day(2))
    books.value("1.1", day(5))
    broken, whole = monthly_report(open_journal, (MASTER, books.journal.account), JANUARY).accounts
    assert (broken.net, broken.unknown) == (None, "it is damaged")
    assert (whole.trades, whole.net, whole.return_rate, whole.unknown) == (1, D(10), D("0.1"), "")


def test_the_report_says_of_which_account_nothing_is_known_in_that_month(books: Bookkeeper) -> None:
    books.trade("100", "110", day(1), day(2))
    (row,) = monthly_report(lambda _account: books.journal, (books.journal.account,), FEBRUARY).accounts
    assert (row.trades, row.net, row.unknown) == (0, None, "NIJA did not trade it in this month")
