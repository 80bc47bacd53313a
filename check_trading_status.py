#!/usr/bin/env python3
"""What NIJA is doing, account by account."""

from pathlib import Path

from nija.cli.script import run_script

if __name__ == "__main__":
    raise SystemExit(run_script(Path(__file__).resolve().parent, "status"))
