"""Market time: the clock of the candles."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AcceleratedMarketClock:
    """Runs `speed` times faster than the wall clock, from `market_start` at the moment `wall_start`.

    Market time never overtakes the wall clock, so that no candle is dated in the future: once it has caught up, it
    continues at the pace of the wall clock. All times are Unix seconds.
    """

    wall_start: float
    market_start: float
    speed: float

    def __post_init__(self) -> None:
        if self.speed <= 0:
            raise ValueError(f"the speed must be above 0, not {self.speed}")
        if self.market_start > self.wall_start:
            raise ValueError("market time cannot start in the future: choose an earlier start")

    def market_time(self, wall: float) -> float:
        return min(self.market_start + (wall - self.wall_start) * self.speed, wall)

    @property
    def is_wall_time(self) -> bool:
        """Whether market time equals the wall clock, so that the wall clock tells an open candle from a closed one."""
        return self.speed == 1 and self.market_start == self.wall_start
