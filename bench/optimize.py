"""Variants a second of `nija optimize`, by the plain engine and by the compiled pass, on one file of candles.

Run: python -m bench.optimize FILE, such as kraken-BTC-USD-15m.csv.gz
"""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import TYPE_CHECKING

import numpy as np

from accounts.identity import AccountId
from accounts.settings import load_settings, with_overrides
from brokers.model import Fees, Market
from nija.backtest.records import BacktestAccount, MarketHistory
from nija.candles.files import read_candles
from nija.optimize.compiled import CompiledPass
from nija.optimize.grid import make_grid
from nija.optimize.ranges import read_ranges
from nija.optimize.span import whole_days
from nija.optimize.trial import Conditions, trial
from nija.strategy.registry import STRATEGY_TABLES
from nija.trader.plan import trading_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nija.optimize.grid import Variant
    from nija.optimize.outcome import VariantOutcome
    from nija.strategy.base import Strategy

RANGES = ("entry=20..110..10", "exit=10..50..10")
_PLAIN_AT_MOST = 10


def conditions_of(path: Path) -> Conditions:
    candles = read_candles(path)
    base, _, quote = candles.market.partition("/")
    least = Decimal("0.0001")
    market = Market(candles.market, base, quote, Decimal("1e-8"), Decimal("0.1"), least, min_cost=Decimal(5))
    settings = load_settings(None, STRATEGY_TABLES).for_account(AccountId.parse("kraken:master"))
    changes = {"markets": (market.symbol,), "timeframe": candles.timeframe.value}
    settings = with_overrides(settings, changes, STRATEGY_TABLES, "bench")
    account = BacktestAccount(
        "kraken:master", trading_plan(settings), Fees(Decimal("0.0025"), Decimal("0.004")), Decimal(1000)
    )
    histories = (MarketHistory(market, candles),)
    return Conditions(account, histories, whole_days(histories, 200, None, None))


def measured(
    compute: Callable[[Strategy], VariantOutcome], variants: Sequence[Variant]
) -> tuple[list[VariantOutcome], float]:
    """The outcomes, and variants a second of CPU time."""
    began = process_time()
    found = [compute(variant.strategy) for variant in variants]
    return found, len(variants) / (process_time() - began)


def main() -> None:
    conditions = conditions_of(Path(sys.argv[1]))
    # Without the fee gate, which would refuse nearly all entries on such short candles.
    variants = make_grid("trend", {"fee_gate": 0.0}, read_ranges(RANGES)).variants
    few = variants[:: max(1, len(variants) // _PLAIN_AT_MOST)]
    print(f"{len(conditions.histories[0].candles)} candles, {len(variants)} variants, one process, CPU time")
    with TemporaryDirectory() as cache:
        began = perf_counter()
        compiled = CompiledPass(conditions, Path(cache))
        compiled(variants[0].strategy)
        print(f"compiling once      {perf_counter() - began:8.1f} s")
        plain, slow = measured(lambda strategy: trial(conditions, strategy), few)
        _, fast = measured(compiled, variants)
        same = [compiled(variant.strategy) for variant in few]
    for one, other in zip(plain, same, strict=True):
        np.testing.assert_array_equal(one.opened, other.opened)
        np.testing.assert_allclose(one.returns, other.returns, rtol=0, atol=1e-9)
    print(f"plain engine        {slow:8.1f} variants/s, {np.mean([len(one.opened) for one in plain]):.0f} trades each")
    print(f"compiled pass       {fast:8.1f} variants/s, the same trades")
    print(f"ratio               {fast / slow:8.1f}")


if __name__ == "__main__":
    main()
