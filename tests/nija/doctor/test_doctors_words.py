"""How the doctor words its findings: pauses, and remedies that several findings share."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from nija.doctor.finding import DoctorReport, Section, broken, fine
from nija.doctor.pause import pause_words
from nija.doctor.render import lines
from nija.status.report import HaltStatus

NOW = datetime(2026, 11, 28, 22, 0, tzinfo=UTC)
SINCE = datetime(2026, 11, 28, 21, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "reason", "words"),
    [
        ("stop_trading", "stopped by command", "paused by your command of 21:14 UTC"),
        ("stop_trading", "stopped by web 203.0.113.7", "paused by the command of 21:14 UTC (web 203.0.113.7)"),
        ("stop_trading", "flattened", "paused since everything was sold at 21:14 UTC"),
        ("flatten", "to be sold by command", "all positions are to be sold by your command of 21:14 UTC"),
        ("daily_loss", "daily loss of 8 % reached the limit", "daily loss of 8 % reached the limit, since 21:14 UTC"),
        ("drawdown", "", "drawdown, since 21:14 UTC"),
    ],
)
def test_a_pause_is_told_as_a_person_would(name: str, reason: str, words: str) -> None:
    assert pause_words(HaltStatus(name, reason, SINCE), NOW) == words


def test_a_pause_of_another_day_names_the_day() -> None:
    halt = HaltStatus("stop_trading", "stopped by command", SINCE)
    assert pause_words(halt, NOW.replace(month=12)) == "paused by your command of 2026-11-28 21:14 UTC"


def test_a_remedy_that_findings_share_follows_the_last_of_them() -> None:
    findings = (broken("A", "do this"), fine("B"), broken("C", "do this"), broken("D", "do that"))
    assert list(lines(DoctorReport((Section("S", findings),)))) == [
        "── S",
        "❌ A",
        "✅ B",
        "❌ C",
        "   → do this",
        "❌ D",
        "   → do that",
        "",
        "❌ Fix this first: A",
    ]
