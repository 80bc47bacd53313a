"""The web page, served by the daemon in a thread of its own. It reads views and journals, and sends commands."""
