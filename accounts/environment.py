"""The `NIJA_*` variables and the exchanges' addresses: the settings of the whole process."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from accounts.address_secrets import secrets_in
from accounts.suggest import did_you_mean
from accounts.toml_source import TOML_VARIABLE, TomlText
from brokers.exchanges import descriptions
from brokers.figures import number
from brokers.model import Exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from accounts.toml_source import TomlSource

_LONGEST_WAIT = 3600
_LAST_HOUR = 23
_LAST_PORT = 65_535
# A URL may contain commas, so a comma separates only if another URL follows.
_BETWEEN_ADDRESSES = re.compile(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_TELEGRAM_TOKEN = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{20,}")
_CHAT = re.compile(r"-?[1-9][0-9]{0,18}")
_ARGON2 = re.compile(r"\$argon2id\$v=\d+\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+")
_SHORTEST_TOKEN = 16


class RunMode(StrEnum):
    AUTO = "auto"
    DEMO = "demo"
    PAPER = "paper"
    LIVE = "live"


class LogFormat(StrEnum):
    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class EnvironmentFault(Exception):
    """Invalid variables; `faults` has one message for each, all safe to show."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def _real_addresses() -> Mapping[Exchange, str]:
    return MappingProxyType({description.exchange: description.address for description in descriptions()})


@dataclass(frozen=True, slots=True)
class ProcessSettings:
    """`config` is None without a nija.toml; delays are in seconds; addresses do not end with a slash.

    Candles are stored in `data_dir`, or in `candle_dir` if there is one. `notify_urls` and `heartbeat_url` contain
    tokens. `daily_summary_hour` is UTC. If `port` and `web_port` are None, nothing listens, but for the demo's page.
    `web_trusted_proxies` are addresses, networks, `railway` or `render`. Without a `telegram_token` Telegram is off;
    `telegram_chats` are the ids of the chats that may command NIJA.
    """

    mode: RunMode = RunMode.AUTO
    data_dir: Path = Path("data")
    candle_dir: Path | None = None
    database_url: str | None = field(default=None, repr=False)
    log_file: Path = Path("nija.log")
    log_level: LogLevel = LogLevel.INFO
    log_format: LogFormat = LogFormat.TEXT
    config: TomlSource | None = None
    connect_delay: float = 5.0
    nonce_offset_max: float = 5.0
    addresses: Mapping[Exchange, str] = field(default_factory=_real_addresses)
    allow_withdrawal_keys: bool = False
    notify_urls: tuple[str, ...] = field(default=(), repr=False)
    heartbeat_url: str | None = field(default=None, repr=False)
    daily_summary_hour: int | None = None
    telegram_token: str | None = field(default=None, repr=False)
    telegram_chats: tuple[int, ...] = ()
    telegram_api_url: str = "https://api.telegram.org"
    port: int | None = None
    web_port: int | None = None
    web_password_hash: str | None = field(default=None, repr=False)
    web_trusted_proxies: tuple[str, ...] = ()
    metrics_token: str | None = field(default=None, repr=False)

    @property
    def secrets(self) -> frozenset[str]:
        """What must not appear in any log."""
        password = urlsplit(self.database_url or "").password
        addresses = (*self.notify_urls, *([self.heartbeat_url] if self.heartbeat_url else ()))
        known = {text for text in (self.web_password_hash, self.metrics_token) if text}
        if password:
            known |= {password, unquote(password)}
        if self.telegram_token:
            known |= {self.telegram_token, self.telegram_token.partition(":")[2]}
        return frozenset(known) | secrets_in(addresses)

    @property
    def candle_store(self) -> Path:
        """The file of past candles."""
        return (self.candle_dir or self.data_dir) / "candles.sqlite3"

    def on_paper(self) -> ProcessSettings:
        """The same settings with the paper accounts' own data folder, and without a database.

        The candles are those of the real exchanges, so they are stored with all others.
        """
        return replace(self, data_dir=self.data_dir / "paper", candle_dir=self.data_dir, database_url=None)

    def in_demo(self) -> ProcessSettings:
        """The same settings with the demo accounts' own data folder, and without a database."""
        return replace(self, data_dir=self.data_dir / "demo", database_url=None)


@dataclass(frozen=True, slots=True)
class VariableDescription:
    """The documentation of one variable; `default` is empty if there is none."""

    name: str
    meaning: str
    default: str


class _Unusable(Exception):
    """A value is invalid; the text says what was expected."""


@dataclass(frozen=True, slots=True)
class _Variable:
    """How one variable is read. `read` raises _Unusable; the value of a secret one is never shown.

    The spaces and line breaks around a `raw` value are kept.
    """

    name: str
    attribute: str
    read: Callable[[str], object]
    meaning: str
    secret: bool = False
    raw: bool = False


def process_settings(environ: Mapping[str, str], directory: Path = Path()) -> ProcessSettings:
    """Read and check all process settings. An empty variable counts as not set.

    Without NIJA_CONFIG and NIJA_CONFIG_TOML, `config` is `directory`/nija.toml if that exists. Raises EnvironmentFault.
    """
    default_config = directory / "nija.toml"
    faults = list(_two_configs(environ, default_config))
    values = dict(_read(_variables(), environ, faults))
    addresses = dict(_read(_address_variables(), environ, faults))
    if faults:
        raise EnvironmentFault(tuple(faults))
    values["addresses"] = MappingProxyType({**_real_addresses(), **addresses})
    if "config" not in values and default_config.exists():
        values["config"] = default_config
    return ProcessSettings(**values)  # type: ignore[arg-type]  # each reader returns its attribute's type


def _two_configs(environ: Mapping[str, str], default_config: Path) -> Iterator[str]:
    """A fault if the settings are in two places: which of them a person means, NIJA cannot know."""
    if not environ.get(TOML_VARIABLE, "").strip():
        return
    if environ.get("NIJA_CONFIG", "").strip():
        yield f"NIJA_CONFIG and {TOML_VARIABLE} are both set. Keep one of them, and unset the other."
    elif default_config.exists():
        yield f"{TOML_VARIABLE} is set, and {default_config} exists too. Unset the variable, or delete the file."


def _read(
    variables: Iterable[_Variable], environ: Mapping[str, str], faults: list[str]
) -> Iterator[tuple[str, object]]:
    """Attribute and value of every variable that is set; faults of invalid ones are added to `faults`."""
    for variable in variables:
        given = environ.get(variable.name, "")
        text = given.strip()
        if not text:
            continue
        try:
            yield variable.attribute, variable.read(given if variable.raw else text)
        except _Unusable as expected:
            shown = "" if variable.secret or "@" in text else f" is {text!r}"
            faults.append(f"{variable.name}{shown}: expected {expected}.")


def changed_variables(before: ProcessSettings, after: ProcessSettings) -> tuple[str, ...]:
    """The names of the variables whose settings differ."""
    named = ((variable.name, variable.attribute) for variable in _variables())
    addresses = (
        variable.name
        for variable in _address_variables()
        if before.addresses[Exchange(variable.attribute)] != after.addresses[Exchange(variable.attribute)]
    )
    return (
        *(name for name, attribute in named if getattr(before, attribute) != getattr(after, attribute)),
        *addresses,
    )


def unknown_variables(environ: Mapping[str, str]) -> tuple[str, ...]:
    """One warning for each NIJA_* variable that nothing reads, with the one that was probably meant."""
    known = {variable.name for variable in _variables()}
    strange = sorted(name for name in environ if name.upper().startswith("NIJA_") and name not in known)
    return tuple(f"{name} is not a setting of NIJA and is ignored.{did_you_mean(name, known)}" for name in strange)


def described_variables() -> tuple[VariableDescription, ...]:
    """All variables that are read here, with meaning and default."""
    defaults = ProcessSettings()
    return (
        *(
            VariableDescription(variable.name, variable.meaning, _default_text(getattr(defaults, variable.attribute)))
            for variable in _variables()
        ),
        *(
            VariableDescription(variable.name, variable.meaning, defaults.addresses[Exchange(variable.attribute)])
            for variable in _address_variables()
        ),
    )


def _default_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return number(value)
    return "" if value is None or value == () else str(value)


def _variables() -> tuple[_Variable, ...]:
    return (
        _Variable(
            "NIJA_MODE",
            "mode",
            _choice(RunMode),
            "auto: trade the accounts with credentials, or run the demo if there are none. demo: trade at the embedded "
            "exchange. paper: real prices, but no orders are sent. live: refuse to start without credentials",
        ),
        _Variable(
            "NIJA_DATA_DIR",
            "data_dir",
            _path,
            "folder of the journal, the past candles, the nonce marks and the locks; on Railway and Render, on "
            "a persistent disk",
        ),
        _Variable(
            "NIJA_DATABASE_URL",
            "database_url",
            _database_url,
            "database for the journal; by default, one SQLite file per account in the data folder",
            secret=True,
        ),
        _Variable("NIJA_LOG_FILE", "log_file", _path, "path of the log"),
        _Variable("NIJA_LOG_LEVEL", "log_level", _choice(LogLevel), "DEBUG, INFO, WARNING or ERROR"),
        _Variable("NIJA_LOG_FORMAT", "log_format", _choice(LogFormat), "text, or json for programs"),
        _Variable("NIJA_CONFIG", "config", _path, "path of nija.toml; by default ./nija.toml, if it exists"),
        _Variable(
            TOML_VARIABLE,
            "config",
            TomlText.of,
            "the text of nija.toml, for platforms where no file can be put beside NIJA; then there must be no file. On "
            "one line, write \\n for each line break",
            raw=True,
        ),
        _Variable("NIJA_CONNECT_DELAY", "connect_delay", _seconds, "seconds between two connects to the same exchange"),
        _Variable(
            "NIJA_NONCE_OFFSET_MAX",
            "nonce_offset_max",
            _seconds,
            "maximum of the random offset, in seconds, by which a key's nonces start ahead of the clock",
        ),
        _Variable(
            "NIJA_ALLOW_WITHDRAWAL_KEYS",
            "allow_withdrawal_keys",
            _flag,
            "true accepts keys that can withdraw. Do not set it: NIJA never needs such a key",
        ),
        _Variable(
            "NIJA_NOTIFY_URLS",
            "notify_urls",
            _addresses,
            "where to send notifications (Telegram, Discord, mail ...): apprise URLs, separated by spaces",
            secret=True,
        ),
        _Variable(
            "NIJA_HEARTBEAT_URL",
            "heartbeat_url",
            _heartbeat_url,
            "URL to request every two minutes while NIJA works, so that an outside service notices when it stops",
            secret=True,
        ),
        _Variable(
            "NIJA_DAILY_SUMMARY_HOUR",
            "daily_summary_hour",
            _hour,
            "hour (UTC, 0 to 23) of a daily summary; on the first of a month a report of the month before follows",
        ),
        _Variable(
            "NIJA_TELEGRAM_TOKEN",
            "telegram_token",
            _telegram_token,
            "token of your Telegram bot: NIJA answers it, and sends its notifications there too",
            secret=True,
        ),
        _Variable(
            "NIJA_TELEGRAM_CHATS",
            "telegram_chats",
            _chats,
            "ids of the chats that may see and command every account, separated by spaces; everybody else is ignored",
        ),
        _Variable(
            "NIJA_TELEGRAM_API_URL", "telegram_api_url", _url, "address of your own Bot API server, if you run one"
        ),
        _Variable(
            "PORT",
            "port",
            _port,
            "port for /healthz, /readyz and /metrics and, with NIJA_WEB_PASSWORD_HASH, the web page. Railway sets it "
            "automatically",
        ),
        _Variable(
            "NIJA_WEB_PORT",
            "web_port",
            _port,
            "port for the web page: on this machine only, or everywhere with NIJA_WEB_PASSWORD_HASH. The demo has a "
            "page at 8150 or the next free port",
        ),
        _Variable(
            "NIJA_WEB_PASSWORD_HASH",
            "web_password_hash",
            _password_hash,
            "hash of the web page's password, made by `nija web password`. Without it the page answers on this machine "
            "only, and does nothing but show",
            secret=True,
        ),
        _Variable(
            "NIJA_WEB_TRUSTED_PROXIES",
            "web_trusted_proxies",
            _proxies,
            "proxies that are believed when they name the caller and say https: railway, render, or addresses and "
            "networks, separated by commas",
        ),
        _Variable(
            "NIJA_METRICS_TOKEN",
            "metrics_token",
            _token,
            "with it (Authorization: Bearer TOKEN), /healthz, /readyz and /metrics show names and money from elsewhere "
            "too",
            secret=True,
        ),
    )


def _address_variables() -> tuple[_Variable, ...]:
    """The attribute of each is the exchange."""
    return tuple(
        _Variable(
            description.address_variable,
            description.exchange,
            _url,
            f"address of {description.short_name}'s API: the real one, a simulator or a proxy",
        )
        for description in descriptions()
    )


def _choice(kind: type[StrEnum]) -> Callable[[str], StrEnum]:
    def read(text: str) -> StrEnum:
        for member in kind:
            if text.casefold() == member.value.casefold():
                return member
        raise _Unusable("one of " + ", ".join(kind))

    return read


def _path(text: str) -> Path:
    if "\0" in text:
        raise _Unusable("a path")
    return Path(text).expanduser()


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= _LONGEST_WAIT:
        raise _Unusable(f"a number of seconds from 0 to {_LONGEST_WAIT}")
    return seconds


def _flag(text: str) -> bool:
    words = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
    if text.casefold() not in words:
        raise _Unusable("true or false")
    return words[text.casefold()]


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or "@" in text or "?" in text or "#" in text:
        raise _Unusable("an address such as https://host or http://127.0.0.1:8080")
    return text.rstrip("/")


def _database_url(text: str) -> str:
    scheme, separator, _ = text.partition("://")
    try:
        urlsplit(text)
    except ValueError:
        separator = ""
    if not separator or not scheme:
        raise _Unusable("a database URL such as sqlite:///path/to/file or postgresql+psycopg://user:password@host/name")
    return text


def _addresses(text: str) -> tuple[str, ...]:
    addresses = tuple(_BETWEEN_ADDRESSES.split(text.strip(", \t\r\n")))
    if not all(map(is_notify_url, addresses)):
        raise _Unusable("URLs such as tgram://TOKEN/CHAT or mailto://..., separated by spaces or commas")
    return addresses


def is_notify_url(text: str) -> bool:
    """Whether `text` is written as an apprise URL is."""
    return _ADDRESS.fullmatch(text) is not None


def _telegram_token(text: str) -> str:
    if not _TELEGRAM_TOKEN.fullmatch(text):
        raise _Unusable("the token that @BotFather gave you, such as 123456789:AAH... (digits, a colon, 35 characters)")
    return text


def _chats(text: str) -> tuple[int, ...]:
    chats = re.split(r"[\s,;]+", text.strip(",; \t\r\n"))
    if not all(_CHAT.fullmatch(chat) for chat in chats):
        raise _Unusable("chat ids such as 123456789, or -100123456789 for a group, separated by spaces or commas")
    return tuple(dict.fromkeys(map(int, chats)))


def _heartbeat_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or any(character.isspace() for character in text):
        raise _Unusable("a URL such as https://hc-ping.com/your-check")
    return text


def _hour(text: str) -> int:
    return _whole_number(text, range(_LAST_HOUR + 1), f"an hour of the day (UTC) from 0 to {_LAST_HOUR}")


def _port(text: str) -> int:
    return _whole_number(text, range(1, _LAST_PORT + 1), f"a port number from 1 to {_LAST_PORT}")


def _password_hash(text: str) -> str:
    """As `nija web password` prints it; the quotes are for shells and .env."""
    found = text.strip("'\"")
    if not _ARGON2.fullmatch(found):
        raise _Unusable("what `nija web password` prints, from $argon2id$ to its end")
    return found


def _proxies(text: str) -> tuple[str, ...]:
    found = tuple(part.lower() for part in re.split(r"[\s,]+", text) if part)
    for part in found:
        try:
            if part not in ("railway", "render"):
                ip_network(part)
        except ValueError as error:
            raise _Unusable(
                "railway, render, or addresses such as 127.0.0.1 and networks such as 10.0.0.0/8"
            ) from error
    return found


def _token(text: str) -> str:
    if len(text) < _SHORTEST_TOKEN or not text.isascii() or not text.isprintable() or " " in text:
        raise _Unusable(f"at least {_SHORTEST_TOKEN} letters and digits, such as `openssl rand -hex 32` makes")
    return text


def _whole_number(text: str, allowed: range, expected: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) in allowed):
        raise _Unusable(expected)
    return int(text)
