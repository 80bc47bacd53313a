"""Safeguards of positions that follow a weight."""

from __future__ import annotations

from bench.mutations.mutation import Mutation

_SIZE = "tests/nija/risk/test_next_size.py"
_RULE = "tests/nija/strategy/test_trend_ensemble.py"
_TRADER = "tests/nija/trader/test_resizing.py"

WEIGHT_MUTATIONS = (
    Mutation(
        "a weight that is not known yet is none",
        "nija/strategy/trend_ensemble.py",
        "scale = np.full(len(candles), nan)",
        "scale = np.zeros(len(candles))",
        (_RULE,),
    ),
    Mutation(
        "a hit stop leaves the channels on",
        "nija/strategy/trend_ensemble.py",
        "                lines = off\n",
        "                pass\n",
        (_RULE,),
    ),
    Mutation(
        "the stop of the strategy's own position falls with the floor",
        "nija/strategy/trend_ensemble.py",
        "if not self.is_held or floor > self.stop:",
        "if not self.is_held or floor == floor:",
        (_RULE,),
    ),
    Mutation(
        "a difference is measured at the price of now",
        "nija/risk/resizing.py",
        "part = share.held * signal.close / whole",
        "part = share.held * share.bid / whole",
        (_SIZE,),
    ),
    Mutation(
        "caps that nija.toml sets do not apply to weights",
        "nija/risk/resizing.py",
        "if key not in risk.model_fields_set}",
        "}",
        (_SIZE,),
    ),
    Mutation(
        "an order that may still fill has cost nothing",
        "nija/risk/resizing.py",
        "free = without_pending(funds, reserved).available",
        "free = funds.available",
        (_SIZE,),
    ),
    Mutation(
        "a position is opened that can hardly be sold again",
        "nija/risk/resizing.py",
        "return None if share.held > 0 else _too_small_to_open",
        "return None if share.held >= 0 else _too_small_to_open",
        (_SIZE,),
    ),
    Mutation(
        "a rest is kept that is too small to sell",
        "nija/risk/resizing.py",
        "if keep * share.bid < min_notional(market, share.bid):",
        "if keep < 0:",
        (_SIZE,),
    ),
    Mutation(
        "what the sales bring in is not waited for",
        "nija/trader/trader.py",
        "waits if sold else self._make_entry(snapshot, appraisal)",
        "self._make_entry(snapshot, appraisal)",
        (_TRADER,),
    ),
    Mutation(
        "what a sale brought in counts twice until its fills are read",
        "nija/trader/trader.py",
        "        sold = bool(waits) or self._resizer.sell_parts(snapshot, appraisal, attempts)\n",
        "        sold = self._resizer.sell_parts(snapshot, appraisal, attempts)\n",
        ("tests/nija/trader/test_trader.py::test_nothing_is_sized_while_the_fills_of_a_sale_are_unread",),
    ),
    Mutation(
        "a full account may not increase what it holds",
        "nija/trader/plan.py",
        "appraisal.open_positions - is_held",
        "appraisal.open_positions",
        (_TRADER,),
    ),
    Mutation(
        "a weight buys without a stop, or below it",
        "nija/trader/plan.py",
        "return stop_refusal(bought) or size",
        "return bought and size",
        (_TRADER,),
    ),
    Mutation(
        "a restart buys back at the candle during which the stop was hit",
        "nija/trader/held_candles.py",
        "return sold is not None and is_exchange_time and signal.closed <= sold",
        "return False",
        (_TRADER,),
    ),
    Mutation(
        "old candles that are replayed open nothing after a restart",
        "nija/trader/held_candles.py",
        "is_exchange_time = 0 <= age < _SAME_TIME_INTERVALS * signal.timeframe.seconds",
        "is_exchange_time = age >= 0",
        (_TRADER,),
    ),
)
