"""What `nija status` shows when no daemon runs: each account's exchange is queried once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.setting_faults import SettingsError
from brokers.clock import SystemClock
from nija.cli.command_log import command_log
from nija.cli.context import SetupFault
from nija.doctor.direct_status import direct_report

if TYPE_CHECKING:
    from nija.cli.context import CliContext
    from nija.status.report import StatusReport


def ask_exchanges(context: CliContext) -> StatusReport:
    """Raises SetupFault."""
    values = context.environment.values
    try:
        with command_log(values):
            return direct_report(values, context.settings, SystemClock())
    except SettingsError as error:
        raise SetupFault(tuple(str(error).splitlines())) from error
