"""`nija backtest --check`: whether strategies use candles that had not closed yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nija.backtest.look_ahead import check_look_ahead
from nija.strategy.registry import load_strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from nija.backtest.look_ahead import LookAheadFinding
    from nija.backtest.records import BacktestAccount, MarketHistory
    from nija.market_data.snapshot import Subscription


def checked(
    accounts: Iterable[BacktestAccount], histories: Mapping[str, MarketHistory], seed: int, tell: Callable[[str], None]
) -> Iterator[tuple[Subscription, tuple[LookAheadFinding, ...]]]:
    """Each strategy once on each market it trades."""
    done: set[Subscription] = set()
    for account in accounts:
        settings = account.plan.settings
        for market in settings.markets:
            wanted = account.plan.subscription(market)
            if wanted not in done:
                done.add(wanted)
                tell(f"Checking {account.plan.strategy_name} on {market}")
                fresh = load_strategy(settings.trading.strategy, settings.parameters)
                yield wanted, check_look_ahead(fresh, histories[market].candles, seed=seed)


def check_lines(wanted: Subscription, findings: tuple[LookAheadFinding, ...]) -> Iterator[str]:
    name = f"{wanted.strategy.name} on {wanted.market}, {wanted.timeframe} candles"
    if not any(finding.is_fault for finding in findings):
        yield f"✅ {name}: no signal uses a candle that had not closed yet"
    for finding in findings:
        yield f"{'❌' if finding.is_fault else 'ℹ️ '} {name}: {finding.text}"
