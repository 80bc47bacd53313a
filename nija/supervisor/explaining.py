"""What a running daemon answers to `explain`: what each account would do now, from what its thread knows anyway."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from brokers.exchanges import described
from brokers.model import ZERO
from nija.control.values import to_plain
from nija.explain.account_now import AccountNow, appraisal_of
from nija.explain.account_size import SENSIBLE
from nija.explain.beside import TradedAccount
from nija.explain.market_now import MarketFound, market_now
from nija.explain.next_candle import Outlooks
from nija.risk.sizing import Funds
from nija.trader.balances import value_of
from nija.trader.halts import paused_by
from nija.trader.plan import SWITCHED_OFF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from accounts.identity import AccountId
    from accounts.manager import AccountManager, AccountSnapshot
    from brokers.model import Candles, Exchange, Market, Timeframe
    from nija.market_data.snapshot import FeedSnapshot
    from nija.risk.limits import Appraisal
    from nija.supervisor.account import AccountThread
    from nija.supervisor.report import ReportMoment
    from nija.trader.view import TraderView

    CandlesOf = Callable[[Exchange, str, Timeframe], Candles | None]

_SOURCE = "the running NIJA"
_ACCOUNTS = "accounts"


def explain_answer(
    manager: AccountManager, threads: Iterable[AccountThread], candles: CandlesOf, moment: ReportMoment
) -> dict[str, object]:
    """For the control socket."""
    running = {thread.account: thread for thread in threads}
    sources = _Sources(manager, candles, moment, Outlooks())
    accounts = [_account(one, running.get(one.account), sources) for one in manager.snapshots()]
    return {_ACCOUNTS: [to_plain(one) for one in accounts]}


def traded_account(
    manager: AccountManager, threads: Iterable[AccountThread], account: AccountId
) -> TradedAccount | None:
    """How a running account trades now; None before it first traded."""
    view = next((thread.view for thread in threads if thread.account == account), None)
    if view is None or account not in manager.accounts() or (broker := manager.broker(account)) is None:
        return None
    fees = described(account.exchange).entry_fees if view.fees is None else view.fees
    listed = broker.markets()
    markets = {symbol: listed[symbol] for symbol in view.plan.markets if symbol in listed}
    return TradedAccount(view.plan, fees, view.fees is not None, markets)


@dataclass(frozen=True, slots=True)
class _Sources:
    """What the answer about every account is made from."""

    manager: AccountManager
    candles: CandlesOf
    moment: ReportMoment
    outlooks: Outlooks


def _account(snapshot: AccountSnapshot, thread: AccountThread | None, sources: _Sources) -> AccountNow:
    account, view = snapshot.account, None if thread is None else thread.view
    fees = described(account.exchange).entry_fees if view is None or view.fees is None else view.fees
    broker = sources.manager.broker(account)
    known = AccountNow(
        id=str(account),
        label=account.label,
        exchange=str(account.exchange),
        currency=snapshot.quote,
        equity=snapshot.equity,
        assumed_equity=SENSIBLE,
        maker=fees.maker,
        taker=fees.taker,
        has_own_fees=view is not None and view.fees is not None,
        source=_SOURCE,
        state=snapshot.state.value,
        reason=snapshot.reason,
    )
    if thread is None or view is None or broker is None:
        return known
    appraisal = _appraisal(view, snapshot)
    found = _found(view, thread.feed, broker.markets(), sources.moment.steady)
    with_candles = (
        replace(one, candles=sources.candles(account.exchange, one.symbol, view.plan.timeframe)) for one in found
    )
    markets = (market_now(one, view.plan, fees, appraisal, sources.outlooks) for one in with_candles)
    return replace(known, markets=tuple(markets))


def _found(view: TraderView, feed: FeedSnapshot, listed: Mapping[str, Market], steady: float) -> Iterator[MarketFound]:
    """The markets that may be entered, and those with an open position."""
    plan, prices = view.plan, feed.prices(steady)
    whys = {reason.market: reason for reason in view.not_trading}
    for symbol in dict.fromkeys([*plan.markets, *view.positions]):
        position = view.positions.get(symbol)
        yield MarketFound(
            symbol=symbol,
            market=listed.get(symbol),
            price=prices[symbol].ask if symbol in prices else None,
            held=ZERO if position is None else position.amount,
            stop=None if position is None else position.stop_price,
            refusal=whys.get(symbol, whys.get(None)),
            problem=feed.problems.get(plan.subscription(symbol)) or feed.unpriced.get(symbol, ""),
        )


def _appraisal(view: TraderView, snapshot: AccountSnapshot) -> Appraisal:
    """As of the trader's last cycle; an account whose value is unknown is sized as if it had the assumed equity."""
    paused = SWITCHED_OFF if view.plan.is_switched_off else paused_by(view.halts)
    if snapshot.equity is None:
        return appraisal_of(Funds(SENSIBLE, SENSIBLE, ZERO), view.time, paused=paused)
    held = {market: position.amount for market, position in view.positions.items()}
    exposure = value_of(held, view.prices, view.quote)
    balance = snapshot.balances.get(view.quote)
    funds = Funds(snapshot.equity, ZERO if balance is None else balance.available, exposure)
    return appraisal_of(funds, view.time, open_positions=len(held), paused=paused)
