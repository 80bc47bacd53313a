"""What NIJA must know of an exchange to trade there. Each exchange's folder holds one description of this form.

Every command reads the descriptions, so they load no client library; functions that need one import it when called.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from brokers.base import Broker, CandleHistory, MarketData
    from brokers.candle_files import Layout, NamedFile
    from brokers.clock import Clock
    from brokers.model import ApiKey, Exchange, Fees, Market


class UnusableKey(ValueError):
    """What is wrong with a key or a secret; never any part of it.

    `is_misplaced`: it is a credential, but not the one that belongs here.
    """

    def __init__(self, text: str, remedy: str, *, is_misplaced: bool = False) -> None:
        super().__init__(text)
        self.text = text
        self.remedy = remedy
        self.is_misplaced = is_misplaced


@dataclass(frozen=True, slots=True)
class Permission:
    """One right of a key: `name` in the exchange's API, `label` on its website."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Permissions:
    """The rights that trading needs, those that can move money out (the plainest first), and needless ones."""

    needed: tuple[Permission, ...]
    withdrawing: tuple[Permission, ...]
    needless: tuple[Permission, ...] = ()

    @property
    def needed_names(self) -> frozenset[str]:
        return frozenset(permission.name for permission in self.needed)

    @property
    def withdrawing_names(self) -> frozenset[str]:
        return frozenset(permission.name for permission in self.withdrawing)

    @property
    def unwanted(self) -> tuple[Permission, ...]:
        """The rights to leave off when making a key."""
        return (*self.withdrawing[:1], *self.needless)

    def labels(self, names: Iterable[str]) -> tuple[str, ...]:
        """The website's names of these rights, in the order of its page. Unknown names come last, unchanged."""
        wanted = set(names)
        every = (*self.needed, *self.withdrawing, *self.needless)
        known = [permission.label for permission in every if permission.name in wanted]
        return (*known, *sorted(wanted - {permission.name for permission in every}))


@dataclass(frozen=True, slots=True)
class KeyChecks:
    """Checks of a key and its secret that need no network.

    `check_key` and `check_secret` return the value as the exchange's client takes it, or raise UnusableKey.
    `recognises`: whether a text can only be a credential of this exchange. `read_file` takes key and secret out of
    the key file that the exchange offers for download; None for any other text.
    """

    check_key: Callable[[str], str]
    check_secret: Callable[[str], str]
    recognises: Callable[[str], bool] = lambda _text: False
    read_file: Callable[[str], tuple[str, str] | None] = lambda _text: None


@dataclass(frozen=True, slots=True)
class KeyGuide:
    """How a person makes a key on the exchange's website, and what key and secret then look like.

    The texts describe both, the prompts ask for both; `lengths` is empty where they vary. `file_suffix` and
    `file_holds` describe a key file for download, where there is one. `history_settings` are the website's names of the
    limits of what a key may read: from when, and until when.
    """

    page: str
    steps: tuple[str, ...]
    key_text: str
    secret_text: str
    key_prompt: str
    secret_prompt: str
    lengths: str = ""
    file_suffix: str = ""
    file_holds: str = ""
    history_settings: tuple[str, str] = ("Query start", "Query end")


@dataclass(frozen=True, slots=True)
class KeylessRequests:
    """How to ask for the exchange's time and status by plain HTTP, without a key.

    `time` reads Unix seconds from an answer and raises KeyError, TypeError or ValueError if there are none. `status`
    returns `online`, `maintenance` or the exchange's own word. `refusal` returns the error in an HTTP 200 answer, if
    there is one. Requests must be at least `seconds_apart`.
    """

    time_path: str
    time: Callable[[Mapping[str, object]], float]
    status_path: str = ""
    status: Callable[[Mapping[str, object]], str] = lambda _answer: "online"
    refusal: Callable[[Mapping[str, object]], str | None] = lambda _answer: None
    seconds_apart: float = 0.0


@dataclass(frozen=True, slots=True)
class CandleArchive:
    """Files of old candles that the exchange offers for download on `page`.

    `named` says what a file's name means; None for a name of another form.
    """

    page: str
    layout: Layout
    named: Callable[[str], NamedFile | None]


@dataclass(frozen=True, slots=True)
class PublishedMarkets:
    """Steps and minimums of markets as the exchange published them, and when: `as_of` is such as "November 2025"."""

    as_of: str
    markets: tuple[Market, ...]


@dataclass(frozen=True, slots=True)
class AccessSettings:
    """What a process needs to talk to an exchange.

    `nonce_dir` holds one nonce mark per key fingerprint. `nonce_offset_max` is in seconds, `timeout` in seconds per
    request.
    """

    address: str
    clock: Clock
    nonce_dir: Path
    nonce_offset_max: float = 5.0
    timeout: float = 30.0


class ExchangeAccess(Protocol):
    """What all accounts of a process share at one exchange; it makes their brokers and the market data. Thread-safe."""

    def prepare(self) -> None:
        """Fetch what every account needs to connect. Raises BrokerError."""
        ...

    def markets(self, max_age: float) -> Mapping[str, Market]:
        """As read within the last `max_age` seconds. Raises BrokerError."""
        ...

    def markets_age(self) -> float:
        """Seconds since the markets were read; infinite before."""
        ...

    def market_data(self, clock: Clock | None = None) -> MarketData:
        """For one thread. `clock` replaces the process's clock."""
        ...

    def broker(self, api_key: ApiKey, *, tier: str = "", clock: Clock | None = None) -> Broker:
        """One account's broker. `tier`: its verification tier, where rate limits depend on it. `clock` as above.

        Raises ValueError for an unusable key, NonceMarkError.
        """
        ...

    def close(self) -> None:
        """Close what is shared. Callers close their own brokers and market data."""
        ...


@dataclass(frozen=True, slots=True)
class ExchangeDescription:
    """Everything NIJA knows of one exchange.

    `prefix` starts the names of its environment variables; `master_without_name`: PREFIX_API_KEY is the master's too.
    `entry_fees` are those of the lowest tier. `candles_at_start`: closed candles of one timeframe that a feed gets at
    its start. `key_checks`, `open_access` and `open_history` load what they need only when called.
    `open_history` and `candle_archive` serve backtests: past candles by the API, and by files. `published_markets`
    serve where the exchange cannot be asked. `tells_ip_allowlist`: it says which addresses a key is bound to.
    """

    exchange: Exchange
    short_name: str
    full_name: str
    prefix: str
    address: str
    status_page: str
    permissions: Permissions
    key_guide: KeyGuide
    keyless: KeylessRequests
    entry_fees: Fees
    candles_at_start: int
    key_checks: Callable[[], KeyChecks]
    open_access: Callable[[AccessSettings], ExchangeAccess]
    open_history: Callable[[AccessSettings], CandleHistory] | None = None
    published_markets: PublishedMarkets | None = None
    candle_archive: CandleArchive | None = None
    master_without_name: bool = False
    uses_nonces: bool = False
    tells_ip_allowlist: bool = False

    @property
    def address_variable(self) -> str:
        return f"{self.prefix}_API_URL"
