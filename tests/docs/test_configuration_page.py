"""docs/configuration.md is generated from the settings and always matches them."""

from __future__ import annotations

from accounts.environment import ProcessSettings, described_variables, process_settings
from nija.cli.config_reference import configuration_page
from tests.docs.pages import ROOT


def test_the_page_in_the_tree_is_the_generated_one() -> None:
    written = (ROOT / "docs/configuration.md").read_text()
    assert written == configuration_page(), "generate it again: ./start.sh config reference > docs/configuration.md"


def test_the_defaults_on_the_page_are_those_in_force() -> None:
    shown = {variable.name: variable.default for variable in described_variables() if variable.default}
    assert process_settings(shown) == ProcessSettings()
