"""What NIJA says: its fixed lines, where they go, and what never gets into them."""

from nija.log.event_log import EventLog, get_log

__all__ = ["EventLog", "get_log"]
