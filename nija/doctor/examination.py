"""All checks, in the order in which things can fail: machine, variables, exchange, account."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accounts.credentials import Discovery, discover
from accounts.dotenv_file import DotenvError, load_environment
from accounts.environment import EnvironmentFault, ProcessSettings, RunMode, process_settings, unknown_variables
from accounts.identity import MASTER, AccountId, short_name
from accounts.setting_faults import SettingsError
from accounts.settings import Settings, load_settings
from brokers.clock import utc_now
from nija.control.client import ask
from nija.control.wire import ControlError
from nija.doctor.account import check_account
from nija.doctor.exchanges import address_of, check_exchange
from nija.doctor.finding import DoctorReport, Finding, Section, broken, fine, warning
from nija.doctor.journal import check_database
from nija.doctor.machine import (
    IMPORTED,
    REQUIRED,
    check_data_dir,
    check_dotenv,
    check_log_file,
    check_packages,
    check_python,
    check_settings,
)
from nija.doctor.probe import Probe
from nija.doctor.running import notices, read_answer
from nija.doctor.variables import check_mode, check_precedence, check_variables
from nija.strategy.registry import STRATEGY_TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from accounts.credentials import Credentials
    from brokers.clock import Clock
    from brokers.model import Exchange
    from nija.doctor.facts import AccountFacts

_NOT_IN_FORCE = "Correct it, and run nija reload; what waits for the next start needs a restart of NIJA"
_RELOAD = "Run nija reload, which says why not. If it is set outside .env, redeploy or restart NIJA"
_NO_CREDENTIALS = "To trade, add an account with nija setup. Until then NIJA runs the demo, and no real money moves"


@dataclass(frozen=True, slots=True)
class ExaminationScope:
    """What to examine: the environment and working directory of a NIJA; everything, or one account or exchange."""

    environ: Mapping[str, str]
    directory: Path
    clock: Clock
    account: AccountId | None = None
    exchange: Exchange | None = None


@dataclass(frozen=True, slots=True)
class _LoadedSetup:
    """A setup that could be read."""

    values: Mapping[str, str]
    process: ProcessSettings
    settings: Settings
    discovery: Discovery


def examine(scope: ExaminationScope) -> DoctorReport:
    """Runs the checks, up to the point where the following ones cannot work."""
    sections = [Section("This machine", tuple(_check_machine(scope)))]
    setup = _read(scope)
    if setup is None:
        return DoctorReport(tuple(sections))
    sections.append(Section("Files", tuple(_check_places(scope, setup))))
    accounts = _accounts(scope, setup.discovery)
    for account in accounts:
        findings = (
            *check_variables(account, setup.values, setup.discovery),
            *check_precedence(account, scope.environ, scope.directory / ".env"),
        )
        sections.append(Section(f"Credentials of {account}", findings, str(account)))
    sections.append(Section("Accounts", tuple(_check_discovery(scope, setup))))
    credentials = tuple(found for found in setup.discovery.credentials if found.account in accounts)
    sections += _ask_exchanges(scope, setup, credentials) if credentials else _look_for_demo(setup)
    return DoctorReport(tuple(section for section in sections if section.findings))


def _check_machine(scope: ExaminationScope) -> Iterator[Finding]:
    yield check_python((sys.version_info[0], sys.version_info[1], sys.version_info[2]))
    yield from check_packages(REQUIRED, IMPORTED)
    yield from check_dotenv(scope.environ, scope.directory / ".env")
    try:
        values = load_environment(scope.environ, scope.directory / ".env").values
        process = process_settings(values, scope.directory)
    except DotenvError:
        return
    except EnvironmentFault as error:
        yield from (broken(fault, "Correct it in .env or in your platform's variables") for fault in error.faults)
        return
    yield from (warning(text, "Correct the name, or delete it") for text in unknown_variables(values))
    yield from check_settings(process.config)


def _read(scope: ExaminationScope) -> _LoadedSetup | None:
    try:
        values = load_environment(scope.environ, scope.directory / ".env").values
        process = process_settings(values, scope.directory)
        settings = load_settings(process.config, STRATEGY_TABLES)
    except (DotenvError, EnvironmentFault, SettingsError):
        return None
    return _LoadedSetup(values, process, settings, discover(values))


def _check_places(scope: ExaminationScope, setup: _LoadedSetup) -> Iterator[Finding]:
    yield from check_data_dir(setup.process.data_dir)
    yield from check_database(setup.process, scope.clock)
    yield check_log_file(setup.process.log_file)


def _accounts(scope: ExaminationScope, discovery: Discovery) -> tuple[AccountId, ...]:
    if scope.account is not None:
        return (scope.account,)
    named = [found.account for found in discovery.credentials]
    named += [fault.account for fault in discovery.faults if fault.account is not None]
    if scope.exchange is None:
        return tuple(dict.fromkeys(named))
    chosen = [account for account in named if account.exchange == scope.exchange]
    return tuple(dict.fromkeys(chosen or [AccountId(scope.exchange, MASTER)]))


def _check_discovery(scope: ExaminationScope, setup: _LoadedSetup) -> Iterator[Finding]:
    """Findings about the accounts as a whole; only about the chosen ones if the scope is narrowed down."""
    discovery = setup.discovery
    yield from check_mode(setup.process.mode, has_credentials=not discovery.is_empty)
    if scope.account is not None or scope.exchange is not None:
        return
    for fault in discovery.faults:
        if fault.account is None:
            yield broken(f"{fault.variable}: {fault.problem.text}", f"{fault.problem.remedy}.")
    if discovery.is_empty:
        for found in discovery.warnings:
            yield warning(found.message, "Rename it: names must match exactly, including capitals")
        for master in discovery.masters_not_configured():
            yield warning(
                f"{short_name(master.exchange)} credentials not configured for {master.label}",
                f"{master.env_prefix}_API_KEY and {master.env_prefix}_API_SECRET are not set. {_NO_CREDENTIALS}",
            )
        return
    for text in setup.settings.warnings(found.account for found in discovery.credentials):
        yield warning(text, "Correct the name in nija.toml, or add the account with nija setup")
    left_out = [f"{short_name(master.exchange)} {master.label}" for master in discovery.masters_not_configured()]
    if left_out:
        yield fine(f"Not configured, left out: {', '.join(left_out)}", "To add one: nija setup")


def _look_for_demo(setup: _LoadedSetup) -> Iterator[Section]:
    with suppress(ControlError):
        if ask(setup.process.data_dir, "status") is not None:
            yield Section("The running NIJA", (fine("NIJA is running", "To see what it does: nija status"),))


def _ask_exchanges(
    scope: ExaminationScope, setup: _LoadedSetup, credentials: Sequence[Credentials]
) -> Iterator[Section]:
    try:
        answer = ask(setup.process.data_dir, "doctor")
        known = read_answer(answer) if answer is not None else None
    except (ControlError, ValueError) as error:
        yield Section("The running NIJA", (broken("The running NIJA does not answer", str(error)),))
        return
    if known is None:
        yield from _ask_directly(scope, setup, credentials)
        return
    yield _running_section(notices(answer or {}))
    yield from _from_daemon(scope, setup, credentials, known)


def _running_section(not_in_force: Sequence[str]) -> Section:
    findings = (warning(text[:1].upper() + text[1:], _NOT_IN_FORCE) for text in not_in_force)
    return Section("The running NIJA", (fine("NIJA is running and was queried instead of using its keys"), *findings))


def _from_daemon(
    scope: ExaminationScope, setup: _LoadedSetup, credentials: Sequence[Credentials], known: Mapping[str, AccountFacts]
) -> Iterator[Section]:
    connected = {one.account.exchange for one in credentials if _is_connected(known.get(str(one.account)))}
    for exchange in _exchanges(credentials):
        if exchange not in connected:
            yield _exchange_section(scope, setup, exchange)
    for one in credentials:
        yield _account_section(scope, setup, one, known.get(str(one.account)))


def _is_connected(facts: AccountFacts | None) -> bool:
    return facts is not None and facts.key is not None and facts.failure is None


def _ask_directly(
    scope: ExaminationScope, setup: _LoadedSetup, credentials: Sequence[Credentials]
) -> Iterator[Section]:
    reachable: set[Exchange] = set()
    for exchange in _exchanges(credentials):
        section = _exchange_section(scope, setup, exchange)
        yield section
        if not section.is_broken:
            reachable.add(exchange)
    asked: list[AccountFacts] = []
    probe = Probe(setup.process, scope.clock)
    try:
        for one in credentials:
            if one.account.exchange in reachable:
                asked.append(probe.ask(one, setup.settings.for_account(one.account)))
                yield _account_section(scope, setup, one, asked[-1])
    finally:
        probe.close()
    yield Section("Accounts compared", tuple(_check_shared(asked)))


def _exchanges(credentials: Sequence[Credentials]) -> tuple[Exchange, ...]:
    return tuple(dict.fromkeys(one.account.exchange for one in credentials))


def _exchange_section(scope: ExaminationScope, setup: _LoadedSetup, exchange: Exchange) -> Section:
    findings = check_exchange(address_of(exchange, setup.process), scope.clock)
    return Section(f"Connection to {short_name(exchange)}", tuple(findings))


def _account_section(
    scope: ExaminationScope, setup: _LoadedSetup, credentials: Credentials, facts: AccountFacts | None
) -> Section:
    title = f"{short_name(credentials.account.exchange)} {credentials.account.label}"
    if facts is None:
        findings: tuple[Finding, ...] = (warning("The running NIJA does not know this account", _RELOAD),)
        return Section(title, findings, str(credentials.account))
    findings = check_account(
        credentials.account,
        facts,
        setup.settings.for_account(credentials.account),
        utc_now(scope.clock),
        allow_withdrawal=setup.process.allow_withdrawal_keys,
    ).findings
    # A paper account has a made-up key of its own.
    if setup.process.mode is not RunMode.PAPER and facts.fingerprint != credentials.api_key.fingerprint:
        changed = warning("The running NIJA still uses another key", _RELOAD)
        findings = (changed, *findings)
    return Section(title, findings, str(credentials.account))


def _check_shared(asked: Sequence[AccountFacts]) -> Iterator[Finding]:
    """Two keys of one exchange account, which would be traded twice."""
    owners: dict[tuple[str, str], list[str]] = {}
    for facts in asked:
        if facts.key is not None and facts.key.account_uid:
            owners.setdefault((facts.id.partition(":")[0], facts.key.account_uid), []).append(facts.id)
    for sharers in owners.values():
        if len(sharers) > 1:
            yield broken(
                f"{' and '.join(sharers)} are the same exchange account",
                "Each account needs the key of its own owner, or it would be traded twice: replace one key, or remove "
                f"it with nija setup --remove {sharers[-1]}",
            )
