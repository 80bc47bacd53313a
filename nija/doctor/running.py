"""What a running daemon knows of its accounts, without querying an exchange: its answer to `doctor`."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from accounts.identity import AccountId, short_name
from accounts.manager import AccountState
from accounts.market_advice import alternatives
from nija.doctor.account import check_account
from nija.doctor.facts import AccountFacts, BalanceFacts, Failure, KeyRights, MarketFacts
from nija.doctor.finding import Section
from nija.doctor.machine import check_data_dir, check_log_file, check_python, check_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from decimal import Decimal

    from accounts.credentials import Credentials
    from accounts.environment import ProcessSettings
    from accounts.manager import AccountManager
    from accounts.settings import Settings
    from nija.status.report import AccountStatus

_ACCOUNTS = "accounts"
# The key of what was written to the configuration and is not in force.
NOTICES = "notices"
_NOTHING_KNOWN: Mapping[str, AccountStatus] = MappingProxyType({})


def doctor_answer(facts: Iterable[AccountFacts]) -> dict[str, object]:
    """For the control socket."""
    return {_ACCOUNTS: [one.to_json() for one in facts]}


def facts_of_all(
    manager: AccountManager,
    credentials: Iterable[Credentials],
    settings: Settings,
    prices: Mapping[AccountId, Mapping[str, Decimal]],
    views: Mapping[str, AccountStatus] = _NOTHING_KNOWN,
) -> tuple[AccountFacts, ...]:
    """`prices` are each trader's latest, by market; `views` are by account id."""
    known = set(manager.accounts())
    return tuple(
        _with_view(
            running_facts(manager, one, settings, prices.get(one.account, {})),
            views.get(str(one.account)),
        )
        for one in credentials
        if one.account in known
    )


def running_sections(
    facts: Iterable[AccountFacts], settings: Settings, process: ProcessSettings, now: datetime
) -> tuple[Section, ...]:
    """What `nija doctor` finds, as far as a running daemon knows it: no exchange is asked."""
    version = sys.version_info
    machine = (
        check_python((version[0], version[1], version[2])),
        *check_settings(process.config),
        *check_data_dir(process.data_dir),
        check_log_file(process.log_file),
    )
    return (Section("This machine", machine), *(_section(one, settings, process, now) for one in facts))


def _section(facts: AccountFacts, settings: Settings, process: ProcessSettings, now: datetime) -> Section:
    account = AccountId.parse(facts.id)
    allowed = process.allow_withdrawal_keys
    checked = check_account(account, facts, settings.for_account(account), now, allow_withdrawal=allowed)
    return Section(f"{short_name(account.exchange)} {account.label}", checked.findings, facts.id)


def _with_view(facts: AccountFacts, view: AccountStatus | None) -> AccountFacts:
    """Adds what the daemon knows to be wrong with an account and its markets."""
    if view is None:
        return facts
    problems = (f"{market.market}: {market.problem}" for market in view.markets if market.problem)
    return replace(
        facts,
        halts=view.latches if facts.paused else (),
        troubles=(*(fault.text for fault in view.faults), *problems),
    )


def read_answer(answer: Mapping[str, object]) -> dict[str, AccountFacts]:
    """By account id. Raises ValueError if the daemon has another version."""
    accounts = answer.get(_ACCOUNTS)
    facts = tuple(AccountFacts.from_json(one) for one in accounts) if isinstance(accounts, list) else None
    if facts is None:
        raise ValueError("the daemon's answer cannot be read: restart it after an update")
    return {one.id: one for one in facts}


def notices(answer: Mapping[str, object]) -> tuple[str, ...]:
    """What was written to `.env` or nija.toml since the daemon read them, and is not in force."""
    found = answer.get(NOTICES, ())
    return tuple(map(str, found)) if isinstance(found, list) else ()


def running_facts(
    manager: AccountManager, credentials: Credentials, settings: Settings, prices: Mapping[str, Decimal]
) -> AccountFacts:
    account = credentials.account
    snapshot = manager.snapshot(account)
    info, broker = manager.key_info(account), manager.broker(account)
    markets = broker.markets() if broker is not None else {}
    own = settings.for_account(account)
    return AccountFacts(
        id=str(account),
        fingerprint=credentials.api_key.fingerprint,
        failure=Failure(snapshot.failure, snapshot.reason) if snapshot.failure is not None else None,
        key=KeyRights.of(info) if info is not None else None,
        holdings=tuple(
            BalanceFacts(balance.currency, balance.total, balance.available) for balance in snapshot.balances.values()
        ),
        markets=tuple(MarketFacts.of(symbol, markets, prices.get(symbol)) for symbol in own.markets if markets),
        alternatives=alternatives(own.markets, snapshot.balances, markets),
        # A switched-off account is reported as such, not as paused.
        paused=snapshot.reason or "paused" if snapshot.state is AccountState.PAUSED and own.enabled else "",
        equity=snapshot.equity,
        state=snapshot.state.value,
        last_work=snapshot.last_work,
    )
