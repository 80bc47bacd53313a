"""Keys of outcomes: equal only if nothing that an outcome depends on has changed."""

from __future__ import annotations

import hashlib
import inspect
import json
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import accounts
import brokers
import nija
from nija.version import nija_version

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nija.backtest.records import BacktestAccount, MarketHistory
    from nija.optimize.folds import DayRange
    from nija.strategy.base import Strategy

# Whatever decides what a backtest does.
_DECIDING = (
    "nija/analysis",
    "nija/backtest",
    "nija/optimize",
    "nija/risk",
    "nija/strategy",
    "nija/trader",
    "brokers/model.py",
)
_LIBRARIES = ("numpy", "ta-lib")


def engine_fingerprint(strategy: Strategy) -> str:
    """Of all code that a backtest of `strategy` runs: NIJA's, the strategy's own, and the libraries'."""
    digest = hashlib.sha256(nija_version().encode())
    for source in (*_sources(), *_own_source(strategy)):
        digest.update(source.read_bytes())
    for library in _LIBRARIES:
        digest.update(version(library).encode())
    return digest.hexdigest()


def data_fingerprint(histories: Iterable[MarketHistory]) -> str:
    """Of the candles, and of the minimums and steps of their markets."""
    digest = hashlib.sha256()
    for history in histories:
        candles = history.candles
        digest.update(f"{history.market!r} {candles.timeframe}".encode())
        for column in (candles.time, candles.open, candles.high, candles.low, candles.close, candles.volume):
            digest.update(column.tobytes())
    return digest.hexdigest()


def account_fingerprint(account: BacktestAccount, days: DayRange) -> str:
    """Of the money, the fees and every setting that changes what is bought, and of the days."""
    settings = account.plan.settings
    known = {
        "cash": str(account.cash),
        "fees": [str(account.fees.maker), str(account.fees.taker)],
        "trading": settings.trading.model_dump(mode="json"),
        "risk": settings.risk.model_dump(mode="json"),
        "multiplier": str(settings.own.risk_multiplier),
        "disabled": settings.own.disabled_markets,
        "days": [days.start, days.end],
    }
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def outcome_key(common: Iterable[str], strategy: str, parameters: dict[str, object], how: str) -> str:
    """`common` are the fingerprints; `how` names the pass that computed it."""
    known = [*common, strategy, parameters, how]
    return hashlib.sha256(json.dumps(known, sort_keys=True, default=str).encode()).hexdigest()


def _sources() -> list[Path]:
    roots = {package.__name__: Path(package.__path__[0]) for package in (nija, accounts, brokers)}
    found = []
    for name in _DECIDING:
        package, _, rest = name.partition("/")
        place = roots[package] / rest
        found += sorted(place.glob("*.py")) if place.is_dir() else [place]
    return found


def _own_source(strategy: Strategy) -> list[Path]:
    """A user's own class may change between two searches as well."""
    file = inspect.getsourcefile(type(strategy))
    return [] if file is None else [Path(file)]
