"""The log's lines about events, the FIXED ones among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.failures import FailureKind
from brokers.figures import amount, signed_money
from brokers.model import ZERO, Side
from nija.events import (
    RELEASED,
    AccountConnected,
    AccountConnecting,
    AccountFailed,
    AccountRecovered,
    AccountRegistered,
    AnotherProgram,
    AnotherProgramGone,
    BalanceRead,
    ConnectionFailed,
    DifferenceFound,
    FeedBack,
    FeedSilent,
    Flattened,
    JournalRebuilt,
    OrderFilled,
    PositionBare,
    PositionCertain,
    PositionClosed,
    PositionIncreased,
    PositionProtected,
    PositionReduced,
    PositionWrittenOff,
    StopMoved,
    StopPlaced,
    StopSetByHand,
    TradingStarted,
)
from nija.log import lines

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from nija.events import AccountEvent, Event, FeedEvent, OrderEvent, PositionEvent


class EventLines:
    """A listener for the process's events. An event without a case is not logged."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        self._log = log

    def write(self, event: Event, *, moves: int = 1) -> None:
        """`moves`: how many moves of a stop this event stands for."""
        match event:
            case StopPlaced() | StopMoved():
                _stop(self._log.bind(account=str(event.account), market=event.market), event, moves)
            case OrderFilled() | StopSetByHand() | DifferenceFound():
                _order(self._log.bind(account=str(event.account), market=event.market), event)
            case (
                PositionIncreased()
                | PositionReduced()
                | PositionClosed()
                | PositionWrittenOff()
                | PositionBare()
                | PositionProtected()
                | PositionCertain()
            ):
                _position(self._log.bind(account=str(event.account)), event)
            case FeedSilent() | FeedBack():
                _feed(self._log.bind(exchange=str(event.exchange)), event)
            case (
                AccountConnecting()
                | AccountConnected()
                | AccountRegistered()
                | BalanceRead()
                | TradingStarted()
                | ConnectionFailed()
            ):
                _connecting(self._log.bind(account=str(event.account)), event)
            case (
                AccountFailed()
                | AccountRecovered()
                | Flattened()
                | AnotherProgram()
                | AnotherProgramGone()
                | JournalRebuilt()
            ):
                _account(self._log.bind(account=str(event.account)), event)


def _order(log: FilteringBoundLogger, event: OrderEvent) -> None:
    match event:
        case OrderFilled():
            text = lines.buy_filled if event.side is Side.BUY else lines.sell_filled
            purpose = event.purpose.name.lower()
            log.info(text(event.market, event.amount, event.price), order=event.order, purpose=purpose)
        case StopSetByHand():
            log.info(lines.stop_set_by_hand(event.market, event.stop))
        case DifferenceFound() if not event.is_logged:
            about = f"{event.market} {event.subject}"
            log.warning(f"🔎 {event.kind}: {about}: {event.repair}", finding=event.kind)


def _stop(log: FilteringBoundLogger, event: StopPlaced | StopMoved, moves: int) -> None:
    text = lines.stop_placed if isinstance(event, StopPlaced) else lines.stop_moved
    counted = {"moves": moves} if moves > 1 else {}
    log.info(text(event.market, event.amount, event.stop), order=event.order, **counted)


def _position(log: FilteringBoundLogger, event: PositionEvent) -> None:
    match event:
        case PositionIncreased() | PositionReduced():
            log.info(_resized(event), market=event.market)
        case PositionClosed() if event.sold > ZERO:
            log.info(_result(event), market=event.market, net=event.net)
        case PositionClosed() if event.left > ZERO:
            log.info(f"{event.market}: {_left_over(event)}", market=event.market)
        case PositionWrittenOff() if event.reason == RELEASED:
            base = event.market.partition("/")[0]
            text = (
                f"🤝 {event.market}: {amount(event.amount)} {base} {event.reason}: NIJA neither protects nor sells it"
            )
            log.info(text, market=event.market)
        case PositionWrittenOff():
            kind, base = "POSITION_MISMATCH", event.market.partition("/")[0]
            text = f"🔎 {kind}: {event.market}: {amount(event.amount)} {base} {event.reason}: booked out"
            log.warning(text, market=event.market, finding=kind)
        case PositionBare() if not event.is_logged:
            log.warning(f"⚠️  {event.reason}")
        case PositionProtected() | PositionCertain():
            log.info(f"No longer: {event.reason}")


def _resized(event: PositionIncreased | PositionReduced) -> str:
    """`BTC/USD reduced: 0.01000000 sold, +$1.20 after fees, 0.02000000 held (trend_ensemble wants 21.72 %)`."""
    if isinstance(event, PositionIncreased):
        return f"{event.market} increased: {amount(event.amount)} bought, {amount(event.held)} held"
    why = event.reason.partition(" on the candle")[0]
    net = signed_money(event.net, event.market.partition("/")[2])
    return f"{event.market} reduced: {amount(event.amount)} sold, {net} after fees, {amount(event.held)} held ({why})"


def _result(event: PositionClosed) -> str:
    """`BTC/USD closed: +$19.10 after fees (trend exit)`."""
    net = signed_money(event.net, event.market.partition("/")[2])
    # Without the candle, so that the line stays short.
    why = event.reason.partition(" on the candle")[0] or "its stop"
    text = f"{event.market} closed: {net} after fees ({why})"
    return f"{text}; {_left_over(event)}" if event.left > ZERO else text


def _left_over(event: PositionClosed) -> str:
    return f"{amount(event.left)} stays in the account and is written off: too little to sell"


def _connecting(log: FilteringBoundLogger, event: AccountEvent) -> None:
    match event:
        case AccountConnecting():
            log.info(lines.connecting(event.account))
        case AccountConnected():
            log.info(lines.connected(event.account))
        case AccountRegistered():
            log.info(lines.registered(event.account))
        case BalanceRead():
            log.info(lines.balance(event.account, event.total, event.currency))
            if event.is_funded:
                log.info(lines.FUNDED)
            else:
                log.warning(lines.underfunded(event.minimum, event.currency))
        case TradingStarted():
            log.info(lines.thread_started(event.account))
        case ConnectionFailed():
            if event.kind is FailureKind.NONCE:
                log.error(lines.INVALID_NONCE, detail=event.detail)
            if event.kind is FailureKind.SIGNATURE:
                log.error(lines.INVALID_SIGNATURE)
            log.warning(lines.connection_failed(event.account, event.reason), detail=event.detail)


def _account(log: FilteringBoundLogger, event: AccountEvent) -> None:
    match event:
        case AccountFailed() if not event.is_logged:
            log.warning(f"⚠️  {event.reason}")
        case AccountRecovered() if event.reason:
            log.info(f"No longer: {event.reason}")
        case Flattened():
            log.info("All of NIJA's positions are sold; trading stays stopped until nija resume")
        case AnotherProgram():
            log.warning(
                f"⚠️  {event.reason} ({event.evidence}): NIJA buys nothing and moves no stop; stop the other program, "
                "then run nija resume"
            )
        case AnotherProgramGone():
            log.info(f"No longer: {event.reason}")
        case JournalRebuilt():
            orders = "1 of NIJA's orders was" if event.orders == 1 else f"{event.orders} of NIJA's orders were"
            held = ", ".join(event.positions) or "no position"
            unclear = f"; {event.unclear} belong to no known position" if event.unclear else ""
            log.warning(f"🔎 The journal was empty: {orders} read from the exchange{unclear}. Open: {held}")


def _feed(log: FilteringBoundLogger, event: FeedEvent) -> None:
    what = event.reason if event.market else f"no market data at all: {event.reason}"
    match event:
        case FeedSilent():
            log.warning(f"⚠️  {what}")
        case FeedBack():
            log.info(f"No longer: {what}")
