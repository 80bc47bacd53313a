"""What a long command is doing, on a terminal's standard error while it does it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def activity() -> Iterator[Callable[[str], None]]:
    """A function to be called with what is done next; a program is told nothing."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _text: None
        return
    with console.status("…") as status:
        yield status.update
