"""The connection to an exchange, before any key is used: DNS, TCP, TLS, the exchange's status and clock."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
from requests.utils import get_environ_proxies

from accounts.connect import MAX_CLOCK_SKEW
from brokers.errors import Unavailable
from brokers.exchanges import described
from brokers.figures import duration
from brokers.http import prepare_session, tls_context
from nija.doctor.finding import Finding, Level, broken, fine, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accounts.environment import ProcessSettings
    from brokers.clock import Clock
    from brokers.description import ExchangeDescription
    from brokers.model import Exchange

_SECONDS = 10.0
_DEFAULT_PORTS = {"https": 443, "http": 80}
# Some exchanges report their time in whole seconds.
_SKEW_NOTICED = 2.0
_SYNCHRONISE = "Turn on time synchronisation (NTP): sudo timedatectl set-ntp true"


@dataclass(frozen=True, slots=True)
class Address:
    description: ExchangeDescription
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
        return self.description.short_name

    @property
    def check_url(self) -> str:
        return f"check {self.description.address_variable}, which is {self.url}"

    @property
    def status_page(self) -> str:
        return self.description.status_page


def address_of(exchange: Exchange, settings: ProcessSettings) -> Address:
    return Address(described(exchange), settings.addresses[exchange])


def check_exchange(address: Address, clock: Clock) -> Iterator[Finding]:
    """From DNS to the clock. Ends at the first broken check, because the following ones cannot work."""
    for finding in _checks(address, clock):
        yield finding
        if finding.level is Level.BROKEN:
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
        keyless = address.description.keyless
        if keyless.status_path:
            yield _check_status(address, session)
            clock.sleep(keyless.seconds_apart)
        yield _check_clock(address, session, clock)
        clock.sleep(keyless.seconds_apart)
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
    return fine(f"DNS: {address.host} can be resolved")


def _check_connection(address: Address) -> Finding:
    try:
        context = tls_context() if address.is_tls else None
    except Unavailable as error:
        return broken("TLS: the certificate authorities cannot be read", str(error))
    try:
        with socket.create_connection((address.host, address.port), timeout=_SECONDS) as connection:
            if context is None:
                return fine(f"{address.name}: {address.host}:{address.port} accepts connections (no TLS)")
            with context.wrap_socket(connection, server_hostname=address.host) as secured:
                return fine(f"TLS: {address.host} has a valid certificate ({secured.version()})")
    except ssl.SSLCertVerificationError as error:
        return broken(
            f"TLS: the certificate of {address.host} is refused ({error.verify_message})",
            "Something between here and the exchange answers in its place (a proxy or a virus scanner), this machine's "
            "clock is wrong, or your own certificate authority must be set in REQUESTS_CA_BUNDLE",
        )
    except ssl.SSLError as error:
        return broken(
            f"TLS: no secure connection to {address.host}:{address.port} ({error.reason or 'handshake failed'})",
            f"The server does not use TLS: {address.check_url}",
        )
    except OSError as error:
        reason = "no answer in time" if isinstance(error, TimeoutError) else error.strerror or "refused"
        return broken(
            f"{address.name} cannot be reached at {address.host}:{address.port} ({reason})",
            f"Check the internet connection and the firewall (outgoing port {address.port}); {address.check_url}",
        )


def _check_status(address: Address, session: requests.Session) -> Finding:
    keyless = address.description.keyless
    answer = _ask(address, session, keyless.status_path)
    if isinstance(answer, Finding):
        return answer
    status = keyless.status(answer)
    if status == "online":
        return fine(f"{address.name} is online")
    if status == "maintenance":
        return broken(f"{address.name} is in maintenance", f"Wait until it is over: {address.status_page}")
    return warning(
        f"{address.name} is restricted: {status}", f"It does not accept all orders now: {address.status_page}"
    )


def _check_clock(address: Address, session: requests.Session, clock: Clock) -> Finding:
    keyless = address.description.keyless
    before = clock.time()
    answer = _ask(address, session, keyless.time_path)
    if isinstance(answer, Finding):
        return answer
    try:
        theirs = keyless.time(answer)
    except (KeyError, TypeError, ValueError):
        return _not_the_exchange(address, "an answer without a time")
    skew = theirs - (before + clock.time()) / 2
    return clock_finding(skew, address.name)


def clock_finding(skew: float, name: str) -> Finding:
    """`skew` in seconds: the exchange's clock minus this machine's."""
    direction = "behind" if skew > 0 else "ahead of"
    if abs(skew) > MAX_CLOCK_SKEW.total_seconds():
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
            f"The connection works, but there is no answer. Wait, and see {address.status_page}; "
            f"if this lasts, {address.check_url}",
        )
    if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return broken(
            f"{address.name} has an outage (HTTP {response.status_code})",
            f"The fault is at the exchange. Wait; see {address.status_page}",
        )
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        return broken(
            f"{address.name} refuses this address for a while (HTTP 429)", "Wait a few minutes, then try again"
        )
    if response.status_code != HTTPStatus.OK:
        return _not_the_exchange(address, f"HTTP {response.status_code}")
    return _read(address, response)


def _read(address: Address, response: requests.Response) -> dict[str, object] | Finding:
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        return _not_the_exchange(address, "a page that is not the exchange's")
    refusal = address.description.keyless.refusal(answer)
    if refusal is None:
        return answer
    return broken(
        f"{address.name} refuses every request: {refusal}",
        f"Wait a few minutes, then try again; see {address.status_page}",
    )


def _not_the_exchange(address: Address, what: str) -> Finding:
    return broken(
        f"{address.host} does not answer like {address.name} ({what})",
        f"A proxy or another site answers in its place: {address.check_url}",
    )
