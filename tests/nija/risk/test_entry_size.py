from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from brokers.model import Market
from nija.risk.no_trade import NoTradeReason, Rule
from nija.risk.sizing import Entry, EntrySize, Funds, enough_equity, min_notional, size_entry
from tests.nija.risk.settings_of import settings_of

if TYPE_CHECKING:
    from accounts.setting_tables import AccountSettings

ZERO = Decimal(0)
SETTINGS = settings_of()
KRAKEN_BTC = Market(
    symbol="BTC/USD",
    base="BTC",
    quote="USD",
    amount_step=Decimal("0.00000001"),
    price_step=Decimal("0.1"),
    min_amount=Decimal("0.00005"),
    min_cost=Decimal("0.5"),
)
COINBASE_BTC = replace(
    KRAKEN_BTC,
    price_step=Decimal("0.01"),
    min_amount=Decimal("0.00000001"),
    min_cost=Decimal(1),
)
# Stop 12 % away: the median of BTC in the evidence.
BREAKOUT = Entry(
    market=KRAKEN_BTC,
    close=Decimal(100_000),
    stop=Decimal(88_000),
    price=Decimal(100_000),
    fee=Decimal("0.004"),
    slippage=Decimal("0.0005"),
)


def cash(amount: str) -> Funds:
    """An account with nothing open."""
    return Funds(equity=Decimal(amount), available=Decimal(amount), exposure=ZERO)


def sized(entry: Entry, funds: Funds, settings: AccountSettings = SETTINGS) -> EntrySize:
    answer = size_entry(entry, funds, settings)
    assert isinstance(answer, EntrySize), answer
    return answer


def figures_of(reason: NoTradeReason) -> tuple[Decimal, Decimal]:
    """The value that the rule saw, and its limit."""
    return Decimal(reason.value), Decimal(reason.limit)


def refused(entry: Entry, funds: Funds, settings: AccountSettings = SETTINGS) -> NoTradeReason:
    answer = size_entry(entry, funds, settings)
    assert isinstance(answer, NoTradeReason), answer
    return answer


class TestBySizeOfRisk:
    def test_two_percent_of_equity_go_through_the_stop_distance(self) -> None:
        order = sized(BREAKOUT, cash("1000"))
        assert order.notional == pytest.approx(Decimal(1000) * Decimal("0.02") / Decimal("0.12"), rel=Decimal("1e-5"))
        assert order.risk == pytest.approx(Decimal(20), rel=Decimal("1e-5"))

    def test_the_risk_multiplier_scales_it(self) -> None:
        half = sized(BREAKOUT, cash("1000"), settings_of(risk_multiplier=Decimal("0.5")))
        assert half.risk == pytest.approx(Decimal(10), rel=Decimal("1e-5"))

    def test_a_multiplier_may_ask_for_more_than_a_raised_order_is_allowed(self) -> None:
        bold = settings_of(risk_multiplier=Decimal(3), max_position=Decimal(1), max_exposure=Decimal(1))
        assert sized(BREAKOUT, cash("1000"), bold).risk == pytest.approx(Decimal(60), rel=Decimal("1e-5"))

    def test_a_late_entry_above_the_close_buys_less_and_still_risks_two_percent(self) -> None:
        late = sized(replace(BREAKOUT, price=Decimal(104_000)), cash("1000"))
        assert late.notional < sized(BREAKOUT, cash("1000")).notional
        assert late.risk <= 20

    def test_a_narrow_stop_is_capped_by_the_market(self) -> None:
        order = sized(replace(BREAKOUT, stop=Decimal(99_000)), cash("1000"))
        assert order.notional == Decimal(250)

    def test_what_is_open_already_leaves_less(self) -> None:
        order = sized(BREAKOUT, Funds(equity=Decimal(1000), available=Decimal(600), exposure=Decimal(400)))
        assert order.notional == Decimal(100)

    def test_a_division_that_rounds_up_lifts_no_order_over_its_cap(self) -> None:
        whole_coins = replace(KRAKEN_BTC, amount_step=Decimal(1), min_amount=Decimal(0), min_cost=Decimal(0))
        entry = replace(BREAKOUT, market=whole_coins, close=Decimal(3), stop=Decimal("2.9"), price=Decimal(3))
        # A quarter of it is short of one coin by less than 28 digits can show.
        funds = replace(cash("100"), equity=Decimal("11." + "9" * 30))
        assert refused(entry, funds).rule is Rule.MINIMUM_ORDER

    def test_fee_and_slippage_are_kept_in_hand(self) -> None:
        funds = Funds(equity=Decimal(1000), available=Decimal(100), exposure=ZERO)
        order = sized(BREAKOUT, funds)
        assert order.notional * Decimal("1.0045") <= 100
        assert (order.notional + Decimal("0.01")) * Decimal("1.0045") > 100


class TestSmallAccounts:
    """The minimum accounts of the strategy evidence, with orders of about 10 USD on Kraken and 2 USD on Coinbase."""

    def test_25_dollars_on_kraken_are_refused_and_told_what_they_need(self) -> None:
        refusal = refused(BREAKOUT, cash("25"))
        assert (refusal.rule, *figures_of(refusal)) == (Rule.MAX_POSITION, Decimal(10), Decimal("6.25"))
        assert refusal.text == (
            "the minimum order is $10.00 (twice the exchange's minimum), but max_position = 25.00 % of equity"
            " $25.00 is less than that; needs more equity or a larger max_position in [risk]"
        )

    def test_25_dollars_on_coinbase_trade(self) -> None:
        order = sized(replace(BREAKOUT, market=COINBASE_BTC), cash("25"))
        assert order.notional == pytest.approx(Decimal("4.166"), abs=Decimal("0.01"))

    def test_50_dollars_on_kraken_are_raised_to_the_least_order(self) -> None:
        order = sized(BREAKOUT, cash("50"))
        assert order.notional == Decimal(10)
        assert Decimal("0.02") * 50 < order.risk <= Decimal("0.04") * 50

    def test_a_raised_order_never_risks_more_than_four_percent(self) -> None:
        wild = replace(BREAKOUT, stop=Decimal(79_000))
        refusal = refused(wild, cash("50"))
        assert refusal.rule is Rule.MINIMUM_RISK
        assert "with the stop 21.00 % away it would risk more than 4.00 % of equity $50.00" in refusal.text

    def test_100_dollars_on_kraken_need_no_raising(self) -> None:
        assert sized(BREAKOUT, cash("100")).risk == pytest.approx(Decimal(2), rel=Decimal("1e-4"))


class TestRefusals:
    def test_money_bound_elsewhere_is_named(self) -> None:
        refusal = refused(BREAKOUT, Funds(equity=Decimal(1000), available=Decimal(5), exposure=ZERO))
        assert refusal.rule is Rule.AVAILABLE
        assert "only $5.00 is free" in refusal.text

    def test_full_exposure_is_named(self) -> None:
        refusal = refused(BREAKOUT, Funds(equity=Decimal(1000), available=Decimal(500), exposure=Decimal(500)))
        assert (refusal.rule, figures_of(refusal)[1]) == (Rule.MAX_EXPOSURE, ZERO)

    def test_no_equity_buys_nothing(self) -> None:
        assert refused(BREAKOUT, cash("0")).rule in Rule

    @pytest.mark.parametrize("stop", [None, "0", "-5", "100000", "100001"])
    def test_a_position_without_a_stop_below_the_close_is_never_opened(self, stop: str | None) -> None:
        entry = replace(BREAKOUT, stop=None if stop is None else Decimal(stop))
        refusal = refused(entry, cash("1000"))
        assert refusal.rule is Rule.NO_STOP
        assert "a position without a stop is never opened" in refusal.text

    @pytest.mark.parametrize("price", ["88000", "87999.9"])
    def test_a_price_at_or_below_the_stop_buys_nothing(self, price: str) -> None:
        assert refused(replace(BREAKOUT, price=Decimal(price)), cash("1000")).rule is Rule.PRICE_BELOW_STOP

    def test_a_step_too_coarse_for_the_money_is_no_order_of_zero(self) -> None:
        coarse = replace(KRAKEN_BTC, amount_step=Decimal("0.01"))
        refusal = refused(replace(BREAKOUT, market=coarse), cash("1000"))
        assert (refusal.rule, figures_of(refusal)[0]) == (Rule.MINIMUM_ORDER, ZERO)

    def test_another_quote_is_written_with_its_name(self) -> None:
        in_euro = replace(BREAKOUT, market=replace(KRAKEN_BTC, symbol="BTC/EUR", quote="EUR"))
        assert "the minimum order is €10.00" in refused(in_euro, cash("25")).text

    def test_a_price_of_zero_is_a_fault_of_the_caller(self) -> None:
        with pytest.raises(ValueError, match="above 0"):
            size_entry(replace(BREAKOUT, price=ZERO), cash("1000"), SETTINGS)


def amounts(least: str, most: str) -> st.SearchStrategy[Decimal]:
    return st.decimals(min_value=least, max_value=most, places=8)


steps = st.sampled_from([Decimal(step) for step in ("0.00000001", "0.0001", "0.25", "1", "100")])


@st.composite
def entries_near_a_stop(draw: st.DrawFn) -> Entry:
    """A stop anywhere below the close, and a price that has moved since, sometimes too far."""
    close = draw(amounts("0.01", "100"))
    market = Market(
        symbol="ADA/USD",
        base="ADA",
        quote="USD",
        amount_step=draw(steps),
        price_step=Decimal("0.0001"),
        min_amount=round(draw(amounts("0.5", "20")) / close, 8),
        min_cost=draw(amounts("0", "20")),
    )
    return Entry(
        market=market,
        close=close,
        stop=close * draw(amounts("0.02", "0.995")),
        price=close * draw(amounts("0.9", "1.1")),
        fee=draw(amounts("0", "0.02")),
        slippage=draw(amounts("0", "0.01")),
    )


@st.composite
def accounts_partly_invested(draw: st.DrawFn) -> Funds:
    equity = draw(st.sampled_from(("0", "25", "60", "150", "1000", "50000")).map(Decimal)) + draw(amounts("0", "9"))
    return Funds(
        equity=equity,
        available=equity * draw(amounts("0.1", "1")),
        exposure=equity * draw(amounts("0", "0.6")),
    )


entries, accounts = entries_near_a_stop(), accounts_partly_invested()
accounts_settings = st.builds(
    settings_of,
    risk_per_trade=amounts("0.001", "0.2"),
    max_position=amounts("0.05", "1"),
    max_exposure=amounts("0.3", "1"),
    risk_multiplier=amounts("0.1", "5"),
)


@given(entry=entries, funds=accounts, settings=accounts_settings)
@example(entry=BREAKOUT, funds=cash("1000"), settings=SETTINGS)
@example(entry=BREAKOUT, funds=cash("50"), settings=SETTINGS)
def test_every_order_keeps_every_bound(entry: Entry, funds: Funds, settings: AccountSettings) -> None:
    order = size_entry(entry, funds, settings)
    if isinstance(order, NoTradeReason):
        assert order.text
        return
    assert entry.stop is not None
    assert order.amount > 0
    assert order.amount % entry.market.amount_step == 0
    assert entry.market.allows(order.amount, entry.price)
    assert order.notional == order.amount * entry.price
    assert order.notional * (1 + entry.fee + entry.slippage) <= funds.available
    assert order.notional <= settings.risk.max_position * funds.equity
    assert order.notional + funds.exposure <= settings.risk.max_exposure * funds.equity
    raised, multiplied = 2 * settings.risk.risk_per_trade, settings.risk.risk_per_trade * settings.own.risk_multiplier
    assert order.risk <= max(raised, multiplied) * funds.equity
    assert order.risk == order.amount * (entry.price - entry.stop)


@given(entry=entries, funds=accounts, settings=accounts_settings)
def test_a_refusal_is_never_given_where_the_least_order_fits_everywhere(
    entry: Entry, funds: Funds, settings: AccountSettings
) -> None:
    answer = size_entry(entry, funds, settings)
    if isinstance(answer, EntrySize) or answer.rule in (Rule.NO_STOP, Rule.PRICE_BELOW_STOP, Rule.MINIMUM_ORDER):
        return
    value, limit = figures_of(answer)
    assert value == min_notional(entry.market, entry.price)
    assert limit < value


@given(entry=entries, funds=accounts, settings=accounts_settings)
def test_an_order_below_the_least_is_only_ever_one_step_of_rounding_below(
    entry: Entry, funds: Funds, settings: AccountSettings
) -> None:
    order = size_entry(entry, funds, settings)
    if isinstance(order, EntrySize):
        assert order.notional + entry.market.amount_step * entry.price > min_notional(entry.market, entry.price)


@given(entry=entries, settings=accounts_settings)
@example(entry=BREAKOUT, settings=SETTINGS)
def test_the_equity_that_is_called_enough_is_enough_for_the_least_order(
    entry: Entry, settings: AccountSettings
) -> None:
    if entry.stop is None or not 0 < entry.stop < min(entry.price, entry.close):
        return
    enough = enough_equity(entry, settings)
    assert enough is not None
    answer = size_entry(entry, cash(str(enough + Decimal("0.01"))), settings)
    assert isinstance(answer, EntrySize) or answer.rule is Rule.MINIMUM_ORDER


def test_what_is_called_enough_is_no_more_than_needed() -> None:
    # The minimum order is 10.00 USD, a quarter of the equity is one position.
    assert enough_equity(BREAKOUT, SETTINGS) == Decimal(40)
    refused(BREAKOUT, cash("39.99"))


def test_no_equity_is_enough_for_a_position_of_nothing() -> None:
    assert enough_equity(BREAKOUT, settings_of(max_position=ZERO)) is None
