"""Values of options that are slips are refused, and what is proposed instead is accepted."""

from __future__ import annotations

from decimal import Decimal

import pytest

from nija.cli.option_values import OptionError, read_fraction, read_money, read_settings


@pytest.mark.parametrize(("text", "meant"), [("0.4", "0.4%"), ("15", "15%")])
def test_a_percentage_without_its_sign_is_shown_with_it(text: str, meant: str) -> None:
    with pytest.raises(OptionError, match=f"for {text} percent write {meant}"):
        read_fraction("--fee", text)
    assert read_fraction("--fee", meant) == Decimal(text) / 100


def test_nothing_is_proposed_that_would_be_refused_too() -> None:
    with pytest.raises(OptionError) as caught:
        read_fraction("--fee", "40")
    assert str(caught.value) == "--fee 40: expected a share from 0 to 20%"


@pytest.mark.parametrize("text", ["1e400", "1000000000001"])
def test_money_that_a_figure_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match="expected at most 1000000000000"):
        read_money("--cash", text)


def test_a_setting_that_is_given_twice_is_refused() -> None:
    with pytest.raises(OptionError, match="--set entry=6: entry is given twice"):
        read_settings("--set", ["entry=5", "entry=6"])
