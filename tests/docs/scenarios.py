"""How the commands of each page are run: in one fresh copy of the tree, in the order of the page."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.docs.page_accounts import PageAccounts, page_accounts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from brokers.simulator.config import SimulatedAccount


@dataclass(frozen=True, slots=True)
class Step:
    """One ```bash block. By default it runs to its end with the exit code `code`.

    `answers` are typed at a terminal. `until` is what a long-running program must print; it then runs beside the next
    blocks until another one starts, or the page ends. A `repeated` block needs a running NIJA that has connected, and
    is retried for a moment. With `with_stub_tools` the tools of the checks only print their arguments.
    """

    code: int = 0
    answers: tuple[tuple[str, str], ...] = ()
    until: tuple[str, ...] = ()
    repeated: bool = False
    with_stub_tools: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """`files` are in the folder before the first block."""

    accounts: PageAccounts
    steps: tuple[Step, ...]
    files: tuple[tuple[str, str], ...] = ()


_END = Step()
_REPEATED = Step(repeated=True)
_THE_FIRST_FILL = Step(until=("🎭 DEMO", "✅ BUY order filled: ", "🛡️ Stop placed: "))
_MASTER_TRADES = Step(until=("✅ Started independent trading thread for kraken (MASTER)",))
_BOTH_TRADE = Step(
    until=(
        "✅ Started independent trading thread for kraken (MASTER)",
        "✅ Started independent trading thread for coinbase (MASTER)",
    )
)
_ALL_TRADE = Step(
    until=(
        "✅ BUY order filled: ",
        "🛡️ Stop placed: ",
        "✅ Started independent trading thread for kraken (USER tania_gilbert)",
        "✅ Started independent trading thread for coinbase (MASTER)",
    )
)
_ENTER = ("Which exchange?", ""), ("Owner", "")


def _pasted(account: SimulatedAccount) -> tuple[tuple[str, str], ...]:
    return (
        ("API key (56 characters)", account.api_key.key),
        ("Private key (88 characters)", account.api_key.secret),
    )


def _readme(accounts: PageAccounts) -> Scenario:
    asked = Step(answers=(*_ENTER, *_pasted(accounts.kraken_master)))
    return Scenario(accounts, (_THE_FIRST_FILL, asked, _MASTER_TRADES, Step(with_stub_tools=True)))


def _quick_start(accounts: PageAccounts) -> Scenario:
    asked = Step(answers=(*_ENTER, *_pasted(accounts.kraken_master)))
    return Scenario(accounts, (_ALL_TRADE, _REPEATED, asked, _MASTER_TRADES, _REPEATED, _END, _END))


def _kraken_master(accounts: PageAccounts) -> Scenario:
    asked = Step(answers=_pasted(accounts.kraken_master))
    return Scenario(accounts, (Step(code=2), asked, _MASTER_TRADES, _REPEATED, _REPEATED, _REPEATED, _END))


def _users(accounts: PageAccounts) -> Scenario:
    asked = Step(answers=_pasted(accounts.daivon_frazier))
    return Scenario(accounts, (asked, _END, _END), ((".env", accounts.master_dotenv),))


def _coinbase(accounts: PageAccounts) -> Scenario:
    asked = Step(answers=(("Key name", "cdp_api_key.json"),))
    return Scenario(accounts, (asked, _END), (("cdp_api_key.json", accounts.coinbase_file),))


def _troubleshooting(accounts: PageAccounts) -> Scenario:
    return Scenario(accounts, (Step(code=2), Step(code=2)), ((".env", accounts.tania_dotenv),))


def _security(accounts: PageAccounts) -> Scenario:
    return Scenario(accounts, (_END, _END, _END), ((".env", accounts.master_dotenv),))


def _how_trading_decides(accounts: PageAccounts) -> Scenario:
    return Scenario(accounts, (Step(code=2), _END), ((".env", accounts.master_dotenv),))


def _what_happens_when(accounts: PageAccounts) -> Scenario:
    return Scenario(accounts, (_END,), ((".env", accounts.master_dotenv),))


def _master_in_five_minutes(accounts: PageAccounts) -> Scenario:
    asked = Step(answers=_pasted(accounts.kraken_master))
    return Scenario(accounts, (Step(code=2), asked, _MASTER_TRADES, _REPEATED))


def _configure_master(accounts: PageAccounts) -> Scenario:
    return Scenario(accounts, (_END, _END), ((".env", accounts.master_dotenv),))


def _enable_master(accounts: PageAccounts) -> Scenario:
    paused = Step(code=1, repeated=True)
    steps = (_MASTER_TRADES, _REPEATED, _END, paused, _END)
    return Scenario(accounts, steps, ((".env", accounts.master_dotenv),))


def _kraken_quick_start(accounts: PageAccounts) -> Scenario:
    owner = ("Which exchange?", ""), ("Owner", "daivon_frazier")
    asked = Step(answers=(*owner, *_pasted(accounts.daivon_frazier)))
    return Scenario(accounts, (asked, _END), ((".env", accounts.master_dotenv),))


def _several_exchanges(accounts: PageAccounts) -> Scenario:
    return Scenario(accounts, (_BOTH_TRADE, _REPEATED), ((".env", accounts.master_dotenv + accounts.coinbase_dotenv),))


_MAKERS: Mapping[str, Callable[[PageAccounts], Scenario]] = MappingProxyType(
    {
        "docs/quick-start.md": _quick_start,
        "README.md": _readme,
        "docs/kraken-master.md": _kraken_master,
        "docs/troubleshooting.md": _troubleshooting,
        "docs/users.md": _users,
        "docs/coinbase.md": _coinbase,
        "docs/security.md": _security,
        "docs/how-trading-decides.md": _how_trading_decides,
        "docs/what-happens-when.md": _what_happens_when,
        "docs/SETUP_KRAKEN_MASTER_QUICK.md": _master_in_five_minutes,
        "docs/CONFIGURE_KRAKEN_MASTER.md": _configure_master,
        "docs/ENABLE_MASTER_KRAKEN_TRADING.md": _enable_master,
        "docs/KRAKEN_QUICK_START.md": _kraken_quick_start,
        "docs/MULTI_EXCHANGE_TRADING_GUIDE.md": _several_exchanges,
    }
)
SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {name: make(page_accounts(number)) for number, (name, make) in enumerate(_MAKERS.items())}
)
ACCOUNTS = tuple(account for scenario in SCENARIOS.values() for account in scenario.accounts)
