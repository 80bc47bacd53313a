"""What doctor says about money that the account's markets cannot use."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from accounts.identity import AccountId
from accounts.settings import Settings
from brokers.model import Market
from nija.doctor.account import check_account
from nija.doctor.facts import AccountFacts, BalanceFacts, KeyRights, MarketFacts
from nija.doctor.finding import Finding, Level
from tests.nija.risk.settings_of import settings_of

MASTER = AccountId.parse("kraken:master")
KEY = KeyRights("AA00", (), (), can_withdraw=False, clock_skew=0.0, expires=None, ip_allowlist=())
STEP = Decimal("0.00000001")


def market(symbol: str) -> Market:
    base, _, quote = symbol.partition("/")
    return Market(symbol, base, quote, STEP, Decimal("0.1"), Decimal("0.0001"), Decimal("0.0001"))


def sizes(equity: str, *markets: MarketFacts) -> list[Finding]:
    """What doctor says of these markets to an account with trend_ensemble."""
    settings = replace(
        settings_of(strategy="trend_ensemble", markets=tuple(one.symbol for one in markets)), account=MASTER
    )
    facts = AccountFacts(
        id=str(MASTER),
        fingerprint="ab12cd34",
        key=KEY,
        holdings=(BalanceFacts("USD", Decimal(equity), Decimal(equity)),),
        markets=markets,
    )
    findings = check_account(MASTER, facts, settings, datetime(2026, 11, 27, tzinfo=UTC)).findings
    return [finding for finding in findings if finding.title.startswith(tuple(one.symbol for one in markets))]


def funding(alternatives: tuple[str, ...], markets: tuple[MarketFacts, ...] = (), **held: str) -> Finding:
    facts = AccountFacts(
        id=str(MASTER),
        fingerprint="ab12cd34",
        key=KEY,
        holdings=tuple(BalanceFacts(name, Decimal(amount), Decimal(amount)) for name, amount in held.items()),
        alternatives=tuple(map(market, alternatives)),
        markets=markets,
    )
    check = check_account(MASTER, facts, Settings().for_account(MASTER), datetime(2026, 11, 27, tzinfo=UTC))
    return next(finding for finding in check.findings if finding.title.startswith("UNDERFUNDED"))


def test_a_balance_in_euros_is_reported_with_the_setting_that_uses_it() -> None:
    found = funding(("BTC/EUR", "ETH/EUR"), EUR="500", USD="1")
    assert found.level is Level.BROKEN
    assert found.remedy == (
        "Deposit $24.00 or more in USD, or lower min_balance in nija.toml. To trade its €500.00, write "
        'markets = ["BTC/EUR", "ETH/EUR"] under [accounts."kraken:master"] in nija.toml.'
    )


def priced(symbol: str, price: str, *, min_amount: str) -> MarketFacts:
    return MarketFacts(symbol, replace(market(symbol), min_amount=Decimal(min_amount)), Decimal(price))


def test_the_deposit_is_enough_for_the_market_with_the_largest_minimum() -> None:
    markets = (priced("BTC/USD", "100000", min_amount="0.00005"), priced("ETH/USD", "3000", min_amount="0.002"))
    # ETH: twice 6.00, a tenth more in case the price rises, a quarter of the equity: 52.80.
    assert (
        funding((), markets, USD="11").remedy
        == "Deposit $42.00 or more in USD (enough for every market of this account)."
    )


def test_no_amount_is_called_enough_while_a_price_is_not_known() -> None:
    markets = (priced("BTC/USD", "100000", min_amount="0.00005"), MarketFacts("ETH/USD", market("ETH/USD"), None))
    assert funding((), markets, USD="11").remedy == "Deposit $14.00 or more in USD, or lower min_balance in nija.toml."


def test_where_the_minimums_are_met_already_lowering_the_limit_helps_too() -> None:
    markets = (priced("BTC/USD", "100000", min_amount="0.00001"),)
    assert funding((), markets, USD="11").remedy == (
        "Deposit $14.00 or more in USD (enough for every market of this account), or lower min_balance in nija.toml."
    )


def test_coins_that_may_be_nijas_own_are_reported_with_the_setting_as_well() -> None:
    found = funding(("ETH/BTC",), BTC="0.5")
    assert found.level is Level.WARNING
    assert found.remedy.endswith(
        'To trade its 0.50000000 BTC, write markets = ["ETH/BTC"] and min_balance = 0.0008 (it counts in BTC) '
        'under [accounts."kraken:master"] in nija.toml.'
    )


def test_a_coin_that_no_market_counts_in_is_only_named() -> None:
    assert funding((), SOL="50").remedy.endswith("The account holds SOL: convert some, or choose other markets.")


def test_with_weights_it_says_how_large_a_position_can_be_and_that_the_band_widens() -> None:
    wide, narrow = (priced("BTC/USD", "100000", min_amount=least) for least in ("0.00005", "0.00001"))
    other = priced("ETH/USD", "3000", min_amount="0.0001")
    (found, _), (better, _) = sizes("50", wide, other), sizes("50", narrow, other)
    assert found.title == "BTC/USD: can be traded, up to $25.00 (minimum $10.00)"
    assert "widens the band from 10.00 % to 20.00 %" in found.remedy
    assert better.remedy == ""


def test_with_weights_a_market_whose_share_is_too_small_is_said_to_be_left_out() -> None:
    markets = priced("BTC/USD", "100000", min_amount="0.0001"), priced("ETH/USD", "3000", min_amount="0.0001")
    found, other = sizes("30", *markets)
    assert found.level is Level.WARNING
    assert "Its share of equity is $15.00, and the smallest position is $20.00" in found.remedy
    assert other.level is Level.OK
