"""The log: its fixed lines, where they go, and how secrets stay out of them."""

from nija.log.event_log import EventLog, get_log

__all__ = ["EventLog", "get_log"]
