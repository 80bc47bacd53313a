"""What an account is told of its timeframe, fees and size."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from brokers.model import Timeframe
from nija.analysis.expectations import EXPECTATIONS
from nija.cli.explain_text import explanation_lines
from nija.explain.account_now import AccountNow
from nija.explain.bundled import bundled_figures, differences
from nija.explain.explanation import explanation
from nija.explain.market_now import MarketNow, PlannedEntry
from nija.trader.plan import trading_plan
from tests.nija.risk.settings_of import settings_of

NOW = AccountNow(
    id="kraken:master",
    label="MASTER",
    exchange="kraken",
    currency="USD",
    equity=Decimal("1234.56"),
    assumed_equity=Decimal(100),
    maker=Decimal("0.0025"),
    taker=Decimal("0.004"),
    has_own_fees=True,
    source="the running NIJA",
    markets=(
        MarketNow("BTC/USD", "1d", enough=Decimal("29.18")),
        MarketNow("ETH/USD", "1d", enough=Decimal("57.83")),
    ),
)
DEFAULT = trading_plan(settings_of())


def text(now: AccountNow = NOW, **settings: object) -> str:
    return "\n".join(explanation_lines([explanation(now, trading_plan(settings_of(**settings)))], 80))


class TestTheFigures:
    def test_are_those_of_the_strategy_evidence_for_the_accounts_fee(self) -> None:
        figures = bundled_figures(DEFAULT, Decimal("0.004"))
        assert figures is not None
        assert [(one.total, one.fall) for one in figures.stretches][-1] == (Decimal("0.13"), Decimal("-0.17"))

    @pytest.mark.parametrize(
        ("fee", "bundled"), [("0.0010", "0.004"), ("0.006", "0.006"), ("0.008", "0.012"), ("0.02", "0.012")]
    )
    def test_never_flatter_an_account_with_a_lower_fee_than_its_own(self, fee: str, bundled: str) -> None:
        figures = bundled_figures(DEFAULT, Decimal(fee))
        assert figures is not None
        assert figures.fee == Decimal(bundled)

    def test_are_none_for_a_timeframe_or_a_strategy_that_was_not_measured(self) -> None:
        assert bundled_figures(trading_plan(settings_of(timeframe=Timeframe.H4)), Decimal("0.004")) is None
        assert bundled_figures(trading_plan(settings_of(strategy="ema_cross")), Decimal("0.004")) is None

    def test_name_each_setting_in_which_the_account_differs(self) -> None:
        plan = trading_plan(settings_of(markets=("SOL/USD",), risk_per_trade=Decimal("0.04"), risk_multiplier=2))
        assert differences(plan) == ("markets = SOL/USD", "risk_multiplier = 2", "risk_per_trade = 4.00 %")
        assert differences(DEFAULT) == ()

    @pytest.mark.parametrize(
        ("key", "value", "told"),
        [
            ("max_daily_loss", Decimal("0.02"), "max_daily_loss = 2.00 %"),
            ("max_drawdown", Decimal("0.10"), "max_drawdown = 10.00 %"),
            ("max_positions", 1, "max_positions = 1"),
        ],
    )
    def test_name_each_limit_that_forbids_other_entries(self, key: str, value: object, told: str) -> None:
        assert differences(trading_plan(settings_of(**{key: value}))) == (told,)

    def test_of_weights_name_a_cap_that_is_set_to_its_default_as_it_then_applies(self) -> None:
        cap = {"max_position": Decimal("0.25")}
        assert differences(trading_plan(settings_of(strategy="trend_ensemble", **cap))) == ("max_position = 25.00 %",)
        assert differences(trading_plan(settings_of(strategy="trend_ensemble"))) == ()
        assert differences(trading_plan(settings_of(**cap))) == ()

    def test_never_speak_of_a_year_on_average(self) -> None:
        assert "CAGR" not in text()
        assert "a year on average" not in text()


class TestAFastTimeframe:
    @pytest.mark.parametrize(
        ("timeframe", "lost"), [(Timeframe.M5, "about 0.9 % a trade"), (Timeframe.H1, "about 0.5 % a trade")]
    )
    def test_is_told_what_it_would_have_lost(self, timeframe: Timeframe, lost: str) -> None:
        said = " ".join(text(timeframe=timeframe).split())
        assert f"Timeframe {timeframe} costs more than it can earn: your fee is 0.40 %, a round trip 0.90 %" in said
        assert lost in said

    def test_of_four_hours_is_told_what_is_known_of_it(self) -> None:
        assert "On 4h candles the same breakout" in text(timeframe=Timeframe.H4)


class TestTheSize:
    def test_names_what_each_market_needs_and_the_smallest_sensible_account(self) -> None:
        said = " ".join(text().split())
        assert "BTC/USD $29.18, ETH/USD $57.83" in said
        assert "smallest sensible account: $100.00. The account is large enough" in said

    def test_grows_with_the_market_that_needs_most(self) -> None:
        needy = replace(NOW, markets=(MarketNow("BTC/USD", "1d", enough=Decimal(5000)),))
        assert explanation(needy, DEFAULT).size.sensible == Decimal(5000)
        assert "too small for at least one of its markets" in " ".join(text(needy).split())

    @pytest.mark.parametrize(
        ("equity", "verdict"),
        [("80", "Too small to be worth the trouble, but it will be handled correctly"), ("30", "Too small")],
    )
    def test_is_judged_honestly_below_the_smallest_sensible_account(self, equity: str, verdict: str) -> None:
        small = replace(NOW, equity=Decimal(equity), markets=(MarketNow("BTC/USD", "1d", enough=Decimal(20)),))
        assert explanation(small, DEFAULT).verdict.startswith(verdict)

    def test_is_set_against_the_price_of_a_server_in_dollars(self) -> None:
        said = " ".join(text(replace(NOW, equity=Decimal(100))).split())
        assert "costs $60.00 a year, 60.00 % of this account" in said
        assert "An ordinary year is -$15.00 to +$20.00, about $1.29 of costs" in said
        assert "The server costs more than the account can be expected to earn" in said
        assert "The server costs more" not in " ".join(text().split())

    def test_promises_no_ordinary_year_of_what_was_not_measured(self) -> None:
        assert "An ordinary year" not in text(timeframe=Timeframe.M5)
        assert "An ordinary year" not in text(strategy="ema_cross")

    def test_of_a_strategy_that_resizes_says_that_the_band_widens(self) -> None:
        weighted = MarketNow("BTC/USD", "1d", weight=Decimal("0.5"), enough=Decimal(200))
        small = replace(NOW, equity=Decimal(120), markets=(weighted,))
        said = " ".join(text(small, strategy="trend_ensemble").split())
        assert "smallest sensible account: $200.00." in said
        assert "the band widens to the smallest order, or a market is left out" in said
        assert "of costs at the exchange" not in said

    def test_is_assumed_where_it_is_not_known(self) -> None:
        assert "Equity unknown (orders as for $100.00)" in " ".join(text(replace(NOW, equity=None)).split())


class TestTheText:
    def test_fits_eighty_columns(self) -> None:
        order = PlannedEntry(Decimal(101), Decimal(95), Decimal("2.4"), Decimal("250.11"), Decimal("15.02"))
        ahead = MarketNow(
            "BTC/USD", "1d", buys_above=Decimal(101), next_order=order, why_not="x " * 80, rule="fee_gate"
        )
        assert max(map(len, text(replace(NOW, markets=(ahead,))).splitlines())) < 80

    def test_keeps_a_number_with_its_percent_sign(self) -> None:
        assert not [line for line in text().splitlines() if line.lstrip().startswith("%")]

    def test_says_everything_that_must_be_known_before_an_account_is_funded(self) -> None:
        said = " ".join(text().split())
        assert all(one in said for one in EXPECTATIONS)
        assert "Plan for -15 to +20 % in an ordinary year" in said

    def test_says_whose_fee_it_is(self) -> None:
        assert "0.40 % (this account's own fee)" in " ".join(text().split())
        unknown = replace(NOW, has_own_fees=False)
        assert "the highest fee of this exchange; yours is not known" in " ".join(text(unknown).split())
