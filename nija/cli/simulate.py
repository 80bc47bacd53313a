"""`nija simulate`: the embedded exchanges on their own, for testing NIJA or any other client against them."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path  # noqa: TC003  typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from accounts.credentials import discover
from accounts.dotenv_file import DotenvError, load_environment
from accounts.identity import AccountId
from brokers.clock import SystemClock
from brokers.simulator.config import Limits, Ports, SimulatedAccount, SimulatorConfig, made_up_accounts
from brokers.simulator.prices import CandleError
from brokers.simulator.server import serve
from nija.cli.command_log import command_log
from nija.cli.context import DOTENV, FAILED, print_fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brokers.simulator.server import Addresses


def simulate(  # noqa: PLR0913, PLR0917 - each is one option of the command
    candles: Annotated[
        Path | None, typer.Option(help="Replay real candles (CSV files in this folder) instead of made-up prices.")
    ] = None,
    speed: Annotated[float, typer.Option(min=0.001, help="Market seconds per real second.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Random seed of made-up prices and accounts.")] = 1,
    start: Annotated[datetime | None, typer.Option(help="Where a replay starts (UTC).")] = None,
    kraken_port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free port.")] = 0,
    coinbase_port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free port.")] = 0,
    admin_port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free port.")] = 0,
    money: Annotated[float | None, typer.Option(min=0, help="US dollars that every account starts with.")] = None,
    env_file: Annotated[
        Path | None, typer.Option(help="Write addresses and keys to this file, in .env format (mode 0600).")
    ] = None,
    *,
    limits: Annotated[bool, typer.Option(help="Enforce the exchanges' rate limits.")] = True,
) -> None:
    """Serve simulated exchanges on this machine, with the APIs of Kraken and Coinbase.

    The accounts are those with credentials in the environment or in .env; without any, four made-up ones.
    """
    values = _environment()
    own = _own_accounts(values)
    accounts = _with_money(own or made_up_accounts(seed), money)
    config = SimulatorConfig(
        accounts=accounts,
        speed=speed,
        seed=seed,
        candles=candles,
        start=start.replace(tzinfo=UTC) if start is not None else None,
        ports=Ports(kraken_port, coinbase_port, admin_port),
        limits=Limits(private=limits, public=limits),
    )
    try:
        with command_log(values):
            # The user's own keys are never shown.
            serve(config, SystemClock(), lambda at: _print_settings(at, () if own else accounts, env_file, speed))
    except (CandleError, OSError) as error:
        print_fault(error)
        raise typer.Exit(FAILED) from error


def _environment() -> Mapping[str, str]:
    try:
        return load_environment(os.environ, DOTENV).values
    except DotenvError as error:
        print_fault(error)
        raise typer.Exit(FAILED) from error


def _with_money(accounts: tuple[SimulatedAccount, ...], money: float | None) -> tuple[SimulatedAccount, ...]:
    if money is None:
        return accounts
    balances = {"USD": Decimal(repr(money))}
    return tuple(replace(account, balances=balances) for account in accounts)


def _own_accounts(values: Mapping[str, str]) -> tuple[SimulatedAccount, ...]:
    discovery = discover(values)
    for fault in discovery.faults:
        sys.stderr.write(f"❌ {fault.message}\n")
    if discovery.faults:
        raise typer.Exit(FAILED)
    return tuple(
        SimulatedAccount(
            found.account.exchange,
            found.account.owner,
            found.api_key,
            {"USD": Decimal(1000)},
            account_uid=f"account of {found.account}",
        )
        for found in discovery.credentials
    )


def _print_settings(
    addresses: Addresses, made_up: tuple[SimulatedAccount, ...], env_file: Path | None, speed: float
) -> None:
    settings = _settings(addresses, made_up)
    if env_file is None:
        sys.stdout.write(settings)
    else:
        _write_private(env_file, settings)
        sys.stdout.write(f"Addresses and keys are in {env_file}\n")
    if speed != 1:
        sys.stdout.write("# To follow these faster markets, a daemon needs this under [trading] in nija.toml:\n")
        sys.stdout.write("#   poll_seconds = 1\n#   max_candle_age = 0\n")
    sys.stdout.write(f"# Books and faults: {addresses.admin_url}/state\n# Serving; press Ctrl+C to stop\n")
    sys.stdout.flush()


def _settings(addresses: Addresses, made_up: tuple[SimulatedAccount, ...]) -> str:
    lines = [
        f"KRAKEN_API_URL={addresses.kraken_url}",
        f"COINBASE_API_URL={addresses.coinbase_url}",
        f"REQUESTS_CA_BUNDLE={addresses.ca_file}",
    ]
    for account in made_up:
        prefix = AccountId(account.exchange, account.owner).env_prefix
        secret = account.api_key.secret.replace("\n", "\\n")
        lines += [f'{prefix}_API_KEY="{account.api_key.key}"', f'{prefix}_API_SECRET="{secret}"']
    return "\n".join(lines) + "\n"


def _write_private(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        os.fchmod(stream.fileno(), 0o600)
        stream.write(text)
