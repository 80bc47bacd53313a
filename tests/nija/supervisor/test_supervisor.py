"""The supervisor from start to stop: what it holds while it runs, and that it releases everything."""

from __future__ import annotations

import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest
from structlog.testing import capture_logs

from accounts.manager import AccountState
from accounts.ownership import KeyInUse, KeyOwnership
from brokers.clock import SystemClock
from brokers.simulator.config import SimulatorConfig
from brokers.simulator.server import running_simulator
from nija.control.client import ask
from nija.journal.opening import Journals
from nija.log.event_log import get_log
from nija.supervisor.configuration import ConfigurationError, read_configuration
from nija.supervisor.paper import on_paper
from nija.supervisor.supervisor import Supervisor
from nija.trader.commands import Command
from tests import made_up
from tests.nija.telegram.bot_api import DAIVONS, OWNER, TOKEN, bot_api
from tests.simulator_fixtures import UNLIMITED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from accounts.identity import AccountId
    from brokers.simulator.server import Simulator
    from nija.supervisor.configuration import Configuration

ACCOUNTS = made_up.accounts("kraken:master", "kraken:daivon_frazier", "coinbase:master")
NAMES = {account.name for account in ACCOUNTS}
_PATIENCE = 30.0
# Warning filters belong to the whole process: threads that change them for a moment interfere with each other.
pytestmark = pytest.mark.filterwarnings("ignore:'T' is deprecated:FutureWarning")


@dataclass
class Daemon:
    """A supervisor in a thread of its own, on real clocks."""

    configuration: Configuration
    stop: threading.Event = field(default_factory=threading.Event)
    ended: list[int | BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(self.configuration, SystemClock(self.stop), self.stop)
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> int | BaseException:
        self.stop.set()
        self._thread.join(_PATIENCE)
        return self.ended[0]

    def wait_until(self, condition: Callable[[], bool]) -> None:
        turn = threading.Event()
        for _ in range(int(_PATIENCE / 0.02)):
            if condition() or self.ended:
                break
            turn.wait(0.02)
        assert condition(), self.ended

    def all_are(self, state: AccountState) -> bool:
        snapshots = [self.supervisor.manager.snapshot(account) for account in self.supervisor.manager.accounts()]
        return bool(snapshots) and all(snapshot.state is state for snapshot in snapshots)

    def status(self) -> dict[str, Any]:
        return cast("dict[str, Any]", ask(self.configuration.home, "status"))

    def explained(self) -> list[dict[str, Any]]:
        answer = cast("dict[str, Any]", ask(self.configuration.home, "explain"))
        return cast("list[dict[str, Any]]", answer["accounts"])

    def _run(self) -> None:
        try:
            self.ended.append(self.supervisor.run())
        except BaseException as failure:  # noqa: BLE001 a thread's end is the test's result
            self.ended.append(failure)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with running_simulator(SimulatorConfig(ACCOUNTS, limits=UNLIMITED)) as simulator:
        yield simulator


def configured(simulator: Simulator, folder: Path, **environ: str) -> Configuration:
    addresses = made_up.environment(simulator.addresses, ACCOUNTS)
    places = {"NIJA_DATA_DIR": str(folder / "data"), "NIJA_CONFIG": _settings(folder)}
    return read_configuration({**addresses, **places, **environ}, folder)


def _settings(folder: Path) -> str:
    file = folder / "nija.toml"
    file.write_text("[portfolio]\nmax_daily_loss = 0.2\n", encoding="utf-8")
    return str(file)


@contextmanager
def running(configuration: Configuration) -> Iterator[Daemon]:
    """All accounts of it trade."""
    daemon = Daemon(configuration)
    with pytest.MonkeyPatch.context() as patch, capture_logs():
        patch.setenv("REQUESTS_CA_BUNDLE", configuration.environ["REQUESTS_CA_BUNDLE"])
        daemon.start()
        try:
            daemon.wait_until(lambda: daemon.all_are(AccountState.TRADING))
            yield daemon
        finally:
            daemon.end()


@pytest.fixture(scope="module")
def live(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Shared by all tests that do not change it."""
    with running(configured(simulator, tmp_path_factory.mktemp("live"))) as daemon:
        yield daemon


def test_a_running_daemon_answers_for_every_account(live: Daemon) -> None:
    status = live.status()
    assert {account["id"] for account in status["accounts"]} == NAMES
    assert {account["state"] for account in status["accounts"]} == {"TRADING"}
    assert status["mode"] == "live"


def test_a_running_daemon_explains_what_each_account_would_do(live: Daemon) -> None:
    live.wait_until(lambda: all(market["closed"] for one in live.explained() for market in one["markets"]))
    accounts = live.explained()
    assert {account["id"] for account in accounts} == NAMES
    assert {market["market"] for account in accounts for market in account["markets"]} == {"BTC/USD", "ETH/USD"}
    assert all(market["why_not"] or market["held"] for account in accounts for market in account["markets"])


def test_a_key_in_use_by_a_running_daemon_is_refused_to_another(live: Daemon) -> None:
    second = Daemon(live.configuration)
    second.start()
    assert isinstance(second.end(), KeyInUse)


def test_a_command_reaches_every_account_and_the_end_gives_everything_back(
    simulator: Simulator, tmp_path: Path
) -> None:
    with running(configured(simulator, tmp_path)) as daemon:
        home = daemon.configuration.home
        ask(home, "stop_trading")
        daemon.wait_until(lambda: daemon.all_are(AccountState.PAUSED))
        assert daemon.end() == 0
    assert ask(home, "status") is None
    for found in daemon.configuration.discovery.credentials:
        KeyOwnership(home, found.api_key.fingerprint, SystemClock(), "test").release()


def test_on_paper_every_account_trades_without_its_key(tmp_path: Path) -> None:
    with running_simulator(SimulatorConfig(ACCOUNTS, limits=UNLIMITED)) as simulator:
        with running(on_paper(configured(simulator, tmp_path, NIJA_MODE="paper"))) as daemon:
            assert {account["id"] for account in daemon.status()["accounts"]} == NAMES
        requests = simulator.call(lambda: list(simulator.world.records.requests))
    assert requests
    assert [request for request in requests if request.account] == []


def test_a_redeployed_daemon_waits_for_the_key_of_the_one_before(simulator: Simulator, tmp_path: Path) -> None:
    configuration = configured(simulator, tmp_path, RENDER="true")
    fingerprint = configuration.discovery.credentials[0].api_key.fingerprint
    held = KeyOwnership(configuration.home, fingerprint, SystemClock(), "the one before")
    threading.Timer(1.0, held.release).start()
    with running(configuration) as daemon:
        assert daemon.ended == []


def test_a_port_that_is_taken_is_said_before_anything_trades(live: Daemon, tmp_path: Path) -> None:
    taken = live.configuration.environ["KRAKEN_API_URL"].rpartition(":")[2]
    second = Daemon(read_configuration({**live.configuration.environ, "PORT": taken}, tmp_path))
    second.start()
    assert isinstance(second.end(), ConfigurationError)


@dataclass(frozen=True)
class ToldOnTelegram:
    """What was sent to each chat while NIJA's owner stopped all accounts, and who did so by the history of each."""

    texts: dict[int, str]
    stopped_by: set[str]


@pytest.fixture(scope="module")
def told_on_telegram(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> ToldOnTelegram:
    """A daemon whose kraken:daivon_frazier has an owner with a chat of their own."""
    folder = tmp_path_factory.mktemp("telegram")
    own = folder / "own.toml"
    own.write_text(f'[accounts."kraken:daivon_frazier"]\ntelegram_chat = {DAIVONS}\n', encoding="utf-8")
    with bot_api() as telegram:
        chats = {"NIJA_TELEGRAM_TOKEN": TOKEN, "NIJA_TELEGRAM_CHATS": str(OWNER), "NIJA_CONFIG": str(own)}
        configuration = configured(simulator, folder, **chats, NIJA_TELEGRAM_API_URL=telegram.address)
        with running(configuration) as daemon:
            for text, chat in (("/stop", DAIVONS), ("/status", DAIVONS), ("/stop", OWNER)):
                telegram.write(text, chat=chat, date=time.time())
            message, yes, _ = telegram.button
            telegram.press(yes, message, name="Dana")
            daemon.wait_until(lambda: daemon.all_are(AccountState.PAUSED))
            telegram.wait_for("editMessageText", 1)
        texts = {chat: "\n".join(telegram.said_to(chat)) for chat in (OWNER, DAIVONS)}
    with closing(Journals(folder / "data", SystemClock(), get_log("test"))) as journals:
        accounts = [found.account for found in configuration.discovery.credentials]
        return ToldOnTelegram(texts, {_stopped_by(journals, account) for account in accounts})


def _stopped_by(journals: Journals, account: AccountId) -> str:
    with closing(journals.read(account)) as journal:
        (stopped,) = journal.history.latest(9, Command.STOP_TRADING)
    return str(stopped.detail["by"])


def test_on_telegram_the_owner_stops_all_accounts_and_the_history_says_who_did(
    told_on_telegram: ToldOnTelegram,
) -> None:
    assert told_on_telegram.stopped_by == {f"Telegram {OWNER} (Dana)"}


def test_the_chats_that_may_ask_are_notified_of_everything(told_on_telegram: ToldOnTelegram) -> None:
    text = told_on_telegram.texts[OWNER]
    assert "🚀 started" in text
    assert all(f"{who} opens nothing new" in text for who in ("Kraken MASTER", "USER daivon_frazier"))


def test_the_owner_of_one_account_is_answered_and_notified_of_that_account_alone(
    told_on_telegram: ToldOnTelegram,
) -> None:
    text = told_on_telegram.texts[DAIVONS]
    assert "You can look but not act here" in text
    assert "kraken:daivon_frazier TRADING" in text
    assert "USER daivon_frazier opens nothing new" in text
    assert "master" not in text.casefold()
