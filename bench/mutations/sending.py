"""Safeguards of an order's way: nija/orders/sending.py and tracking.py, and what the journal keeps of it."""

from __future__ import annotations

from bench.mutations.mutation import Mutation

_SENDING = "nija/orders/sending.py"
_TRACKING = "nija/orders/tracking.py"
_OPEN_STATE = "nija/journal/open_state.py"
_INTENTS = "nija/journal/intents.py"
_DESK = "tests/nija/orders/test_order_desk.py"
_ENTERING = f"{_DESK}::TestEntering"
_LOST = f"{_DESK}::TestLostAnswers"
_STOPS = f"{_DESK}::TestStops"
_EXITS = f"{_DESK}::TestExits"
_CLOCK = f"{_DESK}::TestTheExchangesTime"
_NEVER_LEFT = f"{_ENTERING}::test_an_entry_that_never_left_is_tried_again_for_as_long_as_its_candle_is_the_last"
_WAITS = f"{_ENTERING}::test_each_further_try_waits_longer_and_says_the_true_reason"
_COMMITTED = f"{_ENTERING}::test_what_is_sent_was_committed_before"
_PROTECTION = "tests/nija/orders/test_protection.py"
_REFUSED_MARKETS = f"{_PROTECTION}::TestRefusedMarkets"
_DENIED = f"{_PROTECTION}::TestStopsThatTheExchangeDenies"
_BY_HAND = f"{_PROTECTION}::TestStopsMovedByHand"
_FILLS = "tests/nija/orders/test_fills_count_once.py"
_STORES = "tests/nija/journal/test_journal_stores.py"
_STATES = "tests/nija/journal/test_order_state.py"
_POSITIONS = "tests/nija/journal/test_positions.py"

_INTEND = "self._open.intend(intent, plan)\n"
_SENT = "sent = self._open.move(intent, replace(intent, state=OrderState.SENT), CommitPoint.SENT)\n"
_PLACE = "exchange_id = self._broker.place(sent.request)\n"
_IN_ORDER = f"        {_INTEND}        {_SENT}        try:\n            {_PLACE}"


def _sent_first(before: str, after: str) -> str:
    """The order is placed between what stands `before` and what stands `after` it, whatever the answer."""
    late = "".join(f"                {line}\n" for line in after.splitlines())
    return (
        f"{before}        try:\n"
        f"            try:\n"
        f"                exchange_id = self._broker.place(intent.request)\n"
        f"            except BrokerError:\n{late}"
        f"                raise\n" + late.replace(" " * 16, " " * 12)
    )


SENDING_MUTATIONS = (
    Mutation(
        "the order is journaled only after it was sent",
        _SENDING,
        _IN_ORDER,
        _sent_first("", _INTEND + _SENT),
        (_COMMITTED,),
    ),
    Mutation(
        "that it is being sent is journaled only after it was sent",
        _SENDING,
        _IN_ORDER,
        _sent_first(f"        {_INTEND}", _SENT),
        (_COMMITTED,),
    ),
    Mutation(
        "an order whose answer was lost counts as refused",
        _SENDING,
        "            return self._open.move(sent, unknown, CommitPoint.OUTCOME, str(error))\n",
        "            return self._refused(sent, str(error), transient=True)\n",
        (f"{_LOST}::test_an_order_whose_answer_was_lost_is_found_and_not_sent_again",),
    ),
    Mutation(
        "a market that is refused to the account fails the account",
        _SENDING,
        "            self._retries.market_refused(sent.market, error)\n"
        "            return self._refused(sent, str(error), transient=True)\n",
        "            raise\n",
        (_REFUSED_MARKETS,),
    ),
    Mutation(
        "a market that is refused to the account is tried again and again",
        _SENDING,
        "            self._retries.market_refused(sent.market, error)\n",
        "",
        (_REFUSED_MARKETS,),
    ),
    Mutation(
        "a market that was refused once is refused for ever",
        _SENDING,
        "            if now < since + self._timings.refused_market:\n",
        "            if True:\n",
        (_REFUSED_MARKETS,),
    ),
    Mutation(
        "a market that takes orders again is told as refused",
        _SENDING,
        "        self._retries.market_accepted(sent.market)\n",
        "",
        (_REFUSED_MARKETS,),
    ),
    Mutation(
        "an order that a refused key kept from being sent stays open",
        _SENDING,
        "            self._refused(sent, str(error), transient=True)\n            raise\n",
        "            raise\n",
        (f"{_ENTERING}::test_a_refused_key_is_raised_and_leaves_nothing_open",),
    ),
    Mutation(
        "an entry that was not sent has acted upon its candle",
        _SENDING,
        "            self._retries.note_rate_limit(error)\n"
        "            return self._refused(sent, str(error), transient=True)\n",
        "            return self._refused(sent, str(error), transient=False)\n",
        (_NEVER_LEFT,),
    ),
    Mutation(
        "an entry that the exchange refused is sent again",
        _SENDING,
        "return self._refused(sent, error.reason, transient=False)",
        "return self._refused(sent, error.reason, transient=True)",
        (f"{_ENTERING}::test_a_refused_entry_is_over",),
    ),
    Mutation(
        "the waits between tries do not grow",
        _SENDING,
        "wait = min(last.wait * 2, self._timings.entry_retry_max)",
        "wait = last.wait",
        (_WAITS,),
    ),
    Mutation(
        "the waits between tries grow for ever",
        _SENDING,
        "wait = min(last.wait * 2, self._timings.entry_retry_max)",
        "wait = last.wait * 2",
        (_WAITS,),
    ),
    Mutation(
        "the next candle waits for what the last one could not send",
        _SENDING,
        "retry is None or retry.signal_time != signal_time or now >= retry.due",
        "retry is None or now >= retry.due",
        (f"{_ENTERING}::test_the_next_candle_does_not_wait_for_the_last_one",),
    ),
    Mutation(
        "a rate limit is asked before it has room again",
        _SENDING,
        "        wait = max(wait, self._capacity_at - now)\n",
        "",
        (f"{_ENTERING}::test_an_entry_that_met_a_rate_limit_waits_as_long_as_told",),
    ),
    Mutation(
        "why an entry waits is not the true reason",
        _SENDING,
        "the entry could not be sent ({retry.reason})",
        "the entry could not be sent",
        (_WAITS,),
    ),
    Mutation(
        "an entry is sent by a clock that nobody has measured",
        _SENDING,
        "        self._broker.sync_clock()\n        client_id",
        "        client_id",
        (_CLOCK,),
    ),
    Mutation(
        "what protects waits for a clock that cannot be asked",
        _SENDING,
        "        with suppress(BrokerError):\n            self._broker.sync_clock()\n",
        "        self._broker.sync_clock()\n",
        (_CLOCK,),
    ),
    Mutation(
        "a stop whose request hung is wanted no more",
        _SENDING,
        "self._timings.resent_sale_deadline if self._broker.resends_by_id else self._timings.sale_deadline",
        "self._timings.sale_deadline",
        (f"{_STOPS}::test_on_coinbase_a_stop_whose_request_hung_is_wanted_still",),
    ),
)

TRACKING_MUTATIONS = (
    Mutation(
        "an order that was being sent when the process ended counts as never sent",
        _TRACKING,
        "if intent.state is OrderState.INTENDED:",
        "if intent.state in (OrderState.INTENDED, OrderState.SENT):",
        (f"{_LOST}::test_an_unexpected_error_counts_as_sent",),
    ),
    Mutation(
        "what is not yet determined counts as absent",
        _TRACKING,
        "case Absent(reason):",
        "case Absent(reason) | Undetermined(reason):",
        (f"{_LOST}::test_an_order_is_only_absent_once_it_can_no_longer_be_accepted",),
    ),
    Mutation(
        "an order that is absent has acted upon its candle",
        _TRACKING,
        "settled=True, transient=True, outcome=reason)",
        "settled=True, transient=False, outcome=reason)",
        (f"{_LOST}::test_an_absent_order_frees_its_candle",),
    ),
    Mutation(
        "that an order is unknown is not told",
        _TRACKING,
        "case Undetermined(reason):\n                self._log.trouble(",
        "case Undetermined(reason):\n                (lambda *_, **__: None)(",
        (f"{_LOST}::test_the_log_says_that_an_order_is_unknown",),
    ),
    Mutation(
        "an order whose row cannot be read is denied",
        _TRACKING,
        "if order is not None or intent.exchange_id in self._broker.unread_rows():",
        "if order is not None:",
        (f"{_DENIED}::test_one_whose_row_cannot_be_read_is_not_denied",),
    ),
    Mutation(
        "a stop is given up although its own id is known",
        _TRACKING,
        "if intent.exchange_id is None or self._ask(intent) is not None:",
        "if intent.exchange_id is None:",
        (_DENIED,),
    ),
    Mutation(
        "a stop is given up although it is among the open orders",
        _TRACKING,
        "if intent.exchange_id in shown or intent.exchange_id in self._broker.unread_rows():",
        "if False:",
        (_DENIED,),
    ),
    Mutation(
        "a stop is given up although something binds its coins",
        _TRACKING,
        "if balance is None or balance.held >= intent.request.amount - intent.filled:",
        "if False:",
        (f"{_DENIED}::test_it_is_not_placed_anew_while_the_balance_says_that_something_binds_the_coins",),
    ),
    Mutation(
        "fills that cannot be read for want of room undo what is known",
        _TRACKING,
        "                return self._open.current(intent)\n            if intent.settled:",
        "                raise\n            if intent.settled:",
        (f"{_ENTERING}::test_fills_beyond_the_rate_limit_are_booked_later",),
    ),
    Mutation(
        "fills from before a clock's small error are missed",
        _TRACKING,
        "fills = self._broker.fills(since - _MARGIN)",
        "fills = self._broker.fills(since)",
        (_CLOCK,),
    ),
)

JOURNAL_MUTATIONS = (
    Mutation(
        "a fill that is booked is booked again",
        _OPEN_STATE,
        "fill.order_id == intent.exchange_id and not self._journal.fills.has(fill.id)",
        "fill.order_id == intent.exchange_id",
        (_FILLS,),
    ),
    Mutation(
        "a fill of another order is booked",
        _OPEN_STATE,
        "fill.order_id == intent.exchange_id and not self._journal.fills.has(fill.id)",
        "not self._journal.fills.has(fill.id)",
        (_EXITS, _FILLS),
    ),
    Mutation(
        "the journal takes a fill's id twice",
        "nija/journal/fills.py",
        "        if self.has(fill.id):\n            return False\n",
        "",
        (f"{_STORES}::test_a_fill_is_booked_once",),
    ),
    Mutation(
        "an answer from before a fill undoes it",
        _OPEN_STATE,
        "filled = max(intent.filled, order.filled, booked)",
        "filled = max(order.filled, booked)",
        (_STATES,),
    ),
    Mutation(
        "an answer from before its end revives an order",
        _OPEN_STATE,
        "stale = order.filled < intent.filled or state.is_final",
        "stale = False",
        (_STATES,),
    ),
    Mutation(
        "an order is settled before its fills are booked",
        _OPEN_STATE,
        "        settled=state.is_final and booked >= filled,\n    )\n",
        "        settled=state.is_final,\n    )\n",
        (f"{_EXITS}::test_what_a_stop_sold_is_not_sold_again_before_its_fill_is_shown",),
    ),
    Mutation(
        "an order is settled with the first of its fills",
        _OPEN_STATE,
        "settled=intent.state.is_final and booked >= filled)",
        "settled=intent.state.is_final)",
        (_FILLS,),
    ),
    Mutation(
        "that a stop was moved by hand is not seen",
        _OPEN_STATE,
        "if state.is_live and not stale and order.stop_price is not None:",
        "if False:",
        (_BY_HAND,),
    ),
    Mutation(
        "what is left of a position is not written off",
        _OPEN_STATE,
        "            if left != ZERO:\n",
        "            if False:\n",
        (f"{_EXITS}::test_dust_is_written_off_and_does_not_block_the_market",),
    ),
    Mutation(
        "what a dead order filled is forgotten",
        "nija/journal/order_state.py",
        "return OrderState.CANCELLED if order.filled > 0 else OrderState.REJECTED",
        "return OrderState.REJECTED",
        (f"{_STATES}::test_the_exchange_status_is_told_in_our_words",),
    ),
    Mutation(
        "an order may become anything",
        "nija/journal/order_state.py",
        "    if new not in TRANSITIONS[old]:\n",
        "    if False:\n",
        (_STATES,),
    ),
    Mutation(
        "two processes may write one order",
        _INTENTS,
        '        intents.c.state == bindparam("before_state"),\n',
        "",
        (f"{_STORES}::test_a_change_that_starts_from_an_older_state_is_refused",),
    ),
    Mutation(
        "what others wrote into the journal is not seen",
        "nija/journal/connection.py",
        'return file.execute("PRAGMA data_version").fetchone()[0], file.total_changes',
        "return 0, file.total_changes",
        ("tests/nija/journal/test_journal_stores.py",),
    ),
    Mutation(
        "what was never committed is remembered",
        "nija/journal/connection.py",
        "version = None if self._connection.in_transaction() else self._version()",
        "version = self._version()",
        ("tests/nija/journal/test_journal_stores.py",),
    ),
    Mutation(
        "orders of unknown outcome are looked for as often where the rate limit is short",
        _TRACKING,
        "scarce = self._broker.budget_left() < _ENOUGH",
        "scarce = False",
        ("tests/nija/orders/test_reconciliation.py",),
    ),
    Mutation(
        "a comparison does not recognise an order of unknown outcome",
        "nija/orders/reconciliation.py",
        "        self._tracker.recognise(view.orders())\n",
        "",
        ("tests/nija/orders/test_reconciliation.py",),
    ),
    Mutation(
        "a recovered entry does not count for the candles before it",
        _INTENTS,
        'and_(intents.c.signal_time.is_(None), intents.c.created >= bindparam("since")),',
        "",
        ("tests/nija/orders/test_reconciliation.py::test_a_recovered_entry_counts_for_the_candles_before_it",),
    ),
    Mutation(
        "what was written off is held still",
        "nija/journal/positions.py",
        "amount = gained - tally.sold - lost",
        "amount = gained - tally.sold",
        (_POSITIONS,),
    ),
    Mutation(
        "what a fee took in coins is held still",
        "nija/journal/positions.py",
        "gained = tally.bought - tally.base_fees",
        "gained = tally.bought",
        (_POSITIONS,),
    ),
)
