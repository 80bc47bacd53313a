"""Which NIJA this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def nija_version() -> str:
    """Without an installation (only the packages of requirements.txt), nobody knows."""
    try:
        return version("nija")
    except PackageNotFoundError:
        return "unreleased"
