"""Safeguards of what runs around the order room: prices, health, commands, journals, threads."""

from __future__ import annotations

from bench.mutations.mutation import Mutation

_KILL_SWITCH = "tests/nija/control/test_kill_switch.py"
_COMMANDS = "tests/nija/trader/test_commands.py"
_ACCOUNT_THREAD = "tests/nija/supervisor/test_account_thread.py"
_OPEN_POSITIONS = "tests/nija/supervisor/test_open_positions.py"
_FEED_ALONE = "tests/nija/test_feed_alone.py"
_FEED_AGES = "tests/nija/test_feed_ages.py"
_JUDGEMENT = "tests/nija/health/test_health_judgement.py"
_STORES = "tests/nija/journal/test_journal_stores.py"
_RETENTION = "tests/brokers/simulator/test_simulator_retention.py"
_DEMO_LIVES = "tests/nija/supervisor/test_demo_lives.py"

DAEMON_MUTATIONS = (
    Mutation(
        "the lock of a key is kept although its account could not be started",
        "nija/supervisor/roster.py",
        "        except Exception:\n            lock.release()\n",
        "        except Exception:\n",
        ("tests/nija/supervisor/test_roster.py",),
    ),
    Mutation(
        "a connect that never begins holds up those behind it",
        "nija/supervisor/account.py",
        "            self._parts.runtime.connect_queue.cancel(self._turn)\n",
        "            pass\n",
        ("tests/nija/supervisor/test_account_thread.py",),
    ),
    Mutation(
        "the demo's exchange keeps all of its past",
        "nija/supervisor/demo.py",
        ", retention=_RETENTION",
        "",
        (_DEMO_LIVES,),
    ),
    Mutation(
        "an old order is forgotten as soon as it ends",
        "brokers/simulator/engine/accounts.py",
        "    return order.closed or order.created\n",
        "    return order.created\n",
        (f"{_RETENTION}::TestOrders::test_what_has_just_ended_is_kept_although_it_was_placed_first",),
    ),
    Mutation(
        "a market that is refused takes every price along",
        "nija/market_data/prices.py",
        "            tickers |= self._isolate(together)\n",
        "            raise\n",
        (_FEED_ALONE,),
    ),
    Mutation(
        "a market that hangs takes every price along",
        "nija/market_data/prices.py",
        "(isinstance(error, Unavailable) and not exchange_answers)",
        "isinstance(error, Unavailable)",
        (_FEED_ALONE,),
    ),
    Mutation(
        "an old price counts as a price",
        "nija/market_data/snapshot.py",
        "if now - self.read[market] <= max_age}",
        "if market in self.read}",
        (_FEED_AGES,),
    ),
    Mutation(
        "a candle stays as it was first read",
        "nija/market_data/series.py",
        "taken = fresh.time >= known.time[-1]",
        "taken = fresh.time > known.time[-1]",
        (_FEED_AGES,),
    ),
    Mutation(
        "a strategy waits in silence for candles that never come",
        "nija/market_data/signals.py",
        "            self._check_length(subscription, len(candles))\n",
        "",
        (_FEED_AGES,),
    ),
    Mutation(
        "an account without market data counts as working",
        "nija/health/judgement.py",
        "        and (not account.markets or not all(map(stale, account.markets)))\n",
        "",
        (_JUDGEMENT,),
    ),
    Mutation(
        "an account whose exchange answers nothing counts as working",
        "nija/health/judgement.py",
        "        and not _is_over(account.last_answer_age, SILENT_SECONDS)\n",
        "",
        (_JUDGEMENT,),
    ),
    Mutation(
        "a position that is not protected is no fault",
        "nija/health/judgement.py",
        "(*at_work, *_protection(account), *_another_program(account))",
        "(*at_work, *_another_program(account))",
        (_JUDGEMENT,),
    ),
    Mutation(
        "a cycle that fails shows what was before it",
        "nija/trader/trader.py",
        "            self._publish_desk()\n",
        "            pass\n",
        ("tests/nija/supervisor/test_account_view.py",),
    ),
    Mutation(
        "a halt is not written down",
        "nija/journal/halts.py",
        "            self._connection.write(insert(halts), values)\n",
        "",
        (_STORES, _KILL_SWITCH),
    ),
    Mutation(
        "a key of another exchange account is taken",
        "nija/supervisor/account.py",
        "        self._check_identity(journal, connected.info)\n",
        "",
        (_ACCOUNT_THREAD,),
    ),
    Mutation(
        "whose journal it is is not written down",
        "nija/supervisor/account.py",
        "            journal.identity.remember(info.account_uid, utc_now(self._clock))\n",
        "            pass\n",
        (_ACCOUNT_THREAD,),
    ),
    Mutation(
        "a command counts only once it is in the journal",
        "nija/trader/commands.py",
        "            halts = _with_command(halts, message)\n",
        "            pass\n",
        (_COMMANDS,),
    ),
    Mutation(
        "a command that could not be written is not written later",
        "nija/trader/commands.py",
        "        return bool(self._arrived) or (bool(self._unwritten) and self._clock.monotonic() >= self._write_at)\n",
        "        return bool(self._arrived)\n",
        (_COMMANDS,),
    ),
    Mutation(
        "a command that nobody will take any more is waited for",
        "nija/trader/commands.py",
        "            self._is_closed = True\n",
        "",
        (_COMMANDS,),
    ),
    Mutation(
        "one broken journal ends a command to all accounts",
        "nija/control/commands.py",
        "            return CommandResult(str(account), CommandStatus.FAILED, str(error))\n",
        "            raise\n",
        (_KILL_SWITCH,),
    ),
    Mutation(
        "an account obeys only while it trades",
        "nija/supervisor/listener.py",
        "            self.obey()\n            self._clock.sleep(",
        "            self._clock.sleep(",
        (_ACCOUNT_THREAD,),
    ),
    Mutation(
        "a database's pool limits the accounts",
        "nija/journal/opening.py",
        "create_engine(database_url, poolclass=NullPool)",
        "create_engine(database_url, pool_timeout=1)",
        (_KILL_SWITCH,),
    ),
    Mutation(
        "a journal is checked, and moved, from under its owner",
        "nija/journal/opening.py",
        '        return self._current(account, "rw")\n',
        '        self.open(account).close()\n        return self._current(account, "rw")\n',
        (_KILL_SWITCH, "tests/nija/journal/test_journal_opening.py"),
    ),
    Mutation(
        "a switched-off account enters",
        "nija/trader/appraisal.py",
        "paused=SWITCHED_OFF if self._context.plan.is_switched_off else paused_by(self._halts.halts)",
        "paused=paused_by(self._halts.halts)",
        ("tests/nija/trader/test_trader.py",),
    ),
    Mutation(
        "a switched-off account with an open position is left alone",
        "nija/supervisor/open_positions.py",
        "        yield setup\n",
        "        yield from ()\n",
        (_OPEN_POSITIONS,),
    ),
    Mutation(
        "accounts connect in any order",
        "nija/supervisor/open_positions.py",
        "    return sorted(setups, key=lambda setup: open_positions(journals, setup.account) is OpenPositions.NONE)\n",
        "    return list(setups)\n",
        (_OPEN_POSITIONS,),
    ),
    Mutation(
        "a journal is put away from under a running NIJA",
        "nija/cli/forget.py",
        "        _refuse_beside_a_daemon(context, account)\n",
        "",
        ("tests/nija/cli/test_forget.py",),
    ),
)
