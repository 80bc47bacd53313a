"""What an agent may ask: each tool reads, and none can change anything."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from accounts.credentials import discover
from accounts.dotenv_file import DotenvError, export_library_variables, load_environment
from accounts.environment import EnvironmentFault, process_settings
from accounts.identity import AccountId
from accounts.setting_faults import SettingsError
from accounts.settings import load_settings
from brokers.clock import SystemClock
from nija.cli.command_log import command_log
from nija.cli.context import DOTENV, SetupFault, read_context
from nija.cli.own_journals import plain_faults, read_journals
from nija.control.client import ask
from nija.control.commands import chosen
from nija.control.values import to_plain
from nija.control.wire import ControlError
from nija.doctor.examination import ExaminationScope, examine
from nija.journal.errors import JournalError
from nija.log.redaction import Redactor
from nija.performance.plain import plain_closed, plain_open
from nija.performance.selection import Selection
from nija.performance.trades import closed_trades, open_trades
from nija.status.report import StatusReport
from nija.strategy.registry import STRATEGY_TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nija.journal.journal import Journal
    from nija.status.report import AccountStatus

    Arguments = Mapping[str, object]
    Answer = dict[str, object]

_NEWEST_TRADES = 100
_NOT_RUNNING = "NIJA is not running: start it with ./start.sh. Protective stops rest on the exchanges meanwhile."
_ACCOUNT = {"type": "string", "description": "For example kraken:master. Default: all accounts."}
_DAY = {"type": "string", "format": "date", "description": "A UTC day such as 2026-11-28."}
_MARKET = {"type": "string", "description": "For example BTC/USD. Default: all markets."}
_EXPECTED = (SetupFault, SettingsError, ControlError, JournalError, ValueError)


class ToolError(Exception):
    """A tool cannot answer. The text says why and is safe to show."""


@dataclass(frozen=True, slots=True)
class AgentTool:
    """`arguments` is the JSON schema of each argument; all of them are optional."""

    name: str
    description: str
    arguments: Mapping[str, Mapping[str, str]]
    read: Callable[[Arguments], Answer]

    def answer(self, arguments: Arguments) -> Answer:
        """Raises ToolError."""
        unknown = sorted(set(arguments) - set(self.arguments))
        if unknown:
            raise ToolError(f"{self.name} has no argument {', '.join(unknown)}")
        try:
            return self.read(arguments)
        except _EXPECTED as error:
            raise ToolError(str(error)) from error


def known_secrets() -> Redactor:
    """Removes from an answer whatever must not be in it, as far as the set-up can be read."""
    values = _variables()
    secrets = set(discover(values).secrets)
    with suppress(EnvironmentFault, SettingsError):
        process = process_settings(values)
        secrets |= process.secrets | load_settings(process.config, STRATEGY_TABLES).secrets
    return Redactor(secrets)


def _variables() -> Mapping[str, str]:
    """A .env that cannot be read is one of the doctor's findings."""
    try:
        return load_environment(os.environ, DOTENV).values
    except DotenvError:
        return os.environ


def _status(arguments: Arguments) -> Answer:
    report = _report()
    if report is None:
        return {"running": False, "text": _NOT_RUNNING}
    plain = report.to_json()
    return {"running": True, **plain, "accounts": [to_plain(one) for one in _named(arguments, report)]}


def _why(arguments: Arguments) -> Answer:
    report = _report()
    if report is None:
        return {"running": False, "text": _NOT_RUNNING}
    return {"running": True, "accounts": [_reasons(one) for one in _named(arguments, report)]}


def _reasons(account: AccountStatus) -> Answer:
    return {
        "id": account.id,
        "state": account.state,
        "reason": account.reason,
        "halts": to_plain(account.latches),
        "faults": to_plain(account.faults),
        "not_trading": to_plain(account.not_trading),
    }


def _history(arguments: Arguments) -> Answer:
    market = _text(arguments, "market")
    selection = Selection(_day(arguments, "from"), _day(arguments, "to"), market and market.upper())

    def read(journal: Journal) -> tuple[list[Answer], list[Answer]]:
        closed = [plain_closed(trade) for trade in closed_trades(journal) if selection.has(trade)]
        return closed, [plain_open(trade) for trade in open_trades(journal) if selection.has(trade)]

    readings = read_journals(read_context(), _text(arguments, "account"), read)
    closed = sorted((trade for found, _ in readings.found for trade in found), key=lambda trade: str(trade["closed"]))
    return {
        "running": readings.report is not None,
        "mode": readings.mode.value,
        "trades_in_all": len(closed),
        "trades": closed[-_NEWEST_TRADES:],
        "open": [trade for _, found in readings.found for trade in found],
        "faults": plain_faults(readings),
    }


def _doctor(arguments: Arguments) -> Answer:
    account = _text(arguments, "account")
    wanted = None if account is None else AccountId.parse(account)
    values = _variables()
    export_library_variables(values)
    with command_log(values):
        return examine(ExaminationScope(os.environ, Path(), SystemClock(), wanted)).to_json()


def _report() -> StatusReport | None:
    """The running daemon's. Raises ControlError, SetupFault."""
    answer = ask(read_context().settings.data_dir, "status")
    try:
        return None if answer is None else StatusReport.from_json(answer)
    except ValueError as error:
        raise ControlError("the running NIJA has another version: restart it after an update") from error


def _named(arguments: Arguments, report: StatusReport) -> tuple[AccountStatus, ...]:
    known = {AccountId.parse(account.id): account for account in report.accounts}
    return tuple(known[account] for account in chosen(_text(arguments, "account"), tuple(known)))


def _text(arguments: Arguments, name: str) -> str | None:
    value = arguments.get(name)
    if value is None or isinstance(value, str):
        return value or None
    raise ValueError(f"{name}: expected text")


def _day(arguments: Arguments, name: str) -> date | None:
    text = _text(arguments, name)
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{name}: expected a day such as 2026-11-28") from error


TOOLS: tuple[AgentTool, ...] = (
    AgentTool(
        "status",
        "What each account does now: state, equity, positions with stops, resting orders, limits, market data. Money "
        "and amounts are exact decimals as text, times are UTC.",
        MappingProxyType({"account": _ACCOUNT}),
        _status,
    ),
    AgentTool(
        "why",
        "Why an account opens nothing: its state, halts and faults and, for each market, the rule, the value that it "
        "saw and the limit.",
        MappingProxyType({"account": _ACCOUNT}),
        _why,
    ),
    AgentTool(
        "history",
        f"What NIJA's own trades earned after all fees: the newest {_NEWEST_TRADES} closed ones and those under way. "
        "The owner's trades are not among them. Works while NIJA is not running, too.",
        MappingProxyType({"account": _ACCOUNT, "from": _DAY, "to": _DAY, "market": _MARKET}),
        _history,
    ),
    AgentTool(
        "doctor",
        "Check the whole set-up and say how to fix what is wrong. Places no order. It can take a minute.",
        MappingProxyType({"account": _ACCOUNT}),
        _doctor,
    ),
)


def tool_named(name: str) -> AgentTool:
    """Raises ToolError."""
    for tool in TOOLS:
        if tool.name == name:
            return tool
    raise ToolError(f"there is no tool {name}; there are: {', '.join(tool.name for tool in TOOLS)}")
