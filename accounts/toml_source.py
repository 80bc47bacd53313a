"""Where the settings of nija.toml come from: a file, or a variable that holds its text."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from brokers.text_file import read_text

TOML_VARIABLE = "NIJA_CONFIG_TOML"


@dataclass(frozen=True, slots=True)
class TomlText:
    """The text of a nija.toml in a variable. Shown, it is the variable's name."""

    text: str = field(repr=False)

    def __str__(self) -> str:
        return TOML_VARIABLE

    @property
    def name(self) -> str:
        return TOML_VARIABLE

    @classmethod
    def of(cls, value: str) -> TomlText:
        r"""The text as the variable holds it; a value of one line may write its line breaks as `\n`.

        Docker's --env-file and some platforms' forms allow one line only.
        """
        text = value.replace("\r\n", "\n").replace("\r", "\n")
        return cls(text if "\n" in text.strip() else text.replace("\\n", "\n"))


TomlSource = Path | TomlText


def toml_text(source: TomlSource) -> str:
    """Raises OSError or NotText for a file."""
    return source.text if isinstance(source, TomlText) else read_text(source)
