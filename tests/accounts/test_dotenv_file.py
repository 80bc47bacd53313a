from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from accounts.dotenv_file import DotenvError, load_environment

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, text: str) -> Path:
    path = folder / ".env"
    path.write_text(text, encoding="utf-8")
    return path


def test_values_come_from_the_file_where_the_environment_has_none(tmp_path: Path) -> None:
    path = written(tmp_path, "# a comment\nexport NIJA_MODE=paper\nQUOTED='a b' # note\n\nEMPTY=\n")
    assert load_environment({}, path).values == {"NIJA_MODE": "paper", "QUOTED": "a b", "EMPTY": ""}


def test_the_real_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "NIJA_MODE=paper\n")
    assert load_environment({"NIJA_MODE": "live"}, path).values["NIJA_MODE"] == "live"


def test_no_file_is_no_fault(tmp_path: Path) -> None:
    environment = load_environment({"A": "1"}, tmp_path / ".env")
    assert environment.values == {"A": "1"}
    assert environment.warnings == ()


@pytest.mark.parametrize(
    "broken", ['SECRET_PART="hidden', "SECRET_PART hidden", "SECRET_PART='hidden' hidden", "=hidden"]
)
def test_a_broken_line_is_named_by_file_and_number_and_never_shown(tmp_path: Path, broken: str) -> None:
    path = written(tmp_path, f"A=1\n\n# why\n\n{broken}\nB=2\n")
    with pytest.raises(DotenvError) as caught:
        load_environment({}, path)
    assert f"{path}, line 5:" in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_a_dollar_sign_in_a_secret_is_left_as_it_is(tmp_path: Path) -> None:
    path = written(tmp_path, "A=x${HOME}y\n")
    assert load_environment({"HOME": "/root"}, path).values["A"] == "x${HOME}y"


def test_a_byte_order_mark_and_windows_line_ends_do_not_hurt(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"\xef\xbb\xbfA=1\r\nB=2\r\n")
    assert load_environment({}, path).values == {"A": "1", "B": "2"}


def test_a_pem_in_double_quotes_keeps_its_lines(tmp_path: Path) -> None:
    path = written(tmp_path, 'PEM="-----BEGIN\\nabc\\n-----END"\nMANY="one\ntwo"\n')
    values = load_environment({}, path).values
    assert values == {"PEM": "-----BEGIN\nabc\n-----END", "MANY": "one\ntwo"}


def test_a_variable_set_twice_is_told_with_both_lines(tmp_path: Path) -> None:
    path = written(tmp_path, "A=first\nB=2\nA=second\n")
    environment = load_environment({}, path)
    assert environment.values["A"] == "second"
    assert environment.warnings == (f"{path}: A is set on lines 1 and 3; the last counts.",)


def test_a_file_that_is_not_text_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"A=\xff\xfe\n")
    with pytest.raises(DotenvError, match="UTF-8"):
        load_environment({}, path)


def test_a_folder_in_the_files_place_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(DotenvError, match="cannot be read"):
        load_environment({}, tmp_path / ".env")


def test_no_repr_shows_a_value(tmp_path: Path) -> None:
    assert "hidden" not in repr(load_environment({}, written(tmp_path, "A=hidden\n")))
