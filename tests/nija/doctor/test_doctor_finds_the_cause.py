"""Setups with a fault that shows without an exchange: the first ❌ names the cause, and its remedy fixes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.model import ApiKey
from nija.doctor.finding import DoctorExit
from tests.nija.doctor.setups import KEYS, STRANGER, BrokenSetUp, requests_seen

if TYPE_CHECKING:
    from tests.simulator_fixtures import Rig


def test_a_healthy_master_gets_the_lines_of_the_set_up_guide_and_exit_code_0(set_up: BrokenSetUp) -> None:
    report = set_up.examine("kraken:master")
    assert report.exit_code is DoctorExit.FINE, [finding.line for finding in report.findings]
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


def test_a_key_that_is_not_set_is_named_with_the_variable(set_up: BrokenSetUp) -> None:
    del set_up.environ["KRAKEN_MASTER_API_KEY"]
    first = set_up.first("kraken:master")
    assert first.line == "❌ KRAKEN_MASTER_API_KEY: NOT SET"
    assert "Kraken credentials not configured" in first.remedy
    assert set_up.examine("kraken:master").exit_code is DoctorExit.BROKEN


def test_nothing_set_at_all_prints_both_lines_and_asks_no_exchange(set_up: BrokenSetUp, rig: Rig) -> None:
    del set_up.environ["KRAKEN_MASTER_API_KEY"], set_up.environ["KRAKEN_MASTER_API_SECRET"]
    before = requests_seen(rig)
    text = set_up.text("kraken:master")
    assert "❌ KRAKEN_MASTER_API_KEY: NOT SET" in text
    assert "❌ KRAKEN_MASTER_API_SECRET: NOT SET" in text
    assert requests_seen(rig) == before


def test_a_secret_that_is_not_set_is_named_with_its_variable(set_up: BrokenSetUp) -> None:
    del set_up.environ["KRAKEN_MASTER_API_SECRET"]
    assert set_up.first().line == "❌ KRAKEN_MASTER_API_SECRET: NOT SET"


def test_a_misspelt_variable_is_named_in_the_remedy(set_up: BrokenSetUp) -> None:
    set_up.environ["KRAKEN_MASTER_APIKEY"] = set_up.environ.pop("KRAKEN_MASTER_API_KEY")
    first = set_up.first("kraken:master")
    assert first.line == "❌ KRAKEN_MASTER_API_KEY: NOT SET"
    assert "KRAKEN_MASTER_APIKEY is not a variable that NIJA reads" in first.remedy


def test_a_value_of_whitespace_alone_is_reported_as_such(set_up: BrokenSetUp) -> None:
    set_up.environ["KRAKEN_MASTER_API_SECRET"] = "  \n\t "
    first = set_up.first()
    assert first.line == "❌ KRAKEN_MASTER_API_SECRET: Credentials contain only whitespace"
    assert "copy the value again" in first.remedy


def test_a_key_cut_off_while_copying_is_reported_with_its_length(set_up: BrokenSetUp) -> None:
    set_up.environ["KRAKEN_MASTER_API_KEY"] = KEYS["master"].key[:-3]
    assert "has 53 characters where an API key of Kraken has 56" in set_up.first().title


def test_a_blank_inside_a_secret_is_reported(set_up: BrokenSetUp) -> None:
    secret = KEYS["master"].secret
    set_up.environ["KRAKEN_MASTER_API_SECRET"] = f"{secret[:40]} {secret[40:]}"
    assert set_up.first().title.startswith("KRAKEN_MASTER_API_SECRET: contains a blank")


def test_a_secret_that_is_not_base64_is_reported(set_up: BrokenSetUp) -> None:
    set_up.environ["KRAKEN_MASTER_API_SECRET"] = "A" * 87 + "!"
    assert set_up.first().title.startswith("KRAKEN_MASTER_API_SECRET: contains a character other than")


def test_placeholder_text_is_recognised(set_up: BrokenSetUp) -> None:
    set_up.environ["KRAKEN_MASTER_API_KEY"] = "<your-api-key>"
    assert "placeholder" in set_up.first().title


def test_a_swapped_key_and_secret_are_recognised(set_up: BrokenSetUp) -> None:
    set_up.credentials("kraken:master", ApiKey(KEYS["master"].secret, KEYS["master"].key))
    assert "private key" in set_up.first().title
    assert "swapped" in set_up.first().remedy


def test_a_missing_secret_file_is_named(set_up: BrokenSetUp) -> None:
    del set_up.environ["KRAKEN_MASTER_API_SECRET"]
    set_up.environ["KRAKEN_MASTER_API_SECRET_FILE"] = str(set_up.folder / "nowhere")
    first = set_up.first()
    assert first.title.startswith("KRAKEN_MASTER_API_SECRET_FILE: the file")
    assert "does not exist" in first.title


def test_one_key_under_two_accounts_is_reported_with_both_variables(set_up: BrokenSetUp) -> None:
    set_up.credentials("kraken:tania_gilbert", KEYS["master"])
    first = set_up.first()
    assert "holds the same key as KRAKEN_USER_TANIA_GILBERT_API_KEY" in first.title
    assert "separate key for each account" in first.remedy


def test_a_truncated_private_key_of_coinbase_is_reported(set_up: BrokenSetUp) -> None:
    set_up.credentials("coinbase:master", ApiKey("organizations/a/apiKeys/b", "-----BEGIN EC PRIVATE KEY-----\nAAA"))
    first = set_up.first("coinbase:master")
    assert first.title.startswith("COINBASE_MASTER_API_SECRET:")
    assert "cut off" in first.title


def test_a_variable_of_a_user_without_a_name_is_reported(set_up: BrokenSetUp) -> None:
    set_up.environ["KRAKEN_USER_API_KEY"] = STRANGER.key
    assert set_up.first().title.startswith("KRAKEN_USER_API_KEY: the user's name is missing")


def test_a_broken_line_in_dotenv_is_reported_with_its_number(set_up: BrokenSetUp) -> None:
    (set_up.folder / ".env").write_text("NIJA_MODE=auto\nKRAKEN_MASTER_API_KEY='open\n")
    first = set_up.first()
    assert first.title == ".env cannot be used"
    assert "line 2" in first.remedy


def test_an_unset_name_in_braces_is_reported_with_its_line(set_up: BrokenSetUp) -> None:
    (set_up.folder / ".env").write_text("NIJA_LOG_FORMAT=${NOWHERE}json\nNIJA_CONNECT_DELAY=${KRAKEN_NONE:-1}\n")
    [finding] = [found for found in set_up.examine().findings if "${...}" in found.title]
    assert "line 1: NIJA_LOG_FORMAT contains a ${...} whose variable is not set" in finding.title


def test_an_unknown_mode_is_reported_with_the_known_ones(set_up: BrokenSetUp) -> None:
    set_up.environ["NIJA_MODE"] = "real"
    assert set_up.first().title.startswith("NIJA_MODE is 'real': expected one of")


def test_an_unknown_key_in_nija_toml_is_named(set_up: BrokenSetUp) -> None:
    (set_up.folder / "nija.toml").write_text("[risk]\nmax_position_size = 0.5\n")
    assert set_up.first().title.startswith("nija.toml: risk.max_position_size: unknown key")


def test_an_unusable_data_folder_is_reported_with_its_variable(set_up: BrokenSetUp) -> None:
    (set_up.folder / "data").write_text("a file where the folder should be")
    first = set_up.first()
    assert first.title.startswith("The data folder")
    assert "NIJA_DATA_DIR" in first.remedy


def test_an_unusable_database_is_reported(set_up: BrokenSetUp) -> None:
    set_up.environ["NIJA_DATABASE_URL"] = f"sqlite:///{set_up.folder}/nowhere/nija.db"
    assert set_up.first().title == "The database of NIJA_DATABASE_URL cannot be used"


def test_an_unusable_log_file_is_reported(set_up: BrokenSetUp) -> None:
    (set_up.folder / "nija.log").mkdir()
    assert set_up.first().title.startswith("The log file")
