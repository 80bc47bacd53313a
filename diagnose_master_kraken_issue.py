#!/usr/bin/env python3
"""Finds what is wrong with the master's Kraken account, and how to fix it. Uses no other key and places no orders."""

from pathlib import Path

from nija.cli.script import run_script

if __name__ == "__main__":
    raise SystemExit(run_script(Path(__file__).resolve().parent, "doctor", "kraken:master"))
