"""What the log says of orders: each event once, in the texts that users look for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.model import ZERO, Side
from nija.log import lines

if TYPE_CHECKING:
    from decimal import Decimal

    from structlog.typing import FilteringBoundLogger

    from nija.journal.records import Intent, Plan


class Announcer:
    def __init__(self, log: FilteringBoundLogger) -> None:
        self._log = log
        self._said: dict[str, str] = {}

    def filled(self, intent: Intent, average_price: Decimal | None) -> None:
        text = lines.buy_filled if intent.request.side is Side.BUY else lines.sell_filled
        self._log.info(
            text(intent.market, intent.filled, average_price or ZERO),
            market=intent.market,
            order=intent.exchange_id,
            purpose=intent.purpose.name.lower(),
        )

    def stop_placed(self, intent: Intent) -> None:
        request = intent.request
        self._log.info(
            lines.stop_placed(intent.market, request.amount, request.stop_price or ZERO),
            market=intent.market,
            order=intent.exchange_id,
        )

    def stop_moved(self, intent: Intent) -> None:
        request = intent.request
        self._log.info(
            lines.stop_moved(intent.market, request.amount, request.stop_price or ZERO),
            market=intent.market,
            order=intent.exchange_id,
        )

    def stop_adopted(self, market: str, stop_price: Decimal) -> None:
        self._log.info(lines.stop_set_by_hand(market, stop_price), market=market)

    def written_off(self, plan: Plan, amount: Decimal, reason: str) -> None:
        self._log.info(
            f"{plan.market}: {lines.amount(amount)} stays in the account and is written off: {reason}",
            market=plan.market,
        )

    def found(self, kind: str, market: str, subject: str, repair: str) -> None:
        about = market if subject == market else f"{market} {subject}"
        self._log.warning(f"🔎 {kind}: {about}: {repair}", market=market, finding=kind)

    def note(self, text: str) -> None:
        self._log.info(text)

    def trouble(self, about: str, reason: str, **fields: object) -> None:
        """Something that needs attention: said once per change of reason."""
        if self._said.get(about) != reason:
            self._said[about] = reason
            self._log.warning(f"⚠️  {reason}", **fields)

    def mended(self, about: str) -> None:
        self._said.pop(about, None)
