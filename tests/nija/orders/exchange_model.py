"""An exchange in memory, adversarial to the desk. The checker compares its books with the journal.

It implements `brokers.base.Broker` with the recovery of both exchanges. It can execute a call and lose the answer,
refuse, list orders late, fill partly, or kill the process in the middle of a call. Its owner trades by hand, and its
markets close, change their steps and disappear. It is a third matching engine, beside those of the simulator and of
paper trading, because property tests try thousands of histories and only an exchange in memory is fast enough.
"""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum, auto
from typing import TYPE_CHECKING

from brokers.client_order_id import purpose_of
from brokers.errors import (
    BrokerError,
    MarketRefused,
    OrderNotFound,
    OrderRejected,
    OutcomeUnknown,
    RequestRefused,
    Unavailable,
)
from brokers.model import (
    ZERO,
    Absent,
    Balance,
    Evidence,
    Exchange,
    Fees,
    Fill,
    Found,
    KeyInfo,
    Market,
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    Resolution,
    Side,
    Undetermined,
    floor_to_step,
)
from brokers.simulator.engine.markets import Mode
from brokers.simulator.engine.ownership import Hand, Movement, Ownership, ownership

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.fakes import ManualClock

BTC = Market("BTC/USD", "BTC", "USD", Decimal("0.00000001"), Decimal("0.1"), Decimal("0.0001"), Decimal("0.5"))
ETH = Market("ETH/USD", "ETH", "USD", Decimal("0.00000001"), Decimal("0.01"), Decimal("0.002"), Decimal("0.5"))
FEE = Decimal("0.004")
_LATENCY = 0.01
ABSENT_MARGIN = timedelta(seconds=5)
_BY_HAND = "by-hand"
_TRADABLE = {
    Exchange.KRAKEN: frozenset({Mode.ONLINE, Mode.LIMIT_ONLY}),
    Exchange.COINBASE: frozenset({Mode.ONLINE, Mode.LIMIT_ONLY, Mode.POST_ONLY}),
}


class Killed(BaseException):
    """The process was killed here."""


class Fault(Enum):
    """What happens to the next call of a kind; kinds that it does not apply to ignore it."""

    LOST_BEFORE = auto()
    LOST_AFTER = auto()
    ARRIVES_LATE = auto()
    UNAVAILABLE = auto()
    REFUSED = auto()
    PARTIAL = auto()
    HALF_OPEN = auto()
    HIDDEN = auto()
    LOST_AND_HIDDEN = auto()
    SLOW = auto()
    STALE = auto()
    KILLED_BEFORE = auto()
    KILLED_AFTER = auto()


@dataclass
class Book:
    """One account's books at the exchange."""

    orders: dict[str, Order] = field(default_factory=dict)
    fills: list[Fill] = field(default_factory=list)
    total: dict[str, Decimal] = field(default_factory=dict)
    visible_from: dict[str, float] = field(default_factory=dict)
    fill_visible_from: dict[str, float] = field(default_factory=dict)
    requests: list[OrderRequest] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)


class ExchangeModel:
    """One exchange with one account; like a real one it survives the process.

    Tests may change `listed` (steps and minimums), `modes` and `restricted` by market, `unread` rows and the `key`.
    Orders see the current values; `markets` returns those of the last `refresh_markets`.
    """

    def __init__(self, clock: ManualClock, exchange: Exchange = Exchange.KRAKEN, *, base_fees: bool = False) -> None:
        self.clock = clock
        self.exchange = exchange
        self.base_fees = base_fees
        self.listed = {"BTC/USD": BTC, "ETH/USD": ETH}
        self.modes: dict[str, Mode] = {}
        self.restricted: set[str] = set()
        self.unread: dict[str, str] = {}
        self.key = KeyInfo("uid", frozenset(), frozenset(), can_withdraw=False, clock_skew=timedelta(0))
        self.price = {"BTC/USD": Decimal(100), "ETH/USD": Decimal(50)}
        self.book = Book()
        self.faults: dict[str, deque[Fault]] = {"place": deque(), "read": deque(), "cancel": deque(), "amend": deque()}
        self.struck: list[Fault] = []
        self.fill_lag = 0.0
        self.calls: list[str] = []
        self._numbers = itertools.count(1)
        self._late: list[tuple[float, OrderRequest]] = []
        self._cancels: list[tuple[float, str]] = []
        self._stale = False
        self._missed: set[str] = set()
        self._markets = self._on_offer()
        self._markets_read = float("-inf")
        self._move("USD", Decimal(100_000))

    # The Broker protocol.

    @property
    def can_amend_stops(self) -> bool:
        return self.exchange == Exchange.KRAKEN

    @property
    def stops_at_market(self) -> bool:
        return self.exchange == Exchange.KRAKEN

    @property
    def resends_by_id(self) -> bool:
        return self.exchange == Exchange.COINBASE

    @property
    def fees_in_quote(self) -> bool:
        return not self.base_fees

    def connect(self) -> KeyInfo:
        return self.key

    def exchange_time(self) -> datetime:
        return datetime.fromtimestamp(self.clock.time(), UTC)

    def markets(self) -> Mapping[str, Market]:
        return self._markets

    def sync_clock(self, max_age: float = 300.0) -> None:
        """Here this machine's clock is the exchange's."""

    def refresh_markets(self, max_age: float = 60.0) -> None:
        if self.markets_age() > max_age:
            self._read("markets")
            self._markets = self._on_offer()
            self._markets_read = self.clock.monotonic()

    def markets_age(self) -> float:
        return self.clock.monotonic() - self._markets_read

    def preview(self, request: OrderRequest) -> None:
        self._read("preview")
        self._check_market(request)
        self._check_size(request)
        self._check_funds(request.market, request.side, request.amount, bound=ZERO)

    def unread_rows(self) -> Mapping[str, str]:
        return self.unread

    def fees(self, market: str) -> Fees:
        return Fees(FEE, FEE)

    def balances(self, *, protects: bool = False) -> Mapping[str, Balance]:
        self._read("balances")
        return {currency: Balance(currency, total, self.held(currency)) for currency, total in self.book.total.items()}

    def place(self, request: OrderRequest) -> str:
        self.calls.append("place")
        self.clock.advance(_LATENCY)  # no two orders are made at the same moment
        self._arrivals()
        self.book.requests.append(request)
        fault = self._fault("place")
        match fault:
            case Fault.KILLED_BEFORE:
                raise Killed
            case Fault.UNAVAILABLE:
                raise Unavailable("connection refused")
            case Fault.REFUSED:
                raise OrderRejected("refused", "EOrder:Insufficient funds")
            case Fault.LOST_BEFORE:
                raise OutcomeUnknown("timed out")
            case Fault.ARRIVES_LATE:
                self._late.append((self.clock.time() + 15, request))
                raise OutcomeUnknown("timed out")
            case _:
                exchange_id = self._accept(request, fault)
        if fault is Fault.KILLED_AFTER:
            raise Killed
        if fault in (Fault.LOST_AFTER, Fault.LOST_AND_HIDDEN):
            raise OutcomeUnknown("502 after acting")
        return exchange_id

    def resolve(self, request: OrderRequest) -> Resolution:
        self._read("resolve")
        if self.exchange == Exchange.COINBASE and self.exchange_time() < request.deadline:
            return self._sent_again(request)
        found = [order for order in self._shown() if order.client_id == request.client_id]
        if found:
            return Found(found[0])
        if self.exchange_time() > request.deadline + ABSENT_MARGIN:
            return Absent("not found after its deadline")
        return Undetermined("not found so far")

    def _sent_again(self, request: OrderRequest) -> Resolution:
        try:
            return Found(self.order(self._accept(request, None)))
        except OrderRejected as error:
            # A closed market says nothing about the first attempt: see brokers/coinbase/recovery.py.
            transient = self._mode(request.market) is not Mode.ONLINE
            return Undetermined(error.reason) if transient else Absent(error.reason)
        except MarketRefused as error:
            return Absent(str(error))
        except OrderNotFound:
            return Undetermined("accepted, not shown yet")

    def amend_stop(self, exchange_id: str, market: str, amount: Decimal, stop_price: Decimal) -> None:
        self.calls.append("amend")
        fault = self._fault("amend")
        if not self.can_amend_stops:
            raise RequestRefused("no amending here")
        self._before(fault)
        order = self.book.orders[exchange_id]
        if order.status.is_final:
            raise OrderNotFound(exchange_id)
        if not self._matches(order.market):
            raise self._closed(order.market)
        self._check_price(order.market, stop_price)
        self._check_free(order.market, Side.SELL, amount - order.amount)
        self.book.orders[exchange_id] = replace(order, amount=amount, stop_price=stop_price)
        self._after(fault)

    def cancel(self, exchange_id: str) -> None:
        self.calls.append("cancel")
        fault = self._fault("cancel")
        self._before(fault)
        order = self.book.orders[exchange_id]
        if fault is Fault.SLOW:
            self._cancels.append((self.clock.time() + 8, exchange_id))
        elif not order.status.is_final:
            self._end(order, OrderStatus.CANCELLED)
        self._after(fault)

    def order(self, exchange_id: str) -> Order:
        self._read("order")
        for order in self._shown():
            if order.exchange_id == exchange_id:
                return order
        raise OrderNotFound(exchange_id)

    def orders(self, exchange_ids: Sequence[str]) -> Mapping[str, Order]:
        self._read("orders")
        return {order.exchange_id: order for order in self._shown() if order.exchange_id in exchange_ids}

    def open_orders(self) -> tuple[Order, ...]:
        self._read("open_orders")
        return tuple(order for order in self._shown() if not order.status.is_final)

    def closed_orders(self, since: datetime) -> tuple[Order, ...]:
        self._read("closed_orders")
        return tuple(order for order in self._shown() if order.closed is not None and order.closed > since)

    def fills(self, since: datetime, *, protects: bool = False) -> tuple[Fill, ...]:
        self._read("fills")
        now = self.clock.time()
        return tuple(
            fill for fill in self.book.fills if fill.time >= since and self.book.fill_visible_from[fill.id] <= now
        )

    def another_program(self) -> Evidence | None:
        return None

    def budget_left(self) -> float:
        return 1.0

    def close(self) -> None:
        pass

    # Actions of the test.

    def set_price(self, market: str, price: Decimal) -> None:
        """Move the price; stops that it reaches sell, and a big move jumps past a stop-limit.

        Where the market is closed they do so when it opens again.
        """
        self._arrivals()
        self.price[market] = price
        self._missed.add(market)
        self._wake_stops()

    def finish_half_open(self) -> None:
        """Fill the rest of live market orders."""
        for order in list(self.book.orders.values()):
            if order.type is OrderType.MARKET and not order.status.is_final:
                self._fill(order, order.amount - order.filled)

    def owner_order(self, market: str, side: Side, amount: Decimal, limit_price: Decimal | None = None) -> str:
        """The owner trades by hand."""
        request = OrderRequest(
            client_id=_BY_HAND,
            market=market,
            side=side,
            type=OrderType.MARKET if limit_price is None else OrderType.LIMIT,
            amount=amount,
            deadline=self.exchange_time() + timedelta(seconds=60),
            limit_price=limit_price,
        )
        return self._create(request, None)

    def owner_sells(self, market: str, amount: Decimal) -> str:
        """At market. Coins locked by orders are not free: he cancels those first. Raises BrokerError."""
        return self.owner_order(market, Side.SELL, amount)

    def owner_deposits(self, currency: str, amount: Decimal) -> None:
        self._arrivals()
        self._move(currency, amount)

    def owner_withdraws(self, currency: str, amount: Decimal) -> None:
        """Raises OrderRejected if the amount is not free."""
        self._arrivals()
        if amount > self.book.total.get(currency, ZERO) - self.held(currency):
            raise OrderRejected("not enough", "EFunding:Insufficient funds")
        self._move(currency, -amount)

    def owner_cancels(self, exchange_id: str) -> None:
        """Any order, NIJA's included."""
        self._arrivals()
        order = self.book.orders[exchange_id]
        if not order.status.is_final:
            self._end(order, OrderStatus.CANCELLED)

    def owner_cancels_all(self) -> None:
        for exchange_id in list(self.book.orders):
            self.owner_cancels(exchange_id)

    def owner_moves_stop(self, exchange_id: str, price: Decimal, amount: Decimal | None = None) -> None:
        """NIJA's stop or his own, up or down; its size too if given. Raises BrokerError."""
        self._arrivals()
        order = self.book.orders[exchange_id]
        size = order.amount if amount is None else amount
        self._check_price(order.market, price)
        self._check_free(order.market, order.side, size - order.amount)
        self.book.orders[exchange_id] = replace(order, stop_price=price, amount=size)

    def foreign(self, order: Order) -> None:
        """An order of any kind, in any market, by anyone; it rests and locks what it needs."""
        self.book.orders[order.exchange_id] = order
        self.book.visible_from[order.exchange_id] = self.clock.time()

    def somebody_else_places(self, request: OrderRequest) -> str:
        """An order of another program on the same account; with NIJA's id, of another NIJA. Raises BrokerError."""
        self._arrivals()
        return self._create(request, None)

    def calm(self) -> None:
        """No more faults."""
        for queue in self.faults.values():
            queue.clear()
        self.fill_lag = 0.0

    def in_flight(self) -> bool:
        """Whether a request is still on its way."""
        return bool(self._late)

    # Its books.

    def held(self, currency: str) -> Decimal:
        held = ZERO
        for order in self.book.orders.values():
            if order.status.is_final:
                continue
            base, _, quote = order.market.partition("/")
            left = order.amount - order.filled
            if order.side is Side.SELL and currency == base:
                held += left
            elif order.side is Side.BUY and currency == quote and order.limit_price is not None:
                held += left * order.limit_price
        return held

    def ours(self) -> list[Order]:
        return [order for order in self.book.orders.values() if purpose_of(order.client_id) is not None]

    def our_fills(self) -> list[Fill]:
        ours = {order.exchange_id for order in self.ours()}
        return [fill for fill in self.book.fills if fill.order_id in ours]

    def ownership(self) -> Ownership:
        """Whose coins these are, and which of the owner's NIJA sold."""
        return ownership(self.book.movements)

    def bought_by_nija(self, market: str) -> Decimal:
        """NIJA's amount in this market, by the exchange's books."""
        base = market.partition("/")[0]
        amount = ZERO
        for fill in self.our_fills():
            if fill.market == market:
                amount += fill.amount if fill.side is Side.BUY else -fill.amount
                amount -= fill.fee if fill.fee_currency == base else ZERO
        return amount

    # Internals.

    def _fault(self, kind: str) -> Fault | None:
        if not self.faults[kind]:
            return None
        fault = self.faults[kind].popleft()
        self.struck.append(fault)
        return fault

    def _read(self, name: str) -> None:
        self.calls.append(name)
        self._arrivals()
        fault = self._fault("read")
        self._stale = fault is Fault.STALE
        match fault:
            case Fault.KILLED_BEFORE | Fault.KILLED_AFTER:
                raise Killed
            case None | Fault.STALE | Fault.SLOW:
                return
            case _:
                raise Unavailable(f"{name}: 503")

    def _before(self, fault: Fault | None) -> None:
        self._arrivals()
        match fault:
            case Fault.KILLED_BEFORE:
                raise Killed
            case Fault.UNAVAILABLE:
                raise Unavailable("503")
            case Fault.REFUSED:
                raise RequestRefused("refused")
            case Fault.LOST_BEFORE:
                raise OutcomeUnknown("timed out")
            case _:
                return

    def _after(self, fault: Fault | None) -> None:
        if fault is Fault.KILLED_AFTER:
            raise Killed
        if fault is Fault.LOST_AFTER:
            raise OutcomeUnknown("502 after acting")

    def _arrivals(self) -> None:
        now = self.clock.time()
        due = [request for time, request in self._late if time <= now]
        self._late = [(time, request) for time, request in self._late if time > now]
        for request in due:
            # The engine refuses orders after their deadline; the refusal goes unseen.
            if self.exchange_time() <= request.deadline:
                self._quietly(request)
        for time, exchange_id in self._cancels:
            order = self.book.orders[exchange_id]
            if time <= now and not order.status.is_final:
                self._end(order, OrderStatus.CANCELLED)
        self._cancels = [(time, exchange_id) for time, exchange_id in self._cancels if time > now]
        self._wake_stops()

    def _wake_stops(self) -> None:
        """Trigger stops that the price has reached, in markets that trade now."""
        open_again = {market for market in self._missed if self._wakes_stops(market)}
        self._missed -= open_again
        for order in list(self.book.orders.values()):
            if order.market not in open_again or order.status.is_final or order.stop_price is None:
                continue
            price = self.price[order.market]
            reached = price <= order.stop_price
            if reached and (self.stops_at_market or price >= order.stop_price * Decimal("0.95")):
                self._fill(order, order.amount - order.filled)

    def _quietly(self, request: OrderRequest) -> None:
        try:
            self._accept(request, None)
        except BrokerError:
            return

    def _accept(self, request: OrderRequest, fault: Fault | None) -> str:
        for order in self.book.orders.values():
            same = order.client_id == request.client_id
            if same and self.exchange == Exchange.COINBASE:
                return order.exchange_id
            if same and not order.status.is_final:
                raise OrderRejected("not unique", "EGeneral:Invalid arguments:cl_ord_id not unique")
        return self._create(request, fault)

    def _create(self, request: OrderRequest, fault: Fault | None) -> str:
        self._check_market(request)
        self._check_size(request)
        self._check_free(request.market, request.side, request.amount)
        number = next(self._numbers)
        order = Order(
            exchange_id=f"O{number:05}",
            client_id=request.client_id,
            market=request.market,
            side=request.side,
            type=request.type,
            status=OrderStatus.OPEN,
            amount=request.amount,
            filled=ZERO,
            average_price=None,
            fee=ZERO,
            created=self.exchange_time(),
            limit_price=request.limit_price,
            stop_price=request.stop_price,
        )
        self.book.orders[order.exchange_id] = order
        self.book.visible_from[order.exchange_id] = self.clock.time() + (
            10.0 if fault in (Fault.HIDDEN, Fault.LOST_AND_HIDDEN) else 0.0
        )
        if order.type is OrderType.MARKET:
            self._execute(order, fault)
        return order.exchange_id

    def _execute(self, order: Order, fault: Fault | None) -> None:
        half = (order.amount / 2).quantize(Decimal("0.00000001"))
        if fault is Fault.PARTIAL:
            self._end(self._fill(order, half), OrderStatus.CANCELLED)
        elif fault is Fault.HALF_OPEN:
            self._fill(order, half)
        else:
            self._fill(self._fill(order, half), order.amount - half)

    def _fill(self, order: Order, amount: Decimal) -> Order:
        base, _, quote = order.market.partition("/")
        price = self.price[order.market]
        in_base = self.base_fees and order.side is Side.BUY
        fee = amount * FEE if in_base else amount * price * FEE
        fill = Fill(
            id=f"T{next(self._numbers):05}",
            order_id=order.exchange_id,
            market=order.market,
            side=order.side,
            amount=amount,
            price=price,
            fee=fee,
            fee_currency=base if in_base else quote,
            time=self.exchange_time(),
        )
        self.book.fills.append(fill)
        self.book.fill_visible_from[fill.id] = self.clock.time() + self.fill_lag
        sign = 1 if order.side is Side.BUY else -1
        for currency, change in ((base, sign * amount), (quote, -sign * amount * price)):
            self._move(currency, change - (fee if currency == fill.fee_currency else ZERO), order)
        filled = order.filled + amount
        done = filled >= order.amount
        order = replace(
            order,
            filled=filled,
            average_price=price,
            status=OrderStatus.FILLED if done else OrderStatus.OPEN,
            closed=self.exchange_time() if done else None,
        )
        self.book.orders[order.exchange_id] = order
        return order

    def _end(self, order: Order, status: OrderStatus) -> None:
        self.book.orders[order.exchange_id] = replace(order, status=status, closed=self.exchange_time())

    def _move(self, currency: str, change: Decimal, order: Order | None = None) -> None:
        """`order` is the one that fills; None means that the owner traded by hand."""
        self.book.total[currency] = self.book.total.get(currency, ZERO) + change
        if order is None:
            self.book.movements.append(Movement(self.clock.time(), currency, change, Hand.OWNER))
            return
        self.book.movements.append(
            Movement(
                time=self.clock.time(),
                currency=currency,
                change=change,
                hand=Hand.OWNER if purpose_of(order.client_id) is None else Hand.NIJA,
                is_payment=currency == order.market.partition("/")[2],
                order_id=order.exchange_id,
                placed=order.created.timestamp(),
            )
        )

    def _check_free(self, market: str, side: Side, amount: Decimal) -> None:
        base, _, quote = market.partition("/")
        self._check_funds(market, side, amount, bound=self.held(base if side is Side.SELL else quote))

    def _check_funds(self, market: str, side: Side, amount: Decimal, *, bound: Decimal) -> None:
        base, _, quote = market.partition("/")
        currency, needed = (base, amount) if side is Side.SELL else (quote, amount * self.price[market])
        if needed > self.book.total.get(currency, ZERO) - bound:
            raise OrderRejected("not enough", "EOrder:Insufficient funds")

    def _check_size(self, request: OrderRequest) -> None:
        listed = self.listed[request.market]
        if request.amount < listed.min_amount:
            raise OrderRejected("too small", "EOrder:Order minimum not met")
        if request.amount % listed.amount_step:
            raise OrderRejected("too many decimals", "EGeneral:Invalid arguments:volume")
        price = request.stop_price or request.limit_price
        if price is not None:
            self._check_price(request.market, price)
        if request.amount * (price or self.price[request.market]) < listed.min_cost:
            raise OrderRejected("too small", "EOrder:Cost minimum not met")

    def _check_price(self, market: str, price: Decimal) -> None:
        if price != floor_to_step(price, self.listed[market].price_step):
            raise OrderRejected("off the tick", "EOrder:Tick size check failed")

    def _check_market(self, request: OrderRequest) -> None:
        market = request.market
        if market in self.restricted:
            base = market.partition("/")[0]
            raise MarketRefused(
                f"EAccount:Invalid permissions:{base} trading restricted for NL.",
                f"take {market} out of `markets` in nija.toml",
            )
        mode = self._mode(market)
        takes = {
            Mode.ONLINE: True,
            Mode.LIMIT_ONLY: request.type is OrderType.LIMIT or self._limits_a_stop(request.type),
            Mode.POST_ONLY: request.post_only,
            Mode.REDUCE_ONLY: request.side is Side.SELL,
        }
        if not takes.get(mode, False):
            raise self._closed(market)

    def _mode(self, market: str) -> Mode:
        return self.modes.get(market, Mode.ONLINE if market in self.listed else Mode.AWAY)

    def _limits_a_stop(self, kind: OrderType) -> bool:
        return kind is OrderType.STOP and not self.stops_at_market

    def _matches(self, market: str) -> bool:
        return self._mode(market) in (Mode.ONLINE, Mode.LIMIT_ONLY, Mode.POST_ONLY, Mode.REDUCE_ONLY)

    def _wakes_stops(self, market: str) -> bool:
        mode = self._mode(market)
        return mode in (Mode.ONLINE, Mode.REDUCE_ONLY) or (mode is Mode.LIMIT_ONLY and not self.stops_at_market)

    def _closed(self, market: str) -> BrokerError:
        mode = self._mode(market)
        if self.exchange == Exchange.COINBASE:
            codes = {Mode.AWAY: "INVALID_PRODUCT_ID", Mode.HALTED: "PREVIEW_TRADING_DISABLED"}
            reason = codes.get(mode, "ORDER_ENTRY_DISABLED")
            return OrderRejected(reason, reason)
        if mode is Mode.AWAY:
            return OrderRejected("gone", "EQuery:Unknown asset pair")
        return Unavailable(f"EService:Market in {mode.value} mode")

    def _on_offer(self) -> Mapping[str, Market]:
        return {
            symbol: replace(
                market,
                tradable=market.tradable and self._mode(symbol) in _TRADABLE[self.exchange],
                takes_market_orders=market.takes_market_orders and self._mode(symbol) is Mode.ONLINE,
            )
            for symbol, market in self.listed.items()
            if self._mode(symbol) is not Mode.AWAY
        }

    def _shown(self) -> list[Order]:
        now = self.clock.time()
        shown = [order for order in self.book.orders.values() if self.book.visible_from[order.exchange_id] <= now]
        return [_as_first_seen(order) for order in shown] if self._stale else shown


def _as_first_seen(order: Order) -> Order:
    """The order as it was before anything happened to it."""
    return replace(order, status=OrderStatus.OPEN, filled=ZERO, average_price=None, closed=None)
