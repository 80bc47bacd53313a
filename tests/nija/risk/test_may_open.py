from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.model import Timeframe
from nija.risk.limits import EntryMoment, may_open
from nija.risk.no_trade import Rule
from nija.risk.parameters import RiskLimits

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIMITS = RiskLimits()
MOMENT = EntryMoment(
    market="BTC/USD",
    quote="USD",
    timeframe=Timeframe.D1,
    candle_closed=datetime(2026, 3, 1, tzinfo=UTC),
    max_candle_age=2,
    now=NOW,
    equity=Decimal(1000),
    open_positions=0,
)


def worth(equity: str) -> EntryMoment:
    return replace(MOMENT, equity=Decimal(equity))


def rule_of(moment: EntryMoment, limits: RiskLimits = LIMITS) -> Rule | None:
    refusal = may_open(moment, limits)
    return None if refusal is None else refusal.rule


def text_of(moment: EntryMoment, limits: RiskLimits = LIMITS) -> str:
    refusal = may_open(moment, limits)
    assert refusal is not None
    return refusal.text


def test_a_sound_account_may_open() -> None:
    assert may_open(MOMENT, LIMITS) is None


def test_a_paused_account_says_who_paused_it() -> None:
    moment = replace(MOMENT, paused="stopped by hand")
    assert rule_of(moment) is Rule.PAUSED
    assert text_of(moment) == ("new entries are paused (stopped by hand); nija resume lets them begin again")


def test_a_disabled_market_is_named() -> None:
    limits = replace(LIMITS, disabled_markets=frozenset({"BTC/USD", "ETH/USD"}))
    assert rule_of(MOMENT, limits) is Rule.DISABLED_MARKET
    assert text_of(MOMENT, limits).startswith("BTC/USD is in disabled_markets")
    assert may_open(replace(MOMENT, market="SOL/USD"), limits) is None


def test_an_account_below_its_minimum_is_underfunded() -> None:
    moment = worth("24.99")
    assert rule_of(moment) is Rule.MIN_BALANCE
    assert text_of(moment).startswith("UNDERFUNDED - needs at least $25.00; equity is $24.99:")
    assert rule_of(worth("25")) is None


def test_what_cannot_be_judged_opens_nothing_and_says_why() -> None:
    unknown = replace(MOMENT, equity=None, unknown="no price of BTC/USD yet")
    assert rule_of(unknown) is Rule.UNKNOWN
    assert text_of(unknown) == "no price of BTC/USD yet"
    assert rule_of(replace(MOMENT, unknown="not all accounts are known")) is Rule.UNKNOWN
    assert rule_of(replace(MOMENT, equity=None)) is Rule.UNKNOWN


def test_the_last_position_allowed_is_the_last() -> None:
    assert rule_of(replace(MOMENT, open_positions=3)) is None
    refusal = may_open(replace(MOMENT, open_positions=4), LIMITS)
    assert refusal is not None
    assert (refusal.rule, refusal.value, refusal.limit) == (Rule.MAX_POSITIONS, "4", "4")


@pytest.mark.parametrize(
    ("hours", "max_age", "expected"),
    [(48, 2, None), (48.001, 2, Rule.STALE_CANDLE), (12, 0.5, None), (13, 0.5, Rule.STALE_CANDLE), (9_999, 0, None)],
)
def test_a_candle_goes_stale_after_so_many_intervals_and_never_with_zero(
    hours: float, max_age: float, expected: Rule | None
) -> None:
    moment = replace(MOMENT, candle_closed=NOW - timedelta(hours=hours), max_candle_age=max_age)
    assert rule_of(moment) is expected


def test_a_candle_from_the_replays_future_is_not_stale() -> None:
    assert may_open(replace(MOMENT, candle_closed=NOW + timedelta(days=900)), LIMITS) is None


def test_another_quote_is_written_with_its_name() -> None:
    assert "at least €25.00" in text_of(replace(worth("5"), quote="EUR"))


@given(
    equity=st.decimals(min_value="0", max_value="2000", places=2),
    positions=st.integers(0, 6),
    age=st.integers(0, 100),
    paused=st.sampled_from(["", "by hand"]),
)
def test_an_open_door_means_that_every_limit_is_kept(equity: Decimal, positions: int, age: int, paused: str) -> None:
    moment = replace(
        worth(str(equity)),
        open_positions=positions,
        candle_closed=NOW - timedelta(hours=age),
        paused=paused,
    )
    refusal = may_open(moment, LIMITS)
    kept = equity >= 25 and positions < 4 and age <= 48 and not paused
    assert (refusal is None) == kept
    if refusal is not None:
        assert refusal.text


@pytest.mark.parametrize(
    ("key", "value"),
    [("risk_per_trade", "0"), ("max_position", "1.01"), ("max_drawdown", "-0.1"), ("risk_multiplier", "0")],
)
def test_senseless_limits_are_refused_by_name(key: str, value: str) -> None:
    with pytest.raises(ValueError, match=f"{key} = {value}"):
        replace(LIMITS, **{key: Decimal(value)})  # type: ignore[arg-type]  # one of the Decimal fields
