"""Events are logged as lines, with the fields that scripts read."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, cast

import pytest
import structlog
from structlog.testing import CapturingLogger

from accounts.failures import FailureKind
from brokers.client_order_id import Purpose
from brokers.model import Exchange, Side
from nija.events import (
    AccountConnected,
    AccountConnecting,
    AccountFailed,
    AccountRecovered,
    AccountRegistered,
    AnotherProgram,
    AnotherProgramGone,
    BalanceRead,
    ConnectionFailed,
    DaemonStopped,
    DifferenceFound,
    Event,
    FeedBack,
    FeedSilent,
    Flattened,
    JournalRebuilt,
    LimitReached,
    OrderFilled,
    OrderRefused,
    PositionBare,
    PositionCertain,
    PositionClosed,
    PositionIncreased,
    PositionInDoubt,
    PositionProtected,
    PositionReduced,
    PositionWrittenOff,
    StopMoved,
    StopPlaced,
    StopSetByHand,
    TradingStarted,
)
from nija.log.event_lines import EventLines
from tests.nija.notify.account_states import MASTER

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

BTC = "BTC/USD"
MILLI, PRICE = Decimal("0.001"), Decimal(88000)
IN_BTC = "account=kraken:master market=BTC/USD"


def written(event: Event) -> list[str]:
    """Each line as level, text and fields."""
    sink = CapturingLogger()
    log = cast("FilteringBoundLogger", structlog.wrap_logger(sink, processors=[]))
    EventLines(log).write(event)
    lines = []
    for call in sink.calls:
        fields = {name: value for name, value in call.kwargs.items() if name != "event"}
        lines.append(f"{call.method_name} {call.kwargs['event']} | {' '.join(f'{k}={v}' for k, v in fields.items())}")
    return lines


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            OrderFilled(MASTER, BTC, Side.BUY, MILLI, PRICE, "O-1", Purpose.ENTRY),
            f"info ✅ BUY order filled: BTC/USD 0.00100000 @ $88000.00 | {IN_BTC} order=O-1 purpose=entry",
        ),
        (
            OrderFilled(MASTER, BTC, Side.SELL, MILLI, PRICE, "O-2", Purpose.STOP),
            f"info ✅ SELL order filled: BTC/USD 0.00100000 @ $88000.00 | {IN_BTC} order=O-2 purpose=stop",
        ),
        (
            StopPlaced(MASTER, BTC, MILLI, PRICE, "O-2"),
            f"info 🛡️ Stop placed: BTC/USD 0.00100000 @ $88000.00 | {IN_BTC} order=O-2",
        ),
        (
            StopMoved(MASTER, BTC, MILLI, PRICE, "O-2"),
            f"info 🛡️ Stop moved: BTC/USD 0.00100000 @ $88000.00 | {IN_BTC} order=O-2",
        ),
        (
            StopSetByHand(MASTER, BTC, PRICE),
            f"info 🛡️ Stop of BTC/USD was set to $88000.00 by hand: NIJA keeps it | {IN_BTC}",
        ),
        (
            DifferenceFound(MASTER, BTC, "MISSING_FILL", "F-1", "booked"),
            f"warning 🔎 MISSING_FILL: BTC/USD F-1: booked | {IN_BTC} finding=MISSING_FILL",
        ),
        (
            PositionWrittenOff(MASTER, BTC, MILLI, "sold by the owner's hand", "entry-1"),
            (
                "warning 🔎 POSITION_MISMATCH: BTC/USD: 0.00100000 BTC sold by the owner's hand: booked out | "
                f"{IN_BTC} finding=POSITION_MISMATCH"
            ),
        ),
        (
            PositionIncreased(MASTER, BTC, MILLI, Decimal(95000), 3 * MILLI, None, "entry-1"),
            f"info BTC/USD increased: 0.00100000 bought, 0.00300000 held | {IN_BTC}",
        ),
        (
            PositionReduced(
                *(MASTER, BTC, MILLI, Decimal(95000), Decimal("1.2"), 2 * MILLI, None),
                *("trend_ensemble wants 21.72 % on the candle closed X", "entry-1"),
            ),
            (
                "info BTC/USD reduced: 0.00100000 sold, +$1.20 after fees, 0.00200000 held"
                f" (trend_ensemble wants 21.72 %) | {IN_BTC}"
            ),
        ),
        (
            PositionClosed(MASTER, BTC, MILLI, Decimal("19.1"), Decimal(0), "trend exit on the candle closed X", "e-1"),
            f"info BTC/USD closed: +$19.10 after fees (trend exit) | {IN_BTC} net=19.1",
        ),
        (
            PositionClosed(MASTER, BTC, MILLI, Decimal(-3), Decimal("1E-6"), "", "entry-1"),
            (
                "info BTC/USD closed: -$3.00 after fees (its stop); 0.00000100 stays in the account and is written "
                f"off: too little to sell | {IN_BTC} net=-3"
            ),
        ),
        (
            PositionClosed(MASTER, BTC, Decimal(0), Decimal(0), Decimal("1E-6"), "", "entry-1"),
            "info BTC/USD: 0.00000100 stays in the account and is written off: too little to sell | " + IN_BTC,
        ),
        (PositionBare(MASTER, BTC, "BTC/USD is bare"), "warning ⚠️  BTC/USD is bare | account=kraken:master"),
        (PositionProtected(MASTER, BTC, "BTC/USD is bare"), "info No longer: BTC/USD is bare | account=kraken:master"),
        (PositionCertain(MASTER, BTC, "in doubt"), "info No longer: in doubt | account=kraken:master"),
        (
            AccountConnecting(MASTER),
            "info 📊 Attempting to connect Kraken Pro (MASTER)... | account=kraken:master",
        ),
        (AccountConnected(MASTER), "info ✅ Kraken MASTER connected | account=kraken:master"),
        (
            AccountRegistered(MASTER),
            "info ✅ Kraken registered as MASTER broker in multi-account manager | account=kraken:master",
        ),
        (
            TradingStarted(MASTER),
            "info ✅ Started independent trading thread for kraken (MASTER) | account=kraken:master",
        ),
        (
            ConnectionFailed(MASTER, FailureKind.PERMISSION, "Permission denied", "why"),
            "warning ⚠️  Kraken MASTER connection failed: Permission denied | account=kraken:master detail=why",
        ),
        (AccountFailed(MASTER, "silent", is_logged=False), "warning ⚠️  silent | account=kraken:master"),
        (AccountRecovered(MASTER, "silent"), "info No longer: silent | account=kraken:master"),
        (
            Flattened(MASTER),
            "info All of NIJA's positions are sold; trading stays stopped until nija resume | account=kraken:master",
        ),
        (
            AnotherProgram(MASTER, "another NIJA", "O-9"),
            (
                "warning ⚠️  another NIJA (O-9): NIJA buys nothing and moves no stop; stop the other program, then run "
                "nija resume | account=kraken:master"
            ),
        ),
        (AnotherProgramGone(MASTER, "another NIJA"), "info No longer: another NIJA | account=kraken:master"),
        (
            JournalRebuilt(MASTER, 34, ("BTC/USD", "ETH/USD"), 2),
            (
                "warning 🔎 The journal was empty: 34 of NIJA's orders were read from the exchange; 2 belong to no "
                "known position. Open: BTC/USD, ETH/USD | account=kraken:master"
            ),
        ),
        (
            JournalRebuilt(MASTER, 1, (), 0),
            (
                "warning 🔎 The journal was empty: 1 of NIJA's orders was read from the exchange. Open: no position | "
                "account=kraken:master"
            ),
        ),
        (FeedSilent(Exchange.KRAKEN, BTC, "no price"), "warning ⚠️  no price | exchange=kraken"),
        (
            FeedBack(Exchange.KRAKEN, "", 9.0, "no price"),
            "info No longer: no market data at all: no price | exchange=kraken",
        ),
    ],
)
def test_an_event_has_one_line_with_its_level_and_fields(event: Event, line: str) -> None:
    assert written(event) == [line]


@pytest.mark.parametrize(
    ("total", "invested", "last"),
    [
        ("30", "0", "info    ✅ FUNDED - Ready to trade"),
        ("20", "5", "info    ✅ FUNDED - Ready to trade"),
        ("20", "4", "warning    ⚠️  UNDERFUNDED - needs at least $25.00"),
    ],
)
def test_money_in_positions_counts_as_funds(total: str, invested: str, last: str) -> None:
    read = BalanceRead(MASTER, Decimal(total), Decimal(invested), Decimal(25), "USD")
    assert written(read) == [
        f"info 💰 Kraken Balance (MASTER): USD ${total}.00 | account=kraken:master",
        f"{last} | account=kraken:master",
    ]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [(FailureKind.NONCE, "Invalid nonce"), (FailureKind.SIGNATURE, "Invalid signature")],
)
def test_the_fixed_errors_have_a_line_of_their_own(kind: FailureKind, reason: str) -> None:
    first, second = written(ConnectionFailed(MASTER, kind, reason, "why"))
    assert first.startswith(f"error ❌ {reason} | ")
    assert second.startswith(f"warning ⚠️  Kraken MASTER connection failed: {reason} | ")


@pytest.mark.parametrize(
    "event",
    [
        PositionBare(MASTER, BTC, "refused", is_logged=True),
        PositionInDoubt(MASTER, BTC, "coins are missing"),
        AccountFailed(MASTER, "Permission denied"),
        AccountRecovered(MASTER),
        LimitReached(MASTER, "daily_loss", "8 %"),
        OrderRefused(MASTER, BTC, Side.BUY, MILLI, Purpose.ENTRY, "minimum"),
        DifferenceFound(MASTER, BTC, "UNKNOWN_ORDER_OF_OURS", "O-1", "adopted", is_logged=True),
        DaemonStopped(),
    ],
)
def test_what_the_accounts_thread_has_logged_is_not_logged_twice(event: Event) -> None:
    assert written(event) == []
