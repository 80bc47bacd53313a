"""`nija mcp`, asked by the SDK's own client over standard input and output."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from mcp import ClientSession, StdioServerParameters, types
from mcp.client.stdio import stdio_client

from accounts.identity import AccountId
from nija.cli.agent_tools import TOOLS, ToolError, known_secrets, tool_named
from nija.cli.mcp import only_protocol
from nija.control.server import ControlServer
from nija.control.wire import SOCKET_NAME
from nija.risk.no_trade import NoTradeReason, Rule
from nija.status.report import AccountStatus, PositionStatus, StatusReport
from tests.fakes import ManualClock
from tests.journals import journals_in
from tests.nija.orders.captured_log import CapturedLog
from tests.nija.performance.bookkeeper import Bookkeeper, day

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
SECRET = "hidden-token-hidden"
WAITING = NoTradeReason(Rule.NO_SIGNAL, "no breakout at the last candle", market="ETH/USD")
POSITION = PositionStatus(
    "BTC/USD", Decimal("0.00200000"), Decimal(95000), Decimal(88000), None, profit=None, profit_percent=None
)
REPORT = StatusReport(
    pid=1,
    version="1.0",
    since=None,
    mode="live",
    accounts=(
        AccountStatus("kraken:master", "MASTER", "kraken", "TRADING", positions=(POSITION,), not_trading=(WAITING,)),
        AccountStatus("kraken:tania_gilbert", "USER tania_gilbert", "kraken", "FAILED", f"cannot reach {SECRET}"),
    ),
)
Calls = Mapping[str, tuple[str, dict[str, str]]]
TOOLS_OF_NIJA = {"status", "why", "history", "doctor"}


@dataclass(frozen=True)
class Answered:
    is_error: bool
    text: str

    @property
    def json(self) -> dict[str, Any]:
        assert not self.is_error, self.text
        found: dict[str, Any] = json.loads(self.text)
        return found


def environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "NIJA_DATA_DIR": str(folder / "data"),
        "NIJA_NOTIFY_URLS": f"json://example.org/{SECRET}",
    }


def asked(folder: Path, calls: Calls) -> tuple[list[types.Tool], dict[str, Answered]]:
    """The tools that a client sees, and the answers to these calls, from one run of the command."""

    async def ask() -> tuple[list[types.Tool], dict[str, Answered]]:
        server = StdioServerParameters(
            command=sys.executable, args=["-m", "nija", "mcp"], cwd=folder, env=environment(folder)
        )
        async with stdio_client(server) as (answers, requests), ClientSession(answers, requests) as session:
            await session.initialize()
            tools = (await session.list_tools()).tools
            return tools, {name: _answered(await session.call_tool(*call)) for name, call in calls.items()}

    return anyio.run(ask)


def _answered(result: types.CallToolResult) -> Answered:
    (content,) = result.content
    assert isinstance(content, types.TextContent)
    return Answered(result.isError, content.text)


@contextmanager
def daemon(folder: Path) -> Iterator[None]:
    """Answers `status` on the control socket as a running NIJA does."""
    server = ControlServer(folder / "data" / SOCKET_NAME, {"status": lambda _arguments: REPORT.to_json()})
    server.start()
    try:
        yield
    finally:
        server.stop()


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[types.Tool], dict[str, Answered]]:
    """What is answered while NIJA does not run, but has traded."""
    folder = tmp_path_factory.mktemp("idle")
    with closing(journals_in(folder / "data", ManualClock(), CapturedLog().logger)) as journals:
        for number, account in ((0, "kraken:master"), (40, "kraken:tania_gilbert")):
            with closing(journals.open(AccountId.parse(account))) as journal:
                Bookkeeper(journal).trade("90000", "95000", day(number), day(number + 1))
    return asked(
        folder,
        {
            "status": ("status", {}),
            "why": ("why", {}),
            "history": ("history", {}),
            "January": ("history", {"to": "2026-01-31"}),
            "one": ("history", {"account": "kraken:tania_gilbert"}),
            "nobody": ("history", {"account": "kraken:nobody"}),
            "no day": ("history", {"from": "yesterday"}),
            "doctor": ("doctor", {}),
            "no tool": ("flatten", {}),
            "no argument": ("status", {"market": "BTC/USD"}),
        },
    )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answered]:
    """What is answered while NIJA runs."""
    folder = tmp_path_factory.mktemp("running")
    with daemon(folder):
        _, answers = asked(
            folder,
            {
                "status": ("status", {}),
                "why": ("why", {}),
                "one": ("why", {"account": "kraken:master"}),
                "nobody": ("status", {"account": "kraken:nobody"}),
            },
        )
    return answers


class TestWithoutADaemon:
    def test_a_client_finds_tools_that_only_read(self, idle: tuple[list[types.Tool], dict[str, Answered]]) -> None:
        tools, _ = idle
        assert {tool.name for tool in tools} == TOOLS_OF_NIJA == {tool.name for tool in TOOLS}
        for tool in tools:
            assert tool.annotations is not None
            assert tool.annotations.readOnlyHint
            assert tool.inputSchema["additionalProperties"] is False

    @pytest.mark.parametrize("name", ["status", "why"])
    def test_what_only_a_daemon_knows_is_said_to_be_missing(
        self, idle: tuple[list[types.Tool], dict[str, Answered]], name: str
    ) -> None:
        answer = idle[1][name].json
        assert answer["running"] is False
        assert answer["text"].startswith("NIJA is not running: start it with ./start.sh")

    def test_the_history_comes_from_the_journals(self, idle: tuple[list[types.Tool], dict[str, Answered]]) -> None:
        _, answers = idle
        whole = answers["history"].json
        assert [trade["account"] for trade in whole["trades"]] == ["kraken:master", "kraken:tania_gilbert"]
        assert whole["trades"][0]["net"] == "5000"
        assert answers["January"].json["trades"] == whole["trades"][:1]
        assert answers["one"].json["trades"] == whole["trades"][1:]

    def test_the_doctor_examines_the_set_up(self, idle: tuple[list[types.Tool], dict[str, Answered]]) -> None:
        found = idle[1]["doctor"].json
        assert "This machine" in [section["title"] for section in found["sections"]]

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("nobody", "NIJA has no account kraken:nobody; it has: kraken:master, kraken:tania_gilbert."),
            ("no day", "from: expected a day such as 2026-11-28"),
            ("no tool", "there is no tool flatten; there are: status, why, history, doctor"),
            ("no argument", "status has no argument market"),
        ],
    )
    def test_what_cannot_be_answered_is_an_error_that_says_why(
        self, idle: tuple[list[types.Tool], dict[str, Answered]], name: str, said: str
    ) -> None:
        assert idle[1][name] == Answered(is_error=True, text=said)


class TestBesideADaemon:
    def test_the_status_is_the_daemons_to_the_last_digit(self, running: dict[str, Answered]) -> None:
        status = running["status"].json
        assert status["running"] is True
        assert status["accounts"][0]["positions"][0]["amount"] == "0.00200000"
        assert status["accounts"][0]["positions"][0]["profit"] is None

    def test_the_reasons_name_rule_and_market(self, running: dict[str, Answered]) -> None:
        master, tania = running["why"].json["accounts"]
        assert (master["not_trading"][0]["rule"], master["not_trading"][0]["market"]) == ("no_signal", "ETH/USD")
        assert tania["state"] == "FAILED"
        assert [one["id"] for one in running["one"].json["accounts"]] == ["kraken:master"]

    def test_an_unknown_account_is_answered_with_the_known_ones(self, running: dict[str, Answered]) -> None:
        assert "it has: kraken:master, kraken:tania_gilbert" in running["nobody"].text

    def test_a_secret_is_removed_from_whatever_is_answered(self, running: dict[str, Answered]) -> None:
        assert running["why"].json["accounts"][1]["reason"] == "cannot reach [redacted]"
        assert not any(SECRET in answer.text for answer in running.values())


def test_the_doctor_answers_although_the_set_up_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("NIJA_MODE=turbo\n")
    assert "NIJA_MODE is 'turbo'" in json.dumps(tool_named("doctor").answer({}))
    with pytest.raises(ToolError, match="NIJA_MODE is 'turbo'"):
        tool_named("status").answer({})
    assert known_secrets().redact("nothing is known") == "nothing is known"


def test_ctrl_c_ends_it_although_its_input_stays_open(tmp_path: Path) -> None:
    client = {"name": "test", "version": "1"}
    begin = {"protocolVersion": types.LATEST_PROTOCOL_VERSION, "capabilities": {}, "clientInfo": client}
    with subprocess.Popen(
        [sys.executable, "-m", "nija", "mcp"],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        request = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": begin}
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["result"]["serverInfo"]["name"] == "nija"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == -signal.SIGINT
        assert process.stdout.read() == ""


def test_what_anything_prints_does_not_reach_the_protocol(capfd: pytest.CaptureFixture[str]) -> None:
    with only_protocol() as output:
        os.write(1, b"printed by a library")
        output.write("protocol")
    assert capfd.readouterr() == ("protocol", "printed by a library")
