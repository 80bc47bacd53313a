"""Telegram that answers: a poller of the Bot API and the commands it understands."""
