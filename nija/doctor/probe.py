"""Queries an exchange about one account directly, under the key's lock. Places no orders."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from accounts.access import account_broker, open_access
from accounts.data_dir import DataDirUnusable
from accounts.failures import FailureKind, failure_kind
from accounts.market_advice import alternatives
from accounts.ownership import KeyInUse, KeyOwnership
from brokers.errors import BrokerError, RateLimited
from nija.doctor.facts import AccountFacts, BalanceFacts, Failure, KeyRights, MarketFacts
from nija.doctor.journal import read_journal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts.credentials import Credentials
    from accounts.environment import ProcessSettings
    from accounts.setting_tables import AccountSettings
    from brokers.base import Broker
    from brokers.clock import Clock
    from brokers.description import ExchangeAccess
    from brokers.model import Candles, Exchange, Ticker, Timeframe

_REQUEST_SECONDS = 15.0
_PATIENCE_SECONDS = 20.0
_PUBLIC_SECONDS = 5.0
_MARKETS_SECONDS = 600.0


class Probe:
    """One per command. Public calls are limited per IP address, so all accounts of an exchange share one access."""

    def __init__(self, settings: ProcessSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._accesses: dict[Exchange, ExchangeAccess] = {}
        self._tickers: dict[tuple[Exchange, tuple[str, ...]], Mapping[str, Ticker]] = {}
        self._candles: dict[tuple[Exchange, str, Timeframe], Candles] = {}

    def ask(self, credentials: Credentials, settings: AccountSettings, *, only_key: bool = False) -> AccountFacts:
        """What the exchange says about the account or only its key, or the failure that prevented an answer."""
        account, key = credentials.account, credentials.api_key
        try:
            with KeyOwnership(self._settings.data_dir, key.fingerprint, self._clock, command="nija doctor"):
                return self._ask(credentials, settings, only_key=only_key)
        except (BrokerError, KeyInUse, DataDirUnusable, ValueError) as error:
            retry_after = error.retry_after if isinstance(error, RateLimited) else 0.0
            failure = Failure(failure_kind(error), str(error), retry_after)
            return AccountFacts(str(account), key.fingerprint, failure=failure)

    def listed(self, exchange: Exchange, markets: tuple[str, ...]) -> tuple[MarketFacts, ...]:
        """What the exchange says of these markets to anyone, without a key. Raises BrokerError."""
        clock = _DeadlineClock(self._clock, _PUBLIC_SECONDS)
        known = self._access(exchange).markets(_MARKETS_SECONDS)
        prices = self._prices(exchange, tuple(symbol for symbol in markets if symbol in known), clock)
        return tuple(
            MarketFacts.of(symbol, known, prices[symbol].last if symbol in prices else None) for symbol in markets
        )

    def candles(self, exchange: Exchange, market: str, timeframe: Timeframe) -> Candles:
        """The closed candles that the exchange offers, asked for once. Raises BrokerError."""
        wanted = (exchange, market, timeframe)
        if wanted not in self._candles:
            with closing(self._access(exchange).market_data(_DeadlineClock(self._clock, _PUBLIC_SECONDS))) as data:
                self._candles[wanted] = data.candles(market, timeframe)
        return self._candles[wanted]

    def close(self) -> None:
        for access in self._accesses.values():
            access.close()

    def _ask(self, credentials: Credentials, settings: AccountSettings, *, only_key: bool) -> AccountFacts:
        clock = _DeadlineClock(self._clock, _PATIENCE_SECONDS)
        access = self._access(credentials.account.exchange)
        markets = settings.markets
        with closing(account_broker(access, credentials, settings.own, clock)) as broker:
            info = broker.connect()
            key = KeyRights.of(info)
            if info.missing or only_key:
                return AccountFacts(str(credentials.account), credentials.api_key.fingerprint, key=key)
            journal = read_journal(credentials.account, info, self._settings, self._clock)
            if journal.refusal:
                failure = Failure(FailureKind.ANOTHER_ACCOUNT, journal.refusal)
                return AccountFacts(str(credentials.account), credentials.api_key.fingerprint, failure, key)
            known = broker.markets()
            wanted = tuple(symbol for symbol in markets if symbol in known)
            prices = self._prices(broker.exchange, wanted, clock)
            fees = broker.fees(wanted[0]) if wanted else None
            holdings = holdings_of(broker)
            return AccountFacts(
                id=str(credentials.account),
                fingerprint=credentials.api_key.fingerprint,
                key=key,
                holdings=holdings,
                maker=fees.maker if fees else None,
                taker=fees.taker if fees else None,
                halts=journal.halts,
                markets=tuple(
                    MarketFacts.of(symbol, known, prices[symbol].last if symbol in prices else None)
                    for symbol in markets
                ),
                alternatives=alternatives(markets, [held.currency for held in holdings], known),
            )

    def _prices(self, exchange: Exchange, markets: tuple[str, ...], clock: Clock) -> Mapping[str, Ticker]:
        """Fetched once for all accounts of an exchange with the same markets."""
        wanted = (exchange, markets)
        if markets and wanted not in self._tickers:
            with closing(self._access(exchange).market_data(clock)) as data:
                self._tickers[wanted] = data.tickers(markets)
        return self._tickers.get(wanted, {})

    def _access(self, exchange: Exchange) -> ExchangeAccess:
        if exchange not in self._accesses:
            self._accesses[exchange] = open_access(exchange, self._settings, self._clock, timeout=_REQUEST_SECONDS)
        return self._accesses[exchange]


def holdings_of(broker: Broker) -> tuple[BalanceFacts, ...]:
    held = sorted(broker.balances().values(), key=lambda balance: balance.currency)
    return tuple(BalanceFacts(balance.currency, balance.total, balance.available) for balance in held)


class _DeadlineClock:
    """A clock that reports `stopping` after some seconds, so that a command does not retry as long as a daemon."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._end = clock.monotonic() + seconds

    def time(self) -> float:
        return self._clock.time()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)

    def pause(self, seconds: float) -> None:
        self._clock.pause(seconds)

    @property
    def stopping(self) -> bool:
        return self._clock.stopping or self._clock.monotonic() >= self._end
