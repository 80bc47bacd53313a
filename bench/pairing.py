"""CPU time of one request through NIJA's broker against the same one through the bare library, round by round."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_ROUNDS = 9
_REQUESTS = 40
_TARGET = 1.15


class ImpatientClock:
    """Waits pass at once, and a minute passes at each look: limits are counted, but there is always room."""

    stopping = False

    def __init__(self) -> None:
        self._ahead = 0.0

    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        self._ahead += 60.0
        return time.monotonic() + self._ahead

    def sleep(self, seconds: float) -> None:
        self._ahead += seconds

    def pause(self, seconds: float) -> None:
        self._ahead += seconds


def compare(library: str, bare: Callable[[], object], ours: Callable[[], object]) -> None:
    """Print both figures and their ratio, medians over the rounds; the first round only warms up."""
    rounds = [(_cpu_of(bare), _cpu_of(ours)) for _ in range(_ROUNDS + 1)][1:]
    ratio = median(through / base for base, through in rounds)
    for name, cost in ((library, [base for base, _ in rounds]), ("NIJA's broker", [through for _, through in rounds])):
        print(f"{name:<26}{median(cost):6.0f} µs CPU a request")
    print(f"{'ratio':<26}{ratio:6.2f} (target: at most {_TARGET})")


def _cpu_of(request: Callable[[], object]) -> float:
    """Microseconds of this process per request."""
    started = time.process_time()
    for _ in range(_REQUESTS):
        request()
    return (time.process_time() - started) / _REQUESTS * 1e6
