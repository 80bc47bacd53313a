"""Safeguards of comparing journal and exchange: nija/orders/reconciliation.py and adoption.py."""

from __future__ import annotations

from bench.mutations.mutation import Mutation

_RECONCILING = "nija/orders/reconciliation.py"
_ADOPTION = "nija/orders/adoption.py"
_TESTS = "tests/nija/orders/test_reconciliation.py"
_EMPTY_DISK = f"{_TESTS}::TestAnEmptyDisk"
_TAKEN_UP = f"{_TESTS}::TestTakingUp"
_AMONG_MANY = f"{_TESTS}::test_an_empty_disk_finds_the_open_position_among_many_that_ended"
_WITHDRAWN = "tests/nija/orders/test_whose_coins.py::TestCoinsAreWithdrawn"
_ANOTHER = "tests/nija/orders/test_whose_coins.py::TestAnotherNija"

RECONCILING_MUTATIONS = (
    Mutation(
        "an empty journal does not wait until late orders are shown",
        _RECONCILING,
        "        return self.seconds_until_all_is_listed() > 0\n",
        "        return False\n",
        (f"{_TESTS}::test_an_empty_disk_waits_until_late_orders_are_shown",),
    ),
    Mutation(
        "an order of another NIJA's is taken up",
        _RECONCILING,
        "order.created > self._adoptable_until() and self._context.is_rival(order)",
        "False",
        (_ANOTHER,),
    ),
    Mutation(
        "the last order of a lost disk is another NIJA's",
        _RECONCILING,
        "(LISTED_WITHIN if self._began_empty else _CLOCK_ERROR)",
        "_CLOCK_ERROR",
        (_EMPTY_DISK,),
    ),
    Mutation(
        "the clock's error makes an order of the last process another NIJA's",
        _RECONCILING,
        "(LISTED_WITHIN if self._began_empty else _CLOCK_ERROR)",
        "(LISTED_WITHIN if self._began_empty else timedelta(0))",
        (_TAKEN_UP,),
    ),
    Mutation(
        "orders are taken up while another program trades the account",
        _RECONCILING,
        "        if not paused and not self.rival_orders:\n",
        "        if not self.rival_orders:\n",
        (_ANOTHER,),
    ),
    Mutation(
        "older orders are taken up in the look that finds another NIJA's",
        _RECONCILING,
        "        if not paused and not self.rival_orders:\n",
        "        if not paused:\n",
        (_ANOTHER,),
    ),
    Mutation(
        "another NIJA's stop is cancelled as an orphan",
        _RECONCILING,
        "            if not (difference.kind is DifferenceKind.ORPHAN_STOP and (paused or self.rival_orders)):\n",
        "            if True:\n",
        (_ANOTHER,),
    ),
    Mutation(
        "coins are not compared with the balances",
        _RECONCILING,
        "            self._owner.check(balances=view.balances or None)\n",
        "            pass\n",
        (f"{_WITHDRAWN}::test_a_balance_that_lags_for_a_while_books_nothing_out",),
    ),
    Mutation(
        "an order that ends while the account is compared is lost",
        _RECONCILING,
        "        if reading.open_orders is None:\n            reading.open_orders = self._broker.open_orders()\n",
        "        reading.closed_orders = self._broker.closed_orders(since)\n"
        "        reading.open_orders = self._broker.open_orders()\n",
        (f"{_TESTS}::test_an_order_that_ends_while_the_account_is_compared_is_not_lost",),
    ),
    Mutation(
        "what was read before the rate limit interrupted is asked for again",
        _RECONCILING,
        "if reading is None or reading.since != since or now - reading.began > _READING_TTL:",
        "if True:",
        (f"{_TESTS}::test_what_was_read_before_the_rate_limit_interrupted_is_not_asked_for_again",),
    ),
    Mutation(
        "an order in a market that is not listed is taken up under the exchange's id of it",
        _RECONCILING,
        'return "/" not in order.market',
        "return False",
        (f"{_TESTS}::test_an_order_in_a_market_that_is_not_listed_now_is_taken_up_once_it_is",),
    ),
    Mutation(
        "what waits for its market to be listed is forgotten",
        _RECONCILING,
        "        if not unlisted:\n",
        "        if True:\n",
        (f"{_TESTS}::test_an_order_in_a_market_that_is_not_listed_now_is_taken_up_once_it_is",),
    ),
    Mutation(
        "a stop from before the entry lowers the stop of the position",
        _ADOPTION,
        "(is_its_own or plan.stop_price is None)",
        "True",
        (f"{_TAKEN_UP}::test_a_stop_from_just_before_the_entry_never_lowers_the_stop_of_the_position",),
    ),
    Mutation(
        "a stop that seems older than its entry is nobody's",
        _ADOPTION,
        "(self._came_first(order) and self._take(order, fills, now))",
        "False",
        (f"{_TAKEN_UP}::test_a_stop_that_says_it_is_older_than_its_entry_gives_the_position_its_stop_price",),
    ),
    Mutation(
        "the wait of an empty journal counts from the first whole answer",
        _RECONCILING,
        "self._empty_since = self._first_attempt or view.began",
        "self._empty_since = view.began",
        (f"{_TESTS}::test_on_an_empty_disk_the_wait_counts_from_the_first_question",),
    ),
    Mutation(
        "an empty journal waits anew after each restart",
        _RECONCILING,
        "self._empty_since = context.journal.watermarks.get(Watermark.EMPTY_SINCE) if self._began_empty else None",
        "self._empty_since: datetime | None = None",
        (f"{_TESTS}::test_an_empty_disk_does_not_wait_anew_after_a_restart",),
    ),
    Mutation(
        "the owner's part that could not be read undoes the comparison",
        _RECONCILING,
        "        except BudgetSpent:\n            self._owner.check_soon()\n",
        "        except RuntimeError:\n            self._owner.check_soon()\n",
        (f"{_TESTS}::test_a_comparison_holds_although_the_owners_part_could_not_be_read_yet",),
    ),
    Mutation(
        "the owner's part that could not be read is not looked at again",
        _RECONCILING,
        "            self._owner.check_soon()\n",
        "            pass\n",
        (f"{_TESTS}::test_a_comparison_holds_although_the_owners_part_could_not_be_read_yet",),
    ),
    Mutation(
        "each look at a history begins where the first one did",
        _RECONCILING,
        "        since = since if self._reach is None else min(since, self._reach)\n",
        "",
        (f"{_TESTS}::test_an_empty_disk_is_recovered_with_capacity_for_one_history_at_a_time",),
    ),
    Mutation(
        "an empty journal looks back for three months and no further",
        _RECONCILING,
        "            if not _unexplained(view):\n",
        "            if True:\n",
        (
            f"{_TESTS}::test_a_position_older_than_ninety_days_is_found_by_its_stop",
            f"{_TESTS}::test_an_empty_disk_is_recovered_with_capacity_for_one_history_at_a_time",
        ),
    ),
    Mutation(
        "orders are taken up without their older fills",
        _RECONCILING,
        "        if since >= view.since:\n            return view.fills\n",
        "        return view.fills\n",
        (_TAKEN_UP,),
    ),
    Mutation(
        "a missing fill is not booked",
        _RECONCILING,
        "                self._book_missing(difference)\n",
        "                pass\n",
        (f"{_TESTS}::test_a_missing_fill_is_booked",),
    ),
    Mutation(
        "what a late fill adds to a sold position stays in the account",
        _RECONCILING,
        "            self._revive(intent.position_id)\n",
        "",
        (f"{_TESTS}::test_what_a_late_fill_adds_to_a_sold_position_is_sold_too",),
    ),
    Mutation(
        "an order that ended is not read",
        _RECONCILING,
        "            case DifferenceKind.STALE_ORDER:\n                self._read_order(difference)\n",
        "            case DifferenceKind.STALE_ORDER:\n                pass\n",
        (f"{_TESTS}::test_an_order_that_ended_unseen_is_read",),
    ),
    Mutation(
        "a stop without a position goes on resting",
        _RECONCILING,
        "                self._cancel(difference)\n",
        "                pass\n",
        (f"{_TESTS}::test_a_stop_without_a_position_is_cancelled",),
    ),
    Mutation(
        "an order that the exchange does not show is not told",
        _RECONCILING,
        'self._note(difference, "not listed by the exchange; NIJA keeps asking and assumes nothing")',
        "pass",
        (f"{_TESTS}::test_an_order_that_the_exchange_does_not_show_is_said_once_and_nothing_is_assumed",),
    ),
    Mutation(
        "what is found at every look is said at every look",
        _RECONCILING,
        "        if key in self._noted:\n            return\n",
        "",
        (f"{_TESTS}::test_an_order_that_the_exchange_does_not_show_is_said_once_and_nothing_is_assumed",),
    ),
    Mutation(
        "of two stops the older one stays",
        _RECONCILING,
        "key=lambda order: order.created, reverse=True)",
        "key=lambda order: order.created)",
        (f"{_TESTS}::test_of_two_stops_of_one_position_the_newest_stays",),
    ),
    Mutation(
        "the owner's own orders are cancelled",
        _RECONCILING,
        "        if purpose_of(order.client_id) is not Purpose.STOP or intent is None or intent.state is "
        "OrderState.RELEASED:\n            continue\n",
        "        if intent is None:\n"
        "            yield Difference(DifferenceKind.ORPHAN_STOP, order.market, order.exchange_id, order=order)\n"
        "            continue\n",
        (f"{_TESTS}::test_the_owners_orders_are_left_alone_and_counted",),
    ),
    Mutation(
        "an order that was thought never placed is not taken up",
        _RECONCILING,
        "return intent is None or (intent.state.is_final and intent.exchange_id is None)",
        "return intent is None",
        (f"{_TESTS}::test_an_order_that_was_thought_never_placed_is_taken_up_again",),
    ),
)

ADOPTION_MUTATIONS = (
    Mutation(
        "orders are taken up in the order in which they are listed",
        _ADOPTION,
        "ordered = sorted(orders, key=lambda order: (order.created, _rank(order), order.exchange_id))",
        "ordered = list(orders)",
        (_TAKEN_UP, _AMONG_MANY),
    ),
    Mutation(
        "an entry that bought nothing is a position",
        _ADOPTION,
        "closed=None if bought else now)",
        "closed=None)",
        (_TAKEN_UP,),
    ),
    Mutation(
        "what the last position left over blocks the next",
        _ADOPTION,
        "            self._end(former, _LEFT, now)\n",
        "            return former\n",
        (_TAKEN_UP,),
    ),
    Mutation(
        "an entry that is shown late ends the position after it",
        _ADOPTION,
        "        if bought and former is not None and order.created < former.opened:\n",
        "        if False:\n",
        (_TAKEN_UP,),
    ),
    Mutation(
        "the position of an order that was thought never placed stays closed",
        _ADOPTION,
        "            home = replace(home, closed=None)\n",
        "            pass\n",
        (f"{_TAKEN_UP}::test_one_that_was_thought_never_placed_lives_again",),
    ),
    Mutation(
        "an order that was thought never placed opens a second position",
        _ADOPTION,
        "        if plan is not None:\n            home = plan\n        elif home",
        "        if home",
        (_TAKEN_UP,),
    ),
    Mutation(
        "a position that is taken up has no stop price",
        _ADOPTION,
        "            self._journal.plans.save(replace(plan, stop_price=order.stop_price))\n",
        "            pass\n",
        (f"{_TAKEN_UP}::test_the_price_of_a_stop_that_ended_is_known_still",),
    ),
    Mutation(
        "what another NIJA sold counts again when its orders are taken up",
        _ADOPTION,
        " or self._was_booked_out(plan, order)",
        "",
        (f"{_ANOTHER}::test_what_it_sold_counts_once_when_its_orders_are_taken_up",),
    ),
    Mutation(
        "the fills of others are booked for an order that is taken up",
        _ADOPTION,
        "(fill for fill in fills if fill.order_id == order.exchange_id)",
        "iter(fills)",
        (_AMONG_MANY,),
    ),
    Mutation(
        "a fill of an order that is taken up keeps the name of a market that is not listed",
        _ADOPTION,
        "[in_market_of(intent, fill) for fill in of_order",
        "[fill for fill in of_order",
        ("tests/nija/orders/test_fills_count_once.py",),
    ),
    Mutation(
        "a missing fill keeps the name of a market that is not listed",
        _RECONCILING,
        "self._journal.fills.book(intent.client_id, in_market_of(intent, fill), now)",
        "self._journal.fills.book(intent.client_id, fill, now)",
        ("tests/nija/orders/test_fills_count_once.py",),
    ),
)
