"""What NIJA knows of its exchanges, and how a description is looked up."""

from __future__ import annotations

import subprocess
import sys

import pytest

from brokers.exchanges import described, descriptions, exchange_named, exchanges
from brokers.kraken.description import KRAKEN
from brokers.model import Exchange


def test_an_unknown_name_is_answered_with_those_that_exist() -> None:
    with pytest.raises(ValueError, match="unknown exchange 'Kraken': use kraken or coinbase"):
        exchange_named("Kraken")


def test_every_exchange_is_found_by_its_name() -> None:
    assert [described(exchange_named(name)) for name in exchanges()] == list(descriptions())


def test_an_exchange_without_an_entry_has_no_description() -> None:
    with pytest.raises(LookupError, match=r"brokers/exchanges\.py"):
        described(Exchange("tulip"))


def test_permissions_are_labelled_in_the_order_of_the_website_and_unknown_ones_by_their_name() -> None:
    assert KRAKEN.permissions.labels({"brand-new", "withdraw-funds", "query-funds"}) == (
        "Query Funds",
        "Withdraw Funds",
        "brand-new",
    )


def test_reading_the_descriptions_loads_no_client_library() -> None:
    heavy = ("krakenex", "pykrakenapi", "coinbase", "cryptography", "requests", "pandas")
    code = f"import sys, brokers.exchanges; sys.exit(', '.join(set(sys.modules) & set({heavy!r})) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603 - our own code
    assert (done.returncode, done.stderr) == (0, "")
