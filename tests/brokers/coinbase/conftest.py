from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from brokers.coinbase.broker import CoinbaseBroker
from brokers.coinbase.client import CoinbaseClient
from brokers.coinbase.market_data import CoinbaseMarketData
from brokers.coinbase.public import CoinbasePublic
from brokers.coinbase.tokens import TokenSigner
from brokers.model import ApiKey
from tests.brokers.coinbase.scripted_exchange import Authority, Reply, ScriptedExchange, scripted_exchange
from tests.fakes import ManualClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brokers.exchange_clock import ExchangeClock


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One for the whole run: the TLS context made of its bundle is shared, as in the daemon."""
    return Authority.make(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def api_key() -> ApiKey:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )
    return ApiKey("organizations/11111111-1111-4111-8111-111111111111/apiKeys/nija", pem.decode())


@pytest.fixture
def scripted(authority: Authority, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedExchange]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", authority.bundle)
    with scripted_exchange(authority) as exchange:
        exchange.on("/time", lambda _: Reply({"epochMillis": str(int(clock.wall * 1000))}))
        yield exchange


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def exchange_clock(scripted: ScriptedExchange, clock: ManualClock) -> Iterator[ExchangeClock]:
    public = CoinbasePublic(base_url=scripted.url, clock=clock, timeout=5.0)
    yield public.exchange_clock
    public.close()


@pytest.fixture
def signer(api_key: ApiKey, exchange_clock: ExchangeClock) -> TokenSigner:
    return TokenSigner(api_key, exchange_clock.now)


@pytest.fixture
def client(
    scripted: ScriptedExchange, signer: TokenSigner, clock: ManualClock, exchange_clock: ExchangeClock
) -> Iterator[CoinbaseClient]:
    client = CoinbaseClient(signer, base_url=scripted.url, clock=clock, timeout=5.0, exchange_clock=exchange_clock)
    yield client
    client.close()


@pytest.fixture
def broker(scripted: ScriptedExchange, api_key: ApiKey, clock: ManualClock) -> Iterator[CoinbaseBroker]:
    broker = CoinbaseBroker(api_key, base_url=scripted.url, clock=clock, timeout=5.0)
    yield broker
    broker.close()


@pytest.fixture
def market_data(scripted: ScriptedExchange, clock: ManualClock) -> Iterator[CoinbaseMarketData]:
    data = CoinbaseMarketData(base_url=scripted.url, clock=clock, timeout=5.0)
    yield data
    data.close()
