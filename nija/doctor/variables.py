"""The variables of one account's credentials: whether they are set, how long they are, and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.credential_values import CredentialValue, ValueReader
from accounts.dotenv_file import load_environment
from accounts.environment import RunMode
from accounts.faults import ProblemKind
from accounts.identity import short_name
from accounts.variables import Part, account_of, parse_variable
from nija.doctor.finding import Finding, broken, fine, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from accounts.credentials import Discovery
    from accounts.faults import CredentialFault
    from accounts.identity import AccountId

_COUNTED = (ProblemKind.SHARED,)


def check_variables(account: AccountId, environ: Mapping[str, str], discovery: Discovery) -> Iterator[Finding]:
    """The key, then the secret: set (with its length), not set, or wrong."""
    faults = {fault.variable: fault for fault in discovery.faults if fault.account == account}
    for part in Part:
        name = _set_variable(account, part, environ)
        if name is None:
            yield _not_set(account, part, discovery)
            continue
        yield from _check_set(name, faults.pop(name, None), environ)
    yield from (_fault(fault) for fault in faults.values() if fault.kind is not ProblemKind.MISSING)
    yield from _warnings(account, discovery)


def check_precedence(account: AccountId, real: Mapping[str, str], dotenv: Path) -> Iterator[Finding]:
    """A value in .env that has no effect, because the environment has another one. Raises DotenvError."""
    for name, value in load_environment(real, dotenv).dotenv.items():
        variable = parse_variable(name)
        if variable is None or name not in real or real[name] == value or not name.startswith(account.env_prefix):
            continue
        yield warning(
            f"{name} is set in .env and, to another value, in the environment",
            "The environment wins, so the value in .env is not used: delete one of the two",
        )


def check_mode(mode: RunMode, *, has_credentials: bool) -> Iterator[Finding]:
    """A mode in which configured accounts do not trade, or in which NIJA cannot start."""
    match mode:
        case RunMode.DEMO if has_credentials:
            yield warning("NIJA_MODE is demo: your accounts are not traded", "Delete NIJA_MODE, or set it to live")
        case RunMode.PAPER:
            yield warning("NIJA_MODE is paper: no orders are sent", "To trade, delete NIJA_MODE, or set it to live")
        case RunMode.LIVE if not has_credentials:
            yield broken("NIJA_MODE is live, but no credentials are set", "Add an account: nija setup")
        case _:
            pass


def _set_variable(account: AccountId, part: Part, environ: Mapping[str, str]) -> str | None:
    """The variable that holds this part, in whichever spelling."""
    for name in sorted(environ):
        variable = parse_variable(name)
        if variable is not None and variable.part is part and environ[name] and account_of(name) == account:
            return name
    return None


def _not_set(account: AccountId, part: Part, discovery: Discovery) -> Finding:
    name = f"{account.env_prefix}_{part}"
    near = next((found for found in discovery.warnings if found.meant == name), None)
    if near is not None:
        return broken(f"{name}: NOT SET", f"{near.message} Rename it: names must match exactly, including capitals")
    return broken(
        f"{name}: NOT SET",
        f"{short_name(account.exchange)} credentials not configured for {account.label}. Run nija setup, or add what "
        "is NOT SET, under exactly this name, to .env or to the Variables of Railway / the Environment of Render, and "
        "restart NIJA",
    )


def _check_set(name: str, fault: CredentialFault | None, environ: Mapping[str, str]) -> Iterator[Finding]:
    if fault is not None and fault.kind not in _COUNTED:
        yield _fault(fault)
        return
    variable = parse_variable(name)
    found = ValueReader(environ).read(variable) if variable is not None else None
    if isinstance(found, CredentialValue):
        yield fine(f"{name}: SET ({len(found.value)} characters)")
    if fault is not None:
        yield _fault(fault)


def _fault(fault: CredentialFault) -> Finding:
    text = fault.problem.text
    return broken(f"{fault.variable}: {text}", f"{fault.problem.remedy}.")


def _warnings(account: AccountId, discovery: Discovery) -> Iterator[Finding]:
    for found in discovery.warnings:
        if parse_variable(found.variable) is not None and found.variable.startswith(account.env_prefix):
            yield warning(found.message, "NIJA ignores them, but copy the value again without them")
