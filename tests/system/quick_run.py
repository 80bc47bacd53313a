"""`nija run` by a clock that runs faster than the machine's, so that none of NIJA's own waits has to be shortened.

    python -m tests.system.quick_run WALL STEADY FACTOR

The arguments are those of an Epoch, which the exchange shares.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from unittest.mock import patch

from nija.cli import run
from tests.chaos.quick_clock import Epoch, QuickClock

if TYPE_CHECKING:
    import threading


def main() -> int:
    wall, steady, factor = map(float, sys.argv[1:])
    epoch = Epoch(wall, steady, factor)

    def clock(stop: threading.Event) -> QuickClock:
        return QuickClock(epoch, stop)

    with patch.object(run, "SystemClock", clock):
        return run.run_daemon()


if __name__ == "__main__":
    sys.exit(main())
