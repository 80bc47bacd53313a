"""What a strategy with weights buys and sells of one market."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.setting_tables import AccountSettings, RiskSettings
from brokers.model import Market, Timeframe
from nija.risk.no_trade import NoTradeReason, Rule
from nija.risk.resizing import (
    Increase,
    MarketShare,
    NextSize,
    Reduce,
    SellAll,
    enough_equity_for_band,
    limits_on_weights,
    next_size,
    share_of,
)
from nija.risk.sizing import Funds
from nija.strategy.base import SignalAt
from tests.nija.risk.settings_of import settings_of

# A price of 100, a minimum order of 5 USD, so a smallest position of 10 USD.
MARKET = Market(
    "BTC/USD", "BTC", "USD", Decimal("0.0001"), Decimal("0.1"), min_amount=Decimal("0.05"), min_cost=Decimal("0.5")
)
PRICE = Decimal(100)
PLAIN = settings_of()


def wanting(weight: str, *, close: str = "100", band: str = "0.10") -> SignalAt:
    return SignalAt(
        "BTC/USD",
        Timeframe.D1,
        time=0,
        close=Decimal(close),
        entry=False,
        exit=False,
        initial_stop=Decimal(90),
        trail=Decimal(90),
        weight=Decimal(weight),
        band=Decimal(band),
    )


def having(held: str, equity: str = "1000", *, markets: int = 2, multiplier: str = "1") -> MarketShare:
    settings = settings_of(risk_multiplier=Decimal(multiplier))
    return MarketShare(
        market=MARKET,
        fraction=share_of(["any"] * markets, settings),
        held=Decimal(held),
        equity_at_close=Decimal(equity),
        bid=PRICE,
        ask=PRICE,
        fee=Decimal("0.004"),
        slippage=Decimal("0.0005"),
    )


def decide(  # noqa: PLR0913 - the funds of an account, each with a plain value
    signal: SignalAt,
    share: MarketShare,
    *,
    equity: str | None = None,
    free: str = "1000",
    elsewhere: str = "0",
    pending: str = "0",
    settings: AccountSettings = PLAIN,
) -> NextSize | NoTradeReason:
    """`elsewhere`: the value of the positions in other markets."""
    exposure = share.held * share.bid + Decimal(elsewhere) + Decimal(pending)
    total = share.equity_at_close if equity is None else Decimal(equity)
    return next_size(signal, share, Funds(total, Decimal(free), exposure, Decimal(pending)), settings)


def why(decision: NextSize | NoTradeReason) -> tuple[Rule, str]:
    assert isinstance(decision, NoTradeReason)
    return decision.rule, decision.text


def test_a_weight_is_a_part_of_the_share_that_each_market_of_the_account_has() -> None:
    assert decide(wanting("0.6"), having("0", markets=2)) == Increase(Decimal(3), Decimal(300))
    assert decide(wanting("0.6"), having("0", markets=5)) == Increase(Decimal("1.2"), Decimal(120))


def test_the_multiplier_of_the_account_multiplies_the_share() -> None:
    assert decide(wanting("0.6"), having("0", multiplier="0.5")) == Increase(Decimal("1.5"), Decimal(150))


def test_what_is_held_is_bought_or_sold_up_or_down_to_what_is_wanted() -> None:
    assert decide(wanting("0.6"), having("2")) == Increase(Decimal(1), Decimal(100))
    assert decide(wanting("0.6"), having("4")) == Reduce(keep=Decimal(3))


@pytest.mark.parametrize("weight", ["0.500", "0.599", "0.401"])
def test_a_difference_below_the_band_changes_nothing_and_says_both_parts(weight: str) -> None:
    rule, text = why(decide(wanting(weight), having("2.5")))
    assert rule is Rule.WITHIN_BAND
    assert f"{float(weight):.2%}".replace("%", " %") in text
    assert "50.00 % is held" in text
    assert "band of 10.00 %" in text


@pytest.mark.parametrize("weight", ["0.6", "0.4"])
def test_a_difference_of_the_band_is_traded(weight: str) -> None:
    assert isinstance(decide(wanting(weight), having("2.5")), Increase | Reduce)


def test_a_weight_of_nothing_sells_all_however_little_is_held() -> None:
    assert decide(wanting("0"), having("0.01")) == SellAll()
    assert why(decide(wanting("0"), having("0")))[0] is Rule.NO_SIGNAL


def test_the_difference_counts_at_the_candles_close_however_late_it_is_looked_at() -> None:
    # Held at the close 100: half of the share. The price has moved by now, and with it the equity.
    later = replace(having("2.5"), bid=Decimal(140), ask=Decimal(140))
    assert why(decide(wanting("0.55"), later, equity="1100"))[0] is Rule.WITHIN_BAND
    assert why(decide(wanting("0.45"), later, equity="1100"))[0] is Rule.WITHIN_BAND


def test_the_order_itself_is_sized_by_the_prices_and_the_equity_of_now() -> None:
    later = replace(having("1"), bid=Decimal(110), ask=Decimal(112))
    # 0.6 of half of 1010 is 303; 1 × 110 is held.
    bought = decide(wanting("0.6"), later, equity="1010")
    assert bought == Increase(Decimal("1.7232"), Decimal("1.7232") * 112)


def test_a_purchase_is_limited_by_the_money_that_is_free_with_its_fee() -> None:
    assert decide(wanting("0.6"), having("0"), free="100.45") == Increase(Decimal(1), Decimal(100))
    assert decide(wanting("0.6"), having("0"), free="150.675", pending="50") == Increase(Decimal(1), Decimal(100))
    rule, text = why(decide(wanting("0.6"), having("0"), free="9"))
    assert rule is Rule.AVAILABLE
    assert "only $9.00 is free" in text


def test_the_default_caps_for_sizes_by_risk_do_not_cap_weights() -> None:
    assert RiskSettings().max_position == Decimal("0.25")
    assert decide(wanting("1"), having("0"), elsewhere="500") == Increase(Decimal(5), Decimal(500))
    assert limits_on_weights(PLAIN).risk.max_positions > 100


def test_caps_that_nija_toml_sets_do() -> None:
    capped = settings_of(max_position=Decimal("0.25"), max_positions=2)
    assert decide(wanting("1"), having("0"), settings=capped) == Increase(Decimal("2.5"), Decimal(250))
    rule, text = why(decide(wanting("1"), having("2.5"), settings=capped))
    assert rule is Rule.WITHIN_BAND
    assert "50.00 % of its share of $500.00 is wanted (all that max_position allows)" in text
    assert decide(wanting("1"), having("4"), settings=capped) == Reduce(keep=Decimal("2.5"))
    assert limits_on_weights(capped).risk.max_positions == 2
    exposed = settings_of(max_exposure=Decimal("0.5"))
    assert decide(wanting("1"), having("0"), elsewhere="300", settings=exposed) == Increase(Decimal(2), Decimal(200))
    assert why(decide(wanting("1"), having("0"), elsewhere="500", settings=exposed))[0] is Rule.MAX_EXPOSURE
    assert isinstance(decide(wanting("0.5"), having("4"), elsewhere="500", settings=exposed), Reduce)


def test_the_band_widens_to_the_minimum_order_which_is_said_with_the_equity_that_is_enough() -> None:
    # The share is 25 USD; a change by the band would be 2.50, and the minimum order is 5.
    rule, text = why(decide(wanting("0.65"), having("0.125", "50")))
    assert rule is Rule.MINIMUM_ORDER
    assert "widens the band from 10.00 % to 20.00 %; $100.00 of equity would be enough for every change" in text
    assert decide(wanting("0.7"), having("0.125", "50")) == Increase(Decimal("0.05"), Decimal(5))
    assert enough_equity_for_band(Decimal("0.10"), MARKET, PRICE, Decimal("0.5")) == 100


def test_nothing_is_opened_below_twice_the_minimum_order() -> None:
    rule, text = why(decide(wanting("0.39"), having("0", "50")))
    assert rule is Rule.MINIMUM_ORDER
    assert "$9.75" in text
    assert "smallest position is $10.00" in text
    assert decide(wanting("0.4"), having("0", "50")) == Increase(Decimal("0.1"), Decimal(10))


def test_a_market_whose_whole_share_is_too_small_is_left_out_and_said() -> None:
    rule, text = why(decide(wanting("1"), having("0", "19")))
    assert rule is Rule.MINIMUM_ORDER
    assert text.startswith("left out: its whole share of equity, $9.50, is less than the smallest position of $10.00")
    assert "needs $20.00 of equity, or fewer markets" in text


def test_a_rest_too_small_to_sell_is_sold_together_with_the_part_before_it() -> None:
    assert decide(wanting("0.2"), having("0.15", "50")) == SellAll("the rest would be too small to sell")
    assert decide(wanting("0.4"), having("0.15", "50")) == Reduce(keep=Decimal("0.1"))


def test_a_price_that_has_moved_back_by_now_trades_nothing_below_the_minimum() -> None:
    back = replace(having("2.5"), bid=Decimal("120.1"), ask=Decimal("120.1"))
    assert why(decide(wanting("0.6"), back, equity="1002"))[0] is Rule.MINIMUM_ORDER


def test_a_signal_without_a_weight_is_no_question_for_it() -> None:
    with pytest.raises(ValueError, match="needs a weight"):
        decide(replace(wanting("1"), weight=None), having("0"))


amounts = st.decimals(0, 20, places=4)


@given(
    weight=st.decimals(0, 1, places=3),
    held=amounts,
    cash=st.decimals(0, 5_000, places=2),
    close=st.decimals(50, 200, places=1),
    now=st.decimals(50, 200, places=1),
    markets=st.integers(1, 12),
)
def test_no_order_passes_what_is_wanted_costs_more_than_there_is_or_is_below_a_minimum(
    weight: Decimal, held: Decimal, cash: Decimal, close: Decimal, now: Decimal, markets: int
) -> None:
    share = replace(having(str(held), str(cash + held * close), markets=markets), bid=now, ask=now * Decimal("1.001"))
    equity = cash + held * now
    decision = decide(wanting(str(weight), close=str(close)), share, equity=str(equity), free=str(cash))
    wanted = weight * share.fraction * equity
    if isinstance(decision, Increase):
        assert held * now + decision.amount * now <= wanted
        assert decision.notional * (1 + share.fee + share.slippage) <= cash
        assert MARKET.allows(decision.amount, share.ask)
    if isinstance(decision, Reduce):
        assert decision.keep * now >= wanted
        assert MARKET.allows(held - decision.keep, now)
        assert MARKET.allows(decision.keep, now / 2)


@given(weight=st.decimals("0.01", 1, places=3), held=amounts, cash=st.decimals(100, 5_000, places=2))
def test_after_its_order_nothing_more_is_wanted_of_the_same_candle(
    weight: Decimal, held: Decimal, cash: Decimal
) -> None:
    share = having(str(held), str(cash + held * PRICE))
    share = replace(share, fee=Decimal(0), slippage=Decimal(0))
    decision = decide(wanting(str(weight)), share, free=str(cash))
    if isinstance(decision, Increase | Reduce):
        after = held + decision.amount if isinstance(decision, Increase) else decision.keep
        left = cash - (after - held) * PRICE
        again = decide(wanting(str(weight)), replace(share, held=after), free=str(left))
        assert isinstance(again, NoTradeReason)
