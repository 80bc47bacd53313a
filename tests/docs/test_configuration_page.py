"""docs/configuration.md: generated from the settings, and never at odds with them."""

from __future__ import annotations

from accounts.environment import ProcessSettings, described_variables, process_settings
from nija.cli.config_reference import configuration_page
from tests.docs.pages import ROOT


def test_the_page_in_the_tree_is_the_generated_one() -> None:
    written = (ROOT / "docs/configuration.md").read_text()
    assert written == configuration_page(), "write it anew: ./start.sh config reference > docs/configuration.md"


def test_a_default_that_the_page_tells_is_the_one_that_holds() -> None:
    told = {variable.name: variable.default for variable in described_variables() if variable.default}
    assert process_settings(told) == ProcessSettings()
