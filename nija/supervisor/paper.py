"""Paper mode: accounts with the names of the configured ones, with paper money and without their keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from accounts.credentials import Credentials, Discovery
from accounts.identity import MASTER, AccountId
from brokers.exchanges import exchanges
from brokers.model import ApiKey

if TYPE_CHECKING:
    from nija.supervisor.configuration import Configuration


def on_paper(configuration: Configuration) -> Configuration:
    """The same configuration with paper accounts in a separate data folder."""
    discovery = configuration.discovery
    credentials = tuple(
        Credentials(account, ApiKey(f"paper {account}", ""), "paper", "paper") for account in paper_accounts(discovery)
    )
    return replace(
        configuration,
        process=configuration.process.on_paper(),
        discovery=Discovery(credentials, discovery.faults, (), discovery.secrets),
    )


def paper_accounts(discovery: Discovery) -> tuple[AccountId, ...]:
    """The accounts with credentials; if there are none, the masters."""
    named = tuple(found.account for found in discovery.credentials)
    return named or tuple(AccountId(exchange, MASTER) for exchange in exchanges())
