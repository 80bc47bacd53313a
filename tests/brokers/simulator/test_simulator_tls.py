from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from brokers.simulator.tls import make_tls_files

if TYPE_CHECKING:
    from pathlib import Path


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> None:
    """Both ends in memory; raises ssl.SSLError if the client does not trust the certificate."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    here = client.wrap_bio(to_client, to_server, server_hostname=name)
    there = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (here, there):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue


def test_clients_with_our_authority_trust_localhost_and_nobody_else_does(tmp_path: Path) -> None:
    files = make_tls_files(tmp_path / "tls")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files.certificate, files.key)
    for trusted in (files.ca, files.bundle):
        for name in ("localhost", "127.0.0.1"):
            handshake(server, ssl.create_default_context(cafile=str(trusted)), name)
    with pytest.raises(ssl.SSLCertVerificationError, match=r"[Hh]ostname"):
        handshake(server, ssl.create_default_context(cafile=str(files.ca)), "api.coinbase.com")
    other = make_tls_files(tmp_path / "other")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server, ssl.create_default_context(cafile=str(other.ca)), "localhost")


def test_the_bundle_holds_the_public_authorities_too(tmp_path: Path) -> None:
    files = make_tls_files(tmp_path)
    bundle, ours = files.bundle.read_text(), files.ca.read_text().strip()
    assert bundle.count("BEGIN CERTIFICATE") > 50
    assert bundle.strip().endswith(ours)
    again = make_tls_files(tmp_path / "again", public_roots=files.ca)
    assert again.bundle.read_text().count("BEGIN CERTIFICATE") == 2


def test_the_servers_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    assert make_tls_files(tmp_path).key.stat().st_mode & 0o777 == 0o600
