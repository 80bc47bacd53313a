"""The `nija` command. What a command needs is imported when it is called, so that each starts fast."""

from __future__ import annotations

import sys

import typer

from nija.cli import config, doctor, forget, setup, simulate, status, switch

app = typer.Typer(
    help="NIJA trades many exchange accounts at once. Without a command it runs the daemon.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def daemon_unless_told(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        run()


@app.command()
def run() -> None:
    """Run the daemon: with credentials it trades, without any it shows the demo."""
    from nija.cli.run import run as run_daemon  # noqa: PLC0415

    raise typer.Exit(run_daemon())


for command in (status, doctor, setup, switch, forget, config, simulate):
    command.register(app)


def main() -> None:
    sys.exit(app())
