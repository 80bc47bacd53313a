from __future__ import annotations

import codecs
import os
import tempfile
from pathlib import Path

import pytest
from dotenv import load_dotenv
from hypothesis import given
from hypothesis import strategies as st

from accounts.dotenv_file import DotenvError, load_environment


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


def test_a_missing_file_is_not_a_fault(tmp_path: Path) -> None:
    environment = load_environment({"A": "1"}, tmp_path / ".env")
    assert environment.values == {"A": "1"}
    assert environment.warnings == ()


WAYS = {
    "UTF-8 with a mark": "utf-8-sig",
    "UTF-16 of Windows": "utf-16",
    "UTF-16 with the high byte first": "utf-16-be",
    "plain": "utf-8",
}


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", WAYS.values(), ids=WAYS.keys())
def test_the_file_is_read_in_every_way_in_which_an_editor_saves_it(tmp_path: Path, encoding: str, ends: str) -> None:
    path = tmp_path / ".env"
    mark = codecs.BOM_UTF16_BE if encoding == "utf-16-be" else b""
    path.write_bytes(mark + f"A=1{ends}B='ü{ends}2'{ends}".encode(encoding))
    assert load_environment({}, path).values == {"A": "1", "B": "ü\n2"}


@pytest.mark.parametrize(
    "broken", ['SECRET_PART="hidden', "SECRET_PART hidden", "SECRET_PART='hidden' hidden", "=hidden"]
)
def test_a_broken_line_is_named_by_file_and_number_and_never_shown(tmp_path: Path, broken: str) -> None:
    path = written(tmp_path, f"A=1\n\n# why\n\n{broken}\nB=2\n")
    with pytest.raises(DotenvError) as caught:
        load_environment({}, path)
    assert f"{path}, line 5:" in str(caught.value)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("quote", ["", '"', "'"])
def test_a_name_in_braces_becomes_its_value_from_a_line_above_or_the_environment(tmp_path: Path, quote: str) -> None:
    path = written(tmp_path, f"A=1\nB={quote}x${{A}}y${{HOME}}z{quote}\n")
    assert load_environment({"HOME": "/root"}, path).values["B"] == "x1y/rootz"


def test_the_real_environment_wins_in_braces_too(tmp_path: Path) -> None:
    path = written(tmp_path, "A=file\nB=${A}\n")
    assert load_environment({"A": "real"}, path).values["B"] == "real"


def test_a_default_replaces_a_variable_that_is_not_set(tmp_path: Path) -> None:
    environment = load_environment({}, written(tmp_path, "A=${NOWHERE:-data}/x\n"))
    assert (environment.values["A"], environment.warnings) == ("data/x", ())


@pytest.mark.parametrize("value", ["x$HOME", "$argon2id$v=19$m=64", "$", "x$", "$$", "{HOME}"])
def test_a_dollar_sign_without_braces_is_taken_as_written(tmp_path: Path, value: str) -> None:
    environment = load_environment({"HOME": "/root"}, written(tmp_path, f"export A = {value} # note\n"))
    assert (environment.values["A"], environment.warnings) == (value, ())


def test_an_unset_variable_is_empty_and_warned_of_without_value_or_name(tmp_path: Path) -> None:
    path = written(tmp_path, "\nA=pass${hidden}word\n")
    environment = load_environment({}, path)
    assert environment.values["A"] == "password"
    [warning] = environment.warnings
    assert warning.startswith(f"{path}, line 2: A contains a ${{...}} whose variable is not set")
    assert "in the environment" in warning
    assert "hidden" not in warning
    assert "password" not in warning


def test_nothing_is_said_of_a_line_that_the_real_environment_overrides(tmp_path: Path) -> None:
    assert load_environment({"A": "1"}, written(tmp_path, "A=${NOWHERE}\n")).warnings == ()


NAMES = st.sampled_from(["A", "B", "C", "HOME"])
PIECES = st.one_of(
    st.sampled_from(["x", "7", "$", "{", "}", "$A", "${A}", "${B}", "${C}", "${HOME}", "${D:-d}", "${A:-}", ":"]), NAMES
)
LINES = st.lists(st.tuples(NAMES, st.sampled_from(["", '"', "'"]), st.lists(PIECES, max_size=5)), max_size=6)


@given(lines=LINES)
def test_names_in_braces_are_expanded_as_python_dotenv_does(lines: list[tuple[str, str, list[str]]]) -> None:
    text = "".join(f"{name}={quote}{''.join(pieces)}{quote}\n" for name, quote, pieces in lines)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = written(Path(folder), text)
        theirs = {"HOME": "/root"}
        ours = load_environment(dict(theirs), path).values
        patch.setattr(os, "environ", theirs)
        load_dotenv(path)
    assert ours == theirs


def test_a_pem_in_double_quotes_keeps_its_lines(tmp_path: Path) -> None:
    path = written(tmp_path, 'PEM="-----BEGIN\\nabc\\n-----END"\nMANY="one\ntwo"\n')
    values = load_environment({}, path).values
    assert values == {"PEM": "-----BEGIN\nabc\n-----END", "MANY": "one\ntwo"}


def test_a_variable_set_twice_is_reported_with_both_lines(tmp_path: Path) -> None:
    path = written(tmp_path, "A=first\nB=2\nA=second\n")
    environment = load_environment({}, path)
    assert environment.values["A"] == "second"
    assert environment.warnings == (f"{path}: A is set on lines 1 and 3; the last one is used.",)


@pytest.mark.parametrize(
    "content",
    [b"hidden=\xff\xfe\n", "hidden=1".encode("utf-16-le"), b"\xff\xfehid", b"hidden=\0"],
    ids=["no UTF-8", "UTF-16 without a mark", "half a UTF-16 character", "a NUL"],
)
def test_a_file_that_is_not_text_is_a_clear_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / ".env"
    path.write_bytes(content)
    with pytest.raises(
        DotenvError, match=r"\.env is not a UTF-8 text file\. Save it again as plain UTF-8 text\."
    ) as caught:
        load_environment({}, path)
    assert "hidden" not in str(caught.value)


def test_a_folder_in_the_files_place_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(DotenvError, match="cannot be read"):
        load_environment({}, tmp_path / ".env")


def test_no_repr_shows_a_value(tmp_path: Path) -> None:
    assert "hidden" not in repr(load_environment({}, written(tmp_path, "A=hidden\n")))
