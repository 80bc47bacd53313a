"""The secrets in a notification URL: the URL itself, and every part of it that may be a token."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHORTEST = 8
_BETWEEN_PARTS = re.compile(r"[/:@?&=#,+]+")


def secrets_in(urls: Iterable[str]) -> frozenset[str]:
    """For the log's redactor. A part with a dot is a host or a file name; tokens contain none."""
    found: set[str] = set()
    for url in urls:
        found.add(url)
        _, _, rest = url.partition("://")
        for part in _BETWEEN_PARTS.split(rest):
            if len(part) >= _SHORTEST and "." not in part:
                found.update((part, unquote(part)))
    return frozenset(found)
