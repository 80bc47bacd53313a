"""Editing .env changes the credentials and nothing else."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.dotenv_file import DotenvError, load_environment
from accounts.identity import AccountId
from nija.wizard.dotenv_editor import remove_credentials, with_credentials, write_credentials

if TYPE_CHECKING:
    from pathlib import Path

MASTER = AccountId.parse("kraken:master")
USER = AccountId.parse("kraken:tania_gilbert")
COINBASE = AccountId.parse("coinbase:master")
PAIR = {"KRAKEN_MASTER_API_KEY": "new/key+1=", "KRAKEN_MASTER_API_SECRET": "new/secret=="}

TEMPLATE = """# Copy this file.

# The owner's account
KRAKEN_MASTER_API_KEY=
KRAKEN_MASTER_API_SECRET=  # 88 characters
export NIJA_MODE=auto
#NIJA_LOG_LEVEL=INFO
KRAKEN_USER_TANIA_GILBERT_API_KEY='hers'
"""


def test_values_go_where_the_template_has_them_and_every_other_line_stays() -> None:
    edited = with_credentials(TEMPLATE, MASTER, PAIR)
    assert edited == TEMPLATE.replace("API_KEY=\n", "API_KEY=new/key+1=\n", 1).replace(
        "API_SECRET=  #", "API_SECRET=new/secret==  #"
    )


def test_what_is_not_there_yet_is_put_at_the_end() -> None:
    assert with_credentials("A=1", MASTER, PAIR) == (
        "A=1\nKRAKEN_MASTER_API_KEY=new/key+1=\nKRAKEN_MASTER_API_SECRET=new/secret==\n"
    )


def test_a_new_file_is_private_and_a_public_one_becomes_so(tmp_path: Path) -> None:
    for name in ("fresh", "public"):
        path = tmp_path / name
        if name == "public":
            path.write_text("A=1\n")
            path.chmod(0o644)
        write_credentials(path, MASTER, PAIR)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(found.name for found in tmp_path.iterdir()) == ["fresh", "public"]


def test_other_spellings_of_the_same_account_are_replaced_so_that_none_contradicts() -> None:
    text = "COINBASE_API_KEY=old\nCOINBASE_MASTER_API_SECRET_FILE=/run/secret\nB=2\n"
    edited = with_credentials(text, COINBASE, {"COINBASE_MASTER_API_KEY": "k", "COINBASE_MASTER_API_SECRET": "s"})
    assert edited == "COINBASE_MASTER_API_KEY=k\nCOINBASE_MASTER_API_SECRET=s\nB=2\n"


def test_a_variable_set_twice_is_left_once() -> None:
    edited = with_credentials("KRAKEN_MASTER_API_KEY=a\nX=1\nKRAKEN_MASTER_API_KEY=b\n", MASTER, PAIR)
    assert edited.count("KRAKEN_MASTER_API_KEY=") == 1
    assert edited.startswith("KRAKEN_MASTER_API_KEY=new/key+1=\nX=1\n")


def test_a_private_key_of_many_lines_is_replaced_whole() -> None:
    text = 'COINBASE_MASTER_API_SECRET="-----BEGIN\nabc\n-----END"\nB=2\n'
    assert with_credentials(text, COINBASE, {"COINBASE_MASTER_API_SECRET": "s"}) == (
        "COINBASE_MASTER_API_SECRET=s\nB=2\n"
    )


def test_removing_takes_out_one_account_only(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(TEMPLATE)
    assert remove_credentials(path, USER) == ("KRAKEN_USER_TANIA_GILBERT_API_KEY",)
    assert path.read_text() == TEMPLATE.replace("KRAKEN_USER_TANIA_GILBERT_API_KEY='hers'\n", "")
    assert remove_credentials(path, USER) == ()


def test_a_file_that_cannot_be_understood_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A='open\n")
    with pytest.raises(DotenvError, match="line 1"):
        write_credentials(path, MASTER, PAIR)
    assert path.read_text() == "A='open\n"


def test_a_file_in_utf_16_is_changed_too_and_is_utf_8_from_then_on(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(TEMPLATE.encode("utf-16"))
    write_credentials(path, MASTER, PAIR)
    assert path.read_text(encoding="utf-8") == with_credentials(TEMPLATE, MASTER, PAIR)


def test_a_value_in_single_quotes_with_a_comment_behind_it_is_replaced_and_the_comment_stays() -> None:
    text = "KRAKEN_MASTER_API_KEY='it\\'s # old' # mine\n"
    edited = with_credentials(text, MASTER, {"KRAKEN_MASTER_API_KEY": "new"})
    assert edited == "KRAKEN_MASTER_API_KEY=new # mine\n"


def test_a_link_keeps_pointing_to_the_file_that_is_changed(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.write_text("A=1\n")
    link = tmp_path / ".env"
    link.symlink_to(real)
    write_credentials(link, MASTER, PAIR)
    assert link.is_symlink()
    assert "new/key" in real.read_text()


@given(value=st.text(st.one_of(st.characters(codec="utf-8", exclude_characters="\r\x00"), st.sampled_from("${}'\\"))))
@example(value="a${HOME}'b\\")
def test_whatever_is_written_is_read_back_the_same(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    path = tmp_path_factory.mktemp("dotenv") / ".env"
    path.write_text(TEMPLATE)
    write_credentials(path, MASTER, {"KRAKEN_MASTER_API_KEY": value})
    values = load_environment({}, path).values
    assert values["KRAKEN_MASTER_API_KEY"] == value
    assert values["KRAKEN_USER_TANIA_GILBERT_API_KEY"] == "hers"
