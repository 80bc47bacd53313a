from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nija.health.judgement import SILENT_SECONDS, START_SECONDS, Pulse, judge

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LONG_UP = START_SECONDS + 1


def pulse(silent: float | None, account: str = "kraken:master", state: str = "TRADING") -> Pulse:
    return Pulse(account, state, None if silent is None else NOW - timedelta(seconds=silent))


def test_one_working_account_is_enough() -> None:
    accounts = (pulse(None, "coinbase:master", "FAILED"), pulse(SILENT_SECONDS))
    assert judge(accounts, NOW, LONG_UP).healthy


def test_when_every_account_is_silent_the_reason_says_since_when_and_in_which_state() -> None:
    accounts = (pulse(420), pulse(900, "kraken:tania_gilbert", "FAILED"))
    verdict = judge(accounts, NOW, LONG_UP)
    assert not verdict.healthy
    assert verdict.reason == (
        "no account has done useful work for 7 minutes (kraken:master TRADING, kraken:tania_gilbert FAILED); "
        "look at nija.log"
    )


def test_a_start_has_its_grace_and_no_more() -> None:
    accounts = (pulse(None, state="CONNECTING"),)
    assert judge(accounts, NOW, START_SECONDS - 1).healthy
    verdict = judge(accounts, NOW, START_SECONDS)
    assert not verdict.healthy
    assert verdict.reason.startswith("no account has done useful work since the start (kraken:master CONNECTING)")


def test_a_daemon_without_accounts_does_no_work() -> None:
    verdict = judge((), NOW, LONG_UP)
    assert not verdict.healthy
    assert "set credentials" in verdict.reason


def test_a_clock_set_back_does_not_make_an_old_moment_fresh() -> None:
    assert not judge((pulse(-3600),), NOW, LONG_UP).healthy
    assert judge((pulse(-1),), NOW, LONG_UP).healthy


@given(st.lists(st.none() | st.floats(-1e6, 1e6), max_size=6), st.floats(0, 1e6))
def test_healthy_means_that_someone_works_or_that_it_has_only_begun(
    silences: list[float | None], uptime: float
) -> None:
    works = any(silent is not None and abs(silent) <= SILENT_SECONDS - 1e-3 for silent in silences)
    rests = all(silent is None or abs(silent) > SILENT_SECONDS + 1e-3 for silent in silences)
    verdict = judge([pulse(silent) for silent in silences], NOW, uptime)
    if works or uptime < START_SECONDS:
        assert verdict.healthy
    elif rests:
        assert not verdict.healthy


@pytest.mark.parametrize("state", ["PAUSED", "CONNECTED"])
def test_a_paused_account_that_looks_after_its_positions_works(state: str) -> None:
    assert judge((pulse(2, state=state),), NOW, LONG_UP).healthy
