"""Safeguards of the loss limits and of what is not known."""

from __future__ import annotations

from bench.mutations.mutation import Mutation

_RETURNS = "tests/nija/risk/test_returns.py"
_TIME = "tests/nija/risk/test_trusted_time.py"
_MEASURE = "tests/nija/trader/test_return_tracker.py"
_EARNINGS = "tests/nija/trader/test_earnings.py"
_UNKNOWN = "tests/nija/trader/test_what_is_not_known.py"
_BRAKES = "tests/nija/trader/test_halts.py"
_COMMANDS = "tests/nija/trader/test_commands.py"
_COINS = "tests/nija/orders/test_whose_coins.py"
_PORTFOLIO = "tests/nija/supervisor/test_portfolio.py"
_MIGRATION = "tests/nija/journal/test_returns_migration.py"

LIMIT_MUTATIONS = (
    Mutation(
        "a loss is measured on the money that is there now",
        "nija/trader/return_tracker.py",
        "growth(earned, last.equity)",
        "growth(earned, now.equity)",
        (_MEASURE,),
    ),
    Mutation(
        "a day opens at its first look however much was lost before",
        "nija/risk/returns.py",
        "max(self.unit.latest, unit.latest)",
        "unit.latest",
        (_RETURNS, _MEASURE),
    ),
    Mutation(
        "a sale that is booked before its purchase is a gain",
        "nija/trader/appraisal.py",
        "total if known is None else min(total, known)",
        "total",
        (_EARNINGS,),
    ),
    Mutation(
        "what the owner took is a loss",
        "nija/trader/appraisal.py",
        "            return value_of_loss(loss, ZERO)\n",
        "            return ZERO\n",
        (_EARNINGS,),
    ),
    Mutation(
        "a loss is forgotten once the owner sells the position by hand",
        "nija/orders/ownership.py",
        "WriteOff(position.id, part, taken.reason, now, price)",
        "WriteOff(position.id, part, taken.reason, now)",
        (_COINS,),
    ),
    Mutation(
        "an old journal's loss of the day is forgotten",
        "nija/trader/return_tracker.py",
        "UnitValue(opening=opening, peak=peak)",
        "UnitValue(peak=peak)",
        (_MEASURE, _MIGRATION),
    ),
    Mutation(
        "what was written off before the update looks like a gain",
        "nija/journal/migrations/versions/returns_0003.py",
        "    op.execute(\"UPDATE write_offs SET price = '0'\")\n",
        "    op.execute(\"UPDATE write_offs SET price = '100000'\")\n",
        (_MIGRATION,),
    ),
    Mutation(
        "an old price judges a limit",
        "nija/market_data/snapshot.py",
        "        return self.fresh(now, self.price_max_age)\n",
        "        return self.tickers\n",
        (_UNKNOWN,),
    ),
    Mutation(
        "an old price sizes an entry",
        "nija/trader/trader.py",
        "snapshot.prices(self._context.clock.monotonic()).get(market.symbol)",
        "snapshot.tickers.get(market.symbol)",
        (_UNKNOWN,),
    ),
    Mutation(
        "what cannot be judged opens all the same",
        "nija/risk/limits.py",
        "        _unknown(appraisal),\n",
        "",
        (_UNKNOWN, "tests/nija/risk/test_may_open.py"),
    ),
    Mutation(
        "an entry of unknown outcome is no exposure",
        "nija/trader/appraisal.py",
        "exposure=held + hoped, pending=hoped",
        "exposure=held, pending=hoped",
        (_UNKNOWN,),
    ),
    Mutation(
        "an entry of unknown outcome is no position",
        "nija/trader/appraisal.py",
        "len(positions.keys() | pending.keys())",
        "len(positions)",
        (_UNKNOWN,),
    ),
    Mutation(
        "an entry of unknown outcome has cost nothing",
        "nija/risk/sizing.py",
        "funds.available - funds.pending * reserved",
        "funds.available",
        (_UNKNOWN,),
    ),
    Mutation(
        "what has filled counts only once its fills are told",
        "nija/orders/desk.py",
        "most = intent.filled if intent.state.is_final else intent.request.amount",
        "most = self._open.booked(intent) if intent.state.is_final else intent.request.amount",
        (_UNKNOWN,),
    ),
    Mutation(
        "a leap of the clock is believed at once",
        "nija/risk/trusted_time.py",
        "            return ClockReading(reported, expected)\n",
        "            return ClockReading(reported, reported)\n",
        (_TIME, _UNKNOWN),
    ),
    Mutation(
        "a new process believes its first clock",
        "nija/risk/trusted_time.py",
        "(reported if self._last is None else self._last, steady)",
        "(reported, steady)",
        (_TIME, _UNKNOWN),
    ),
    Mutation(
        "a resume in the middle of a cycle is undone",
        "nija/trader/halts.py",
        "        if value < limit or name in self.halts:\n",
        "        if value < limit:\n",
        (_BRAKES,),
    ),
    Mutation(
        "a resume keeps what all accounts together have lost",
        "nija/trader/commands.py",
        "        journal.portfolio.reset(now)\n",
        "        pass\n",
        (_COMMANDS,),
    ),
    Mutation(
        "a resume before the first look is missed",
        "nija/trader/halts.py",
        "self.halts: Mapping[HaltName, Halt] = journal.halts.all()",
        "self.halts: Mapping[HaltName, Halt] = {}",
        (_PORTFOLIO,),
    ),
    Mutation(
        "what all accounts together have lost stops nobody",
        "nija/trader/halts.py",
        "            self._halts.halt(name, unit.daily_loss, limits.max_daily_loss, reading.trusted)\n",
        "            pass\n",
        (_PORTFOLIO,),
    ),
    Mutation(
        "what all accounts together have lost is forgotten over a restart",
        "nija/trader/halts.py",
        "        self._copy = store.latest()\n",
        "        self._copy = None\n",
        (_PORTFOLIO,),
    ),
    Mutation(
        "an account enters before all together are measured",
        "nija/trader/halts.py",
        "            return state.unknown\n",
        '            return ""\n',
        (_PORTFOLIO,),
    ),
    Mutation(
        "the figures of a trader that hangs are news",
        "nija/supervisor/portfolio.py",
        " if share is not self._shown.get(one)}",
        "}",
        (_PORTFOLIO,),
    ),
    Mutation(
        "one account that is down stops all others for ever",
        "nija/supervisor/portfolio.py",
        "steady - self._known[one] > _MAX_UNKNOWN_SECONDS",
        "steady < 0",
        (_PORTFOLIO,),
    ),
)
