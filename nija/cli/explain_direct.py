"""What `nija explain` shows when no daemon runs: each exchange is asked once."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from brokers.clock import SystemClock
from nija.cli.command_log import command_log
from nija.doctor.direct_explain import explain_directly

if TYPE_CHECKING:
    from accounts.settings import Settings
    from nija.cli.context import CliContext
    from nija.explain.account_now import AccountNow


def ask_exchanges(context: CliContext, settings: Settings) -> tuple[AccountNow, ...]:
    """Raises StrategyError."""
    sys.stderr.write("NIJA is not running: asking the exchanges. No orders will be placed.\n")
    values = context.environment.values
    with command_log(values):
        return explain_directly(values, context.settings, settings, SystemClock())
