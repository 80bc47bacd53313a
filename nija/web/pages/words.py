"""How the pages put an account's state into words and colours."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from accounts.identity import AccountId, full_name
from nija.status.report import TRADING, UNDERFUNDED, AccountStatus, LimitDistance

if TYPE_CHECKING:
    from decimal import Decimal

    from nija.risk.no_trade import NoTradeReason

FAILED = "FAILED"
_AHEAD = frozenset({"CONFIGURED", "CONNECTING", "CONNECTED"})


class Tone(StrEnum):
    """The colour of a word; the word itself says the same."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    CALM = "calm"


def owner_of(account: AccountStatus) -> str:
    """`MASTER`, or the owner's name."""
    return account.label.removeprefix("USER ")


def exchange_of(account: AccountStatus) -> str:
    return full_name(AccountId.parse(account.id).exchange)


def address_of(account_id: str) -> str:
    """The path of an account's page."""
    return "/account/" + account_id.replace(":", "/", 1)


def tone_of(account: AccountStatus) -> Tone:
    state = account.shown_state
    if state == FAILED:
        return Tone.BAD
    if account.faults or state in (UNDERFUNDED, "PAUSED"):
        return Tone.WARN
    return Tone.CALM if state in _AHEAD else Tone.GOOD


def tone_of_change(change: Decimal | None) -> Tone:
    if change is None or change == 0:
        return Tone.CALM
    return Tone.GOOD if change > 0 else Tone.BAD


def why_not_trading(account: AccountStatus) -> str:
    """One sentence; empty if nothing is to be said."""
    if account.state == FAILED or (account.reason and account.state != TRADING):
        return sentence(account.reason) or "The reason is in nija.log"
    if not account.is_known:
        return "Waiting for the first cycle"
    return sentence("; ".join(_joined(account.not_trading)))


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def moment(time: datetime | None) -> str:
    """`2026-01-31 09:05` in UTC."""
    return "unknown" if time is None else f"{time:%Y-%m-%d %H:%M}"


def moment_of(time: float) -> str:
    """The same of Unix seconds."""
    return moment(datetime.fromtimestamp(time, UTC))


def limit_share(limit: LimitDistance) -> int:
    """How much of a limit is used, in whole percent from 0 to 100."""
    if limit.limit <= 0:
        return 100
    return max(0, min(100, int(100 * limit.value / limit.limit)))


def tone_of_limit(limit: LimitDistance) -> Tone:
    share = limit_share(limit)
    return Tone.BAD if share >= 100 else Tone.WARN if share >= 70 else Tone.CALM  # noqa: PLR2004  percent


def _joined(reasons: tuple[NoTradeReason, ...]) -> list[str]:
    """One text for all markets with the same reason."""
    markets: dict[str, list[str]] = {}
    for reason in reasons:
        markets.setdefault(reason.text, []).append(reason.market or "")
    everywhere = len(markets) == 1
    return [text if everywhere or not any(names) else f"{', '.join(names)}: {text}" for text, names in markets.items()]
