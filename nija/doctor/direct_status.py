"""The status without a daemon: each configured account's exchange is queried once, under the key's lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.credentials import discover
from accounts.settings import Settings, load_settings
from brokers.clock import utc_now
from brokers.exchanges import exchanges
from nija.doctor.account import check_account
from nija.doctor.finding import Level
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
    from brokers.clock import Clock

NOT_RUNNING = "not running"


def direct_report(values: Mapping[str, str], process: ProcessSettings, clock: Clock) -> StatusReport:
    """Raises SettingsError."""
    discovery = discover(values)
    settings = load_settings(process.config, STRATEGY_TABLES)
    probe = Probe(process, clock)
    try:
        asked = [_status(one, settings, process, probe, clock) for one in discovery.credentials]
    finally:
        probe.close()
    refused = [_refused(fault) for fault in discovery.faults if fault.account is not None]
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
    currency = quote_of(own)
    return AccountStatus(
        id=str(account),
        label=account.label,
        exchange=str(account.exchange),
        # Only what prevents a connection is a failure; too little money is not.
        state="CONNECTED" if check.is_connected else "FAILED",
        reason=f"{fault.title} (run nija doctor {account} to see how to fix it)" if fault is not None else "",
        currency=currency,
        balance=facts.held(currency).total if check.is_connected else None,
    )


def _refused(fault: CredentialFault) -> AccountStatus:
    account = fault.account
    if account is None:
        raise ValueError("a fault without an account has no status")
    return AccountStatus(
        str(account), account.label, str(account.exchange), "FAILED", reason=f"{fault.variable}: {fault.problem.text}"
    )
