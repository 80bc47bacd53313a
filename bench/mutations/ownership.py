"""Safeguards of the owner's coins: nija/journal/ownership.py has the rules, nija/orders/ownership.py follows them."""

from __future__ import annotations

from bench.mutations.mutation import Mutation

_RULES = "nija/journal/ownership.py"
_WATCH = "nija/orders/ownership.py"
_NUMBERS = "tests/nija/journal/test_ownership.py"
_COINS = "tests/nija/orders/test_whose_coins.py"
_SELLS = f"{_COINS}::TestTheOwnerSellsNijasCoins"
_WITHDRAWN = f"{_COINS}::TestCoinsAreWithdrawn"
_NOT_KNOWN = f"{_COINS}::TestWhatCannotBeKnown"
_GUARDED = f"{_COINS}::TestWhileNijasStopBindsItsCoins"
_ANOTHER = f"{_COINS}::TestAnotherNija"
_RECONCILING = "tests/nija/orders/test_reconciliation.py"

RULE_MUTATIONS = (
    Mutation(
        "a sale larger than the owner's share took nothing of NIJA's",
        _RULES,
        "(sold <= share and not movement.by_nija)",
        "not movement.by_nija",
        (_NUMBERS,),
    ),
    Mutation(
        "an order with NIJA's id that the journal does not know sold the owner's",
        _RULES,
        "(sold <= share and not movement.by_nija)",
        "sold <= share",
        (_NUMBERS,),
    ),
    Mutation(
        "a sale took more of NIJA's than there was",
        _RULES,
        "part = min(sold, left)",
        "part = sold",
        (_NUMBERS,),
    ),
    Mutation(
        "orders are looked at in the order in which they are listed",
        _RULES,
        "in sorted(movements, key=lambda movement: movement.time):",
        "in movements:",
        (_NUMBERS,),
    ),
    Mutation(
        "coins that came in are nobody's",
        _RULES,
        "    share += max(ZERO, unexplained)\n",
        "",
        (_NUMBERS,),
    ),
    Mutation(
        "a balance that lagged makes its coins the owner's",
        _RULES,
        "        unexplained, missing = ZERO, ZERO\n",
        "        missing = ZERO\n",
        (_NUMBERS,),
    ),
    Mutation(
        "what the owner buys fills a gap in NIJA's coins",
        _RULES,
        "booked + share - missing + moved",
        "booked + share + moved",
        (_NUMBERS,),
    ),
    Mutation(
        "a withdrawal counts against what the owner bought after it",
        _RULES,
        "    if withdrawn <= lowest:\n",
        "    if withdrawn <= share:\n",
        (_NUMBERS,),
    ),
    Mutation(
        "where the owner's share was never seen all the same NIJA's coins are certain",
        _RULES,
        " and (known is not None or withdrawn == ZERO)",
        "",
        (_NUMBERS,),
    ),
    Mutation(
        "what the owner's orders did since the entry does not count for his share then",
        _RULES,
        "max(ZERO, total - booked - moved)",
        "max(ZERO, total - booked)",
        (_NUMBERS,),
    ),
    Mutation(
        "what is missing under NIJA's own stop is not seen",
        _RULES,
        "(), max(ZERO, booked - total))",
        "())",
        (_NUMBERS,),
    ),
    Mutation(
        "of an unknown share the owner loses what is left",
        _RULES,
        'missing if doubtful.is_known else Removal(left, "", UNEXPLAINED)',
        "missing",
        (_NUMBERS,),
    ),
    Mutation(
        "of an unknown share only what is missing is in doubt",
        _RULES,
        "return min(left, known.missing) if known.is_known or known.missing == ZERO else left",
        "return min(left, known.missing)",
        (_NUMBERS,),
    ),
    Mutation(
        "coins that pay for others did not leave",
        _RULES,
        "    if quote == currency:\n        change -= sign * fill.amount * fill.price\n",
        "",
        (_NUMBERS,),
    ),
    Mutation(
        "coins that pay a fee did not leave",
        _RULES,
        "    if fill.fee_currency == currency:\n        change -= fill.fee\n",
        "",
        (_NUMBERS,),
    ),
)

WATCH_MUTATIONS = (
    Mutation(
        "what was known of the coins once is known for ever",
        _WATCH,
        "return known is not None and self._context.clock.monotonic() - known.checked <= age",
        "return known is not None",
        (f"{_NOT_KNOWN}::test_no_stop_is_withdrawn_for_a_sale_while_it_cannot_be_asked_whose_coins_these_are",),
    ),
    Mutation(
        "coins in doubt are sold",
        _WATCH,
        "held - known.uncertain - known.locked",
        "held - known.locked",
        (f"{_WITHDRAWN}::test_more_than_his_own_is_in_doubt_and_nothing_in_doubt_is_sold",),
    ),
    Mutation(
        "coins that the owner's order locks are sold",
        _WATCH,
        "held - known.uncertain - known.locked",
        "held - known.uncertain",
        (f"{_NOT_KNOWN}::test_coins_that_an_order_of_his_binds_are_named",),
    ),
    Mutation(
        "an answer without any balance is an empty account",
        _WATCH,
        "        if held and not reported:\n",
        "        if False:\n",
        (f"{_RECONCILING}::test_an_answer_without_any_balance_writes_nothing_off",),
    ),
    Mutation(
        "a balance that cannot be named is zero",
        _WATCH,
        '        if any(row.startswith("balance:") for row in self._context.broker.unread_rows()):\n',
        "        if False:\n",
        (f"{_NOT_KNOWN}::test_a_balance_that_cannot_be_named_is_not_nothing",),
    ),
    Mutation(
        "what NIJA's own stop sells at this very moment is missing",
        _WATCH,
        "            self._tracker.poll(self._orders(currency))\n",
        "            pass\n",
        (_GUARDED, _SELLS),
    ),
    Mutation(
        "what the owner does beside NIJA's stop is laid to NIJA's coins",
        _WATCH,
        "            if self._is_guarded(currency, held):\n                return guarded(total, held), frozenset()\n",
        "",
        (_GUARDED,),
    ),
    Mutation(
        "the same amount after a while without a stop is the same coins",
        _WATCH,
        "if total == self._expected(currency) and currency not in self._exposed:",
        "if total == self._expected(currency):",
        (_GUARDED,),
    ),
    Mutation(
        "the same amount after a restart is the same coins",
        _WATCH,
        "{_base(market) for market in context.open.plans()}",
        "set()",
        (_GUARDED,),
    ),
    Mutation(
        "doubt is settled at once",
        _WATCH,
        "if found.missing > ZERO and (began - since).total_seconds() >= settles:",
        "if found.missing > ZERO:",
        (f"{_WITHDRAWN}::test_a_balance_that_lags_for_a_while_books_nothing_out",),
    ),
    Mutation(
        "doubt is never settled",
        _WATCH,
        "if found.missing > ZERO and (began - since).total_seconds() >= settles:",
        "if False:",
        (f"{_WITHDRAWN}::test_it_is_settled_within_two_minutes",),
    ),
    Mutation(
        "each look begins to count the doubt anew",
        _WATCH,
        "            since = began if known is None or known.missing_since is None else known.missing_since\n",
        "            since = began\n",
        (f"{_WITHDRAWN}::test_it_is_settled_within_two_minutes",),
    ),
    Mutation(
        "a restart begins to count the doubt anew",
        _WATCH,
        "self._holdings = dict(context.journal.holdings.all())",
        "self._holdings = {name: replace(one, missing_since=None) "
        "for name, one in context.journal.holdings.all().items()}",
        (f"{_WITHDRAWN}::test_restarts_do_not_begin_to_count_anew",),
    ),
    Mutation(
        "what the owner holds is not written down",
        _WATCH,
        "self._context.open.write_off(losses, [now])",
        "self._context.open.write_off(losses, [])",
        (f"{_WITHDRAWN}::test_restarts_do_not_begin_to_count_anew",),
    ),
    Mutation(
        "coins that are missing in balances asked for anyway are not noticed",
        _WATCH,
        "                self._to_check.add(currency)\n",
        "                pass\n",
        (f"{_COINS}::TestLocalStops",),
    ),
    Mutation(
        "what was taken is booked out of another market's position first",
        _WATCH,
        "key=lambda one: (one.market != taken.market, one.opened)",
        "key=lambda one: one.opened",
        (_SELLS,),
    ),
    Mutation(
        "what another NIJA sold counts at every look",
        _WATCH,
        " and fill.id not in counted and",
        " and",
        (f"{_ANOTHER}::test_what_it_sold_counts_once",),
    ),
    Mutation(
        "what another NIJA sold before counts again after a restart",
        _WATCH,
        "broker.fills(max(floor, since - _OVERLAP), protects=protects)\n            if fill.time > floor and ",
        "broker.fills(since - _OVERLAP, protects=protects)\n            if ",
        (f"{_ANOTHER}::test_what_it_sold_counts_once_over_a_restart",),
    ),
    Mutation(
        "a fill of the owner's that is listed late is missed",
        _WATCH,
        "max(floor, since - _OVERLAP)",
        "max(floor, since)",
        (_SELLS,),
    ),
    Mutation(
        "NIJA's own sales count as the owner's",
        _WATCH,
        " and journal.intents.by_exchange_id(fill.order_id) is None\n",
        "\n",
        (_SELLS, _GUARDED),
    ),
    Mutation(
        "what another NIJA sold counts as sold by the owner's hand",
        _WATCH,
        "        return [order.exchange_id for order in marked]\n",
        "        return []\n",
        (f"{_ANOTHER}::test_what_it_sold_of_nija_s_is_gone_and_the_owner_s_are_not_sold_for_it",),
    ),
    Mutation(
        "another NIJA is not noticed by what it sold",
        _WATCH,
        "        self.rival_orders.extend(order for order in rivals if order.created > self.started)\n",
        "",
        (_ANOTHER,),
    ),
    Mutation(
        "an own order of unknown outcome is another NIJA's",
        "nija/orders/tracking.py",
        ' and self.journal.intents.get(order.client_id or "") is None\n',
        "\n",
        (f"{_ANOTHER}::test_an_own_order_of_unknown_outcome_is_nobody_elses",),
    ),
    Mutation(
        "a balance is thought to lag behind a sale of long ago",
        _WATCH,
        "is_recent and may_lag(total, held, known, movements)",
        "may_lag(total, held, known, movements)",
        (f"{_WITHDRAWN}::test_a_sale_by_hand_long_ago_leaves_no_doubt_after_the_disk_is_lost",),
    ),
    Mutation(
        "a balance never lags behind a sale",
        _WATCH,
        "is_recent and may_lag(total, held, known, movements)",
        "False",
        (f"{_COINS}::TestABalanceThatLagsBehindASaleByHand",),
    ),
    Mutation(
        "a position in doubt is not told",
        _WATCH,
        'self._context.log.trouble(about, f"Position in doubt: {reason}; nothing in doubt is sold")',
        "pass",
        (f"{_WITHDRAWN}::test_more_than_his_own_is_in_doubt_and_nothing_in_doubt_is_sold",),
    ),
    Mutation(
        "the owner's order that locks NIJA's coins is not named",
        _WATCH,
        'return f"the owner\'s own order {named}" if named else "an order that the exchange does not list"',
        'return "an order"',
        (f"{_NOT_KNOWN}::test_coins_that_an_order_of_his_binds_are_named",),
    ),
)
