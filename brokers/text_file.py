"""Text files that people edit, as their editors leave them: with a byte order mark, Windows line ends or UTF-16."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_ENCODINGS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class NotText(ValueError):
    """Neither UTF-8 nor UTF-16 with a byte order mark. Its text belongs behind the file's name."""

    what = "is not a UTF-8 text file"
    remedy = "Save it again as plain UTF-8 text"

    def __init__(self) -> None:
        super().__init__(f"{self.what}. {self.remedy}.")


def read_text(path: Path) -> str:
    """Raises OSError or NotText, neither with anything of the content in it."""
    return text_of(path.read_bytes())


def text_of(data: bytes) -> str:
    """`data` as text whose lines end as on Unix. Raises NotText."""
    return decoded(data).replace("\r\n", "\n").replace("\r", "\n")


def decoded(data: bytes) -> str:
    """`data` as text, its line ends left as they are. Raises NotText."""
    encoding = next((name for mark, name in _ENCODINGS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise NotText from None
    if "\0" in text:
        raise NotText
    return text
