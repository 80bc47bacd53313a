"""What one more account costs in memory: the same daemon with 5 and with 55 accounts, half of them on each exchange.

Run: python -m bench.memory
"""

from __future__ import annotations

import time

from bench.crowd import crowd

FEW = 5
MANY = 55
TARGET_MB = 1.0
_SETTLE = 20.0
_MB = 1024 * 1024


def resident(size: int) -> float:
    """Megabytes once everything has been fetched and computed at least once."""
    with crowd(size) as daemon:
        time.sleep(_SETTLE)
        return daemon.rss_bytes() / _MB


def main() -> None:
    few, many = resident(FEW), resident(MANY)
    each = (many - few) / (MANY - FEW)
    verdict = "within" if each <= TARGET_MB else "ABOVE"
    print(f"{FEW} accounts {few:.1f} MB, {MANY} accounts {many:.1f} MB = {many / few:.2f} x")
    print(f"one more account {each:.2f} MB ({verdict} target of {TARGET_MB:.0f} MB)")


if __name__ == "__main__":
    main()
