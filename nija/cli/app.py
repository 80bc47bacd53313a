"""The `nija` command: a group that loads only the chosen command."""

from __future__ import annotations

import sys
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from nija.version import nija_version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typer._click.core import Command, Context

PROGRAM = "nija"
_DEFAULT = "run"
_STATUS_FLAGS = {"--json", "--watch", "--tree"}
# By command: its module, which defines a function or a Typer of that name, and its line in `nija --help`.
_COMMANDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "run": ("nija.cli.run", "Run the daemon. Without credentials it runs the demo."),
        "status": ("nija.cli.status", "Show what each account is doing, and why one is not trading."),
        "doctor": ("nija.cli.doctor", "Find what is wrong and how to fix it. Places no orders."),
        "explain": ("nija.cli.explain", "What an account would have made, and what it would do now."),
        "setup": ("nija.cli.setup", "Add an account: get its key, test it, save it in .env."),
        "history": ("nija.cli.history", "Show what NIJA's trades earned, after all fees."),
        "performance": ("nija.cli.performance", "Show earnings, fees, returns and drawdowns, by market and month."),
        "backtest": ("nija.cli.backtest", "Show what NIJA would have earned on past candles."),
        "optimize": ("nija.cli.optimize", "Try many variants of a strategy, and say how much of the best is luck."),
        "export": ("nija.cli.export", "Write NIJA's trades as files for tax programs."),
        "stop-trading": ("nija.cli.switch", "Open nothing new until nija resume. Stops and exits go on."),
        "flatten": ("nija.cli.switch", "Sell NIJA's positions at market and stop trading."),
        "resume": ("nija.cli.switch", "Trade again after stop-trading, flatten or a loss limit."),
        "reload": ("nija.cli.reload", "Take up what changed in .env and nija.toml now."),
        "release": ("nija.cli.release", "Hand NIJA's positions of an account over to its owner."),
        "forget": ("nija.cli.forget", "Archive an account's journal and start a new one."),
        "candles": ("nija.cli.candles", "Past candles for backtests: download, import, list."),
        "notify": ("nija.cli.notify", "Send a test notification: nija notify test."),
        "mcp": ("nija.cli.mcp", "Let an agent look at NIJA over MCP: it can read, not act."),
        "web": ("nija.cli.web", "The web page: nija web password makes the hash of its password."),
        "config": ("nija.cli.config", "Show and check the settings and where they come from."),
        "simulate": ("nija.cli.simulate", "Serve simulated exchanges on this machine."),
    }
)


class _LazyCommand(TyperCommand):
    """A placeholder in the list of commands that loads the real one when called."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: Context | None = None,
        **extra: Any,  # noqa: ANN401  as the method it overrides has it
    ) -> Context:
        return load_command(str(self.name)).make_context(info_name, args, parent, **extra)


class _LazyGroup(TyperGroup):
    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401  as the method it overrides has it
        super().__init__(**attributes)
        own, self.commands = self.commands, {}
        for name, (_, summary) in _COMMANDS.items():
            self.add_command(_LazyCommand(name, help=summary))
        self.commands.update(own)


def load_command(name: str) -> Command:
    """The real command. Raises KeyError if there is none of that name."""
    if name not in _COMMANDS:
        return typer.main.get_group(app).commands[name]
    module, _ = _COMMANDS[name]
    found = getattr(import_module(module), name.replace("-", "_"))
    if isinstance(found, typer.Typer):
        return typer.main.get_command(found)
    single = typer.Typer(add_completion=False)
    single.command(name)(found)
    return typer.main.get_command(single)


app = typer.Typer(
    cls=_LazyGroup,
    help="NIJA trades many exchange accounts at once. Without a command it runs the daemon.",
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001  as typer calls it
    if wanted:
        sys.stdout.write(f"{PROGRAM} {nija_version()}\n")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options before the command."""


@app.command("help")
def show_help(words: Annotated[list[str] | None, typer.Argument(metavar="[COMMAND]...")] = None) -> None:
    """Show this help, or the help of a command."""
    app([*(words or []), "--help"], prog_name=PROGRAM)


def main() -> None:
    words = sys.argv[1:] or [_DEFAULT]
    named = [word for word in words[1:] if not word.startswith("-")]
    if words[0] == "status" and len(named) <= 1 and _STATUS_FLAGS.issuperset({*words[1:]} - {*named}):
        # Typer loads pydantic to parse a command's flags, which takes longer than the daemon's answer.
        flags = {flag: f"--{flag}" in words for flag in ("watch", "tree")}
        sys.exit(import_module("nija.cli.status").run_status(*named, as_json="--json" in words, **flags))
    app(words, prog_name=PROGRAM)
