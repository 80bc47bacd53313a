"""What the accounts of one exchange share, and how an account's own broker is made."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from brokers.coinbase.broker import CoinbaseBroker
from brokers.coinbase.market_data import CoinbaseMarketData
from brokers.coinbase.public import CoinbasePublic
from brokers.errors import BrokerError
from brokers.figures import CASH
from brokers.kraken.broker import KrakenBroker
from brokers.kraken.public import KrakenPublic
from brokers.model import Exchange
from brokers.nonce import Nonce
from brokers.paper.broker import PaperBroker
from nija.feed import Feed
from nija.log.event_log import EventLog, get_log
from nija.supervisor.gate import ConnectGate

if TYPE_CHECKING:
    from collections.abc import Callable

    from accounts.credentials import Credentials
    from accounts.environment import ProcessSettings
    from brokers.base import Broker, MarketData
    from brokers.clock import Clock
    from brokers.model import Ticker


_PAPER_MONEY = Decimal(1000)
_PAPER_COINS = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Seatable:
    """A broker that is ready to connect; `close` ends its session and writes down what must outlive it."""

    broker: Broker
    close: Callable[[], None]


class ExchangeSide:
    """One exchange: its connect gate, its feed, and whatever its accounts share by the exchange's own limits."""

    def __init__(self, exchange: Exchange, process: ProcessSettings, clock: Clock, poll_seconds: float) -> None:
        self.exchange = exchange
        self.gate = ConnectGate(clock, process.connect_delay)
        self._process = process
        self._clock = clock
        self._public: KrakenPublic | CoinbasePublic = (
            KrakenPublic(base_url=process.kraken_url, clock=clock)
            if exchange is Exchange.KRAKEN
            else CoinbasePublic(base_url=process.coinbase_url, clock=clock)
        )
        log = get_log("nija.feed", exchange=exchange.value)
        self.feed = Feed(self._market_data(), clock, poll_seconds, EventLog(log))
        self._log = log
        self._thread = threading.Thread(target=self._run, name=f"feed {exchange.value}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)
        self._public.close()

    def seat_on_paper(self, credentials: Credentials, quote: str) -> Seatable:
        """A broker that trades paper money at this exchange's prices. Raises Unavailable for unreadable books."""
        paper = PaperBroker(
            self.exchange,
            self._process.data_dir / "books" / f"{credentials.account.slug}.json",
            self._clock,
            listed=self._public,
            prices=self._price,
            starting={quote: _PAPER_MONEY if quote in CASH else _PAPER_COINS},
        )
        return Seatable(paper, paper.close)

    def seat(self, credentials: Credentials, kraken_tier: str) -> Seatable:
        """A broker for one account. Raises NonceMarkError."""
        if isinstance(self._public, CoinbasePublic):
            coinbase = CoinbaseBroker(
                credentials.api_key, base_url=self._process.coinbase_url, clock=self._clock, public=self._public
            )
            return Seatable(coinbase, coinbase.close)
        nonce = Nonce(
            self._process.data_dir / "nonces" / credentials.api_key.fingerprint,
            clock=self._clock,
            offset_max=self._process.nonce_offset_max,
        )
        kraken = KrakenBroker(
            credentials.api_key,
            base_url=self._process.kraken_url,
            nonce=nonce,
            clock=self._clock,
            public=self._public,
            tier=kraken_tier,
        )

        def close() -> None:
            kraken.close()
            nonce.close()

        return Seatable(kraken, close)

    def _run(self) -> None:
        """Everyone waits for the exchange's clock and markets, so they come first."""
        try:
            self._public.prepare()
        except BrokerError:
            pass  # Whoever needs them asks again, and says what is wrong.
        except Exception:  # noqa: BLE001 - the thread's top: report, and let the feed go on
            self._log.exception("What all accounts need of the exchange failed unexpectedly; each asks for itself")
        self.feed.run()

    def _price(self, market: str) -> Ticker | None:
        return self.feed.snapshot.prices(self._clock.monotonic()).get(market)

    def _market_data(self) -> MarketData:
        if isinstance(self._public, CoinbasePublic):
            return CoinbaseMarketData(base_url=self._process.coinbase_url, clock=self._clock, public=self._public)
        # pandas, which comes with it, is heavy: only a process that trades on Kraken pays for it.
        from brokers.kraken.market_data import KrakenMarketData  # noqa: PLC0415

        return KrakenMarketData(base_url=self._process.kraken_url, clock=self._clock, public=self._public)
