"""Reproduces each symptom of docs/troubleshooting.md, so that the doctor's output on the page is real."""

from __future__ import annotations

import random
from contextlib import closing, contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING

from accounts.identity import AccountId
from accounts.ownership import KeyOwnership
from brokers.clock import utc_now
from brokers.model import ApiKey, Exchange
from brokers.simulator.config import coinbase_key
from brokers.simulator.engine.markets import Mode
from brokers.simulator.faults import FaultKind
from nija.control.commands import write_to_journals
from nija.journal.opening import Journals
from nija.journal.records import HaltName
from nija.log.event_log import get_log
from nija.orders.desk import ANOTHER_PROGRAM
from nija.trader.commands import Command, Instruction
from tests.nija.doctor.setups import KEYS, STRANGER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from nija.journal.journal import Journal
    from tests.nija.doctor.setups import BrokenSetUp
    from tests.simulator_fixtures import Rig

    Reproduction = Callable[[BrokenSetUp, Rig], Iterator[None]]

_MASTER = KEYS["master"]
_KEY, _SECRET = "KRAKEN_MASTER_API_KEY", "KRAKEN_MASTER_API_SECRET"
# Nobody listens on port 1.
NOWHERE = "http://127.0.0.1:1"


@contextmanager
def reproduced(symptom: str, set_up: BrokenSetUp, rig: Rig) -> Iterator[None]:
    """Within the block the set-up has the problem that the page describes under this heading."""
    yield from _REPRODUCTIONS[symptom](set_up, rig)


def symptoms() -> frozenset[str]:
    return frozenset(_REPRODUCTIONS)


def _not_set(set_up: BrokenSetUp, _rig: Rig) -> Iterator[None]:
    del set_up.environ[_KEY], set_up.environ[_SECRET]
    yield


def _misspelt(set_up: BrokenSetUp, _rig: Rig) -> Iterator[None]:
    set_up.environ["KRAKEN_MASTER_APIKEY"] = set_up.environ.pop(_KEY)
    yield


def _whitespace(set_up: BrokenSetUp, _rig: Rig) -> Iterator[None]:
    set_up.environ[_SECRET] = " \n "
    yield


def _blanks_around(set_up: BrokenSetUp, _rig: Rig) -> Iterator[None]:
    set_up.environ[_KEY] += " \n"
    yield


def _cut_off(set_up: BrokenSetUp, _rig: Rig) -> Iterator[None]:
    set_up.environ[_KEY] = _MASTER.key[:-3]
    yield


def _placeholder(set_up: BrokenSetUp, _rig: Rig) -> Iterator[None]:
    set_up.environ[_KEY] = "<your-api-key>"
    yield


def _swapped(set_up: BrokenSetUp, _rig: Rig) -> Iterator[None]:
    set_up.credentials("kraken:master", ApiKey(_MASTER.secret, _MASTER.key))
    yield


def _coinbase_secret(set_up: BrokenSetUp, _rig: Rig) -> Iterator[None]:
    made = coinbase_key(random.Random(3))
    set_up.credentials("coinbase:master", ApiKey(made.key, made.secret[:90]))
    yield


def _shared(set_up: BrokenSetUp, _rig: Rig) -> Iterator[None]:
    set_up.credentials("kraken:tania_gilbert", _MASTER)
    yield


def _permission(set_up: BrokenSetUp, _rig: Rig) -> Iterator[None]:
    set_up.credentials("kraken:master", KEYS["no_cancel"])
    yield


def _can_withdraw(set_up: BrokenSetUp, _rig: Rig) -> Iterator[None]:
    set_up.credentials("kraken:master", KEYS["withdraws"])
    yield


def _signature(set_up: BrokenSetUp, _rig: Rig) -> Iterator[None]:
    set_up.credentials("kraken:master", ApiKey(_MASTER.key, STRANGER.secret))
    yield


def _deleted(set_up: BrokenSetUp, _rig: Rig) -> Iterator[None]:
    set_up.credentials("kraken:master", STRANGER)
    yield


def _nonce(_set_up: BrokenSetUp, rig: Rig) -> Iterator[None]:
    rig.fault(FaultKind.REFUSE_NONCE, exchange="kraken")
    yield


def _barred(_set_up: BrokenSetUp, rig: Rig) -> Iterator[None]:
    rig.fault(FaultKind.LOCKOUT, exchange="kraken", endpoint="GetApiKeyInfo")
    yield


def _calls_used_up(_set_up: BrokenSetUp, rig: Rig) -> Iterator[None]:
    rig.fault(FaultKind.RATE_LIMIT, exchange="kraken", endpoint="GetApiKeyInfo")
    yield


def _twins(set_up: BrokenSetUp, _rig: Rig) -> Iterator[None]:
    set_up.credentials("kraken:tania_gilbert", KEYS["twin"])
    yield


def _in_use(set_up: BrokenSetUp, rig: Rig) -> Iterator[None]:
    with KeyOwnership(set_up.folder / "data", _MASTER.fingerprint, rig.clock, command="nija run"):
        yield


def _clock(_set_up: BrokenSetUp, rig: Rig) -> Iterator[None]:
    rig.fault(FaultKind.CLOCK_OFFSET, exchange="kraken", seconds=90.0)
    yield


def _unreachable(set_up: BrokenSetUp, _rig: Rig) -> Iterator[None]:
    set_up.environ["KRAKEN_API_URL"] = NOWHERE
    yield


def _maintenance(_set_up: BrokenSetUp, rig: Rig) -> Iterator[None]:
    venue = rig.simulator.world.faces[Exchange.KRAKEN].engine.exchange
    venue.mode = Mode.MAINTENANCE
    try:
        yield
    finally:
        venue.mode = Mode.ONLINE


def _out_of_order(_set_up: BrokenSetUp, rig: Rig) -> Iterator[None]:
    rig.fault(FaultKind.ERROR_BEFORE, exchange="kraken", status=520)
    yield


def _poor(set_up: BrokenSetUp, _rig: Rig) -> Iterator[None]:
    set_up.credentials("kraken:master", KEYS["poor"])
    yield


def _small_positions(set_up: BrokenSetUp, _rig: Rig) -> Iterator[None]:
    (set_up.folder / "nija.toml").write_text("[risk]\nmax_position = 0.005\n")
    yield


def _no_such_market(set_up: BrokenSetUp, _rig: Rig) -> Iterator[None]:
    (set_up.folder / "nija.toml").write_text('[trading]\nmarkets = ["BTC/USD", "NOPE/USD"]\n')
    yield


def _stopped(set_up: BrokenSetUp, rig: Rig) -> Iterator[None]:
    with closing(Journals(set_up.folder / "data", rig.clock, get_log("test"))) as journals:
        write_to_journals(
            Instruction(Command.STOP_TRADING), journals.open, [AccountId.parse("kraken:master")], rig.clock
        )
    yield


def _traded_by_another(set_up: BrokenSetUp, rig: Rig) -> Iterator[None]:
    with _journal(set_up, rig) as journal:
        journal.halts.set(HaltName.ANOTHER_PROGRAM, ANOTHER_PROGRAM, utc_now(rig.clock))
    yield


def _another_account(set_up: BrokenSetUp, rig: Rig) -> Iterator[None]:
    with _journal(set_up, rig) as journal:
        journal.identity.remember("AA00 of someone else", utc_now(rig.clock))
    yield


@contextmanager
def _journal(set_up: BrokenSetUp, rig: Rig) -> Iterator[Journal]:
    """The master's, as a daemon left it."""
    with (
        closing(Journals(set_up.folder / "data", rig.clock, get_log("test"))) as journals,
        closing(journals.open(AccountId.parse("kraken:master"))) as journal,
    ):
        yield journal


def _paper(set_up: BrokenSetUp, _rig: Rig) -> Iterator[None]:
    set_up.environ["NIJA_MODE"] = "paper"
    yield


def _switched_off(set_up: BrokenSetUp, _rig: Rig) -> Iterator[None]:
    (set_up.folder / "nija.toml").write_text('[accounts."kraken:master"]\nenabled = false\n')
    yield


def _unknown_key(set_up: BrokenSetUp, _rig: Rig) -> Iterator[None]:
    (set_up.folder / "nija.toml").write_text("[risk]\nmax_position_size = 0.5\n")
    yield


def _broken_dotenv(set_up: BrokenSetUp, _rig: Rig) -> Iterator[None]:
    (set_up.folder / ".env").write_text("NIJA_MODE=auto\nKRAKEN_MASTER_API_KEY='open\n")
    yield


def _readable(set_up: BrokenSetUp, _rig: Rig) -> Iterator[None]:
    dotenv = set_up.folder / ".env"
    dotenv.write_text("NIJA_MODE=auto\n")
    dotenv.chmod(0o644)
    yield


def _overruled(set_up: BrokenSetUp, _rig: Rig) -> Iterator[None]:
    dotenv = set_up.folder / ".env"
    dotenv.write_text(f"{_KEY}={STRANGER.key}\n")
    dotenv.chmod(0o600)
    yield


def _data_folder(set_up: BrokenSetUp, _rig: Rig) -> Iterator[None]:
    (set_up.folder / "data").write_text("a file where the folder should be")
    yield


_REPRODUCTIONS: Mapping[str, Reproduction] = MappingProxyType(
    {
        "Kraken credentials not configured": _not_set,
        "A variable name is misspelt": _misspelt,
        "Credentials contain only whitespace": _whitespace,
        "Spaces or line breaks around a value": _blanks_around,
        "A key was cut off": _cut_off,
        "The example text is still there": _placeholder,
        "Key and secret are swapped": _swapped,
        "Coinbase's secret cannot be read": _coinbase_secret,
        "Permission denied": _permission,
        "The key can withdraw": _can_withdraw,
        "Invalid signature": _signature,
        "Invalid key": _deleted,
        "Invalid nonce": _nonce,
        "The same key for two accounts": _shared,
        "Two keys of one exchange account": _twins,
        "The key belongs to another exchange account": _another_account,
        "The key is in use by another process": _in_use,
        "The key is locked out": _barred,
        "The rate limit is reached": _calls_used_up,
        "The clock is wrong": _clock,
        "The exchange cannot be reached": _unreachable,
        "The exchange is in maintenance": _maintenance,
        "The exchange has an outage": _out_of_order,
        "UNDERFUNDED": _poor,
        "The account is too small for an order": _small_positions,
        "A market does not exist": _no_such_market,
        "Trading was stopped": _stopped,
        "Another program trades the account": _traded_by_another,
        "Paper mode is on": _paper,
        "The account is disabled": _switched_off,
        "nija.toml is refused": _unknown_key,
        ".env is refused": _broken_dotenv,
        "Others can read .env": _readable,
        "The new key in .env is not used": _overruled,
        "The data folder cannot be used": _data_folder,
    }
)
