"""The one reader for text files edited by people."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.text_file import NotText, decoded, read_text, text_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\ufeff"))
SAVED_AS: list[Callable[[str], bytes]] = [
    lambda text: text.encode(),
    lambda text: text.encode("utf-8-sig"),
    lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
]


@given(TEXTS, st.sampled_from(SAVED_AS), st.sampled_from(["\n", "\r\n", "\r"]))
def test_a_text_is_the_same_however_an_editor_saves_it(text: str, saved_as: Callable[[str], bytes], ends: str) -> None:
    assert text_of(saved_as(text.replace("\n", ends))) == text


def test_line_ends_stay_where_the_file_is_written_back() -> None:
    assert decoded("a\r\nb\r".encode("utf-16")) == "a\r\nb\r"


@pytest.mark.parametrize("data", [b"a\xff", b"a\0", "a".encode("utf-16-le"), codecs.BOM_UTF16_LE + b"a"])
def test_a_file_that_is_not_text_is_refused_with_the_remedy(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(NotText) as caught:
        read_text(path)
    assert str(caught.value) == "is not a UTF-8 text file. Save it again as plain UTF-8 text."
