"""One server for the health pages and the page: where it listens, what it costs, how it ends."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from nija.log.event_log import get_log
from nija.log.setup import configure_logging
from nija.web.listeners import DEMO_PORTS, EVERYWHERE, LOOPBACK, Listener, PortUnusable, listen, listeners
from nija.web.server import CONNECTIONS_AT_ONCE, CONNECTIONS_FOR_THE_GREEDY, WebServer
from tests.nija.web.web_rig import METRICS_TOKEN, PASSWORD_HASH, WebRig, pages, serving

if TYPE_CHECKING:
    from pathlib import Path


class TestListeners:
    def test_without_ports_nothing_listens(self) -> None:
        assert listeners(None, None, has_password=True, is_demo=False) == ()

    def test_port_serves_the_page_only_with_a_password(self) -> None:
        (health,) = listeners(8080, None, has_password=False, is_demo=False)
        (both,) = listeners(8080, None, has_password=True, is_demo=False)
        assert (health.host, health.ports, health.has_page) == (EVERYWHERE, (8080,), False)
        assert (both.host, both.ports, both.has_page) == (EVERYWHERE, (8080,), True)

    def test_the_page_is_on_loopback_unless_there_is_a_password(self) -> None:
        (shut,) = listeners(None, 8150, has_password=False, is_demo=False)
        (open_,) = listeners(None, 8150, has_password=True, is_demo=False)
        assert (shut.host, open_.host) == (LOOPBACK, EVERYWHERE)
        assert shut.has_page
        assert open_.has_page

    def test_the_demo_has_its_page_on_loopback_even_with_a_password(self) -> None:
        for has_password in (True, False):
            (found,) = listeners(None, None, has_password=has_password, is_demo=True)
            assert (found.host, found.ports, found.has_page) == (LOOPBACK, tuple(DEMO_PORTS), True)

    def test_one_port_for_both_needs_a_password(self) -> None:
        assert len(listeners(8080, 8080, has_password=True, is_demo=False)) == 1
        with pytest.raises(PortUnusable, match=r"both 8080.*nija web password"):
            listeners(8080, 8080, has_password=False, is_demo=False)

    @pytest.mark.parametrize(
        ("variable", "said"),
        [
            ("PORT", r"the health pages .* port \d+ \(Address already in use\): set PORT to a free port"),
            ("NIJA_WEB_PORT", r"the page .* port \d+ \(Address already in use\): set NIJA_WEB_PORT to a free port"),
        ],
    )
    def test_a_port_in_use_is_one_clear_error_that_names_the_variable(self, variable: str, said: str) -> None:
        with closing(taken()) as other, pytest.raises(PortUnusable, match=said):
            listen(Listener(LOOPBACK, (other.getsockname()[1],), has_page=True, variable=variable))

    def test_a_demo_takes_the_next_port_and_without_any_it_goes_on(self) -> None:
        with closing(taken()) as first, closing(free_port()) as second:
            busy, free = first.getsockname()[1], second.getsockname()[1]
            second.close()
            opened = listen(Listener(LOOPBACK, (busy, free), has_page=True))
            assert opened is not None
            with closing(opened):
                assert opened.getsockname()[1] == free
                assert listen(Listener(LOOPBACK, (busy, free), has_page=True)) is None


def taken() -> socket.socket:
    other = socket.socket()
    other.bind((LOOPBACK, 0))
    other.listen()
    return other


def free_port() -> socket.socket:
    other = socket.socket()
    other.bind((LOOPBACK, 0))
    return other


def test_the_address_of_the_page_is_a_line_of_the_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = configure_logging()
    try:
        with serving(WebRig(tmp_path, password_hash=None)) as rig:
            port = rig.port
    finally:
        log.close()
    assert f"🌐 The page: http://127.0.0.1:{port}\n" in capsys.readouterr().out


def test_a_listener_for_health_has_nothing_else(tmp_path: Path) -> None:
    with serving(WebRig(tmp_path, password_hash=None, has_page=False)) as rig:
        browser = rig.browser()
        assert browser.get("/healthz").status == 200
        for path in ("/", "/login", "/act/stop", "/static/vendor/SHA256SUMS", "/owners"):
            assert (browser.get(path).status, browser.get(path).text) == (404, "Not Found")


@pytest.mark.parametrize("has_password", [True, False])
def test_names_and_money_are_for_this_machine_the_token_and_the_owner(tmp_path: Path, *, has_password: bool) -> None:
    rig = WebRig(tmp_path, has_page=has_password, password_hash=PASSWORD_HASH if has_password else None)
    with serving(rig):
        here = rig.browser()
        elsewhere = rig.browser(Host="nija.example")
        allowed = rig.browser(Host="nija.example", Authorization=f"Bearer {METRICS_TOKEN}")
        wrong = rig.browser(Host="nija.example", Authorization="Bearer guess")
        for browser, knows in ((here, True), (elsewhere, False), (allowed, True), (wrong, False)):
            assert ("nija_account_equity" in browser.get("/metrics").text) is knows
            assert ("kraken:master" in browser.get("/readyz").text) is knows
            assert ("reason" in browser.get("/healthz").text) is knows
        if has_password:
            owner = rig.logged_in()
            owner.headers["Host"] = "nija.example"
            assert "nija_account_equity" in owner.get("/metrics").text


def test_the_page_keeps_scripts_and_asks_again_for_everything_else(tmp_path: Path) -> None:
    with serving(WebRig(tmp_path)) as rig:
        browser = rig.browser()
        assert "immutable" in str(browser.get("/static/vendor/htmx-2.0.11.min.js").headers["Cache-Control"])
        assert browser.get("/login").headers["Cache-Control"] == "no-store"


def test_stopping_ends_within_a_second_even_with_a_caller_who_never_finishes(tmp_path: Path) -> None:
    rig = WebRig(tmp_path)
    with serving(rig), closing(socket.create_connection((LOOPBACK, rig.port))) as caller:
        caller.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert rig.browser().get("/readyz").status == 200
        began = time.monotonic()
        rig.server.stop()
        assert time.monotonic() - began < 1.0
    assert not [thread for thread in threading.enumerate() if thread.name == "web"]


def test_callers_who_never_finish_take_a_bounded_number_of_connections(tmp_path: Path) -> None:
    with serving(WebRig(tmp_path)) as rig:
        most = CONNECTIONS_FOR_THE_GREEDY
        callers = [socket.create_connection((LOOPBACK, rig.port)) for _ in range(most + 4)]
        try:
            assert sum(is_closed(caller) for caller in callers[most:]) == 4
            assert not is_closed(callers[0], within=0.05)
        finally:
            for caller in callers:
                caller.close()


def test_callers_at_one_address_cannot_keep_out_another(tmp_path: Path) -> None:
    with serving(WebRig(tmp_path)) as rig:
        callers = [socket.create_connection((LOOPBACK, rig.port)) for _ in range(CONNECTIONS_AT_ONCE)]
        try:
            other = socket.create_connection((LOOPBACK, rig.port), source_address=("127.0.0.2", 0))
            callers.append(other)
            other.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert other.recv(15) == b"HTTP/1.1 200 OK"
        finally:
            for caller in callers:
                caller.close()


def is_closed(caller: socket.socket, within: float = 2.0) -> bool:
    caller.settimeout(within)
    try:
        return caller.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


def test_a_stream_is_not_cut_off_though_it_takes_longer_than_a_request_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nija.web.server.REQUEST_SECONDS", 0.05)
    with (
        serving(WebRig(tmp_path, password_hash=None)) as rig,
        closing(socket.create_connection((LOOPBACK, rig.port))) as caller,
    ):
        caller.sendall(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{rig.port}\r\n\r\n".encode())
        caller.settimeout(5)
        seen = b""
        while b"first" not in seen:
            seen += caller.recv(4_096)
        assert not is_closed(caller, within=0.3)


def test_a_server_that_could_not_start_leaves_nothing_open(tmp_path: Path) -> None:
    rig = WebRig(tmp_path)
    with closing(taken()) as other:
        wanted = (
            Listener(LOOPBACK, (0,), has_page=True, variable="NIJA_WEB_PORT"),
            Listener(LOOPBACK, (other.getsockname()[1],), has_page=False, variable="PORT"),
        )
        server = WebServer(rig.site, pages, wanted)
        with pytest.raises(PortUnusable):
            server.start()
        assert server.ports == ()
        server.stop()


def test_nonsense_does_not_fill_the_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = configure_logging()
    try:
        with serving(WebRig(tmp_path)) as rig:
            get_log("tests").info("from here")
            with closing(socket.create_connection((LOOPBACK, rig.port), timeout=5)) as caller:
                caller.sendall(b"\x16\x03\x01 nonsense\r\n\r\n")
                assert b"400" in caller.recv(64)
    finally:
        log.close()
    assert capsys.readouterr().out.partition("from here\n")[2] == ""


def test_a_stream_that_is_open_when_nija_stops_is_no_fault_in_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = configure_logging()
    try:
        with serving(WebRig(tmp_path, password_hash=None)) as rig:
            get_log("tests").info("from here")
            with closing(socket.create_connection((LOOPBACK, rig.port), timeout=5)) as caller:
                caller.sendall(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{rig.port}\r\n\r\n".encode())
                seen = b""
                while b"first" not in seen:
                    seen += caller.recv(4_096)
                rig.server.stop()
    finally:
        log.close()
    assert capsys.readouterr().out.partition("from here\n")[2] == ""
