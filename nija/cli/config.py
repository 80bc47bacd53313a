"""`nija config`: show and check the settings, and where they come from."""

from __future__ import annotations

import os
import sys

import typer

from accounts.credentials import discover
from accounts.environment import unknown_variables
from accounts.setting_faults import SettingsError
from accounts.settings import load_settings
from nija.cli.config_example import example_toml
from nija.cli.config_reference import configuration_page
from nija.cli.config_sources import environment_rows, settings_rows
from nija.cli.context import FAILED, CliContext, SetupFault, print_fault, read_context
from nija.strategy.registry import STRATEGY_TABLES

config = typer.Typer(
    name="config",
    help="Show and check the settings and where they come from.",
    no_args_is_help=True,
    add_completion=False,
)


@config.command()
def check() -> None:
    """Check all settings as the daemon would, and list every problem.

    Exit code: 0 all settings are valid, 2 something is wrong.
    """
    context = _context()
    values = context.environment.values
    discovery = discover(values)
    faults = [fault.message for fault in discovery.faults]
    warnings = [
        *context.environment.warnings,
        *unknown_variables(values),
        *(warning.message for warning in discovery.warnings),
    ]
    try:
        settings = load_settings(context.settings.config, STRATEGY_TABLES)
        warnings += settings.warnings(found.account for found in discovery.credentials)
    except SettingsError as error:
        faults += str(error).splitlines()
    for warning in warnings:
        sys.stdout.write(f"⚠️  {warning}\n")
    for fault in faults:
        sys.stdout.write(f"❌ {fault}\n")
    if faults:
        raise typer.Exit(FAILED)
    accounts = ", ".join(str(found.account) for found in discovery.credentials) or "none (NIJA runs the demo)"
    sys.stdout.write(f"✅ All settings are valid. Accounts: {accounts}\n")


@config.command()
def show() -> None:
    """Show every value in effect and where it comes from. Secrets are not shown."""
    context = _context()
    try:
        rows = [
            *environment_rows(context.settings, context.environment.values, os.environ),
            *settings_rows(context.settings),
        ]
    except ValueError as error:
        print_fault(error)
        raise typer.Exit(FAILED) from error
    name_width = max(len(row.name) for row in rows)
    value_width = max(len(row.value) for row in rows)
    for row in rows:
        sys.stdout.write(f"{row.name:<{name_width}}  {row.value:<{value_width}}  {row.source}\n")


@config.command()
def example() -> None:
    """Print nija.example.toml: every key with its meaning, unit and default."""
    sys.stdout.write(example_toml())


@config.command()
def reference() -> None:
    """Print docs/configuration.md: every variable and every key."""
    sys.stdout.write(configuration_page())


def _context() -> CliContext:
    try:
        return read_context()
    except SetupFault as error:
        print_fault(error)
        raise typer.Exit(FAILED) from error
