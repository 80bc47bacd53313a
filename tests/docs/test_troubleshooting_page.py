"""docs/troubleshooting.md shows the doctor's real output under every symptom."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from nija.doctor.render import lines
from tests.docs.pages import page
from tests.docs.symptoms import NOWHERE, reproduced, symptoms
from tests.nija.doctor.setups import KEYS, BrokenSetUp

if TYPE_CHECKING:
    from pathlib import Path

    from tests.simulator_fixtures import Rig

_PAGE = page("docs/troubleshooting.md")
# The width of the output on the page.
_WIDTH = 100
_NUMBER = re.compile(r"\d+")


def _sections() -> dict[str, str]:
    """The output shown under each heading."""
    parts = re.split(r"^### (.*)$", _PAGE.text, flags=re.MULTILINE)
    shown = {}
    for heading, text in zip(parts[1::2], parts[2::2], strict=True):
        found = re.search(r"^```text\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
        assert found is not None, f"{heading}: no output is shown"
        shown[heading] = found[1]
    return shown


def _words(text: str) -> str:
    """Process ids, times and ports change each time, and the line breaks depend on them."""
    return " ".join(_NUMBER.sub("0", text).split())


def test_every_symptom_of_the_page_can_be_reproduced() -> None:
    assert set(_sections()) == symptoms()


@pytest.mark.parametrize("symptom", sorted(symptoms()))
def test_the_page_shows_what_the_doctor_prints_for_each_symptom(symptom: str, rig: Rig, tmp_path: Path) -> None:
    rig.advance(30)
    environ = {
        "KRAKEN_API_URL": rig.simulator.kraken_url,
        "NIJA_DATA_DIR": str(tmp_path / "data"),
        "NIJA_LOG_FILE": str(tmp_path / "nija.log"),
        "NIJA_NONCE_OFFSET_MAX": "0",
    }
    set_up = BrokenSetUp(tmp_path, rig.clock, environ)
    set_up.credentials("kraken:master", KEYS["master"])
    try:
        with reproduced(symptom, set_up, rig):
            # With nothing set, the doctor checks only an account that is named.
            named = "kraken:master" if symptom == "Kraken credentials not configured" else None
            said = "\n".join(lines(set_up.examine(named), _WIDTH))
    finally:
        rig.simulator.call(rig.simulator.world.plan.clear)
    # A reader runs the doctor in the folder itself, against the real exchange.
    real = (
        said.replace(f"{tmp_path}/", "")
        .replace(NOWHERE, "https://api.kraken.com")
        .replace("127.0.0.1", "api.kraken.com")
    )
    for finding in re.split(r"\n(?! )", _sections()[symptom].strip()):
        assert _words(finding) in _words(real), said
