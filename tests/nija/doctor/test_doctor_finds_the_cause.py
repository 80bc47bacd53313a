"""Broken set-ups: in each, the first ❌ names the true cause, and the remedy says how to mend it."""

from __future__ import annotations

import random
import socket
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from accounts.identity import AccountId
from accounts.ownership import KeyOwnership
from brokers.model import ApiKey, Exchange
from brokers.simulator.config import (
    TRADING_PERMISSIONS,
    Limits,
    SimulatedAccount,
    SimulatorConfig,
    kraken_key,
)
from brokers.simulator.engine.markets import Mode
from brokers.simulator.faults import FaultKind
from nija.control.switches import Switch, turn
from nija.doctor.finding import ExitCode, Level
from nija.journal.opening import Journals
from nija.log.event_log import get_log
from tests.nija.doctor.patients import BrokenSetUp, requests_seen
from tests.simulator_fixtures import manual_rig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.simulator_fixtures import Rig

_CHANCE = random.Random(11)


def _account(owner: str, **changes: object) -> SimulatedAccount:
    balances = {"USD": Decimal("1234.56")}
    made = SimulatedAccount(Exchange.KRAKEN, owner, kraken_key(_CHANCE), balances, account_uid=f"AA00 {owner}")
    return replace(made, **changes)  # type: ignore[arg-type]  # the fields of a SimulatedAccount


ACCOUNTS = (
    _account("master"),
    _account("poor", balances={"USD": Decimal("3.10")}),
    _account("coins", balances={"SOL": Decimal(50)}),
    _account("no_cancel", permissions=TRADING_PERMISSIONS - {"close-trades"}),
    _account("no_funds", permissions=TRADING_PERMISSIONS - {"query-funds"}),
    _account("withdraws", permissions=TRADING_PERMISSIONS | {"withdraw-funds"}),
    _account("twin", account_uid="AA00 master"),
)
KEYS = {account.owner: account.api_key for account in ACCOUNTS}
STRANGER = kraken_key(_CHANCE)


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    config = SimulatorConfig(ACCOUNTS, limits=Limits(private=False, public=False, failures_to_lockout=10_000))
    with manual_rig(config) as running:
        yield running


@pytest.fixture
def set_up(rig: Rig, tmp_path: Path) -> Iterator[BrokenSetUp]:
    """A healthy master; each test breaks something."""
    rig.advance(30)
    made = BrokenSetUp(
        tmp_path,
        rig.clock,
        {
            "KRAKEN_API_URL": rig.simulator.kraken_url,
            "NIJA_DATA_DIR": str(tmp_path / "data"),
            "NIJA_LOG_FILE": str(tmp_path / "nija.log"),
            "NIJA_NONCE_OFFSET_MAX": "0",
        },
    )
    made.credentials("kraken:master", KEYS["master"])
    yield made
    rig.simulator.call(rig.simulator.world.plan.clear)


def test_a_healthy_master_gets_the_lines_of_the_set_up_guide_and_exit_code_0(set_up: BrokenSetUp) -> None:
    report = set_up.examine("kraken:master")
    assert report.exit_code is ExitCode.FINE, [finding.line for finding in report.findings]
    text = set_up.text("kraken:master")
    fixed = [
        "✅ KRAKEN_MASTER_API_KEY: SET (56 characters)",
        "✅ KRAKEN_MASTER_API_SECRET: SET (88 characters)",
        "✅ MASTER KRAKEN CONNECTED!",
        "💰 Balance: $1234.56",
    ]
    assert [line for line in text if line in fixed] == fixed
    for label in ("Query Funds", "Query Open Orders & Trades", "Query Closed Orders & Trades"):
        assert f"✅ {label}" in text
    assert "✅ Create & Modify Orders" in text
    assert "✅ Cancel/Close Orders" in text
    assert "✅ Withdraw Funds: off" in text
    assert any(line.startswith("✅ BTC/USD: can be traded") for line in text)
    assert "✅ Fees of this account: maker 0.25 %, taker 0.40 %" in text


def test_nothing_that_is_printed_holds_a_secret(set_up: BrokenSetUp) -> None:
    printed = "\n".join(set_up.text()) + str(set_up.examine().to_json())
    assert KEYS["master"].key not in printed
    assert KEYS["master"].secret not in printed


def test_a_key_that_is_not_set(set_up: BrokenSetUp) -> None:
    del set_up.environ["KRAKEN_MASTER_API_KEY"]
    first = set_up.first("kraken:master")
    assert first.line == "❌ KRAKEN_MASTER_API_KEY: NOT SET"
    assert "Kraken credentials not configured" in first.remedy
    assert set_up.examine("kraken:master").exit_code is ExitCode.BROKEN


def test_nothing_set_at_all_prints_both_lines_and_asks_no_exchange(set_up: BrokenSetUp, rig: Rig) -> None:
    del set_up.environ["KRAKEN_MASTER_API_KEY"], set_up.environ["KRAKEN_MASTER_API_SECRET"]
    before = requests_seen(rig)
    text = set_up.text("kraken:master")
    assert "❌ KRAKEN_MASTER_API_KEY: NOT SET" in text
    assert "❌ KRAKEN_MASTER_API_SECRET: NOT SET" in text
    assert requests_seen(rig) == before


def test_a_secret_that_is_not_set(set_up: BrokenSetUp) -> None:
    del set_up.environ["KRAKEN_MASTER_API_SECRET"]
    assert set_up.first().line == "❌ KRAKEN_MASTER_API_SECRET: NOT SET"


def test_a_variable_with_a_misspelt_name(set_up: BrokenSetUp) -> None:
    set_up.environ["KRAKEN_MASTER_APIKEY"] = set_up.environ.pop("KRAKEN_MASTER_API_KEY")
    first = set_up.first("kraken:master")
    assert first.line == "❌ KRAKEN_MASTER_API_KEY: NOT SET"
    assert "KRAKEN_MASTER_APIKEY is not a variable that NIJA reads" in first.remedy


def test_only_whitespace(set_up: BrokenSetUp) -> None:
    set_up.environ["KRAKEN_MASTER_API_SECRET"] = "  \n\t "
    first = set_up.first()
    assert first.line == "❌ KRAKEN_MASTER_API_SECRET: Credentials contain only whitespace"
    assert "copy the value again" in first.remedy


def test_a_key_cut_off_while_copying(set_up: BrokenSetUp) -> None:
    set_up.environ["KRAKEN_MASTER_API_KEY"] = KEYS["master"].key[:-3]
    assert "has 53 characters where an API key of Kraken has 56" in set_up.first().title


def test_a_secret_with_a_blank_inside(set_up: BrokenSetUp) -> None:
    secret = KEYS["master"].secret
    set_up.environ["KRAKEN_MASTER_API_SECRET"] = f"{secret[:40]} {secret[40:]}"
    assert set_up.first().title.startswith("KRAKEN_MASTER_API_SECRET: contains a blank")


def test_a_secret_that_is_no_base64(set_up: BrokenSetUp) -> None:
    set_up.environ["KRAKEN_MASTER_API_SECRET"] = "A" * 87 + "!"
    assert set_up.first().title.startswith("KRAKEN_MASTER_API_SECRET: contains a character other than")


def test_placeholder_text(set_up: BrokenSetUp) -> None:
    set_up.environ["KRAKEN_MASTER_API_KEY"] = "<your-api-key>"
    assert "placeholder" in set_up.first().title


def test_key_and_secret_swapped(set_up: BrokenSetUp) -> None:
    set_up.credentials("kraken:master", ApiKey(KEYS["master"].secret, KEYS["master"].key))
    assert "private key" in set_up.first().title
    assert "swapped" in set_up.first().remedy


def test_a_secret_file_that_is_not_there(set_up: BrokenSetUp) -> None:
    del set_up.environ["KRAKEN_MASTER_API_SECRET"]
    set_up.environ["KRAKEN_MASTER_API_SECRET_FILE"] = str(set_up.folder / "nowhere")
    first = set_up.first()
    assert first.title.startswith("KRAKEN_MASTER_API_SECRET_FILE: the file")
    assert "does not exist" in first.title


def test_one_key_under_two_accounts(set_up: BrokenSetUp) -> None:
    set_up.credentials("kraken:tania_gilbert", KEYS["master"])
    first = set_up.first()
    assert "holds the same key as KRAKEN_USER_TANIA_GILBERT_API_KEY" in first.title
    assert "key of its own" in first.remedy


def test_a_coinbase_key_that_is_no_private_key(set_up: BrokenSetUp) -> None:
    set_up.credentials("coinbase:master", ApiKey("organizations/a/apiKeys/b", "-----BEGIN EC PRIVATE KEY-----\nAAA"))
    first = set_up.first("coinbase:master")
    assert first.title.startswith("COINBASE_MASTER_API_SECRET:")
    assert "cut off" in first.title


def test_a_user_without_a_name(set_up: BrokenSetUp) -> None:
    set_up.environ["KRAKEN_USER_API_KEY"] = STRANGER.key
    assert set_up.first().title.startswith("KRAKEN_USER_API_KEY: the user's name is missing")


def test_a_broken_line_in_dotenv(set_up: BrokenSetUp) -> None:
    (set_up.folder / ".env").write_text("NIJA_MODE=auto\nKRAKEN_MASTER_API_KEY='open\n")
    first = set_up.first()
    assert first.title == ".env cannot be used"
    assert "line 2" in first.remedy


def test_a_mode_that_does_not_exist(set_up: BrokenSetUp) -> None:
    set_up.environ["NIJA_MODE"] = "real"
    assert set_up.first().title.startswith("NIJA_MODE is 'real': expected one of")


def test_an_unknown_key_in_nija_toml(set_up: BrokenSetUp) -> None:
    (set_up.folder / "nija.toml").write_text("[risk]\nmax_position_size = 0.5\n")
    assert set_up.first().title.startswith("nija.toml: risk.max_position_size: unknown key")


def test_a_data_folder_that_cannot_be_written(set_up: BrokenSetUp) -> None:
    (set_up.folder / "data").write_text("a file where the folder should be")
    first = set_up.first()
    assert first.title.startswith("The data folder")
    assert "NIJA_DATA_DIR" in first.remedy


def test_a_database_that_cannot_be_opened(set_up: BrokenSetUp) -> None:
    set_up.environ["NIJA_DATABASE_URL"] = f"sqlite:///{set_up.folder}/nowhere/nija.db"
    assert set_up.first().title == "The database of NIJA_DATABASE_URL cannot be used"


def test_a_log_file_that_is_a_folder(set_up: BrokenSetUp) -> None:
    (set_up.folder / "nija.log").mkdir()
    assert set_up.first().title.startswith("The log file")


def test_a_host_that_does_not_exist(set_up: BrokenSetUp) -> None:
    # An empty label is refused before any name server is asked.
    set_up.environ["KRAKEN_API_URL"] = "http://api..kraken"
    first = set_up.first()
    assert first.title == "DNS: the name api..kraken cannot be resolved"
    assert "KRAKEN_API_URL" in first.remedy


def test_a_port_where_nobody_listens(set_up: BrokenSetUp) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        set_up.environ["KRAKEN_API_URL"] = f"http://127.0.0.1:{unused.getsockname()[1]}"
        first = set_up.first()
    assert first.title.startswith("Kraken cannot be reached at 127.0.0.1")
    assert "firewall" in first.remedy


def test_tls_where_none_is_spoken(set_up: BrokenSetUp, rig: Rig) -> None:
    set_up.environ["KRAKEN_API_URL"] = rig.simulator.kraken_url.replace("http:", "https:")
    assert set_up.first().title.startswith("TLS: no secure connection to 127.0.0.1")


def test_certificate_authorities_that_are_not_there(set_up: BrokenSetUp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(set_up.folder / "missing.pem"))
    set_up.environ["KRAKEN_API_URL"] = "https://127.0.0.1:1"
    assert set_up.first().title == "TLS: the certificate authorities cannot be read"


def test_an_exchange_in_maintenance(set_up: BrokenSetUp, rig: Rig) -> None:
    venue = rig.simulator.world.faces[Exchange.KRAKEN].engine.venue
    venue.mode = Mode.MAINTENANCE
    try:
        first = set_up.first()
    finally:
        venue.mode = Mode.ONLINE
    assert first.title == "Kraken is in maintenance"
    assert "status.kraken.com" in first.remedy


def test_an_exchange_that_is_out_of_order(set_up: BrokenSetUp, rig: Rig) -> None:
    rig.fault(FaultKind.ERROR_BEFORE, exchange="kraken", status=520)
    assert set_up.first().title == "Kraken is out of order (HTTP 520)"


def test_an_exchange_that_says_it_is_unavailable(set_up: BrokenSetUp, rig: Rig) -> None:
    rig.fault(FaultKind.UNAVAILABLE_BEFORE, exchange="kraken")
    assert set_up.first().title == "Kraken refuses every call: EService:Unavailable"


def test_an_exchange_that_breaks_only_for_private_calls(set_up: BrokenSetUp, rig: Rig) -> None:
    rig.fault(FaultKind.ERROR_BEFORE, exchange="kraken", endpoint="GetApiKeyInfo", status=502)
    first = set_up.first()
    assert first.title == "Kraken does not answer this account's requests"
    assert "not in your set-up" in first.remedy


@pytest.mark.parametrize(("offset", "direction"), [(90.0, "behind"), (-90.0, "ahead of")])
def test_a_clock_that_is_off(set_up: BrokenSetUp, rig: Rig, offset: float, direction: str) -> None:
    rig.fault(FaultKind.CLOCK_OFFSET, exchange="kraken", seconds=offset)
    first = set_up.first()
    assert first.title == f"Clock: this machine is 90 s {direction} Kraken"
    assert "NTP" in first.remedy


def test_a_secret_of_another_key(set_up: BrokenSetUp) -> None:
    set_up.credentials("kraken:master", ApiKey(KEYS["master"].key, STRANGER.secret))
    first = set_up.first()
    assert first.line == "❌ Invalid signature"
    assert "Copy both again" in first.remedy


def test_a_key_that_was_deleted(set_up: BrokenSetUp) -> None:
    set_up.credentials("kraken:master", STRANGER)
    first = set_up.first()
    assert first.line == "❌ Invalid key"
    assert "deleted" in first.remedy


def test_nonces_that_another_program_uses_up(set_up: BrokenSetUp, rig: Rig) -> None:
    rig.fault(FaultKind.REFUSE_NONCE, exchange="kraken")
    first = set_up.first()
    assert first.line == "❌ Invalid nonce"
    for cure in ("Another program", "wait 1-2 minutes", "NTP", "fresh one"):
        assert cure in first.remedy


def test_a_key_that_is_barred(set_up: BrokenSetUp, rig: Rig) -> None:
    rig.fault(FaultKind.LOCKOUT, exchange="kraken", endpoint="GetApiKeyInfo")
    first = set_up.first()
    assert first.title == "Kraken has barred this key for a while"
    assert "15 minutes" in first.remedy


@pytest.mark.parametrize(("owner", "label"), [("no_cancel", "Cancel/Close Orders"), ("no_funds", "Query Funds")])
def test_a_missing_permission_by_its_name(set_up: BrokenSetUp, owner: str, label: str) -> None:
    set_up.credentials("kraken:master", KEYS[owner])
    first = set_up.first()
    assert first.title == f"{label}: off, but needed"
    assert "Permission denied" in first.remedy
    assert "https://www.kraken.com/u/security/api" in first.remedy


def test_a_key_that_can_withdraw(set_up: BrokenSetUp) -> None:
    set_up.credentials("kraken:master", KEYS["withdraws"])
    first = set_up.first()
    assert first.title.startswith("Withdraw Funds must be off")
    assert "✅ MASTER KRAKEN CONNECTED!" not in set_up.text()


def test_a_permission_that_is_refused_though_the_key_seems_to_have_it(set_up: BrokenSetUp, rig: Rig) -> None:
    rig.fault(FaultKind.REVOKE_PERMISSION, exchange="kraken", endpoint="BalanceEx")
    first = set_up.first()
    assert first.line == "❌ Permission denied"
    for cure in ("Query Funds", "delete the key", "two-factor", "IP whitelist"):
        assert cure in first.remedy


def test_calls_that_another_program_uses_up(set_up: BrokenSetUp, rig: Rig) -> None:
    rig.fault(FaultKind.RATE_LIMIT, exchange="kraken", endpoint="GetApiKeyInfo")
    first = set_up.first()
    assert first.title == "Kraken's call limit is reached"
    assert "Another program" in first.remedy


def test_a_mode_that_trades_nothing_is_pointed_out(set_up: BrokenSetUp) -> None:
    for mode in ("demo", "paper"):
        set_up.environ["NIJA_MODE"] = mode
        findings = set_up.examine("kraken:master").findings
        assert any(finding.title.startswith(f"NIJA_MODE is {mode}") for finding in findings), mode


def test_live_mode_without_credentials(set_up: BrokenSetUp) -> None:
    del set_up.environ["KRAKEN_MASTER_API_KEY"], set_up.environ["KRAKEN_MASTER_API_SECRET"]
    set_up.environ["NIJA_MODE"] = "live"
    assert set_up.first().title == "NIJA_MODE is live, but no credentials are set"


def test_a_key_in_dotenv_that_the_environment_overrules(set_up: BrokenSetUp) -> None:
    (set_up.folder / ".env").write_text(f"KRAKEN_MASTER_API_KEY={STRANGER.key}\n")
    (set_up.folder / ".env").chmod(0o600)
    report = set_up.examine("kraken:master")
    assert report.exit_code is ExitCode.WARNINGS
    assert any("KRAKEN_MASTER_API_KEY is set in .env and, differently" in finding.title for finding in report.findings)


def test_trading_that_someone_stopped(set_up: BrokenSetUp, rig: Rig) -> None:
    with closing(Journals(set_up.folder / "data", rig.clock, get_log("test"))) as journals:
        turn(Switch.STOP_TRADING, journals, [AccountId.parse("kraken:master")], rig.clock)
    (found,) = (one for one in set_up.examine("kraken:master").findings if one.level is Level.WARNING)
    assert found.title == "Nothing new is opened: stopped by command"
    assert "nija resume kraken:master" in found.remedy


def test_settings_for_an_account_that_does_not_exist(set_up: BrokenSetUp) -> None:
    (set_up.folder / "nija.toml").write_text('[accounts."kraken:maste"]\nenabled = true\n')
    findings = set_up.examine().findings
    assert any('accounts."kraken:maste" names an account' in finding.title for finding in findings)


def test_a_key_that_another_process_uses(set_up: BrokenSetUp, rig: Rig) -> None:
    data = set_up.folder / "data"
    with KeyOwnership(data, KEYS["master"].fingerprint, rig.clock, command="nija run"):
        first = set_up.first()
    assert first.title == "The key is in use by another process"
    assert "nija run" in first.remedy


def test_two_keys_of_one_account(set_up: BrokenSetUp) -> None:
    set_up.credentials("kraken:tania_gilbert", KEYS["twin"])
    first = set_up.first()
    assert first.title == "kraken:master and kraken:tania_gilbert are one and the same exchange account"


def test_too_little_money(set_up: BrokenSetUp) -> None:
    set_up.credentials("kraken:master", KEYS["poor"])
    first = set_up.first()
    assert first.line == "❌ UNDERFUNDED - needs at least $25.00"
    assert "Deposit $21.90 or more" in first.remedy


def test_money_in_another_coin_only(set_up: BrokenSetUp) -> None:
    set_up.credentials("kraken:master", KEYS["coins"])
    first = set_up.first()
    assert first.title.startswith("UNDERFUNDED")
    assert "holds SOL" in first.remedy


def test_a_market_that_does_not_exist(set_up: BrokenSetUp) -> None:
    (set_up.folder / "nija.toml").write_text('[trading]\nmarkets = ["NOPE/USD"]\n')
    assert set_up.first().title == "NOPE/USD: the exchange has no such market"


def test_positions_too_small_for_the_exchange(set_up: BrokenSetUp) -> None:
    (set_up.folder / "nija.toml").write_text("[risk]\nmax_position = 0.0001\n")
    report = set_up.examine()
    assert report.first_broken() is not None
    assert any("max_position" in finding.remedy for finding in report.findings if finding.level is Level.WARNING)
    assert set_up.first().title == "No market can be traded with this balance"


def test_a_strategy_that_cannot_be_loaded(set_up: BrokenSetUp) -> None:
    (set_up.folder / "nija.toml").write_text('[trading]\nstrategy = "nowhere.at_all:Class"\n')
    assert set_up.first().title == "The strategy cannot be used"


def test_secrets_that_others_can_read_are_a_warning(set_up: BrokenSetUp) -> None:
    dotenv = set_up.folder / ".env"
    dotenv.write_text("NIJA_MODE=auto\n")
    dotenv.chmod(0o644)
    report = set_up.examine()
    assert report.exit_code is ExitCode.WARNINGS
    assert any(finding.title.startswith(".env can be read by others") for finding in report.findings)


def test_the_master_alone_is_looked_at_and_no_other_key_is_used(set_up: BrokenSetUp, rig: Rig) -> None:
    set_up.credentials("kraken:tania_gilbert", KEYS["poor"])
    before = requests_seen(rig)
    set_up.examine("kraken:master")
    requests_seen(rig)
    askers = {request.account for request in list(rig.simulator.world.records.requests)[before:]}
    assert "kraken:poor" not in askers
    assert "kraken:master" in askers
