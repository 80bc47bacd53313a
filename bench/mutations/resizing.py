"""Safeguards of positions that are bought more of and sold in part."""

from __future__ import annotations

from bench.mutations.mutation import Mutation

_POLICY_TESTS = "tests/nija/orders/test_policy.py"
_SITUATIONS = f"{_POLICY_TESTS}::test_each_situation_has_its_step"
_NOTHING_NEW = f"{_POLICY_TESTS}::test_nothing_new_is_decided_once_everything_stops"
_TESTS = "tests/nija/orders/test_resizing.py"
_INCREASING = f"{_TESTS}::TestIncreasing"
_REDUCING = f"{_TESTS}::TestReducing"
_TAKING_UP = f"{_TESTS}::TestTakingUpAResizedPosition"
_POSITIONS = "tests/nija/journal/test_positions.py"
_POLICY = "nija/orders/policy.py"
_DESK = "nija/orders/desk.py"
_EXECUTION = "nija/orders/execution.py"
_ADOPTION = "nija/orders/adoption.py"

RESIZING_MUTATIONS = (
    # the stop
    Mutation(
        "a part is sold while the stop still covers all of it",
        _POLICY,
        "if state.stop is StopStage.RESTING and not state.is_shrunk:\n        return _shrinking(state)",
        "if False:\n        return _shrinking(state)",
        (_SITUATIONS, f"{_REDUCING}::test_the_stop_is_for_the_rest_before_the_sale_is_sent"),
    ),
    Mutation(
        "a stop is enlarged over coins that nobody checked",
        _POLICY,
        "    if state.stop_amount < state.sellable and not state.is_new and _asks_owner(state):\n"
        "        return ReadOwner()\n",
        "",
        (_SITUATIONS,),
    ),
    Mutation(
        "a stop is withdrawn to be enlarged once everything stops",
        _POLICY,
        "if state.stopping and not (is_smaller and state.can_amend):",
        "if state.stopping and not is_smaller:",
        (_NOTHING_NEW, _SITUATIONS),
    ),
    Mutation(
        "the stop is shrunk once everything stops",
        _POLICY,
        "waits = (state.stopping or state.paused) and not state.is_shrunk",
        "waits = state.paused and not state.is_shrunk",
        (_SITUATIONS, _NOTHING_NEW),
    ),
    Mutation(
        "the stop is shrunk for a sale that the exchange would refuse",
        _EXECUTION,
        "return shrinks and self._is_sale_refused(plan)",
        "return False",
        (f"{_REDUCING}::test_one_that_the_exchange_would_refuse_is_noticed_before_the_stop_is_touched",),
    ),
    Mutation(
        "a refused sale in part leaves the stop too small",
        _POLICY,
        "    return _part_sale(state) or _protection(state)\n",
        "    return _part_sale(state) or _PROTECTED\n",
        (_SITUATIONS, f"{_REDUCING}::test_a_sale_that_is_refused_leaves_the_stop_for_all_of_it"),
    ),
    # the decision
    Mutation(
        "a reduction goes on after the stop has sold",
        _POLICY,
        "    if reduction.stop_sold and not state.stopping:\n        return BeginSale(_STOP_SOLD)\n",
        "",
        (_SITUATIONS, f"{_REDUCING}::test_a_stop_that_sells_while_the_sale_is_unknown_ends_the_whole_position"),
    ),
    Mutation(
        "a rest that can never be sold is kept",
        _POLICY,
        "    if reduction.rest_too_small and not state.stopping:\n        return BeginSale(reduction.reason)\n",
        "",
        (_SITUATIONS, f"{_REDUCING}::test_a_rest_that_becomes_too_small_is_sold_too"),
    ),
    Mutation(
        "a reduction ends while an increase may still fill",
        _POLICY,
        "is_done = state.settled and not (state.entry_is_open or state.stopping)",
        "is_done = state.settled",
        (f"{_POLICY_TESTS}::test_a_reduction_ends_only_once_its_fills_are_booked",),
    ),
    Mutation(
        "a candle reduces twice",
        "nija/journal/plans.py",
        "return bool(self._connection.cached_rows(_REDUCED_ON, values))",
        "return not values",
        (f"{_REDUCING}::test_one_decision_is_carried_out_once_however_often_it_is_made",),
    ),
    Mutation(
        "the rest is measured in what can be sold now",
        _EXECUTION,
        "price, left, excess = self._reference(plan), held - plan.keep, sellable - plan.keep",
        "price, left, excess = self._reference(plan), sellable - plan.keep, sellable",
        (_REDUCING,),
    ),
    Mutation(
        "more is bought of what is being sold in part",
        _DESK,
        'return None if plan is None or plan.keep is None else "a part of the position is being sold"',
        "return None",
        (f"{_INCREASING}::test_nothing_is_added_to_what_is_being_reduced",),
    ),
    Mutation(
        "more is bought of a position whose stop may be gone",
        _DESK,
        '    StopStage.DENIED: "the exchange denies its stop",\n',
        "",
        (f"{_INCREASING}::test_nothing_is_added_to_a_position_whose_stop_may_be_gone",),
    ),
    Mutation(
        "more is bought of a position whose stop is missing",
        _DESK,
        "if state.stop is StopStage.NONE and not needs_none:",
        "if False:",
        (f"{_INCREASING}::test_nothing_is_added_to_a_position_whose_stop_is_missing",),
    ),
    # after the journal is lost
    Mutation(
        "an increase ends the position that it added to",
        _ADOPTION,
        "        if former is not None and is_increase(order.client_id):\n            return former\n",
        "",
        (f"{_TAKING_UP}::test_increases_and_sales_in_part_belong_to_their_position",),
    ),
    Mutation(
        "a position ends before its increase is taken up",
        _ADOPTION,
        "if opens or is_growing or any(",
        "if opens or any(",
        (f"{_TAKING_UP}::test_a_position_whose_stop_sold_the_increase_too_has_ended",),
    ),
    Mutation(
        "an increase explains a stop whose entry is older",
        "nija/orders/reconciliation.py",
        "for order in entries if not is_increase(order.client_id)}",
        "for order in entries}",
        (f"{_TAKING_UP}::test_an_increase_alone_does_not_explain_a_stop",),
    ),
    Mutation(
        "a purchase changes what an earlier sale earned",
        "nija/journal/positions.py",
        "if change.spent and ZERO < gone <= held:",
        "if False:",
        (f"{_POSITIONS}::test_a_purchase_after_a_sale_changes_the_average_cost_and_not_what_the_sale_earned",),
    ),
)
