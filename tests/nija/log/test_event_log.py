from __future__ import annotations

from structlog.testing import capture_logs

from nija.log import EventLog, get_log
from tests.fakes import ManualClock


def test_a_reason_is_logged_once_with_its_fields_and_again_when_it_comes_back() -> None:
    with capture_logs() as said:
        log = EventLog(get_log("nija", account="kraken:master"))
        for _ in range(3):
            log.reason("BTC/USD", "the fee gate is closed", limit=2)
        log.settled("BTC/USD")
        log.reason("BTC/USD", "the fee gate is closed", limit=2)
    fact = {"log_level": "info", "event": "the fee gate is closed", "account": "kraken:master", "limit": 2}
    assert said == [fact, fact]


def test_moving_figures_do_not_make_a_reason_new() -> None:
    with capture_logs() as said:
        log = EventLog(get_log("nija"))
        for figure in (1.01, 1.02):
            log.reason("BTC/USD", f"the stop is {figure} % away", same="fee gate")
    assert [fact["event"] for fact in said] == ["the stop is 1.01 % away"]


def test_every_level_keeps_its_text_and_fields() -> None:
    with capture_logs() as said:
        log = EventLog(get_log("nija"))
        for say in (log.info, log.exception):
            say("x", n=1)
    assert [fact["log_level"] for fact in said] == ["info", "error"]
    assert all((fact["event"], fact["n"]) == ("x", 1) for fact in said)


def test_a_trouble_is_logged_once_as_a_warning() -> None:
    with capture_logs() as said:
        log = EventLog(get_log("nija"))
        for _ in range(3):
            log.trouble("prices", "No prices")
    assert said == [{"log_level": "warning", "event": "⚠️  No prices"}]


class TestWithAClock:
    def test_a_reason_that_comes_and_goes_is_logged_once_a_minute(self) -> None:
        clock = ManualClock()
        with capture_logs() as said:
            log = EventLog(get_log("nija"), clock)
            for _ in range(12):
                log.reason("BTC/USD", "the fills have not been read yet")
                log.settled("BTC/USD")
                clock.advance(10)
        assert len(said) == 2

    def test_a_reason_that_came_back_too_soon_is_logged_later_if_it_lasts(self) -> None:
        clock = ManualClock()
        with capture_logs() as said:
            log = EventLog(get_log("nija"), clock)
            for reason in ("one", "other", "one"):
                log.reason("BTC/USD", reason)
            clock.advance(60)
            log.reason("BTC/USD", "one")
        assert [fact["event"] for fact in said] == ["one", "other", "one"]
