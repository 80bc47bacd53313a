"""The thread that asks Telegram for news. Trading never waits for it."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from nija.log.change_filter import ChangeFilter
from nija.telegram.api import BotApi, PollConflict, TelegramError, TokenRefused, TooManyRequests
from nija.telegram.bot import Bot
from nija.telegram.updates import read_update, update_id

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from brokers.clock import Clock
    from nija.telegram.bot import BotContext

_POLL_SECONDS = 25
_FIRST_WAIT = 1.0
_LONGEST_WAIT = 300.0
# Two programs that receive the same bot's messages take turns in being refused: that is one trouble, not many.
_QUIET_SECONDS = 60.0
_STOP_SECONDS = 0.5
_REMEMBERED = 200
_TOPIC, _FAILURE = "telegram", "failure"
_WANTED = ["message", "callback_query"]
_REMEDIES: tuple[tuple[type[TelegramError], str], ...] = (
    (TokenRefused, "Check NIJA_TELEGRAM_TOKEN: @BotFather shows the right one (/mybots)"),
    (
        PollConflict,
        "Another program receives this bot's messages: stop it, or make a bot for this NIJA alone with @BotFather",
    ),
    (TelegramError, "NIJA keeps trying; trading is not affected"),
)


class Poller:
    """One for each bot. `owners` are the chats that may act. `start` returns at once."""

    def __init__(
        self, api: BotApi, context: BotContext, owners: tuple[int, ...], clock: Clock, log: FilteringBoundLogger
    ) -> None:
        self._api = api
        self._owners = owners
        self._clock = clock
        self._log = log
        self._closing = threading.Event()
        self._bot = Bot(api, context, clock, log)
        self._is_introduced = False
        self._offset = 0
        # Should Telegram deliver something twice, it is still taken once.
        self._taken: deque[int] = deque(maxlen=_REMEMBERED)
        self._reasons = ChangeFilter()
        self._wait = _FIRST_WAIT
        self._last_trouble = float("-inf")
        self._thread = threading.Thread(target=self._run, name="telegram", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop without waiting for an unanswered request. Safe to call twice, or without `start`."""
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join(_STOP_SECONDS)

    def turn(self) -> None:
        """Wait for news, and take it."""
        try:
            if not self._is_introduced:
                self._introduce()
            wanted = {"offset": self._offset, "timeout": _POLL_SECONDS, "allowed_updates": _WANTED}
            updates = self._api.call("getUpdates", wanted, wait=_POLL_SECONDS)
        except TelegramError as error:
            self._trouble(error)
            self._clock.sleep(self._next_wait(error))
            return
        self._wait = _FIRST_WAIT
        if self._clock.monotonic() - self._last_trouble >= _QUIET_SECONDS and self._reasons.clear(_TOPIC):
            self._log.info("Telegram answers again")
        for update in updates if isinstance(updates, list) else ():
            if self._closing.is_set():
                return
            self._take(update)

    def _run(self) -> None:
        while not (self._closing.is_set() or self._clock.stopping):
            self._guarded_turn()

    def _guarded_turn(self) -> None:
        """The thread's outermost handler: Telegram must stay usable, and trading must not notice."""
        try:
            self.turn()
        except Exception as error:  # noqa: BLE001  logged with its traceback
            if self._reasons.is_news(_FAILURE, type(error).__name__):
                self._log.exception("❌ Telegram failed unexpectedly; trading is not affected")
            self._clock.sleep(_FIRST_WAIT)

    def _introduce(self) -> None:
        name = self._bot.introduce(self._owners)
        self._is_introduced = True
        if self._owners:
            self._log.info(f"📱 Telegram: @{name} answers")
        else:
            self._log.warning(
                f"⚠️  Telegram: @{name} answers nobody yet, because NIJA_TELEGRAM_CHATS is not set. Write to it, and "
                "nija.log says the number to set"
            )

    def _take(self, update: object) -> None:
        number = update_id(update)
        if number is None or number in self._taken:
            return
        # First of all: if taking it fails, it must not come again.
        self._taken.append(number)
        self._offset = number + 1
        read = read_update(update) if isinstance(update, dict) else None
        if read is None:
            return
        try:
            self._bot.take(read)
        except TelegramError as error:
            self._trouble(error)

    def _trouble(self, error: TelegramError) -> None:
        self._last_trouble = self._clock.monotonic()
        if self._reasons.is_news(_TOPIC, type(error).__name__):
            remedy = next(remedy for kind, remedy in _REMEDIES if isinstance(error, kind))
            self._log.warning(f"⚠️  Telegram does not work: {error}. {remedy}")

    def _next_wait(self, error: TelegramError) -> float:
        """Seconds; longer after each failure in a row."""
        wait, self._wait = self._wait, min(2 * self._wait, _LONGEST_WAIT)
        return max(wait, error.retry_after) if isinstance(error, TooManyRequests) else wait
