"""Who sent a request, and whether it came over TLS: from the connection, or from a proxy that is trusted."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Address = IPv4Address | IPv6Address
    Network = IPv4Network | IPv6Network

_CHAIN = "x-forwarded-for"
_SCHEME = "x-forwarded-proto"
# Any of these shows that a proxy has passed the request on.
_PROXY_HEADERS = (_CHAIN, _SCHEME, "forwarded", "x-real-ip", "cf-connecting-ip")


@dataclass(frozen=True, slots=True)
class Caller:
    """`is_local`: a program on this machine. `unknown_proxy`: the request came through a proxy that is not trusted."""

    address: str
    is_encrypted: bool = False
    is_local: bool = False
    unknown_proxy: bool = False

    @property
    def is_in_the_clear(self) -> bool:
        """Whether a password would cross the internet without encryption."""
        address = _address(self.address)
        return not self.is_encrypted and address is not None and address.is_global


@dataclass(frozen=True, slots=True)
class _Proxy:
    """Proxies of these networks name the caller in `header`; each hop appends its own to X-Forwarded-For."""

    networks: tuple[Network, ...]
    header: str = _CHAIN


# What the platforms' own proxies send: they set these headers themselves, whatever the browser sent.
_PLATFORMS: Mapping[str, _Proxy] = MappingProxyType(
    {
        "railway": _Proxy((ip_network("100.64.0.0/10"),), "x-real-ip"),
        "render": _Proxy((ip_network("10.0.0.0/8"),), "cf-connecting-ip"),
    }
)


class TrustedProxies:
    """`trusted` are addresses, networks, `railway` or `render`: those of NIJA_WEB_TRUSTED_PROXIES."""

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        names = tuple(trusted)
        own = tuple(ip_network(name) for name in names if name not in _PLATFORMS)
        self._proxies = (*(_PLATFORMS[name] for name in names if name in _PLATFORMS), _Proxy(own))

    def caller(self, peer: str, headers: Mapping[str, str]) -> Caller:
        """Who is at the other end; `peer` is the address that the connection comes from."""
        address = _address(peer)
        is_passed_on = any(name in headers for name in _PROXY_HEADERS)
        proxy = next((one for one in self._proxies if _is_in(address, one.networks)), None)
        if proxy is None or not is_passed_on:
            is_local = address is not None and address.is_loopback and not is_passed_on
            return Caller(peer, is_local=is_local, unknown_proxy=is_passed_on)
        scheme = headers.get(_SCHEME, "").partition(",")[0].strip().lower()
        return Caller(_named(proxy, headers) or peer, is_encrypted=scheme == "https")


def _named(proxy: _Proxy, headers: Mapping[str, str]) -> str | None:
    """The caller that the proxy names: the last address of the chain that is not a trusted proxy itself."""
    chain = [_address(part.strip()) for part in headers.get(proxy.header, "").split(",")]
    for address in reversed(chain):
        if address is None:
            return None
        if not _is_in(address, proxy.networks):
            return str(address)
    return None


def _address(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _is_in(address: Address | None, networks: Iterable[Network]) -> bool:
    return address is not None and any(address in network for network in networks)
