"""How the commands of each page are run: in one fresh copy of the tree, in the order in which a reader would."""

from __future__ import annotations

import json
import random
import re
import time
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from accounts.identity import AccountId
from brokers.model import Exchange
from brokers.simulator.config import (
    TRADING_PERMISSIONS,
    SimulatedAccount,
    SimulatorConfig,
    coinbase_key,
    kraken_key,
    made_up_iban,
    made_up_uuid,
)
from brokers.simulator.server import running_simulator
from tests.docs.copies import Copy
from tests.docs.pages import page
from tests.simulator_fixtures import UNLIMITED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.docs.copies import Staying
    from tests.docs.pages import Block

_CHANCE = random.Random(23)
_A_MOMENT = 20.0
# Accounts connect without a pause between them.
_HURRY: Mapping[str, str] = MappingProxyType({"NIJA_CONNECT_DELAY": "0", "NIJA_NONCE_OFFSET_MAX": "0"})
_ORDINARY_WORDS = (
    (re.compile(r"\s+"), " "),
    (re.compile(r"(order|account)=\S+"), r"\1=*"),
    (re.compile(r"key [0-9a-f]{8}\b"), "key *"),
    (re.compile(r"\b(BTC|ETH)/USD"), "*/USD"),
    (re.compile(r"[+-]?\$?\d[\d.,:]*"), "0"),
)


def _account(exchange: Exchange, owner: str, dollars: str) -> SimulatedAccount:
    kraken = exchange is Exchange.KRAKEN
    key, uid = (
        (kraken_key(_CHANCE), made_up_iban(_CHANCE)) if kraken else (coinbase_key(_CHANCE), made_up_uuid(_CHANCE))
    )
    return SimulatedAccount(exchange, owner, key, {"USD": Decimal(dollars)}, account_uid=uid)


KRAKEN_MASTER = _account(Exchange.KRAKEN, "master", "1234.56")
DAIVON = _account(Exchange.KRAKEN, "daivon_frazier", "500.00")
COINBASE_MASTER = _account(Exchange.COINBASE, "master", "321.00")
UNTICKED = replace(
    _account(Exchange.KRAKEN, "tania_gilbert", "90.00"), permissions=TRADING_PERMISSIONS - {"close-trades"}
)
ACCOUNTS = (KRAKEN_MASTER, DAIVON, COINBASE_MASTER, UNTICKED)


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
    """`accounts` stand in .env before the first block, and `files` in the folder."""

    steps: tuple[Step, ...]
    accounts: tuple[SimulatedAccount, ...] = ()
    files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one block."""

    block: Block
    step: Step
    code: int
    output: str

    @property
    def is_as_shown(self) -> bool:
        return self.code == self.step.code and not not_shown(self.block.shown, self.output)


@dataclass(frozen=True, slots=True)
class Telling:
    """What came of a page; `farewells` are the seconds that each program which stayed took to end."""

    told: tuple[Told, ...]
    farewells: tuple[float, ...]


@dataclass(slots=True)
class _Teller:
    copy: Copy
    staying: Staying | None = None
    farewells: list[float] = field(default_factory=list)

    def tell(self, block: Block, step: Step) -> Told:
        if step.only_noted:
            self.copy.pretend_tools()
        if step.until:
            self.leave()
            self.staying = self.copy.stay(block.text)
            self.staying.wait_for(step.until)
            return Told(block, step, 0, self.staying.said)
        if step.answers:
            return Told(block, step, *self.copy.talk(block.text, step.answers))
        told = Told(block, step, *self.copy.run(block.text))
        deadline = time.monotonic() + _A_MOMENT
        while step.asked_again and not told.is_as_shown and time.monotonic() < deadline:
            time.sleep(1.0)
            told = Told(block, step, *self.copy.run(block.text))
        return told

    def leave(self) -> None:
        if self.staying is not None:
            self.farewells.append(self.staying.end())
            self.staying = None


def not_shown(shown: str, output: str) -> list[str]:
    """The lines of `shown` that the real output lacks. Figures and names of orders may differ; … is any lines."""
    real = {_shape(line) for line in output.splitlines()}
    return [line for line in shown.splitlines() if line.strip() not in {"", "…"} and _shape(line) not in real]


def _shape(line: str) -> str:
    for pattern, word in _ORDINARY_WORDS:
        line = pattern.sub(word, line)
    return line.strip()


def tell(name: str, folder: Path) -> Telling:
    """Run every block of the page, against an exchange of its own: a key serves one process."""
    with running_simulator(SimulatorConfig(ACCOUNTS, limits=UNLIMITED)) as simulator:
        exchange = {
            "KRAKEN_API_URL": simulator.kraken_url,
            "COINBASE_API_URL": simulator.coinbase_url,
            "REQUESTS_CA_BUNDLE": simulator.addresses.ca_bundle,
        }
        return _tell(name, folder, exchange)


def _tell(name: str, folder: Path, exchange: Mapping[str, str]) -> Telling:
    story = STORIES[name]
    blocks = [block for block in page(name).blocks if block.language == "bash"]
    assert len(blocks) == len(story.steps), f"{name} has {len(blocks)} bash blocks: say in STORIES how each is run"
    teller = _Teller(Copy(folder, {**exchange, **_HURRY}))
    for file, text in story.files:
        (teller.copy.root / file).write_text(text)
    dotenv = teller.copy.root / ".env"
    if story.accounts:
        dotenv.write_text("".join(f'{key}="{value}"\n' for key, value in _credentials(story.accounts).items()))
        dotenv.chmod(0o600)
    try:
        told = tuple(teller.tell(block, step) for block, step in zip(blocks, story.steps, strict=True))
    finally:
        teller.leave()
    return Telling(told, tuple(teller.farewells))


def _credentials(accounts: tuple[SimulatedAccount, ...]) -> dict[str, str]:
    variables = {}
    for account in accounts:
        prefix = AccountId(account.exchange, account.owner).env_prefix
        variables[f"{prefix}_API_KEY"] = account.api_key.key
        variables[f"{prefix}_API_SECRET"] = account.api_key.secret.replace("\n", "\\n")
    return variables


def _pasted(account: SimulatedAccount) -> tuple[tuple[str, str], ...]:
    return (
        ("API key (56 characters)", account.api_key.key),
        ("Private key (88 characters)", account.api_key.secret),
    )


_END = Step()
_ASKED = Step(asked_again=True)
_THE_FIRST_FILL = Step(until=("🎭 DEMO", "✅ BUY order filled: ", "🛡️ Stop placed: "))
_MASTER_TRADES = Step(until=("✅ Started independent trading thread for kraken (MASTER)",))
_ALL_TRADE = Step(
    until=(
        "✅ BUY order filled: ",
        "✅ Started independent trading thread for kraken (USER tania_gilbert)",
        "✅ Started independent trading thread for coinbase (MASTER)",
    )
)
_ENTER = ("Which exchange?", ""), ("Owner", "")

_COINBASE_FILE = json.dumps({"name": COINBASE_MASTER.api_key.key, "privateKey": COINBASE_MASTER.api_key.secret})

STORIES: Mapping[str, Story] = MappingProxyType(
    {
        "README.md": Story(
            (
                _THE_FIRST_FILL,
                Step(answers=(*_ENTER, *_pasted(KRAKEN_MASTER))),
                _MASTER_TRADES,
                Step(only_noted=True),
            ),
        ),
        "docs/quick-start.md": Story(
            (_ALL_TRADE, _END, Step(answers=(*_ENTER, *_pasted(KRAKEN_MASTER))), _MASTER_TRADES, _ASKED, _END, _END)
        ),
        "docs/kraken-master.md": Story(
            (Step(code=2), Step(answers=_pasted(KRAKEN_MASTER)), _MASTER_TRADES, _ASKED, _ASKED, _ASKED, _END)
        ),
        "docs/users.md": Story((Step(answers=_pasted(DAIVON)), _END, _END), accounts=(KRAKEN_MASTER,)),
        "docs/coinbase.md": Story(
            (Step(answers=(("Key name", "cdp_api_key.json"),)), _END), files=(("cdp_api_key.json", _COINBASE_FILE),)
        ),
        "docs/troubleshooting.md": Story((Step(code=2), Step(code=2)), accounts=(UNTICKED,)),
        "docs/security.md": Story((_END, _END, _END), accounts=(KRAKEN_MASTER,)),
        "docs/how-trading-decides.md": Story((Step(code=2),), accounts=(KRAKEN_MASTER,)),
    }
)
