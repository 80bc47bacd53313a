"""Runs a search with a progress bar on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from nija.optimize.study import compute

if TYPE_CHECKING:
    from pathlib import Path

    from nija.optimize.outcome import VariantOutcome
    from nija.optimize.store import VariantStore
    from nija.optimize.study import Study


class Counter:
    """How far a search has come."""

    def __init__(self) -> None:
        self.whole = 0
        self.done = 0

    def begin(self, whole: int, done: int) -> None:
        self.whole, self.done = whole, done

    def advance(self) -> None:
        self.done += 1


def shown_search(study: Study, store: VariantStore, jobs: int, cache: Path, counter: Counter) -> list[VariantOutcome]:
    """The bar is drawn on standard error, and only on a terminal. Raises Interrupted and OptimizeError."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("variants, left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("Trying", total=None)

        def begin(whole: int, done: int) -> None:
            counter.begin(whole, done)
            progress.update(task, total=whole, completed=done)

        def advance() -> None:
            counter.advance()
            progress.advance(task)

        return compute(study, store, jobs, cache, (begin, advance))
