"""Numbers for people are written in digits, never as `1E-8`, however small or large."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import accounts
import nija
from accounts.identity import AccountId
from accounts.market_advice import market_advice
from accounts.setting_faults import SettingsError
from accounts.settings import load_settings
from brokers.model import Market
from nija.cli.config_example import toml_value
from nija.log import lines
from nija.log.redaction import Redactor
from nija.log.render import RedactValues
from nija.risk.costs import fee_gate
from nija.risk.no_trade import NoTradeReason
from nija.risk.sizing import Entry, Funds, size_entry
from nija.strategy.base import StrategyError
from nija.strategy.registry import STRATEGY_TABLES
from nija.strategy.trend import Trend
from tests.nija.risk.settings_of import settings_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

MASTER = AccountId.parse("kraken:master")
# A format of a number in an f-string, and a rounding: `:.2f}`, `:g}`, `.quantize(`.
OWN_FORMAT = re.compile(r":[+,]?(\.\d+)?[eEfgG%]\}|\.quantize\(|\.normalize\(\)")
EXPONENT = re.compile(r"\d[eE][+-]?\d")
CURRENCIES = ("USD", "EUR", "BTC")
# A coin with 10^15 pieces, and a price with 20 digits after the point: more than any exchange has.
AMOUNTS = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent),
    st.integers(min_value=1, max_value=99_999),
    st.integers(min_value=-20, max_value=10),
)

WRITERS: dict[str, Callable[[Decimal, str], str]] = {
    "balance in the log": lambda value, currency: lines.balance(MASTER, value, currency),
    "UNDERFUNDED": lines.underfunded,
    "fill": lambda value, currency: lines.buy_filled(f"SHIB/{currency}", value, value),
    "setting": lambda value, _: toml_value(value),
    "setting that is a float": lambda value, _: toml_value(float(value)),
}


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS.keys())
@given(value=AMOUNTS, currency=st.sampled_from(CURRENCIES))
@example(value=Decimal("1E-8"), currency="BTC")
@example(value=Decimal("1E+5"), currency="USD")
def test_no_writer_of_one_number_uses_an_exponent(
    writer: Callable[[Decimal, str], str], value: Decimal, currency: str
) -> None:
    assert not EXPONENT.search(writer(value, currency))


@given(value=AMOUNTS, fraction=AMOUNTS, funds=AMOUNTS, minimum=AMOUNTS, currency=st.sampled_from(CURRENCIES))
def test_no_reason_for_not_buying_shows_an_exponent(
    value: Decimal, fraction: Decimal, funds: Decimal, minimum: Decimal, currency: str
) -> None:
    market = Market(f"SHIB/{currency}", "SHIB", currency, minimum, Decimal("1E-10"), minimum, minimum)
    entry = Entry(market, value, value - fraction, value - fraction * 2, Decimal("0.004"), Decimal("0.0005"))
    for one in (entry, Entry(market, value, value / 2, value, entry.fee, entry.slippage)):
        if one.price > 0:
            answer = size_entry(one, Funds(funds, funds, Decimal(0)), settings_of())
            assert not isinstance(answer, NoTradeReason) or not EXPONENT.search(
                f"{answer.text} {answer.value} {answer.limit}"
            )


@given(close=AMOUNTS, gate=st.floats(min_value=0, max_value=1e12))
@example(close=Decimal(1), gate=1e-7)
def test_no_refusal_of_the_fee_gate_shows_an_exponent(close: Decimal, gate: float) -> None:
    refusal = fee_gate(close=close, stop=close, round_trip=Decimal("0.009"), gate=gate)
    assert refusal is None or not EXPONENT.search(refusal.text)


@given(held=AMOUNTS, minimum=AMOUNTS)
def test_no_market_advice_shows_an_exponent(held: Decimal, minimum: Decimal) -> None:
    listed = {"ETH/BTC": Market("ETH/BTC", "ETH", "BTC", minimum, minimum, minimum, minimum)}
    advice = market_advice(MASTER, {"BTC": held}, listed, ("ETH/USD",), minimum)
    assert advice is None or not EXPONENT.search(advice)


@pytest.mark.parametrize("written", ["-1e-9", "1e30"])
def test_no_fault_of_nija_toml_shows_an_exponent(tmp_path: Path, written: str) -> None:
    path = tmp_path / "nija.toml"
    path.write_text(f"[risk]\nmax_drawdown = {written}\n[strategy.trend]\nstop_atr = {written}\n")
    with pytest.raises(SettingsError) as caught:
        load_settings(path, STRATEGY_TABLES)
    assert not EXPONENT.search(str(caught.value))


def test_no_fault_of_a_strategys_parameter_shows_an_exponent() -> None:
    with pytest.raises(StrategyError) as caught:
        Trend(stop_atr=-1e-7)
    assert str(caught.value) == "stop_atr = -0.0000001: expected a number above 0"


@pytest.mark.parametrize("package", [nija, accounts], ids=lambda package: package.__name__)
def test_nobody_formats_a_figure_by_himself(package: ModuleType) -> None:
    root = Path(next(iter(package.__path__)))
    own = [path.relative_to(root) for path in root.rglob("*.py") if OWN_FORMAT.search(path.read_text(encoding="utf-8"))]
    assert own == [], "brokers/figures.py does that"


def test_no_field_of_a_log_line_shows_an_exponent() -> None:
    cleaned = RedactValues(Redactor([]))(None, "", {"value": Decimal("1E-8"), "all": [Decimal("2E+9")]})
    assert cleaned == {"value": "0.00000001", "all": ["2000000000"]}
