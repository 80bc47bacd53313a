"""A reason is said when it changes, not every cycle."""

from __future__ import annotations


class ChangeFilter:
    """What one account last said of each topic. Used by that account's thread alone."""

    def __init__(self) -> None:
        self._last: dict[str, str] = {}

    def is_news(self, topic: str, reason: str) -> bool:
        """Whether `reason` differs from the last one of `topic`, which it then becomes.

        Hand in what makes the reason the same one, such as the rule's name: figures move with every cycle.
        """
        if self._last.get(topic) == reason:
            return False
        self._last[topic] = reason
        return True

    def clear(self, topic: str) -> bool:
        """Forget a topic that is settled; whether there was anything to forget."""
        return self._last.pop(topic, None) is not None
