"""The way to an exchange, before any key is used: name, connection, TLS, its status, its clock."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
from requests.utils import get_environ_proxies

from accounts.identity import short_name
from brokers.errors import Unavailable
from brokers.figures import duration
from brokers.http import prepare_session, tls_context
from brokers.model import Exchange
from nija.doctor.finding import Finding, broken, fine, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accounts.environment import ProcessSettings
    from brokers.clock import Clock

# Kraken takes one public call a second from an address, and whatever asks next counts too.
_SECONDS_APART = 1.0
_SECONDS = 10.0
_DEFAULT_PORTS = {"https": 443, "http": 80}
_URL_VARIABLE = {Exchange.KRAKEN: "KRAKEN_API_URL", Exchange.COINBASE: "COINBASE_API_URL"}
_STATUS_PAGE = {Exchange.KRAKEN: "https://status.kraken.com", Exchange.COINBASE: "https://status.coinbase.com"}
_TIME_PATH = {Exchange.KRAKEN: "/0/public/Time", Exchange.COINBASE: "/api/v3/brokerage/time"}
# Kraken tells whole seconds only.
_SKEW_NOTICED = 2.0
_SKEW_REFUSED = 5.0
_SYNCHRONISE = "Turn on time synchronisation (NTP): sudo timedatectl set-ntp true"


@dataclass(frozen=True, slots=True)
class Address:
    exchange: Exchange
    url: str

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        parts = urlsplit(self.url)
        return parts.port or _DEFAULT_PORTS.get(parts.scheme, 443)

    @property
    def is_tls(self) -> bool:
        return self.url.startswith("https")

    @property
    def name(self) -> str:
        return short_name(self.exchange)

    @property
    def check_url(self) -> str:
        return f"check {_URL_VARIABLE[self.exchange]}, which is {self.url}"


def address_of(exchange: Exchange, settings: ProcessSettings) -> Address:
    return Address(exchange, settings.kraken_url if exchange is Exchange.KRAKEN else settings.coinbase_url)


def check_exchange(address: Address, clock: Clock) -> Iterator[Finding]:
    """From the name to the clock; the first that is broken ends it, as nothing behind it can work."""
    for finding in _checks(address, clock):
        yield finding
        if finding.level == "broken":
            return


def _checks(address: Address, clock: Clock) -> Iterator[Finding]:
    if get_environ_proxies(address.url):
        yield fine(f"{address.name}: reached through the proxy of HTTPS_PROXY")
    else:
        yield _check_name(address)
        yield _check_connection(address)
    session = requests.Session()
    try:
        prepare_session(session, address.url)
        if address.exchange is Exchange.KRAKEN:
            yield _check_status(address, session)
            clock.sleep(_SECONDS_APART)
        yield _check_clock(address, session, clock)
        if address.exchange is Exchange.KRAKEN:
            clock.sleep(_SECONDS_APART)
    finally:
        session.close()


def _check_name(address: Address) -> Finding:
    try:
        socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return broken(
            f"DNS: the name {address.host} cannot be resolved",
            f"Check this machine's internet connection and its DNS (/etc/resolv.conf); {address.check_url}",
        )
    return fine(f"DNS: {address.host} is known")


def _check_connection(address: Address) -> Finding:
    try:
        context = tls_context() if address.is_tls else None
    except Unavailable as error:
        return broken("TLS: the certificate authorities cannot be read", str(error))
    try:
        with socket.create_connection((address.host, address.port), timeout=_SECONDS) as connection:
            if context is None:
                return fine(f"{address.name}: {address.host}:{address.port} takes connections (no TLS)")
            with context.wrap_socket(connection, server_hostname=address.host) as secured:
                return fine(f"TLS: {address.host} has a valid certificate ({secured.version()})")
    except ssl.SSLCertVerificationError as error:
        return broken(
            f"TLS: the certificate of {address.host} is refused ({error.verify_message})",
            "Something between here and the exchange answers in its place (a proxy, a virus scanner), this machine's "
            "clock is far off, or its own authority must be named in REQUESTS_CA_BUNDLE",
        )
    except ssl.SSLError as error:
        return broken(
            f"TLS: no secure connection to {address.host}:{address.port} ({error.reason or 'handshake failed'})",
            f"The other side speaks no TLS: {address.check_url}",
        )
    except OSError as error:
        reason = "no answer in time" if isinstance(error, TimeoutError) else error.strerror or "refused"
        return broken(
            f"{address.name} cannot be reached at {address.host}:{address.port} ({reason})",
            f"Check the internet connection and the firewall (outgoing port {address.port}); {address.check_url}",
        )


def _check_status(address: Address, session: requests.Session) -> Finding:
    answer = _ask(address, session, "/0/public/SystemStatus")
    if isinstance(answer, Finding):
        return answer
    status = str(_inner(answer, "result").get("status", "unknown"))
    if status == "online":
        return fine(f"{address.name} is online")
    if status == "maintenance":
        return broken(f"{address.name} is in maintenance", f"Wait until it is over: {_STATUS_PAGE[address.exchange]}")
    return warning(
        f"{address.name} is restricted: {status}", f"Not every order is taken now: {_STATUS_PAGE[address.exchange]}"
    )


def _check_clock(address: Address, session: requests.Session, clock: Clock) -> Finding:
    before = clock.time()
    answer = _ask(address, session, _TIME_PATH[address.exchange])
    if isinstance(answer, Finding):
        return answer
    try:
        if address.exchange is Exchange.KRAKEN:
            theirs = float(str(_inner(answer, "result")["unixtime"])) + 0.5
        else:
            theirs = float(str(answer["epochMillis"])) / 1000
    except (KeyError, ValueError):
        return _no_exchange(address, "an answer without a time")
    skew = theirs - (before + clock.time()) / 2
    return clock_finding(skew, address.name)


def clock_finding(skew: float, name: str) -> Finding:
    """`skew` in seconds: the exchange's clock minus this machine's."""
    direction = "behind" if skew > 0 else "ahead of"
    if abs(skew) > _SKEW_REFUSED:
        return broken(f"Clock: this machine is {duration(round(abs(skew)))} {direction} {name}", _SYNCHRONISE)
    if abs(skew) > _SKEW_NOTICED:
        return warning(f"Clock: this machine is {duration(round(abs(skew)))} {direction} {name}", _SYNCHRONISE)
    return fine(f"Clock: within {duration(_SKEW_NOTICED)} of {name}")


def _ask(address: Address, session: requests.Session, path: str) -> dict[str, object] | Finding:
    try:
        response = session.get(address.url + path, timeout=_SECONDS)
    except requests.RequestException as error:
        return broken(
            f"{address.name} does not answer ({type(error).__name__})",
            f"The connection is made but nothing comes back: wait, see {_STATUS_PAGE[address.exchange]}; "
            f"if it stays, {address.check_url}",
        )
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return broken(
            f"{address.name} is out of order (HTTP {response.status_code})",
            f"The fault is the exchange's. Wait; see {_STATUS_PAGE[address.exchange]}",
        )
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        return broken(
            f"{address.name} refuses this address for a while (HTTP 429)", "Wait some minutes, then try again"
        )
    if response.status_code != HTTPStatus.OK:
        return _no_exchange(address, f"HTTP {response.status_code}")
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        return _no_exchange(address, "a page that is not the exchange's")
    return _refusal(address, answer.get("error")) or answer


def _refusal(address: Address, errors: object) -> Finding | None:
    """Kraken refuses with HTTP 200 and a list of texts."""
    if not isinstance(errors, list) or not errors:
        return None
    return broken(
        f"{address.name} refuses every call: {errors[0]}",
        f"Wait some minutes, then try again; see {_STATUS_PAGE[address.exchange]}",
    )


def _no_exchange(address: Address, what: str) -> Finding:
    return broken(
        f"{address.host} does not answer as {address.name} does ({what})",
        f"A proxy or another site answers in its place: {address.check_url}",
    )


def _inner(answer: dict[str, object], name: str) -> dict[str, object]:
    found = answer.get(name)
    return found if isinstance(found, dict) else {}
