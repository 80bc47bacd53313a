"""The key of another exchange account behind the same name: a mix-up in .env, or a user who opened a new account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from accounts.identity import AccountId
from tests.made_up import accounts
from tests.system import checker
from tests.system.daemon import Daemon, ask
from tests.system.exchange import running_exchange
from tests.system.settings import buy_and_hold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.system.daemon import Answer
    from tests.system.exchange import RunningExchange

NAMES = ("kraken:master", "coinbase:master")
NEW = {"kraken:master": "kraken:tania_gilbert", "coinbase:master": "coinbase:tania_gilbert"}


@dataclass(frozen=True, slots=True)
class Aftermath:
    """The lines of the daemon with the mixed-up keys, and of the one after `nija forget`."""

    refused: tuple[str, ...]
    forgotten: Mapping[str, Answer]
    afresh: tuple[str, ...]
    endpoints: Mapping[str, frozenset[str]]
    books: Mapping[str, Mapping[str, Any]]


@pytest.fixture(scope="module")
def keys_mixed_up(tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    folder = tmp_path_factory.mktemp("run")
    (folder / "nija.toml").write_text(buy_and_hold(NAMES))
    with running_exchange(accounts(*NAMES, *NEW.values()), speed=1.0) as exchange:
        old, new = _behind_the_names(exchange)
        with Daemon(folder, old) as first:
            first.wait_for("🛡️ Stop placed", count=len(NAMES))
            assert first.terminate() == 0
        with Daemon(folder, new) as second:
            second.wait_for("connection failed", count=len(NAMES))
            asked = {
                name: frozenset(request["endpoint"] for request in exchange.requests(account))
                for name, account in NEW.items()
            }
            assert second.terminate() == 0
        forgotten = {name: ask(folder, new, "forget", name, "--yes") for name in NAMES}
        with Daemon(folder, new) as third:
            third.wait_for("🛡️ Stop placed", count=len(NAMES))
            assert third.terminate() == 0
        state = exchange.state("accounts")["accounts"]
        return Aftermath(tuple(second.lines), forgotten, tuple(third.lines), asked, state)


def _behind_the_names(exchange: RunningExchange) -> tuple[dict[str, str], dict[str, str]]:
    """The environment with the masters' own keys alone, and with those of the others behind their names."""
    everything = dict(exchange.environment)
    theirs = {}
    for name, other in NEW.items():
        prefix, old = AccountId.parse(name).env_prefix, AccountId.parse(other).env_prefix
        for part in ("API_KEY", "API_SECRET"):
            theirs[f"{prefix}_{part}"] = everything.pop(f"{old}_{part}")
    return everything, everything | theirs


pytestmark = [pytest.mark.xdist_group("keys_mixed_up"), pytest.mark.parametrize("name", NAMES)]


def test_it_is_refused_before_anything_is_compared(keys_mixed_up: Aftermath, name: str) -> None:
    at_connect = {"GetApiKeyInfo"} if name.startswith("kraken") else {"GET /key_permissions", "GET /portfolios"}
    assert keys_mixed_up.endpoints[name] <= at_connect


def test_both_remedies_are_named(keys_mixed_up: Aftermath, name: str) -> None:
    (line,) = [line for line in keys_mixed_up.refused if "connection failed" in line and f"account={name}" in line]
    prefix = AccountId.parse(name).env_prefix
    assert "the key belongs to another exchange account" in line
    assert f"Put the old key back into {prefix}_API_KEY and {prefix}_API_SECRET" in line
    assert f"nija forget {name}" in line


def test_the_former_account_keeps_its_position_and_stop(keys_mixed_up: Aftermath, name: str) -> None:
    assert len(keys_mixed_up.books[name]["orders"]) == 2
    checker.assert_every_position_has_its_stop(keys_mixed_up.books[name])


def test_nija_forget_names_what_it_lets_go_of(keys_mixed_up: Aftermath, name: str) -> None:
    assert keys_mixed_up.forgotten[name].code == 0
    assert "The journal holds an open position: BTC/USD" in keys_mixed_up.forgotten[name].text


def test_after_nija_forget_the_new_account_trades(keys_mixed_up: Aftermath, name: str) -> None:
    assert [line for line in keys_mixed_up.afresh if "BUY order filled" in line and f"account={name}" in line]
    checker.assert_every_position_has_its_stop(keys_mixed_up.books[NEW[name]])
