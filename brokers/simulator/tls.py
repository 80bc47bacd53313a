"""A private certificate authority, so that a face that requires TLS can be served on loopback."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import trustme
from requests.utils import DEFAULT_CA_BUNDLE_PATH

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAMES = ("localhost", "127.0.0.1", "::1")
_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """`ca` is the private authority, `bundle` adds the public ones: for REQUESTS_CA_BUNDLE and SSL_CERT_FILE."""

    ca: Path
    bundle: Path
    certificate: Path
    key: Path


def make_tls_files(directory: Path, *, public_roots: Path | None = None, names: Sequence[str] = _NAMES) -> TlsFiles:
    """Create an authority and a certificate for `names`, and write them as PEM files.

    `public_roots` are the other authorities to trust, by default those of requests. The authority's own key is never
    written, so nothing else can be signed with it.
    """
    directory.mkdir(parents=True, exist_ok=True)
    files = TlsFiles(
        ca=directory / "ca.pem",
        bundle=directory / "ca-bundle.pem",
        certificate=directory / "server.pem",
        key=directory / "server.key",
    )
    authority = trustme.CA(organization_name="NIJA simulator")
    server = authority.issue_cert(*names)
    roots = public_roots or Path(DEFAULT_CA_BUNDLE_PATH)
    files.key.touch(mode=_OWNER_ONLY)
    files.key.chmod(_OWNER_ONLY)
    server.private_key_pem.write_to_path(files.key)
    files.certificate.write_bytes(b"".join(part.bytes() for part in server.cert_chain_pems))
    authority.cert_pem.write_to_path(files.ca)
    files.bundle.write_bytes(roots.read_bytes() + b"\n" + authority.cert_pem.bytes())
    return files
