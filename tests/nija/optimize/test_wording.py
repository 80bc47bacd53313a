"""What a search says of itself: a loss, few trades and luck are named as what they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from nija.optimize.looks import LookLog
from nija.optimize.overfitting import Overfitting
from nija.optimize.study import StudyReport, study_report
from nija.optimize.wording import cautions, plateau_text
from tests.nija.optimize.searches import Progress, made_up_study, run

if TYPE_CHECKING:
    from nija.optimize.chosen import RangeFigures


def made_up_report(folder: pytest.TempPathFactory, *ranges: str) -> StudyReport:
    place, study = folder.mktemp("search"), made_up_study(*ranges)
    return study_report(study, run(study, place, Progress()), LookLog(place / "looks.jsonl"), look=False)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> StudyReport:
    return made_up_report(tmp_path_factory)


def earning(known: RangeFigures, net_return: float, trades: int) -> RangeFigures:
    return replace(known, figures=replace(known.figures, net_return=net_return, trades=trades))


def with_middle(report: StudyReport, *, in_sample: float, after: float, trades: int = 50) -> StudyReport:
    assert report.middle is not None
    middle = replace(
        report.middle,
        in_sample=earning(report.middle.in_sample, in_sample, trades),
        walk_forward=earning(report.middle.walk_forward, after, trades),
    )
    return replace(report, middle=middle)


@pytest.mark.parametrize(
    ("in_sample", "after", "said"),
    [
        (-0.01, 0.2, "lost money even in sample"),
        (0.2, -0.01, "made money in sample and lost after it"),
        (0.2, 0.2, None),
    ],
)
def test_a_loss_is_said_first(report: StudyReport, in_sample: float, after: float, said: str | None) -> None:
    first = next(cautions(with_middle(report, in_sample=in_sample, after=after)))
    assert said in first if said else "lost" not in first


@pytest.mark.parametrize(("trades", "is_said"), [(29, True), (30, False)])
def test_fewer_than_30_trades_are_called_few(report: StudyReport, trades: int, *, is_said: bool) -> None:
    text = " ".join(cautions(with_middle(report, in_sample=0.2, after=0.2, trades=trades)))
    assert ("Few trades: the middle opened 29 in sample" in text) is is_said


@pytest.mark.parametrize(("probability", "verdict"), [(0.5, "no better than guessing"), (0.49, "better than guessing")])
def test_a_choice_that_ends_below_the_median_half_of_the_time_is_a_guess(
    report: StudyReport, probability: float, verdict: str
) -> None:
    known = replace(report, findings=replace(report.findings, overfitting=Overfitting(probability, 0.1, 70, 8)))
    assert f"was below the median on the other ({verdict}" in " ".join(cautions(known))


def test_one_variant_alone_has_no_luck_to_measure(tmp_path_factory: pytest.TempPathFactory) -> None:
    said = " ".join(cautions(made_up_report(tmp_path_factory, "entry=10")))
    assert "How much of the best is luck is unknown" in said
    assert "The probability of overfitting is unknown" in said


def test_ranges_in_which_nothing_trades_have_no_plateau(tmp_path_factory: pytest.TempPathFactory) -> None:
    report = made_up_report(tmp_path_factory, "entry=10,12", "fee_gate=90,100")
    assert report.middle is None
    assert "No variant traded in sample: there is no plateau" in plateau_text(report)
