"""Checks the key of a trading account once a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.connect import check_key
from brokers.clock import utc_now

if TYPE_CHECKING:
    from accounts.connect import CanConnect
    from accounts.identity import AccountId
    from brokers.clock import Clock

_DAY_SECONDS = 86_400.0
_RETRY_SECONDS = 3_600.0


class KeyWatch:
    """A key can be changed at the exchange at any time, and may expire."""

    def __init__(self, account: AccountId, broker: CanConnect, clock: Clock, *, allow_withdrawal_keys: bool) -> None:
        self._account = account
        self._broker = broker
        self._clock = clock
        self._allow_withdrawal_keys = allow_withdrawal_keys
        self._due = float("-inf")

    def looked(self) -> None:
        """The account has just connected."""
        self._due = self._clock.monotonic() + _DAY_SECONDS

    def look(self) -> tuple[str, ...]:
        """Warnings about the key, once a day. Raises ConnectRefused if it may no longer trade.

        Raises BrokerError if the exchange did not answer; the next try is an hour later.
        """
        if self._clock.monotonic() < self._due:
            return ()
        self._due = self._clock.monotonic() + _RETRY_SECONDS
        info = self._broker.connect()
        self.looked()
        return check_key(self._account, info, utc_now(self._clock), allow_withdrawal_keys=self._allow_withdrawal_keys)
