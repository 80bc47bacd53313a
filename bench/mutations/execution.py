"""Safeguards of what is carried out for one position: nija/orders/execution.py."""

from __future__ import annotations

from bench.mutations.mutation import Mutation

_EXECUTION = "nija/orders/execution.py"
_TRACKING = "nija/orders/tracking.py"
_TESTS = "tests/nija/orders/test_order_desk.py"
_ENTERING = f"{_TESTS}::TestEntering"
_STOPS = f"{_TESTS}::TestStops"
_EXITS = f"{_TESTS}::TestExits"
_PROTECTION = "tests/nija/orders/test_protection.py"
_MARKETS = f"{_PROTECTION}::TestMarketsThatTakeNoOrders"
_THE_END = f"{_PROTECTION}::TestTheEnd"
_BARE = f"{_PROTECTION}::TestBareSeconds"
_COINS = "tests/nija/orders/test_whose_coins.py"
_SELLS = f"{_COINS}::TestTheOwnerSellsNijasCoins"
_NOT_KNOWN = f"{_COINS}::TestWhatCannotBeKnown"
_GUARDED = f"{_COINS}::TestWhileNijasStopBindsItsCoins"
_ANOTHER = f"{_COINS}::TestAnotherNija"

EXECUTION_MUTATIONS = (
    # cover
    Mutation(
        "a stop is withdrawn for a new one that was not previewed",
        _EXECUTION,
        "            self._sender.preview_stop(plan, amount, price)\n",
        "            pass\n",
        (f"{_MARKETS}::test_a_new_stop_that_the_preview_refuses_leaves_the_old_one",),
    ),
    Mutation(
        "the old stop does not come back where the new one is refused after all",
        _EXECUTION,
        "            self._place(plan, state.sellable, old)\n",
        "            pass\n",
        (f"{_MARKETS}::test_a_new_stop_that_is_refused_after_all_brings_the_old_one_back",),
    ),
    Mutation(
        "a new stop is placed before the end of the old one is confirmed",
        _EXECUTION,
        "if state.stop is not StopStage.NONE or state.sellable == ZERO or state.too_small:",
        "if False:",
        (f"{_STOPS}::test_a_stop_is_replaced_once_the_end_of_the_old_one_is_confirmed",),
    ),
    Mutation(
        "the market is never read again",
        _EXECUTION,
        "market_is_fresh=broker.markets_age() <= timings.market_age",
        "market_is_fresh=True",
        (_MARKETS,),
    ),
    Mutation(
        "a market that takes limit orders alone counts as open",
        _EXECUTION,
        "market.tradable and market.takes_market_orders",
        "market.tradable",
        (_MARKETS,),
    ),
    Mutation(
        "a position is sold before the end of its stop is confirmed",
        _EXECUTION,
        "        self._ending[order.client_id] = self._context.clock.monotonic()\n",
        "",
        (f"{_EXITS}::test_nothing_is_sold_before_the_stop_is_really_gone",),
    ),
    Mutation(
        "an end that does not come is not asked for again",
        _EXECUTION,
        " if key in working and asked > confirmed}",
        " if key in working}",
        (f"{_EXITS}::test_an_end_that_does_not_come_is_asked_for_again",),
    ),
    Mutation(
        "a plan's stop is sent off the market's tick",
        _EXECUTION,
        "return price if price is None or market is None else market.floor_price(price)",
        "return price",
        (f"{_PROTECTION}::TestTheTick",),
    ),
    Mutation(
        "a spare stop goes on resting until the next comparison",
        _EXECUTION,
        "spare_stops=sum(stop.state is OrderState.OPEN for stop in stops) > 1",
        "spare_stops=False",
        (f"{_STOPS}::test_of_two_stops_the_newest_stays",),
    ),
    # owner
    Mutation(
        "who has the coins is not asked anew once their stop is gone",
        _EXECUTION,
        '            self._owner.expire(plan.market.partition("/")[0], unguarded=not gone <= self._withdrawn)\n',
        "",
        (_SELLS, _GUARDED),
    ),
    Mutation(
        "a stop that the owner cancelled counts as withdrawn by NIJA",
        _EXECUTION,
        "unguarded=not gone <= self._withdrawn",
        "unguarded=False",
        (_SELLS, _GUARDED),
    ),
    Mutation(
        "a stop that ended by itself counts as withdrawn by NIJA",
        _EXECUTION,
        "        if self._tracker.poll_one(order).state.is_final:\n            return\n",
        "",
        (_GUARDED,),
    ),
    Mutation(
        "whose coins there are is never asked before a sale",
        _EXECUTION,
        "owner_is_fresh=self._owner.is_fresh(currency)",
        "owner_is_fresh=True",
        (_NOT_KNOWN,),
    ),
    Mutation(
        "coins count as bought just now for ever",
        _EXECUTION,
        "is_new=plan.id in self._new",
        "is_new=True",
        (_SELLS,),
    ),
    Mutation(
        "who took some of the coins just bought is not asked after a refused stop",
        _EXECUTION,
        "        if plan.id not in self._new:\n",
        "        if True:\n",
        (f"{_STOPS}::test_the_owner_sold_some_of_it_so_the_stop_covers_what_is_there",),
    ),
    Mutation(
        "who took the coins is not asked after a refused sale",
        _EXECUTION,
        'if sale.state is OrderState.REJECTED:\n            self._owner.expire(plan.market.partition("/")[0])\n',
        "if sale.state is OrderState.REJECTED:\n",
        (_SELLS,),
    ),
    Mutation(
        "what sold and is not booked yet is sold again",
        _TRACKING,
        "return -unbooked if order.request.side is Side.SELL else unbooked",
        "return ZERO if order.request.side is Side.SELL else unbooked",
        (f"{_EXITS}::test_what_a_sale_sold_in_part_is_not_sold_again_before_its_fill_is_shown",),
    ),
    Mutation(
        "what has no price yet is dust",
        _EXECUTION,
        "self._context.last_prices.get(plan.market) or bought_at or plan.stop_price or _UNPRICED",
        "self._context.last_prices.get(plan.market) or bought_at",
        (f"{_ENTERING}::test_what_was_bought_is_protected_before_its_fills_are_shown",),
    ),
    Mutation(
        "what was bought is not protected before its fills are shown",
        _TRACKING,
        "return -unbooked if order.request.side is Side.SELL else unbooked",
        "return -unbooked if order.request.side is Side.SELL else ZERO",
        (f"{_ENTERING}::test_what_was_bought_is_protected_before_its_fills_are_shown",),
    ),
    Mutation(
        "a fee in coins is put up for sale before it is known",
        _EXECUTION,
        "counts = not self._unbooked(orders) or broker.fees_in_quote",
        "counts = True",
        (f"{_ENTERING}::test_a_fee_in_base_currency_makes_the_stop_smaller",),
    ),
    Mutation(
        "an amount is sent off the market's step",
        _EXECUTION,
        "return held, sellable if market is None else market.floor_amount(sellable)",
        "return held, sellable",
        (f"{_ENTERING}::test_a_stop_is_for_an_amount_on_the_market_s_step",),
    ),
    # finish
    Mutation(
        "nobody is told that everything stops",
        _EXECUTION,
        "stopping=self._context.clock.stopping",
        "stopping=False",
        (f"{_THE_END}::test_nothing_new_is_decided",),
    ),
    Mutation(
        "the end is not waited for while a position is bare",
        _EXECUTION,
        "isinstance(step, policy.Wait) and (state.is_covered or state.too_small or bool(step.trouble))\n",
        "True\n",
        (f"{_THE_END}::test_an_end_with_a_bare_position_is_no_rest",),
    ),
    # no silence
    Mutation(
        "what is wrong with a position is not said",
        _EXECUTION,
        "self._troubles[plan.id] = step.trouble or refusal",
        'self._troubles[plan.id] = ""',
        (f"{_PROTECTION}::TestPositionsWithoutAStopPrice::test_they_are_said_loudly",),
    ),
    Mutation(
        "a refused stop is not told",
        _EXECUTION,
        "        self._refusals[plan.id] = reason\n",
        "",
        (f"{_STOPS}::test_a_refused_stop_is_reported_watched_and_placed_later",),
    ),
    Mutation(
        "bare seconds are not counted",
        _EXECUTION,
        "            timer.note(now, covered=covered)\n",
        "            timer.note(now, covered=True)\n",
        (_BARE,),
    ),
    # another program on the account
    Mutation(
        "nobody is told that the account is paused",
        _EXECUTION,
        "paused=self.paused",
        "paused=False",
        (f"{_ANOTHER}::test_a_stop_that_was_moved_is_not_moved_back",),
    ),
)
