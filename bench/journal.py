"""What the journal costs an order, alone and with 100 accounts ordering in the same second.

    python -m bench.journal [--accounts 100] [--rounds 10] [--dir FOLDER]

An order is what the desk commits for one: intended, sent, outcome, and its fill. The exchange answers at once, so what
is measured is the journal and the disk. One account alone orders at moments as random as those of the many, as often as
all of them together. Target: p99 under 5 ms, and within twice that of one account alone.
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
from nija.journal.connection import CommitPoint
from nija.journal.opening import Journals
from nija.journal.order_state import OrderState
from nija.journal.records import Intent, PositionPlan

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
    plan = PositionPlan(client_id, "BTC/USD", now, "bench")
    fill = Fill(client_id, client_id, "BTC/USD", Side.BUY, AMOUNT, Decimal(95_000), Decimal(0), "USD", now)
    began = time.perf_counter()
    with journal.transaction(CommitPoint.INTENDED):
        journal.plans.add(plan)
        journal.intents.add(intent)
    sent = _move(journal, intent, replace(intent, state=OrderState.SENT), CommitPoint.SENT, clock)
    placed = _move(
        journal, sent, replace(sent, state=OrderState.OPEN, exchange_id=client_id), CommitPoint.OUTCOME, clock
    )
    with journal.transaction(CommitPoint.PROGRESS):
        filled = replace(placed, state=OrderState.FILLED, filled=AMOUNT, settled=True)
        journal.intents.save(placed, filled, now)
        journal.fills.book(client_id, fill, now)
        journal.plans.save(replace(plan, closed=now))
    return time.perf_counter() - began


def _move(journal: Journal, old: Intent, new: Intent, step: CommitPoint, clock: SystemClock) -> Intent:
    with journal.transaction(step):
        journal.intents.save(old, new, utc_now(clock))
    return new


def alone(journals: Journals, clock: SystemClock, orders: int, name: str, *, rest: bool) -> list[float]:
    """One account and nobody else: order after order, or each after a rest as random as those of the many."""
    journal = journals.open(AccountId(Exchange.KRAKEN, name))
    order(journal, clock)
    luck = random.Random(name)  # noqa: S311 a schedule
    spent = []
    for _ in range(orders):
        time.sleep(2 * luck.random() / orders if rest else 0)
        spent.append(order(journal, clock))
    journal.close()
    return spent


def together(journals: Journals, clock: SystemClock, accounts: int) -> list[float]:
    """Each account in its own thread orders once, somewhere within the same second."""
    opened = [journals.open(AccountId(Exchange.KRAKEN, f"user{number}")) for number in range(accounts)]
    for journal in opened:
        order(journal, clock)
    spent: list[float] = []
    start = threading.Barrier(accounts)

    def trade(journal: Journal, offset: float) -> None:
        start.wait()
        time.sleep(offset)
        spent.append(order(journal, clock))

    threads = [threading.Thread(target=trade, args=(journal, random.random())) for journal in opened]  # noqa: S311
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--dir", type=Path, default=None)
    given = parser.parse_args()
    clock = SystemClock()
    busy: list[float] = []
    one: list[float] = []
    many: list[float] = []
    with tempfile.TemporaryDirectory(dir=given.dir) as name:
        folder = Path(name)
        journals = Journals(folder, clock, structlog.get_logger())
        raw = disk(folder)
        # In turns, so that whatever else the machine does meets both alike.
        for number in range(given.rounds):
            busy += alone(journals, clock, given.accounts, f"busy{number}", rest=False)
            one += alone(journals, clock, given.accounts, f"alone{number}", rest=True)
            many += together(journals, clock, given.accounts)
        journals.close()
    show("one durable write of the disk", raw)
    show("one account, order after order", busy)
    show("one account, now and then", one)
    show(f"{given.accounts} accounts in one second", many)
    for what, spent in (("order after order", busy), ("now and then", one)):
        print(f"p99 of one account {what} against the target of {TARGET * 1e3:.0f} ms: {at(spent, 0.99) / TARGET:.2f}")
    print(f"p99 of {given.accounts} accounts against one alone (target 2): {at(many, 0.99) / at(one, 0.99):.2f}")


if __name__ == "__main__":
    main()
