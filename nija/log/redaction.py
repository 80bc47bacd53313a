"""Removes secrets from every line: known ones in each encoding they may appear in, and anything shaped like one."""

from __future__ import annotations

import base64
import json
import re
import threading
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

REDACTED = "[redacted]"
_SHORTEST = 6
_SHORTEST_LINE = 16

_BASE64 = r"(?:[A-Za-z0-9+/]|%2[BbFf])"
_SHAPES = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)"
    r"|(?P<header>(?i:api-sign|api-key|authorization|cb-access-[a-z]+)(?:['\"]\s*,|['\"]?\s*[:=])\s*b?['\"]?)"
    r"(?:(?i:bearer|basic)\s+)?[^\s'\",}]+"
    r"|(?P<bearer>(?i:bearer)\s+)[A-Za-z0-9._~+/=-]{8,}"
    r"|(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)?"
    rf"|(?<![A-Za-z0-9+/]){_BASE64}{{86}}(?:==|%3[Dd]%3[Dd])"
    rf"|(?<![A-Za-z0-9+/]){_BASE64}{{56}}(?![A-Za-z0-9+/])"
)
# Every text that can match a shape contains one of these; few others do.
_LONG_RUN = re.compile(r"[A-Za-z0-9+/%]{56}")
_HINTS = ("PRIVATE KEY", "eyJ")
_FOLDED_HINTS = ("api-", "bearer", "authorization", "cb-access")


class Redactor:
    """Knows the secrets of this process. Thread-safe, also while another thread adds secrets."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._by_head: Mapping[str, tuple[str, ...]] = {}
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Add secrets, in each form in which they may appear. Those shorter than six characters are ignored."""
        with self._lock:
            forms = {form for tail in self._by_head.values() for form in tail}
            forms.update(form for secret in secrets for form in _forms(secret) if len(form) >= _SHORTEST)
            heads: dict[str, list[str]] = {}
            for form in sorted(forms, key=len, reverse=True):
                heads.setdefault(form[:_SHORTEST], []).append(form)
            self._by_head = {head: tuple(tails) for head, tails in heads.items()}

    def redact(self, text: str) -> str:
        return self._without_shapes(self._without_known(text))

    def _without_known(self, text: str) -> str:
        by_head = self._by_head
        if not by_head:
            return text
        hits = [at for at in range(len(text) - _SHORTEST + 1) if text[at : at + _SHORTEST] in by_head]
        if not hits:
            return text
        pieces: list[str] = []
        done = 0
        for at in hits:
            if at < done:
                continue
            found = next((form for form in by_head[text[at : at + _SHORTEST]] if text.startswith(form, at)), None)
            if found is not None:
                pieces += (text[done:at], REDACTED)
                done = at + len(found)
        return "".join((*pieces, text[done:]))

    def _without_shapes(self, text: str) -> str:
        if not _may_hold_a_shape(text):
            return text
        return _SHAPES.sub(_replacement, text)


def _may_hold_a_shape(text: str) -> bool:
    if any(hint in text for hint in _HINTS) or _LONG_RUN.search(text):
        return True
    folded = text.casefold()
    return any(hint in folded for hint in _FOLDED_HINTS)


def _replacement(found: re.Match[str]) -> str:
    return f"{found['header'] or found['bearer'] or ''}{REDACTED}"


def _forms(secret: str) -> Iterator[str]:
    """The text itself, its lines, and their forms in URLs, JSON, reprs and Basic authentication."""
    plain = secret.strip()
    if len(plain) < _SHORTEST:
        return
    lines = [line for line in re.split(r"[\r\n]+|\\[rn]", plain) if len(line) >= _SHORTEST_LINE and "-----" not in line]
    for text in dict.fromkeys((plain, "".join(lines), *lines)):
        yield from _escaped(text)
        yield from (quote(text, safe=""), quote_plus(text), quote(text))
        yield from _base64_forms(text.encode())


def _escaped(text: str) -> set[str]:
    """The text as it is, as it appears inside a repr or JSON, and inside a repr of that."""
    forms = {text}
    for _ in range(2):
        # A repr escapes single quotes only if the text contains double quotes too.
        escaped = ((repr(form)[1:-1], repr(f'{form}"')[1:-2], json.dumps(form)[1:-1]) for form in forms)
        forms = forms.union(*escaped)
    return forms


def _base64_forms(raw: bytes) -> Iterator[str]:
    """The text inside longer Base64, at each of the three possible offsets, without the characters at the edges."""
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + raw).decode().rstrip("=")
        inner = encoded[(offset * 8 + 5) // 6 : (offset + len(raw)) * 8 // 6]
        yield inner
        yield inner.replace("+", "-").replace("/", "_")
