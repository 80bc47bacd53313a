from __future__ import annotations

import io
import json
import logging
import re
import subprocess
import sys
import threading
import warnings
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from accounts.environment import LogFormat, LogLevel
from accounts.identity import AccountId
from nija.log import EventLog, get_log, lines
from nija.log.setup import Log, configure_logging, log_uncaught
from tests.accounts.made_up_keys import kraken_key, kraken_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECRET = kraken_secret("a")
TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class LoggedOutput:
    """The daemon's log, on the console and in the file."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "nija.log"
        self.console = io.StringIO()
        self._logs: list[Log] = []

    def configure(self, **options: Any) -> Log:  # noqa: ANN401 - those of configure_logging
        log = configure_logging(**{"file": self.path, "console": self.console, "secrets": [SECRET], **options})
        self._logs.append(log)
        return log

    def close(self) -> None:
        for log in self._logs:
            log.close()

    @property
    def text(self) -> str:
        return self.console.getvalue()

    @property
    def file(self) -> str:
        return self.path.read_text(encoding="utf-8")


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[LoggedOutput]:
    logged = LoggedOutput(tmp_path)
    yield logged
    logged.close()


def test_a_fixed_line_follows_time_and_level_on_the_console_and_in_the_file(logged: LoggedOutput) -> None:
    logged.configure()
    log = get_log("nija", account="kraken:master")
    log.info(lines.FUNDED)
    log.warning(lines.connection_failed(AccountId.parse("kraken:master"), "Permission denied"), order_id="O1")
    first, second = logged.text.splitlines()
    assert re.fullmatch(TIME + r" INFO     ✅ FUNDED - Ready to trade  account=kraken:master", first)
    assert re.fullmatch(
        TIME + r" WARN  ⚠️  Kraken MASTER connection failed: Permission denied  account=kraken:master order_id=O1",
        second,
    )
    assert logged.file == logged.text


def test_a_line_without_fields_ends_with_its_text(logged: LoggedOutput) -> None:
    logged.configure()
    get_log("nija").info(lines.STOPPED)
    assert logged.text.endswith("INFO  👋 STOPPED\n")


def test_the_account_comes_first_and_values_with_blanks_are_quoted(logged: LoggedOutput) -> None:
    logged.configure()
    get_log("nija").info("x", rule="fee gate", empty="", account=AccountId.parse("kraken:master"))
    assert logged.text.endswith('INFO  x  account=kraken:master rule="fee gate" empty=""\n')


def test_no_number_is_written_with_an_exponent(logged: LoggedOutput) -> None:
    logged.configure()
    get_log("nija").info("x", least=Decimal("1E-8"), most=Decimal("1E+3"))
    assert logged.text.endswith("INFO  x  least=0.00000001 most=1000\n")


def test_an_unexpected_error_is_logged_with_its_traceback(logged: LoggedOutput) -> None:
    logged.configure()
    EventLog(get_log("nija")).trouble("prices", "No prices", unforeseen=KeyError("bid"))
    assert "WARN  ⚠️  No prices" in logged.text
    assert "KeyError: 'bid'" in logged.file


def test_a_line_fits_160_columns_and_what_is_longer_goes_on_beneath_it(logged: LoggedOutput) -> None:
    logged.configure()
    text = "BTC/USD not traded: " + "a long reason with many words " * 9
    get_log("nija", account="kraken:daivon_frazier").info(text, rule="fee_gate", detail="the answer was " + "x " * 40)
    first, *rest = logged.text.splitlines()
    assert all(len(line) <= 160 for line in (first, *rest))
    assert first.endswith("  account=kraken:daivon_frazier rule=fee_gate")
    assert all(line.startswith(" " * 26) and line[26] != " " for line in rest)
    said = " ".join(line.strip() for line in (first.partition("  account=")[0], *rest))
    assert said.endswith(f'{text}detail="the answer was {"x " * 40}"')


def test_an_order_is_named_by_the_first_part_of_its_id(logged: LoggedOutput) -> None:
    logged.configure()
    get_log("nija").info("x", order="e140bc7f-7464-4bc9-8709-aeebe8f72da6")
    get_log("nija").info("x", order="OYT2LK-J3T64-ERDBC3")
    get_log("nija").info("x", order=None)
    assert [line.rpartition("  ")[2] for line in logged.text.splitlines()] == [
        "order=e140bc7f",
        "order=OYT2LK",
        "order=None",
    ]


def test_a_warning_and_json_have_the_whole_id(logged: LoggedOutput) -> None:
    logged.configure()
    get_log("nija").warning("x", order="OYT2LK-J3T64-ERDBC3")
    logged.configure(log_format=LogFormat.JSON, console=(machine := io.StringIO()))
    get_log("nija").info("x", order="OYT2LK-J3T64-ERDBC3")
    assert "order=OYT2LK-J3T64-ERDBC3" in logged.text
    assert json.loads(machine.getvalue())["order"] == "OYT2LK-J3T64-ERDBC3"


def test_json_carries_the_same_facts_on_request(logged: LoggedOutput) -> None:
    logged.configure(log_format=LogFormat.JSON)
    get_log("nija.trader", account="kraken:master").info(lines.FUNDED, n=3)
    told = json.loads(logged.text)
    assert told.pop("time").endswith("Z")
    assert told == {
        "level": "info",
        "logger": "nija.trader",
        "event": lines.FUNDED,
        "account": "kraken:master",
        "n": 3,
    }


def test_lines_below_the_level_are_left_out(logged: LoggedOutput) -> None:
    logged.configure(level=LogLevel.WARNING)
    get_log("nija").info("quiet")
    get_log("nija").warning("loud")
    logging.getLogger("elsewhere").info("quiet")
    assert [line.split()[-1] for line in logged.text.splitlines()] == ["loud"]


@pytest.mark.parametrize(("environ", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)])
def test_a_terminal_has_colours_unless_no_color_is_set(
    logged: LoggedOutput,
    environ: dict[str, str],
    coloured: bool,  # noqa: FBT001 - a table's column
) -> None:
    terminal = Terminal()
    logged.configure(console=terminal, environ=environ)
    get_log("nija").error("x")
    assert ("\x1b[" in terminal.getvalue()) is coloured
    assert "\x1b[" not in logged.file


def test_external_text_cannot_forge_a_line(logged: LoggedOutput) -> None:
    logged.configure()
    get_log("nija").info("refused", answer="x\n2026-01-17 12:00:00 INFO  👋 STOPPED")
    logging.getLogger("elsewhere").warning("a\r\nb\x1b[2Jc\u2028d")
    assert len(logged.text.splitlines()) == 2
    assert logged.text.endswith("a\\r\\nb\\x1b[2Jc\\u2028d\n")


def test_a_log_file_on_a_full_disk_stops_nothing(logged: LoggedOutput, capfd: pytest.CaptureFixture[str]) -> None:
    logged.configure(file=Path("/dev/full")).close()
    log = logged.configure(file=Path("/dev/full"))
    get_log("nija").info(lines.STOPPED)
    log.close()
    assert lines.STOPPED in logged.text
    assert "/dev/full can no longer be written" in capfd.readouterr().err


def test_a_console_that_knows_only_ascii_still_gets_every_sign(logged: LoggedOutput) -> None:
    raw = io.BytesIO()
    console = io.TextIOWrapper(raw, encoding="ascii")
    logged.configure(console=console)
    get_log("nija").info(lines.DEMO)
    console.flush()
    assert lines.DEMO in raw.getvalue().decode()


def test_an_exception_keeps_its_traceback_without_the_secret(logged: LoggedOutput) -> None:
    logged.configure()
    try:
        raise_chained()
    except ValueError:
        get_log("nija").exception("failed")
    assert "Traceback (most recent call last)" in logged.text
    assert "KeyError: '[redacted]'" in logged.text
    assert "ValueError: Thing([redacted])" in logged.text


class Thing:
    def __repr__(self) -> str:
        return f"Thing({SECRET})"


def raise_chained() -> None:
    empty: dict[str, str] = {}
    try:
        empty[SECRET]
    except KeyError as error:
        raise ValueError(f"{Thing()}") from error


def log_chained() -> None:
    try:
        raise_chained()
    except ValueError:
        logging.getLogger("elsewhere").exception("chained %s", SECRET)


WAYS: dict[str, Callable[[], object]] = {
    "text": lambda: get_log("nija").info(f"x {SECRET}"),
    "value": lambda: get_log("nija").info("x", header=SECRET),
    "bound": lambda: get_log("nija", header=SECRET).info("x"),
    "nested": lambda: get_log("nija").info("x", request={"headers": [{SECRET: SECRET}], "t": (SECRET,)}),
    "object": lambda: get_log("nija").info("x", thing=Thing(), things=[Thing()]),
    "bytes": lambda: get_log("nija").info("x", body=f"nonce=1&otp={SECRET}".encode()),
    "arguments": lambda: get_log("nija").info("x %s", SECRET),
    "line break": lambda: get_log("nija").info("x", text=f"a\n{kraken_key('unknown')}\n{SECRET}"),
    "stdlib": lambda: logging.getLogger("elsewhere").warning("x %s %r", SECRET, Thing()),
    "stdlib extra": lambda: logging.getLogger("elsewhere").warning("x", extra={"more": SECRET}),
    "stdlib wrong arguments": lambda: logging.getLogger("elsewhere").warning(*("x %s %s", SECRET)),
    "stdlib argument that fails": lambda: logging.getLogger("elsewhere").warning("x %d", SECRET),
    "traceback": log_chained,
    "warning": lambda: warnings.warn(f"x {SECRET}", stacklevel=2),
}


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("log_format", list(LogFormat))
@pytest.mark.parametrize("way", WAYS)
def test_no_way_to_log_reveals_a_secret(
    logged: LoggedOutput, capfd: pytest.CaptureFixture[str], way: str, log_format: LogFormat
) -> None:
    logged.configure(log_format=log_format)
    WAYS[way]()
    captured = capfd.readouterr()
    everything = f"{logged.text}{logged.file}{captured.out}{captured.err}"
    assert logged.text
    for secret in (SECRET, kraken_key("unknown")):
        assert secret not in everything


def test_an_uncaught_error_of_a_thread_comes_out_redacted(
    logged: LoggedOutput, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    log_uncaught(logged.configure())
    thread = threading.Thread(target=raise_chained)
    thread.start()
    thread.join()
    assert "Traceback" in logged.text
    assert SECRET not in logged.text + capfd.readouterr().err


def test_an_uncaught_error_after_the_logs_end_comes_out_redacted(
    logged: LoggedOutput, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    log = logged.configure()
    log_uncaught(log)
    log.close()
    with pytest.raises(ValueError, match="Thing") as caught:
        raise_chained()
    sys.excepthook(caught.type, caught.value, caught.tb)
    captured = capfd.readouterr()
    assert "ValueError: Thing([redacted])" in captured.err
    assert SECRET not in captured.err + captured.out


def test_the_coinbase_librarys_own_handlers_stay_silent_even_when_imported_later() -> None:
    script = (
        "import logging\n"
        "from nija.log.setup import configure_logging\n"
        "log = configure_logging()\n"
        "import coinbase.rest\n"
        "logging.getLogger('coinbase.RESTClient').error('HTTP Error: the whole body')\n"
        "logging.getLogger('urllib3.connectionpool').debug('chatter')\n"
        "logging.getLogger('urllib3.connectionpool').warning('worth hearing')\n"
        "log.close()\n"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-W", "ignore", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
        timeout=60,
    )
    assert "whole body" not in done.stdout + done.stderr
    assert "chatter" not in done.stdout
    assert "worth hearing" in done.stdout


def test_closing_releases_everything(logged: LoggedOutput) -> None:
    before = list(logging.getLogger().handlers)
    log = logged.configure()
    log.close()
    assert logging.getLogger().handlers == before
