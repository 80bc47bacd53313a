#!/usr/bin/env python3
"""Tests the connection of every configured Kraken account. Places no orders."""

from pathlib import Path

from nija.cli.script import run_script

if __name__ == "__main__":
    raise SystemExit(run_script(Path(__file__).resolve().parent, "doctor", "--exchange", "kraken"))
