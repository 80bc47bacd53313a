"""Safeguards of the decision about one position: nija/orders/policy.py and state.py."""

from __future__ import annotations

from bench.mutations.mutation import Mutation

_FILE = "nija/orders/policy.py"
_POLICY = "tests/nija/orders/test_policy.py"
_SITUATIONS = f"{_POLICY}::test_each_situation_has_its_step"
_COVER_FIRST = f"{_POLICY}::test_cover_is_not_taken_away_before_its_successor_can_be_accepted"
_COVER_FOR_A_SALE = f"{_POLICY}::test_cover_is_only_withdrawn_for_a_sale_that_can_be_sent_at_once"
_COVER_BACK = f"{_POLICY}::test_cover_comes_back_when_the_sale_is_refused_after_all"
_CLOSED = f"{_POLICY}::test_a_market_that_takes_no_orders_keeps_its_stop"
_STUCK = f"{_POLICY}::TestAStopThatHasBegunToSell"
_CERTAINLY = f"{_POLICY}::test_only_what_certainly_is_nijas_is_put_up_for_sale"
_KNOWLEDGE = f"{_POLICY}::test_nothing_is_put_up_for_sale_on_old_knowledge_of_whose_coins_these_are"
_TOGETHER = f"{_POLICY}::test_two_orders_never_sell_together"
_NEVER_DOWN = f"{_POLICY}::test_a_stop_is_never_moved_down_between_two_ticks"
_TICK = f"{_POLICY}::test_a_stop_on_the_markets_tick_is_left_alone"
_NOTHING_NEW = f"{_POLICY}::test_nothing_new_is_decided_once_everything_stops"
_SILENCE = f"{_POLICY}::test_a_position_that_is_not_protected_is_reported"
_PAUSED = f"{_POLICY}::test_an_account_that_another_program_trades_keeps_its_stops"
_THE_END = f"{_POLICY}::TestTheEndOfAPosition"
_PROTECTION = "tests/nija/orders/test_protection.py"
_DENIED = f"{_PROTECTION}::TestStopsThatTheExchangeDenies"
_BARE = f"{_PROTECTION}::TestBareSeconds"
_STOPS = "tests/nija/orders/test_order_desk.py::TestStops"

_READ_MARKET = "    if not state.market_is_fresh:\n        return ReadMarket()\n"
_MODE = "    if state.mode is not MarketMode.OPEN:\n"

POLICY_MUTATIONS = (
    # cover
    Mutation(
        "a stop is withdrawn for a sale before the market was read",
        _FILE,
        f"{_READ_MARKET}{_MODE}        return None\n",
        f"{_MODE}        return None\n",
        (_COVER_FIRST,),
    ),
    Mutation(
        "a stop is withdrawn for a sale in a market that takes none",
        _FILE,
        f"{_MODE}        return None\n",
        "",
        (_CLOSED,),
    ),
    Mutation(
        "a stop is moved before the market was read",
        _FILE,
        f"{_READ_MARKET}{_MODE}        return _MARKET_CLOSED\n",
        f"{_MODE}        return _MARKET_CLOSED\n",
        (_SITUATIONS,),
    ),
    Mutation(
        "a stop is moved in a market that takes no orders",
        _FILE,
        f"{_MODE}        return _MARKET_CLOSED\n",
        "",
        (_SITUATIONS,),
    ),
    Mutation(
        "a stop that is stuck is withdrawn before the market was read",
        _FILE,
        f"{_READ_MARKET}    return WithdrawStop()",
        "    return WithdrawStop()",
        (_STUCK,),
    ),
    Mutation(
        "a stop that is stuck is withdrawn in a market that takes no sale",
        _FILE,
        "return WithdrawStop() if state.mode is MarketMode.OPEN else _SELLING",
        "return WithdrawStop()",
        (_STUCK,),
    ),
    Mutation(
        "a stop that sells by itself is withdrawn for a sale",
        _FILE,
        "if state.stops_at_market or state.stopping or not",
        "if state.stopping or not",
        (_STUCK,),
    ),
    Mutation(
        "a stop that the price jumped past is left to itself",
        _FILE,
        "        return BeginSale(jumped)\n",
        "        return _SELLING\n",
        (_SITUATIONS,),
    ),
    Mutation(
        "a resting stop that the price jumped past is left to itself",
        _FILE,
        "        return _jumped_past(state)\n",
        '        return ""\n',
        (f"{_STOPS}::test_a_price_that_jumped_past_a_stop_limit_is_sold_at_market",),
    ),
    Mutation(
        "a stop is withdrawn for a sale of nothing",
        _FILE,
        "return sale(state) if _has_something(state) else None",
        "return sale(state)",
        (_COVER_FOR_A_SALE, _CERTAINLY),
    ),
    Mutation(
        "a stop is not put back after a refused sale",
        _FILE,
        "not state.sale_is_due or ",
        "",
        (_COVER_BACK,),
    ),
    Mutation(
        "a stop is withdrawn for a sale while its entry still buys",
        _FILE,
        "state.entry_is_open or state.stop is StopStage.DENIED",
        "state.stop is StopStage.DENIED",
        (_THE_END,),
    ),
    Mutation(
        "a refused stop is sent again without a pause",
        _FILE,
        "    if not state.stop_is_due:\n        return _LATER\n    if not state.market",
        "    if not state.market",
        (_SITUATIONS,),
    ),
    Mutation(
        "a refused stop is sent again before the market's new tick was read",
        _FILE,
        "(state.was_refused or state.mode is MarketMode.ABSENT)",
        "state.mode is MarketMode.ABSENT",
        (f"{_PROTECTION}::TestTheTick",),
    ),
    # owner
    Mutation(
        "coins are sold on old knowledge of whose they are",
        _FILE,
        "    if _asks_owner(state):\n        return ReadOwner()\n    return sale",
        "    return sale",
        (_KNOWLEDGE,),
    ),
    Mutation(
        "a stop is placed on old knowledge of whose the coins are",
        _FILE,
        "    if not (state.is_new or state.is_dust) and _asks_owner(state):\n        return ReadOwner()\n",
        "",
        (_KNOWLEDGE,),
    ),
    Mutation(
        "a stop is placed for coins that are not certainly NIJA's",
        _FILE,
        "return PlaceStop(state.sellable, price) if _has_something(state) else _bare(state)",
        "return PlaceStop(state.sellable, price)",
        (_CERTAINLY,),
    ),
    Mutation(
        "a stop is made smaller while coins are in doubt",
        _FILE,
        "    if state.in_doubt:\n        return _DOUBT\n",
        "",
        (f"{_POLICY}::test_a_stop_that_rests_stays_as_it_is_while_coins_are_in_doubt",),
    ),
    Mutation(
        "an order is placed beside one of unknown outcome",
        _FILE,
        "    if StopStage.UNRESOLVED is state.stop or SaleStage.UNRESOLVED is state.sale:\n",
        "    if False:\n",
        (_TOGETHER,),
    ),
    Mutation(
        "an order is placed beside a sale that works",
        _FILE,
        "    if SaleStage.WORKING is state.sale:\n        return _SELLING\n",
        "",
        (_TOGETHER,),
    ),
    Mutation(
        "an order is placed beside a stop whose end is not confirmed",
        _FILE,
        "    if StopStage.ENDING is state.stop:\n        return _ENDING\n",
        "",
        (_TOGETHER,),
    ),
    Mutation(
        "a sale is sent beside a stop that the exchange denies for now",
        _FILE,
        "state.entry_is_open or state.stop is StopStage.DENIED",
        "state.entry_is_open",
        (_TOGETHER,),
    ),
    Mutation(
        "coins are put up for sale whose fees are not booked yet",
        _FILE,
        "    return None if state.booked else _UNBOOKED\n",
        "    return None\n",
        (_TOGETHER,),
    ),
    # never down
    Mutation(
        "a stop between two ticks is moved down",
        _FILE,
        "better = max(price, state.wanted_stop or price)",
        "better = state.wanted_stop or price",
        (_NEVER_DOWN,),
    ),
    Mutation(
        "a stop off a coarser tick is moved again and again",
        _FILE,
        "price >= (state.wanted_stop or price) and",
        "price == (state.wanted_stop or price) and",
        (_TICK,),
    ),
    Mutation(
        "a tighter stop set by hand is not kept",
        _FILE,
        "    return state.planned_stop is None or state.stop_price > state.planned_stop\n",
        "    return False\n",
        (_SITUATIONS,),
    ),
    # finish
    Mutation(
        "a sale begins once everything stops",
        _FILE,
        "return None if state.stopping else _if_sellable(state, _sell_all)",
        "return _if_sellable(state, _sell_all)",
        (_NOTHING_NEW,),
    ),
    Mutation(
        "a stop is moved once everything stops",
        _FILE,
        "if state.stopping and not (is_smaller and state.can_amend):",
        "if False:",
        (_NOTHING_NEW,),
    ),
    Mutation(
        "the decision to sell is taken once everything stops",
        _FILE,
        "if reason and state.selling is None and not state.stopping:",
        "if reason and state.selling is None:",
        (_NOTHING_NEW,),
    ),
    Mutation(
        "a stop is withdrawn from what is over once everything stops",
        _FILE,
        "return _STOPS if state.stopping else WithdrawStop()",
        "return WithdrawStop()",
        (_THE_END, _NOTHING_NEW),
    ),
    # no silence
    Mutation(
        "a stop that the exchange denies is not told",
        _FILE,
        ', "the exchange says that there is no such stop; NIJA keeps asking"',
        "",
        (f"{_DENIED}::test_it_is_said_at_once",),
    ),
    Mutation(
        "a position without a stop price is not told",
        _FILE,
        ', "it has no stop price until the strategy gives one"',
        "",
        (_SILENCE, f"{_PROTECTION}::TestPositionsWithoutAStopPrice"),
    ),
    Mutation(
        "a position whose price cannot be watched is not told",
        _FILE,
        'Wait("no fresh price", "its price is unknown, so nothing protects it")',
        'Wait("no fresh price")',
        (_SILENCE,),
    ),
    Mutation(
        "a position whose market is gone is not told",
        _FILE,
        'Wait("market absent", "the exchange does not list this market now")',
        'Wait("market absent")',
        (_SILENCE,),
    ),
    Mutation(
        "a stop that cannot be moved for now is not told",
        _FILE,
        'Wait("market closed", "its stop cannot be moved: the market accepts no orders now; the old one stays")',
        'Wait("market closed")',
        (f"{_PROTECTION}::TestMarketsThatTakeNoOrders",),
    ),
    Mutation(
        "a sale that the market does not take is not told",
        _FILE,
        "return _SALE_WAITS if is_silent and state.mode is not MarketMode.OPEN and not state.stopping else step",
        "return step",
        (f"{_POLICY}::test_a_sale_that_the_market_does_not_take_is_reported",),
    ),
    Mutation(
        "a stop for too little counts as cover",
        "nija/orders/state.py",
        "self.stop is StopStage.RESTING and self.stop_amount >= self.sellable",
        "self.stop is StopStage.RESTING",
        (_BARE,),
    ),
    Mutation(
        "a price that has reached the plan is left to a stop that rests below it",
        _FILE,
        "if state.stop is StopStage.RESTING and (_rests_as_planned(state) or state.paused):",
        "if state.stop is StopStage.RESTING:",
        (_SITUATIONS,),
    ),
    Mutation(
        "bare seconds are not counted from the purchase on",
        "nija/orders/state.py",
        "self._since = now if began is None else began",
        "self._since = now",
        (_BARE,),
    ),
    # another program on the account
    Mutation(
        "a stop is moved beside another program",
        _FILE,
        "    if state.paused:\n        return _PAUSED\n",
        "",
        (_PAUSED,),
    ),
    Mutation(
        "a spare stop is cancelled beside another program",
        _FILE,
        "not (state.stopping or state.paused)",
        "not state.stopping",
        (_PAUSED,),
    ),
    # the end of a position
    Mutation(
        "a position ends while its entry still works",
        _FILE,
        "    if state.entry_is_open:\n        return _ENTERING\n",
        "",
        (_THE_END,),
    ),
    Mutation(
        "a position ends before the fills of its last order are booked",
        _FILE,
        "    if not state.settled:\n        return _UNBOOKED\n",
        "",
        (_THE_END,),
    ),
    Mutation(
        "what little an entry bought so far is written off",
        _FILE,
        "(state.selling is not None or (state.was_sold and not _its_stop_fits(state)))",
        "True",
        (_THE_END,),
    ),
    Mutation(
        "a stop that fits is withdrawn because the exchange raised its minimum",
        _FILE,
        "state.was_sold and not _its_stop_fits(state)",
        "state.was_sold",
        (_THE_END,),
    ),
    Mutation(
        "a position ends while the exchange denies its stop for now",
        _FILE,
        "    if state.stop is StopStage.NONE:\n        return Close()\n"
        "    if state.stop is StopStage.DENIED:\n        return _DENIED\n",
        "    if state.stop in (StopStage.NONE, StopStage.DENIED):\n        return Close()\n",
        (_THE_END,),
    ),
)
