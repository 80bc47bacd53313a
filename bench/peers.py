"""NIJA's backtest against freqtrade, backtesting.py and vectorbt: the same rule on the same candles, in one run.

Run: python -m bench.peers [--candles FOLDER] [--rounds 3] [--environment FOLDER]

The others are installed from PyPI into an environment of their own, in a temporary folder; one that cannot be installed
is left out, and that is said. `--environment` names a virtual environment that has them already. All times are CPU
times, as other programs may run on the machine; the rounds take turns, and the middle one counts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "bench" / "peer_scripts"
CANDLES = ROOT.parent / "shared" / "data" / "candles"
PEERS = ("freqtrade", "backtesting", "vectorbt")
MARKETS = ("BTC", "ETH", "SOL", "DOT", "AVAX")
ENGINE_TARGET, WHOLE_TARGET = 20, 8
# The rule of the scripts: the stop stays where it is, nothing is too small or too dear, and no limit ends the trading.
SETTINGS = (
    *("trail_atr=100", "fee_gate=0", "max_candle_age=0", "max_positions=5", "max_exposure=1"),
    *("max_daily_loss=1", "max_drawdown=1"),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """CPU seconds of the engine (signals and trading) and of the whole process."""

    engine: float
    whole: float
    trades: int
    candles: int


def main() -> None:
    options = arguments()
    files = [options.candles / f"kraken-{base}-USD-15m.csv.gz" for base in MARKETS]
    missing = [str(file) for file in files if not file.exists()]
    if missing:
        sys.exit(f"no candles: {', '.join(missing)}; name their folder with --candles")
    with tempfile.TemporaryDirectory() as folder:
        python = Path(options.environment or folder) / "bin" / "python"
        peers = PEERS if options.environment else install(Path(folder), python)
        compare(python, peers, files, options.rounds)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.peers")
    parser.add_argument("--candles", type=Path, default=Path(os.environ.get("NIJA_TEST_CANDLES", CANDLES)))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--environment", type=Path)
    return parser.parse_args()


def install(folder: Path, python: Path) -> tuple[str, ...]:
    """Returns the peers that could be installed."""
    venv.create(folder, with_pip=True)
    installed = []
    for peer in PEERS:
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", peer]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
        if done.returncode == 0:
            installed.append(peer)
        else:
            print(f"{peer} is left out, as it cannot be installed: {done.stderr.strip().splitlines()[-1]}")
    return tuple(installed)


def compare(python: Path, peers: tuple[str, ...], files: list[Path], rounds: int) -> None:
    found: dict[str, list[Measured]] = {}
    for _ in range(rounds):
        found.setdefault("NIJA", []).append(nija(files))
        for peer in peers:
            found.setdefault(peer, []).append(
                measured([str(python), str(SCRIPTS / f"{peer}_run.py"), *map(str, files)])
            )
    print(f"breakout 20/10 with a stop on {len(files)} files, {rounds} rounds")
    print(f"{'':<12}{'candles':>9}{'trades':>8}{'engine s':>10}{'k candles/s':>13}{'whole s':>9}")
    for name, runs in found.items():
        one, engine, whole = runs[0], median(run.engine for run in runs), median(run.whole for run in runs)
        rate = one.candles / engine / 1000
        print(f"{name:<12}{one.candles:>9}{one.trades:>8}{engine:>10.2f}{rate:>13.0f}{whole:>9.2f}")
    for peer in peers:
        pairs = list(zip(found["NIJA"], found[peer], strict=True))
        engine = median(other.engine / other.candles * mine.candles / mine.engine for mine, other in pairs)
        whole = median(other.whole / mine.whole for mine, other in pairs)
        print(f"against {peer:<12}{engine:6.1f} x in the engine, {whole:5.1f} x in the whole process{target(peer)}")


def target(peer: str) -> str:
    return f" (targets: {ENGINE_TARGET} x and {WHOLE_TARGET} x)" if peer == "freqtrade" else ""


def nija(files: list[Path]) -> Measured:
    """The engine by a script, the whole by the command, without chance runs, which the others do not make."""
    engine = measured([sys.executable, str(SCRIPTS / "nija_run.py"), *map(str, files)])
    command = [sys.executable, "-m", "nija", "backtest", "--timeframe", "15m", "--strategy", "trend", "--runs", "0"]
    command += ["--cash", "10000000", "--fee", "0.4%", "--min-order", "0.5", *(f"{base}/USD" for base in MARKETS)]
    for file in files:
        command += ["--candles", str(file)]
    for setting in SETTINGS:
        command += ["--set", setting]
    cpu, _ = run(command)
    return Measured(engine.engine, cpu, engine.trades, engine.candles)


def measured(command: list[str]) -> Measured:
    cpu, printed = run(command)
    figures = json.loads(printed.splitlines()[-1])
    return Measured(figures["seconds"], cpu, figures["trades"], figures["candles"])


def run(command: list[str]) -> tuple[float, str]:
    """CPU seconds of a process and its children, and what it printed."""
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "NIJA_DATA_DIR": home, "NIJA_CONFIG": ""}
        before = os.times()
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        after = os.times()
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    children = after.children_user + after.children_system - before.children_user - before.children_system
    return children, done.stdout


if __name__ == "__main__":
    main()
