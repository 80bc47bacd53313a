"""`nija status`: what every account is doing."""

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command("status")(status)


def status(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,  # noqa: FBT002  typer's form
    watch: Annotated[bool, typer.Option("--watch", help="Refresh in place until Ctrl+C.")] = False,  # noqa: FBT002
) -> None:
    """What NIJA is doing, account by account, and why one is not trading.

    Exit code: 0 every account trades, 1 some do not, 2 none does or NIJA is not running.
    """
    from nija.cli.status_now import run_status  # noqa: PLC0415  only where this command runs

    raise typer.Exit(run_status(as_json=as_json, watch=watch))
