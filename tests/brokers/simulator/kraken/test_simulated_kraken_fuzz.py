"""Whatever is sent, the answer is an envelope and the books stay consistent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brokers.simulator.config import TRADING_PERMISSIONS, SimulatorConfig
from brokers.simulator.kraken.tickets import ORDER_ARGUMENTS
from tests.simulator_desk import Desk, make_desk
from tests.simulator_fixtures import UNLIMITED, usd_accounts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_METHODS = (
    "AddOrder", "AmendOrder", "EditOrder", "CancelOrder", "QueryOrders", "ClosedOrders", "OpenOrders", "Ledgers",
    "TradesHistory", "QueryTrades", "QueryLedgers", "TradeBalance", "TradeVolume", "AddOrderBatch", "CancelOrderBatch",
    "CancelAllOrdersAfter",
)  # fmt: skip
_NAMES = (
    *ORDER_ARGUMENTS, "txid", "order_qty", "limit_price", "trigger_price", "start", "end", "ofs", "orders", "timeout",
    "id", "asset", "closetime", "close[price]", "close[ordertype]", "orders[0]", "orders[0][type]", "orders[][x]", "[",
)  # fmt: skip
_VALUES = (
    "", "0", "1", "-1", "0.01", "1e5", "NaN", "Infinity", "+5", "-5%", "#1%", "+x", "buy", "sell", "limit", "market",
    "stop-loss", "trailing-stop", "XBTUSD", "40000", "2023-11-14T22:13:50Z", "2023-11-14", "true", "ZUSD", "all",
    "9" * 40, "0." + "0" * 30 + "1", "²", "٣", "\x00", "OAAAAA-AAAAA-AAAAAA", "GTD", "IOC", "post", "viqc", "a,b",
)  # fmt: skip

forms = st.dictionaries(st.sampled_from(_NAMES), st.sampled_from(_VALUES) | st.text(max_size=8), max_size=6)
orders = st.fixed_dictionaries(
    {
        "pair": st.just("XBTUSD"),
        "type": st.sampled_from(["buy", "sell"]),
        "ordertype": st.sampled_from(["market", "limit", "stop-loss", "stop-loss-limit", "trailing-stop", "iceberg"]),
        "volume": st.sampled_from(["0.01", "0.00005", "3", "9" * 30]),
    },
    optional={name: st.sampled_from(_VALUES) for name in ("price", "price2", "oflags", "expiretm", "timeinforce")},
)


@pytest.fixture(scope="module")
def the_desk() -> Callable[[], Desk]:
    """A function, because otherwise a failing example would print the whole market."""
    accounts = usd_accounts(permissions=TRADING_PERMISSIONS | {"query-ledger"})
    desk = make_desk(SimulatorConfig(accounts, limits=UNLIMITED))
    return lambda: desk


def check(desk: Desk, method: str, form: Mapping[str, str]) -> None:
    desk.nonce += 1
    answer = desk.signed(method, {"nonce": str(desk.nonce), **form})
    assert answer["error"] == [] or all(text.startswith("E") for text in answer["error"])
    assert ("result" in answer) == (answer["error"] == [])
    for currency, balance in desk.account.balances.items():
        assert 0 <= desk.account.held(currency) <= balance


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(method=st.sampled_from(_METHODS), form=forms)
def test_any_form_is_answered_in_the_envelope(the_desk: Callable[[], Desk], method: str, form: dict[str, str]) -> None:
    check(the_desk(), method, form)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(form=orders)
def test_any_order_is_taken_or_refused(the_desk: Callable[[], Desk], form: dict[str, str]) -> None:
    check(the_desk(), "AddOrder", form)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=40), kind=st.sampled_from(["application/json", "application/x-www-form-urlencoded", ""]))
def test_any_bytes_are_answered_in_the_envelope(the_desk: Callable[[], Desk], body: bytes, kind: str) -> None:
    assert the_desk().raw("AddOrder", body, {"Content-Type": kind})["error"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["OHLC", "Trades", "Depth", "Ticker", "Assets", "AssetPairs", "Spread"]),
    since=st.sampled_from(_VALUES),
    other=st.dictionaries(st.sampled_from(["interval", "count", "info", "asset"]), st.sampled_from(_VALUES)),
)
def test_any_public_query_is_answered_in_the_envelope(
    the_desk: Callable[[], Desk], method: str, since: str, other: dict[str, str]
) -> None:
    answer = the_desk().public(method, pair="XBTUSD", since=since, **other)
    assert answer["error"] or answer["result"] is not None
