"""Long runs go on in the background, so that no test waits for what another could wait for as well.

`live_run` and `replay_run` are started by the first tests that need them and judged by the last: the order of the files
does it. What a test marked `backstage.with_args(play)` needs begins with the first test of this folder: `play(folder)`
runs in a thread of its own, and the test gets what it returned as `outcome`.
"""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from dotenv import dotenv_values

pytest.register_assert_rewrite("tests.system.judge")

from tests.made_up import accounts  # noqa: E402 - the same
from tests.system.daemon import Daemon  # noqa: E402 - after what prepares its import
from tests.system.exchange import FOUR, Venue, exchange  # noqa: E402 - the same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Play = Callable[[Path], object]
    Ending = Future[object]

_AT_ONCE = 2
_LONGEST_PLAY = 200.0
_BESIDE_THE_REPOSITORY = Path(__file__).resolve().parents[3] / "shared" / "data" / "candles"
_UNHURRIED = "[risk]\nmax_daily_loss = 0.9\nmax_drawdown = 0.9\n"


def tiers(tier: str) -> str:
    """A Kraken account may ask the more often the higher its tier, and so trades the faster here."""
    return "".join(f'[accounts."{account}"]\nkraken_tier = "{tier}"\n' for account in FOUR if "kraken" in account)


EAGER = f"""[trading]
strategy = "tests.system.strategies:Eager"
poll_seconds = 0.5
max_candle_age = 0
{_UNHURRIED}{tiers("pro")}"""
_QUICK_TREND = f"""[trading]
poll_seconds = 0.5
max_candle_age = 0
[strategy.trend]
entry = 2
exit = 2
stop_atr = 1.0
{_UNHURRIED}{tiers("intermediate")}"""


@dataclass(frozen=True, slots=True)
class Run:
    venue: Venue
    daemon: Daemon


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "backstage(play): play(folder) runs beside the tests before; see `outcome`")


@pytest.fixture(scope="session", autouse=True)
def _plays(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Play, Ending]]:
    wanted = [mark.args[0] for item in request.session.items for mark in item.iter_markers("backstage")]
    with ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="backstage") as pool:
        plays = {play: pool.submit(play, tmp_path_factory.mktemp(play.__name__)) for play in dict.fromkeys(wanted)}
        try:
            yield plays
        finally:
            pool.shutdown(cancel_futures=True)


@pytest.fixture
def outcome(request: pytest.FixtureRequest, _plays: dict[Play, Ending]) -> object:
    """What the play of this test's mark returned. Raises what it raised."""
    mark = request.node.get_closest_marker("backstage")
    return _plays[mark.args[0]].result(_LONGEST_PLAY)


@pytest.fixture(scope="session")
def live_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Three accounts on Kraken and one on Coinbase, connected as far apart as in real life."""
    folder = tmp_path_factory.mktemp("live")
    (folder / "nija.toml").write_text(EAGER)
    with exchange(accounts(*FOUR)) as venue:
        environment = {name: value for name, value in venue.environment.items() if name != "NIJA_CONNECT_DELAY"}
        with Daemon(folder, environment) as daemon:
            yield Run(venue, daemon)


@pytest.fixture(scope="session")
def replay_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The same accounts on real candles, served by `nija simulate` as a user would start it."""
    candles = Path(os.environ.get("NIJA_TEST_CANDLES", _BESIDE_THE_REPOSITORY))
    if not candles.is_dir():
        pytest.skip(f"no real candles in {candles}; set NIJA_TEST_CANDLES to the folder that has them")
    folder, exchange_folder = tmp_path_factory.mktemp("replay"), tmp_path_factory.mktemp("replay-exchange")
    (folder / "nija.toml").write_text(_QUICK_TREND)
    serve = ("simulate", "--candles", str(candles), "--speed", "172800", "--money", "10000", "--env-file", "env")
    with Daemon(exchange_folder, {}, serve) as simulator:
        admin_url = simulator.wait_for("# Books and faults:").split()[-1].removesuffix("/state")
        values = dotenv_values(exchange_folder / "env", interpolate=False)
        environment = {name: value for name, value in values.items() if value is not None}
        with Daemon(folder, environment | {"NIJA_CONNECT_DELAY": "0"}) as daemon:
            yield Run(Venue(admin_url, environment), daemon)
