"""Safeguards of when something is done, and of what one that fails may stop: nija/orders/desk.py."""

from __future__ import annotations

from bench.mutations.mutation import Mutation

_RELEASE = "tests/nija/orders/test_release.py"
_DESK = "nija/orders/desk.py"
_TESTS = "tests/nija/orders/test_order_desk.py"
_ENTERING = f"{_TESTS}::TestEntering"
_LOST = f"{_TESTS}::TestLostAnswers"
_STOPS = f"{_TESTS}::TestStops"
_EXITS = f"{_TESTS}::TestExits"
_FAILING = f"{_TESTS}::TestOneThatFails"
_PROTECTION = "tests/nija/orders/test_protection.py"
_THE_END = f"{_PROTECTION}::TestTheEnd"
_DENIED = f"{_PROTECTION}::TestStopsThatTheExchangeDenies"
_COINS = "tests/nija/orders/test_whose_coins.py"
_WITHDRAWN = f"{_COINS}::TestCoinsAreWithdrawn"
_NOT_KNOWN = f"{_COINS}::TestWhatCannotBeKnown"
_ANOTHER = f"{_COINS}::TestAnotherNija"
_EVIDENCE = f"{_COINS}::TestWhatTheBrokerSawOfAnotherProgram"
_RECONCILING = "tests/nija/orders/test_reconciliation.py"

DESK_MUTATIONS = (
    # releases and commands
    Mutation(
        "a command to close sells what is being released",
        _DESK,
        "        if self._releaser.is_active:\n            # Whatever",
        "        if False:\n            # Whatever",
        (_RELEASE,),
    ),
    Mutation(
        "what was closed by hand is bought back at the candle during which it was held",
        "nija/trader/trader.py",
        "if symbol not in self._desk.positions() and self._held_candles.was_held(symbol, signal, now):",
        "if False:",
        ("tests/nija/trader/test_trader.py",),
    ),
    # entries
    Mutation(
        "something is opened before the account was compared",
        _DESK,
        "        if not self._reconciled:\n",
        "        if False:\n",
        (f"{_ENTERING}::test_nothing_is_opened_before_the_account_was_compared",),
    ),
    Mutation(
        "something is opened beside an order of unknown outcome",
        _DESK,
        "        if working is not None:\n            return working\n",
        "",
        (f"{_LOST}::test_an_unknown_order_blocks_its_market_alone",),
    ),
    Mutation(
        "something is opened while coins are in doubt",
        _DESK,
        '        if self._owner.in_doubt(market.partition("/")[0]):\n'
        '            return "coins are missing, and it is not known yet whose they were"\n',
        "",
        (f"{_WITHDRAWN}::test_more_than_his_own_is_in_doubt_and_nothing_in_doubt_is_sold",),
    ),
    Mutation(
        "a candle is acted upon twice",
        _DESK,
        "        if self.acted_on(market.symbol, signal_time):\n",
        "        if False:\n",
        (f"{_ENTERING}::test_a_candle_is_acted_upon_once",),
    ),
    Mutation(
        "a second position is opened in a market",
        _DESK,
        '"a position is already open" if is_open else None',
        "None",
        (f"{_ENTERING}::test_a_market_has_one_position",),
    ),
    Mutation(
        "an entry is sent to a market that takes no market orders",
        _DESK,
        "        if not market.tradable or not market.takes_market_orders:\n",
        "        if False:\n",
        (f"{_ENTERING}::test_nothing_is_sent_to_a_market_that_takes_no_market_orders",),
    ),
    Mutation(
        "something is bought before it is known what the owner holds",
        _DESK,
        "            if not self._owner.is_fresh(market.base):\n                self._owner.check(only=market.base)\n",
        "",
        (f"{_NOT_KNOWN}::test_nothing_is_bought_while_it_is_not_known_what_the_owner_holds",),
    ),
    Mutation(
        "an entry that was not sent is tried again without a pause",
        _DESK,
        "        if later is not None:\n",
        "        if False:\n",
        (f"{_ENTERING}::test_each_further_try_waits_longer_and_says_the_true_reason",),
    ),
    Mutation(
        "an entry that was not sent is over",
        _DESK,
        "        if entry.transient:\n",
        "        if False:\n",
        (f"{_ENTERING}::test_an_entry_that_never_left_is_tried_again_for_as_long_as_its_candle_is_the_last",),
    ),
    Mutation(
        "a refused key is an entry that is tried again",
        _DESK,
        "        except (Unauthorized, PermissionDenied):\n            raise\n        except BrokerError as error:\n"
        "            return EntryOutcome(",
        "        except BrokerError as error:\n            return EntryOutcome(",
        (f"{_ENTERING}::test_a_refused_key_is_raised_and_leaves_nothing_open",),
    ),
    Mutation(
        "an entry is protected at the next look",
        _DESK,
        "        if plan is not None:\n            self._executor.run(plan)\n\n    def _is_at_rest",
        "\n    def _is_at_rest",
        (f"{_ENTERING}::test_an_entry_is_bought_and_protected_at_once",),
    ),
    # exits and stops
    Mutation(
        "the decision to sell is kept in memory alone",
        _DESK,
        "            self._open.update_plan(plan)\n        outcome",
        "        outcome",
        (f"{_EXITS}::test_a_decision_to_sell_survives_the_process",),
    ),
    Mutation(
        "the plan's stop moves down",
        _DESK,
        "if wanted <= ZERO or (plan.stop_price is not None and wanted <= plan.stop_price):",
        "if wanted <= ZERO:",
        (f"{_STOPS}::test_the_stop_moves_up_and_never_down",),
    ),
    # one bad member
    Mutation(
        "a position that fails keeps the next from being looked after",
        _DESK,
        "            with attempts:\n                self._manage(plan)\n        self._watch",
        "            self._manage(plan)\n        self._watch",
        (_FAILING,),
    ),
    Mutation(
        "a position that fails keeps the next from being flattened",
        _DESK,
        "            with attempts:\n                self._sell(market, reason)\n",
        "            self._sell(market, reason)\n",
        (_FAILING,),
    ),
    Mutation(
        "an entry that cannot be cancelled keeps the next from being cancelled",
        _DESK,
        "                with attempts:\n                    self._executor.withdraw(intent)\n",
        "                self._executor.withdraw(intent)\n",
        (_FAILING,),
    ),
    Mutation(
        "what could not be asked about one order stops everything else",
        _DESK,
        "                with attempts:\n                    self._tracker.resolve(intent)\n",
        "                self._tracker.resolve(intent)\n",
        (_FAILING,),
    ),
    Mutation(
        "a refused key is tried for every position",
        "nija/orders/tracking.py",
        " or isinstance(error, (Unauthorized, PermissionDenied, LockedOut))",
        "",
        (_FAILING,),
    ),
    Mutation(
        "a comparison that finds no room in the rate limit is tried again at once",
        _DESK,
        "            self._reconcile_at += error.retry_after\n",
        "",
        (f"{_RECONCILING}::test_a_comparison_beyond_the_rate_limit_is_retried_once_there_is_capacity",),
    ),
    # finish
    Mutation(
        "what protects is tried once after the stop signal",
        _DESK,
        "            self._clock.pause(_FINISH_POLL_SECONDS)\n",
        "            return False\n",
        (f"{_THE_END}::test_what_fails_is_tried_again_within_the_grace_time",),
    ),
    Mutation(
        "the grace time has no end",
        _DESK,
        "            if self._clock.monotonic() + _FINISH_POLL_SECONDS > until:\n",
        "            if False:\n",
        (f"{_THE_END}::test_it_ends_when_the_time_is_over",),
    ),
    Mutation(
        "what became of an order is not asked after the stop signal",
        _DESK,
        "            attempts = ErrorCollector()\n            self._resolve(attempts)\n",
        "            attempts = ErrorCollector()\n",
        (_THE_END,),
    ),
    # doubt
    Mutation(
        "a position in doubt is looked at with the next comparison",
        _DESK,
        "        elif self._owner.due():\n",
        "        elif False:\n",
        (f"{_WITHDRAWN}::test_it_is_settled_within_two_minutes",),
    ),
    # no silence
    Mutation(
        "a stop is placed anew as soon as the exchange denies the old one",
        _DESK,
        "denied >= self._timings.denial:",
        "denied >= 0:",
        (f"{_DENIED}::test_for_five_minutes_nothing_is_assumed",),
    ),
    Mutation(
        "a stop that the exchange denies is never placed anew",
        _DESK,
        "                    self._tracker.drop_if_denied(order)\n",
        "                    pass\n",
        (f"{_DENIED}::test_it_is_placed_anew_after_five_minutes",),
    ),
    Mutation(
        "what was never sent is not known before a comparison",
        _DESK,
        "if only_unsent and intent.state is not OrderState.INTENDED:",
        "if only_unsent:",
        (f"{_RECONCILING}::test_what_was_never_sent_before_a_kill_is_known_at_once_after_it",),
    ),
    Mutation(
        "that the exchange could not be asked is not told",
        _DESK,
        '            self._log.trouble("questions", text, detail=str(error))\n',
        "            pass\n",
        (f"{_LOST}::test_could_not_ask_is_never_not_found",),
    ),
    # release
    Mutation(
        "a release that a kill interrupted places its stop again",
        _DESK,
        "Releaser(context, self._executor, journal.halts.all())",
        "Releaser(context, self._executor, ())",
        (_RELEASE,),
    ),
    Mutation(
        "a released stop is cancelled as an orphan",
        "nija/orders/reconciliation.py",
        " or intent.state is OrderState.RELEASED",
        "",
        (f"{_RELEASE}::test_a_kept_stop_is_the_owners_and_no_comparison_cancels_it",),
    ),
    Mutation(
        "what a released stop sells is booked as NIJA's",
        "nija/orders/reconciliation.py",
        "intent is not None and intent.state is not OrderState.RELEASED and not",
        "intent is not None and not",
        (f"{_RELEASE}::test_what_a_kept_stop_sells_is_not_booked_as_nijas",),
    ),
    # another program on the account
    Mutation(
        "an account that another program trades enters",
        _DESK,
        "        if (halted := self._halted()) is not None:\n            return halted\n",
        "",
        (f"{_ANOTHER}::test_its_order_pauses_the_account",),
    ),
    Mutation(
        "an account that another program trades sells",
        _DESK,
        "        if (halted := self._halted()) is not None:\n"
        "            return ExitOutcome(ExitStatus.WORKING, halted)\n",
        "",
        (f"{_ANOTHER}::test_nija_s_own_stop_stays_where_it_is",),
    ),
    Mutation(
        "an account that another program trades moves its stops",
        _DESK,
        "if plan is None or listed is None or self._halted() is not None:",
        "if plan is None or listed is None:",
        (f"{_ANOTHER}::test_nija_s_own_stop_stays_where_it_is",),
    ),
    Mutation(
        "an order of another NIJA's is no evidence",
        _DESK,
        'f"NIJA orders that this journal does not know: {_named(rival_orders)}" if rival_orders else None',
        "None",
        (f"{_ANOTHER}::test_its_order_pauses_the_account",),
    ),
    Mutation(
        "a restart forgets that another program trades the account",
        _DESK,
        "self._executor.paused = HaltName.ANOTHER_PROGRAM in journal.halts.all()",
        "self._executor.paused = False",
        (f"{_ANOTHER}::test_it_holds_across_a_restart",),
    ),
    Mutation(
        "that another program trades the account is not written down",
        _DESK,
        "        self._journal.halts.set(HaltName.ANOTHER_PROGRAM, ANOTHER_PROGRAM, now)\n",
        "",
        (f"{_ANOTHER}::test_it_holds_across_a_restart",),
    ),
    Mutation(
        "a mere suspicion of another program pauses the account",
        _DESK,
        "evidence = seen.text if seen.is_certain else evidence",
        "evidence = seen.text",
        (_EVIDENCE,),
    ),
    Mutation(
        "what the broker is certain of pauses nothing",
        _DESK,
        "evidence = seen.text if seen.is_certain else evidence",
        "pass",
        (_EVIDENCE,),
    ),
    Mutation(
        "what the broker saw of another program is not told",
        _DESK,
        '            self._log.trouble("key", f"{seen.text}: give NIJA a key of its own")\n',
        "",
        (_EVIDENCE,),
    ),
    Mutation(
        "what another NIJA left is not taken up after a resume",
        _DESK,
        "        self._owner.started = self._broker.exchange_time()\n",
        "",
        (f"{_ANOTHER}::test_what_it_left_is_taken_up_once_someone_resumes",),
    ),
)
