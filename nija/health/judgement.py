"""What is wrong with an account, and whether the daemon does useful work: the one place that decides it.

/healthz, `nija status`, metrics and notifications all use it. There are two separate questions. *Health* lists every
fault, down to one position without a stop. *Liveness* is whether any account works at all. Platforms restart what is
not alive, and a restart does not fix a missing stop: it only interrupts the protection of every other account.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokers.figures import duration
from nija.status.report import AccountFault, AccountFaultKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from nija.status.report import AccountStatus, MarketStatus, PositionStatus
    from nija.trader.view import ProtectionView

# A trader works every few seconds; a short maintenance of an exchange must not cause a restart.
SILENT_SECONDS = 300.0
START_SECONDS = 180.0
# Only one or two calls lie between a fill and its stop, so a longer gap is a fault.
BARE_SECONDS = 30.0
CONNECTED = frozenset({"CONNECTED", "TRADING", "PAUSED"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """`healthy` is liveness: whether useful work is done. `faults` are reported with it but do not affect it."""

    healthy: bool
    reason: str
    faults: tuple[str, ...] = ()


def judge(accounts: Collection[AccountStatus], now: datetime, uptime: float) -> Verdict:
    """Alive while any account works: restarting the others does not help one that fails. `uptime` is in seconds."""
    found = tuple(f"{one.id}: {fault.text}" for one in accounts for fault in faults(one, now))
    if any(works(one, now) for one in accounts):
        return Verdict(healthy=True, reason="NIJA is working", faults=found)
    if uptime < START_SECONDS:
        return Verdict(healthy=True, reason="starting: no account has done useful work yet", faults=found)
    if not accounts:
        return Verdict(healthy=False, reason="there are no accounts: set credentials, or enable one in nija.toml")
    states = ", ".join(f"{one.id} {one.state}" for one in accounts)
    return Verdict(healthy=False, reason=f"{_since(accounts, now)} ({states}); look at nija.log", faults=found)


def works(account: AccountStatus, now: datetime) -> bool:
    """Whether the account did useful work lately, and has market data and an exchange that answers."""
    return (
        _worked_lately(account, now)
        and not _is_over(account.last_answer_age, SILENT_SECONDS)
        and (not account.markets or not all(map(stale, account.markets)))
    )


def faults(account: AccountStatus, now: datetime) -> tuple[AccountFault, ...]:
    """All faults of the account. While it is not connected, its state already says that it does no work."""
    at_work = (*_silence(account, now), *_market_data(account)) if account.state in CONNECTED else ()
    return (*at_work, *_protection(account), *_another_program(account))


def stale(market: MarketStatus) -> str:
    """Why a market's data is too old to work with; empty if it is not.

    A price that is too old for entries is not a fault yet: that happens within a minute or two, and passes.
    """
    patience = max(market.price_limit, SILENT_SECONDS)
    if _is_over(market.price_age, patience):
        return f"no price of {market.market} for {duration(market.price_age)}{_because(market)}"
    if _is_over(market.answer_age, patience):
        return f"no candles of {market.market} for {duration(market.answer_age)}{_because(market)}"
    if market.candle_limit is not None and _is_over(market.candle_age, market.candle_limit + patience):
        return f"the last {market.timeframe} candle of {market.market} closed {duration(market.candle_age)} ago"
    return ""


def _is_over(age: float | None, limit: float) -> bool:
    return age is not None and age > limit


def _because(market: MarketStatus) -> str:
    return f" ({market.problem})" if market.problem else ""


def _worked_lately(account: AccountStatus, now: datetime) -> bool:
    """A time far in the future is as stale as one in the past; it occurs when the clock was set back."""
    worked = account.last_useful_work
    return worked is not None and abs((now - worked).total_seconds()) <= SILENT_SECONDS


def _silence(account: AccountStatus, now: datetime) -> Iterator[AccountFault]:
    """An account that has just connected, or has started to trade again, gets a grace period."""
    moments = [moment for moment in (account.since, account.last_useful_work) if moment is not None]
    if moments and (now - max(moments)).total_seconds() > SILENT_SECONDS:
        text = f"no useful work for {duration(SILENT_SECONDS)}: its exchange does not answer"
        yield AccountFault(AccountFaultKind.NO_WORK, "", text)
    elif _is_over(account.last_answer_age, SILENT_SECONDS):
        text = f"the exchange has answered nothing about this account for {duration(SILENT_SECONDS)}"
        yield AccountFault(AccountFaultKind.NO_ANSWER, "", text)


def _market_data(account: AccountStatus) -> Iterator[AccountFault]:
    for market in account.markets:
        if reason := stale(market):
            yield AccountFault(AccountFaultKind.NO_MARKET_DATA, market.market, reason)


def _another_program(account: AccountStatus) -> Iterator[AccountFault]:
    for halt in account.latches:
        if halt.name == AccountFaultKind.ANOTHER_PROGRAM.value:
            yield AccountFault(AccountFaultKind.ANOTHER_PROGRAM, "", halt.reason)


def _protection(account: AccountStatus) -> Iterator[AccountFault]:
    known = {one.market: one for one in account.protection}
    for position in account.positions:
        protection = known.get(position.market)
        if reason := _unprotected(position, protection, account.markets):
            is_logged = position.stop is not None and protection is not None and bool(protection.trouble)
            yield AccountFault(
                AccountFaultKind.NOT_PROTECTED, position.market, f"{position.market} {reason}", is_logged
            )
        if protection is not None and protection.doubt:
            text = f"{position.market} is in doubt: {protection.doubt}"
            yield AccountFault(AccountFaultKind.IN_DOUBT, position.market, text, is_logged=True)


def _unprotected(position: PositionStatus, protection: ProtectionView | None, markets: Collection[MarketStatus]) -> str:
    if position.stop is None:
        return "has no stop price, so nothing protects it"
    if protection is None or (protection.covered and not protection.trouble):
        return ""
    if protection.trouble:
        return f"is not protected as it should be: {protection.trouble}"
    if any(one.market == position.market and _is_over(one.price_age, one.price_limit) for one in markets):
        return "has no stop on the exchange, and without a price it cannot be watched here either"
    is_late = protection.bare_seconds >= BARE_SECONDS
    return f"has been without a stop for {duration(protection.bare_seconds)}" if is_late else ""


def _since(accounts: Collection[AccountStatus], now: datetime) -> str:
    worked = [one.last_useful_work for one in accounts if one.last_useful_work is not None]
    if not worked:
        return "no account has done useful work since the start"
    if any(_worked_lately(one, now) for one in accounts):
        reasons = [fault.text for one in accounts for fault in faults(one, now)]
        return f"no account can work: {reasons[0] if reasons else 'no market data'}"
    return f"no account has done useful work for {duration(now - max(worked))}"
