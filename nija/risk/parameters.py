"""The numbers an account's risk is held to: [risk] of nija.toml with the account's own multiplier."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class RiskLimits:
    """Fractions are of equity; `min_balance` is in quote currency; `risk_multiplier` scales `risk_per_trade` alone."""

    risk_per_trade: Decimal = Decimal("0.02")
    max_position: Decimal = Decimal("0.25")
    max_exposure: Decimal = Decimal("0.50")
    max_positions: int = 4
    max_daily_loss: Decimal = Decimal("0.08")
    max_drawdown: Decimal = Decimal("0.35")
    min_balance: Decimal = Decimal(25)
    risk_multiplier: Decimal = Decimal(1)
    disabled_markets: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name in ("risk_per_trade", "max_position", "max_exposure", "max_daily_loss", "max_drawdown"):
            value = getattr(self, name)
            if not 0 < value <= 1:
                raise ValueError(f"{name} = {value}: expected a fraction of equity above 0, at most 1")
        if self.risk_multiplier <= 0:
            raise ValueError(f"risk_multiplier = {self.risk_multiplier}: expected a number above 0")
        if self.min_balance < 0 or self.max_positions < 0:
            raise ValueError("min_balance and max_positions are at least 0")
