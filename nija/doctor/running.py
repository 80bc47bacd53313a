"""What a running daemon knows of its accounts, without querying an exchange: its answer to `doctor`."""

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
_NOTHING_KNOWN: Mapping[str, AccountStatus] = MappingProxyType({})


def doctor_answer(
    manager: AccountManager,
    credentials: Iterable[Credentials],
    settings: Settings,
    prices: Mapping[AccountId, Mapping[str, Decimal]],
    views: Mapping[str, AccountStatus] = _NOTHING_KNOWN,
) -> dict[str, object]:
    """For the control socket. `prices` are each trader's latest, by market; `views` are by account id."""
    known = set(manager.accounts())
    facts = (
        _with_view(
            running_facts(manager, one, settings, prices.get(one.account, {})),
            views.get(str(one.account)),
        )
        for one in credentials
        if one.account in known
    )
    return {_ACCOUNTS: [one.to_json() for one in facts]}


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
