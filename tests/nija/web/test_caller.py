"""Who calls: what a proxy says counts only if it is trusted."""

from __future__ import annotations

import pytest

from nija.web.caller import Caller, TrustedProxies

TLS = {"x-forwarded-proto": "https"}


def test_without_a_proxy_it_is_the_other_end_of_the_connection() -> None:
    assert TrustedProxies().caller("203.0.113.7", {}) == Caller("203.0.113.7")
    assert TrustedProxies().caller("127.0.0.1", {}) == Caller("127.0.0.1", is_local=True)
    assert TrustedProxies().caller("::1", {}) == Caller("::1", is_local=True)


@pytest.mark.parametrize("name", ["x-forwarded-for", "x-real-ip", "cf-connecting-ip", "forwarded"])
def test_whoever_is_not_trusted_cannot_speak_for_another(name: str) -> None:
    caller = TrustedProxies(["10.0.0.0/8"]).caller("127.0.0.1", {name: "10.0.0.1", **TLS})
    assert caller == Caller("127.0.0.1", unknown_proxy=True)


def test_a_trusted_proxy_names_the_last_address_that_it_does_not_know_itself() -> None:
    proxies = TrustedProxies(["10.0.0.0/8", "127.0.0.1"])
    headers = {"x-forwarded-for": "1.1.1.1, 203.0.113.7, 10.0.0.3", **TLS}
    assert proxies.caller("10.0.0.9", headers) == Caller("203.0.113.7", is_encrypted=True)


@pytest.mark.parametrize("chain", ["", "nonsense", "203.0.113.7, nonsense", "10.0.0.1"])
def test_a_chain_that_names_nobody_leaves_the_proxy_itself(chain: str) -> None:
    headers = {"x-forwarded-for": chain, **TLS}
    assert TrustedProxies(["10.0.0.0/8"]).caller("10.0.0.9", headers).address == "10.0.0.9"


@pytest.mark.parametrize(
    ("platform", "peer", "header"),
    [("railway", "100.64.0.3", "x-real-ip"), ("render", "10.21.157.68", "cf-connecting-ip")],
)
def test_the_platforms_proxies_name_the_caller_in_a_header_that_browsers_cannot_set(
    platform: str, peer: str, header: str
) -> None:
    headers = {"x-forwarded-for": "6.6.6.6, 172.68.1.1", header: "203.0.113.7", **TLS}
    assert TrustedProxies([platform]).caller(peer, headers) == Caller("203.0.113.7", is_encrypted=True)
    assert TrustedProxies([platform]).caller("203.0.113.66", headers).unknown_proxy


@pytest.mark.parametrize(
    ("address", "is_encrypted", "in_the_clear"),
    [
        ("8.8.8.8", False, True),
        ("8.8.8.8", True, False),
        ("2001:4860:4860::8888", False, True),
        ("127.0.0.1", False, False),
        ("192.168.1.20", False, False),
        ("100.101.102.103", False, False),
    ],
    ids=["internet", "tls", "internet, IPv6", "loopback or SSH tunnel", "home", "Tailscale"],
)
def test_only_the_internet_needs_tls(address: str, *, is_encrypted: bool, in_the_clear: bool) -> None:
    assert Caller(address, is_encrypted=is_encrypted).is_in_the_clear is in_the_clear
