"""Settings for monitoring: NIJA_NOTIFY_URLS, NIJA_HEARTBEAT_URL, NIJA_DAILY_SUMMARY_HOUR, PORT."""

from __future__ import annotations

import pytest

from accounts.environment import EnvironmentFault, process_settings, unknown_variables

TELEGRAM = "tgram://123456:hidden-token/42"
MAIL = "mailto://me:hidden-word@example.org?to=a@example.org,b@example.org"


def fault_of(name: str, value: str) -> str:
    with pytest.raises(EnvironmentFault) as caught:
        process_settings({name: value})
    (fault,) = caught.value.faults
    return fault


@pytest.mark.parametrize("between", [" ", ",", ", ", "\n", " ,\n"])
def test_addresses_are_divided_by_spaces_or_commas_but_not_inside_an_address(between: str) -> None:
    assert process_settings({"NIJA_NOTIFY_URLS": f"{TELEGRAM}{between}{MAIL}"}).notify_urls == (TELEGRAM, MAIL)


def test_a_trailing_comma_is_ignored() -> None:
    assert process_settings({"NIJA_NOTIFY_URLS": f"{TELEGRAM},"}).notify_urls == (TELEGRAM,)


@pytest.mark.parametrize("value", ["hidden-token", "tgram://hidden-token and more", "://hidden-token"])
def test_an_invalid_url_is_refused_without_showing_it(value: str) -> None:
    fault = fault_of("NIJA_NOTIFY_URLS", value)
    assert fault.startswith("NIJA_NOTIFY_URLS: expected URLs such as")
    assert "hidden" not in fault


@pytest.mark.parametrize("value", ["hidden-token", "ftp://hidden-token", "https://a b/hidden", "https://h:0/hidden"])
def test_a_heartbeat_url_that_is_not_http_is_refused_without_showing_it(value: str) -> None:
    fault = fault_of("NIJA_HEARTBEAT_URL", value)
    assert fault.startswith("NIJA_HEARTBEAT_URL: expected a URL such as https://")
    assert "hidden" not in fault


def test_a_heartbeat_url_is_kept_unchanged() -> None:
    url = "https://example.org/ping/hidden?x=1"
    assert process_settings({"NIJA_HEARTBEAT_URL": url}).heartbeat_url == url


def test_the_repr_of_the_settings_shows_no_token() -> None:
    settings = process_settings({"NIJA_NOTIFY_URLS": TELEGRAM, "NIJA_HEARTBEAT_URL": "https://example.org/hidden"})
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize(("text", "hour"), [("0", 0), ("23", 23), (" 7 ", 7)])
def test_the_hour_of_the_summary_is_read(text: str, hour: int) -> None:
    assert process_settings({"NIJA_DAILY_SUMMARY_HOUR": text}).daily_summary_hour == hour


@pytest.mark.parametrize("value", ["24", "-1", "7.5", "noon", "٧"])
def test_an_hour_that_is_none_is_shown_and_answered(value: str) -> None:
    assert fault_of("NIJA_DAILY_SUMMARY_HOUR", value) == (
        f"NIJA_DAILY_SUMMARY_HOUR is {value!r}: expected an hour of the day (UTC) from 0 to 23."
    )


def test_a_port_is_read_and_a_bad_one_refused_by_name() -> None:
    assert process_settings({"PORT": "8080"}).port == 8080
    assert process_settings({}).port is None
    for value in ("0", "65536", "http"):
        assert fault_of("PORT", value) == f"PORT is {value!r}: expected a port number from 1 to 65535."


def test_the_variables_of_notifications_are_known() -> None:
    names = ("NIJA_NOTIFY_URLS", "NIJA_HEARTBEAT_URL", "NIJA_DAILY_SUMMARY_HOUR", "PORT")
    assert unknown_variables(dict.fromkeys(names, "x")) == ()


def test_the_settings_name_every_token_that_the_log_must_hide() -> None:
    settings = process_settings({"NIJA_NOTIFY_URLS": TELEGRAM, "NIJA_HEARTBEAT_URL": "https://example.org/hidden-ping"})
    assert {TELEGRAM, "hidden-token", "hidden-ping"} <= settings.secrets
    assert process_settings({}).secrets == frozenset()
