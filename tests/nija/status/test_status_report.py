"""The status report: its contents, its JSON and its rendering."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from nija.control.client import ask
from nija.control.server import ControlServer
from nija.control.values import to_plain
from nija.control.wire import SOCKET_NAME
from nija.risk.no_trade import NoTradeReason, Rule
from nija.status.lines import details, market_data, summary
from nija.status.render import console_for, show
from nija.status.report import (
    AccountFault,
    AccountFaultKind,
    AccountStatus,
    HaltStatus,
    LimitDistance,
    MarketStatus,
    PositionStatus,
    RefusedMarket,
    RestingOrder,
    StatusExit,
    StatusReport,
)
from nija.trader.view import ProtectionView, Steps, WrittenOff

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 1, 17, 12, 0, tzinfo=UTC)
BTC = MarketStatus("BTC/USD", "1d", 4.0, 4.0, 11_520.0, 90.0, 172_800.0)
FULL = AccountStatus(
    id="kraken:master",
    label="MASTER",
    exchange="kraken",
    state="TRADING",
    balance=Decimal("123.45"),
    equity=Decimal("218.45"),
    equity_change=Decimal("-1.2"),
    positions=(
        PositionStatus(
            "BTC/USD",
            Decimal("0.001"),
            Decimal(90000),
            Decimal(85000),
            Decimal(95000),
            Decimal("4.64"),
            Decimal("5.15"),
        ),
    ),
    resting_orders=(RestingOrder("BTC/USD", "sell", "stop", Decimal("0.001"), Decimal(85000), "stop"),),
    last_useful_work=NOW - timedelta(seconds=7),
    not_trading=(NoTradeReason(Rule.MAX_POSITIONS, "1 position is open; waiting for an exit", "1", "1", "ETH/USD"),),
    rate_budget=Decimal("0.85"),
    limits=(LimitDistance("max_daily_loss", Decimal("0.01"), Decimal("0.08")),),
    latches=(
        HaltStatus("drawdown", "drawdown of 36 %", NOW - timedelta(hours=2)),
        HaltStatus("another_program", "another NIJA or program trades this account", NOW - timedelta(hours=2)),
    ),
    since=NOW - timedelta(hours=3),
    is_known=True,
    last_answer_age=150.0,
    markets=(BTC, replace(BTC, market="ETH/USD", price_age=400.0)),
    protection=(ProtectionView("BTC/USD", covered=False, bare_seconds=40.0, bare_total=52.0, longest=41.0),),
    written_off=(WrittenOff("ETH/USD", Decimal("0.1"), "sold by hand", NOW),),
    foreign_orders=3,
    unread=2,
    refused_markets=(RefusedMarket("XMR/USD", "choose another market"),),
    faults=(
        AccountFault(AccountFaultKind.NOT_PROTECTED, "BTC/USD", "BTC/USD has been without a stop for 40 s"),
        AccountFault(AccountFaultKind.NO_MARKET_DATA, "ETH/USD", "no price of ETH/USD for 6 min"),
        AccountFault(AccountFaultKind.ANOTHER_PROGRAM, "", "another NIJA or program trades this account"),
    ),
)
COINBASE = AccountStatus("coinbase:master", "MASTER", "coinbase", "TRADING", balance=Decimal("0.76"))
USER = AccountStatus("kraken:tania_gilbert", "USER tania_gilbert", "kraken", "FAILED", reason="Invalid signature")
REPORT = StatusReport(4711, "1.0", NOW - timedelta(hours=3, minutes=12), "live", (FULL, COINBASE, USER))


def shown(report: StatusReport) -> list[str]:
    out = io.StringIO()
    show(report, NOW, console_for(out))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_a_report_survives_the_way_through_json() -> None:
    assert StatusReport.from_json(json.loads(json.dumps(REPORT.to_json()))) == REPORT


@given(
    st.decimals(allow_nan=False, allow_infinity=False),
    st.datetimes(timezones=st.just(UTC)),
    st.text(),
)
def test_no_figure_time_or_text_is_changed_on_the_way(figure: Decimal, moment: datetime, text: str) -> None:
    account = replace(FULL, balance=figure, last_useful_work=moment, reason=text)
    there = json.dumps(replace(REPORT, accounts=(account,)).to_json())
    (back,) = StatusReport.from_json(json.loads(there)).accounts
    assert (back.balance, back.last_useful_work, back.reason) == (figure, moment, text)


@pytest.mark.parametrize("broken", [{}, {"pid": "1"}, {**REPORT.to_json(), "accounts": [{}]}])
def test_other_json_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a StatusReport"):
        StatusReport.from_json(broken)


def test_the_masters_are_listed_in_the_lines_that_the_guide_promises() -> None:
    lines = shown(REPORT)
    start = lines.index("Master Exchanges Connected: 2")
    assert lines[start:] == ["Master Exchanges Connected: 2", "  - coinbase: $0.76", "  - kraken: $123.45"]


def test_all_details_of_an_account_are_shown() -> None:
    text = "\n".join(shown(REPORT))
    for fact in (
        "running for 3 h 12 min",
        "7 s ago",
        "-$1.20",
        "85.00 %",
        "BTC/USD  0.00100000  $90000.00  $95000.00  $85000.00  +$4.64  +5.15 %",
        "not trading - ETH/USD: 1 position is open; waiting for an exit [max_positions: value 1, limit 1]",
        "limits: max daily loss 1.00 % of 8.00 %",
        "🛑 drawdown of 36 %, 2 h ago (nija resume kraken:master)",
        "FAILED: Invalid signature",
        "another NIJA or program trades this account, 2 h ago (nija resume kraken:master)",
        "⚠️  BTC/USD has been without a stop for 40 s",
        "BTC/USD: without a stop for 40 s now, 52 s in total, 41 s at the longest",
        "3 open orders are not NIJA's, and left alone",
        "2 rows of the exchange's answers could not be read",
        "XMR/USD is refused to this account: choose another market",
        "last answer from the exchange 2 min 30 s ago",
    ):
        assert fact in text, fact


def positions_table(*held: PositionStatus, width: int = 80) -> list[str]:
    account = replace(FULL, positions=held, resting_orders=(), not_trading=())
    lines = on_a_terminal(replace(REPORT, accounts=(account,)), width)
    start = next(number for number, line in enumerate(lines) if line.lstrip().startswith("Market "))
    return [line[3:] for line in lines[start : start + len(held) + 1]]


class TestPositions:
    BTC = replace(FULL.positions[0], steps=Steps(Decimal("0.1"), Decimal("0.00000001")))
    DOGE = PositionStatus(
        "DOGE/USD",
        Decimal("12345.5"),
        Decimal("0.123456"),
        Decimal("0.1"),
        Decimal("0.2"),
        Decimal("-943.21"),
        Decimal("-1.5"),
        steps=Steps(Decimal("0.000001"), Decimal("0.5")),
    )

    def test_figures_have_the_decimals_of_their_market_with_the_points_beneath_each_other(self) -> None:
        assert positions_table(self.BTC, self.DOGE, width=100) == [
            "Market            Amount      Bought at            Now           Stop    Profit",
            "BTC/USD       0.00100000  $90000.0       $95000.0       $85000.0         +$4.64  +5.15 %",
            "DOGE/USD  12345.5             $0.123456      $0.200000      $0.100000  -$943.21  -1.50 %",
        ]

    def test_a_narrow_terminal_gets_fewer_columns_and_keeps_market_stop_and_profit(self) -> None:
        titles, *rows = positions_table(self.BTC, width=40)
        assert titles.split() == ["Market", "Now", "Stop", "Profit"]
        assert rows == ["BTC/USD  $95000.0  $85000.0  +$4.64"]

    def test_a_position_that_is_being_sold_says_why(self) -> None:
        sold = replace(self.BTC, exit_reason="closed by command")
        text = "\n".join(shown(replace(REPORT, accounts=(replace(FULL, positions=(sold,)),))))
        assert "BTC/USD is being sold: closed by command" in text

    def test_a_stop_that_the_table_shows_is_not_listed_again(self) -> None:
        assert not any("resting stop" in line for line in shown(REPORT))

    @pytest.mark.parametrize(("price", "size"), [(84000, "0.001"), (85000, "0.0005")])
    def test_another_stop_is_listed(self, price: int, size: str) -> None:
        other = replace(FULL.resting_orders[0], price=Decimal(price), amount=Decimal(size))
        lines = shown(replace(REPORT, accounts=(replace(FULL, resting_orders=(other,)),)))
        assert any(f"resting stop: sell stop BTC/USD {size}" in line for line in lines)


class TestSummary:
    def line(self, *accounts: AccountStatus) -> str:
        return summary(replace(REPORT, accounts=accounts))

    def test_it_counts_states_and_positions_and_adds_up_the_money(self) -> None:
        assert self.line(FULL, replace(FULL, state="PAUSED"), FULL) == (
            "3 accounts: 2 TRADING, 1 PAUSED · equity $655.35 · today -$3.60 · 3 positions"
        )

    def test_each_currency_has_its_own_sum(self) -> None:
        assert "equity $218.45, €218.45 · today -$1.20, -€1.20" in self.line(FULL, replace(FULL, currency="EUR"))

    def test_what_is_unknown_is_said_and_not_taken_for_nothing(self) -> None:
        assert self.line(FULL, COINBASE) == (
            "2 accounts: 2 TRADING · equity $218.45 (1 unknown) · today -$1.20 (1 unknown) · 1 position"
        )
        assert self.line(COINBASE) == "1 account: 1 TRADING · equity unknown · today unknown · 0 positions"


def test_an_underfunded_account_does_not_read_trading() -> None:
    poor = replace(COINBASE, is_underfunded=True)
    (row,) = (line for line in shown(replace(REPORT, accounts=(poor,))) if line.startswith("coinbase:master  "))
    assert row.split()[1] == "UNDERFUNDED"
    assert replace(REPORT, accounts=(poor,)).exit_code is StatusExit.NONE
    assert replace(poor, state="PAUSED").shown_state == "PAUSED"


def test_markets_with_the_same_reason_share_a_line() -> None:
    reasons = tuple(NoTradeReason(Rule.NO_SIGNAL, "no entry signal", market=name) for name in ("BTC/USD", "ETH/USD"))
    lines = shown(replace(REPORT, accounts=(replace(FULL, positions=(), not_trading=reasons),)))
    assert "   not trading - BTC/USD, ETH/USD: no entry signal [no_signal]" in lines


def test_that_a_position_is_open_is_no_news_beneath_the_position() -> None:
    reason = NoTradeReason(Rule.POSITION_OPEN, "a position is open", market="BTC/USD")
    lines = shown(replace(REPORT, accounts=(replace(FULL, not_trading=(reason,)),)))
    assert not any("a position is open" in line for line in lines)


def test_a_pause_says_once_why() -> None:
    stopped = HaltStatus("stop_trading", "stopped by command", NOW - timedelta(seconds=3))
    paused = replace(FULL, state="PAUSED", reason="stopped by command", latches=(stopped,))
    lines = [line for line in shown(replace(REPORT, accounts=(paused,))) if "stopped by command" in line]
    assert lines == ["   🛑 stopped by command, 3 s ago (nija resume kraken:master)"]


def test_the_demo_says_what_its_today_is() -> None:
    demo = replace(REPORT, mode="demo", since=NOW - timedelta(minutes=5), market_speed=57_600.0)
    assert shown(demo)[2] == 'A market day lasts 1.5 s here: "Today" is the last 200 market days'


def test_the_demos_today_begins_at_midnight() -> None:
    demo = replace(REPORT, mode="demo", since=NOW - timedelta(days=5), market_speed=57_600.0)
    assert shown(demo)[2].endswith('"Today" is the last 28800 market days')


def test_the_masters_are_not_counted_where_only_one_account_is_shown() -> None:
    out = io.StringIO()
    show(replace(REPORT, accounts=(USER,)), NOW, console_for(out), is_whole=False)
    assert "Master Exchanges" not in out.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(len, on_a_terminal(REPORT, width))) <= width


def test_market_data_is_reported_once_for_all_accounts_of_an_exchange() -> None:
    lines = shown(replace(REPORT, accounts=(FULL, replace(FULL, id="kraken:tania_gilbert"))))
    start = lines.index("Market data")
    assert lines[start : start + 3] == [
        "Market data",
        "   kraken BTC/USD: price 4 s ago, 1d candle 3 h 12 min ago",
        "   ⚠️  kraken: no price of ETH/USD for 6 min",
    ]
    assert sum("ETH/USD for 6 min" in line for line in lines) == 1


def test_where_market_time_runs_on_its_own_the_last_answer_counts() -> None:
    lines = shown(replace(REPORT, accounts=(replace(COINBASE, markets=(replace(BTC, candle_limit=None),)),)))
    assert "   coinbase BTC/USD: price 4 s ago, 1d candles 4 s ago" in lines


def test_a_problem_of_a_market_is_shown_with_its_ages() -> None:
    market = replace(BTC, price_age=None, candle_age=None, problem="the exchange provides no price for it")
    lines = shown(replace(REPORT, accounts=(replace(COINBASE, markets=(market,)),)))
    assert ("   coinbase BTC/USD: price unknown, 1d candle unknown; the exchange provides no price for it") in lines


def test_what_was_added_fits_a_terminal_of_80_columns() -> None:
    account = replace(FULL, positions=(), resting_orders=(), not_trading=(), latches=FULL.latches[:1])
    ours = (*details(account, NOW), *market_data(replace(REPORT, accounts=(account,))))
    assert max(len(f"   {line}") for line in ours) <= 80


def test_no_number_is_shown_with_an_exponent() -> None:
    tiny = replace(FULL.positions[0], amount=Decimal("1E-8"), price=Decimal("1E+5"), profit=Decimal("1E+3"))
    text = "\n".join(shown(replace(REPORT, accounts=(replace(FULL, positions=(tiny,)),))))
    assert "0.00000001  $90000.00  $100000.00  $85000.00  +$1000.00" in text


def test_a_failed_account_shows_its_reason_and_not_its_last_rules() -> None:
    lines = shown(replace(REPORT, accounts=(replace(FULL, state="FAILED", reason="Invalid key"),)))
    assert "   FAILED: Invalid key" in lines
    assert any("Bought at" in line for line in lines)
    assert not any("not trading" in line for line in lines)


def test_a_reason_without_figures_shows_none() -> None:
    why = NoTradeReason(Rule.NO_SIGNAL, "no entry signal", market="BTC/USD")
    lines = shown(replace(REPORT, accounts=(replace(FULL, not_trading=(why,)),)))
    assert "   not trading - BTC/USD: no entry signal [no_signal]" in lines


def test_a_reason_keeps_its_fields_names_in_json_and_every_digit() -> None:
    reason = NoTradeReason(Rule.FEE_GATE, "fees would eat it", "0.012345678901234567890", "0.018", "BTC/USD")
    assert to_plain(reason) == {
        "market": "BTC/USD",
        "rule": "fee_gate",
        "value": "0.012345678901234567890",
        "limit": "0.018",
        "text": "fees would eat it",
    }


def test_a_reason_shows_no_more_digits_than_a_person_reads() -> None:
    reason = NoTradeReason(Rule.FEE_GATE, "fees would eat it", "0.012345678901234567890", "0.0180", "BTC/USD")
    lines = shown(replace(REPORT, accounts=(replace(FULL, not_trading=(reason,)),)))
    assert "   not trading - BTC/USD: fees would eat it [fee_gate: value 0.01234567, limit 0.018]" in lines


@pytest.mark.parametrize("no_color", ["", "1"])
def test_a_terminal_gets_colours_unless_it_wants_none(monkeypatch: pytest.MonkeyPatch, no_color: str) -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", no_color)
    out = Screen()
    show(REPORT, NOW, console_for(out))
    assert ("\x1b[32m" in out.getvalue()) is (no_color == "")


def on_a_terminal(report: StatusReport, width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    with console.capture() as captured:
        show(report, NOW, console)
    return [line.rstrip() for line in captured.get().splitlines()]


def test_a_terminal_of_80_columns_gets_fewer_columns_and_every_figure_whole() -> None:
    lines = on_a_terminal(replace(REPORT, accounts=(replace(FULL, id="kraken:daivon_frazier"),)), 80)
    (titles,) = (line.split() for line in lines if line.startswith("Account"))
    assert titles == ["Account", "State", "Balance", "Equity", "Today", "Open", "Last", "useful", "work"]
    assert max(map(len, lines)) <= 80
    assert not any("…" in line for line in lines)


def test_what_is_unknown_for_every_account_is_the_first_to_go() -> None:
    asked = replace(FULL, state="CONNECTED", equity=None, equity_change=None, rate_budget=None)
    lines = on_a_terminal(replace(REPORT, accounts=(asked,)), 72)
    (titles,) = (line.split() for line in lines if line.startswith("Account"))
    assert titles == ["Account", "State", "Balance", "Open", "Resting", "Last", "useful", "work"]


def test_a_long_line_goes_on_under_its_own_beginning() -> None:
    failed = replace(FULL, state="FAILED", reason="the reason is long " * 6)
    lines = on_a_terminal(replace(REPORT, accounts=(failed,)), 80)
    begun = next(number for number, line in enumerate(lines) if "FAILED: the reason" in line)
    assert lines[begun + 1].startswith("   ")


def test_external_text_is_never_taken_for_markup() -> None:
    assert any("[bold]rule[/bold]" in line for line in shown(replace(REPORT, mode="[bold]rule[/bold]")))


def test_no_colour_and_no_broken_line_where_a_program_reads() -> None:
    lines = shown(replace(REPORT, accounts=(replace(FULL, reason="x" * 150),)))
    assert not any("\x1b" in line for line in lines)
    assert any("x" * 150 in line for line in lines)


def test_the_demo_and_paper_say_that_no_money_moves() -> None:
    assert shown(replace(REPORT, mode="demo"))[0] == "🎭 DEMO - no real money moves"
    assert shown(replace(REPORT, mode="paper"))[0] == "📝 PAPER - no order is sent"


@pytest.mark.parametrize(
    ("states", "pid", "code"),
    [
        (("TRADING", "TRADING"), 1, StatusExit.ALL_TRADING),
        (("TRADING", "PAUSED"), 1, StatusExit.SOME_NOT),
        (("FAILED", "CONNECTING"), 1, StatusExit.NONE),
        ((), 1, StatusExit.NONE),
        (("TRADING",), None, StatusExit.NONE),
    ],
)
def test_the_exit_code_shows_how_many_trade(states: tuple[str, ...], pid: int | None, code: StatusExit) -> None:
    accounts = tuple(replace(FULL, state=state) for state in states)
    assert replace(REPORT, pid=pid, accounts=accounts).exit_code is code


def test_a_hundred_accounts_are_reported_in_one_answer(tmp_path: Path) -> None:
    report = replace(REPORT, accounts=tuple(replace(FULL, id=f"kraken:user{number}") for number in range(100)))
    server = ControlServer(tmp_path / SOCKET_NAME, {"status": lambda _: report.to_json()})
    server.start()
    try:
        answer = ask(tmp_path, "status")
        assert answer is not None
        assert len(StatusReport.from_json(answer).accounts) == 100
    finally:
        server.stop()


def test_unknown_figures_read_unknown_and_a_missing_stop_does_not() -> None:
    bare = replace(FULL.positions[0], price=None, stop=None, profit=None, profit_percent=None)
    lines = shown(replace(REPORT, accounts=(replace(FULL, balance=None, positions=(bare,)),)))
    (row,) = (line for line in lines if "no stop yet" in line)
    assert row.split() == ["BTC/USD", "0.00100000", "$90000.00", "unknown", "no", "stop", "yet", "unknown", "unknown"]
    assert "  - kraken: unknown" in lines


def test_an_account_that_has_not_worked_yet_shows_never() -> None:
    (row,) = (line for line in shown(REPORT) if line.startswith("coinbase:master  "))
    assert row.split() == ["coinbase:master", "TRADING", "$0.76", *["unknown"] * 2, "0", "0", "unknown", "never"]
