"""Paper mode: the configured accounts by name, with paper money, and none of their keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from accounts.credentials import Credentials, Discovery
from accounts.identity import MASTER, AccountId
from brokers.model import ApiKey, Exchange

if TYPE_CHECKING:
    from nija.supervisor.configuration import Configuration


def on_paper(configuration: Configuration) -> Configuration:
    """The same configuration with paper accounts in a data folder of their own; without credentials, the masters."""
    named = tuple(found.account for found in configuration.discovery.credentials)
    accounts = named or tuple(AccountId(exchange, MASTER) for exchange in Exchange)
    credentials = tuple(Credentials(account, ApiKey(f"paper {account}", ""), "paper", "paper") for account in accounts)
    return replace(
        configuration,
        process=replace(configuration.process, data_dir=configuration.process.data_dir / "paper", database_url=None),
        discovery=Discovery(credentials, configuration.discovery.faults, (), configuration.discovery.secrets),
    )
