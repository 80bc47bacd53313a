"""Market time: the clock the candles live on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AcceleratedMarketClock:
    """Runs `speed` times faster than the wall clock, from `market_start` at the moment `wall_start`.

    Market time never passes the wall clock, so that no candle is labelled with the future: having caught up, it
    goes on at the wall clock's own pace. Unix seconds throughout.
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
        """Whether market time is the wall clock's, so that a running candle can be told from a closed one by it."""
        return self.speed == 1 and self.market_start == self.wall_start
