"""`python -m nija.health.check`: exit code 0 while the data folder's daemon does useful work, else 1.

It uses the control socket, so it needs neither PORT nor a key. Docker's HEALTHCHECK runs it.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from accounts.dotenv_file import DotenvError, load_environment
from accounts.environment import EnvironmentFault, process_settings
from nija.control.client import ask
from nija.control.wire import ControlError
from nija.health.judgement import Verdict, judge
from nija.status.report import StatusReport

if TYPE_CHECKING:
    from collections.abc import Mapping

_ANSWER_SECONDS = 5.0


def main() -> int:
    verdict = check(os.environ, Path(), datetime.now(UTC))
    sys.stdout.write(f"{'healthy' if verdict.healthy else 'unhealthy'}: {verdict.reason}\n")
    sys.stdout.writelines(f"  {fault}\n" for fault in verdict.faults)
    return 0 if verdict.healthy else 1


def check(environ: Mapping[str, str], directory: Path, now: datetime) -> Verdict:
    """The verdict of the daemon that these variables belong to."""
    try:
        data_dir = process_settings(load_environment(environ, directory / ".env").values, directory).data_dir
        report = _report(data_dir)
    except (DotenvError, EnvironmentFault, ControlError) as error:
        return Verdict(healthy=False, reason=str(error))
    if report is None:
        return Verdict(healthy=False, reason=f"NIJA is not running on the data folder {data_dir}")
    uptime = abs((now - report.since).total_seconds()) if report.since is not None else 0.0
    return judge(report.accounts, now, uptime)


def _report(data_dir: Path) -> StatusReport | None:
    answer = ask(data_dir, "status", timeout=_ANSWER_SECONDS)
    try:
        return None if answer is None else StatusReport.from_json(answer)
    except ValueError as error:
        raise ControlError("the running NIJA has another version: restart it after an update") from error


if __name__ == "__main__":
    sys.exit(main())
