"""The one place where exchange errors get their meaning.

BrokerError
├── Unavailable          nothing happened, try again with backoff
├── RateLimited          wait for `retry_after`, then try again
│   ├── LockedOut        the key is locked out for minutes: no private calls until then
│   └── BudgetSpent      our own count of the limit has no capacity for this now; nothing was sent
├── NonceRejected        jump the nonce ahead and try again a few times
├── Unauthorized         the key or its signature is refused: the account cannot work
│   └── InvalidSignature
├── PermissionDenied     the key lacks a right: the account cannot work
├── MarketRefused        the exchange refuses this market to this account; all other markets keep trading
├── OrderRejected        the exchange refused this order for good
├── DeadlineTooNear      the order was not sent: its deadline had passed or was too near; decide again
├── OrderNotFound        the exchange does not know this order id (or not yet)
├── OutcomeUnknown       the order may or may not have been placed: ask, never resend blindly
└── RequestRefused       any other definite refusal of a request
    └── BadAnswer        an answer that could not be understood
"""

from __future__ import annotations


class BrokerError(Exception):
    """A request that failed, at the exchange or on the way to it. The text is safe to log: it never holds a secret."""


class Unavailable(BrokerError):
    pass


class RateLimited(BrokerError):
    """`retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class LockedOut(RateLimited):
    pass


class BudgetSpent(RateLimited):
    pass


class NonceRejected(BrokerError):
    pass


class Unauthorized(BrokerError):
    pass


class InvalidSignature(Unauthorized):
    pass


class PermissionDenied(BrokerError):
    pass


class MarketRefused(BrokerError):
    """Affects one market of one account: a region, a restriction, an agreement. `remedy` says what to do about it.

    Nothing was placed.
    """

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


class OrderRejected(BrokerError):
    """`reason` is the exchange's own code, such as `EOrder:Insufficient funds`."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class DeadlineTooNear(BrokerError):
    pass


class OrderNotFound(BrokerError):
    pass


class OutcomeUnknown(BrokerError):
    pass


class RequestRefused(BrokerError):
    pass


class BadAnswer(RequestRefused):
    pass
