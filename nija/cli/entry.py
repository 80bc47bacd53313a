"""Where `nija` begins: `nija status` is answered before the command line would even be loaded."""

from __future__ import annotations

import sys

_PLAIN_FLAGS = {"--json", "--watch"}


def main() -> None:
    flags = sys.argv[2:]
    if sys.argv[1:2] == ["status"] and _PLAIN_FLAGS.issuperset(flags):
        from nija.cli.status_now import run_status  # noqa: PLC0415  each way loads only what it needs

        sys.exit(run_status(as_json="--json" in flags, watch="--watch" in flags))
    from nija.cli.app import main as run_command  # noqa: PLC0415

    run_command()
