from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest

from brokers.model import Exchange
from nija.events import (
    AccountDay,
    AccountFailed,
    AccountMonth,
    AccountRecovered,
    AnotherProgram,
    DaemonStarted,
    DaemonStopped,
    DailySummary,
    FeedBack,
    FeedSilent,
    LimitReached,
    MonthlyReport,
    PositionBare,
    PositionCertain,
    PositionClosed,
    PositionIncreased,
    PositionInDoubt,
    PositionOpened,
    PositionProtected,
    PositionReduced,
    PositionWrittenOff,
)
from nija.notify.message import message, note
from nija.notify.wording import NotifiedEvent, Severity, wording_of
from nija.risk.no_trade import NoTradeReason, Rule
from tests.nija.notify.account_states import MASTER, START, TANIA

PAUSED = tuple(NoTradeReason(Rule.PAUSED, "new entries are paused", market=one) for one in ("BTC/USD", "ETH/USD"))
BOUGHT = PositionOpened(MASTER, "BTC/USD", Decimal("0.001"), Decimal(95000), Decimal(88000), "entry-1")


@pytest.mark.parametrize(
    ("event", "title", "text"),
    [
        (
            AccountFailed(MASTER, "Permission denied"),
            "❌ Kraken MASTER is not trading",
            "Permission denied. NIJA keeps",
        ),
        (AccountRecovered(TANIA), "✅ Kraken USER tania_gilbert trades again", ""),
        (BOUGHT, "📈 Kraken MASTER bought BTC/USD", "0.00100000 @ $95000.00, stop $88000.00"),
        (
            PositionIncreased(
                MASTER, "BTC/USD", Decimal("0.001"), Decimal(95000), Decimal("0.003"), Decimal(88000), "entry-1"
            ),
            "📈 Kraken MASTER bought more BTC/USD",
            "0.00100000 @ $95000.00, 0.00300000 held, stop $88000.00",
        ),
        (
            PositionReduced(
                *(MASTER, "BTC/USD", Decimal("0.001"), Decimal(95000), Decimal("-1.2"), Decimal("0.002")),
                *(Decimal(88000), "trend_ensemble wants 21.72 % on the candle closed X", "entry-1"),
            ),
            "📉 Kraken MASTER sold part of BTC/USD",
            "0.00100000 @ $95000.00, -$1.20 after fees, 0.00200000 held: trend_ensemble wants 21.72 %",
        ),
        (
            PositionClosed(MASTER, "BTC/USD", Decimal("0.001"), Decimal("-12.346"), Decimal(0), "", "entry-1"),
            "📉 Kraken MASTER sold BTC/USD",
            "0.00100000, -$12.34 after fees: by its stop",
        ),
        (
            PositionClosed(MASTER, "BTC/USD", Decimal(0), Decimal(0), Decimal("1E-5"), "", "entry-1"),
            "📉 Kraken MASTER closed BTC/USD",
            "0.00001000 stays in the account: too little to sell",
        ),
        (
            LimitReached(MASTER, "daily_loss", "daily loss of 8 %"),
            "🛑 Kraken MASTER opens nothing new",
            "daily loss of 8 %",
        ),
        (
            PositionWrittenOff(MASTER, "BTC/USD", Decimal("1E-3"), "sold by hand", "entry-1"),
            "✍️ Kraken MASTER: BTC/USD was booked out",
            "0.00100000 left the account without a sale by NIJA: sold by hand",
        ),
        (
            PositionBare(MASTER, "BTC/USD", "BTC/USD has no stop price"),
            "⚠️ Kraken MASTER: BTC/USD is not protected",
            "BTC/USD has no stop price. NIJA keeps trying",
        ),
        (PositionProtected(MASTER, "BTC/USD", ""), "✅ Kraken MASTER: BTC/USD is protected again", ""),
        (
            PositionInDoubt(MASTER, "BTC/USD", "BTC/USD is in doubt: coins are missing"),
            "⚠️ Kraken MASTER: BTC/USD is in doubt",
            "BTC/USD is in doubt: coins are missing. NIJA sells nothing that may be yours",
        ),
        (PositionCertain(MASTER, "BTC/USD", ""), "✅ Kraken MASTER: BTC/USD is certain again", ""),
        (
            AnotherProgram(TANIA, "an order of another NIJA", "O-1"),
            "🛑 Another NIJA or other program trades Kraken USER tania_gilbert",
            "an order of another NIJA. NIJA opens nothing there",
        ),
        (
            FeedSilent(Exchange.KRAKEN, "BTC/USD", "no price of BTC/USD for 5 min"),
            "📡 Kraken gives no market data of BTC/USD",
            "no price of BTC/USD for 5 min. Nothing new is opened",
        ),
        (
            FeedBack(Exchange.KRAKEN, "", 5_400.0, "no price"),
            "✅ Kraken gives market data again",
            "It was missing for at least 1 h 30 min",
        ),
        (DaemonStarted("live", (MASTER, TANIA)), "🚀 started", "mode live; accounts: Kraken MASTER, Kraken USER tania"),
        (DaemonStopped(), "👋 stopped", "No new orders"),
    ],
)
def test_every_event_names_the_account_and_what_happened(event: NotifiedEvent, title: str, text: str) -> None:
    said = wording_of(event)
    assert said.title == title
    assert said.text.startswith(text)


def test_the_summary_has_a_line_for_each_account_with_each_reason_once() -> None:
    days = (
        AccountDay(MASTER, "TRADING", "USD", Decimal("1034.56"), Decimal("34.56"), 1),
        AccountDay(TANIA, "FAILED", "USD", None, None, 0, "Permission denied", PAUSED),
        AccountDay(TANIA, "PAUSED", "USD", None, None, 0, not_trading=PAUSED),
    )
    assert wording_of(DailySummary(date(2026, 3, 1), days)).text.splitlines() == [
        "Kraken MASTER: TRADING, $1034.56 (+$34.56 today), open positions: 1",
        "Kraken USER tania_gilbert: FAILED, equity unknown, open positions: 0; Permission denied",
        "Kraken USER tania_gilbert: PAUSED, equity unknown, open positions: 0; new entries are paused",
    ]


def test_the_report_of_a_month_has_a_line_for_each_account_and_says_what_is_unknown() -> None:
    figures = (Decimal("0.012"), Decimal("0.005"), None)
    months = (
        AccountMonth(MASTER, "USD", 5, 3, Decimal("12.349"), Decimal("1.2"), *figures),
        AccountMonth(TANIA, "", unknown="its journal is damaged"),
    )
    said = wording_of(MonthlyReport(date(2026, 10, 1), months))
    assert said.title == "📆 2026-10: what NIJA earned"
    assert said.text.splitlines() == [
        (
            "Kraken MASTER: +$12.34 after $1.20 of fees, 5 trades, 3 won; return +1.20 %, largest drawdown 0.50 %; "
            "buy and hold unknown"
        ),
        "Kraken USER tania_gilbert: unknown: its journal is damaged",
    ]


def test_one_event_is_sent_as_it_is_and_many_become_one_message() -> None:
    one = message("NIJA", [note(BOUGHT, START)], 0, str)
    assert (one.title, one.severity) == ("NIJA 📈 Kraken MASTER bought BTC/USD", Severity.SUCCESS)
    many = message("NIJA", [note(BOUGHT, START), note(AccountFailed(TANIA, "x"), START)], 0, str)
    assert (many.title, many.severity) == ("NIJA: 2 events", Severity.FAILURE)
    assert many.body.splitlines()[0] == "12:00 📈 Kraken MASTER bought BTC/USD: 0.00100000 @ $95000.00, stop $88000.00"


def test_a_burst_is_limited_and_counts_what_it_leaves_out() -> None:
    notes = [note(AccountFailed(MASTER, str(number)), START) for number in range(40)]
    burst = message("NIJA", notes, 3, str)
    assert burst.title == "NIJA: 43 events"
    assert burst.body.splitlines()[0] == "(18 earlier events are left out; see nija.log)"
    assert "39. NIJA keeps trying" in burst.body.splitlines()[-1]


def test_secrets_are_taken_out_of_title_and_text() -> None:
    said = message(
        "NIJA", [note(AccountFailed(MASTER, "key SECRET refused"), START)], 0, lambda text: text.replace("SECRET", "…")
    )
    assert "SECRET" not in said.body


def test_severities_are_ordered_from_good_to_bad() -> None:
    ranked = list(Severity)
    assert all(ranked.index(less) < ranked.index(more) for less, more in pairwise(ranked))
    assert ranked[-1] is Severity.FAILURE
