from __future__ import annotations

from structlog.testing import capture_logs

from nija.log import EventLog, get_log


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
