"""Whether a strategy uses candles that had not closed yet: its signals are computed again on less data and compared.

A signal must be the same whether the candles after it are known or not, at every call, and without changing the
candles. The start is cut off too: a signal should not need more history than `warmup` says.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from brokers.figures import exact
from nija.strategy.base import Signals

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from brokers.model import Candles
    from nija.strategy.base import Strategy

_INPUTS = ("time", "open", "high", "low", "close", "volume")
_FLAGS = ("entry", "exit")
_COLUMNS = (*_FLAGS, "initial_stop", "trail", "weight")
# What the order of the same additions may change.
_SAME = 1e-9
# Of the price, or of the weight: less than the smallest order.
_SETTLED = 1e-4
# The fewest closed candles that an exchange gives a daemon at its start, if it has them.
_DAEMON_READS = 700


class FindingKind(StrEnum):
    """LOOK_AHEAD is the grave one. SETTLING is none if it is over within what a daemon reads of the past."""

    LOOK_AHEAD = "look-ahead"
    NOT_REPEATABLE = "not repeatable"
    CHANGES_CANDLES = "changes its candles"
    FAILS = "fails"
    SHORT_WARMUP = "short warm-up"
    SETTLING = "settling"


@dataclass(frozen=True, slots=True)
class LookAheadFinding:
    """The first difference of a kind in a column.

    `time` is the opening of the candle (Unix seconds); `value` is what the strategy says there if it knows all candles,
    `other` what it says if it knows `seen` of them. `settled` is the history in candles from which both agree.
    """

    kind: FindingKind
    column: str
    time: int
    value: str
    other: str
    seen: int
    settled: int | None = None

    @property
    def is_fault(self) -> bool:
        """Whether backtests of the strategy cannot be trusted, or the daemon would trade otherwise."""
        return self.kind is not FindingKind.SETTLING or self.settled is None or self.settled > _DAEMON_READS

    @property
    def text(self) -> str:
        return _TEXTS[self.kind].format(
            column=self.column,
            when=f"{datetime.fromtimestamp(self.time, UTC):%Y-%m-%d %H:%M} UTC",
            value=self.value,
            other=self.other,
            seen=self.seen,
            settled=self._settled_text(),
        )

    def _settled_text(self) -> str:
        if self.settled is None:
            return "and they still differ with all candles that a daemon reads at its start"
        return f"they agree from {self.settled} candles on"


_TEXTS = {
    FindingKind.LOOK_AHEAD: (
        "{column} of the candle of {when} is {value}, but {other} while later candles are unknown: it uses the future"
    ),
    FindingKind.NOT_REPEATABLE: (
        "{column} of the candle of {when} is {value}, and {other} when the same {seen} candles are evaluated again"
    ),
    FindingKind.CHANGES_CANDLES: "evaluate changes {column} of the candle of {when} from {value} to {other}",
    FindingKind.FAILS: "evaluate fails on the {seen} candles up to {when}: {other}",
    FindingKind.SHORT_WARMUP: (
        "{column} of the candle of {when} is {value}, but {other} with the {seen} candles of the warm-up alone;"
        " {settled}: raise warmup"
    ),
    FindingKind.SETTLING: (
        "{column} of the candle of {when} is {value}, and {other} with the {seen} candles of the warm-up alone;"
        " {settled}"
    ),
}


class _Faulty(Exception):
    def __init__(self, finding: LookAheadFinding) -> None:
        super().__init__(finding.text)
        self.finding = finding


def check_look_ahead(
    strategy: Strategy, candles: Candles, *, points: int = 60, seed: int = 1
) -> tuple[LookAheadFinding, ...]:
    """Compare a strategy's signals with those at `points` earlier moments, when less was known; seeded chance.

    `strategy` is one that has evaluated nothing yet. One finding, the first, of each kind and column; none for an
    honest strategy whose indicators forget. Indicators that never forget, such as Wilder's ATR, are reported as
    settling, with the history that they need.
    """
    if len(candles) == 0:
        return ()
    try:
        return tuple(_first_of_each(_findings(strategy, candles, points, seed)))
    except _Faulty as fault:
        return (fault.finding,)


def _findings(strategy: Strategy, candles: Candles, points: int, seed: int) -> Iterator[LookAheadFinding]:
    rng = np.random.default_rng(seed)
    # What a strategy remembers of one call could hide what it sees in another: copies evaluate short and long series,
    # and the first of them evaluates the whole one last.
    other = _copied(strategy)
    moments = np.unique(rng.integers(1, len(candles) + 1, points - points // 2))
    early = [(part, _signals(other, part)) for part in (_part(candles, 0, count) for count in moments.tolist())]
    whole = _signals(_copied(strategy), candles)
    for part, signals in early:
        yield from _differences(FindingKind.LOOK_AHEAD, whole, signals, part)
    for count in _changes(whole, points // 2, rng):
        part = _part(candles, 0, count)
        yield from _differences(FindingKind.LOOK_AHEAD, whole, _signals(other, part), part)
    for _ in range(2):
        yield from _differences(FindingKind.NOT_REPEATABLE, whole, _signals(other, candles), candles)
    yield from _warmup_findings(other, candles, whole, points, rng)


def _changes(whole: Signals, points: int, rng: np.random.Generator, first: int = 0) -> list[int]:
    """The numbers of candles at whose end an entry or exit signal begins: there it pays to know what comes."""
    changed = np.diff(whole.entry, prepend=False) | np.diff(whole.exit, prepend=False)
    counts = np.flatnonzero(changed & (whole.entry | whole.exit)) + 1
    counts = counts[counts > first]
    return np.sort(rng.choice(counts, min(points, len(counts)), replace=False)).tolist() if len(counts) else []


def _warmup_findings(
    strategy: Strategy, candles: Candles, whole: Signals, points: int, rng: np.random.Generator
) -> Iterator[LookAheadFinding]:
    """Signals of single candles with shorter and longer histories before them, against those with all of it."""
    count, warmup = len(candles), max(1, strategy.warmup)
    # Late ones: with little before them, the whole history would prove nothing.
    first = max(warmup, count // 2)
    if first >= count:
        return
    anywhere = rng.integers(first, count, points - points // 2) + 1
    ends = sorted({*anywhere.tolist(), *_changes(whole, points // 2, rng, first)})
    found: dict[str, LookAheadFinding] = {}
    settled: dict[str, int | None] = {}
    for history in _histories(warmup, count):
        differ = _shortened(strategy, candles, whole, history, [end for end in ends if end >= history])
        for column in _COLUMNS:
            if column in differ:
                found.setdefault(column, differ[column])
                settled[column] = None
            elif column in found and settled[column] is None:
                settled[column] = history
    for column, finding in found.items():
        yield replace(finding, settled=settled[column])


def _histories(warmup: int, count: int) -> list[int]:
    """Doubled from the warm-up on, and what a daemon reads at its start."""
    longest = min(count, max(warmup, _DAEMON_READS))
    doubled = [warmup * 2**times for times in range(12) if warmup * 2**times < longest]
    return [*doubled, longest]


def _shortened(
    strategy: Strategy, candles: Candles, whole: Signals, history: int, ends: Iterable[int]
) -> dict[str, LookAheadFinding]:
    """By column, the largest difference at the last of the candles up to each of these ends."""
    found: dict[str, LookAheadFinding] = {}
    worst: dict[str, float] = {}
    for end in ends:
        part = _part(candles, end - history, end)
        signals = _signals(strategy, part)
        for column in _COLUMNS:
            value, other = float(_column(whole, column)[end - 1]), float(_column(signals, column)[-1])
            scale = 1.0 if column in (*_FLAGS, "weight") else float(part.close[-1])
            gap = _gap(value, other, scale)
            if gap > max(_SETTLED, worst.get(column, 0.0)):
                worst[column] = gap
                kind = FindingKind.SHORT_WARMUP if np.isinf(gap) else FindingKind.SETTLING
                shown = _shown(column, value), _shown(column, other)
                found[column] = LookAheadFinding(kind, column, int(part.time[-1]), *shown, seen=history)
    return found


def _gap(value: float, other: float, scale: float) -> float:
    """How far apart two values are, as a fraction of `scale`; infinite if only one of them is defined."""
    if np.isnan(value) or np.isnan(other):
        return 0.0 if np.isnan(value) and np.isnan(other) else np.inf
    return abs(value - other) / scale


def _differences(kind: FindingKind, whole: Signals, other: Signals, part: Candles) -> Iterator[LookAheadFinding]:
    """Where `other`, computed from the first candles alone, differs from the signals of all."""
    count = len(part)
    for column in _COLUMNS:
        value, again = _column(whole, column)[:count], _column(other, column)
        differ = np.flatnonzero(~np.isclose(value, again, rtol=_SAME, atol=0.0, equal_nan=True))
        if len(differ):
            at = int(differ[0])
            shown = _shown(column, float(value[at])), _shown(column, float(again[at]))
            yield LookAheadFinding(kind, column, int(part.time[at]), *shown, seen=count)


def _signals(strategy: Strategy, candles: Candles) -> Signals:
    """Of a copy of the candles. Raises _Faulty if there are none, or the candles were changed."""
    own = _part(candles, 0, len(candles))
    try:
        signals: object = strategy.evaluate(own)
    except Exception as error:
        raise _failed(candles, f"{type(error).__name__}: {error}") from error
    for name in _INPUTS:
        before, after = getattr(candles, name), getattr(own, name)
        changed = np.flatnonzero(~np.isclose(before, after, rtol=0.0, atol=0.0, equal_nan=True))
        if len(changed):
            at = int(changed[0])
            shown = _number(float(before[at])), _number(float(after[at]))
            time = int(candles.time[at])
            raise _Faulty(LookAheadFinding(FindingKind.CHANGES_CANDLES, name, time, *shown, seen=len(candles)))
    if not isinstance(signals, Signals):
        raise _failed(candles, f"it gives {type(signals).__name__}, expected Signals")
    if len(signals) != len(candles):
        raise _failed(candles, f"it gives {len(signals)} signals")
    return signals


def _failed(candles: Candles, why: str) -> _Faulty:
    last = int(candles.time[-1])
    return _Faulty(LookAheadFinding(FindingKind.FAILS, "evaluate", last, value="", other=why, seen=len(candles)))


def _part(candles: Candles, first: int, end: int) -> Candles:
    """Copies: a view would let a strategy reach the candles around it."""
    return replace(candles, **{name: getattr(candles, name)[first:end].copy() for name in _INPUTS})


def _copied(strategy: Strategy) -> Strategy:
    try:
        return copy.deepcopy(strategy)
    except Exception:  # noqa: BLE001 - a user's own class: one that cannot be copied is checked as it is
        return strategy


def _column(signals: Signals, name: str) -> NDArray[np.float64]:
    values = getattr(signals, name)
    return np.full(len(signals), np.nan) if values is None else values.astype(np.float64)


def _shown(column: str, value: float) -> str:
    return ("true" if value else "false") if column in _FLAGS else _number(value)


def _number(value: float) -> str:
    return "none" if np.isnan(value) else exact(value)


def _first_of_each(findings: Iterable[LookAheadFinding]) -> Iterator[LookAheadFinding]:
    seen: set[tuple[FindingKind, str]] = set()
    for finding in findings:
        if (finding.kind, finding.column) not in seen:
            seen.add((finding.kind, finding.column))
            yield finding
