"""Notifications and heartbeat over real sockets on loopback, through the real apprise."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import pytest
import structlog
from structlog.testing import CapturingLogger

from accounts.manager import AccountState
from brokers.clock import SystemClock
from nija.events import AccountFailed, DaemonStarted, DaemonStopped, FeedSilent
from nija.health.judgement import SILENT_SECONDS
from nija.notify.audience import Audience
from nija.notify.heartbeat import Heartbeat
from nija.notify.notifier import Notifier
from nija.notify.targets import RETRY_SECONDS, Targets
from nija.notify.worker import NotificationWorker
from tests.fakes import ManualClock
from tests.nija.notify.account_states import MASTER, TANIA, snapshot, status_of
from tests.nija.notify.inbox import inbox

if TYPE_CHECKING:
    from collections.abc import Sequence

    from structlog.typing import FilteringBoundLogger

    from brokers.model import Exchange
    from nija.status.report import AccountStatus

# apprise still imports a module that Python 3.13 removes.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


class Log:
    """A log whose lines a test can read."""

    def __init__(self) -> None:
        self._sink = CapturingLogger()
        self.log = cast("FilteringBoundLogger", structlog.wrap_logger(self._sink, processors=[]))

    @property
    def text(self) -> str:
        return "\n".join(str(call) for call in self._sink.calls)


def notifier(urls: Sequence[str], log: Log, heartbeat: str | None = None) -> Notifier:
    return Notifier([everyone(*urls)], heartbeat, SystemClock(), log.log)


def everyone(*urls: str) -> Audience:
    return Audience("NIJA_NOTIFY_URLS", urls)


def at_work(state: AccountState = AccountState.TRADING, *, silent: float = 1.0) -> AccountStatus:
    reason = "Permission denied" if state is AccountState.FAILED else ""
    now = datetime.now(UTC)
    return status_of(snapshot(state, reason, now=now, silent=silent), now=now)


def test_a_start_a_failure_and_the_stop_arrive() -> None:
    log = Log()
    with inbox() as box:
        told = notifier([box.notify_url], log)
        told.start()
        told.on_event(DaemonStarted("live", (MASTER,)))
        assert box.wait_for_messages(1)[0]["title"] == "NIJA 🚀 started"
        told.on_event(AccountFailed(MASTER, "Permission denied"))
        failure = box.wait_for_messages(2)[1]
        assert (failure["title"], failure["type"]) == ("NIJA ❌ Kraken MASTER is not trading", "failure")
        told.on_event(DaemonStopped())
        told.stop()
        assert box.bodies[-1]["title"] == "NIJA 👋 stopped"
    assert log.text == ""


def test_a_burst_is_one_message_and_stopping_sends_what_was_held() -> None:
    log = Log()
    with inbox() as box:
        worker = NotificationWorker(Targets(everyone(box.notify_url), "NIJA", log.log, str), SystemClock(), log.log)
        burst = (*(AccountFailed(MASTER, f"reason {number}") for number in range(3)), AccountFailed(TANIA, "x"))
        for event in burst:
            worker.submit(event)
        worker.start()
        assert box.wait_for_messages(1)[0]["title"] == "NIJA: 4 events"
        worker.submit(AccountFailed(MASTER, "held back"))
        worker.stop(3.0)
        (_, last) = box.bodies
    assert last["message"].startswith("held back")


def test_events_beyond_the_queues_capacity_are_counted() -> None:
    log = Log()
    with inbox() as box:
        worker = NotificationWorker(Targets(everyone(box.notify_url), "NIJA", log.log, str), SystemClock(), log.log)
        for number in range(1_005):
            worker.submit(AccountFailed(MASTER, f"reason {number}"))
        worker.start()
        assert box.wait_for_messages(1)[0]["title"] == "NIJA: 1005 events"
        worker.stop(3.0)


def test_a_target_that_hangs_delays_nobody_and_stopping_takes_three_seconds() -> None:
    with inbox() as box:
        box.hang.clear()
        told = notifier([box.notify_url], Log())
        told.start()
        told.on_event(DaemonStarted("live", (MASTER,)))
        box.wait_for_requests(1)
        began = time.monotonic()
        for number in range(10_000):
            told.on_event(AccountFailed(MASTER, f"reason {number}"))
        assert time.monotonic() - began < 2.0
        began = time.monotonic()
        told.stop()
        assert time.monotonic() - began < 4.0
        box.hang.set()
        join("notify")


def join(name: str) -> None:
    for thread in threading.enumerate():
        if thread.name == name:
            thread.join(15)


def test_a_refused_notification_is_logged_once_without_the_token_and_arrives_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    log, clock = Log(), ManualClock()
    with inbox() as box:
        box.status = 500
        targets = Targets(everyone(box.notify_url), "NIJA", log.log, str)
        worker = NotificationWorker(targets, clock, log.log)
        worker.start()
        worker.submit(AccountFailed(MASTER, "first"))
        box.wait_for_requests(1)
        worker.submit(AccountFailed(TANIA, "second"))
        box.wait_for_requests(2)
        box.status = 200
        clock.advance(RETRY_SECONDS)
        worker.submit(None)
        (message,) = box.wait_for_messages(1)
        worker.stop(3.0)
    assert "first" in message["message"]
    assert "second" in message["message"]
    assert log.text.count("did not reach URL 1 of NIJA_NOTIFY_URLS (json://…)") == 1
    assert "accepts notifications again" in log.text
    assert "hidden-token" not in log.text
    assert [record for record in caplog.records if record.name.startswith("apprise")] == []


def test_an_invalid_url_is_named_by_its_position_and_the_others_work() -> None:
    log = Log()
    with inbox() as box:
        told = notifier(["nonsense://hidden-token", box.notify_url], log)
        told.start()
        told.on_event(DaemonStarted("live", (MASTER,)))
        box.wait_for_messages(1)
        told.stop()
    assert "URL 1 of NIJA_NOTIFY_URLS (nonsense://…) is not valid" in log.text
    assert "hidden-token" not in log.text


def test_an_event_that_cannot_be_sent_does_not_block_the_next() -> None:
    log = Log()
    with inbox() as box:
        worker = NotificationWorker(Targets(everyone(box.notify_url), "NIJA", log.log, str), SystemClock(), log.log)
        worker.start()
        worker.submit(FeedSilent(cast("Exchange", "an exchange without a name"), "", ""))
        worker.submit(AccountFailed(MASTER, "x"))
        box.wait_for_messages(1)
        worker.stop(3.0)
    assert log.text.count("failed unexpectedly") == 1


def test_without_urls_nothing_runs_and_apprise_is_not_even_imported() -> None:
    before = threading.active_count()
    told = notifier([], Log())
    told.start()
    told.look((at_work(),))
    assert threading.active_count() == before
    told.stop()
    program = "import sys, nija.notify.notifier; sys.exit('apprise' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0  # noqa: S603  our own module


def test_the_heart_beats_while_an_account_works_and_only_then() -> None:
    with inbox() as box:
        told = notifier([], Log(), box.heartbeat_url)
        told.start()
        told.look((at_work(silent=SILENT_SECONDS + 1),))
        time.sleep(0.1)
        assert box.paths == []
        told.look((at_work(),))
        box.wait_for_requests(1)
        assert box.paths == ["/ping/hidden-token"]
        told.stop()


def test_a_beat_from_before_the_pause_is_not_sent_after_it() -> None:
    with inbox() as box:
        heart = Heartbeat(box.heartbeat_url, Log().log, every=0.15)
        heart.start()
        heart.beat()
        box.wait_for_requests(1)
        heart.beat()
        time.sleep(0.4)
        assert len(box.paths) == 1
        heart.beat()
        box.wait_for_requests(2)
        heart.stop()


def test_a_heartbeat_that_is_refused_is_logged_once_without_the_token() -> None:
    log = Log()
    with inbox() as box:
        box.status = 404
        heart = Heartbeat(box.heartbeat_url, log.log, every=0.01)
        heart.start()
        for count in range(1, 4):
            time.sleep(0.05)
            heart.beat()
            box.wait_for_requests(count)
        heart.stop()
        heart = Heartbeat("http://127.0.0.1:1/hidden-token", log.log, every=0.01)
        heart.start()
        heart.beat()
        time.sleep(0.2)
        heart.stop()
    assert log.text.count("HTTP 404") == 1
    assert log.text.count("ConnectionError") == 1
    assert "hidden-token" not in log.text


def test_stopping_does_not_wait_for_a_heartbeat_that_hangs() -> None:
    with inbox() as box:
        box.hang.clear()
        heart = Heartbeat(box.heartbeat_url, Log().log)
        heart.start()
        heart.beat()
        box.wait_for_requests(1)
        began = time.monotonic()
        heart.stop()
        assert time.monotonic() - began < 1.0
        box.hang.set()
        join("heartbeat")


def test_a_target_that_hangs_does_not_delay_another_audience() -> None:
    with inbox() as slow, inbox() as quick:
        slow.hang.clear()
        told = Notifier(
            [everyone(slow.notify_url), Audience("notify_urls of it", (quick.notify_url,), only=TANIA)],
            None,
            SystemClock(),
            Log().log,
        )
        told.start()
        told.on_event(AccountFailed(TANIA, "first"))
        told.on_event(AccountFailed(MASTER, "second"))
        (message,) = quick.wait_for_messages(1)
        slow.hang.set()
        told.stop()
    assert message["title"] == "NIJA ❌ Kraken USER tania_gilbert is not trading"
    assert len(quick.bodies) == 1


def test_an_audience_that_comes_later_is_notified_and_one_that_left_is_not() -> None:
    with inbox() as first, inbox() as second:
        told = notifier([first.notify_url], Log())
        told.start()
        told.follow([everyone(second.notify_url)])
        told.on_event(AccountFailed(MASTER, "x"))
        second.wait_for_messages(1)
        told.stop()
        assert first.bodies == []
