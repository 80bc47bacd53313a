"""The simulator as a whole: prices, threads, shutdown."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from brokers.clock import SystemClock
from brokers.model import Exchange
from brokers.simulator.config import Limits, SimulatorConfig, made_up_accounts
from brokers.simulator.server import running_simulator
from brokers.simulator.world import build_world
from tests.fakes import ManualClock

CONFIG = SimulatorConfig(made_up_accounts(1), speed=86_400, limits=Limits(public=False))
_SERVE = """
import json
from dataclasses import asdict
from brokers.clock import SystemClock
from brokers.simulator.config import SimulatorConfig, made_up_accounts
from brokers.simulator.server import serve
serve(SimulatorConfig(made_up_accounts(1)), SystemClock(), lambda found: print(json.dumps(asdict(found)), flush=True))
"""


def daily(url: str) -> list[list[object]]:
    answer = requests.get(url + "/0/public/OHLC?pair=XBTUSD&interval=1440", timeout=5).json()
    rows: list[list[object]] = answer["result"]["XXBTZUSD"]
    return rows


def test_market_time_runs_ahead_of_the_wall_clock_and_never_into_the_future() -> None:
    started = time.monotonic()
    with running_simulator(CONFIG) as simulator:
        assert time.monotonic() - started < 5
        first = daily(simulator.kraken_url)
        deadline = time.monotonic() + 10
        while (later := daily(simulator.kraken_url))[-1][0] == first[-1][0] and time.monotonic() < deadline:
            time.sleep(0.05)
        assert later[-1][0] != first[-1][0]
        assert len(later) == 720
        assert int(str(later[-1][0])) < time.time() - 86_400


def test_nothing_of_it_is_left_when_the_block_ends() -> None:
    threads = threading.active_count()
    with running_simulator(CONFIG) as simulator:
        folder = Path(simulator.ca_file).parent
        assert folder.is_dir()
    assert threading.active_count() == threads
    assert not folder.exists()
    with pytest.raises(requests.ConnectionError):
        requests.get(simulator.admin_url + "/health", timeout=1)


def test_it_ends_at_once_with_a_request_still_hanging() -> None:
    with running_simulator(CONFIG) as simulator:
        requests.post(simulator.admin_url + "/faults", json={"kind": "hang", "seconds": 60}, timeout=5)
        with pytest.raises(requests.Timeout):
            requests.get(simulator.kraken_url + "/0/public/Time", timeout=0.1)
        started = time.monotonic()
    assert time.monotonic() - started < 2


def test_a_failure_to_start_is_raised_in_the_caller(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"candle|csv|market"), running_simulator(replace(CONFIG, candles=tmp_path)):
        pass


def test_a_replay_offers_the_markets_it_has_candles_of(tmp_path: Path) -> None:
    lines = ["time,open,high,low,close,volume"]
    lines += [f"{1_600_000_000 // 3600 * 3600 + hour * 3600},100,103,99,{100 + hour % 3},5" for hour in range(400)]
    with gzip.open(tmp_path / "kraken-ETH-USD-1h.csv.gz", "wt") as file:
        file.write("\n".join(lines) + "\n")
    start = datetime.fromtimestamp(1_600_500_000, UTC)
    config = replace(CONFIG, candles=tmp_path, start=start, speed=3600)
    world = build_world(config, ManualClock())
    assert set(world.faces[Exchange.KRAKEN].engine.exchange.markets) == {"ETH/USD"}
    assert set(world.faces[Exchange.COINBASE].engine.exchange.markets) == set()


def test_the_same_seed_makes_the_same_market() -> None:
    def prices() -> dict[str, object]:
        world = build_world(CONFIG, ManualClock())
        board = world.faces[Exchange.KRAKEN].engine.exchange.board
        return {symbol: board.last(symbol) for symbol in board.symbols()}

    assert prices() == prices()
    assert len(prices()) >= 8


def test_serving_in_the_main_thread_ends_with_a_signal() -> None:
    root = str(Path(__file__).resolve().parents[3])
    with subprocess.Popen(  # noqa: S603  our own script
        [sys.executable, "-W", "error", "-c", _SERVE],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": root},
    ) as process:
        assert process.stdout is not None
        found = json.loads(process.stdout.readline())
        assert requests.get(found["admin_url"] + "/health", timeout=5).ok
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")


def test_the_price_path_costs_little() -> None:
    world = build_world(CONFIG, SystemClock())
    world.tick()
    before = time.process_time()
    for _ in range(50):
        time.sleep(0.002)
        world.tick()
    assert time.process_time() - before < 0.25
