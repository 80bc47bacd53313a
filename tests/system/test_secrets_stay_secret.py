"""Every error there is, with secrets that can be recognised: none of them may be in any byte that was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokers.simulator.faults import FaultKind
from tests.made_up import accounts, credentials
from tests.system.daemon import Daemon, run_to_end, until
from tests.system.exchange import running_exchange
from tests.system.settings import EAGER
from tests.system.strategies import FAIL

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from brokers.simulator.config import SimulatedAccount

TRADERS = accounts("kraken:master", "kraken:tania_gilbert", "coinbase:master", "coinbase:tania_gilbert", seed=31)
_SHORTEST = 16
# In the order in which they strike; every one of them is answered with an error of its own.
_FAULTS = (
    FaultKind.ERROR_BEFORE,
    FaultKind.ERROR_AFTER,
    FaultKind.DROP_AFTER,
    FaultKind.RESET,
    FaultKind.TRUNCATE,
    FaultKind.EMPTY_RESULT,
    FaultKind.REFUSE_NONCE,
    FaultKind.RATE_LIMIT,
    FaultKind.UNAVAILABLE_AFTER,
    FaultKind.REVOKE_PERMISSION,
)


def marks(traders: Iterable[SimulatedAccount]) -> set[bytes]:
    """The secrets, and pieces of them long enough to be nothing else."""
    texts = {text for account in traders for text in (account.api_key.key, account.api_key.secret)}
    lines = {line for text in texts for line in text.splitlines() if "-----" not in line}
    pieces = {line[start : start + _SHORTEST] for line in lines for start in range(0, len(line), _SHORTEST)}
    return {piece.encode() for piece in pieces if len(piece) == _SHORTEST and "organizations/" not in piece}


def leaks(folder: Path, secrets: set[bytes]) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return [str(path) for path in files if any(secret in path.read_bytes() for secret in secrets)]


def test_no_error_writes_a_secret_anywhere(tmp_path: Path) -> None:
    folder = tmp_path
    own = '[accounts."coinbase:tania_gilbert"]\nstrategy = "tests.system.strategies:FailsOnDemand"\n'
    (folder / "nija.toml").write_text(EAGER + own)
    wrong = {"KRAKEN_USER_TANIA_GILBERT_API_SECRET": TRADERS[0].api_key.secret, "NIJA_LOG_LEVEL": "DEBUG"}
    with running_exchange(TRADERS) as exchange, Daemon(folder, {**exchange.environment, **wrong}) as daemon:
        daemon.wait_for("BUY order filled", "coinbase:master")
        for number, kind in enumerate(_FAULTS):
            exchange.fault(kind, account="coinbase:master", count=1, skip=3 * number)
            exchange.fault(kind, account="kraken:master", count=1, skip=number)
        (folder / FAIL).touch()
        daemon.wait_for("failed unexpectedly")
        daemon.wait_for("Invalid signature", "kraken:tania_gilbert")
        until(
            lambda: set(exchange.state("faults_injected")["faults_injected"]) >= set(_FAULTS), "every fault has struck"
        )
        daemon.terminate()
        (folder / "stdout.txt").write_text("\n".join(daemon.lines))
    assert leaks(folder, marks(TRADERS)) == []


def test_a_broken_env_line_is_not_quoted(tmp_path: Path) -> None:
    master = TRADERS[0]
    environment = tmp_path / ".env"
    environment.write_text(f"KRAKEN_MASTER_API_KEY={master.api_key.key}\nAPI_SECRET {master.api_key.secret}\n")
    code, lines = run_to_end(tmp_path, {})
    assert code == 2
    assert "line 2" in " ".join(lines)
    environment.unlink()
    (tmp_path / "stdout.txt").write_text("\n".join(lines))
    assert leaks(tmp_path, marks([master])) == []


def test_a_credential_that_is_refused_is_not_shown(tmp_path: Path) -> None:
    variables = credentials(TRADERS)
    broken = {name: value[:-3] + "???" if name.endswith("_SECRET") else value for name, value in variables.items()}
    with Daemon(tmp_path, broken) as daemon:
        daemon.wait_for("❌", count=len(TRADERS))
        daemon.terminate()
        (tmp_path / "stdout.txt").write_text("\n".join(daemon.lines))
    assert leaks(tmp_path, marks(TRADERS)) == []


def test_the_search_itself_finds_a_secret(tmp_path: Path) -> None:
    (tmp_path / "leaking.log").write_text(f"key={TRADERS[2].api_key.secret[60:120]}")
    assert leaks(tmp_path, marks(TRADERS)) == [str(tmp_path / "leaking.log")]
