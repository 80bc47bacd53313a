"""The files for tax programs: their columns, their sums and their years."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from nija.performance.lots import LotMethod
from nija.performance.tax_files import tax_files, tax_year
from tests.nija.performance.bookkeeper import NEW_YEAR, day

if TYPE_CHECKING:
    from tests.nija.performance.bookkeeper import Bookkeeper

D = Decimal
MOMENT = timedelta(microseconds=1)


def rows(books: Bookkeeper, name: str, year: int = 2026) -> list[list[str]]:
    """With their heads."""
    return list(csv.reader(io.StringIO(tax_files(tax_year(books.journal, year, LotMethod.FIFO))[name])))


def columns(books: Bookkeeper, name: str, year: int = 2026) -> list[dict[str, str]]:
    head, *body = rows(books, name, year)
    return [dict(zip(head, row, strict=True)) for row in body]


@pytest.fixture
def round_trip(books: Bookkeeper) -> Bookkeeper:
    position = books.buy("2", "100", day(1), fee="0.5")
    books.sell(position, "2", "110", day(2), fee="0.7")
    books.close(position, day(2))
    return books


def test_rotki_gets_its_generic_trades(round_trip: Bookkeeper) -> None:
    """As docs.rotki.com has them: the fee apart, the time in milliseconds."""
    head, *body = rows(round_trip, "rotki.csv")
    assert ",".join(head) == (
        "Location,Spend Currency,Receive Currency,Receive Amount,Spend Amount,Fee,Fee Currency,Description,Timestamp"
    )
    source = "NIJA's fills alone (kraken:daivon_frazier), order "
    assert body == [
        ["kraken", "USD", "BTC", "2", "200", "0.5", "USD", f"{source}O0", "1767312000000"],
        ["kraken", "BTC", "USD", "220", "2", "0.7", "USD", f"{source}O1", "1767398400000"],
    ]


def test_koinly_gets_its_universal_format(round_trip: Bookkeeper) -> None:
    """As support.koinly.io has it: times in UTC, the fee apart."""
    head, bought, sold = rows(round_trip, "koinly.csv")
    assert ",".join(head) == (
        "Date,Sent Amount,Sent Currency,Received Amount,Received Currency,Fee Amount,Fee Currency,Net Worth Amount,"
        "Net Worth Currency,Label,Description,TxHash"
    )
    assert bought[:10] == ["2026-01-02 00:00:00 UTC", "200", "USD", "2", "BTC", "0.5", "USD", "", "", ""]
    assert sold[:7] == ["2026-01-03 00:00:00 UTC", "2", "BTC", "220", "USD", "0.7", "USD"]
    assert bought[10:] == ["NIJA's fills alone (kraken:daivon_frazier), order O0", "T0"]


def test_cointracking_gets_amounts_that_contain_the_fee(round_trip: Bookkeeper) -> None:
    head, bought, sold = rows(round_trip, "cointracking.csv")
    assert ",".join(head) == "Type,Buy,Cur.,Sell,Cur.,Fee,Cur.,Exchange,Group,Comment,Date,Tx-ID"
    assert bought[:9] == ["Trade", "2", "BTC", "200.5", "USD", "0.5", "USD", "Kraken", "NIJA"]
    assert sold[:7] == ["Trade", "219.3", "USD", "2", "BTC", "0.7", "USD"]
    assert bought[10:] == ["2026-01-02 00:00:00", "T0"]


def test_cointracking_gets_the_coins_that_were_left_after_a_fee_in_the_coin(books: Bookkeeper) -> None:
    position = books.buy("2", "100", day(1), fee="0.01", fee_in="BTC")
    books.sell(position, "1.98", "100", day(2), fee="0.01", fee_in="BTC")
    _, bought, sold = rows(books, "cointracking.csv")
    assert (bought[1:3], sold[3:5]) == (["1.99", "BTC"], ["1.99", "BTC"])


def test_a_fill_without_a_fee_names_no_currency_of_a_fee(books: Bookkeeper) -> None:
    books.buy("2", "100", day(1))
    assert columns(books, "koinly.csv")[0]["Fee Currency"] == ""


@pytest.mark.parametrize("name", ["fills.csv", "disposals-fifo.csv", "rotki.csv", "koinly.csv", "cointracking.csv"])
def test_each_row_says_that_it_is_from_nijas_fills_alone(round_trip: Bookkeeper, name: str) -> None:
    _, *body = rows(round_trip, name)
    assert body
    assert all(any("NIJA's fills alone" in cell for cell in row) for row in body)


def test_a_year_ends_at_midnight_utc_and_its_lots_come_from_earlier_years(books: Bookkeeper) -> None:
    position = books.buy("2", "100", NEW_YEAR - MOMENT)
    books.sell(position, "1", "150", NEW_YEAR - MOMENT)
    books.sell(position, "1", "300", NEW_YEAR)
    assert [row["Value"] for row in columns(books, "fills.csv", 2025)] == ["200", "150"]
    assert [row["Value"] for row in columns(books, "fills.csv")] == ["300"]
    assert [row["Gain"] for row in columns(books, "disposals-fifo.csv", 2025)] == ["50"]
    (sold,) = columns(books, "disposals-fifo.csv")
    assert (sold["Acquired (UTC)"], sold["Days Held"], sold["Gain"]) == ("2025-12-31 23:59:59", "0", "200")
    assert columns(books, "fills.csv", 2024) == []


def test_the_sums_equal_the_fills(books: Bookkeeper) -> None:
    for number, (price, fee) in enumerate((("100.07", "0.26"), ("93.11", "0.31"), ("120.59", "0.1"))):
        position = books.buy("0.12345678", price, day(2 * number), fee=fee)
        books.sell(position, "0.12345678", "101.3", day(2 * number + 1), fee="0.05")
        books.close(position, day(2 * number + 1))
    sales = [fill for fill in books.fills if fill.side.value == "sell"]
    proceeds = sum(fill.amount * fill.price - fill.fee for fill in sales)
    cost = sum(fill.amount * fill.price + fill.fee for fill in books.fills if fill not in sales)
    disposals = columns(books, "disposals-fifo.csv")
    assert sum(D(row["Proceeds"]) for row in disposals) == proceeds
    assert sum(D(row["Cost"]) for row in disposals) == cost
    assert sum(D(row["Gain"]) for row in disposals) == proceeds - cost
    assert sum(D(row["Fee"]) for row in columns(books, "fills.csv")) == sum(fill.fee for fill in books.fills)


def test_what_left_without_a_sale_has_no_proceeds(books: Bookkeeper) -> None:
    position = books.buy("1", "100", day(1))
    books.write_off(position, "1", "120", day(2))
    (row,) = columns(books, "disposals-fifo.csv")
    assert (row["Kind"], row["Cost"], row["Proceeds"], row["Gain"]) == ("written off", "100", "", "")


def test_an_unknown_purchase_reads_unknown(books: Bookkeeper) -> None:
    position = books.buy("1", "100", day(1))
    books.sell(position, "2", "120", day(2))
    *_, row = columns(books, "disposals-fifo.csv")
    assert (row["Acquired (UTC)"], row["Cost"], row["Proceeds"], row["Gain"]) == (
        "unknown",
        "unknown",
        "120",
        "unknown",
    )
