from __future__ import annotations

import gc
import os
import socket
import ssl
import threading
import time
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import requests
import trustme

from brokers.errors import Unavailable
from brokers.http import definitely_not_sent, describe, prepare_session, tls_context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PLAIN_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def server(talk: Callable[[socket.socket], None], wrap: ssl.SSLContext | None = None) -> Iterator[int]:
    """One conversation after another, on a loopback port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def run() -> None:
            while True:
                try:
                    plain, _ = listening.accept()
                except OSError:
                    return
                with plain:
                    try:
                        if wrap is None:
                            talk(plain)
                        else:
                            with wrap.wrap_socket(plain, server_side=True) as secure:
                                talk(secure)
                    except OSError:
                        continue

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        yield int(listening.getsockname()[1])
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@contextmanager
def session_for(url: str) -> Iterator[requests.Session]:
    with requests.Session() as session:
        prepare_session(session, url)
        yield session


def failure_of(url: str, timeout: tuple[float, float] = (1.0, 0.5)) -> requests.RequestException:
    with session_for(url) as session, pytest.raises(requests.RequestException) as caught:
        session.get(url, timeout=timeout)
    return caught.value


def answer(text: bytes) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(text)

    return talk


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """A certificate authority configured by SSL_CERT_FILE."""
    made = trustme.CA()
    bundle = tmp_path / "ca.pem"
    made.cert_pem.write_to_path(str(bundle))
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    return made


def tls_server_context(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


class TestWhetherItWasSent:
    def test_a_refused_connection_was_not_sent(self) -> None:
        error = failure_of("http://127.0.0.1:9")
        assert definitely_not_sent(error)
        assert describe(error) == "Connection refused"

    def test_a_name_that_does_not_resolve_was_not_sent(self) -> None:
        assert definitely_not_sent(failure_of("http://nosuch.invalid"))

    def test_a_connect_timeout_was_not_sent(self) -> None:
        assert definitely_not_sent(requests.ConnectTimeout("slow"))

    def test_a_certificate_of_a_stranger_was_not_sent(self, authority: trustme.CA) -> None:
        with server(answer(PLAIN_OK), tls_server_context(trustme.CA())) as port:
            error = failure_of(f"https://127.0.0.1:{port}")
        assert definitely_not_sent(error)
        assert "CERTIFICATE_VERIFY_FAILED" in describe(error)

    def test_a_certificate_for_another_name_was_not_sent(self, authority: trustme.CA) -> None:
        with server(answer(PLAIN_OK), tls_server_context(authority, "elsewhere.example")) as port:
            assert definitely_not_sent(failure_of(f"https://127.0.0.1:{port}"))

    def test_a_server_that_speaks_no_tls_was_not_sent(self, authority: trustme.CA) -> None:
        with server(answer(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
            assert definitely_not_sent(failure_of(f"https://127.0.0.1:{port}"))

    @pytest.mark.parametrize(
        "text",
        [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", b"rubbish\r\n\r\n"],
        ids=["closed without an answer", "cut short", "not HTTP"],
    )
    def test_anything_after_the_request_left_is_unknown(self, text: bytes) -> None:
        with server(answer(text)) as port:
            assert not definitely_not_sent(failure_of(f"http://127.0.0.1:{port}"))

    def test_a_read_timeout_is_unknown(self) -> None:
        with server(lambda _: time.sleep(0.4)) as port:
            error = failure_of(f"http://127.0.0.1:{port}", (1.0, 0.1))
        assert isinstance(error, requests.ReadTimeout)
        assert not definitely_not_sent(error)

    def test_a_kept_connection_that_went_stale_is_unknown(self) -> None:
        """The server may have read the request before it closed."""

        def once(connection: socket.socket) -> None:
            connection.recv(65_536)
            connection.sendall(PLAIN_OK)
            connection.recv(65_536)

        with server(once) as port, session_for(url := f"http://127.0.0.1:{port}") as session:
            session.get(url, timeout=1)
            with pytest.raises(requests.ConnectionError) as caught:
                session.post(url, data={"a": "b"}, timeout=1)
        assert not definitely_not_sent(caught.value)

    def test_a_proxy_that_opens_no_tunnel_has_not_sent_it(
        self, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with server(answer(b"HTTP/1.1 403 Forbidden\r\n\r\n")) as port:
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
            assert definitely_not_sent(failure_of("https://nosuch.invalid"))


class TestTheWholeAnswer:
    def test_a_server_that_drips_is_given_up_in_time(self) -> None:
        def drip(connection: socket.socket) -> None:
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            for _ in range(100):
                connection.sendall(b"x")
                time.sleep(0.02)

        started = time.monotonic()
        with server(drip) as port:
            error = failure_of(f"http://127.0.0.1:{port}", (1.0, 0.2))
        assert time.monotonic() - started < 1.5
        assert not definitely_not_sent(error)
        assert "too long" in describe(error)

    def test_an_answer_in_chunks_arrives_whole(self) -> None:
        chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
        with server(answer(chunked)) as port, session_for(url := f"http://127.0.0.1:{port}") as session:
            assert session.get(url, timeout=1).text == "hello world"


class TestTrust:
    def test_all_sessions_share_one_context(self, authority: trustme.CA) -> None:
        assert tls_context() is tls_context()

    def test_the_named_authorities_are_trusted(self, authority: trustme.CA) -> None:
        with (
            server(answer(PLAIN_OK), tls_server_context(authority)) as port,
            session_for(url := f"https://127.0.0.1:{port}") as session,
        ):
            assert session.get(url, timeout=1).text == "ok"

    def test_requests_own_variable_comes_before_ssl_cert_file(
        self, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", os.environ["SSL_CERT_FILE"])
        monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
        assert tls_context().get_ca_certs()

    def test_verification_cannot_be_switched_off_for_all_through_one_session(self, authority: trustme.CA) -> None:
        with (
            server(answer(PLAIN_OK), tls_server_context(trustme.CA())) as port,
            session_for(url := f"https://127.0.0.1:{port}") as session,
            pytest.raises(requests.exceptions.SSLError),
        ):
            session.get(url, timeout=1, verify=False)
        assert tls_context().verify_mode is ssl.CERT_REQUIRED

    def test_a_bundle_that_is_not_there_is_named_with_its_variable(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")
        with pytest.raises(Unavailable, match=r"REQUESTS_CA_BUNDLE names /nowhere/ca\.pem"):
            tls_context()


class TestTheEnvironment:
    def test_a_proxy_of_the_environment_is_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with server(answer(PLAIN_OK)) as port:
            monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
            with session_for("http://nosuch.invalid") as session:
                assert session.get("http://nosuch.invalid/", timeout=1).text == "ok"

    def test_an_address_that_needs_no_proxy_gets_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with server(answer(PLAIN_OK)) as port, session_for(url := f"http://127.0.0.1:{port}") as session:
            assert session.get(url, timeout=1).text == "ok"

    def test_a_netrc_entry_does_not_replace_our_authorization(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login someone password else\n")
        monkeypatch.setenv("NETRC", str(netrc))
        seen: list[bytes] = []

        def listen(connection: socket.socket) -> None:
            seen.append(connection.recv(65_536))
            connection.sendall(PLAIN_OK)

        with server(listen) as port, session_for(url := f"http://127.0.0.1:{port}") as session:
            session.get(url, timeout=1, headers={"Authorization": "Bearer ours"})
        assert b"Bearer ours" in seen[0]

    def test_a_redirect_is_not_followed(self) -> None:
        with server(
            answer(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n")
        ) as port:
            error = failure_of(f"http://127.0.0.1:{port}")
        assert isinstance(error, requests.TooManyRedirects)
        assert not definitely_not_sent(error)


def test_an_answer_is_gone_once_it_was_read_without_the_garbage_collector() -> None:
    def answer(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(PLAIN_OK)

    with server(answer) as port, session_for(f"http://127.0.0.1:{port}") as session:
        gc.disable()
        try:
            raw = weakref.ref(session.get(f"http://127.0.0.1:{port}/", timeout=(1.0, 1.0)).raw)
            assert raw() is None
        finally:
            gc.enable()
