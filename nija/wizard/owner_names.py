"""The name of an account's owner, from what a person typed."""

from __future__ import annotations

import re
import unicodedata

_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")
# Letters that are written with two when they lack their mark, and those that have no mark to lose.
_SPELT_OUT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "æ": "ae", "œ": "oe", "ø": "oe", "þ": "th", "ð": "d", "đ": "d", "ł": "l"}
)


def owner_name(text: str) -> str:
    """`Tanja Müller` becomes `tanja_mueller`; empty if no letter or digit is left."""
    spelt = unicodedata.normalize("NFC", text.strip().casefold()).translate(_SPELT_OUT)
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", spelt) if not unicodedata.combining(letter))
    return _NOT_IN_A_NAME.sub("_", plain).strip("_")
