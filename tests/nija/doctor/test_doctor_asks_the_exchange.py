"""Setups with a fault that shows at the exchange: the first ❌ names the cause, and its remedy fixes it."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from accounts.identity import AccountId
from accounts.ownership import KeyOwnership
from brokers.clock import utc_now
from brokers.model import ApiKey, Exchange
from brokers.simulator.engine.markets import Mode
from brokers.simulator.faults import FaultKind
from nija.control.commands import write_to_journals
from nija.doctor.finding import DoctorExit, Level
from nija.journal.opening import Journals
from nija.log.event_log import get_log
from nija.trader.commands import Command, Instruction
from tests.nija.doctor.setups import KEYS, STRANGER, BrokenSetUp, requests_seen

if TYPE_CHECKING:
    from tests.simulator_fixtures import Rig


def test_an_unknown_host_is_reported_as_a_dns_fault(set_up: BrokenSetUp) -> None:
    # An empty label is refused before any name server is queried.
    set_up.environ["KRAKEN_API_URL"] = "http://api..kraken"
    first = set_up.first()
    assert first.title == "DNS: the name api..kraken cannot be resolved"
    assert "KRAKEN_API_URL" in first.remedy


def test_a_closed_port_is_reported_as_unreachable(set_up: BrokenSetUp) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        set_up.environ["KRAKEN_API_URL"] = f"http://127.0.0.1:{unused.getsockname()[1]}"
        first = set_up.first()
    assert first.title.startswith("Kraken cannot be reached at 127.0.0.1")
    assert "firewall" in first.remedy


def test_a_server_without_tls_is_reported_as_a_tls_fault(set_up: BrokenSetUp, rig: Rig) -> None:
    set_up.environ["KRAKEN_API_URL"] = rig.simulator.kraken_url.replace("http:", "https:")
    assert set_up.first().title.startswith("TLS: no secure connection to 127.0.0.1")


def test_a_missing_file_of_certificate_authorities_is_reported_as_a_tls_fault(
    set_up: BrokenSetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(set_up.folder / "missing.pem"))
    set_up.environ["KRAKEN_API_URL"] = "https://127.0.0.1:1"
    assert set_up.first().title == "TLS: the certificate authorities cannot be read"


def test_maintenance_of_the_exchange_is_reported(set_up: BrokenSetUp, rig: Rig) -> None:
    venue = rig.simulator.world.faces[Exchange.KRAKEN].engine.exchange
    venue.mode = Mode.MAINTENANCE
    try:
        first = set_up.first()
    finally:
        venue.mode = Mode.ONLINE
    assert first.title == "Kraken is in maintenance"
    assert "status.kraken.com" in first.remedy


def test_a_server_error_of_the_exchange_is_reported_with_its_status(set_up: BrokenSetUp, rig: Rig) -> None:
    rig.fault(FaultKind.ERROR_BEFORE, exchange="kraken", status=520)
    assert set_up.first().title == "Kraken has an outage (HTTP 520)"


def test_an_unavailable_exchange_is_reported_in_its_own_words(set_up: BrokenSetUp, rig: Rig) -> None:
    rig.fault(FaultKind.UNAVAILABLE_BEFORE, exchange="kraken")
    assert set_up.first().title == "Kraken refuses every request: EService:Unavailable"


def test_failing_private_calls_are_not_blamed_on_the_set_up(set_up: BrokenSetUp, rig: Rig) -> None:
    rig.fault(FaultKind.ERROR_BEFORE, exchange="kraken", endpoint="GetApiKeyInfo", status=502)
    first = set_up.first()
    assert first.title == "Kraken does not answer this account's requests"
    assert "not in your setup" in first.remedy


@pytest.mark.parametrize(("offset", "direction"), [(90.0, "behind"), (-90.0, "ahead of")])
def test_a_wrong_clock_is_reported_with_its_offset(
    set_up: BrokenSetUp, rig: Rig, offset: float, direction: str
) -> None:
    rig.fault(FaultKind.CLOCK_OFFSET, exchange="kraken", seconds=offset)
    first = set_up.first()
    assert first.title == f"Clock: this machine is 1 min 30 s {direction} Kraken"
    assert "NTP" in first.remedy


def test_a_secret_of_another_key_is_reported_as_an_invalid_signature(set_up: BrokenSetUp) -> None:
    set_up.credentials("kraken:master", ApiKey(KEYS["master"].key, STRANGER.secret))
    first = set_up.first()
    assert first.line == "❌ Invalid signature"
    assert "Copy both again" in first.remedy


def test_a_deleted_key_is_reported_as_an_invalid_key(set_up: BrokenSetUp) -> None:
    set_up.credentials("kraken:master", STRANGER)
    first = set_up.first()
    assert first.line == "❌ Invalid key"
    assert "deleted" in first.remedy


def test_refused_nonces_are_reported_with_another_program_as_the_first_suspect(set_up: BrokenSetUp, rig: Rig) -> None:
    rig.fault(FaultKind.REFUSE_NONCE, exchange="kraken")
    first = set_up.first()
    assert first.line == "❌ Invalid nonce"
    for cure in ("Another program", "wait 1-2 minutes", "NTP", "create a new one"):
        assert cure in first.remedy


def test_a_locked_out_key_is_reported_with_the_time_to_wait(set_up: BrokenSetUp, rig: Rig) -> None:
    rig.fault(FaultKind.LOCKOUT, exchange="kraken", endpoint="GetApiKeyInfo")
    first = set_up.first()
    assert first.title == "Kraken has locked this key out for a while"
    assert "15 minutes" in first.remedy


@pytest.mark.parametrize(("owner", "label"), [("no_cancel", "Cancel/Close Orders"), ("no_funds", "Query Funds")])
def test_a_missing_permission_is_reported_by_its_name(set_up: BrokenSetUp, owner: str, label: str) -> None:
    set_up.credentials("kraken:master", KEYS[owner])
    first = set_up.first()
    assert first.title == f"{label}: off, but needed"
    assert "Permission denied" in first.remedy
    assert "https://www.kraken.com/u/security/api" in first.remedy


def test_a_key_that_can_withdraw_is_reported_and_not_called_connected(set_up: BrokenSetUp) -> None:
    set_up.credentials("kraken:master", KEYS["withdraws"])
    first = set_up.first()
    assert first.title.startswith("Withdraw Funds must be off")
    assert "✅ MASTER KRAKEN CONNECTED!" not in set_up.text()


def test_a_permission_refused_although_the_key_has_it_is_reported_with_every_possible_cause(
    set_up: BrokenSetUp, rig: Rig
) -> None:
    rig.fault(FaultKind.REVOKE_PERMISSION, exchange="kraken", endpoint="BalanceEx")
    first = set_up.first()
    assert first.line == "❌ Permission denied"
    for cure in ("Query Funds", "delete the key", "two-factor", "IP whitelist"):
        assert cure in first.remedy


def test_a_used_up_rate_limit_is_reported(set_up: BrokenSetUp, rig: Rig) -> None:
    rig.fault(FaultKind.RATE_LIMIT, exchange="kraken", endpoint="GetApiKeyInfo")
    first = set_up.first()
    assert first.title == "Kraken's rate limit is reached"
    assert "Another program" in first.remedy


def test_a_mode_that_trades_nothing_is_pointed_out(set_up: BrokenSetUp) -> None:
    for mode in ("demo", "paper"):
        set_up.environ["NIJA_MODE"] = mode
        findings = set_up.examine("kraken:master").findings
        assert any(finding.title.startswith(f"NIJA_MODE is {mode}") for finding in findings), mode


def test_live_mode_without_credentials_is_reported(set_up: BrokenSetUp) -> None:
    del set_up.environ["KRAKEN_MASTER_API_KEY"], set_up.environ["KRAKEN_MASTER_API_SECRET"]
    set_up.environ["NIJA_MODE"] = "live"
    assert set_up.first().title == "NIJA_MODE is live, but no credentials are set"


def test_a_key_in_dotenv_that_the_environment_overrides_is_a_warning(set_up: BrokenSetUp) -> None:
    (set_up.folder / ".env").write_text(f"KRAKEN_MASTER_API_KEY={STRANGER.key}\n")
    (set_up.folder / ".env").chmod(0o600)
    report = set_up.examine("kraken:master")
    assert report.exit_code is DoctorExit.WARNINGS
    assert any(
        "KRAKEN_MASTER_API_KEY is set in .env and, to another value" in finding.title for finding in report.findings
    )


def test_stopped_trading_is_a_warning_with_the_command_to_resume(set_up: BrokenSetUp, rig: Rig) -> None:
    with closing(Journals(set_up.folder / "data", rig.clock, get_log("test"))) as journals:
        write_to_journals(
            Instruction(Command.STOP_TRADING), journals.open, [AccountId.parse("kraken:master")], rig.clock
        )
    (found,) = (one for one in set_up.examine("kraken:master").findings if one.level is Level.WARNING)
    assert found.title == f"Nothing new is opened: paused by your command of {utc_now(rig.clock):%H:%M} UTC"
    assert found.remedy == "Stops and exits go on. nija resume kraken:master ends the pause"


def test_settings_for_an_unknown_account_are_reported(set_up: BrokenSetUp) -> None:
    (set_up.folder / "nija.toml").write_text('[accounts."kraken:maste"]\nenabled = true\n')
    findings = set_up.examine().findings
    assert any('accounts."kraken:maste": this account has no credentials' in finding.title for finding in findings)


def test_a_key_in_use_is_reported_with_the_process(set_up: BrokenSetUp, rig: Rig) -> None:
    data = set_up.folder / "data"
    with KeyOwnership(data, KEYS["master"].fingerprint, rig.clock, command="nija run"):
        first = set_up.first()
    assert first.title == "The key is in use by another process"
    assert "nija run" in first.remedy


def test_two_keys_of_one_exchange_account_are_reported(set_up: BrokenSetUp) -> None:
    set_up.credentials("kraken:tania_gilbert", KEYS["twin"])
    first = set_up.first()
    assert first.title == "kraken:master and kraken:tania_gilbert are the same exchange account"


def test_too_little_money_is_reported_with_the_missing_amount(set_up: BrokenSetUp) -> None:
    set_up.credentials("kraken:master", KEYS["poor"])
    first = set_up.first()
    assert first.line == "❌ UNDERFUNDED - needs at least $25.00"
    # The minimum order of ETH is 12.00 USD now; a tenth more is a quarter of 52.80 USD.
    assert first.remedy == "Deposit $50.00 or more in USD (enough for every market of this account)."
    titles = [finding.title for finding in set_up.examine().findings]
    assert not any("too small" in title or "No market" in title for title in titles), "said once is enough"


def test_money_in_another_coin_alone_is_named(set_up: BrokenSetUp) -> None:
    set_up.credentials("kraken:master", KEYS["coins"])
    first = set_up.first()
    assert first.title.startswith("UNDERFUNDED")
    assert "holds SOL" in first.remedy


def test_an_unknown_market_is_a_warning_that_names_the_nearest(set_up: BrokenSetUp) -> None:
    (set_up.folder / "nija.toml").write_text('[trading]\nmarkets = ["BTC/USD", "ETH/USDD"]\n')
    report = set_up.examine()
    assert report.exit_code is DoctorExit.WARNINGS
    [finding] = [found for found in report.findings if found.title.startswith("ETH/USDD")]
    assert finding.title == "ETH/USDD: the exchange has no such market"
    assert finding.remedy.startswith("The nearest is ETH/USD. Correct markets in nija.toml")


def test_a_set_up_without_any_known_market_is_reported(set_up: BrokenSetUp) -> None:
    (set_up.folder / "nija.toml").write_text('[trading]\nmarkets = ["NOPE/USD"]\n')
    assert set_up.first().title == "The exchange has none of this account's markets"


def test_positions_too_small_for_the_exchange_are_reported(set_up: BrokenSetUp) -> None:
    (set_up.folder / "nija.toml").write_text("[risk]\nmax_position = 0.0001\n")
    report = set_up.examine()
    assert report.first_broken() is not None
    assert any("max_position" in finding.remedy for finding in report.findings if finding.level is Level.WARNING)
    assert set_up.first().title == "No market can be traded with this balance"
    assert set_up.first().remedy == (
        "Deposit $130766.00 or more in USD, which is enough for every market of this account, "
        "or change the settings named above"
    )


def test_a_strategy_that_cannot_be_loaded_is_reported(set_up: BrokenSetUp) -> None:
    (set_up.folder / "nija.toml").write_text('[trading]\nstrategy = "nowhere.at_all:Class"\n')
    assert set_up.first().title == "The strategy cannot be used"


def test_a_strategy_that_needs_too_many_candles_is_reported_with_both_numbers(set_up: BrokenSetUp) -> None:
    name = "tests.nija.strategy.own_strategies:NewHigh"
    (set_up.folder / "nija.toml").write_text(
        f'[trading]\nstrategy = "{name}"\n[strategy."{name}"]\nstop = 0.1\nwarmup = 801\n'
    )
    first = set_up.first()
    assert first.title == f"The strategy {name} needs 801 closed candles; the exchange provides 719"
    assert "use shorter lengths" in first.remedy


def test_secrets_that_others_can_read_are_a_warning(set_up: BrokenSetUp) -> None:
    dotenv = set_up.folder / ".env"
    dotenv.write_text("NIJA_MODE=auto\n")
    dotenv.chmod(0o644)
    report = set_up.examine()
    assert report.exit_code is DoctorExit.WARNINGS
    assert any(finding.title.startswith(".env can be read by others") for finding in report.findings)


def test_the_master_alone_is_looked_at_and_no_other_key_is_used(set_up: BrokenSetUp, rig: Rig) -> None:
    set_up.credentials("kraken:tania_gilbert", KEYS["poor"])
    before = requests_seen(rig)
    set_up.examine("kraken:master")
    requests_seen(rig)
    askers = {request.account for request in list(rig.simulator.world.records.requests)[before:]}
    assert "kraken:poor" not in askers
    assert "kraken:master" in askers
