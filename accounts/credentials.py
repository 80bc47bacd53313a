"""Finds the credentials of all accounts in the environment, and every fault in them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from accounts.credential_values import ValueReader
from accounts.faults import CredentialFault, Problem, ProblemKind
from accounts.identity import MASTER, AccountId
from accounts.key_shapes import checked
from accounts.variables import CredentialVariable, Part, misspelt_variables, parse_variable
from brokers.exchanges import exchanges
from brokers.model import ApiKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from accounts.credential_values import CredentialValue
    from accounts.faults import CredentialWarning
    from brokers.model import Exchange


@dataclass(frozen=True, slots=True)
class Credentials:
    """One account's API key, and the variables it came from."""

    account: AccountId
    api_key: ApiKey
    key_variable: str
    secret_variable: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """All credentials in the environment. `secrets` must not appear in any log."""

    credentials: tuple[Credentials, ...]
    faults: tuple[CredentialFault, ...]
    warnings: tuple[CredentialWarning, ...]
    secrets: frozenset[str] = field(repr=False)

    @property
    def is_empty(self) -> bool:
        """No credentials at all, valid or not: NIJA runs the demo."""
        return not self.credentials and not self.faults

    def masters_not_configured(self) -> tuple[AccountId, ...]:
        """The master accounts with no variable set."""
        known = {found.account for found in self.credentials} | {fault.account for fault in self.faults}
        masters = (AccountId(exchange, MASTER) for exchange in exchanges())
        return tuple(master for master in masters if master not in known)


def discover(environ: Mapping[str, str]) -> Discovery:
    """Find and check the credentials of every account in `environ`, without any network."""
    reader = ValueReader(environ)
    faults: list[CredentialFault] = []
    pairs: dict[AccountId, tuple[CredentialValue | None, CredentialValue | None]] = {}
    for account, variables in _by_account(environ, faults).items():
        pairs[account] = _read_pair(reader, account, variables, faults)
    shared = _shared_keys(pairs)
    faults.extend(shared)
    refused = {fault.account for fault in faults}
    credentials = tuple(
        _credentials(account, key, secret)
        for account, (key, secret) in pairs.items()
        if account not in refused and key is not None and secret is not None
    )
    warnings = (*misspelt_variables(environ), *reader.warnings)
    secrets = reader.secrets.union(found.api_key.secret for found in credentials)
    return Discovery(credentials, tuple(faults), warnings, frozenset(secrets))


def _by_account(
    environ: Mapping[str, str], faults: list[CredentialFault]
) -> dict[AccountId, tuple[CredentialVariable, ...]]:
    """The variables that are set, by account: each exchange's master first, then its users by name."""
    accounts: dict[AccountId, list[CredentialVariable]] = {}
    for name in sorted(environ):
        variable = parse_variable(name)
        if variable is None or not environ[name]:
            continue
        try:
            accounts.setdefault(variable.account(), []).append(variable)
        except ValueError as error:
            problem = Problem(ProblemKind.NAME, str(error), "Rename the variable")
            faults.append(CredentialFault(None, name, problem))
    order = exchanges()
    ordered = sorted(
        accounts, key=lambda account: (order.index(account.exchange), not account.is_master, account.owner)
    )
    return {account: tuple(accounts[account]) for account in ordered}


def _read_pair(
    reader: ValueReader,
    account: AccountId,
    variables: tuple[CredentialVariable, ...],
    faults: list[CredentialFault],
) -> tuple[CredentialValue | None, CredentialValue | None]:
    """Key and secret; None for one that is faulty."""
    pair: list[CredentialValue | None] = []
    for part in Part:
        mine = tuple(variable for variable in variables if variable.part is part)
        found = _read_part(reader, part, mine, variables)
        if isinstance(found, tuple):
            name, problem = found
            faults.append(CredentialFault(account, name, problem))
            pair.append(None)
        else:
            pair.append(found)
    key, secret = pair
    return key, secret


def _read_part(
    reader: ValueReader,
    part: Part,
    mine: tuple[CredentialVariable, ...],
    all_of_account: tuple[CredentialVariable, ...],
) -> CredentialValue | tuple[str, Problem]:
    """The value of one part, or the faulty variable and its problem."""
    if not mine:
        other = all_of_account[0]
        problem = Problem(
            ProblemKind.MISSING,
            f"is not set, but {other.name} is",
            "Set both, or delete both to leave this account out",
        )
        return other.sibling(part), problem
    if len(mine) > 1:
        names = " and ".join(variable.name for variable in mine)
        return mine[0].name, Problem(
            ProblemKind.AMBIGUOUS, f"{names} are both set", "Keep one of them and delete the other"
        )
    variable = mine[0]
    found = reader.read(variable)
    if isinstance(found, Problem):
        return variable.name, found
    value = checked(variable.exchange, part, found.value)
    return (variable.name, value) if isinstance(value, Problem) else replace(found, value=value)


def _shared_keys(
    pairs: Mapping[AccountId, tuple[CredentialValue | None, CredentialValue | None]],
) -> list[CredentialFault]:
    """Every account that shares its key with another: their nonces would clash, so neither may use it."""
    owners: dict[tuple[Exchange, str], list[tuple[AccountId, CredentialValue]]] = {}
    for account, (key, _) in pairs.items():
        if key is not None:
            owners.setdefault((account.exchange, key.value), []).append((account, key))
    return [fault for sharers in owners.values() if len(sharers) > 1 for fault in _each_refused(sharers)]


def _each_refused(sharers: list[tuple[AccountId, CredentialValue]]) -> Iterable[CredentialFault]:
    fingerprint = ApiKey(sharers[0][1].value, "").fingerprint
    for account, key in sharers:
        others = " and ".join(other.variable for other_account, other in sharers if other_account != account)
        problem = Problem(
            ProblemKind.SHARED,
            f"holds the same key as {others} (fingerprint {fingerprint}), but a key can serve only one account",
            "Create a separate key for each account; until then none of them is used",
        )
        yield CredentialFault(account, key.variable, problem)


def _credentials(account: AccountId, key: CredentialValue, secret: CredentialValue) -> Credentials:
    return Credentials(account, ApiKey(key.value, secret.value), key.variable, secret.variable)
