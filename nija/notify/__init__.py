"""Notifications for people who do not watch the log: messages through apprise, and a heartbeat."""
