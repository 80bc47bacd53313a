#!/usr/bin/env python3
"""What is wrong with the master's Kraken account, and how to mend it. Uses no other key and places no order."""

from pathlib import Path

from nija.cli.script import run_script

if __name__ == "__main__":
    raise SystemExit(run_script(Path(__file__).resolve().parent, "doctor", "kraken:master"))
