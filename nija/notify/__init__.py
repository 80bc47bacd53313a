"""Telling people who do not watch the log: messages through apprise, and a heartbeat whose silence others notice."""
