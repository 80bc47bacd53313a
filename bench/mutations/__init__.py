"""Safeguards by room: each taken away by replacing a piece of text, and the tests that must notice that."""

from __future__ import annotations

from bench.mutations.analysis import ANALYSIS_MUTATIONS
from bench.mutations.backtest import BACKTEST_MUTATIONS
from bench.mutations.candles import CANDLE_MUTATIONS
from bench.mutations.coinbase import COINBASE_MUTATIONS
from bench.mutations.comparing import ADOPTION_MUTATIONS, RECONCILING_MUTATIONS
from bench.mutations.daemon import DAEMON_MUTATIONS
from bench.mutations.desk import DESK_MUTATIONS
from bench.mutations.events import EVENT_MUTATIONS
from bench.mutations.execution import EXECUTION_MUTATIONS
from bench.mutations.explain import EXPLAIN_MUTATIONS
from bench.mutations.kraken import KRAKEN_MUTATIONS
from bench.mutations.limits import LIMIT_MUTATIONS
from bench.mutations.look_ahead import LOOK_AHEAD_MUTATIONS
from bench.mutations.mutation import Mutation
from bench.mutations.optimize import OPTIMIZE_MUTATIONS
from bench.mutations.ownership import RULE_MUTATIONS, WATCH_MUTATIONS
from bench.mutations.policy import POLICY_MUTATIONS
from bench.mutations.resizing import RESIZING_MUTATIONS
from bench.mutations.sending import JOURNAL_MUTATIONS, SENDING_MUTATIONS, TRACKING_MUTATIONS
from bench.mutations.telegram import TELEGRAM_MUTATIONS
from bench.mutations.web import WEB_MUTATIONS
from bench.mutations.weights import WEIGHT_MUTATIONS

MUTATIONS = (
    *POLICY_MUTATIONS,
    *EXECUTION_MUTATIONS,
    *DESK_MUTATIONS,
    *RESIZING_MUTATIONS,
    *RULE_MUTATIONS,
    *WATCH_MUTATIONS,
    *SENDING_MUTATIONS,
    *TRACKING_MUTATIONS,
    *JOURNAL_MUTATIONS,
    *RECONCILING_MUTATIONS,
    *ADOPTION_MUTATIONS,
    *LIMIT_MUTATIONS,
    *BACKTEST_MUTATIONS,
    *KRAKEN_MUTATIONS,
    *COINBASE_MUTATIONS,
    *DAEMON_MUTATIONS,
    *EVENT_MUTATIONS,
    *TELEGRAM_MUTATIONS,
    *WEB_MUTATIONS,
    *OPTIMIZE_MUTATIONS,
    *ANALYSIS_MUTATIONS,
    *CANDLE_MUTATIONS,
    *WEIGHT_MUTATIONS,
    *LOOK_AHEAD_MUTATIONS,
    *EXPLAIN_MUTATIONS,
)

__all__ = ["MUTATIONS", "Mutation"]
