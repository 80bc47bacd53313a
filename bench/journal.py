"""What the journal costs an order, alone and with 100 accounts ordering in the same second.

    python -m bench.journal [--orders 500] [--accounts 100] [--dir FOLDER]

An order is what the desk commits for one: intended, sent, outcome, and its fill. The exchange answers at once, so what
is measured is the journal and the disk. Target: p99 under 5 ms, and within twice that of one account alone.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import threading
import time
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from accounts.identity import AccountId
from brokers.client_order_id import Purpose, new_client_id
from brokers.clock import SystemClock, utc_now
from brokers.model import Exchange, Fill, OrderRequest, OrderType, Side
from nija.journal.opening import Journals
from nija.journal.records import Intent, Plan
from nija.journal.steps import Step
from nija.orders.state import OrderState

if TYPE_CHECKING:
    from nija.journal.journal import Journal

AMOUNT = Decimal("0.00100000")
TARGET = 0.005


def order(journal: Journal, clock: SystemClock) -> float:
    """Journal one whole order; the seconds it took."""
    now = utc_now(clock)
    client_id = new_client_id(Purpose.ENTRY)
    request = OrderRequest(client_id, "BTC/USD", Side.BUY, OrderType.MARKET, AMOUNT, now + timedelta(seconds=30))
    intent = Intent(request, client_id, Purpose.ENTRY, OrderState.INTENDED, now, Decimal(0), signal_time=now)
    plan = Plan(client_id, "BTC/USD", now, "bench")
    fill = Fill(client_id, client_id, "BTC/USD", Side.BUY, AMOUNT, Decimal(95_000), Decimal(0), "USD", now)
    began = time.perf_counter()
    with journal.transaction(Step.INTENDED):
        journal.plans.add(plan)
        journal.intents.add(intent)
    sent = _move(journal, intent, replace(intent, state=OrderState.SENT), Step.SENT, clock)
    placed = _move(journal, sent, replace(sent, state=OrderState.OPEN, exchange_id=client_id), Step.OUTCOME, clock)
    with journal.transaction(Step.PROGRESS):
        filled = replace(placed, state=OrderState.FILLED, filled=AMOUNT, settled=True)
        journal.intents.save(placed, filled, now)
        journal.fills.book(client_id, fill, now)
        journal.plans.save(replace(plan, closed=now))
    return time.perf_counter() - began


def _move(journal: Journal, old: Intent, new: Intent, step: Step, clock: SystemClock) -> Intent:
    with journal.transaction(step):
        journal.intents.save(old, new, utc_now(clock))
    return new


def alone(journals: Journals, clock: SystemClock, orders: int) -> list[float]:
    journal = journals.open(AccountId(Exchange.KRAKEN, "alone"))
    order(journal, clock)
    spent = [order(journal, clock) for _ in range(orders)]
    journal.close()
    return spent


def together(journals: Journals, clock: SystemClock, accounts: int, rounds: int) -> list[float]:
    """Each account orders once per second, somewhere within it, as `rounds` closes reach their threads."""
    opened = [journals.open(AccountId(Exchange.KRAKEN, f"user{number}")) for number in range(accounts)]
    for journal in opened:
        order(journal, clock)
    spent: list[float] = []
    start = threading.Barrier(accounts)

    def trade(journal: Journal, luck: random.Random) -> None:
        for _ in range(rounds):
            start.wait()
            offset = luck.random()
            time.sleep(offset)
            spent.append(order(journal, clock))
            time.sleep(1 - offset)

    threads = [
        threading.Thread(target=trade, args=(journal, random.Random(number)))  # noqa: S311 a schedule
        for number, journal in enumerate(opened)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for journal in opened:
        journal.close()
    return spent


def at(spent: list[float], part: float) -> float:
    return sorted(spent)[min(len(spent) - 1, int(len(spent) * part))]


def show(what: str, spent: list[float]) -> None:
    print(f"{what + ':':32} p50 {at(spent, 0.5) * 1e3:7.2f} ms   p99 {at(spent, 0.99) * 1e3:7.2f} ms")


def disk(folder: Path, times: int = 200) -> list[float]:
    """What one small durable write costs here without any journal."""
    spent = []
    with (folder / "probe").open("wb", buffering=0) as probe:
        for _ in range(times):
            began = time.perf_counter()
            probe.write(b"x" * 4096)

            os.fdatasync(probe.fileno())
            spent.append(time.perf_counter() - began)
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=500)
    parser.add_argument("--accounts", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--dir", type=Path, default=None)
    given = parser.parse_args()
    clock = SystemClock()
    with tempfile.TemporaryDirectory(dir=given.dir) as name:
        folder = Path(name)
        journals = Journals(folder, clock, structlog.get_logger())
        raw = disk(folder)
        one = alone(journals, clock, given.orders)
        many = together(journals, clock, given.accounts, given.rounds)
        journals.close()
    show("one durable write of the disk", raw)
    show("one account, an order", one)
    show(f"{given.accounts} accounts, an order", many)
    print(f"p99 against the target of {TARGET * 1e3:.0f} ms: {at(one, 0.99) / TARGET:.2f}")
    print(f"p99 of {given.accounts} accounts against one alone (target 2): {at(many, 0.99) / at(one, 0.99):.2f}")


if __name__ == "__main__":
    main()
