"""What the simulator observed: every request, and everything a client did against the exchange's rules."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brokers.simulator.faults import Fault, FaultKind


@dataclass(slots=True, eq=False)
class RequestContext:
    """One request as a face handles it. `received` is the wall time; the face fills in the rest."""

    exchange: str
    endpoint: str
    account: str
    received: float
    peer: str
    faults: tuple[Fault, ...] = ()
    nonce: int | None = None
    error: str = ""

    def fault(self, kind: FaultKind) -> Fault | None:
        """The fault of this kind that strikes this request, or None."""
        return next((fault for fault in self.faults if fault.kind is kind), None)


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """`status` is the HTTP status sent, 0 if none was. `faults` are the kinds that struck."""

    time: float
    exchange: str
    endpoint: str
    account: str
    status: int
    nonce: int | None
    error: str
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Violation:
    """A client's own mistake, as opposed to the effect of a fault."""

    time: float
    exchange: str
    account: str
    endpoint: str
    rule: str


class Records:
    """Bounded: of each kind the latest `kept` are there."""

    def __init__(self, kept: int) -> None:
        self.requests: deque[RequestRecord] = deque(maxlen=kept)
        self.violations: deque[Violation] = deque(maxlen=kept)

    def note(self, context: RequestContext, status: int) -> None:
        self.requests.append(
            RequestRecord(
                time=context.received,
                exchange=context.exchange,
                endpoint=context.endpoint,
                account=context.account,
                status=status,
                nonce=context.nonce,
                error=context.error,
                faults=tuple(fault.kind.value for fault in context.faults),
            )
        )

    def violate(self, context: RequestContext, rule: str) -> None:
        self.violations.append(Violation(context.received, context.exchange, context.account, context.endpoint, rule))
