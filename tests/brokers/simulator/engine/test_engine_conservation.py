"""Whatever is done to an account, no money appears, disappears or is held twice."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from brokers.model import ZERO, Fees, Side
from brokers.simulator.config import SimulatorConfig
from brokers.simulator.engine.book import DepthProfile
from brokers.simulator.engine.markets import floor_to
from brokers.simulator.engine.orders import Amendment, CloseTerms, EngineOrder, Kind, Ticket, TimeInForce, Trail
from brokers.simulator.engine.refusals import RefusedError
from tests.simulator_desk import make_desk
from tests.simulator_fixtures import UNLIMITED, usd_accounts

_DEPTH = DepthProfile(levels=4, level_value=Decimal(300), growth=Decimal("0.3"))
_START = {"USD": Decimal("1234.5678"), "BTC": Decimal("0.0213")}

amounts = st.integers(1, 4_000_000).map(lambda n: Decimal(n).scaleb(-8))
prices = st.integers(450_000, 550_000).map(lambda n: Decimal(n).scaleb(-1))
kinds = st.sampled_from([kind for kind in Kind if kind is not Kind.BRACKET])


class Books(RuleBasedStateMachine):
    """One account with little money on a thin book."""

    def __init__(self) -> None:
        super().__init__()
        accounts = usd_accounts(balances=_START)
        self.desk = make_desk(SimulatorConfig(accounts, limits=UNLIMITED, depth=_DEPTH))
        self.account = self.desk.account
        # A maker fee equal to the taker fee leaves no slack in the held funds.
        self.account.fees = Fees(maker=Decimal("0.004"), taker=Decimal("0.004"))

    @rule(
        side=st.sampled_from(Side),
        kind=kinds,
        amount=amounts,
        limit=prices,
        stop=prices,
        force=st.sampled_from(TimeInForce),
        in_base=st.booleans(),
        closes=st.booleans(),
        by_cost=st.booleans(),
    )
    def place(self, *, kind: Kind, amount: Decimal, limit: Decimal, stop: Decimal, **terms: Any) -> None:  # noqa: ANN401
        side, by_cost = terms["side"], terms["by_cost"] and kind is Kind.MARKET and terms["side"] is Side.BUY
        ticket = Ticket(
            symbol="BTC/USD",
            side=side,
            kind=kind,
            amount=ZERO if by_cost else amount,
            quote_amount=(amount * 50_000).quantize(Decimal("0.01")) if by_cost else None,
            limit_price=limit if kind.ends_as_limit and not kind.trails else None,
            stop_price=stop if kind.has_trigger and not kind.trails else None,
            trail=Trail(Decimal("0.01"), relative=True, limit_offset=Decimal(5)) if kind.trails else None,
            time_in_force=terms["force"] if kind is Kind.LIMIT else TimeInForce.GTC,
            expires=self.desk.clock.time() + 20 if terms["force"] is TimeInForce.GTD else None,
            fee_in_base=terms["in_base"],
            close=CloseTerms(Kind.LIMIT, limit_price=stop) if terms["closes"] else None,
        )
        with contextlib.suppress(RefusedError):
            self.desk.engine.place(self.account, ticket)

    @rule(limit=prices)
    def spend_everything(self, limit: Decimal) -> None:
        """To the last unit, so that a fee or rounding without held funds would show."""
        for rate in (Decimal(1), 1 + self.account.fees.taker):
            amount = floor_to(self.account.available("USD") / (limit * rate), Decimal("1E-8"))
            with contextlib.suppress(RefusedError):
                self.desk.engine.place(self.account, Ticket("BTC/USD", Side.BUY, Kind.LIMIT, amount, limit_price=limit))

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        order = self._pick(data)
        if order is not None:
            self.desk.engine.cancel(self.account, order, after=data.draw(st.sampled_from([0.0, 3.0])))

    @rule(data=st.data(), amount=amounts, limit=prices, stop=prices)
    def amend(self, data: st.DataObject, amount: Decimal, limit: Decimal, stop: Decimal) -> None:
        order = self._pick(data)
        if order is None:
            return
        movable = order.kind.ends_as_limit and not order.kind.trails
        wanted = Amendment(
            amount=amount,
            limit_price=limit if movable else None,
            stop_price=stop if order.waits_for_trigger and not order.kind.trails else None,
        )
        with contextlib.suppress(RefusedError):
            self.desk.engine.amend(self.account, order, wanted)

    @rule(price=prices)
    def move(self, price: Decimal) -> None:
        self.desk.price("BTC/USD", str(price))

    @rule(seconds=st.sampled_from([1, 10]))
    def wait(self, seconds: int) -> None:
        self.desk.advance(seconds)

    @invariant()
    def nothing_is_negative_and_nothing_is_promised_twice(self) -> None:
        for currency, balance in self.account.balances.items():
            assert 0 <= self.account.held(currency) <= balance

    @invariant()
    def fills_explain_every_balance(self) -> None:
        expected = dict(_START)
        for fill in self.account.fills.values():
            sign = 1 if fill.side is Side.BUY else -1
            expected["BTC"] += sign * fill.amount
            expected["USD"] -= sign * fill.cost
            expected[fill.fee_currency] -= fill.fee
        assert self.account.balances == expected

    @invariant()
    def orders_explain_every_hold_and_fill(self) -> None:
        held = {"USD": ZERO, "BTC": ZERO}
        for order in self.account.orders.values():
            held["USD" if order.side is Side.BUY else "BTC"] += order.held
            fills = [self.account.fills[fill] for fill in order.fill_ids]
            assert order.filled == sum((fill.amount for fill in fills), ZERO) <= order.amount
            assert order.cost == sum((fill.cost for fill in fills), ZERO)
            assert not (order.status.is_final and order.held)
        assert {currency: self.account.held(currency) for currency in held} == held

    @invariant()
    def the_ledger_ends_at_the_balances(self) -> None:
        last = {entry.currency: entry.balance for entry in self.account.ledger.values()}
        assert last == self.account.balances

    def _pick(self, data: st.DataObject) -> EngineOrder | None:
        orders = list(self.account.open.values())
        return data.draw(st.sampled_from(orders)) if orders else None


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
