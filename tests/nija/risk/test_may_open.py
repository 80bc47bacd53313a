from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.model import Market, Timeframe
from nija.risk.limits import Appraisal, may_open
from nija.risk.no_trade import Rule
from nija.risk.returns import EquityState, UnitValue
from nija.risk.sizing import Funds
from nija.strategy.base import SignalAt
from tests.nija.risk.settings_of import settings_of

if TYPE_CHECKING:
    from accounts.setting_tables import AccountSettings
    from nija.risk.no_trade import NoTradeReason

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETTINGS = settings_of()
STEP = Decimal("0.01")
BTC = Market("BTC/USD", "BTC", "USD", STEP, STEP, min_amount=STEP, min_cost=STEP)
FOUND = SignalAt(
    market="BTC/USD",
    timeframe=Timeframe.D1,
    time=int(datetime(2026, 2, 28, tzinfo=UTC).timestamp()),
    close=Decimal(100),
    entry=True,
    exit=False,
    initial_stop=None,
    trail=None,
)


def worth(equity: str) -> Appraisal:
    amount = Decimal(equity)
    state = EquityState(amount, NOW.date(), UnitValue())
    return Appraisal(equity=state, funds=Funds(amount, amount, Decimal(0)), open_positions=0, now=NOW)


SOUND = worth("1000")


def closed(ago: timedelta) -> SignalAt:
    """A signal whose candle closed this long ago."""
    opened = NOW - ago - timedelta(seconds=Timeframe.D1.seconds)
    return replace(FOUND, time=int(opened.timestamp()))


def asked(
    appraisal: Appraisal = SOUND, settings: AccountSettings = SETTINGS, market: Market = BTC, signal: SignalAt = FOUND
) -> NoTradeReason | None:
    return may_open(market, signal, appraisal, settings)


def rule_of(appraisal: Appraisal, settings: AccountSettings = SETTINGS, signal: SignalAt = FOUND) -> Rule | None:
    refusal = asked(appraisal, settings, signal=signal)
    return None if refusal is None else refusal.rule


def text_of(appraisal: Appraisal, settings: AccountSettings = SETTINGS, market: Market = BTC) -> str:
    refusal = asked(appraisal, settings, market)
    assert refusal is not None
    return refusal.text


def test_a_sound_account_may_open() -> None:
    assert asked() is None


def test_a_paused_account_says_who_paused_it() -> None:
    paused = replace(SOUND, paused="stopped by hand")
    assert rule_of(paused) is Rule.PAUSED
    assert text_of(paused) == "new entries are paused (stopped by hand); nija resume allows them again"


def test_a_disabled_market_is_named() -> None:
    settings = settings_of(disabled_markets=("BTC/USD", "ETH/USD"))
    assert rule_of(SOUND, settings) is Rule.DISABLED_MARKET
    assert text_of(SOUND, settings).startswith("BTC/USD is in disabled_markets")
    assert asked(SOUND, settings, replace(BTC, symbol="SOL/USD", base="SOL")) is None


def test_an_account_below_its_minimum_is_underfunded() -> None:
    poor = worth("24.99")
    assert rule_of(poor) is Rule.MIN_BALANCE
    assert text_of(poor).startswith("UNDERFUNDED - needs at least $25.00; equity is $24.99:")
    assert rule_of(worth("25")) is None


def test_what_cannot_be_judged_opens_nothing_and_says_why() -> None:
    unknown = replace(SOUND, equity=None, unknown="no price of BTC/USD yet")
    assert rule_of(unknown) is Rule.UNKNOWN
    assert text_of(unknown) == "no price of BTC/USD yet"
    assert rule_of(replace(SOUND, unknown="not all accounts are known")) is Rule.UNKNOWN
    assert rule_of(replace(SOUND, equity=None)) is Rule.UNKNOWN


def test_the_last_position_allowed_is_the_last() -> None:
    assert rule_of(replace(SOUND, open_positions=3)) is None
    refusal = asked(replace(SOUND, open_positions=4))
    assert refusal is not None
    assert (refusal.rule, refusal.value, refusal.limit) == (Rule.MAX_POSITIONS, "4", "4")


@pytest.mark.parametrize(
    ("hours", "max_age", "expected"),
    [(48, 2, None), (48.01, 2, Rule.STALE_CANDLE), (12, 0.5, None), (13, 0.5, Rule.STALE_CANDLE), (9_999, 0, None)],
)
def test_a_candle_goes_stale_after_so_many_intervals_and_never_with_zero(
    hours: float, max_age: float, expected: Rule | None
) -> None:
    signal = closed(timedelta(hours=hours))
    assert rule_of(SOUND, settings_of(max_candle_age=max_age), signal) is expected


def test_a_candle_from_the_replays_future_is_not_stale() -> None:
    assert asked(signal=closed(-timedelta(days=900))) is None


def test_another_quote_is_written_with_its_name() -> None:
    assert "at least €25.00" in text_of(worth("5"), market=replace(BTC, symbol="BTC/EUR", quote="EUR"))


@given(
    equity=st.decimals(min_value="0", max_value="2000", places=2),
    positions=st.integers(0, 6),
    age=st.integers(0, 100),
    paused=st.sampled_from(["", "by hand"]),
)
def test_an_open_door_means_that_every_limit_is_kept(equity: Decimal, positions: int, age: int, paused: str) -> None:
    appraisal = replace(worth(str(equity)), open_positions=positions, paused=paused)
    refusal = asked(appraisal, signal=closed(timedelta(hours=age)))
    kept = equity >= 25 and positions < 4 and age <= 48 and not paused
    assert (refusal is None) == kept
    if refusal is not None:
        assert refusal.text
