"""Asking an exchange about one account directly, under the key's lock. Places no order."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from accounts.data_dir import DataDirUnusable
from accounts.market_advice import alternatives
from accounts.ownership import KeyInUse, KeyOwnership
from brokers.coinbase.broker import CoinbaseBroker
from brokers.coinbase.market_data import CoinbaseMarketData
from brokers.errors import BrokerError, RateLimited
from brokers.kraken.broker import KrakenBroker
from brokers.kraken.market_data import KrakenMarketData
from brokers.kraken.public import KrakenPublic
from brokers.model import Exchange
from brokers.nonce import Nonce
from nija.doctor.facts import AccountFacts, BalanceFacts, Failure, KeyRights, MarketFacts
from nija.doctor.journal import read_journal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from accounts.credentials import Credentials
    from accounts.environment import ProcessSettings
    from brokers.base import Broker, MarketData
    from brokers.clock import Clock
    from brokers.model import Ticker

_REQUEST_SECONDS = 15.0
_PATIENCE_SECONDS = 20.0


class Probe:
    """One per command. Kraken's public calls are limited by address, so all accounts share one way to them."""

    def __init__(self, settings: ProcessSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._public: KrakenPublic | None = None
        self._tickers: dict[tuple[Exchange, tuple[str, ...]], Mapping[str, Ticker]] = {}

    def ask(self, credentials: Credentials, markets: Sequence[str]) -> AccountFacts:
        """Everything the exchange says of the account, or the failure that kept it from saying so."""
        account, key = credentials.account, credentials.api_key
        try:
            with KeyOwnership(self._settings.data_dir, key.fingerprint, self._clock, command="nija doctor"):
                return self._ask(credentials, tuple(markets))
        except (BrokerError, KeyInUse, DataDirUnusable, ValueError) as error:
            retry_after = error.retry_after if isinstance(error, RateLimited) else 0.0
            failure = Failure(type(error).__name__, str(error), retry_after)
            return AccountFacts(str(account), key.fingerprint, failure=failure)

    def close(self) -> None:
        if self._public is not None:
            self._public.close()

    def _ask(self, credentials: Credentials, markets: tuple[str, ...]) -> AccountFacts:
        clock = _Patience(self._clock, _PATIENCE_SECONDS)
        with self._broker(credentials, clock) as broker:
            info = broker.connect()
            key = KeyRights.of(info)
            if info.missing:
                return AccountFacts(str(credentials.account), credentials.api_key.fingerprint, key=key)
            journal = read_journal(credentials.account, info, self._settings, self._clock)
            if journal.refusal:
                failure = Failure("", journal.refusal)
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
                paused=journal.paused,
                markets=tuple(
                    MarketFacts.of(symbol, known, prices[symbol].last if symbol in prices else None)
                    for symbol in markets
                ),
                alternatives=alternatives(markets, [held.currency for held in holdings], known),
            )

    def _prices(self, exchange: Exchange, markets: tuple[str, ...], clock: Clock) -> Mapping[str, Ticker]:
        """Asked once for all accounts of an exchange that trade the same."""
        wanted = (exchange, markets)
        if markets and wanted not in self._tickers:
            data = self._market_data(exchange, clock)
            try:
                self._tickers[wanted] = data.tickers(markets)
            finally:
                data.close()
        return self._tickers.get(wanted, {})

    def _market_data(self, exchange: Exchange, clock: Clock) -> MarketData:
        if exchange is Exchange.KRAKEN:
            return KrakenMarketData(public=self._kraken_public(), clock=clock, timeout=_REQUEST_SECONDS)
        return CoinbaseMarketData(base_url=self._settings.coinbase_url, clock=clock, timeout=_REQUEST_SECONDS)

    def _kraken_public(self) -> KrakenPublic:
        if self._public is None:
            self._public = KrakenPublic(base_url=self._settings.kraken_url, clock=self._clock, timeout=_REQUEST_SECONDS)
        return self._public

    @contextmanager
    def _broker(self, credentials: Credentials, clock: Clock) -> Iterator[Broker]:
        broker = self._made(credentials, clock)
        try:
            yield broker
        finally:
            broker.close()

    def _made(self, credentials: Credentials, clock: Clock) -> Broker:
        if credentials.account.exchange is Exchange.COINBASE:
            return CoinbaseBroker(
                credentials.api_key, base_url=self._settings.coinbase_url, clock=clock, timeout=_REQUEST_SECONDS
            )
        nonce = Nonce(
            self._settings.data_dir / "nonces" / credentials.api_key.fingerprint,
            clock=self._clock,
            offset_max=self._settings.nonce_offset_max,
        )
        return KrakenBroker(
            credentials.api_key,
            base_url=self._settings.kraken_url,
            nonce=nonce,
            clock=clock,
            timeout=_REQUEST_SECONDS,
            public=self._kraken_public(),
        )


def holdings_of(broker: Broker) -> tuple[BalanceFacts, ...]:
    held = sorted(broker.balances().values(), key=lambda balance: balance.currency)
    return tuple(BalanceFacts(balance.currency, balance.total, balance.available) for balance in held)


class _Patience:
    """A clock that is stopping after some seconds, so that a command does not retry as long as a daemon would."""

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
