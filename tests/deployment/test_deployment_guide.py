"""What docs/deployment.md says must be so."""

from __future__ import annotations

import re
from decimal import Decimal
from urllib.parse import urlsplit

from accounts.credentials import discover
from accounts.environment import unknown_variables
from accounts.identity import AccountId
from nija.health.judgement import SILENT_SECONDS
from nija.log import lines
from nija.notify.heartbeat import EVERY_SECONDS
from tests.deployment.dockerfile import ROOT

GUIDE = (ROOT / "docs/deployment.md").read_text()
MASTER = AccountId.parse("kraken:master")


def blocks(language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
    return [text for name, text in found if name == language]


def test_every_variable_it_names_is_one_that_nija_reads() -> None:
    named = set(re.findall(r"\bNIJA_[A-Z_]+\b", GUIDE))
    assert {"NIJA_NOTIFY_URLS", "NIJA_HEARTBEAT_URL", "NIJA_DAILY_SUMMARY_HOUR", "NIJA_DATA_DIR"} <= named
    assert unknown_variables(dict.fromkeys(named, "x")) == ()
    credentials = set(re.findall(r"\bKRAKEN_[A-Z_]+\b", GUIDE))
    assert credentials == {"KRAKEN_MASTER_API_KEY", "KRAKEN_MASTER_API_SECRET"}
    assert not discover(dict.fromkeys(credentials, "x")).is_empty


def test_the_log_it_shows_is_the_log_that_is_written() -> None:
    (shown,) = blocks("")
    assert shown.splitlines() == [
        lines.connecting(MASTER),
        lines.connected(MASTER),
        lines.registered(MASTER),
        lines.balance(MASTER, Decimal("1234.56")),
        lines.FUNDED,
        lines.STARTING,
        lines.thread_started(MASTER),
    ]


def test_the_troubles_it_explains_are_said_in_the_same_words() -> None:
    for line in (
        lines.not_configured(MASTER),
        lines.connection_failed(MASTER, "Permission denied"),
        lines.INVALID_NONCE,
        lines.INVALID_SIGNATURE,
        lines.DEMO,
    ):
        assert f"| `{line}` |" in GUIDE


def test_its_links_within_the_page_and_its_files_exist() -> None:
    headings = re.findall(r"^## (.*)$", GUIDE, re.MULTILINE)
    titles = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", GUIDE)) <= titles
    for name in (
        "railway.json",
        "render.yaml",
        "Dockerfile",
        "docker-compose.yml",
        ".env.example",
        "docs/nija.service",
    ):
        assert (ROOT / name).exists()


def test_the_times_it_tells_are_the_ones_kept() -> None:
    assert "for five minutes" in GUIDE
    assert SILENT_SECONDS == 5 * 60
    assert "every two minutes" in GUIDE
    assert EVERY_SECONDS == 2 * 60


def test_its_commands_name_what_there_is() -> None:
    commands = "\n".join(blocks("sh"))
    assert "docs/nija.service" in commands
    unit = (ROOT / "docs/nija.service").read_text()
    assert "/opt/nija" in unit
    assert "NIJA_DATA_DIR=/var/lib/nija" in unit


def test_every_address_it_links_to_is_a_safe_one() -> None:
    assert {urlsplit(link).scheme for link in re.findall(r"\]\((\w+://[^)]+)\)", GUIDE)} == {"https"}
