"""What a request asks for, and the answer where there is nothing."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from nija.web.rendering import render

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_NOT_FOUND = 404
_LAST_PAGE = 1_000


def page_number(text: str | None) -> int:
    """From 1 on; 1 for anything that is no page."""
    with suppress(ValueError):
        return max(1, min(_LAST_PAGE, int(text or "1")))
    return 1


def day(text: str | None) -> date | None:
    """`2026-01-31`; None for anything else."""
    with suppress(ValueError):
        return date.fromisoformat(text or "")
    return None


def start_of(one: date | None) -> datetime | None:
    """Midnight UTC."""
    return None if one is None else datetime(one.year, one.month, one.day, tzinfo=UTC)


def not_found(request: Request) -> Response:
    """Also for what the viewer may not see, so that nobody learns whether it exists."""
    return render(request, "missing.html", _NOT_FOUND)
