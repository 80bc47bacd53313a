"""How one account trades: its settings, its strategy, the size of its entries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from accounts.identity import short_name
from accounts.market_names import nearest_market
from nija.market_data.snapshot import Subscription
from nija.risk.costs import fee_gate, round_trip_cost, slippage
from nija.risk.limits import may_open
from nija.risk.resizing import Increase, MarketShare, NextSize, limits_on_weights, next_size, share_of
from nija.risk.sizing import Entry, EntrySize, Funds, size_entry, stop_refusal
from nija.strategy.registry import load_strategy

if TYPE_CHECKING:
    from collections.abc import Collection
    from decimal import Decimal

    from accounts.setting_tables import AccountSettings
    from brokers.model import Exchange, Fees, Market, Timeframe
    from nija.risk.limits import Appraisal
    from nija.risk.no_trade import NoTradeReason
    from nija.strategy.base import SignalAt, Strategy

SWITCHED_OFF = "switched off: no entries; its open position is still protected"


@dataclass(frozen=True, slots=True)
class TradingPlan:
    settings: AccountSettings
    strategy: Strategy

    @property
    def strategy_name(self) -> str:
        return self.settings.trading.strategy

    @property
    def markets(self) -> tuple[str, ...]:
        """The markets that may be entered."""
        return self.settings.trading.markets

    @property
    def timeframe(self) -> Timeframe:
        return self.settings.trading.timeframe

    @property
    def quote(self) -> str:
        """The currency this account counts in: the quote currency of its first market."""
        return self.markets[0].partition("/")[2]

    @property
    def is_switched_off(self) -> bool:
        """Whether nothing is entered, and open positions are managed until they are closed."""
        return not self.settings.enabled

    def subscription(self, market: str) -> Subscription:
        return Subscription(self.strategy, market, self.timeframe)

    def entry_size(
        self, market: Market, signal: SignalAt, price: Decimal, fees: Fees, funds: Funds
    ) -> EntrySize | NoTradeReason:
        """How much to buy at about `price`, or the reason for nothing. Call it only once no limit forbids the entry."""
        if refusal := self.costs_too_much(market, signal, fees):
            return refusal
        entry = Entry(market, signal.close, signal.initial_stop, price, fee=fees.taker, slippage=slippage(market))
        return size_entry(entry, funds, self.settings)

    def costs_too_much(self, market: Market, signal: SignalAt, fees: Fees) -> NoTradeReason | None:
        """The fee gate, for an entry whose stop is under the close; None if it lets the entry pass."""
        if signal.initial_stop is None or signal.initial_stop >= signal.close:
            return None
        return fee_gate(
            close=signal.close,
            stop=signal.initial_stop,
            round_trip=round_trip_cost(fees.taker, fees.taker, slippage(market)),
            gate=self.strategy.fee_gate,
        )

    def may_open(
        self, market: Market, signal: SignalAt, appraisal: Appraisal, *, is_held: bool
    ) -> NoTradeReason | None:
        """The first limit that forbids buying, or None. With weights, more of what is held opens no other position."""
        if signal.weight is None:
            return may_open(market, signal, appraisal, self.settings)
        others = replace(appraisal, open_positions=appraisal.open_positions - is_held)
        return may_open(market, signal, others, limits_on_weights(self.settings))

    def market_share(
        self, market: Market, held: Decimal, equity_at_close: Decimal, bid: Decimal, ask: Decimal, fees: Fees
    ) -> MarketShare:
        """The market's share of the account: equity in equal parts for all markets that may be entered."""
        fraction = share_of(self.settings.markets, self.settings)
        return MarketShare(market, fraction, held, equity_at_close, bid, ask, fees.taker, slippage(market))

    def next_size(
        self, signal: SignalAt, share: MarketShare, stop: Decimal | None, funds: Funds
    ) -> NextSize | NoTradeReason:
        """What a strategy with weights does about a market, or why nothing. `stop`: of what is held, or to be bought.

        Nothing is bought without a stop, or at a price that is not above it.
        """
        size = next_size(signal, share, funds, self.settings)
        if not isinstance(size, Increase):
            return size
        bought = Entry(share.market, signal.close, stop, share.ask, share.fee, share.slippage)
        return stop_refusal(bought) or size


def trading_plan(settings: AccountSettings) -> TradingPlan:
    """Raises StrategyError."""
    return TradingPlan(settings, load_strategy(settings.trading.strategy, settings.parameters))


class MissingMarkets:
    """Explains markets that the exchange does not list. The nearest name is searched for once, among about a thousand.

    `before`: the markets that were listed when the account started, whose names are spelled correctly.
    """

    def __init__(self, exchange: Exchange, before: Collection[str] = ()) -> None:
        self._exchange = exchange
        self._before = frozenset(before)
        self._texts: dict[str, str] = {}

    def text(self, symbol: str, listed: Collection[str]) -> str:
        if symbol in self._before:
            return f"{short_name(self._exchange)} no longer lists this market"
        if symbol not in self._texts:
            nearest = nearest_market(symbol, listed)
            meant = f", the nearest is {nearest}" if nearest else ""
            self._texts[symbol] = (
                f"{short_name(self._exchange)} has no such market{meant}; correct markets in nija.toml"
            )
        return self._texts[symbol]
