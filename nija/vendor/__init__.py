"""Libraries of others that run in a browser, as files: the page serves them, and a report carries them inside."""

from __future__ import annotations

from pathlib import Path

BROWSER_FILES = Path(__file__).parent / "static"
