"""The wizard with flags, against the simulator: it writes a key to .env only if the key works."""

from __future__ import annotations

import io
import json
import random
import stat
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from accounts.environment import process_settings
from accounts.identity import AccountId
from accounts.ownership import KeyOwnership
from brokers.model import ApiKey, Exchange
from brokers.simulator.config import TRADING_PERMISSIONS, SimulatorConfig, kraken_key
from brokers.simulator.faults import FaultKind
from nija.control.server import ControlServer
from nija.control.wire import SOCKET_NAME
from nija.doctor.facts import AccountFacts, KeyRights
from nija.wizard.candidate import SetupRefused, from_key_file
from nija.wizard.owner_names import owner_name
from nija.wizard.setup import SetupContext, SetupOptions, Wizard
from tests.simulator_fixtures import UNLIMITED, manual_rig, usd_accounts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.simulator_fixtures import Rig

MASTER = AccountId.parse("kraken:master")


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    master, other, withdraws, coinbase = usd_accounts("3")
    accounts = (
        master,
        other,
        replace(withdraws, permissions=TRADING_PERMISSIONS | {"withdraw-funds"}),
        coinbase,
        replace(master, owner="twin", api_key=kraken_key(random.Random(77))),
    )
    with manual_rig(SimulatorConfig(accounts, limits=UNLIMITED)) as running:
        yield running


@dataclass(slots=True)
class Bench:
    """A folder for key files and a `.env`, and wizards that work in it."""

    folder: Path
    rig: Rig
    printed: io.StringIO

    @property
    def dotenv(self) -> Path:
        return self.folder / ".env"

    def key(self, owner: str) -> ApiKey:
        return self.rig.simulated(f"kraken:{owner}").api_key

    def wizard(self, values: dict[str, str] | None = None, real: dict[str, str] | None = None) -> Wizard:
        environ = {
            "KRAKEN_API_URL": self.rig.simulator.kraken_url,
            "NIJA_DATA_DIR": str(self.folder / "data"),
            "NIJA_NONCE_OFFSET_MAX": "0",
        }
        process = process_settings(environ, self.folder)
        place = SetupContext(self.dotenv, {**environ, **(values or {})}, real or {}, process, self.rig.clock)
        return Wizard(place, Console(file=self.printed, width=400), None)

    def files(self, key: ApiKey) -> SetupOptions:
        (self.folder / "key").write_text(key.key + "\n")
        (self.folder / "secret").write_text(key.secret + "\n")
        return SetupOptions(Exchange.KRAKEN, "master", self.folder / "key", self.folder / "secret")


@pytest.fixture
def bench(tmp_path: Path, rig: Rig) -> Iterator[Bench]:
    rig.advance(30)
    yield Bench(tmp_path, rig, io.StringIO())
    rig.simulator.call(rig.simulator.world.plan.clear)


def test_a_key_that_works_is_written_where_the_template_has_it(bench: Bench) -> None:
    bench.dotenv.write_text("# mine\nKRAKEN_MASTER_API_KEY=\nKRAKEN_MASTER_API_SECRET=\nNIJA_MODE=auto\n")
    key = bench.key("master")
    bench.wizard().set_up(bench.files(key))
    assert bench.dotenv.read_text() == (
        f"# mine\nKRAKEN_MASTER_API_KEY={key.key}\nKRAKEN_MASTER_API_SECRET={key.secret}\nNIJA_MODE=auto\n"
    )
    assert stat.S_IMODE(bench.dotenv.stat().st_mode) == 0o600


def test_too_little_money_is_reported_but_the_key_is_accepted(bench: Bench) -> None:
    bench.wizard().set_up(bench.files(bench.key("master")))
    assert "✅ MASTER KRAKEN CONNECTED!" in bench.printed.getvalue()
    assert "UNDERFUNDED" in bench.printed.getvalue()


def test_no_secret_is_ever_printed(bench: Bench) -> None:
    key = bench.key("master")
    bench.wizard().set_up(bench.files(key))
    with pytest.raises(SetupRefused) as refused:
        bench.wizard().set_up(bench.files(ApiKey(key.key, key.secret[:-4])))
    for text in (bench.printed.getvalue(), str(refused.value)):
        assert key.key not in text
        assert key.secret[:-4] not in text


def test_a_key_that_can_withdraw_is_refused_and_nothing_written(bench: Bench) -> None:
    with pytest.raises(SetupRefused, match="not accepted"):
        bench.wizard().set_up(bench.files(bench.key("tania_gilbert")))
    assert "Withdraw Funds must be off" in bench.printed.getvalue()
    assert not bench.dotenv.exists()


def test_a_wrong_secret_is_refused_and_nothing_written(bench: Bench) -> None:
    swapped = ApiKey(bench.key("master").key, bench.key("daivon_frazier").secret)
    with pytest.raises(SetupRefused, match="not accepted"):
        bench.wizard().set_up(bench.files(swapped))
    assert "❌ Invalid signature" in bench.printed.getvalue()
    assert not bench.dotenv.exists()


def test_an_exchange_that_does_not_answer_writes_nothing(bench: Bench) -> None:
    bench.rig.fault(FaultKind.ERROR_BEFORE, exchange="kraken", status=503)
    with pytest.raises(SetupRefused, match="the key could not be checked, and nothing was written"):
        bench.wizard().set_up(bench.files(bench.key("master")))
    assert "Kraken has an outage (HTTP 503)" in bench.printed.getvalue()


def test_a_key_that_another_account_has_is_refused_before_any_network(bench: Bench) -> None:
    key = bench.key("master")
    taken = {"KRAKEN_USER_TANIA_GILBERT_API_KEY": key.key, "KRAKEN_USER_TANIA_GILBERT_API_SECRET": key.secret}
    with pytest.raises(SetupRefused, match="same key as KRAKEN_USER_TANIA_GILBERT_API_KEY"):
        bench.wizard(taken).set_up(bench.files(key))


def test_an_old_key_in_env_does_not_block_a_new_one(bench: Bench) -> None:
    key = bench.key("master")
    old = {"KRAKEN_MASTER_API_KEY": "broken", "KRAKEN_MASTER_API_SECRET_FILE": "/nowhere"}
    bench.wizard(old).set_up(bench.files(key))
    assert key.key in bench.dotenv.read_text()


def test_a_variable_set_outside_env_is_pointed_out_because_it_wins(bench: Bench) -> None:
    bench.wizard(real={"KRAKEN_MASTER_API_KEY": "x"}).set_up(bench.files(bench.key("master")))
    assert "KRAKEN_MASTER_API_KEY is also set outside .env" in bench.printed.getvalue()


def test_a_key_comes_from_two_lines_of_standard_input(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    key = bench.key("daivon_frazier")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{key.key}\n{key.secret}\n"))
    assert bench.wizard().set_up(SetupOptions(Exchange.KRAKEN, "daivon_frazier")) == AccountId.parse(
        "kraken:daivon_frazier"
    )
    assert f"KRAKEN_USER_DAIVON_FRAZIER_API_KEY={key.key}\n" in bench.dotenv.read_text()


def test_half_of_a_key_on_standard_input_is_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("only-one-line\n"))
    with pytest.raises(SetupRefused, match="two lines"):
        bench.wizard().set_up(SetupOptions(Exchange.KRAKEN, "master"))


def test_without_a_terminal_the_exchange_must_be_named(bench: Bench) -> None:
    with pytest.raises(SetupRefused, match="--exchange"):
        bench.wizard().set_up(SetupOptions())


def test_a_name_that_is_too_long_for_a_variable_is_refused(bench: Bench) -> None:
    with pytest.raises(SetupRefused, match="at most 64"):
        bench.wizard().set_up(SetupOptions(Exchange.KRAKEN, "a" * 65))


def test_an_account_is_taken_out_again(bench: Bench) -> None:
    bench.dotenv.write_text("A=1\nKRAKEN_MASTER_API_KEY=a\nKRAKEN_MASTER_API_SECRET=b\n")
    bench.wizard().remove(MASTER)
    assert bench.dotenv.read_text() == "A=1\n"
    with pytest.raises(SetupRefused, match="no credentials of kraken:master"):
        bench.wizard().remove(MASTER)


@pytest.mark.parametrize("name_field", ["name", "id"])
def test_coinbases_key_file_holds_both_halves(name_field: str) -> None:
    found = from_key_file(json.dumps({name_field: "organizations/a/apiKeys/b", "privateKey": "pem"}))
    assert found is not None
    assert (found.key, found.secret) == ("organizations/a/apiKeys/b", "pem")
    assert from_key_file("a plain key") is None


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Tania Gilbert", "tania_gilbert"),
        (" DAIVON-FRAZIER ", "daivon_frazier"),
        ("Tanja Müller", "tanja_mueller"),
        ("Tanja Mu\u0308ller", "tanja_mueller"),
        ("Zoë Groß", "zoe_gross"),
        ("Łukasz Børgesen", "lukasz_boergesen"),
        ("!", ""),
        ("Иван", ""),
    ],
)
def test_a_name_is_accepted_as_people_write_it(typed: str, name: str) -> None:
    assert owner_name(typed) == name


def variables_of(account: str, key: ApiKey) -> dict[str, str]:
    prefix = AccountId.parse(account).env_prefix
    return {f"{prefix}_API_KEY": key.key, f"{prefix}_API_SECRET": key.secret}


def test_the_accounts_name_is_shown_before_anything_is_checked_or_written(bench: Bench) -> None:
    bench.wizard().set_up(bench.files(bench.key("master")))
    assert bench.printed.getvalue().startswith("Account: kraken:master (key in KRAKEN_MASTER_API_KEY)\n")


def test_a_key_that_works_is_pointed_out_before_another_one_replaces_it(bench: Bench) -> None:
    old, new = bench.key("master"), bench.key("daivon_frazier")
    bench.wizard(variables_of("kraken:master", old)).set_up(bench.files(new))
    before, _, _ = bench.printed.getvalue().partition("Checking it at kraken")
    assert f"⚠️  kraken:master has the key {old.fingerprint}, which works. Setting up a new one replaces it." in before


def test_a_key_that_does_not_work_is_replaced_with_its_reason(bench: Bench) -> None:
    wrong = ApiKey(bench.key("master").key, bench.key("daivon_frazier").secret)
    bench.wizard(variables_of("kraken:master", wrong)).set_up(bench.files(bench.key("master")))
    assert f"Its present key {wrong.fingerprint} does not work (Invalid signature). It will be replaced." in (
        bench.printed.getvalue()
    )


def test_the_key_that_the_account_has_already_is_named_and_nothing_written(bench: Bench) -> None:
    key = bench.key("master")
    with pytest.raises(SetupRefused, match=f"this is the key {key.fingerprint} that kraken:master has already"):
        bench.wizard(variables_of("kraken:master", key)).set_up(bench.files(key))
    assert not bench.dotenv.exists()


def test_a_second_key_of_another_accounts_exchange_account_is_refused_before_it_is_written(bench: Bench) -> None:
    taken = variables_of("kraken:tania_gilbert", bench.key("twin"))
    with pytest.raises(SetupRefused, match="same exchange account as the key of kraken:tania_gilbert"):
        bench.wizard(taken).set_up(bench.files(bench.key("master")))
    assert not bench.dotenv.exists()


def test_a_running_daemon_is_asked_about_its_keys_and_the_exchange_is_not(bench: Bench) -> None:
    twin = bench.key("twin")
    uid = bench.rig.simulated("kraken:master").account_uid
    rights = KeyRights(uid, (), (), can_withdraw=False, clock_skew=0.0, expires=None, ip_allowlist=())
    known = AccountFacts("kraken:tania_gilbert", twin.fingerprint, key=rights)
    data = bench.folder / "data"
    daemon = ControlServer(data / SOCKET_NAME, {"doctor": lambda _: {"accounts": [known.to_json()]}})
    # Its lock keeps everybody else from using the key.
    with KeyOwnership(data, twin.fingerprint, bench.rig.clock, "nija run"):
        daemon.start()
        try:
            with pytest.raises(SetupRefused, match="same exchange account as the key of kraken:tania_gilbert"):
                bench.wizard(variables_of("kraken:tania_gilbert", twin)).set_up(bench.files(bench.key("master")))
        finally:
            daemon.stop()


def test_an_account_that_cannot_be_compared_is_named_and_does_not_prevent_the_set_up(bench: Bench) -> None:
    other = bench.key("daivon_frazier")
    with KeyOwnership(bench.folder / "data", other.fingerprint, bench.rig.clock, "nija run"):
        bench.wizard(variables_of("kraken:daivon_frazier", other)).set_up(bench.files(bench.key("master")))
    assert "⚠️  Whether kraken:daivon_frazier is the same exchange account could not be checked" in (
        bench.printed.getvalue()
    )
    assert bench.dotenv.exists()


def test_an_account_that_is_not_there_cannot_be_removed_and_those_that_are_there_are_named(bench: Bench) -> None:
    bench.dotenv.write_text("KRAKEN_USER_TANIA_GILBERT_API_KEY=a\n")
    with pytest.raises(SetupRefused) as refused:
        bench.wizard().check_removal(AccountId.parse("kraken:tania_gilbart"))
    assert str(refused.value).endswith(
        ".env has no credentials of kraken:tania_gilbart. It has: kraken:tania_gilbert. "
        "Did you mean kraken:tania_gilbert?"
    )


def test_credentials_outside_env_are_to_be_deleted_there(bench: Bench) -> None:
    with pytest.raises(SetupRefused, match="delete KRAKEN_MASTER_API_KEY where it is set"):
        bench.wizard(real={"KRAKEN_MASTER_API_KEY": "x"}).check_removal(MASTER)
