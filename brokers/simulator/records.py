"""What the simulator saw: every request, and everything a client did that the exchange's rules forbid."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brokers.simulator.faults import Fault, FaultKind

_KEPT = 50_000


@dataclass(slots=True, eq=False)
class RequestContext:
    """One request on its way through a face. `received` is the wall time; the face fills in the rest."""

    exchange: str
    endpoint: str
    account: str
    received: float
    peer: str
    faults: tuple[Fault, ...] = ()
    nonce: int | None = None
    error: str = ""

    def fault(self, kind: FaultKind) -> Fault | None:
        """The fault of this kind that strikes this request."""
        return next((fault for fault in self.faults if fault.kind is kind), None)


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """`status` is the HTTP code that was sent, 0 where none was. `faults` are the kinds that struck."""

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
    """A client's own mistake; what a fault made happen is none."""

    time: float
    exchange: str
    account: str
    endpoint: str
    rule: str


@dataclass(slots=True, eq=False)
class Records:
    """Bounded: the oldest are let go after 50,000 of each."""

    requests: deque[RequestRecord] = field(default_factory=lambda: deque(maxlen=_KEPT))
    violations: deque[Violation] = field(default_factory=lambda: deque(maxlen=_KEPT))

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
