"""The `nija` command: a group that loads the command which is asked for, and no other."""

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
_STATUS_FLAGS = {"--json", "--watch"}
# By command: its module, which has a function or a Typer of that name, and its line in `nija --help`.
_COMMANDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "run": ("nija.cli.run", "Run the daemon: with credentials it trades, without any it shows the demo."),
        "status": ("nija.cli.status", "What NIJA is doing, account by account, and why one is not trading."),
        "doctor": ("nija.cli.doctor", "Check everything in the order in which it can fail. Places no order."),
        "setup": ("nija.cli.setup", "Set an account up: where to get a key, whether it works, and into .env with it."),
        "stop-trading": ("nija.cli.switch", "Open nothing new, until nija resume; exits and stops go on."),
        "flatten": ("nija.cli.switch", "Sell NIJA's positions at market, and open nothing new until nija resume."),
        "resume": ("nija.cli.switch", "Trade again after stop-trading, flatten, or a loss limit."),
        "forget": ("nija.cli.forget", "Put an account's journal away, so that it begins anew."),
        "config": ("nija.cli.config", "What is set, where it comes from, and whether it is right."),
        "simulate": ("nija.cli.simulate", "Serve Kraken's and Coinbase's protocols on this machine."),
    }
)


class _LazyCommand(TyperCommand):
    """Stands for a command in the list of them; loads it once it is called."""

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
    """The command itself. Raises KeyError where there is none of that name."""
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
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Which NIJA this is.")
    ] = False,
) -> None:
    """What may stand before a command."""


@app.command("help")
def show_help(words: Annotated[list[str] | None, typer.Argument(metavar="[COMMAND]...")] = None) -> None:
    """What there is, or what one command does, and with which options."""
    app([*(words or []), "--help"], prog_name=PROGRAM)


def main() -> None:
    words = sys.argv[1:] or [_DEFAULT]
    if words[0] == "status" and _STATUS_FLAGS.issuperset(words[1:]):
        # Typer loads pydantic to read a command's flags: that takes longer than the daemon's answer.
        sys.exit(import_module("nija.cli.status").run_status(as_json="--json" in words, watch="--watch" in words))
    app(words, prog_name=PROGRAM)
