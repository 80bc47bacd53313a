"""Reports a reason when it changes, not every cycle."""

from __future__ import annotations


class ChangeFilter:
    """The last reason reported for each topic. Used by one thread only."""

    def __init__(self) -> None:
        self._last: dict[str, str] = {}

    def is_news(self, topic: str, reason: str) -> bool:
        """Whether `reason` differs from the last one of `topic`, which it then replaces.

        Pass what identifies the reason, such as the rule's name: figures change every cycle.
        """
        if self._last.get(topic) == reason:
            return False
        self._last[topic] = reason
        return True

    def clear(self, topic: str) -> bool:
        """Forget the reason of a topic. Returns whether there was one."""
        return self._last.pop(topic, None) is not None
