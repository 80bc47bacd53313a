"""Safeguards of what is published: each fact once, after the journal has it, and no listener hurts anyone."""

from __future__ import annotations

from bench.mutations.mutation import Mutation

_EVENTS = "tests/nija/test_events.py"
_POSITIONS = "tests/nija/orders/test_position_events.py"
_HISTORY = "tests/nija/journal/test_history_writer.py"
_BRAKES = "tests/nija/trader/test_halts.py::TestWhatIsPublished"
_OPEN_STATE = "nija/journal/open_state.py"
_WRITER = "nija/journal/history_writer.py"

EVENT_MUTATIONS = (
    Mutation(
        "a listener that fails stops trading",
        "nija/events.py",
        "            except Exception:  # noqa: BLE001  logged with its traceback\n",
        "            except LookupError:\n",
        (_EVENTS,),
    ),
    Mutation(
        "each restart tells of old positions again",
        _OPEN_STATE,
        "            if not is_news and plan.id not in self._unsettled:\n",
        "            if False:\n",
        (f"{_POSITIONS}::test_a_restart_publishes_nothing_about_old_positions",),
    ),
    Mutation(
        "what was bought while the daemon was down is not told",
        _OPEN_STATE,
        "            if not is_news and plan.id not in self._unsettled:\n",
        "            if not is_news:\n",
        (f"{_POSITIONS}::test_what_an_entry_bought_while_the_daemon_was_down_is_published_at_the_next_start",),
    ),
    Mutation(
        "positions that are found again after the loss of the disk are told as bought",
        _OPEN_STATE,
        "(since is not None and plan.opened >= since)",
        "since is not None",
        (f"{_POSITIONS}::test_a_lost_disk_publishes_nothing_about_positions_from_before",),
    ),
    Mutation(
        "what the owner took is not told",
        _OPEN_STATE,
        "        for market, loss in lost:\n",
        "        for market, loss in ():\n",
        (f"{_POSITIONS}::test_coins_that_the_owner_took_are_written_off_and_not_sold",),
    ),
    Mutation(
        "what is left of a sale counts as part of its result",
        "nija/journal/positions.py",
        "realised=tally.received + left - (spent - cost),",
        "realised=tally.received - (spent - cost),",
        (f"{_POSITIONS}::test_what_is_left_of_a_sale_is_neither_gain_nor_loss",),
    ),
    Mutation(
        "a limit of an earlier run is told at every start",
        "nija/trader/halts.py",
        "halt.since >= self._since if self._known is None else name not in self._known",
        "name not in (self._known or ())",
        (_BRAKES,),
    ),
    Mutation(
        "a trader that begins anew tells its limits again",
        "nija/trader/halts.py",
        "        self._known = frozenset(halts)\n",
        "        self._known = None\n",
        (_BRAKES,),
    ),
    Mutation(
        "what could not be written is missing in the history",
        _WRITER,
        "(waiting + self._waiting.get(journal.account, []))[-_KEPT_AT_MOST:]",
        "[]",
        (_HISTORY,),
    ),
    Mutation(
        "what waits for a broken journal grows without end",
        _WRITER,
        "            del waiting[:-_KEPT_AT_MOST]\n",
        "",
        (_HISTORY,),
    ),
)
