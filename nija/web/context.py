"""What the pages may see and do: the seam between the daemon and the web."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from accounts.identity import AccountId
    from brokers.model import Candles, Exchange, Timeframe
    from nija.doctor.finding import Section
    from nija.explain.beside import TradedAccount
    from nija.health.judgement import Verdict
    from nija.journal.journal import Journal
    from nija.notify.sent import SentNotification
    from nija.status.report import StatusReport


@dataclass(frozen=True, slots=True)
class WebContext:
    """Any thread may call these; none of them waits for an exchange.

    `journal` opens an account's journal read-only; the caller closes it. It raises JournalError. `candles` are those
    that the feed holds, oldest first; None if it holds none. `findings` are the doctor's, as far as the daemon knows
    them, and `notifications` the last ones sent, newest first. `traded` is how an account trades now; None while it is
    not known. `stored` are candles from the store, which may go back further than those of the feed; maybe none. It
    raises CandleError.
    """

    report: Callable[[], StatusReport]
    verdict: Callable[[], Verdict]
    journal: Callable[[AccountId], Journal]
    candles: Callable[[Exchange, str, Timeframe], Candles | None]
    findings: Callable[[], tuple[Section, ...]] = tuple
    traded: Callable[[AccountId], TradedAccount | None] = lambda _account: None
    stored: Callable[[Exchange, str, Timeframe], Candles | None] = lambda _exchange, _market, _timeframe: None
    notifications: Callable[[], tuple[SentNotification, ...]] = tuple


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: NIJA's owner or, with `only`, the owner of that one account, who may look but not act.

    `token` is what a form of this session must send along; `may_log_out`: there is a session to end. A stranger has
    not logged in, and sees nothing.
    """

    only: AccountId | None = None
    token: str = ""
    is_stranger: bool = False
    may_log_out: bool = False

    @property
    def may_act(self) -> bool:
        return self.only is None and not self.is_stranger

    def sees(self, account: str) -> bool:
        return not self.is_stranger and (self.only is None or str(self.only) == account)


STRANGER = Viewer(is_stranger=True)
