"""Network faults as seen by a real client over a real socket."""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import requests

from brokers.simulator.faults import FaultKind
from tests.simulator_fixtures import Rig, manual_rig

if TYPE_CHECKING:
    from collections.abc import Iterator

    import krakenex

ORDER = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "price": "40000", "volume": "0.01"}


@pytest.fixture(scope="module")
def running() -> Iterator[Rig]:
    with manual_rig() as rig:
        yield rig


@pytest.fixture
def rig(running: Rig) -> Rig:
    running.simulator.call(running.simulator.world.plan.clear)
    engine = running.simulator.world.faces[running.simulator.accounts[0].exchange].engine
    running.simulator.call(lambda: engine.cancel_all(running.account("kraken:master")))
    return running


@pytest.fixture
def api(rig: Rig) -> krakenex.API:
    return rig.kraken_api()


def add(api: krakenex.API, timeout: float = 5) -> object:
    return api.query_private("AddOrder", dict(ORDER), timeout=timeout)


def open_orders(rig: Rig) -> int:
    return rig.simulator.call(lambda: len(rig.account("kraken:master").open))


@pytest.mark.parametrize(
    ("kind", "acted"),
    [
        (FaultKind.DROP_BEFORE, 0),
        (FaultKind.DROP_AFTER, 1),
        (FaultKind.RESET, 1),
    ],
)
def test_a_lost_connection_leaves_the_order_placed_or_not(
    rig: Rig, api: krakenex.API, kind: FaultKind, acted: int
) -> None:
    rig.fault(kind, endpoint="AddOrder", count=1)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        add(api)
    assert open_orders(rig) == acted


@pytest.mark.parametrize(("kind", "acted"), [(FaultKind.ERROR_BEFORE, 0), (FaultKind.ERROR_AFTER, 1)])
def test_an_error_page_of_the_edge_says_nothing_of_the_order(
    rig: Rig, api: krakenex.API, kind: FaultKind, acted: int
) -> None:
    rig.fault(kind, endpoint="AddOrder", count=1, status=520)
    with pytest.raises(requests.HTTPError) as caught:
        add(api)
    assert caught.value.response is not None
    assert (caught.value.response.status_code, caught.value.response.headers["content-type"]) == (520, "text/html")
    assert open_orders(rig) == acted


def test_a_truncated_answer_is_invalid_json(rig: Rig, api: krakenex.API) -> None:
    rig.fault(FaultKind.TRUNCATE, endpoint="AddOrder", count=1)
    with pytest.raises(requests.exceptions.JSONDecodeError):
        add(api)
    assert open_orders(rig) == 1


@pytest.mark.parametrize(("kind", "acted"), [(FaultKind.HANG, 0), (FaultKind.DELAY_AFTER, 1)])
def test_a_silent_exchange_runs_into_the_clients_timeout(
    rig: Rig, api: krakenex.API, kind: FaultKind, acted: int
) -> None:
    rig.fault(kind, endpoint="AddOrder", count=1, seconds=40.0)
    with pytest.raises((requests.ConnectionError, requests.Timeout)):
        add(api, timeout=0.2)
    assert open_orders(rig) == acted


def test_a_slow_answer_comes_in_small_pieces(rig: Rig) -> None:
    rig.fault(FaultKind.SLOW_BODY, endpoint="Time", count=1, seconds=40.0)
    with requests.get(rig.simulator.kraken_url + "/0/public/Time", stream=True, timeout=1) as answer:
        assert next(answer.iter_content(1)) == b"{"


def test_a_delay_before_acting_can_carry_an_order_past_its_deadline(rig: Rig, api: krakenex.API) -> None:
    rig.fault(FaultKind.DELAY_BEFORE, endpoint="AddOrder", count=1, seconds=0.2)
    deadline = datetime.fromtimestamp(rig.clock.time() + 10, UTC).isoformat()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(api.query_private, "AddOrder", ORDER | {"deadline": deadline})
        while not rig.simulator.call(lambda: rig.simulator.world.plan.injected["delay_before"]):
            time.sleep(0.01)
        rig.clock.advance(11)
        assert answer.result() == {"error": ["EService:Deadline elapsed"]}
    assert open_orders(rig) == 0


def test_an_overtaken_request_is_refused_but_is_not_the_clients_mistake(rig: Rig, api: krakenex.API) -> None:
    rig.fault(FaultKind.DELAY_BEFORE, endpoint="AddOrder", count=1, seconds=1.5)
    before = len(rig.violations())
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(add, api)
        while not rig.simulator.call(lambda: rig.simulator.world.plan.injected["delay_before"]):
            time.sleep(0.01)
        assert "result" in rig.kraken_api().query_private("Balance")
        assert answer.result() == {"error": ["EAPI:Invalid nonce"]}
    assert (open_orders(rig), len(rig.violations()) - before) == (0, 0)


@pytest.mark.parametrize(
    ("kind", "error", "acted"),
    [
        (FaultKind.REFUSE_NONCE, "EAPI:Invalid nonce", 0),
        (FaultKind.RATE_LIMIT, "EAPI:Rate limit exceeded", 0),
        (FaultKind.REFUSE_KEY, "EAPI:Invalid key", 0),
        (FaultKind.REVOKE_PERMISSION, "EGeneral:Permission denied", 0),
        (FaultKind.LOCKOUT, "EGeneral:Temporary lockout", 0),
        (FaultKind.UNAVAILABLE_BEFORE, "EService:Unavailable", 0),
        (FaultKind.UNAVAILABLE_AFTER, "EService:Unavailable", 1),
    ],
)
def test_a_refusal_made_up_by_a_fault_is_in_the_exchanges_words(
    rig: Rig, api: krakenex.API, kind: FaultKind, error: str, acted: int
) -> None:
    rig.fault(kind, endpoint="AddOrder", count=1)
    assert add(api) == {"error": [error]}
    assert open_orders(rig) == acted


def test_an_answer_may_come_without_its_result(rig: Rig, api: krakenex.API) -> None:
    rig.fault(FaultKind.EMPTY_RESULT, endpoint="AddOrder", count=1)
    assert add(api) == {"error": []}
    assert open_orders(rig) == 1


def test_a_fault_of_one_account_does_not_touch_another(rig: Rig) -> None:
    rig.fault(FaultKind.ERROR_BEFORE, account="kraken:daivon_frazier")
    assert rig.kraken_api("master").query_private("Balance")["error"] == []
    with pytest.raises(requests.HTTPError):
        rig.kraken_api("daivon_frazier").query_private("Balance")


def test_the_connection_works_again_after_a_drop(rig: Rig, api: krakenex.API) -> None:
    rig.fault(FaultKind.DROP_AFTER, count=1)
    with pytest.raises(requests.ConnectionError):
        api.query_private("Balance")
    assert api.query_private("Balance")["error"] == []


def test_every_request_is_recorded_with_its_faults(rig: Rig, api: krakenex.API) -> None:
    rig.fault(FaultKind.DROP_AFTER, endpoint="AddOrder", count=1)
    with pytest.raises(requests.ConnectionError):
        add(api)
    record = rig.simulator.call(lambda: rig.simulator.world.records.requests[-1])
    assert (record.endpoint, record.account, record.status) == ("AddOrder", "kraken:master", 0)
    assert (record.faults, record.nonce is not None) == (("drop_after",), True)
    assert json.dumps(record.nonce)


def test_an_incomplete_request_is_ignored(rig: Rig) -> None:
    before = rig.simulator.call(lambda: len(rig.simulator.world.records.requests))
    host, port = rig.simulator.kraken_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"POST /0/private/Balance HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nnonce=")
    assert rig.kraken_api().query_private("Balance")["error"] == []
    after = rig.simulator.call(lambda: len(rig.simulator.world.records.requests))
    assert (after - before, rig.violations()) == (1, [])


@pytest.mark.parametrize("kind", [FaultKind.HANG, FaultKind.DELAY_AFTER, FaultKind.RESET])
def test_a_client_that_gives_up_leaves_no_trouble_behind(
    rig: Rig, kind: FaultKind, caplog: pytest.LogCaptureFixture
) -> None:
    url = rig.simulator.coinbase_url + "/api/v3/brokerage/time"
    rig.fault(kind, exchange="coinbase", count=1, seconds=0.3)
    with requests.Session() as session:
        session.trust_env = False
        with pytest.raises((requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)):
            session.get(url, verify=rig.simulator.ca_file, timeout=(10.0, 0.1))
    deadline = time.monotonic() + 10
    while not rig.simulator.call(lambda: kind.value in str(rig.simulator.world.records.requests[-1].faults)):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
