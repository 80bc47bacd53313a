"""`nija config`: what is set, where it comes from, and whether it is right."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import typer

from nija.cli.desk import DeskFault, open_desk, tell_fault

if TYPE_CHECKING:
    from nija.cli.desk import Desk

_BROKEN = 2


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="What is set, where it comes from, and whether it is right.", no_args_is_help=True)
    group.command("check")(check)
    group.command("show")(show)
    group.command("example")(example)
    group.command("reference")(reference)
    app.add_typer(group, name="config")


def check() -> None:
    """Read everything as the daemon would; every fault at once. Exit code: 0 fine, 2 something is wrong."""
    from accounts.credentials import discover  # noqa: PLC0415  heavy: only where this command runs
    from accounts.environment import unknown_variables  # noqa: PLC0415
    from accounts.settings import SettingsError, load_settings  # noqa: PLC0415

    desk = _desk()
    values = desk.environment.values
    discovery = discover(values)
    faults = [fault.message for fault in discovery.faults]
    warnings = [
        *desk.environment.warnings,
        *unknown_variables(values),
        *(warning.message for warning in discovery.warnings),
    ]
    try:
        settings = load_settings(desk.settings.config)
        warnings += settings.warnings(found.account for found in discovery.credentials)
    except SettingsError as error:
        faults += str(error).splitlines()
    for warning in warnings:
        sys.stdout.write(f"⚠️  {warning}\n")
    for fault in faults:
        sys.stdout.write(f"❌ {fault}\n")
    if faults:
        raise typer.Exit(_BROKEN)
    accounts = ", ".join(str(found.account) for found in discovery.credentials) or "none (NIJA runs the demo)"
    sys.stdout.write(f"✅ Everything can be read. Accounts: {accounts}\n")


def show() -> None:
    """Every value in force and where it comes from. Secrets are shown as set, never as they are."""
    from nija.cli.config_sources import environment_rows, settings_rows  # noqa: PLC0415  heavy

    desk = _desk()
    try:
        rows = [*environment_rows(desk.settings, desk.environment.values, os.environ), *settings_rows(desk.settings)]
    except ValueError as error:
        tell_fault(error)
        raise typer.Exit(_BROKEN) from error
    name_width = max(len(row.name) for row in rows)
    value_width = max(len(row.value) for row in rows)
    for row in rows:
        sys.stdout.write(f"{row.name:<{name_width}}  {row.value:<{value_width}}  {row.source}\n")


def example() -> None:
    """Print nija.example.toml: every key with its meaning, its unit and its default."""
    from nija.cli.config_example import example_toml  # noqa: PLC0415  heavy

    sys.stdout.write(example_toml())


def reference() -> None:
    """Print docs/configuration.md: every variable and every key."""
    from nija.cli.config_reference import configuration_page  # noqa: PLC0415  heavy

    sys.stdout.write(configuration_page())


def _desk() -> Desk:
    try:
        return open_desk()
    except DeskFault as error:
        tell_fault(error)
        raise typer.Exit(_BROKEN) from error
