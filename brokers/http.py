"""HTTP session setup shared by all client libraries.

One TLS context, no hidden retries, and whether a failed request can have reached the exchange.
"""

from __future__ import annotations

import os
import ssl
import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import certifi
import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, ProtocolError
from urllib3.exceptions import ProxyError as ProxyFault

from brokers.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from urllib3.response import HTTPResponse

_BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_CHUNK = 65_536
USER_AGENT = "nija"

# OpenSSL reports these only during the handshake, before any byte of the request was sent.
_HANDSHAKE_REASONS = frozenset(
    {
        "CERTIFICATE_VERIFY_FAILED",
        "NO_PROTOCOLS_AVAILABLE",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "TLSV1_UNRECOGNIZED_NAME",
        "UNSUPPORTED_PROTOCOL",
        "WRONG_VERSION_NUMBER",
    }
)


def prepare_session(session: requests.Session, base_url: str) -> None:
    """Configure a client library's session for requests to `base_url`. Raises Unavailable for a bad CA bundle.

    The environment is read once, here. With `trust_env` left on, REQUESTS_CA_BUNDLE would override the session's own
    settings, a .netrc entry would replace the Authorization header, and every request would look both up again.
    """
    session.proxies.update(get_environ_proxies(base_url))
    session.trust_env = False
    # A redirect would send the signed headers to another host.
    session.max_redirects = 0
    session.headers["User-Agent"] = USER_AGENT
    for adapter in session.adapters.values():
        adapter.close()
    session.adapters.clear()
    if base_url.startswith("https"):
        session.mount("https://", _Adapter(tls_context()))
    else:
        session.mount("http://", _Adapter(None))


def tls_context() -> ssl.SSLContext:
    """One context per process, as each costs 700 KB. Certificate and host name are checked."""
    for variable in _BUNDLE_VARIABLES:
        if bundle := os.environ.get(variable):
            return _context(bundle, variable)
    return _context(certifi.where(), "certifi")


@lru_cache(maxsize=4)
def _context(bundle: str, named_by: str) -> ssl.SSLContext:
    folder = Path(bundle).is_dir()
    try:
        return ssl.create_default_context(cafile=None if folder else bundle, capath=bundle if folder else None)
    except OSError as error:
        raise Unavailable(
            f"{named_by} names {bundle}, which cannot be used as certificate authorities ({error}). "
            "Name a readable PEM file, or unset the variable."
        ) from error


class _Adapter(HTTPAdapter):
    """Bounds the time of the whole answer and uses the shared TLS context.

    The timeout of requests bounds each read alone, so a server that sends byte by byte could hold a thread forever;
    and requests would load the certificate authorities again for each connection.
    """

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._tls = {} if context is None else {"ssl_context": context}
        super().__init__(max_retries=0)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 - the overridden signature
        timeout: Any = None,  # noqa: ANN401 - the overridden signature
        *args: Any,  # noqa: ANN401 - the overridden signature
        **kwargs: Any,  # noqa: ANN401 - the overridden signature
    ) -> requests.Response:
        _, read = timeout if isinstance(timeout, tuple) else (None, timeout)
        started = time.monotonic()
        response = super().send(request, stream, timeout, *args, **kwargs)
        if read is not None:
            response.raw.stream = _bounded(response.raw, started + read)  # type: ignore[method-assign] # for one answer
        return response

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:  # noqa: FBT001, FBT002, ANN401 - the overridden signature
        super().init_poolmanager(connections, maxsize, block, **self._tls, **kwargs)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:  # noqa: ANN401 - the overridden signature
        return super().proxy_manager_for(proxy, **self._tls, **kwargs)

    def build_connection_pool_key_attributes(
        self,
        request: requests.PreparedRequest,
        verify: bool | str,  # noqa: ARG002, FBT001 - on a shared context, a request must not decide about verification
        cert: Any = None,  # noqa: ANN401 - the overridden signature
    ) -> tuple[Any, Any]:
        return super().build_connection_pool_key_attributes(request, True, cert)

    def close(self) -> None:
        """Closes the sockets too, which urllib3 would leave to the garbage collector."""
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            for key in manager.pools.keys():  # noqa: SIM118 - urllib3's container does not iterate
                pool = manager.pools.get(key)
                if pool is not None:
                    pool.close()
        super().close()

    def cert_verify(self, conn: Any, url: str, verify: bool | str, cert: Any) -> None:  # noqa: ANN401, FBT001 - the overridden signature
        """Nothing to do: the context verifies certificates."""


def _bounded(raw: HTTPResponse, deadline: float) -> Callable[..., Iterator[bytes]]:
    """A replacement for the body's `stream` that raises ProtocolError after `deadline` (monotonic seconds)."""

    def stream(_amount: int | None = None, decode_content: bool | None = None) -> Iterator[bytes]:  # noqa: FBT001 - the replaced signature
        # Breaks the reference cycle that would keep the answer and its socket until the garbage collector runs.
        vars(raw).pop("stream", None)
        # `read1` returns whatever has arrived; `read` would wait for the whole amount.
        while chunk := raw.read1(_CHUNK, decode_content=decode_content):
            yield chunk
            if time.monotonic() > deadline:
                raw.close()
                raise ProtocolError("the answer took too long")

    return stream


def definitely_not_sent(error: requests.RequestException) -> bool:
    """Whether certainly no byte of the request reached the exchange. False means unknown."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    return any(_is_before_sending(cause) for cause in _causes(error))


def describe(error: requests.RequestException) -> str:
    """A short cause for error messages, without headers or bodies."""
    if isinstance(error, requests.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, requests.ReadTimeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the answer was cut short or took too long"
    deepest = list(_causes(error))[-1]
    if isinstance(deepest, ssl.SSLError):
        return f"TLS failed: {deepest.reason or type(deepest).__name__}"
    cause = deepest.__cause__ or deepest
    return f"{cause.strerror or type(cause).__name__}" if isinstance(cause, OSError) else type(cause).__name__


def _is_before_sending(cause: BaseException) -> bool:
    if isinstance(cause, NewConnectionError | ConnectTimeoutError | ssl.SSLCertVerificationError):
        return True
    if isinstance(cause, ssl.SSLError):
        return cause.reason in _HANDSHAKE_REASONS
    return isinstance(cause, ProxyFault) and "Tunnel connection failed" in str(cause.original_error)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and its causes: requests and urllib3 keep them in arguments and attributes, not in `__cause__`."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = _wrapped(current)


def _wrapped(error: BaseException) -> BaseException | None:
    if isinstance(error, MaxRetryError):
        return error.reason
    if isinstance(error, ProxyFault):
        return error.original_error
    return next((arg for arg in error.args if isinstance(arg, BaseException)), None)
