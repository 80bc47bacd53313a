"""Whatever a row of the exchange contains: it is read or reported as unreadable, and nothing else happens."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.client_order_id import Purpose, new_client_id
from brokers.coinbase.account_mapping import balances_of
from brokers.coinbase.json_fields import optional_moment
from brokers.coinbase.lookups import fills_of
from brokers.coinbase.order_mapping import order_name, order_of
from brokers.coinbase.symbols import products_of
from brokers.errors import BadAnswer
from tests.brokers.coinbase.coinbase_samples import NOW, fill, order, product, wallet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_WORDS = ["", "0", "-1", "+5%", "1E-999999", "9" * 60, "NaN", "Infinity", "BUY", "SELL", "FILLED", "BTC-PERP-INTX", "x"]
_TIMES = ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00", "soon"]
_TEXTS = st.sampled_from([*_WORDS, *_TIMES])
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS
_ODD = st.recursive(_LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_TEXTS, inner, max_size=2))


def changed(sample: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """`sample` with up to three of its fields or nested fields replaced by anything."""
    names = [*sorted(sample), "total_fees", "last_update_time", "order_configuration"]
    inner = st.fixed_dictionaries(
        {"limit_limit_gtc": st.dictionaries(st.sampled_from(["base_size", "limit_price"]), _ODD)}
    )
    return st.dictionaries(st.sampled_from(names), _ODD | inner, max_size=3).map(lambda odd: {**sample, **odd})


@pytest.mark.parametrize("client_id", ["theirs", new_client_id(Purpose.STOP)], ids=["theirs", "ours"])
@given(data=st.data())
def test_an_order_is_read_or_called_unreadable(client_id: str, data: st.DataObject) -> None:
    row = data.draw(changed(order(client_order_id=client_id)))

    with contextlib.suppress(BadAnswer):
        told = order_of(row)
        assert told.average_price is None or told.filled > 0
    assert order_name(row)


def _fills(row: dict[str, Any], unread: dict[str, str]) -> set[str]:
    return {told.id for told in fills_of([fill(entry_id="good"), row], NOW, unread)}


def _balances(row: dict[str, Any], unread: dict[str, str]) -> set[str]:
    return set(balances_of([wallet("GOOD", "1"), row], unread))


def _products(row: dict[str, Any], unread: dict[str, str]) -> set[str]:
    found = products_of({"products": [product(base_currency_id="GOOD"), row]})
    unread.update(found.unread)
    return set(found.markets)


@pytest.mark.parametrize(
    ("read", "sample", "good"),
    [
        (_fills, fill(entry_id="odd"), "good"),
        (_balances, wallet("ODD", "1"), "GOOD"),
        (_products, product(base_currency_id="ODD"), "GOOD/USD"),
    ],
    ids=["fills", "balances", "products"],
)
@given(data=st.data())
def test_an_odd_row_hides_no_other(
    read: Callable[[dict[str, Any], dict[str, str]], set[str]], sample: dict[str, Any], good: str, data: st.DataObject
) -> None:
    assert good in read(data.draw(changed(sample)), {})


def test_the_exchanges_zero_time_means_none() -> None:
    assert optional_moment({"last_update_time": "0001-01-01T00:00:00Z"}, "last_update_time") is None
