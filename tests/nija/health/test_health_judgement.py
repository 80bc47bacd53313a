from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nija.health.judgement import BARE_SECONDS, SILENT_SECONDS, START_SECONDS, faults, judge, works
from nija.status.report import AccountFaultKind, AccountStatus, HaltStatus, MarketStatus, PositionStatus
from nija.trader.view import ProtectionView

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=1)
LONG_UP = START_SECONDS + 1
DAY = 86_400.0


def account(silent: float | None, name: str = "kraken:master", state: str = "TRADING") -> AccountStatus:
    worked = None if silent is None else NOW - timedelta(seconds=silent)
    return AccountStatus(
        name, name, name.partition(":")[0], state, last_useful_work=worked, since=LONG_AGO, is_known=True
    )


WELL = replace(account(2), last_answer_age=20.0)
BTC = MarketStatus(
    market="BTC/USD",
    timeframe="1d",
    price_age=4.0,
    answer_age=4.0,
    candle_age=DAY / 2,
    price_limit=90.0,
    candle_limit=2 * DAY,
)
ETH = replace(BTC, market="ETH/USD")
HELD = PositionStatus("BTC/USD", Decimal(1), Decimal(100), Decimal(90), Decimal(101), None, None)


def told(one: AccountStatus) -> list[tuple[AccountFaultKind, str]]:
    return [(fault.kind, fault.market) for fault in faults(one, NOW)]


class TestLiveness:
    def test_one_working_account_is_enough(self) -> None:
        accounts = (account(None, "coinbase:master", "FAILED"), account(SILENT_SECONDS))
        assert judge(accounts, NOW, LONG_UP).healthy

    def test_when_every_account_is_silent_the_reason_says_since_when_and_in_which_state(self) -> None:
        accounts = (account(420), account(900, "kraken:tania_gilbert", "FAILED"))
        verdict = judge(accounts, NOW, LONG_UP)
        assert not verdict.healthy
        assert verdict.reason == (
            "no account has done useful work for 7 min (kraken:master TRADING, kraken:tania_gilbert FAILED); "
            "look at nija.log"
        )

    def test_a_start_has_its_grace_and_no_more(self) -> None:
        accounts = (account(None, state="CONNECTING"),)
        assert judge(accounts, NOW, START_SECONDS - 1).healthy
        verdict = judge(accounts, NOW, START_SECONDS)
        assert not verdict.healthy
        assert verdict.reason.startswith("no account has done useful work since the start (kraken:master CONNECTING)")

    def test_a_daemon_without_accounts_does_no_work(self) -> None:
        verdict = judge((), NOW, LONG_UP)
        assert not verdict.healthy
        assert "set credentials" in verdict.reason

    def test_a_clock_set_back_does_not_make_an_old_moment_fresh(self) -> None:
        assert not judge((account(-3600),), NOW, LONG_UP).healthy
        assert judge((account(-1),), NOW, LONG_UP).healthy

    @given(st.lists(st.none() | st.floats(-1e6, 1e6), max_size=6), st.floats(0, 1e6))
    def test_healthy_means_that_someone_works_or_that_it_has_only_begun(
        self, silences: list[float | None], uptime: float
    ) -> None:
        working = any(silent is not None and abs(silent) <= SILENT_SECONDS - 1e-3 for silent in silences)
        resting = all(silent is None or abs(silent) > SILENT_SECONDS + 1e-3 for silent in silences)
        verdict = judge([account(silent) for silent in silences], NOW, uptime)
        if working or uptime < START_SECONDS:
            assert verdict.healthy
        elif resting:
            assert not verdict.healthy

    @pytest.mark.parametrize("state", ["PAUSED", "CONNECTED"])
    def test_a_paused_account_that_looks_after_its_positions_works(self, state: str) -> None:
        assert judge((account(2, state=state),), NOW, LONG_UP).healthy


class TestMarketData:
    @pytest.mark.parametrize(
        ("dead", "reason"),
        [
            (replace(BTC, price_age=360.0, problem="Kraken is down"), "no price of BTC/USD for 6 min (Kraken is down)"),
            (replace(BTC, answer_age=30 * 3_600.0), "no candles of BTC/USD for 1 d 6 h"),
            (replace(BTC, candle_age=2.1 * DAY), "the last 1d candle of BTC/USD closed 2 d 2 h ago"),
        ],
        ids=["prices", "candles", "a frozen candle"],
    )
    def test_an_account_whose_only_market_is_dead_does_not_work(self, dead: MarketStatus, reason: str) -> None:
        blind = replace(WELL, markets=(dead,))
        assert not works(blind, NOW)
        assert [fault.text for fault in faults(blind, NOW)] == [reason]
        assert judge((blind,), NOW, LONG_UP).reason == (
            f"no account can work: {reason} (kraken:master TRADING); look at nija.log"
        )

    def test_one_dead_market_next_to_a_live_one_is_a_fault_of_a_working_account(self) -> None:
        half = replace(WELL, markets=(replace(BTC, price_age=900.0), ETH))
        assert works(half, NOW)
        assert told(half) == [(AccountFaultKind.NO_MARKET_DATA, "BTC/USD")]
        verdict = judge((half,), NOW, LONG_UP)
        assert verdict.healthy
        assert verdict.faults == ("kraken:master: no price of BTC/USD for 15 min",)

    def test_where_market_time_runs_on_its_own_no_candle_is_stale(self) -> None:
        replayed = replace(WELL, markets=(replace(BTC, candle_age=9 * 365 * DAY, candle_limit=None),))
        assert works(replayed, NOW)
        assert told(replayed) == []

    def test_a_price_that_is_old_for_a_minute_is_not_a_fault_yet(self) -> None:
        assert told(replace(WELL, markets=(replace(BTC, price_age=120.0, answer_age=120.0),))) == []

    def test_a_feed_that_polls_slowly_is_given_three_polls(self) -> None:
        slow = replace(BTC, price_limit=3_600.0, price_age=3_000.0, answer_age=3_000.0)
        assert works(replace(WELL, markets=(slow,)), NOW)

    def test_before_the_feed_has_begun_nothing_is_stale(self) -> None:
        assert works(replace(WELL, markets=(replace(BTC, price_age=None, answer_age=None, candle_age=None),)), NOW)


class TestAnswers:
    def test_an_exchange_that_answers_nothing_about_the_account_is_a_fault_and_no_work(self) -> None:
        deaf = replace(WELL, last_answer_age=SILENT_SECONDS + 1)
        assert not works(deaf, NOW)
        assert told(deaf) == [(AccountFaultKind.NO_ANSWER, "")]

    def test_an_account_without_useful_work_has_one_fault(self) -> None:
        assert told(replace(account(400), last_answer_age=400.0)) == [(AccountFaultKind.NO_WORK, "")]

    def test_one_that_has_just_connected_or_failed_has_none(self) -> None:
        assert told(replace(account(9_000), since=NOW)) == []
        assert told(account(9_000, state="FAILED")) == []

    def test_a_failed_account_still_reports_its_unprotected_position(self) -> None:
        bare = replace(account(9_000, state="FAILED"), positions=(replace(HELD, stop=None),))
        assert told(bare) == [(AccountFaultKind.NOT_PROTECTED, "BTC/USD")]


class TestProtection:
    @pytest.mark.parametrize(
        ("position", "protection", "reason"),
        [
            (replace(HELD, stop=None), None, "BTC/USD has no stop price, so nothing protects it"),
            (
                HELD,
                ProtectionView("BTC/USD", covered=True, trouble="the exchange denies the stop"),
                "BTC/USD is not protected as it should be: the exchange denies the stop",
            ),
            (
                HELD,
                ProtectionView("BTC/USD", covered=False, bare_seconds=45.0),
                "BTC/USD has been without a stop for 45 s",
            ),
        ],
    )
    def test_a_position_that_is_not_protected_is_a_fault(
        self, position: PositionStatus, protection: ProtectionView | None, reason: str
    ) -> None:
        known = (protection,) if protection is not None else ()
        bare = replace(WELL, positions=(position,), protection=known)
        assert [(fault.kind, fault.text) for fault in faults(bare, NOW)] == [(AccountFaultKind.NOT_PROTECTED, reason)]

    def test_an_unprotected_position_is_reported_but_does_not_restart_the_daemon(self) -> None:
        bare = replace(WELL, positions=(replace(HELD, stop=None),))
        verdict = judge((bare,), NOW, LONG_UP)
        assert verdict.healthy
        assert verdict.faults == ("kraken:master: BTC/USD has no stop price, so nothing protects it",)

    def test_a_bare_position_whose_price_is_unknown_is_a_fault_at_once(self) -> None:
        unwatched = replace(
            WELL,
            positions=(HELD,),
            protection=(ProtectionView("BTC/USD", covered=False, bare_seconds=1.0),),
            markets=(replace(BTC, price_age=91.0),),
        )
        assert told(unwatched) == [(AccountFaultKind.NOT_PROTECTED, "BTC/USD")]

    def test_the_moments_between_a_fill_and_its_stop_are_not_faults(self) -> None:
        fresh = ProtectionView("BTC/USD", covered=False, bare_seconds=BARE_SECONDS - 1)
        assert told(replace(WELL, positions=(HELD,), protection=(fresh,))) == []

    def test_a_covered_position_is_not_a_fault_whatever_its_price(self) -> None:
        covered = ProtectionView("BTC/USD", covered=True, bare_total=12.0, longest=9.0)
        old = replace(BTC, price_age=200.0)
        assert told(replace(WELL, positions=(HELD,), protection=(covered,), markets=(old,))) == []

    def test_a_position_in_doubt_is_a_fault_even_if_it_is_protected(self) -> None:
        doubted = ProtectionView("BTC/USD", covered=True, doubt="0.0021 BTC are missing")
        (fault,) = faults(replace(WELL, positions=(HELD,), protection=(doubted,)), NOW)
        assert (fault.kind, fault.text) == (AccountFaultKind.IN_DOUBT, "BTC/USD is in doubt: 0.0021 BTC are missing")


def test_another_program_on_the_account_is_a_fault_and_other_switches_are_not() -> None:
    halts = (
        HaltStatus("another_program", "another NIJA or program trades this account", LONG_AGO),
        HaltStatus("daily_loss", "8 %", LONG_AGO),
    )
    (fault,) = faults(replace(WELL, latches=halts), NOW)
    assert (fault.kind, fault.text) == (AccountFaultKind.ANOTHER_PROGRAM, "another NIJA or program trades this account")
