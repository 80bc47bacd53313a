"""How the commands of each page are run: in one fresh copy of the tree, in the order in which a reader would."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.docs.cast import Cast, make_cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from brokers.simulator.config import SimulatedAccount


@dataclass(frozen=True, slots=True)
class Step:
    """One ```bash block. Without anything it is run to its end, which must be `code`.

    `answers` are given at a terminal; `until` is what a program that stays must say, and then it stays beside the
    next blocks until another one that stays, or the page's end. What is `asked_again` needs a running NIJA that has
    got to know its accounts, as a reader who waits a moment. With `only_noted` the tools of the checks are stand-ins
    that say how they were called.
    """

    code: int = 0
    answers: tuple[tuple[str, str], ...] = ()
    until: tuple[str, ...] = ()
    asked_again: bool = False
    only_noted: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """`files` are in the folder before the first block."""

    cast: Cast
    steps: tuple[Step, ...]
    files: tuple[tuple[str, str], ...] = ()


_END = Step()
_ASKED = Step(asked_again=True)
_THE_FIRST_FILL = Step(until=("🎭 DEMO", "✅ BUY order filled: ", "🛡️ Stop placed: "))
_MASTER_TRADES = Step(until=("✅ Started independent trading thread for kraken (MASTER)",))
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


def _readme(cast: Cast) -> Story:
    asked = Step(answers=(*_ENTER, *_pasted(cast.kraken_master)))
    return Story(cast, (_THE_FIRST_FILL, asked, _MASTER_TRADES, Step(only_noted=True)))


def _quick_start(cast: Cast) -> Story:
    asked = Step(answers=(*_ENTER, *_pasted(cast.kraken_master)))
    return Story(cast, (_ALL_TRADE, _ASKED, asked, _MASTER_TRADES, _ASKED, _END, _END))


def _kraken_master(cast: Cast) -> Story:
    asked = Step(answers=_pasted(cast.kraken_master))
    return Story(cast, (Step(code=2), asked, _MASTER_TRADES, _ASKED, _ASKED, _ASKED, _END))


def _users(cast: Cast) -> Story:
    asked = Step(answers=_pasted(cast.daivon_frazier))
    return Story(cast, (asked, _END, _END), ((".env", cast.master_dotenv),))


def _coinbase(cast: Cast) -> Story:
    asked = Step(answers=(("Key name", "cdp_api_key.json"),))
    return Story(cast, (asked, _END), (("cdp_api_key.json", cast.coinbase_file),))


def _troubleshooting(cast: Cast) -> Story:
    return Story(cast, (Step(code=2), Step(code=2)), ((".env", cast.tania_dotenv),))


def _security(cast: Cast) -> Story:
    return Story(cast, (_END, _END, _END), ((".env", cast.master_dotenv),))


def _how_trading_decides(cast: Cast) -> Story:
    return Story(cast, (Step(code=2),), ((".env", cast.master_dotenv),))


# The longest first.
_MAKERS: Mapping[str, Callable[[Cast], Story]] = MappingProxyType(
    {
        "docs/quick-start.md": _quick_start,
        "README.md": _readme,
        "docs/kraken-master.md": _kraken_master,
        "docs/troubleshooting.md": _troubleshooting,
        "docs/users.md": _users,
        "docs/coinbase.md": _coinbase,
        "docs/security.md": _security,
        "docs/how-trading-decides.md": _how_trading_decides,
    }
)
STORIES: Mapping[str, Story] = MappingProxyType(
    {name: make(make_cast(number)) for number, (name, make) in enumerate(_MAKERS.items())}
)
ACCOUNTS = tuple(account for story in STORIES.values() for account in story.cast)
