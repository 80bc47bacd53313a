"""How far a refusal of an order reaches: the order, its market, or only this moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from brokers.coinbase.refusals import TemporaryRefusal, lacks_funds, order_refusal, refusal_reason
from brokers.errors import MarketRefused, OrderRejected, Unavailable
from tests.brokers.coinbase.coinbase_samples import refused

if TYPE_CHECKING:
    from brokers.errors import BrokerError


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("INSUFFICIENT_FUND", OrderRejected),
        ("INVALID_PRICE_PRECISION", OrderRejected),
        ("INVALID_LIMIT_PRICE_POST_ONLY", OrderRejected),
        ("PREVIEW_INVALID_LIMIT_PRICE_POST_ONLY", OrderRejected),
        ("PREVIEW_COMPLIANCE_PURCHASE_LIMIT_EXCEEDED", OrderRejected),
        ("UNKNOWN_FAILURE_REASON", OrderRejected),
        ("SOMETHING_NEW", OrderRejected),
        ("INELIGIBLE_PAIR", MarketRefused),
        ("UNTRADABLE_PRODUCT", MarketRefused),
        ("PREVIEW_UNTRADABLE_PRODUCT", MarketRefused),
        ("GEOFENCING_RESTRICTION", MarketRefused),
        ("PREVIEW_GEOFENCING_RESTRICTION", MarketRefused),
        ("INVALID_PRODUCT_ID", MarketRefused),
        ("COMMANDER_REJECTED_NEW_ORDER", TemporaryRefusal),
        ("ORDER_ENTRY_DISABLED", TemporaryRefusal),
        ("PREVIEW_TRADING_DISABLED", TemporaryRefusal),
        ("PREVIEW_PRODUCT_TRADING_HALTED", TemporaryRefusal),
        ("INVALID_NO_LIQUIDITY", TemporaryRefusal),
        ("PREVIEW_NOT_ALLOWED_BY_MARKET_STATE", TemporaryRefusal),
        ("PREVIEW_AUCTION_MODE", TemporaryRefusal),
    ],
)
def test_each_reason_has_its_reach(reason: str, kind: type[BrokerError]) -> None:
    assert type(order_refusal(reason)) is kind


def test_a_market_refused_in_words_is_refused_as_a_market() -> None:
    refused = order_refusal("INVALID_REQUEST", "BTC-USD is not available in your jurisdiction")

    assert isinstance(refused, MarketRefused)
    assert "jurisdiction" in str(refused)
    assert "nija.toml" in refused.remedy


def test_a_temporary_refusal_is_not_a_rejection() -> None:
    assert isinstance(order_refusal("ORDER_ENTRY_DISABLED"), Unavailable)


@pytest.mark.parametrize(
    ("reason", "lacking"),
    [
        ("INSUFFICIENT_FUND", True),
        ("INSUFFICIENT_FUNDS", True),
        ("PREVIEW_INSUFFICIENT_FUND", True),
        ("PREVIEW_INSUFFICIENT_LEDGER_BALANCE", True),
        ("INVALID_LEDGER_BALANCE", False),
        ("PREVIEW_INVALID_BASE_SIZE_TOO_SMALL", False),
    ],
)
def test_a_lack_of_funds_is_distinguished_from_other_reasons(reason: str, lacking: bool) -> None:  # noqa: FBT001 - one case
    assert lacks_funds(reason) is lacking


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (refused("INSUFFICIENT_FUND"), "INSUFFICIENT_FUND"),
        (refused("UNKNOWN_FAILURE_REASON", new_order_failure_reason="INVALID_SIDE"), "INVALID_SIDE"),
        (
            refused("", preview_failure_reason="PREVIEW_INVALID_BASE_SIZE_TOO_SMALL"),
            "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL",
        ),
        ({"success": False, "failure_reason": "ORDER_ENTRY_DISABLED"}, "ORDER_ENTRY_DISABLED"),
        ({"success": False, "failure_reason": "SOME_NEW_REASON", "error_response": None}, "SOME_NEW_REASON"),
        (refused("UNKNOWN_FAILURE_REASON"), "UNKNOWN_FAILURE_REASON"),
    ],
)
def test_the_first_meaningful_reason_is_the_reason(answer: dict[str, Any], reason: str) -> None:
    assert refusal_reason(answer) == reason
