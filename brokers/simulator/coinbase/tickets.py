"""From an `order_configuration` to the engine's ticket, after checks of format, increments, minimums and prices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokers.model import ZERO, Side
from brokers.simulator.coinbase.arguments import Fields, parse_moment
from brokers.simulator.coinbase.errors import UNKNOWN_PREVIEW, invalid_argument
from brokers.simulator.coinbase.refusals import CLOSED, refusal
from brokers.simulator.engine.markets import Mode, floor_to, is_multiple
from brokers.simulator.engine.orders import CloseTerms, Kind, Ticket, TimeInForce

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from brokers.simulator.coinbase.face import CoinbaseFace
    from brokers.simulator.coinbase.symbols import Product

UP, DOWN = "STOP_DIRECTION_STOP_UP", "STOP_DIRECTION_STOP_DOWN"
_LONGEST_ORDER = 180 * 86_400


@dataclass(frozen=True, slots=True)
class Shape:
    """One key of `order_configuration`: its type, how long it is in force, and its fields besides `base_size`."""

    type: str
    in_force: TimeInForce
    needed: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    takes_quote: bool = False


SHAPES: Mapping[str, Shape] = {
    "market_market_ioc": Shape("MARKET", TimeInForce.IOC, takes_quote=True),
    "sor_limit_ioc": Shape("LIMIT", TimeInForce.IOC, ("limit_price",), takes_quote=True),
    "limit_limit_gtc": Shape("LIMIT", TimeInForce.GTC, ("limit_price",), ("post_only",), takes_quote=True),
    "limit_limit_gtd": Shape("LIMIT", TimeInForce.GTD, ("limit_price", "end_time"), ("post_only",), takes_quote=True),
    "limit_limit_fok": Shape("LIMIT", TimeInForce.FOK, ("limit_price",), takes_quote=True),
    "stop_limit_stop_limit_gtc": Shape("STOP_LIMIT", TimeInForce.GTC, ("limit_price", "stop_price", "stop_direction")),
    "stop_limit_stop_limit_gtd": Shape(
        "STOP_LIMIT", TimeInForce.GTD, ("limit_price", "stop_price", "stop_direction", "end_time")
    ),
    "trigger_bracket_gtc": Shape("BRACKET", TimeInForce.GTC, ("limit_price", "stop_trigger_price")),
    "trigger_bracket_gtd": Shape("BRACKET", TimeInForce.GTD, ("limit_price", "stop_trigger_price", "end_time")),
}
# Documented, but for derivatives or not supported here.
_UNSUPPORTED = ("market_market_fok", "twap_limit_gtd", "scaled_limit_gtc")


@dataclass(frozen=True, slots=True)
class OrderConfiguration:
    """One order configuration as sent, with its shape."""

    name: str
    shape: Shape
    fields: Fields

    def price(self, name: str) -> Decimal | None:
        return self.fields.number(name) if name in self.shape.needed else None


def read_configuration(body: Fields) -> OrderConfiguration:
    """Raises ApiError for an invalid configuration, OrderRefusedError for an unsupported one."""
    choices = body.group("order_configuration").values
    if len(choices) != 1:
        raise invalid_argument("order_configuration must hold exactly one configuration")
    name = next(iter(choices))
    if name in _UNSUPPORTED:
        raise refusal("UNSUPPORTED_ORDER_CONFIGURATION", "PREVIEW_INVALID_ORDER_CONFIG")
    shape = SHAPES.get(name)
    if shape is None:
        raise invalid_argument(f"unknown order configuration {name}")
    fields = body.group("order_configuration").group(name)
    sizes = ("base_size", "quote_size") if shape.takes_quote else ("base_size",)
    fields.only(*sizes, *shape.needed, *shape.optional)
    return OrderConfiguration(name, shape, fields)


def read_ticket(face: CoinbaseFace, body: Fields, client_id: str | None) -> Ticket:
    """The requested order, after all checks except that of funds. Raises ApiError or OrderRefusedError."""
    side = _side(body)
    product = face.find(body.needed("product_id"))
    configuration = read_configuration(body)
    if product is None:
        raise refusal("INVALID_PRODUCT_ID", UNKNOWN_PREVIEW)
    reader = _Reader(face, product, side, configuration)
    return reader.ticket(body, client_id)


def _side(body: Fields) -> Side:
    name = body.needed("side")
    if name not in ("BUY", "SELL"):
        raise invalid_argument("side must be BUY or SELL")
    return Side(name.lower())


@dataclass(frozen=True, slots=True)
class _Reader:
    face: CoinbaseFace
    product: Product
    side: Side
    configuration: OrderConfiguration

    def ticket(self, body: Fields, client_id: str | None) -> Ticket:
        shape, fields = self.configuration.shape, self.configuration.fields
        self._flags(post_only=fields.flag("post_only"))
        limit = self.configuration.price("limit_price")
        stop = self.configuration.price("stop_price") or self.configuration.price("stop_trigger_price")
        for price in (limit, stop):
            self.check_price(price)
        amount, quote = self._sizes(limit)
        return Ticket(
            symbol=self.product.spec.symbol,
            side=self.side,
            kind=self._kind(limit, stop),
            amount=amount,
            limit_price=limit,
            stop_price=stop,
            quote_amount=quote,
            quote_includes_fee=quote is not None,
            time_in_force=shape.in_force,
            expires=self._expires(),
            post_only=fields.flag("post_only"),
            close=self._attached(body),
            client_id=client_id,
            face={
                "configuration": {self.configuration.name: dict(fields.values)},
                "size_in_quote": "quote_size" in fields.values,
            },
        )

    def _flags(self, *, post_only: bool) -> None:
        mode = self.face.engine.exchange.mode_of(self.product.spec.symbol)
        if mode in CLOSED:
            raise refusal(*CLOSED[mode])
        takes = mode is Mode.POST_ONLY and not post_only
        if takes or (mode is Mode.LIMIT_ONLY and self.configuration.shape.type not in ("LIMIT", "STOP_LIMIT")):
            raise refusal("ORDER_ENTRY_DISABLED", "PREVIEW_NOT_ALLOWED_BY_MARKET_STATE")

    def check_price(self, price: Decimal | None) -> None:
        if price is None:
            return
        if price <= ZERO:
            raise refusal("INVALID_LIMIT_PRICE", "PREVIEW_INVALID_LIMIT_PRICE")
        if not is_multiple(price, self.product.spec.price_step):
            raise refusal("INVALID_PRICE_PRECISION", "PREVIEW_INVALID_PRICE_PRECISION")

    def _sizes(self, limit: Decimal | None) -> tuple[Decimal, Decimal | None]:
        """The base amount, and the quote amount if the engine must convert it to base."""
        fields = self.configuration.fields
        given = [name for name in ("base_size", "quote_size") if name in fields.values]
        if len(given) != 1:
            raise invalid_argument("exactly one of base_size and quote_size is required")
        if given == ["base_size"]:
            amount = fields.number("base_size")
            self.base_size(amount, limit)
            return amount, None
        if limit is None and self.side is Side.SELL:
            raise refusal("UNSUPPORTED_ORDER_CONFIGURATION", "PREVIEW_INVALID_ORDER_CONFIG")
        quote = fields.number("quote_size")
        self._quote_size(quote)
        if limit is None:
            return ZERO, quote
        return floor_to(quote / limit, self.product.spec.amount_step), None

    def base_size(self, amount: Decimal, limit: Decimal | None) -> None:
        spec = self.product.spec
        if not is_multiple(amount, spec.amount_step):
            raise refusal("INVALID_SIZE_PRECISION", "PREVIEW_INVALID_SIZE_PRECISION")
        if amount < spec.min_amount:
            raise refusal("", "PREVIEW_INVALID_BASE_SIZE_TOO_SMALL")
        if amount > self.product.base_max_size:
            raise refusal("", "PREVIEW_INVALID_BASE_SIZE_TOO_LARGE")
        price = limit or self.face.engine.exchange.price(spec.symbol)
        if amount * price < self.product.quote_min_size:
            raise refusal("", "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL")

    def _quote_size(self, quote: Decimal) -> None:
        if not is_multiple(quote, self.product.quote_increment):
            raise refusal("INVALID_SIZE_PRECISION", "PREVIEW_INVALID_QUOTE_SIZE_PRECISION")
        if quote < self.product.quote_min_size:
            raise refusal("", "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL")
        if quote > self.product.quote_max_size:
            raise refusal("", "PREVIEW_INVALID_QUOTE_SIZE_TOO_LARGE")

    def _kind(self, limit: Decimal | None, stop: Decimal | None) -> Kind:
        if limit is None:
            return Kind.MARKET
        if stop is None:
            return Kind.LIMIT
        if self.configuration.shape.type == "BRACKET":
            self._bracket_prices(limit, stop)
            return Kind.BRACKET
        return self._stop_kind(limit, stop)

    def _stop_kind(self, limit: Decimal, stop: Decimal) -> Kind:
        direction = self.configuration.fields.needed("stop_direction")
        if direction not in (UP, DOWN):
            raise invalid_argument(f"stop_direction cannot be {direction}")
        last = self.face.engine.exchange.price(self.product.spec.symbol)
        if direction == DOWN and stop >= last:
            raise refusal("", "PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE")
        if direction == UP and stop <= last:
            raise refusal("", "PREVIEW_STOP_PRICE_BELOW_LAST_TRADE_PRICE")
        if self.side is Side.BUY and stop > limit:
            raise refusal("", "PREVIEW_STOP_PRICE_ABOVE_LIMIT_PRICE")
        if self.side is Side.SELL and stop < limit:
            raise refusal("", "PREVIEW_STOP_PRICE_BELOW_LIMIT_PRICE")
        against = (direction == DOWN) == (self.side is Side.SELL)
        return Kind.STOP_LOSS_LIMIT if against else Kind.TAKE_PROFIT_LIMIT

    def _bracket_prices(self, limit: Decimal, stop: Decimal) -> None:
        last = self.face.engine.exchange.price(self.product.spec.symbol)
        low, high = (stop, limit) if self.side is Side.SELL else (limit, stop)
        if not low < last < high:
            raise refusal("INVALID_BRACKET_PRICES", UNKNOWN_PREVIEW)

    def _expires(self) -> float | None:
        if self.configuration.shape.in_force is not TimeInForce.GTD:
            return None
        ends, now = parse_moment(self.configuration.fields.needed("end_time"), "end_time"), self.face.clock.time()
        if ends <= now:
            raise refusal("", "PREVIEW_END_TIME_IS_IN_PAST")
        if ends - now > _LONGEST_ORDER:
            raise refusal("END_TIME_TOO_FAR_IN_FUTURE", UNKNOWN_PREVIEW)
        return ends

    def _attached(self, body: Fields) -> CloseTerms | None:
        """A bracket for what the entry buys; it has prices but no size."""
        if "attached_order_configuration" not in body.values:
            return None
        attached = body.group("attached_order_configuration")
        attached.only("trigger_bracket_gtc")
        bracket = attached.group("trigger_bracket_gtc")
        bracket.only("limit_price", "stop_trigger_price")
        if self.side is Side.SELL or self.configuration.shape.type not in ("MARKET", "LIMIT"):
            raise refusal("BRACKET_ORDER_NOT_SUPPORTED", UNKNOWN_PREVIEW)
        limit, stop = bracket.number("limit_price"), bracket.number("stop_trigger_price")
        for price in (limit, stop):
            self.check_price(price)
        if stop >= limit:
            raise refusal("INVALID_BRACKET_PRICES", UNKNOWN_PREVIEW)
        return CloseTerms(Kind.BRACKET, limit_price=limit, stop_price=stop)


def check_edit(face: CoinbaseFace, product: Product, ticket: Ticket, size: Decimal, price: Decimal) -> None:
    """An edited order must respect the same steps and minimums as a new one. Raises OrderRefusedError."""
    name = next(iter(configuration_of(ticket)))
    reader = _Reader(face, product, ticket.side, OrderConfiguration(name, SHAPES[name], Fields({})))
    reader.check_price(price)
    reader.base_size(size, price)


def configuration_of(ticket: Ticket) -> dict[str, dict[str, object]]:
    """The configuration as the client sent it."""
    found = ticket.face.get("configuration")
    return found if isinstance(found, dict) else {}
