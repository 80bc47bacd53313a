"""What a running daemon knows of its accounts, without asking any exchange: its answer to `doctor`."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from accounts.manager import AccountState
from accounts.market_advice import alternatives
from nija.doctor.facts import AccountFacts, BalanceFacts, Failure, KeyRights, MarketFacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from decimal import Decimal

    from accounts.credentials import Credentials
    from accounts.identity import AccountId
    from accounts.manager import AccountManager
    from accounts.settings import Settings
    from nija.status.report import AccountStatus

_ACCOUNTS = "accounts"
_NONE: Mapping[str, tuple[str, ...]] = MappingProxyType({})


def doctor_answer(
    manager: AccountManager,
    credentials: Iterable[Credentials],
    settings: Settings,
    prices: Mapping[AccountId, Mapping[str, Decimal]],
    troubles: Mapping[str, tuple[str, ...]] = _NONE,
) -> dict[str, object]:
    """For the control socket. `prices` are the last ones each trader saw, by market; `troubles` by account id."""
    known = set(manager.accounts())
    facts = (
        replace(
            running_facts(manager, one, settings, prices.get(one.account, {})),
            troubles=troubles.get(str(one.account), ()),
        )
        for one in credentials
        if one.account in known
    )
    return {_ACCOUNTS: [one.to_json() for one in facts]}


def troubles_of(account: AccountStatus) -> tuple[str, ...]:
    """What the daemon knows to be wrong with an account, and with what its markets offer."""
    problems = (f"{market.market}: {market.problem}" for market in account.markets if market.problem)
    return (*(fault.text for fault in account.faults), *problems)


def read_answer(answer: Mapping[str, object]) -> dict[str, AccountFacts]:
    """By account id. Raises ValueError where the daemon is of another version."""
    accounts = answer.get(_ACCOUNTS)
    facts = tuple(AccountFacts.from_json(one) for one in accounts) if isinstance(accounts, list) else None
    if facts is None:
        raise ValueError("the daemon's answer names no accounts: restart it after an update")
    return {one.id: one for one in facts}


def running_facts(
    manager: AccountManager, credentials: Credentials, settings: Settings, prices: Mapping[str, Decimal]
) -> AccountFacts:
    account = credentials.account
    snapshot = manager.snapshot(account)
    info, broker = manager.key_info(account), manager.broker(account)
    failed = snapshot.state is AccountState.FAILED
    markets = broker.markets() if broker is not None else {}
    return AccountFacts(
        id=str(account),
        fingerprint=credentials.api_key.fingerprint,
        failure=Failure("", snapshot.reason) if failed else None,
        key=KeyRights.of(info) if info is not None else None,
        holdings=tuple(
            BalanceFacts(balance.currency, balance.total, balance.available) for balance in snapshot.balances.values()
        ),
        markets=tuple(
            MarketFacts.of(symbol, markets, prices.get(symbol))
            for symbol in settings.for_account(account).markets
            if markets
        ),
        alternatives=alternatives(settings.for_account(account).markets, snapshot.balances, markets),
        paused=snapshot.reason or "paused" if snapshot.state is AccountState.PAUSED else "",
        equity=snapshot.equity,
        state=snapshot.state.value,
        last_work=snapshot.last_work,
    )
