"""Text files edited by people: with a byte order mark, Windows line ends or UTF-16, as editors leave them."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_ENCODINGS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class NotText(ValueError):
    """Neither UTF-8 nor UTF-16 with a byte order mark. The message reads as a continuation of the file's name."""

    what = "is not a UTF-8 text file"
    remedy = "Save it again as plain UTF-8 text"

    def __init__(self) -> None:
        super().__init__(f"{self.what}. {self.remedy}.")


def read_text(path: Path) -> str:
    """Raises OSError or NotText; neither holds any of the content."""
    return text_of(path.read_bytes())


def encoding_of(data: bytes) -> str:
    """By the mark at its beginning."""
    return next((name for mark, name in _ENCODINGS if data.startswith(mark)), "utf-8")


def text_of(data: bytes) -> str:
    """`data` as text with Unix line ends. Raises NotText."""
    return decoded(data).replace("\r\n", "\n").replace("\r", "\n")


def decoded(data: bytes) -> str:
    """`data` as text with its line ends unchanged. Raises NotText."""
    try:
        text = data.decode(encoding_of(data))
    except UnicodeDecodeError:
        raise NotText from None
    if "\0" in text:
        raise NotText
    return text
