"""Safeguards of what people ask and command from outside: who may, once, and in time; who is told what."""

from __future__ import annotations

from bench.mutations.mutation import Mutation

_TELEGRAM = "tests/nija/telegram/test_telegram.py"
_AUDIENCE = "tests/nija/notify/test_audience.py"
_MARKUP = "tests/nija/telegram/test_markup.py"
_SETTINGS = "tests/accounts/test_telegram_settings.py"

TELEGRAM_MUTATIONS = (
    Mutation(
        "everybody may ask the bot",
        "nija/telegram/rights.py",
        "    return ChatRights(own) if own else None\n",
        "    return ChatRights(own)\n",
        (f"{_TELEGRAM}::TestStrangers",),
    ),
    Mutation(
        "the owner of one account sees all",
        "nija/telegram/rights.py",
        "tuple(one for one in report.accounts if one.id in self.only)",
        "report.accounts",
        (f"{_TELEGRAM}::TestTheOwnerOfOneAccount",),
    ),
    Mutation(
        "the owner of one account may act",
        "nija/telegram/rights.py",
        "        return self.only is None\n",
        "        return True\n",
        (f"{_TELEGRAM}::TestTheOwnerOfOneAccount",),
    ),
    Mutation(
        "a button works twice",
        "nija/telegram/confirmations.py",
        "        del self._open[key]\n        return question if",
        "        return question if",
        (f"{_TELEGRAM}::TestActing",),
    ),
    Mutation(
        "a button works for ever",
        "nija/telegram/confirmations.py",
        " if self._clock.monotonic() - question.asked <= VALID_SECONDS else None",
        "",
        (f"{_TELEGRAM}::TestActing",),
    ),
    Mutation(
        "a button works below any message",
        "nija/telegram/confirmations.py",
        "            pressed.message,\n",
        "            question.message,\n",
        (f"{_TELEGRAM}::TestActing",),
    ),
    Mutation(
        "a button works for anybody in the group",
        "nija/telegram/confirmations.py",
        "            pressed.sender.id,\n",
        "            question.sender,\n",
        (f"{_TELEGRAM}::TestActing",),
    ),
    Mutation(
        "no is taken for yes",
        "nija/telegram/bot.py",
        ' if answer == _YES else ["Nothing was done."]',
        "",
        (f"{_TELEGRAM}::TestActing",),
    ),
    Mutation(
        "a command from before the start is asked back",
        "nija/telegram/bot.py",
        "        elif written.time + 1 <= self._started:\n",
        "        elif written.time + 1 <= 0:\n",
        (f"{_TELEGRAM}::TestActing",),
    ),
    Mutation(
        "an outcome is not told because a press cannot be acknowledged",
        "nija/telegram/bot.py",
        "        with suppress(TelegramError):\n            self._acknowledge(pressed)\n",
        "        self._acknowledge(pressed)\n",
        (f"{_TELEGRAM}::TestActing",),
    ),
    Mutation(
        "the history does not say who commanded",
        "nija/telegram/bot.py",
        "Instruction(question.command, by=str(pressed.sender))",
        "Instruction(question.command)",
        (f"{_TELEGRAM}::TestActing",),
    ),
    Mutation(
        "what Telegram delivers twice is taken twice",
        "nija/telegram/poller.py",
        "        if number is None or number in self._taken:\n",
        "        if number is None:\n",
        (f"{_TELEGRAM}::TestActing",),
    ),
    Mutation(
        "strangers fill the log",
        "nija/telegram/bot.py",
        " or len(self._strangers) >= _STRANGERS_LOGGED:",
        ":",
        (f"{_TELEGRAM}::TestStrangers",),
    ),
    Mutation(
        "an error of Telegram shows the token",
        "nija/telegram/api.py",
        "said.replace(token, '…')",
        "said",
        (f"{_TELEGRAM}::TestTrouble",),
    ),
    Mutation(
        "an error of the network shows the token",
        "nija/telegram/api.py",
        '(f"no answer from Telegram ({type(error).__name__})")',
        '(f"no answer from Telegram ({type(error).__name__}: {error})")',
        (f"{_TELEGRAM}::TestTrouble",),
    ),
    Mutation(
        "what people write is markup",
        "nija/telegram/markup.py",
        "    return escape(_TYPED.sub(_sent, text), quote=False)\n",
        "    return _TYPED.sub(_sent, text)\n",
        (_MARKUP, f"{_TELEGRAM}::TestReading"),
    ),
    Mutation(
        "an account's owner is notified of the others",
        "nija/notify/audience.py",
        "            return event if event.account == account else None\n",
        "            return event\n",
        (_AUDIENCE,),
    ),
    Mutation(
        "an account's owner reads everybody's day",
        "nija/notify/audience.py",
        "for day in event.accounts if day.account == account)",
        "for day in event.accounts)",
        (_AUDIENCE,),
    ),
    Mutation(
        "a fault shows the notification URLs of an account",
        "accounts/setting_faults.py",
        "    if _is_secret(model, parts[0]):\n",
        "    if False:\n",
        (_SETTINGS,),
    ),
)
