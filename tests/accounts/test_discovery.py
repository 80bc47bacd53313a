from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.credentials import discover
from accounts.faults import ProblemKind
from accounts.identity import AccountId
from tests.accounts.made_up_keys import coinbase_name, coinbase_secret, kraken_key, kraken_pair, kraken_secret

if TYPE_CHECKING:
    from accounts.credentials import Discovery

KEY, SECRET = "KRAKEN_MASTER_API_KEY", "KRAKEN_MASTER_API_SECRET"
MASTER = kraken_pair("KRAKEN_MASTER")
DAIVON = kraken_pair("KRAKEN_USER_DAIVON_FRAZIER")
TANIA = kraken_pair("KRAKEN_USER_TANIA_GILBERT")
PEM = coinbase_secret()
COINBASE = {"COINBASE_MASTER_API_KEY": coinbase_name("master"), "COINBASE_MASTER_API_SECRET": PEM}


def names(discovery: Discovery) -> list[str]:
    return [str(found.account) for found in discovery.credentials]


def only_fault(environ: dict[str, str]) -> tuple[str, ProblemKind, str]:
    discovery = discover(environ)
    (fault,) = discovery.faults
    assert discovery.credentials == ()
    return fault.variable, fault.kind, fault.message


class TestFindingAccounts:
    def test_an_empty_environment_has_none(self) -> None:
        discovery = discover({"PATH": "/bin"})
        assert discovery.is_empty
        assert [str(master) for master in discovery.masters_not_configured()] == ["kraken:master", "coinbase:master"]

    def test_master_and_users_are_found_the_masters_first(self) -> None:
        discovery = discover({**TANIA, **COINBASE, **DAIVON, **MASTER})
        assert names(discovery) == [
            "kraken:master",
            "kraken:daivon_frazier",
            "kraken:tania_gilbert",
            "coinbase:master",
        ]
        assert discovery.faults == ()
        assert discovery.warnings == ()
        assert discovery.masters_not_configured() == ()

    def test_an_account_knows_its_key_and_where_it_came_from(self) -> None:
        (found,) = discover(DAIVON).credentials
        assert found.account == AccountId.parse("kraken:daivon_frazier")
        assert found.api_key.key == DAIVON["KRAKEN_USER_DAIVON_FRAZIER_API_KEY"]
        assert found.api_key.secret == DAIVON["KRAKEN_USER_DAIVON_FRAZIER_API_SECRET"]
        assert found.key_variable == "KRAKEN_USER_DAIVON_FRAZIER_API_KEY"
        assert found.secret_variable == "KRAKEN_USER_DAIVON_FRAZIER_API_SECRET"

    def test_hundreds_of_users_are_found(self) -> None:
        environ: dict[str, str] = {}
        for number in range(300):
            environ |= kraken_pair(f"KRAKEN_USER_U{number}")
        assert len(discover(environ).credentials) == 300

    def test_the_short_coinbase_names_are_the_masters(self) -> None:
        environ = {"COINBASE_API_KEY": coinbase_name("short"), "COINBASE_API_SECRET": PEM}
        assert names(discover(environ)) == ["coinbase:master"]

    def test_a_coinbase_secret_on_one_line_is_normalised(self) -> None:
        environ = {**COINBASE, "COINBASE_MASTER_API_SECRET": PEM.replace("\n", "\\n")}
        (found,) = discover(environ).credentials
        assert found.api_key.secret.strip() == PEM.strip()

    @pytest.mark.parametrize("lost_to", [" ", "", "n", "\\\\n"], ids=repr)
    def test_a_coinbase_secret_whose_line_breaks_were_lost_is_repaired(self, lost_to: str) -> None:
        environ = {**COINBASE, "COINBASE_MASTER_API_SECRET": PEM.replace("\n", lost_to)}
        (found,) = discover(environ).credentials
        assert found.api_key.secret == PEM

    def test_empty_variables_as_in_the_example_file_are_not_set(self) -> None:
        assert discover({KEY: "", SECRET: "", **DAIVON}).faults == ()

    def test_a_misspelt_variable_is_answered_with_the_right_name(self) -> None:
        discovery = discover({"KRAKEN_MASTER_API_SECERT": "x", "kraken_master_api_key": "y", "KRAKEN_API_URL": "z"})
        assert [warning.message for warning in discovery.warnings] == [
            "KRAKEN_MASTER_API_SECERT is not a variable that NIJA reads. Did you mean KRAKEN_MASTER_API_SECRET?",
            "kraken_master_api_key is not a variable that NIJA reads. Did you mean KRAKEN_MASTER_API_KEY?",
        ]


class TestFaults:
    def test_a_missing_secret_names_both_variables(self) -> None:
        variable, kind, message = only_fault({KEY: MASTER[KEY]})
        assert (variable, kind) == (SECRET, ProblemKind.MISSING)
        assert KEY in message

    def test_a_missing_key_is_reported_with_the_name_it_should_have(self) -> None:
        name = "KRAKEN_USER_TANIA_GILBERT_API_SECRET"
        variable, kind, _ = only_fault({name: TANIA[name]})
        assert (variable, kind) == ("KRAKEN_USER_TANIA_GILBERT_API_KEY", ProblemKind.MISSING)

    @pytest.mark.parametrize("blank", [" ", "\n", "\t \r\n", "\u00a0", "\ufeff", '""', " '' "])
    def test_whitespace_alone_is_reported_in_the_guides_words(self, blank: str) -> None:
        variable, kind, message = only_fault({**MASTER, KEY: blank})
        assert (variable, kind) == (KEY, ProblemKind.WHITESPACE)
        assert "Credentials contain only whitespace" in message

    @pytest.mark.parametrize("around", [" {} ", "{}\n", '"{}"', "'{}' ", "“{}”", "\ufeff{}\u200b", '\n "{}"\r\n'])
    def test_what_copying_adds_is_stripped_with_a_warning(self, around: str) -> None:
        discovery = discover({**MASTER, SECRET: around.format(MASTER[SECRET])})
        (found,) = discovery.credentials
        (warning,) = discovery.warnings
        assert found.api_key.secret == MASTER[SECRET]
        assert warning.message.startswith(f"{SECRET}: ")

    @pytest.mark.parametrize("length", [1, 20, 55, 57, 90])
    def test_a_kraken_key_of_the_wrong_length_is_reported_with_its_length(self, length: int) -> None:
        variable, kind, message = only_fault({**MASTER, KEY: (MASTER[KEY] * 2)[:length]})
        assert (variable, kind) == (KEY, ProblemKind.MALFORMED)
        assert f"has {length} characters" in message
        assert "56" in message

    def test_a_truncated_kraken_secret_is_reported_with_its_length(self) -> None:
        variable, _, message = only_fault({**MASTER, SECRET: MASTER[SECRET][:80]})
        assert variable == SECRET
        assert "has 80 characters" in message
        assert "88" in message

    def test_a_secret_of_the_right_length_that_is_not_base64_is_refused(self) -> None:
        _, kind, message = only_fault({**MASTER, SECRET: MASTER[SECRET].replace("=", "A")})
        assert kind is ProblemKind.MALFORMED
        assert "base64" in message

    @pytest.mark.parametrize(
        ("strange", "told"), [("!", "other than letters"), (" ", "a blank"), ("\n", "a line break")]
    )
    def test_an_invalid_character_is_reported_by_its_kind(self, strange: str, told: str) -> None:
        key = MASTER[KEY]
        _, kind, message = only_fault({**MASTER, KEY: f"{key[:20]}{strange}{key[21:]}"})
        assert kind is ProblemKind.MALFORMED
        assert told in message

    @pytest.mark.parametrize(
        "text",
        [
            *(
                "<your-api-key>",
                "your_api_key_here",
                "changeme",
                "xxx",
                "xxxxxxxxxxxx",
                "x" * 56,
                "X" * 88,
                "...",
                "****",
            ),
            *("<paste-your-private-key-here>", "REPLACE_ME", "placeholder", "example", "none", "test", "INSERT KEY"),
        ],
    )
    @pytest.mark.parametrize("name", [KEY, SECRET, "COINBASE_MASTER_API_KEY", "COINBASE_MASTER_API_SECRET"])
    def test_placeholder_text_is_reported_as_that(self, name: str, text: str) -> None:
        environ = {**(MASTER if name.startswith("KRAKEN") else COINBASE), name: text}
        variable, kind, _ = only_fault(environ)
        assert (variable, kind) == (name, ProblemKind.PLACEHOLDER)

    def test_swapped_key_and_secret_are_recognised(self) -> None:
        discovery = discover({KEY: MASTER[SECRET], SECRET: MASTER[KEY]})
        assert [fault.kind for fault in discovery.faults] == [ProblemKind.SWAPPED, ProblemKind.SWAPPED]
        assert "swapped" in discovery.faults[0].message

    def test_a_swapped_secret_is_recognised_whatever_words_it_holds(self) -> None:
        variable, kind, _ = only_fault({**MASTER, KEY: f"yourxxxxkey{MASTER[SECRET][11:]}"})
        assert (variable, kind) == (KEY, ProblemKind.SWAPPED)

    def test_swapped_coinbase_name_and_key_are_recognised(self) -> None:
        discovery = discover({"COINBASE_API_KEY": PEM, "COINBASE_API_SECRET": coinbase_name("x")})
        assert [fault.kind for fault in discovery.faults] == [ProblemKind.SWAPPED, ProblemKind.SWAPPED]

    def test_a_coinbase_key_in_krakens_variables_is_recognised(self) -> None:
        discovery = discover({KEY: coinbase_name("x"), SECRET: PEM})
        assert all("Coinbase" in fault.message for fault in discovery.faults)
        assert len(discovery.faults) == 2

    def test_a_value_that_repeats_its_variables_name_is_reported_as_that(self) -> None:
        variable, kind, message = only_fault({**MASTER, KEY: f"{KEY}={MASTER[KEY]}"})
        assert (variable, kind) == (KEY, ProblemKind.MALFORMED)
        assert "repeats the variable's name" in message

    def test_a_damaged_coinbase_key_is_refused_before_any_network(self) -> None:
        _, kind, message = only_fault({**COINBASE, "COINBASE_MASTER_API_SECRET": PEM[:120]})
        assert kind is ProblemKind.MALFORMED
        assert PEM[40:80] not in message

    def test_a_coinbase_key_with_lost_line_breaks_that_cannot_be_restored_is_reported_as_that(self) -> None:
        broken = (PEM[:60] + PEM[61:]).replace("\n", "n")
        _, kind, message = only_fault({**COINBASE, "COINBASE_MASTER_API_SECRET": broken})
        assert kind is ProblemKind.MALFORMED
        assert "line breaks were lost" in message
        assert broken[40:60] not in message

    def test_a_coinbase_key_without_its_blanks_is_recognised_in_the_wrong_variable(self) -> None:
        discovery = discover({"COINBASE_API_KEY": "".join(PEM.split()), "COINBASE_API_SECRET": coinbase_name("x")})
        assert [fault.kind for fault in discovery.faults] == [ProblemKind.SWAPPED, ProblemKind.SWAPPED]

    def test_the_same_key_under_two_accounts_refuses_both_and_no_other(self) -> None:
        name = "KRAKEN_USER_DAIVON_FRAZIER_API_KEY"
        discovery = discover({**MASTER, **DAIVON, **TANIA, name: f" {MASTER[KEY]} "})
        assert names(discovery) == ["kraken:tania_gilbert"]
        assert {fault.variable for fault in discovery.faults} == {KEY, name}
        assert {fault.kind for fault in discovery.faults} == {ProblemKind.SHARED}
        for fault in discovery.faults:
            assert KEY in fault.message
            assert name in fault.message

    def test_a_key_used_by_three_accounts_names_the_other_two_to_each(self) -> None:
        environ = {**MASTER, **DAIVON, **TANIA}
        environ |= {name: MASTER[KEY] for name in environ if name.endswith("_KEY")}
        faults = discover(environ).faults
        assert len(faults) == 3
        assert all(fault.message.count("_API_KEY") == 3 for fault in faults)

    def test_both_the_value_and_its_file_set_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "key"
        path.write_text(MASTER[KEY])
        variable, kind, message = only_fault({**MASTER, f"{KEY}_FILE": str(path)})
        assert (variable, kind) == (KEY, ProblemKind.AMBIGUOUS)
        assert f"{KEY}_FILE" in message

    def test_both_spellings_of_the_coinbase_master_are_refused(self) -> None:
        _, kind, _ = only_fault({**COINBASE, "COINBASE_API_KEY": coinbase_name("other")})
        assert kind is ProblemKind.AMBIGUOUS

    def test_two_spellings_of_one_users_name_are_refused(self) -> None:
        first, second = kraken_pair("KRAKEN_USER_BOB"), kraken_pair("KRAKEN_USER_Bob")
        discovery = discover({**first, **second})
        assert discovery.credentials == ()
        assert {fault.kind for fault in discovery.faults} == {ProblemKind.AMBIGUOUS}

    @pytest.mark.parametrize("owner", ["", "_", "A__B", "_A", "A_", "A-B", "A B", "ÄNNE", "MASTER", "Master", "A" * 65])
    def test_a_malformed_users_name_is_reported_with_the_form_expected(self, owner: str) -> None:
        environ = kraken_pair(f"KRAKEN_USER_{owner}")
        discovery = discover({**environ, **TANIA})
        assert names(discovery) == ["kraken:tania_gilbert"]
        assert {fault.variable for fault in discovery.faults} == set(environ)
        assert {fault.kind for fault in discovery.faults} == {ProblemKind.NAME}


class TestSecrets:
    def test_every_value_is_a_secret_right_or_wrong_and_in_the_form_that_is_used(self) -> None:
        flat = PEM.replace("\n", "")
        discovery = discover({**MASTER, **COINBASE, "COINBASE_MASTER_API_SECRET": flat, KEY: f" {MASTER[KEY][:50]}"})
        assert {MASTER[KEY][:50], MASTER[SECRET], COINBASE["COINBASE_MASTER_API_KEY"], flat} <= discovery.secrets
        assert {found.api_key.secret for found in discovery.credentials} <= discovery.secrets

    def test_a_word_that_cannot_be_a_key_is_not_a_secret(self) -> None:
        assert discover({KEY: "MASTER", SECRET: "Kraken"}).secrets == frozenset()


class TestFiles:
    def test_values_are_read_from_files_without_their_last_line_break(self, tmp_path: Path) -> None:
        key, secret = tmp_path / "key", tmp_path / "secret"
        key.write_text(MASTER[KEY] + "\n")
        secret.write_text(MASTER[SECRET] + "\r\n")
        discovery = discover({f"{KEY}_FILE": str(key), f"{SECRET}_FILE": f"{secret}\n"})
        (found,) = discovery.credentials
        assert (found.api_key.key, found.api_key.secret) == (MASTER[KEY], MASTER[SECRET])
        assert found.key_variable == f"{KEY}_FILE"
        assert discovery.warnings == ()

    def test_a_file_and_a_value_can_be_mixed(self, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.write_text(MASTER[SECRET])
        assert names(discover({KEY: MASTER[KEY], f"{SECRET}_FILE": str(secret)})) == ["kraken:master"]

    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "nowhere"
        variable, kind, message = only_fault({KEY: MASTER[KEY], f"{SECRET}_FILE": str(path)})
        assert (variable, kind) == (f"{SECRET}_FILE", ProblemKind.UNREADABLE)
        assert str(path) in message

    def test_a_folder_an_endless_device_and_binary_data_are_refused(self, tmp_path: Path) -> None:
        binary = tmp_path / "binary"
        binary.write_bytes(b"\xff\xfe\x00")
        for path in (tmp_path, Path("/dev/zero"), binary):
            _, kind, message = only_fault({KEY: MASTER[KEY], f"{SECRET}_FILE": str(path)})
            assert kind is ProblemKind.UNREADABLE
            assert str(path) in message

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
    def test_a_file_that_a_windows_editor_saved_holds_the_same_value(self, tmp_path: Path, encoding: str) -> None:
        secret = tmp_path / "secret"
        secret.write_bytes(f"{MASTER[SECRET]}\r\n".encode(encoding))
        discovery = discover({KEY: MASTER[KEY], f"{SECRET}_FILE": str(secret)})
        assert [found.api_key.secret for found in discovery.credentials] == [MASTER[SECRET]]
        assert discovery.warnings == ()

    def test_a_file_in_another_encoding_is_reported_with_how_to_save_it(self, tmp_path: Path) -> None:
        path = tmp_path / "secret"
        path.write_bytes(MASTER[SECRET].encode("utf-16-le"))
        _, kind, message = only_fault({KEY: MASTER[KEY], f"{SECRET}_FILE": str(path)})
        assert kind is ProblemKind.UNREADABLE
        assert message.endswith(f"{path} is not a UTF-8 text file. Save it again as plain UTF-8 text.")

    def test_a_file_of_whitespace_is_reported_as_that(self, tmp_path: Path) -> None:
        path = tmp_path / "secret"
        path.write_text(" \n")
        _, kind, _ = only_fault({KEY: MASTER[KEY], f"{SECRET}_FILE": str(path)})
        assert kind is ProblemKind.WHITESPACE

    def test_a_file_in_the_home_of_an_unknown_user_is_reported_as_that(self) -> None:
        variable, kind, message = only_fault({KEY: MASTER[KEY], f"{SECRET}_FILE": "~nobody_of_this_name/secret"})
        assert (variable, kind) == (f"{SECRET}_FILE", ProblemKind.UNREADABLE)
        assert "not a path on this machine" in message

    def test_a_key_put_where_its_files_path_belongs_is_not_shown(self) -> None:
        environ = {f"{KEY}_FILE": MASTER[KEY], f"{SECRET}_FILE": MASTER[SECRET]}
        discovery = discover(environ)
        text = " ".join(fault.message for fault in discovery.faults)
        assert len(discovery.faults) == 2
        assert MASTER[KEY] not in text
        assert MASTER[SECRET] not in text
        assert {MASTER[KEY], MASTER[SECRET]} <= discovery.secrets


VALUES = st.one_of(
    st.sampled_from(["", " ", "xxx", "<your-api-key>", PEM, coinbase_name("a"), kraken_key("a"), kraken_secret("a")]),
    st.text(max_size=100),
    st.binary(min_size=30, max_size=70).map(lambda raw: kraken_key(raw.hex())),
)
NAMES = st.sampled_from(
    [
        f"{prefix}_API_{part}{file}"
        for prefix in (
            "KRAKEN_MASTER",
            "KRAKEN_USER_BOB",
            "KRAKEN_USER_Bob",
            "KRAKEN_USER__X",
            "COINBASE",
            "COINBASE_MASTER",
        )
        for part in ("KEY", "SECRET")
        for file in ("", "_FILE")
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=10))
def test_no_fault_of_one_account_hides_another_and_none_shows_a_value(others: dict[str, str]) -> None:
    discovery = discover({**others, **TANIA})
    assert "kraken:tania_gilbert" in names(discovery)
    shown = " ".join([*(fault.message for fault in discovery.faults), *map(str, discovery.warnings), repr(discovery)])
    paths = {value.strip() for name, value in others.items() if name.endswith("_FILE")}
    for value in {value.strip() for value in others.values()} - paths:
        assert len(value) <= 12 or value not in shown


@settings(max_examples=100, deadline=None)
@given(st.binary(min_size=42, max_size=42), st.binary(min_size=64, max_size=64))
def test_every_key_of_krakens_shape_is_taken_whatever_words_it_holds(key: bytes, secret: bytes) -> None:
    environ = {KEY: base64.b64encode(key).decode(), SECRET: base64.b64encode(secret).decode()}
    if len(set(environ[KEY])) > 1 and len(set(environ[SECRET])) > 3:
        assert names(discover(environ)) == ["kraken:master"]
