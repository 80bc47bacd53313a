"""What an account did in the stepped daemon, from the exchange's own books: its trades and the path of its stops."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from brokers.model import ZERO, Side

if TYPE_CHECKING:
    from decimal import Decimal

    from brokers.simulator.engine.orders import EngineFill
    from tests.parity.played_exchange import PlayedExchange


@dataclass(frozen=True, slots=True)
class TapedFill:
    """`time` is the opening of the candle in which it happened."""

    time: int
    side: Side
    amount: Decimal
    price: Decimal
    fee: Decimal
    is_stop: bool


@dataclass(slots=True)
class TapedTrade:
    """`stops` as in BacktestTrade: from the end of the candle that opened at that time on."""

    market: str
    fills: list[TapedFill] = field(default_factory=list)
    stops: list[tuple[int, Decimal]] = field(default_factory=list)

    @property
    def held(self) -> Decimal:
        return sum((one.amount if one.side is Side.BUY else -one.amount for one in self.fills), ZERO)


class Tape:
    """Of one account: `trades` in the order in which they were opened."""

    def __init__(self, exchange: PlayedExchange, owner: str) -> None:
        self._exchange = exchange
        self._owner = owner
        self._seen: set[str] = set()
        self._open: dict[str, TapedTrade] = {}
        self.trades: list[TapedTrade] = []

    def note(self, candle: int) -> None:
        """Everything that filled since the last call belongs to the candle that opened then."""
        for fill in list(self._exchange.account(self._owner).fills.values()):
            if fill.id not in self._seen:
                self._seen.add(fill.id)
                self._book(fill, candle)

    def note_stops(self, candle: int) -> None:
        """The stops that rest after the close of this candle, once the daemon has acted on it."""
        for market, stop in self._exchange.stops(self._owner).items():
            path = self._open[market].stops
            if not path or path[-1][1] != stop:
                path.append((candle, stop))

    def _book(self, fill: EngineFill, candle: int) -> None:
        if fill.symbol not in self._open:
            self._open[fill.symbol] = TapedTrade(fill.symbol)
            self.trades.append(self._open[fill.symbol])
        trade = self._open[fill.symbol]
        is_stop = fill.kind.has_trigger
        trade.fills.append(TapedFill(candle, fill.side, fill.amount, fill.price, fill.fee, is_stop))
        if trade.held == ZERO:
            del self._open[fill.symbol]
