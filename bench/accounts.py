"""What accounts cost that have nothing to do: processor time of a daemon with 1 and with 100 accounts at rest.

Run: python -m bench.accounts
"""

from __future__ import annotations

import time

from bench.crowd import crowd

FEW = 1
MANY = 100
_SETTLE = 15.0
_MEASURED = 60.0


def cpu_percent(size: int) -> float:
    """Of one processor."""
    with crowd(size) as daemon:
        time.sleep(_SETTLE)
        before = daemon.cpu_seconds()
        time.sleep(_MEASURED)
        return (daemon.cpu_seconds() - before) / _MEASURED * 100


def main() -> None:
    few, many = cpu_percent(FEW), cpu_percent(MANY)
    print(f"{FEW} account {few:.2f} %, {MANY} accounts {many:.2f} % of one processor = {many / max(few, 0.01):.1f} x")
    print(f"one more account {(many - few) / (MANY - FEW):.3f} % of one processor")


if __name__ == "__main__":
    main()
