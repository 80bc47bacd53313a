"""The report as JSON, as a table of trades and as a page."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nija.analysis.analysis import Analysis, Questions
from nija.analysis.cautions import cautions
from nija.analysis.chart_data import charts, thinned
from nija.analysis.page import backtest_page, fee_shares
from nija.analysis.plain import plain_report
from nija.analysis.trade_order import TradeOrder
from nija.analysis.trades_csv import trades_csv
from tests.nija.analysis.made_up import at, trade, walk, walked

if TYPE_CHECKING:
    from nija.backtest.records import BacktestResult

SPLIT = Questions(split=at("2022-01-01"), variants=4, runs=50)


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return walked(walk(2), SPLIT)


@pytest.fixture(scope="module")
def plain(analysis: Analysis) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(json.dumps(plain_report([analysis], ["assumed"])))
    return report


def test_the_json_has_every_key_that_the_page_of_the_docs_lists(plain: dict[str, Any]) -> None:
    assert set(plain) == {"version", "notes", "accounts"}
    (one,) = plain["accounts"]
    assert set(one) == {
        *("account", "strategy", "parameters", "timeframe", "currency", "cash", "fees", "start", "end", "markets"),
        *("figures", "split", "in_sample", "out_of_sample", "controls", "months", "not_opened", "cautions"),
        *("trades", "equity"),
    }
    assert set(one["figures"]) == {
        *("since", "until", "trades", "won", "unfinished", "few", "mean_net", "median_net", "interval", "net_return"),
        *(
            "max_drawdown",
            "worst_month",
            "under_water",
            "exposed",
            "invested",
            "fees",
            "slippage",
            "fee_share",
            "sharpe",
        ),
    }
    assert set(one["controls"]) == {
        *("buy_and_hold", "random_entries", "one_candle_late", "without_best", "deflated_sharpe", "trade_order"),
    }


def test_the_json_has_exact_money_and_times_in_utc(plain: dict[str, Any], analysis: Analysis) -> None:
    (one,) = plain["accounts"]
    first, known = one["trades"][0], analysis.result.trades[0]
    assert first["net"] == f"{known.net:f}"
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT00:00:00Z", first["opened"])
    assert one["equity"][0]["equity"] == 1000.0
    assert one["split"] == "2022-01-01T00:00:00Z"


def test_the_parts_of_the_split_have_all_trades_between_them(analysis: Analysis) -> None:
    assert analysis.before is not None
    assert analysis.after is not None
    assert analysis.before.trades + analysis.after.trades == analysis.figures.trades > 0
    together = (1 + analysis.before.net_return) * (1 + analysis.after.net_return) - 1
    assert together == pytest.approx(analysis.figures.net_return)


def test_the_same_questions_have_the_same_answers(analysis: Analysis, plain: dict[str, Any]) -> None:
    again = plain_report([walked(walk(2), SPLIT)], ["assumed"])
    assert json.loads(json.dumps(again)) == plain


def test_the_table_of_trades_has_a_row_for_each(analysis: Analysis) -> None:
    rows = list(csv.DictReader(io.StringIO(trades_csv(analysis.result.trades))))
    assert len(rows) == len(analysis.result.trades)
    first, known = rows[0], analysis.result.trades[0]
    assert (first["market"], first["net"], first["reason"]) == (
        "BTC/USD",
        f"{known.net:f}",
        known.fills[-1].reason.value,
    )
    assert first["first_stop"] == f"{known.stops[0].price:f}"


def test_the_page_asks_for_nothing(analysis: Analysis) -> None:
    page = backtest_page([analysis], ["assumed"])
    assert not re.search(r"""(?:src|href|action)\s*=|@import|url\(""", page.partition("<body>")[0])
    assert re.findall(r"<(?:link|img|iframe|script src|object|embed)\b", page) == []
    assert "default-src 'none'" in page


def test_the_page_says_what_to_keep_in_mind_beside_the_figures_and_before_everything_else(analysis: Analysis) -> None:
    page = backtest_page([analysis], [])
    parts = ["Net return", "Keep in mind", "Equity (USD)", "Compared", "Trades</h3>"]
    assert sorted(parts, key=page.index) == parts


def test_what_a_market_is_called_cannot_end_the_data_of_the_page(analysis: Analysis) -> None:
    named = tuple(replace(one, market="</script>/USD") for one in analysis.result.trades)
    page = backtest_page([replace(analysis, result=replace(analysis.result, trades=named))], ["<b>noted</b>"])
    data = page.partition('id="data">')[2]
    assert data.index("</script>") > data.index('"trades"')
    assert json.loads(data.partition("</script>")[0])[0]["trades"][0][0] == "</script>/USD"
    assert "<b>noted</b>" not in page


def test_a_page_of_no_trade_says_that_it_says_nothing() -> None:
    page = backtest_page([walked(walk(2, 15))], [])
    assert "this backtest says nothing about the strategy" in page


def test_the_shares_of_fees_and_slippage_add_up(analysis: Analysis) -> None:
    shares = fee_shares(analysis)
    assert shares is not None
    assert shares.fees + shares.slippage == pytest.approx(analysis.figures.fee_share)


def test_a_long_line_keeps_its_ends_and_its_extremes() -> None:
    values = np.sin(np.linspace(0, 60, 100_000))
    values[[31_415, 92_653]] = [7.0, -7.0]
    kept = thinned(values, 500)
    assert len(kept) <= 1_002
    assert {0, 31_415, 92_653, 99_999} <= set(kept.tolist())
    assert (np.diff(kept) > 0).all()


def test_orders_with_the_same_drawdown_make_a_histogram_too() -> None:
    one = walked(walk(2, 60))
    same = replace(one, order=TradeOrder(0.1, np.array([0.1, 0.1 + 1e-17, 0.1])))
    assert sum(charts(same)["order"]["counts"]) == 3


def test_a_short_line_is_drawn_whole() -> None:
    assert thinned(np.arange(10.0), 5).tolist() == list(range(10))


def test_the_path_of_a_stop_ends_with_its_position(analysis: Analysis) -> None:
    (market,) = charts(analysis)["markets"]
    assert market["stop_time"] == sorted(set(market["stop_time"]))
    ends = [time for time, price in zip(market["stop_time"], market["stop"], strict=True) if price is None]
    assert ends == [trade.closed + 1 for trade in analysis.result.trades if trade.stops]


def test_few_trades_an_average_like_chance_and_a_short_time_are_said() -> None:
    texts = " ".join(cautions(walked(walk(4, 90))))
    assert "few" in texts
    assert "Less than a year was tested" in texts


def test_candles_that_the_strategy_was_chosen_on_are_said_to_flatter_it() -> None:
    texts = cautions(walked(walk(4), Questions(split=at("2030-01-01"), runs=10)))
    assert any("were looked at when trend was chosen: they flatter it" in text for text in texts)


def test_an_unknown_choice_asks_for_a_split() -> None:
    texts = cautions(walked(walk(4), Questions(split=None, runs=10)))
    assert any("--split DATE reports them apart" in text for text in texts)


def test_a_small_account_is_told_what_a_server_costs(analysis: Analysis) -> None:
    def told(result: BacktestResult) -> bool:
        return any("a server" in text for text in cautions(replace(analysis, result=result)))

    poor = replace(analysis.result, account=replace(analysis.result.account, cash=analysis.result.account.cash / 20))
    assert told(poor)
    assert not told(analysis.result)


def test_trades_of_the_same_candle_do_not_break_the_stops_path(analysis: Analysis) -> None:
    opened = at("2020-03-01")
    both = (trade(opened, "1", days=0), trade(opened, "2", days=1))
    (market,) = charts(replace(analysis, result=replace(analysis.result, trades=both)))["markets"]
    assert market["stop_time"] == sorted(set(market["stop_time"]))
