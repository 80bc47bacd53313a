"""Telegram that answers: the whole poller against a stand-in of the Bot API, over a real socket."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, cast

import pytest
import structlog
from structlog.testing import CapturingLogger

from accounts.identity import AccountId
from accounts.setting_tables import OwnSettings
from accounts.settings import Settings
from brokers.clock import SystemClock
from nija.control.commands import send_to
from nija.control.wire import ControlError
from nija.journal.errors import JournalError
from nija.risk.no_trade import NoTradeReason, Rule
from nija.status.report import AccountStatus, HaltStatus, PositionStatus, StatusReport
from nija.telegram.api import BotApi
from nija.telegram.bot import BotContext
from nija.telegram.confirmations import VALID_SECONDS
from nija.telegram.poller import Poller
from nija.telegram.rights import chat_rights
from nija.trader.commands import Command, CommandQueue, Instruction
from tests.fakes import ManualClock
from tests.nija.telegram.bot_api import (
    GROUP,
    OWNER,
    STRANGER,
    TANIAS,
    TOKEN,
    BotApiStandIn,
    Fault,
    bot_api,
    refused,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from structlog.typing import FilteringBoundLogger

    from nija.journal.journal import Journal
    from nija.trader.commands import CommandResult

MASTER, TANIA = AccountId.parse("coinbase:master"), AccountId.parse("kraken:tania_gilbert")
POSITION = PositionStatus(
    market="BTC/USD",
    amount=Decimal("0.002"),
    entry_price=Decimal(95000),
    stop=Decimal(88000),
    price=Decimal(97000),
    profit=Decimal("3.10"),
    profit_percent=Decimal("1.63"),
)
WAITING = NoTradeReason(Rule.NO_SIGNAL, "no breakout at the last candle", market="ETH/USD")
REPORT = StatusReport(
    pid=1,
    version="1.0",
    since=None,
    mode="live",
    accounts=(
        AccountStatus(
            str(MASTER),
            "MASTER",
            "coinbase",
            "TRADING",
            equity=Decimal("1034.56"),
            equity_change=Decimal("3.2"),
            positions=(POSITION,),
            not_trading=(WAITING, replace(WAITING, market="SOL/USD")),
            is_known=True,
        ),
        AccountStatus(str(TANIA), "USER tania_gilbert", "kraken", "PAUSED", "equity < $25 & falling", is_known=True),
    ),
)


@pytest.fixture(scope="module")
def server() -> Iterator[BotApiStandIn]:
    with bot_api() as stand_in:
        yield stand_in


@dataclass
class Daemon:
    """What the bot sees of a daemon: a report, its settings, and a queue of commands for each account."""

    api: BotApiStandIn
    report: StatusReport = REPORT
    owners: tuple[int, ...] = (OWNER, GROUP)
    clock: ManualClock = field(default_factory=ManualClock)
    given: list[tuple[str | None, Instruction]] = field(default_factory=list)
    is_stopping: bool = False

    def __post_init__(self) -> None:
        own = Settings().for_account(TANIA)
        settings = Settings(accounts={TANIA: replace(own, own=OwnSettings(telegram_chat=TANIAS))})
        self._sink = CapturingLogger()
        self._log = cast("FilteringBoundLogger", structlog.wrap_logger(self._sink, processors=[]))
        self._queues = {one: CommandQueue(one, SystemClock(), self._log, lambda: None) for one in (MASTER, TANIA)}
        self._rights = lambda chat: chat_rights(chat, self.owners, settings)
        self.start()

    def start(self) -> None:
        """Start, or start again."""
        context = BotContext(lambda: self.report, self._journal, self._command, self._rights)
        self.poller = Poller(BotApi(self.api.address, TOKEN), context, self.owners, self.clock, self._log)

    @property
    def log(self) -> str:
        return "\n".join(str(call) for call in self._sink.calls)

    def hears(self, text: str, *, chat: int = OWNER, sender: int | None = None, name: str = "me") -> list[str]:
        """What is said after somebody has written this."""
        self.api.write(text, chat=chat, sender=sender, name=name, date=self.clock.time())
        return self.said_in(self.poller.turn)

    def presses(self, data: str, message: int, *, chat: int = OWNER, sender: int | None = None) -> list[str]:
        self.api.press(data, message, chat=chat, sender=sender)
        return self.said_in(self.poller.turn)

    def said_in(self, act: Callable[[], None]) -> list[str]:
        before = len(self.api.said)
        act()
        return self.api.said[before:]

    def _command(self, account: str | None, instruction: Instruction) -> tuple[CommandResult, ...]:
        if self.is_stopping:
            raise ControlError("NIJA is stopping")
        self.given.append((account, instruction))
        return send_to(self._queues, account, instruction, receipt_seconds=0)

    @staticmethod
    def _journal(account: AccountId) -> Journal:
        raise JournalError(f"no journal of {account}")


@pytest.fixture
def daemon(server: BotApiStandIn) -> Daemon:
    """Its bot is known to Telegram and nothing is waiting."""
    server.calls.clear()
    server.faults.clear()
    server.token = TOKEN
    started = Daemon(server)
    started.poller.turn()
    server.calls.clear()
    return started


class TestReading:
    def test_status_shows_every_account_to_the_owner(self, daemon: Daemon) -> None:
        (answer,) = daemon.hears("/status")
        assert "2 accounts: 1 TRADING, 1 PAUSED" in answer
        assert "coinbase:master TRADING\nequity $1034.56 (+$3.20 today)" in answer
        assert "BTC/USD: 0.00200000 bought @ $95000.00, now $97000.00, stop $88000.00" in answer
        assert "kraken:tania_gilbert PAUSED\nequity unknown\nPAUSED: equity &lt; $25 &amp; falling" in answer

    def test_status_of_one_account_shows_that_one(self, daemon: Daemon) -> None:
        (answer,) = daemon.hears("/status kraken:tania_gilbert")
        assert "coinbase:master" not in answer

    def test_an_account_without_enough_money_does_not_read_trading(self, daemon: Daemon) -> None:
        daemon.report = replace(REPORT, accounts=(replace(REPORT.accounts[0], is_underfunded=True),))
        (answer,) = daemon.hears("/status")
        assert "1 account: 1 UNDERFUNDED" in answer
        assert "coinbase:master UNDERFUNDED" in answer

    def test_why_names_each_reason_once_with_its_markets(self, daemon: Daemon) -> None:
        (answer,) = daemon.hears("/why")
        assert "ETH/USD, SOL/USD: no breakout at the last candle" in answer

    def test_why_says_once_by_whom_an_account_was_stopped_and_when(self, daemon: Daemon) -> None:
        since = datetime.fromtimestamp(daemon.clock.time() - 300, UTC)
        paused = replace(
            REPORT.accounts[1],
            reason="stopped by Telegram 1001 (me)",
            latches=(HaltStatus("stop_trading", "stopped by Telegram 1001 (me)", since),),
            not_trading=(replace(WAITING, rule=Rule.PAUSED, text="new entries are paused (stopped by ...)"),),
        )
        daemon.report = replace(REPORT, accounts=(paused,))
        assert daemon.hears("/why") == [
            "kraken:tania_gilbert PAUSED\n🛑 stopped by Telegram 1001 (me), 5 min ago (/resume kraken:tania_gilbert)"
        ]

    def test_a_journal_that_cannot_be_read_is_named(self, daemon: Daemon) -> None:
        (answer,) = daemon.hears("/history coinbase:master")
        assert answer == "⚠️ coinbase:master: no journal of coinbase:master"

    def test_help_lists_what_this_chat_may_ask(self, daemon: Daemon) -> None:
        assert "/flatten" in daemon.hears("/start")[0]
        (own,) = daemon.hears("/help", chat=TANIAS)
        assert "/why" in own
        assert "/flatten" not in own

    def test_an_unknown_account_is_answered_with_the_known_ones(self, daemon: Daemon) -> None:
        (answer,) = daemon.hears("/status kraken:tania")
        assert "it has: coinbase:master, kraken:tania_gilbert" in answer

    def test_a_hundred_accounts_fit_into_messages_that_telegram_accepts(self, daemon: Daemon) -> None:
        accounts = tuple(replace(REPORT.accounts[0], id=f"kraken:owner_{number}_{'x' * 60}") for number in range(100))
        daemon.report = replace(REPORT, accounts=accounts)
        answers = daemon.hears("/status")
        assert len(answers) > 1
        assert all(account.id in "".join(answers) for account in accounts)

    def test_a_group_may_name_the_bot_and_other_bots_are_left_alone(self, daemon: Daemon) -> None:
        assert daemon.hears("/status@NIJA_bot", chat=GROUP, sender=OWNER)
        assert daemon.hears("/status@other_bot", chat=GROUP, sender=OWNER) == []
        assert daemon.hears("good morning", chat=GROUP, sender=OWNER) == []

    def test_what_is_no_command_gets_a_hint(self, daemon: Daemon) -> None:
        assert daemon.hears("good morning") == ["Send /help to see what you can ask."]


class TestStrangers:
    def test_a_stranger_gets_no_answer_and_is_logged_once(self, daemon: Daemon) -> None:
        for text in ("/status", "/stop", "/flatten"):
            assert daemon.hears(text, chat=STRANGER, name="Eve\n✅ all\u202e is well") == []
        assert daemon.log.count("is ignored") == 1
        assert "Chat 666 (Eve ✅ all is well) wrote" in daemon.log
        assert "add the number to NIJA_TELEGRAM_CHATS" in daemon.log

    def test_many_strangers_cannot_fill_the_log(self, daemon: Daemon) -> None:
        for number in range(40):
            daemon.hears("/status", chat=3000 + number)
        assert daemon.log.count("is ignored") == 20

    def test_a_stranger_in_nobodys_group_cannot_press_the_owners_button(self, daemon: Daemon) -> None:
        daemon.hears("/stop")
        message, yes, _ = daemon.api.button
        daemon.presses(yes, message, chat=STRANGER)
        assert daemon.given == []


class TestTheOwnerOfOneAccount:
    def test_sees_that_account_alone(self, daemon: Daemon) -> None:
        for command in ("/status", "/why", "/history"):
            (answer,) = daemon.hears(command, chat=TANIAS)
            assert "tania_gilbert" in answer
            assert "coinbase" not in answer

    def test_is_not_told_what_concerns_nijas_owner(self, daemon: Daemon) -> None:
        daemon.report = replace(REPORT, notices=("NIJA_LOG_FILE takes effect at the next start",))
        assert "⚠️ NIJA_LOG_FILE takes effect at the next start" in daemon.hears("/status")[0]
        assert "NIJA_LOG_FILE" not in daemon.hears("/status", chat=TANIAS)[0]

    def test_is_not_told_that_another_account_exists(self, daemon: Daemon) -> None:
        answers = [daemon.hears(f"/status {name}", chat=TANIAS) for name in ("coinbase:master", "coinbase:other")]
        assert [answer[0].replace("other", "master") for answer in answers] == [answers[0][0]] * 2
        assert "it has: kraken:tania_gilbert." in answers[0][0]

    @pytest.mark.parametrize("command", ["/stop", "/resume", "/flatten", "/stop kraken:tania_gilbert"])
    def test_cannot_act(self, daemon: Daemon, command: str) -> None:
        assert daemon.hears(command, chat=TANIAS) == ["You can look but not act here: only NIJA's owner can."]
        assert daemon.given == []

    def test_cannot_press_the_button_of_nijas_owner(self, daemon: Daemon) -> None:
        daemon.hears("/stop")
        message, yes, _ = daemon.api.button
        daemon.presses(yes, message, chat=TANIAS)
        assert daemon.given == []


class TestActing:
    @pytest.mark.parametrize(
        ("text", "command", "account"),
        [
            ("/stop", Command.STOP_TRADING, None),
            ("/resume", Command.RESUME, None),
            ("/flatten", Command.FLATTEN, None),
            ("/stop coinbase:master", Command.STOP_TRADING, "coinbase:master"),
            ("/Flatten Kraken:Tania_Gilbert", Command.FLATTEN, "kraken:tania_gilbert"),
        ],
    )
    def test_is_done_when_its_button_is_pressed_and_not_before(
        self, daemon: Daemon, text: str, command: Command, account: str | None
    ) -> None:
        daemon.hears(text, name="Dana")
        assert daemon.given == []
        message, yes, _ = daemon.api.button
        (answer,) = daemon.presses(yes, message)
        assert daemon.given == [(account, Instruction(command, by="Telegram 1001 (me)"))]
        assert answer.startswith("⏳ ")
        assert daemon.api.of("editMessageText")[-1]["message_id"] == message
        assert f"Telegram 1001 (me) gives the command {command.value}" in daemon.log

    def test_the_question_says_what_would_be_sold(self, daemon: Daemon) -> None:
        (question,) = daemon.hears("/flatten")
        assert "on ALL accounts (coinbase:master, kraken:tania_gilbert)?" in question
        assert "coinbase:master: 0.00200000 BTC, worth about $194.00" in question
        assert "holds no position" in daemon.hears("/flatten kraken:tania_gilbert")[0]

    def test_the_question_says_which_halts_would_end(self, daemon: Daemon) -> None:
        since = datetime.fromtimestamp(daemon.clock.time(), UTC)
        halts = (HaltStatus("daily_loss", "lost 9 % today", since), HaltStatus("another_program", "a 2nd NIJA", since))
        daemon.report = replace(REPORT, accounts=(replace(REPORT.accounts[1], latches=halts),))
        (question,) = daemon.hears("/resume")
        assert "kraken:tania_gilbert: this ends: lost 9 % today" in question
        assert "Losses are counted from zero again." in question
        assert "Only do this once no other program trades there." in question
        assert "Losses" not in daemon.hears("/stop")[0]

    def test_positions_that_are_not_known_are_not_called_none(self, daemon: Daemon) -> None:
        daemon.report = replace(REPORT, accounts=(replace(REPORT.accounts[1], is_known=False),))
        assert "kraken:tania_gilbert: its positions are not known yet" in daemon.hears("/flatten")[0]

    def test_no_does_nothing_and_closes_the_question(self, daemon: Daemon) -> None:
        daemon.hears("/stop")
        message, yes, no = daemon.api.button
        assert daemon.presses(no, message) == ["Nothing was done."]
        daemon.presses(yes, message)
        assert daemon.given == []

    def test_a_button_works_once(self, daemon: Daemon) -> None:
        daemon.hears("/stop")
        message, yes, _ = daemon.api.button
        for _ in range(3):
            daemon.presses(yes, message)
        assert len(daemon.given) == 1
        assert "a button works once" in daemon.api.of("answerCallbackQuery")[-1]["text"]

    def test_a_button_works_for_a_minute(self, daemon: Daemon) -> None:
        daemon.hears("/stop")
        message, yes, _ = daemon.api.button
        daemon.clock.advance(VALID_SECONDS + 1)
        daemon.presses(yes, message)
        assert daemon.given == []

    def test_a_button_works_only_below_its_own_message(self, daemon: Daemon) -> None:
        daemon.hears("/stop coinbase:master")
        _, first, _ = daemon.api.button
        daemon.hears("/flatten")
        message, _, _ = daemon.api.button
        daemon.presses(first, message)
        assert daemon.given == []

    def test_a_button_works_only_for_the_person_who_asked(self, daemon: Daemon) -> None:
        daemon.hears("/stop", chat=GROUP, sender=OWNER)
        message, yes, _ = daemon.api.button
        daemon.presses(yes, message, chat=GROUP, sender=STRANGER)
        assert daemon.given == []
        daemon.presses(yes, message, chat=GROUP, sender=OWNER)
        assert len(daemon.given) == 1

    @pytest.mark.parametrize("data", ["", "yes", "yes:", "yes:invented", "maybe:x", "no:"])
    def test_an_invented_button_does_nothing(self, daemon: Daemon, data: str) -> None:
        daemon.hears("/stop")
        daemon.presses(data, daemon.api.button[0])
        assert daemon.given == []

    def test_a_button_from_before_a_restart_does_nothing(self, daemon: Daemon) -> None:
        daemon.hears("/flatten")
        message, yes, _ = daemon.api.button
        daemon.start()
        daemon.presses(yes, message)
        assert daemon.given == []

    def test_a_command_from_before_the_start_is_not_asked_back(self, daemon: Daemon) -> None:
        daemon.api.write("/flatten", date=daemon.clock.time() - 30)
        daemon.api.write("/status", date=daemon.clock.time() - 30)
        old, status = daemon.said_in(daemon.poller.turn)
        assert "sent before NIJA started, so nothing was done" in old
        assert "2 accounts: 1 TRADING, 1 PAUSED" in status
        assert all("reply_markup" not in sent for sent in daemon.api.of("sendMessage"))

    def test_a_question_that_is_delivered_twice_is_answered_once(self, daemon: Daemon) -> None:
        daemon.hears("/status")
        daemon.api.deliver_again()
        assert daemon.said_in(daemon.poller.turn) == []

    def test_a_press_that_is_delivered_twice_is_carried_out_once(self, daemon: Daemon) -> None:
        daemon.hears("/stop")
        message, yes, _ = daemon.api.button
        daemon.presses(yes, message)
        answered = len(daemon.api.of("answerCallbackQuery"))
        daemon.api.deliver_again()
        daemon.poller.turn()
        assert len(daemon.given) == 1
        assert len(daemon.api.of("answerCallbackQuery")) == answered

    def test_a_command_is_carried_out_although_telegram_cannot_be_told(self, daemon: Daemon) -> None:
        daemon.hears("/stop")
        message, yes, _ = daemon.api.button
        daemon.api.faults["editMessageText"] = deque([Fault(drop=True)])
        daemon.presses(yes, message)
        assert len(daemon.given) == 1
        assert daemon.hears("/status")

    def test_the_outcome_is_told_although_the_press_cannot_be_acknowledged(self, daemon: Daemon) -> None:
        daemon.hears("/stop")
        message, yes, _ = daemon.api.button
        daemon.api.faults["answerCallbackQuery"] = deque([Fault(drop=True)])
        (answer,) = daemon.presses(yes, message)
        assert answer.startswith("⏳ ")

    def test_a_stopping_nija_says_so(self, daemon: Daemon) -> None:
        daemon.hears("/stop")
        message, yes, _ = daemon.api.button
        daemon.is_stopping = True
        assert daemon.presses(yes, message) == ["❌ NIJA is stopping"]


class TestTrouble:
    def test_the_network_is_reported_once_and_waits_grow(self, daemon: Daemon) -> None:
        daemon.api.faults["getUpdates"] = deque([Fault(drop=True)] * 12)
        for _ in range(12):
            daemon.poller.turn()
        assert daemon.log.count("Telegram does not work") == 1
        assert "no answer from Telegram (ConnectionError). NIJA keeps trying; trading is not affected" in daemon.log
        assert daemon.clock.sleeps[:3] == [1.0, 2.0, 4.0]
        assert max(daemon.clock.sleeps) == 300.0
        assert daemon.hears("/status")
        assert daemon.log.count("Telegram answers again") == 1

    @pytest.mark.parametrize(
        ("fault", "said"),
        [
            (refused(401, "Unauthorized"), "HTTP 401: Unauthorized. Check NIJA_TELEGRAM_TOKEN"),
            (refused(409, "Conflict: terminated by other getUpdates request"), "Another program receives this bot's"),
            (Fault(502, page="<html>hidden</html>"), "HTTP 502. NIJA keeps trying"),
            (Fault(200, page="not JSON"), "HTTP 200. NIJA keeps trying"),
            (Fault(200, page='["not", "an", "answer"]'), "HTTP 200. NIJA keeps trying"),
            (Fault(500, {"ok": False, "description": f"fault at /bot{TOKEN}/getUpdates"}), "HTTP 500: fault at /bot…/"),
        ],
    )
    def test_each_trouble_is_said_with_its_remedy_and_without_the_token(
        self, daemon: Daemon, fault: Fault, said: str
    ) -> None:
        daemon.api.faults["getUpdates"] = deque([fault, fault])
        daemon.poller.turn()
        daemon.poller.turn()
        assert daemon.log.count(said) == 1
        assert "hidden" not in daemon.log

    def test_two_pollers_that_take_turns_are_one_trouble(self, daemon: Daemon) -> None:
        for _ in range(5):
            daemon.api.faults["getUpdates"] = deque([refused(409, "Conflict: terminated by other getUpdates request")])
            daemon.poller.turn()
            daemon.poller.turn()
        assert daemon.log.count("Telegram does not work") == 1
        assert "answers again" not in daemon.log

    def test_too_many_requests_are_waited_for_as_long_as_telegram_asks(self, daemon: Daemon) -> None:
        daemon.api.faults["sendMessage"] = deque([refused(429, "Too Many Requests: retry after 7", retry_after=7)])
        assert "2 accounts: 1 TRADING, 1 PAUSED" in daemon.hears("/status")[-1]
        assert daemon.clock.sleeps == [7.0]
        daemon.api.faults["getUpdates"] = deque([refused(429, "Too Many Requests: retry after 30", retry_after=30)])
        daemon.poller.turn()
        assert daemon.clock.sleeps[-1] == 30.0

    def test_nobody_at_the_address_is_a_trouble_without_the_token(self) -> None:
        nobody = Daemon(BotApiStandIn(1))
        nobody.poller.turn()
        assert "no answer from Telegram (ConnectionError)" in nobody.log
        assert "hidden" not in nobody.log

    def test_a_chat_that_blocked_the_bot_does_not_stop_the_others(self, daemon: Daemon) -> None:
        daemon.api.faults["sendMessage"] = deque([refused(403, "Forbidden: bot was blocked by the user")])
        daemon.api.write("/status", chat=TANIAS, date=daemon.clock.time())
        assert "2 accounts: 1 TRADING, 1 PAUSED" in daemon.hears("/status")[-1]

    @pytest.mark.parametrize(
        "update",
        [
            {},
            {"message": None},
            {"message": {"chat": {"id": OWNER}, "from": {"id": OWNER}, "date": 1, "photo": []}},
            {"message": {"chat": {"id": "x"}, "from": {"id": OWNER}, "date": 1, "text": "/status"}},
            {"message": {"chat": {"id": OWNER}, "date": 1, "text": "/status"}},
            {"edited_message": {"chat": {"id": OWNER}, "from": {"id": OWNER}, "date": 1, "text": "/stop"}},
            {"callback_query": {"id": "1", "from": {"id": OWNER}}},
        ],
    )
    def test_what_is_no_question_is_passed_over(self, daemon: Daemon, update: dict[str, object]) -> None:
        daemon.api.deliver(update)
        assert daemon.said_in(daemon.poller.turn) == []
        assert daemon.hears("/status")


class TestTheStart:
    def test_the_menus_of_commands_are_set_for_everybody_and_for_the_owner(self, server: BotApiStandIn) -> None:
        server.calls.clear()
        Daemon(server).poller.turn()
        everybody, owner, group = server.of("setMyCommands")
        names = {command["command"] for command in everybody["commands"]}
        assert names == {"status", "why", "history", "help"}
        assert {command["command"] for command in owner["commands"]} == names | {"stop", "resume", "flatten"}
        assert (owner["scope"]["chat_id"], group["scope"]["chat_id"]) == (OWNER, GROUP)

    def test_a_chat_that_has_never_written_is_no_obstacle(self, server: BotApiStandIn) -> None:
        server.faults["setMyCommands"] = deque(
            [Fault(200, {"ok": True, "result": True}), refused(400, "Bad Request: chat not found")]
        )
        started = Daemon(server)
        started.poller.turn()
        assert "@nija_bot answers" in started.log

    def test_without_chats_the_log_says_how_to_find_the_number(self, server: BotApiStandIn) -> None:
        started = Daemon(server, owners=())
        assert started.hears("/status") == []
        assert "NIJA_TELEGRAM_CHATS is not set. Write to it, and nija.log says the number to set" in started.log
        assert "Chat 1001 (me) wrote to NIJA's Telegram bot" in started.log


def test_the_thread_answers_and_stopping_does_not_wait_for_a_poll(server: BotApiStandIn) -> None:
    server.calls.clear()
    server.faults.clear()
    server.hold = True
    daemon = Daemon(server)
    poller = daemon.poller
    poller.start()
    server.write("/status", date=daemon.clock.time())
    server.wait_for("sendMessage", 1)
    server.wait_for("getUpdates", 2)
    began = SystemClock().monotonic()
    poller.stop()
    assert SystemClock().monotonic() - began < 2.0
    with server.news:
        server.hold = False
        server.news.notify_all()
    for thread in threading.enumerate():
        if thread.name == "telegram":
            thread.join(10)
