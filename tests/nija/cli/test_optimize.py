"""`nija optimize`, as users type it."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from nija.cli.app import app
from nija.cli.optimize_text import report_parts
from nija.optimize.looks import LookLog
from nija.optimize.study import study_report
from tests.nija.optimize.markets import made_up_history
from tests.nija.optimize.searches import Progress, made_up_study, run

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

RANGES = ("--range", "entry=6..18..4", "--range", "exit=3,5", "--folds", "2", "--jobs", "1")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("NIJA_DATA_DIR", "NIJA_CONFIG", "NIJA_MODE"):
        monkeypatch.delenv(name, raising=False)
    candles = made_up_history("BTC/USD", 1).candles
    columns = np.column_stack((candles.open, candles.high, candles.low, candles.close, candles.volume))
    rows = [
        f"{time},{','.join(map(repr, row))}" for time, row in zip(candles.time.tolist(), columns.tolist(), strict=True)
    ]
    text = "\n".join(("time,open,high,low,close,volume", *rows)) + "\n"
    (tmp_path / "kraken-BTC-USD-1d.csv").write_text(text)
    return tmp_path


def nija(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["optimize", "--candles", "kraken-BTC-USD-1d.csv", *arguments])


def found(*arguments: str) -> dict[str, Any]:
    result = nija(*RANGES, "--json", *arguments)
    assert result.exit_code == 0, result.output
    known: dict[str, Any] = json.loads(result.stdout)
    return known


def test_it_names_the_middle_of_the_widest_plateau_and_leaves_its_results_in_a_folder(folder: Path) -> None:
    result = nija(*RANGES)
    assert result.exit_code == 0, result.output
    assert re.search(r"The widest plateau in sample has \d of 8 variants", result.output)
    (written,) = re.findall(r"✅ Written to (.*)", result.output)
    assert {path.name for path in (folder / written).iterdir()} == {"report.html", "report.json", "variants.csv"}
    rows = (folder / written / "variants.csv").read_text().splitlines()
    assert rows[0].startswith("entry,exit,in_sample_sharpe,in_sample_neighbours_median,in_sample_trades,walk_forward")
    assert len(rows) == 9


def test_json_has_every_cell_and_the_same_figures_each_time() -> None:
    first, second = found(), found()
    assert first == second
    assert len(first["cells"]) == first["variants"] == 8
    assert first["parts"]["held_back"]["days"] > 30
    assert first["out_of_sample"] is None
    assert first["ranked_by"] == "plain"


def test_a_second_look_is_said_loudly_and_its_figures_are_called_seen_before() -> None:
    first, second = (nija(*RANGES, "--look") for _ in range(2))
    assert "Out of sample, 20" in first.output
    assert "Not quite: trend itself was chosen by people who had seen the days before 2023-10-01." in first.output
    assert "SEEN BEFORE" not in first.output
    assert "⚠️  SEEN BEFORE: days that are held back here were looked at on" in second.output
    assert "Seen before, 20" in second.output
    assert "Out of sample, 20" not in second.output


def test_the_ranges_may_stand_in_a_file_and_an_option_replaces_one(folder: Path) -> None:
    (folder / "ranges.toml").write_text('strategy = "trend"\n[ranges]\nentry = "6..18..4"\nexit = [3, 5, 7]\n')
    result = nija("--ranges", "ranges.toml", "--range", "exit=4", "--folds", "2", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["ranges"] == {"entry": [6, 10, 14, 18], "exit": [4]}


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ((), "nothing to try: give at least one --range"),
        (("--range", "entri=10,20"), "the nearest is entry"),
        (("--range", "entry=1,20"), "entry = 1: expected at least 2, at most 500"),
        (("--range", "entry=2..500..1", "--range", "exit=2..500..1"), "249001 variants (499 of entry × 499 of exit)"),
        (("--range", "entry=400,500"), "BTC/USD has 380 candles, and the longest variant needs 501"),
        (("--range", "entry=6,10", "--folds", "20"), "use fewer --folds"),
        (("--range", "entry=6,10", "--strategy", "trendy"), "trendy"),
        (("--range", "entry=6,10", "--look", "--hold-back", "0"), "--hold-back 0 keeps none"),
        (("ETH/USD", "--range", "entry=6,10"), "no candles of ETH/USD"),
        (("--ranges", "nowhere.toml"), "nowhere.toml: cannot be read"),
    ],
)
def test_what_cannot_be_tried_is_a_fault_that_says_what_was_expected(arguments: tuple[str, ...], fault: str) -> None:
    result = nija(*arguments)
    assert result.exit_code == 2
    assert result.output.startswith("❌ ")
    assert fault in result.output


def test_the_page_needs_nothing_from_anywhere(folder: Path) -> None:
    assert nija(*RANGES, "--look").exit_code == 0
    (page,) = (folder / "data" / "optimize").rglob("report.html")
    text = page.read_text()
    assert not re.findall(r"(?:src|href|url)\s*[=(]|https?://|@import", text)
    assert text.count('<table class="map">') == 2
    assert "Out of sample" in text


@pytest.mark.parametrize("ranges", [("entry=6,10,14",), ("entry=6,10", "exit=3,5", "stop_atr=2,3,4")])
def test_one_and_three_parameters_are_shown_within_80_columns(folder: Path, ranges: tuple[str, ...]) -> None:
    study = made_up_study(*ranges)
    report = study_report(study, run(study, folder, Progress()), LookLog(folder / "looks"), look=False)
    console = Console(width=80, record=True, file=io.StringIO())
    for part in report_parts(report, ("assumed",), 80):
        console.print(part)
    lines = console.export_text().splitlines()
    assert max(len(line) for line in lines) <= 80
    assert ("with stop_atr = " in "".join(lines)) is (len(ranges) == 3)


def test_a_map_that_is_too_wide_for_the_terminal_is_in_the_page_alone(folder: Path) -> None:
    study = made_up_study("entry=6", "exit=2..15..1")
    report = study_report(study, run(study, folder, Progress()), LookLog(folder / "looks"), look=False)
    assert "14 values of exit do not fit here: the HTML file has the map." in list(report_parts(report, (), 80))
