"""Loss limits over all accounts together, computed from what their traders publish, for the traders to read."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from brokers.figures import duration
from nija.risk.portfolio import Contribution, PortfolioState, combined
from nija.risk.returns import UnitDay, UnitValue
from nija.risk.trusted_time import TrustedTime

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime
    from decimal import Decimal

    from accounts.identity import AccountId
    from brokers.clock import Clock
    from nija.log.event_log import EventLog
    from nija.risk.portfolio import PortfolioLimits
    from nija.trader.halts import PortfolioShare
    from nija.trader.return_tracker import AccountValue
    from nija.trader.view import TraderView

# One account that stays unknown must not block the others for ever.
_MAX_UNKNOWN_SECONDS = 300.0


class Portfolio:
    """Updated by one thread; `state` is replaced whole and may be read by any.

    The sum covers the accounts in the most common currency. The first sum waits for all of them. Later, an account that
    becomes unknown counts with its last known figures; after five minutes it is left out. When it is known again, what
    it earned in the meantime counts.
    """

    def __init__(self, limits: PortfolioLimits, quotes: Mapping[AccountId, str], clock: Clock, log: EventLog) -> None:
        """`quotes` is the quote currency of each account."""
        self._clock = clock
        self._log = log
        self._currency = _most_common(quotes)
        self._members: list[AccountId] = []
        self._others: list[AccountId] = []
        self._divide(quotes)
        self._contributions: dict[AccountId, Contribution] = {}
        self._shown: Mapping[AccountId, PortfolioShare] = {}
        self._known: dict[AccountId, float] = {}
        self._time: TrustedTime | None = None
        self._unit_day: UnitDay | None = None
        self.state = PortfolioState(limits, self._currency, unknown=_waiting(self._members))

    def change(self, limits: PortfolioLimits, quotes: Mapping[AccountId, str]) -> None:
        """Accounts, their quote currencies or the limits may have changed. What was earned so far still counts."""
        if quotes and self._currency not in quotes.values():
            # Nothing of the old sum is left to go on with.
            self._currency, self._unit_day = _most_common(quotes), None
        self._divide(quotes)
        for gone in self._contributions.keys() - set(self._members):
            del self._contributions[gone]
        for gone in self._known.keys() - set(self._members):
            del self._known[gone]
        self.state = replace(self.state, limits=limits, currency=self._currency)

    def _divide(self, quotes: Mapping[AccountId, str]) -> None:
        self._members = [account for account, quote in quotes.items() if quote == self._currency]
        self._others = [account for account in quotes if account not in self._members]

    def look(self, views: Mapping[AccountId, TraderView | None]) -> None:
        """Update from what each account's trader shows. To be called from time to time."""
        seen = {one: view for one in self._members if (view := views.get(one)) is not None}
        shares = {one: view.share for one, view in seen.items() if view.share is not None}
        now = self._news(shares)
        late = self._late(now)
        waited_for = [one for one in self._members if one not in self._contributions and one not in late]
        if now and (self._unit_day is not None or not waited_for):
            at_work = {one: contribution for one, contribution in self._contributions.items() if one not in late}
            self._measure(combined(at_work, now), shares.values(), max(view.time for view in seen.values()))
            self._contributions |= now
        self._publish(late, waited_for, shares.values())

    def _news(self, shares: Mapping[AccountId, PortfolioShare]) -> dict[AccountId, Contribution]:
        """The accounts with new figures. A trader that hangs shows the same object as before, which is not new.

        What an account earned counts from where an earlier process stored it.
        """
        fresh = {one: share for one, share in shares.items() if share is not self._shown.get(one)}
        self._shown = shares
        now = {one: _contribution(share.now) for one, share in fresh.items() if share.now is not None}
        for one, contribution in now.items():
            stored = shares[one].stored
            if stored is not None and stored.currency == self._currency:
                self._contributions.setdefault(one, _contribution(stored))
            self._contributions.setdefault(one, contribution)
        return now

    def _late(self, now: Iterable[AccountId]) -> list[AccountId]:
        """The accounts that have been unknown for too long."""
        steady = self._clock.monotonic()
        for one in self._members:
            self._known.setdefault(one, steady)
        self._known |= dict.fromkeys(now, steady)
        return [one for one in self._members if steady - self._known[one] > _MAX_UNKNOWN_SECONDS]

    def _measure(self, factor: Decimal, shares: Iterable[PortfolioShare], now: datetime) -> None:
        if self._unit_day is None or self._time is None:
            self._time, self._unit_day = _begun(shares, now)
        self._unit_day = self._unit_day.after(factor, self._time.read(now, self._clock.monotonic()))

    def _publish(self, late: list[AccountId], waited_for: list[AccountId], shares: Iterable[PortfolioShare]) -> None:
        state, generation = self.state, self.state.generation
        if self._unit_day is not None and any(share.resumed == generation for share in shares):
            self._unit_day, generation = self._unit_day.reset(), generation + 1
        self.state = PortfolioState(
            limits=state.limits,
            currency=self._currency,
            day=None if self._unit_day is None else self._unit_day.day,
            unit=None if self._unit_day is None else self._unit_day.for_limits,
            unknown="" if self._unit_day is not None else _waiting(waited_for),
            left_out=(*self._others, *late),
            generation=generation,
        )
        self._log_left_out(late)

    def _log_left_out(self, late: list[AccountId]) -> None:
        for one in self._others:
            self._log.trouble(
                f"{one}", f"{one} does not trade in {self._currency}: the limits of [portfolio] leave it out"
            )
        for one in self._members:
            if one in late:
                self._log.trouble(
                    f"{one}",
                    f"{one} is unknown at the moment: the limits of [portfolio] leave it out until it is known",
                )
            else:
                self._log.settled(f"{one}")


def _begun(shares: Iterable[PortfolioShare], now: datetime) -> tuple[TrustedTime, UnitDay]:
    """From the newest copy that an earlier process stored with any account."""
    copies = [share.copy for share in shares if share.copy is not None]
    newest = max(copies, key=lambda copy: copy.updated, default=None)
    if newest is None:
        return TrustedTime(None), UnitDay(now.date())
    unit = UnitValue(newest.opening, newest.latest, newest.peak)
    return TrustedTime(newest.updated), UnitDay(newest.day, unit)


def _most_common(quotes: Mapping[AccountId, str]) -> str:
    return Counter(quotes.values()).most_common(1)[0][0]


def _waiting(accounts: Collection[AccountId]) -> str:
    """Without names: the owner of one account sees this, and may not learn of others."""
    whom = f"{len(accounts)} accounts" if len(accounts) > 1 else "one account"
    return f"the limits of [portfolio] wait for {whom}, for at most {duration(_MAX_UNKNOWN_SECONDS)}"


def _contribution(worth: AccountValue) -> Contribution:
    return Contribution(worth.earned, worth.equity)
