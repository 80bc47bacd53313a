"""AddOrder's arguments as the engine's ticket."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.model import Side
from brokers.simulator.engine.markets import floor_to
from brokers.simulator.engine.orders import CloseTerms, Kind, Ticket, TimeInForce, Trail
from brokers.simulator.kraken.arguments import Arguments, parse_deadline, parse_number
from brokers.simulator.kraken.errors import KrakenError, invalid, too_precise
from brokers.simulator.kraken.symbols import LOT_DECIMALS, Pair

if TYPE_CHECKING:
    from collections.abc import Mapping

ORDER_ARGUMENTS = (
    "userref", "cl_ord_id", "ordertype", "type", "volume", "displayvol", "pair", "asset_class", "price", "price2",
    "trigger", "leverage", "reduce_only", "stptype", "oflags", "timeinforce", "starttm", "expiretm", "close",
    "deadline", "validate", "broker", "trading_agreement",
)  # fmt: skip

_CLIENT_ID = re.compile(
    r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32}|[A-Za-z0-9_-]{1,18}",
)
_RELATIVE = re.compile(r"([+\-#])([0-9]{1,12}(?:\.[0-9]{1,12})?)(%?)")
_FLAGS = frozenset({"post", "fcib", "fciq", "viqc", "nompp"})
_INT32 = 2**31
_MIN_LIFE = 5.0
_MONTH = 31 * 86_400.0
_ICEBERG_PARTS = 15
_KINDS: Mapping[str, Kind] = {
    **{kind.value: kind for kind in Kind if kind is not Kind.BRACKET},
    "iceberg": Kind.LIMIT,
}
_BUY_FALLS = frozenset({Kind.LIMIT, Kind.TAKE_PROFIT, Kind.TAKE_PROFIT_LIMIT})


@dataclass(frozen=True, slots=True)
class TicketReader:
    """`last` is the last price, `received` the wall time at which the request arrived."""

    pair: Pair
    last: Decimal
    received: float

    def read(self, arguments: Arguments, deadline: str) -> Ticket:
        """Raises KrakenError that names the invalid argument."""
        side = self._side(arguments)
        kind = self._kind(arguments.needed("ordertype"), "ordertype")
        flags = self._flags(arguments, side, kind)
        volume = self._volume(arguments)
        price, price2, trail = self._prices(arguments, side, kind)
        force, expires = self._life(arguments, kind)
        viqc = "viqc" in flags
        return Ticket(
            symbol=self.pair.spec.symbol,
            side=side,
            kind=kind,
            amount=Decimal(0) if viqc else volume,
            quote_amount=volume if viqc else None,
            limit_price=price if kind is Kind.LIMIT else price2,
            stop_price=price if kind.has_trigger else None,
            trail=trail,
            time_in_force=force,
            starts=self._moment(arguments, "starttm"),
            expires=expires,
            deadline=parse_deadline(deadline, self.received),
            post_only="post" in flags,
            fee_in_base="fcib" in flags,
            close=self._close(arguments, side),
            client_id=self._client_id(arguments),
            user_ref=self._user_ref(arguments),
            agreed=self._agreement(arguments),
            face={
                "oflags": ",".join(flags) or "fciq",
                "ordertype": arguments.text("ordertype"),
                "trail": (arguments.text("price"), arguments.text("price2")) if trail else None,
                "displayvol": arguments.amount("displayvol") if arguments.text("displayvol") else None,
            },
        )

    def _side(self, arguments: Arguments) -> Side:
        text = arguments.needed("type")
        if text not in set(Side):
            raise invalid("type")
        return Side(text)

    def _kind(self, text: str, name: str) -> Kind:
        if text not in _KINDS:
            raise invalid(name)
        return _KINDS[text]

    def _flags(self, arguments: Arguments, side: Side, kind: Kind) -> list[str]:
        flags = arguments.listed("oflags")
        if not _FLAGS.issuperset(flags) or {"fcib", "fciq"} <= set(flags):
            raise invalid("oflags")
        if "post" in flags and kind is not Kind.LIMIT:
            raise invalid("oflags")
        if "viqc" in flags and not (kind is Kind.MARKET and side is Side.BUY):
            raise invalid("oflags")
        for name, allowed in (("trigger", ("last",)), ("stptype", ("cancel-newest", "cancel-oldest", "cancel-both"))):
            if arguments.text(name) not in ("", *allowed):
                raise invalid("Index unavailable" if name == "trigger" else name)
        if arguments.text("leverage") not in ("", "none") or arguments.flag("reduce_only"):
            raise KrakenError("EGeneral:Permission denied")
        return flags

    def _agreement(self, arguments: Arguments) -> bool:
        """Accounts in some countries must send it with market orders."""
        text = arguments.text("trading_agreement")
        if text not in ("", "agree"):
            raise invalid("trading_agreement")
        return bool(text)

    def _volume(self, arguments: Arguments) -> Decimal:
        volume = arguments.amount("volume")
        if _decimals(volume) > LOT_DECIMALS:
            raise invalid("volume")
        shown = arguments.text("displayvol")
        if arguments.text("ordertype") == "iceberg" and not shown:
            raise invalid("displayvol")
        if shown and not volume / _ICEBERG_PARTS <= parse_number(shown, "displayvol") <= volume:
            raise invalid("displayvol")
        return volume

    def _prices(
        self, arguments: Arguments, side: Side, kind: Kind
    ) -> tuple[Decimal | None, Decimal | None, Trail | None]:
        price, price2 = arguments.text("price"), arguments.text("price2")
        if kind is Kind.MARKET:
            return None, None, None
        if kind.trails:
            trail = self._trail(kind, arguments.needed("price"), price2)
            return None, None, trail
        if not price:
            raise invalid("price")
        first = self.price(price, "price", side, kind)
        if not kind.has_trigger or not kind.ends_as_limit:
            return first, None, None
        if not price2:
            raise invalid("price2")
        return first, self.price(price2, "price2", side, kind, base=first), None

    def _trail(self, kind: Kind, price: str, price2: str) -> Trail:
        matched = _RELATIVE.fullmatch(price)
        if matched is None or matched[1] != "+":
            raise invalid("price")
        relative = bool(matched[3])
        offset = Decimal(matched[2]) / (100 if relative else 1)
        if kind is Kind.TRAILING_STOP:
            return Trail(offset, relative)
        limit = re.fullmatch(r"([+-])([0-9]{1,12}(?:\.[0-9]{1,12})?)", price2)
        if limit is None:
            raise invalid("price2")
        return Trail(offset, relative, Decimal(limit[1] + limit[2]))

    def price(self, text: str, name: str, side: Side, kind: Kind, base: Decimal | None = None) -> Decimal:
        """An absolute price, or one relative to the last trade (a limit behind a trigger: to the trigger)."""
        matched = _RELATIVE.fullmatch(text)
        if matched is None:
            price = parse_number(text, name)
            if _decimals(price) > self.pair.pair_decimals:
                raise too_precise(self.pair)
            return price
        start = self.last if base is None else base
        distance = start * Decimal(matched[2]) / 100 if matched[3] else Decimal(matched[2])
        falls = (side is Side.BUY) == (kind in _BUY_FALLS)
        down = matched[1] == "-" or (matched[1] == "#" and falls)
        return floor_to(start - distance if down else start + distance, self.pair.spec.price_step)

    def _life(self, arguments: Arguments, kind: Kind) -> tuple[TimeInForce, float | None]:
        text = arguments.text("timeinforce", "GTC") or "GTC"
        if text not in set(TimeInForce):
            raise invalid("timeinforce")
        force, expires = TimeInForce(text), self._moment(arguments, "expiretm")
        if force is TimeInForce.GTD and expires is None:
            raise invalid("expiretm")
        if force in (TimeInForce.IOC, TimeInForce.FOK) and not kind.ends_as_limit:
            raise invalid("timeinforce")
        if "post" in arguments.listed("oflags") and force in (TimeInForce.IOC, TimeInForce.FOK):
            raise invalid("timeinforce")
        return force, expires

    def _moment(self, arguments: Arguments, name: str) -> float | None:
        text = arguments.text(name)
        if text in ("", "0"):
            return None
        if not re.fullmatch(r"\+?[0-9]{1,12}", text):
            raise invalid(name)
        moment = self.received + int(text) if text.startswith("+") else float(text)
        earliest = self.received + (_MIN_LIFE if name == "expiretm" else 0)
        if not earliest <= moment <= self.received + _MONTH:
            raise invalid(name)
        return moment

    def _close(self, arguments: Arguments, side: Side) -> CloseTerms | None:
        group = arguments.group("close")
        if not group.values:
            return None
        for name in group.values:
            if name not in ("ordertype", "price", "price2"):
                raise invalid(f"close[{name}]")
        if arguments.text("cl_ord_id"):
            raise invalid("cl_ord_id")
        kind = self._kind(group.needed("ordertype"), "close[ordertype]")
        if kind is Kind.MARKET or kind.trails:
            raise invalid("close[ordertype]")
        opposite = Side.SELL if side is Side.BUY else Side.BUY
        price, price2, _ = self._prices(group, opposite, kind)
        if kind is Kind.LIMIT:
            return CloseTerms(kind, limit_price=price)
        return CloseTerms(kind, limit_price=price2, stop_price=price)

    def _client_id(self, arguments: Arguments) -> str | None:
        client_id = arguments.text("cl_ord_id")
        if not client_id:
            return None
        if not _CLIENT_ID.fullmatch(client_id) or arguments.text("userref"):
            raise invalid("cl_ord_id")
        return client_id

    def _user_ref(self, arguments: Arguments) -> int | None:
        if not arguments.text("userref"):
            return None
        number = arguments.integer("userref")
        if not -_INT32 <= number < _INT32:
            raise invalid("userref")
        return number


def _decimals(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
