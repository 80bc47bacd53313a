"""Everything the pages mention exists: links, files, variables, commands, log lines and settings."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from accounts.environment import described_variables
from accounts.identity import AccountId
from accounts.settings import load_settings
from accounts.variables import parse_variable
from nija.cli.app import load_command
from nija.log import lines
from nija.strategy.registry import STRATEGY_TABLES
from tests.docs.pages import ROOT, Page, pages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES = pages()
_VARIABLE = re.compile(r"\b(?:NIJA|KRAKEN|COINBASE)_(?:[A-Z0-9]+|<NAME>)(?:_(?:[A-Z0-9]+|<NAME>))*(?!\w|\.md)")
_OURS = re.compile(r"(?:\./start\.sh|python -m nija|(?<![\w/.-])(?<!exec )nija) ([a-z][\w-]*)([^\n`|>]*)")
# Shown as a mistake.
_MISSPELT = {"KRAKEN_MASTER_APIKEY"}
_FILE = re.compile(
    r"(?<![\w/.-])((?:nija|accounts|brokers|bench|tests|docs)/[\w./-]*|[\w-]+\.(?:py|sh|yml|yaml|toml))(?![\w/])"
)
_BENCHMARK = re.compile(r"-m (bench\.\w+)")
# The reader's own file, which is not in the tree.
_READERS = {"nija.toml"}
_SIGNS = ("📊", "✅", "💰", "🚀", "⚠️", "❌", "🛡️", "🛑", "👋", "🎭", "📝")
_MASTER, _USER = AccountId.parse("kraken:master"), AccountId.parse("kraken:daivon_frazier")
_COINBASE = AccountId.parse("coinbase:master")


def each_page(pages: tuple[Page, ...] = PAGES) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("page", pages, ids=lambda page: page.name)


@each_page()
def test_every_link_has_a_target(page: Page) -> None:
    for link in page.links:
        parts = urlsplit(link)
        if parts.scheme:
            assert parts.scheme == "https", link
            continue
        target = page.path.parent / parts.path if parts.path else page.path
        assert target.exists(), f"{page.name}: {link}"
        if parts.fragment:
            aim = Page(link, target.read_text(encoding="utf-8"))
            assert parts.fragment in aim.anchors, f"{page.name}: {link}"


def test_every_page_is_reached_from_the_readme() -> None:
    reached, new = set(), {ROOT / "README.md"}
    while new:
        file = new.pop()
        reached.add(file)
        here = Page(str(file), file.read_text(encoding="utf-8"))
        aims = {(file.parent / urlsplit(link).path).resolve() for link in here.links if not urlsplit(link).scheme}
        new |= {aim for aim in aims if aim.suffix == ".md"} - reached
    assert {page.path for page in PAGES} <= reached


@each_page()
def test_every_variable_on_a_page_is_one_that_nija_reads(page: Page) -> None:
    known = {variable.name for variable in described_variables()}
    for name in _VARIABLE.findall(page.text):
        assert name in known | _MISSPELT or parse_variable(name.replace("<NAME>", "SOMEONE")), f"{page.name}: {name}"


def test_every_variable_that_nija_reads_is_on_a_page() -> None:
    named = {name for page in PAGES for name in _VARIABLE.findall(page.text)}
    assert {variable.name for variable in described_variables() if variable.name != "PORT"} <= named
    assert "`PORT`" in (ROOT / "docs/configuration.md").read_text()


@each_page()
def test_only_the_two_example_users_appear(page: Page) -> None:
    named = set(re.findall(r"(?:kraken|coinbase):([a-z]\w*)|USER ([a-z]\w*)", page.text))
    assert {first or second for first, second in named} <= {"master", "daivon_frazier", "tania_gilbert"}


@each_page()
def test_every_command_on_a_page_exists_with_its_flags(page: Page) -> None:
    for name, rest in _OURS.findall(
        "\n".join([*page.code, *(b.text for b in page.blocks if b.language in ("bash", "sh"))])
    ):
        if name in ("test", "something"):
            continue
        command = load_command(name)
        for word in rest.split():
            if hasattr(command, "commands") and not word.startswith("-") and word in command.commands:
                command = command.commands[word]
        flags = {flag for parameter in command.params for flag in parameter.opts} | {"--help"}
        assert set(re.findall(r"--[a-z-]+", rest)) <= flags, f"{page.name}: {name} {rest}"


@each_page()
def test_every_file_on_a_page_exists(page: Page) -> None:
    commands = (block.text for block in page.blocks if block.language in {"bash", "sh"})
    text = "\n".join([*page.code, *commands])
    for name in set(_FILE.findall(text)) - _READERS:
        assert (ROOT / name).exists(), f"{page.name}: {name}"
    for module in _BENCHMARK.findall(text):
        assert (ROOT / f"{module.replace('.', '/')}.py").exists(), f"{page.name}: {module}"


@each_page()
def test_every_log_line_in_backticks_is_one_that_nija_writes(page: Page) -> None:
    fixed = set(_fixed_lines())
    for code in page.code:
        if code.strip().startswith(_SIGNS) and len(code.strip()) > 3:
            shown = re.sub(r"\$[\d.]+", "$1.00", code.strip())
            assert shown in fixed, f"{page.name}: {code}"


def _fixed_lines() -> Iterator[str]:
    one = Decimal(1)
    yield from (
        lines.STARTING,
        lines.FUNDED.strip(),
        lines.INVALID_NONCE,
        lines.INVALID_SIGNATURE,
        lines.STOPPING,
        lines.STOPPED,
        lines.DEMO,
        lines.PAPER,
        lines.underfunded(one).strip(),
        "✅ MASTER KRAKEN CONNECTED!",
    )
    for account in (_MASTER, _USER, _COINBASE):
        yield lines.connecting(account)
        yield lines.connected(account)
        yield lines.registered(account)
        yield lines.balance(account, one)
        yield lines.thread_started(account)
        yield lines.not_configured(account)
        yield lines.connection_failed(account, "Permission denied")


@each_page()
def test_every_nija_toml_on_a_page_is_valid(page: Page, tmp_path: Path) -> None:
    for number, block in enumerate(block for block in page.blocks if block.language == "toml"):
        file = tmp_path / f"{number}.toml"
        file.write_text(block.text)
        load_settings(file, STRATEGY_TABLES)


@pytest.mark.parametrize("picture", sorted((ROOT / "docs/pictures").glob("*.svg")), ids=lambda file: file.name)
def test_every_picture_is_valid_has_a_description_and_is_used(picture: Path) -> None:
    root = ET.parse(picture).getroot()  # noqa: S314  our own file
    assert root.get("aria-label")
    assert any(f"pictures/{picture.name}" in page.text for page in PAGES)


@each_page()
def test_no_page_uses_a_synonym_of_a_word_in_the_glossary(page: Page) -> None:
    other = r"\b(?:venues?|candlesticks?|wallets?|trading pairs?|sub-?accounts?|clients' accounts?|customers?)\b"
    assert re.findall(other, page.prose, re.IGNORECASE) == [], page.name


@each_page()
def test_no_page_names_a_machine_or_a_registry(page: Page) -> None:
    # The page of a demo is at 8150 on whichever machine it runs.
    assert not re.search(r"/(home|root|Users)/\w|pypi|\b127\.0\.0\.1:(?!8150)\d|localhost", page.text), page.name
