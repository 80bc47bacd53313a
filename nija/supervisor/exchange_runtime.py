"""What the accounts of one exchange share, and how their brokers are made."""

from __future__ import annotations

import math
import threading
from decimal import Decimal
from typing import TYPE_CHECKING

from accounts.access import account_broker, open_access
from brokers.errors import BrokerError
from brokers.exchanges import described
from brokers.figures import CASH
from brokers.paper.broker import PaperBroker
from nija.candles.recording import CandleRecorder
from nija.candles.store import CandleStore, origin
from nija.feed import Feed
from nija.log.event_log import EventLog, get_log
from nija.supervisor.connect_queue import ConnectQueue

if TYPE_CHECKING:
    from accounts.credentials import Credentials
    from accounts.environment import ProcessSettings
    from accounts.setting_tables import OwnSettings
    from brokers.base import Broker
    from brokers.clock import Clock
    from brokers.model import Exchange, Ticker


_PAPER_MONEY = Decimal(1000)
_PAPER_COINS = Decimal("0.01")
# Seconds for which the feed waits while another process writes candles.
_STORE_PATIENCE = 2.0


class ExchangeRuntime:
    """One exchange: its connect queue, its feed, and the access with the limits that its accounts share."""

    def __init__(self, exchange: Exchange, process: ProcessSettings, clock: Clock, poll_seconds: float) -> None:
        self.exchange = exchange
        self.connect_queue = ConnectQueue(clock, process.connect_delay)
        self._process = process
        self._clock = clock
        self._access = open_access(exchange, process, clock)
        log = get_log("nija.feed", exchange=str(exchange))
        self.feed = Feed(self._access.market_data(), clock, poll_seconds, EventLog(log), self._recorder(EventLog(log)))
        self._log = log
        self._thread = threading.Thread(target=self._run, name=f"feed {exchange}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)
        self._access.close()

    def paper_broker(self, credentials: Credentials, quote: str) -> PaperBroker:
        """A broker that trades paper money at this exchange's prices. Raises Unavailable if its file is unreadable."""
        return PaperBroker(
            described(self.exchange),
            self._process.data_dir / "books" / f"{credentials.account.slug}.json",
            self._clock,
            listed=self._access,
            prices=self._price,
            starting={quote: _PAPER_MONEY if quote in CASH else _PAPER_COINS},
        )

    def broker(self, credentials: Credentials, own: OwnSettings, clock: Clock) -> Broker:
        """One account's broker, which stops with the account's `clock`. Raises NonceMarkError."""
        return account_broker(self._access, credentials, own, clock)

    def _recorder(self, log: EventLog) -> CandleRecorder:
        process = self._process
        store = CandleStore(process.candle_store, patience=_STORE_PATIENCE)
        named = origin(self.exchange, process.addresses[self.exchange])
        return CandleRecorder(store, named, lambda: self._access.markets(math.inf), self._clock, log)

    def _run(self) -> None:
        """All accounts need the exchange's clock and markets, so these are fetched first."""
        try:
            self._access.prepare()
        except BrokerError:
            pass  # Each account asks again and reports the error.
        except Exception:  # noqa: BLE001 - the thread's outermost handler: report, and go on with the feed
            self._log.exception("Fetching the exchange's clock and markets failed unexpectedly; each account retries")
        self.feed.run()

    def _price(self, market: str) -> Ticker | None:
        return self.feed.snapshot.prices(self._clock.monotonic()).get(market)
