"""What each account would do now, asked at its exchange while no daemon runs; without a key, from public data alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from accounts.credentials import discover
from accounts.identity import MASTER, AccountId
from brokers.candle_files import CandleError
from brokers.clock import utc_now
from brokers.errors import BrokerError
from brokers.exchanges import described, exchanges
from brokers.model import ZERO, Fees
from nija.candles.store import CandleStore, origin
from nija.doctor.journal_status import with_journal
from nija.doctor.probe import Probe
from nija.explain.account_now import AccountNow, appraisal_of
from nija.explain.account_size import SENSIBLE
from nija.explain.market_now import MarketFound, market_now
from nija.explain.own_past import StoredMarkets
from nija.risk.sizing import Funds
from nija.status.report import AccountStatus
from nija.trader.plan import SWITCHED_OFF, trading_plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from accounts.credentials import Credentials
    from accounts.environment import ProcessSettings
    from accounts.settings import Settings
    from brokers.clock import Clock
    from brokers.model import Exchange
    from nija.doctor.facts import MarketFacts
    from nija.risk.limits import Appraisal
    from nija.trader.plan import TradingPlan

_ASKED = "asked at the exchange now"
_PUBLIC = "no credentials: the exchange's public data"


def explain_directly(
    values: Mapping[str, str], process: ProcessSettings, settings: Settings, clock: Clock
) -> tuple[AccountNow, ...]:
    """Every account with credentials or, without any, the master's of each exchange. Raises StrategyError."""
    credentials = discover(values).credentials
    probe = Probe(process, clock)
    asker = _Asker(process, settings, probe, clock)
    try:
        if credentials:
            return tuple(map(asker.with_key, credentials))
        return tuple(asker.without_key(AccountId(exchange, MASTER)) for exchange in exchanges())
    finally:
        probe.close()


@dataclass(frozen=True, slots=True)
class _Asker:
    process: ProcessSettings
    settings: Settings
    probe: Probe
    clock: Clock

    def with_key(self, credentials: Credentials) -> AccountNow:
        account = credentials.account
        own = self.settings.for_account(account)
        plan, facts = trading_plan(own), self.probe.ask(credentials, own)
        if facts.failure is not None:
            source = f"the exchange's public data; the account did not answer: {facts.failure.text}"
            return replace(self.without_key(account), source=source)
        balance = facts.held(plan.quote)
        known = AccountStatus(str(account), account.label, str(account.exchange), "", currency=plan.quote)
        status = with_journal(known, account, facts.markets, self.process, self.clock)
        exposure = sum((one.amount * (one.price or one.entry_price) for one in status.positions), ZERO)
        funds = Funds(balance.total + exposure, balance.available, exposure)
        paused = SWITCHED_OFF if plan.is_switched_off else "; ".join(halt.reason for halt in status.latches)
        now = utc_now(self.clock)
        appraisal = appraisal_of(funds, now, open_positions=len(status.positions), paused=paused)
        entry_fees = described(account.exchange).entry_fees
        fees = entry_fees if facts.maker is None or facts.taker is None else Fees(facts.maker, facts.taker)
        asked = replace(self._known(account, plan), equity=funds.equity, source=_ASKED)
        asked = replace(asked, maker=fees.maker, taker=fees.taker, has_own_fees=facts.taker is not None)
        return self._with_markets(asked, plan, self._found(account, plan, facts.markets, status), appraisal)

    def without_key(self, account: AccountId) -> AccountNow:
        """As if the account had the smallest sensible equity and the exchange's highest fees."""
        plan = trading_plan(self.settings.for_account(account))
        known = replace(self._known(account, plan), source=_PUBLIC)
        try:
            facts = self.probe.listed(account.exchange, plan.settings.markets)
        except BrokerError as error:
            stored = self._stored(account.exchange, plan, str(error))
            return self._with_markets(known, plan, stored, _assumed(self.clock))
        return self._with_markets(known, plan, self._found(account, plan, facts, None), _assumed(self.clock))

    def _known(self, account: AccountId, plan: TradingPlan) -> AccountNow:
        fees = described(account.exchange).entry_fees
        return AccountNow(
            id=str(account),
            label=account.label,
            exchange=str(account.exchange),
            currency=plan.quote,
            equity=None,
            assumed_equity=SENSIBLE,
            maker=fees.maker,
            taker=fees.taker,
            has_own_fees=False,
            source="",
        )

    def _found(
        self, account: AccountId, plan: TradingPlan, markets: Iterable[MarketFacts], status: AccountStatus | None
    ) -> Iterator[MarketFound]:
        held = {} if status is None else {one.market: one for one in status.positions}
        for facts in markets:
            position = held.get(facts.symbol)
            found = MarketFound(
                facts.symbol,
                facts.market,
                price=facts.price,
                held=ZERO if position is None else position.amount,
                stop=None if position is None else position.stop,
                problem="" if facts.market is not None else "the exchange has no such market: correct markets",
            )
            if facts.market is None:
                yield found
                continue
            try:
                yield replace(found, candles=self.probe.candles(account.exchange, facts.symbol, plan.timeframe))
            except BrokerError as error:
                yield replace(found, problem=f"no candles: {error}")

    def _stored(self, exchange: Exchange, plan: TradingPlan, why: str) -> Iterator[MarketFound]:
        """From the candles in the store, as the exchange does not answer."""
        path = self.process.candle_store
        with CandleStore(path) as store:
            stored = StoredMarkets(store, origin(exchange, self.process.addresses[exchange]))
            for symbol in plan.settings.markets:
                try:
                    history = stored.history(symbol, plan.timeframe) if path.exists() else None
                except CandleError as error:
                    yield MarketFound(symbol, problem=f"{why}; {error}")
                    continue
                if history is None:
                    yield MarketFound(symbol, problem=why)
                else:
                    problem = f"stored candles, as {why}"
                    yield MarketFound(symbol, history.market, history.candles, problem=problem)

    @staticmethod
    def _with_markets(
        known: AccountNow, plan: TradingPlan, found: Iterable[MarketFound], appraisal: Appraisal
    ) -> AccountNow:
        fees = Fees(known.maker, known.taker)
        return replace(known, markets=tuple(market_now(one, plan, fees, appraisal) for one in found))


def _assumed(clock: Clock) -> Appraisal:
    return appraisal_of(Funds(SENSIBLE, SENSIBLE, ZERO), utc_now(clock))
