#!/usr/bin/env python3
"""The wizard for the master's Kraken key."""

from pathlib import Path

from nija.cli.script import run_script

if __name__ == "__main__":
    raise SystemExit(run_script(Path(__file__).resolve().parent, "setup", "--exchange", "kraken", "--owner", "master"))
