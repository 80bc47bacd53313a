"""The status without a daemon: each account's journal, and its exchange, queried once under the key's lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.credentials import discover
from accounts.failures import FailureKind
from accounts.settings import Settings, load_settings
from brokers.clock import utc_now
from brokers.exchanges import exchanges
from brokers.figures import duration
from nija.doctor.account import check_account
from nija.doctor.finding import Level
from nija.doctor.journal_status import with_journal
from nija.doctor.markets import quote_of
from nija.doctor.probe import Probe
from nija.status.report import AccountStatus, StatusReport
from nija.strategy.registry import STRATEGY_TABLES
from nija.version import nija_version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accounts.credentials import Credentials
    from accounts.environment import ProcessSettings
    from accounts.faults import CredentialFault
    from accounts.identity import AccountId
    from brokers.clock import Clock
    from nija.doctor.facts import Failure

NOT_RUNNING = "not running"
# Not a failure of the account: it passes by itself.
NO_ANSWER = "NO ANSWER"
_PASSING = frozenset({FailureKind.RATE_LIMIT, FailureKind.UNAVAILABLE, FailureKind.KEY_IN_USE, FailureKind.LOCKED_OUT})


def direct_report(values: Mapping[str, str], process: ProcessSettings, clock: Clock) -> StatusReport:
    """Raises SettingsError."""
    discovery = discover(values)
    settings = load_settings(process.config, STRATEGY_TABLES)
    probe = Probe(process, clock)
    try:
        asked = [_status(one, settings, process, probe, clock) for one in discovery.credentials]
    finally:
        probe.close()
    refused = [_refused(fault, process, clock) for fault in discovery.faults if fault.account is not None]
    accounts = {one.id: one for one in (*refused, *asked)}
    order = list(map(str, exchanges()))
    ranked = sorted(accounts.values(), key=lambda one: (order.index(one.exchange), not one.is_master, one.id))
    return StatusReport(None, nija_version(), None, NOT_RUNNING, tuple(ranked))


def _status(
    credentials: Credentials, settings: Settings, process: ProcessSettings, probe: Probe, clock: Clock
) -> AccountStatus:
    account = credentials.account
    own = settings.for_account(account)
    facts = probe.ask(credentials, own)
    check = check_account(account, facts, own, utc_now(clock), allow_withdrawal=process.allow_withdrawal_keys)
    fault = next((finding for finding in check.findings if finding.level is Level.BROKEN), None)
    failure, currency = facts.failure, quote_of(own)
    is_passing = failure is not None and (failure.kind in _PASSING or failure.retry_after > 0)
    # Only what prevents a connection is a failure; too little money is not.
    state = "CONNECTED" if check.is_connected else NO_ANSWER if is_passing else "FAILED"
    known = AccountStatus(
        id=str(account),
        label=account.label,
        exchange=str(account.exchange),
        state=state,
        reason="" if fault is None else f"{fault.title} ({_remedy(account, failure if is_passing else None)})",
        currency=currency,
        balance=facts.held(currency).total if check.is_connected else None,
    )
    return with_journal(known, account, facts.markets, process, clock)


def _remedy(account: AccountId, passing: Failure | None) -> str:
    if passing is None or passing.kind is FailureKind.KEY_IN_USE:
        return f"run nija doctor {account} to see how to fix it"
    again = duration(max(1.0, passing.retry_after)) if passing.retry_after > 0 else "a minute"
    return f"it passes: try again in {again}"


def _refused(fault: CredentialFault, process: ProcessSettings, clock: Clock) -> AccountStatus:
    account = fault.account
    if account is None:
        raise ValueError("a fault without an account has no status")
    reason = f"{fault.variable}: {fault.problem.text}"
    known = AccountStatus(str(account), account.label, str(account.exchange), "FAILED", reason)
    return with_journal(known, account, (), process, clock)
