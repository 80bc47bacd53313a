"""One account at Tulip."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from brokers.clock import utc_now
from brokers.model import Absent, Balance, Exchange, Fees, Fill, Found, KeyInfo, Order
from tests.brokers.tulip.description import PERMISSIONS, TULIP
from tests.brokers.tulip.wire import ask, row, value_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal

    from brokers.clock import Clock
    from brokers.model import ApiKey, Evidence, Market, OrderRequest, Resolution
    from tests.brokers.tulip.access import TulipAccess


class TulipBroker:
    """A `brokers.base.Broker`."""

    can_amend_stops = True
    stops_at_market = True
    resends_by_id = False
    fees_in_quote = True

    def __init__(self, address: str, api_key: ApiKey, access: TulipAccess, clock: Clock) -> None:
        self._address = address
        self._key = (api_key.key, api_key.secret)
        self._access = access
        self._clock = clock

    @property
    def exchange(self) -> Exchange:
        return TULIP.exchange

    def connect(self) -> KeyInfo:
        told = self._ask("key")
        granted = frozenset(told["permissions"])
        self._access.markets(0.0)
        return KeyInfo(
            account_uid=told["account"],
            permissions=granted,
            missing=PERMISSIONS.needed_names - granted,
            can_withdraw=bool(granted & PERMISSIONS.withdrawing_names),
            clock_skew=timedelta(0),
        )

    def exchange_time(self) -> datetime:
        return utc_now(self._clock)

    def sync_clock(self, max_age: float = 300.0) -> None:
        """This machine's clock is Tulip's."""

    def markets(self) -> Mapping[str, Market]:
        return self._access.markets(0.0)

    def refresh_markets(self, max_age: float = 60.0) -> None:
        self._access.markets(max_age)

    def markets_age(self) -> float:
        return self._access.markets_age()

    def fees(self, market: str) -> Fees:
        return value_of(Fees, self._ask("fees", market=market))

    def balances(self, *, protects: bool = False) -> Mapping[str, Balance]:
        return {one["currency"]: value_of(Balance, one) for one in self._ask("balances")}

    def place(self, request: OrderRequest) -> str:
        return str(self._ask("place", order=row(request)))

    def preview(self, request: OrderRequest) -> None:
        self._ask("preview", order=row(request))

    def resolve(self, request: OrderRequest) -> Resolution:
        """Tulip takes an order or does not, and knows at once."""
        found = self._ask("find", client_id=request.client_id)
        return Absent("Tulip does not know it") if found is None else Found(value_of(Order, found))

    def amend_stop(self, exchange_id: str, market: str, amount: Decimal, stop_price: Decimal) -> None:
        self._ask("amend", id=exchange_id, market=market, amount=str(amount), stop_price=str(stop_price))

    def cancel(self, exchange_id: str) -> None:
        self._ask("cancel", id=exchange_id)

    def order(self, exchange_id: str) -> Order:
        return value_of(Order, self._ask("order", id=exchange_id))

    def orders(self, exchange_ids: Sequence[str]) -> Mapping[str, Order]:
        return {order.exchange_id: order for order in self._orders("orders", ids=list(exchange_ids))}

    def open_orders(self) -> tuple[Order, ...]:
        return self._orders("open_orders")

    def closed_orders(self, since: datetime) -> tuple[Order, ...]:
        return self._orders("closed_orders", since=since.isoformat())

    def fills(self, since: datetime, *, protects: bool = False) -> tuple[Fill, ...]:
        return tuple(value_of(Fill, one) for one in self._ask("fills", since=since.isoformat()))

    def unread_rows(self) -> Mapping[str, str]:
        return {}

    def another_program(self) -> Evidence | None:
        return None

    def budget_left(self) -> float:
        return 1.0

    def close(self) -> None:
        """Nothing is held open."""

    def _orders(self, call: str, **body: object) -> tuple[Order, ...]:
        return tuple(value_of(Order, one) for one in self._ask(call, **body))

    def _ask(self, call: str, **body: object) -> Any:  # noqa: ANN401 - JSON
        return ask(self._address, call, key=self._key, **body)
