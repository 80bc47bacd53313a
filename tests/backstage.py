"""Long runs go on in the background, so that no test waits for what another could wait for as well.

What a test marked `backstage.with_args(play)` needs begins before the first test: `play(folder)` runs in a thread of
its own, and the test gets what it returned as `outcome`.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Play = Callable[[Path], object]
    Ending = Future[object]

# Most of a play is waiting: so many keep two cores busy and starve no daemon.
_AT_ONCE = 3
# Seconds; a test may have to wait for several plays before its own begins.
_LONGEST_WAIT = 400.0


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "backstage(play): play(folder) runs beside other tests; see `outcome`")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Last come the tests that wait for a play, so that all others pass meanwhile."""
    items.sort(key=lambda item: item.get_closest_marker("backstage") is not None)


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
    return _plays[mark.args[0]].result(_LONGEST_WAIT)
