"""What the log says of orders: each event once, in the texts that users look for."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

from brokers.model import ZERO

if TYPE_CHECKING:
    from collections.abc import Iterable

    from structlog.typing import FilteringBoundLogger

    from brokers.model import Fill
    from nija.journal.records import Intent, Plan


class Announcer:
    def __init__(self, log: FilteringBoundLogger) -> None:
        self._log = log
        self._said: dict[str, str] = {}

    def filled(self, intent: Intent, fills: Iterable[Fill]) -> None:
        amount, value = ZERO, ZERO
        for fill in fills:
            amount += fill.amount
            value += fill.amount * fill.price
        side = intent.request.side.value.upper()
        self._log.info(
            f"✅ {side} order filled: {intent.market} {amount:.8f} @ {money(value / amount)}",
            market=intent.market,
            order=intent.exchange_id,
            purpose=intent.purpose.name.lower(),
        )

    def stop_placed(self, intent: Intent) -> None:
        request = intent.request
        self._log.info(
            f"🛡️ Stop placed: {intent.market} {request.amount:.8f} @ {money(request.stop_price or ZERO)}",
            market=intent.market,
            order=intent.exchange_id,
        )

    def stop_moved(self, intent: Intent) -> None:
        request = intent.request
        self._log.info(
            f"🛡️ Stop moved: {intent.market} {request.amount:.8f} @ {money(request.stop_price or ZERO)}",
            market=intent.market,
            order=intent.exchange_id,
        )

    def written_off(self, plan: Plan, amount: Decimal, reason: str) -> None:
        self._log.info(f"{plan.market}: {amount:.8f} left over and forgotten: {reason}", market=plan.market)

    def trouble(self, about: str, reason: str, **fields: object) -> None:
        """Something that needs attention: said once per change of reason."""
        if self._said.get(about) != reason:
            self._said[about] = reason
            self._log.warning(f"⚠️  {reason}", **fields)

    def mended(self, about: str) -> None:
        self._said.pop(about, None)


def money(price: Decimal) -> str:
    """Dollars and cents, with more digits where cents say nothing."""
    if price >= 1 or price == ZERO:
        return f"${price.quantize(Decimal('0.01'), rounding=ROUND_HALF_EVEN)}"
    return f"${price:.8f}"
