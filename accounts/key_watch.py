"""The daily look at a key that trades."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.connect import check_key
from brokers.clock import utc_now

if TYPE_CHECKING:
    from accounts.connect import CanConnect
    from accounts.identity import AccountId
    from brokers.clock import Clock

_DAY = 86_400.0
_AGAIN = 3_600.0


class KeyWatch:
    """A key can be changed at the exchange at any time, and comes nearer to its end every day."""

    def __init__(self, account: AccountId, broker: CanConnect, clock: Clock, *, allow_withdrawal_keys: bool) -> None:
        self._account = account
        self._broker = broker
        self._clock = clock
        self._allow_withdrawal_keys = allow_withdrawal_keys
        self._due = float("-inf")

    def looked(self) -> None:
        """The account has just connected."""
        self._due = self._clock.monotonic() + _DAY

    def look(self) -> tuple[str, ...]:
        """What is worth saying of the key, once a day. Raises ConnectRefused where it may no longer trade.

        Raises BrokerError where the exchange did not say; it is asked again within the hour.
        """
        if self._clock.monotonic() < self._due:
            return ()
        self._due = self._clock.monotonic() + _AGAIN
        info = self._broker.connect()
        self.looked()
        return check_key(self._account, info, utc_now(self._clock), allow_withdrawal_keys=self._allow_withdrawal_keys)
