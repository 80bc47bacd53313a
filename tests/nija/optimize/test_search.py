"""A search is resumable, and says the same whatever was interrupted."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nija.optimize.chosen import chosen
from nija.optimize.errors import OptimizeError
from nija.optimize.findings import by_cell
from nija.optimize.folds import divide
from nija.optimize.looks import LookKind, LookLog
from nija.optimize.search import Interrupted
from nija.optimize.study import Study, study_report
from nija.optimize.trial import Pass
from tests.nija.optimize.searches import Progress, made_up_study, run

if TYPE_CHECKING:
    from pathlib import Path


def test_what_was_finished_before_ctrl_c_is_not_computed_again(tmp_path: Path) -> None:
    study = made_up_study()
    with pytest.raises(Interrupted):
        run(study, tmp_path / "stopped", Progress(stop_after=2))
    resumed = Progress()
    outcomes = run(study, tmp_path / "stopped", resumed)
    assert (resumed.whole, resumed.found, resumed.computed) == (6, 2, 4)
    at_once = run(study, tmp_path / "at once", Progress())
    assert [one.returns.tolist() for one in outcomes] == [one.returns.tolist() for one in at_once]


def test_a_wider_range_computes_only_what_is_new(tmp_path: Path) -> None:
    run(made_up_study(), tmp_path, Progress())
    wider = Progress()
    run(made_up_study("entry=6,10,14,18", "exit=3,5"), tmp_path, wider)
    assert (wider.found, wider.computed) == (6, 2)


@pytest.mark.parametrize(
    "other",
    [
        made_up_study(cash="999"),
        made_up_study(seed=2),
        made_up_study("entry=6,10,14", "exit=3,5", "stop_atr=2"),
        replace(made_up_study(), how=Pass.COMPILED),
    ],
    ids=["cash", "candles", "a parameter", "the pass"],
)
def test_whatever_changes_an_outcome_changes_its_key(other: Study) -> None:
    assert set(made_up_study().keys()).isdisjoint(other.keys())


def test_one_other_digit_in_one_candle_changes_the_keys() -> None:
    study = made_up_study()
    (history,) = study.conditions.histories
    close = history.candles.close.copy()
    close[7] = np.nextafter(close[7], np.inf)
    histories = (replace(history, candles=replace(history.candles, close=close)),)
    other = replace(study, conditions=replace(study.conditions, histories=histories))
    assert set(study.keys()).isdisjoint(other.keys())


def test_other_settings_of_the_account_change_the_keys() -> None:
    study = made_up_study()
    account = study.conditions.account
    settings = account.plan.settings
    riskier = replace(settings, risk=settings.risk.model_copy(update={"risk_per_trade": Decimal("0.03")}))
    plan = replace(account.plan, settings=riskier)
    other = replace(study, conditions=replace(study.conditions, account=replace(account, plan=plan)))
    assert set(study.keys()).isdisjoint(other.keys())


def test_the_days_held_back_are_in_no_outcome(tmp_path: Path) -> None:
    study = made_up_study()
    held_back = study.division.held_back
    assert held_back is not None
    for outcome in run(study, tmp_path, Progress()):
        assert len(outcome.returns) == study.division.fitted.days
        assert outcome.trades(held_back) == 0


def test_the_held_back_part_is_out_of_sample_once(tmp_path: Path) -> None:
    study = made_up_study()
    outcomes, looks = run(study, tmp_path, Progress()), LookLog(tmp_path / "looks.jsonl")
    assert study_report(study, outcomes, looks, look=False).out_of_sample is None
    first, second = (study_report(study, outcomes, looks, look=True) for _ in range(2))
    assert first.out_of_sample is not None
    assert first.out_of_sample.before == ()
    assert second.out_of_sample is not None
    assert [look.kind for look in second.out_of_sample.before] == [LookKind.HELD_BACK]
    assert first.out_of_sample.figures == second.out_of_sample.figures


def test_days_that_an_earlier_search_fitted_are_not_out_of_sample_for_a_later_one(tmp_path: Path) -> None:
    study, looks = made_up_study(), LookLog(tmp_path / "looks.jsonl")
    everything = divide(
        replace(study.division.fitted, end=study.division.fitted.end + 60),
        folds=2,
        test_days=None,
        held_back=0,
        is_rolling=False,
    )
    greedy = replace(study, division=everything, conditions=replace(study.conditions, days=everything.fitted))
    study_report(greedy, run(greedy, tmp_path, Progress()), looks, look=False)
    report = study_report(study, run(study, tmp_path, Progress()), looks, look=True)
    assert report.out_of_sample is not None
    assert [look.kind for look in report.out_of_sample.before] == [LookKind.FITTED]


def test_the_figures_shown_are_those_of_the_plain_engine_over_the_parts(tmp_path: Path) -> None:
    study = made_up_study()
    outcomes = run(study, tmp_path, Progress())
    report = study_report(study, outcomes, LookLog(tmp_path / "looks.jsonl"), look=False)
    assert report.middle is not None
    outcome = by_cell(study.grid, outcomes)[report.middle.variant.cell]
    shown = report.middle.in_sample.figures, report.middle.walk_forward.figures
    whole = (1 + shown[0].net_return) * (1 + shown[1].net_return)
    assert whole == pytest.approx(np.prod(1 + outcome.returns))
    assert shown[0].trades + shown[1].trades == len(outcome.opened)


def test_a_ranking_that_the_plain_engine_does_not_confirm_is_refused(tmp_path: Path) -> None:
    study = made_up_study()
    outcome = run(study, tmp_path, Progress())[0]
    wrong = replace(outcome, returns=outcome.returns + 1e-6)
    with pytest.raises(OptimizeError, match="differs from the plain engine"):
        chosen(study.conditions, study.division, study.grid.variants[0], wrong)
