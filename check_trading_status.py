#!/usr/bin/env python3
"""Shows what each account is doing, and which of the master's exchanges are connected."""

from pathlib import Path

from nija.cli.script import run_script

if __name__ == "__main__":
    raise SystemExit(run_script(Path(__file__).resolve().parent, "status", "--tree"))
