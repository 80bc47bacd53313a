"""The signals that stop the daemon."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from nija.cli.run import _stop_on_signals

if TYPE_CHECKING:
    from collections.abc import Iterator

HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _handlers_as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in HANDLED}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", HANDLED)
def test_closing_the_terminal_stops_the_daemon_like_a_stop_signal(number: signal.Signals) -> None:
    stop = threading.Event()
    _stop_on_signals(stop)
    os.kill(os.getpid(), number)
    assert stop.wait(10)


def test_under_nohup_closing_the_terminal_stops_nothing() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _stop_on_signals(threading.Event())
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
