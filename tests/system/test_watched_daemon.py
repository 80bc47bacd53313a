"""The daemon as a platform runs it: asked on PORT, reporting to NIJA_NOTIFY_URLS, beating, stopped by SIGTERM."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import requests

from tests.nija.notify.inbox import inbox
from tests.system.daemon import Daemon, run_to_end, until

if TYPE_CHECKING:
    from pathlib import Path

_DEMO = {"NIJA_MODE": "demo", "NIJA_CONNECT_DELAY": "0"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def does_useful_work(session: requests.Session, url: str) -> bool:
    try:
        answer = session.get(f"{url}/healthz", timeout=5).json()
    except requests.ConnectionError:
        return False
    return (answer.get("healthy"), answer.get("reason")) == (True, "NIJA is working")


def stop_on_the_page(session: requests.Session, daemon: Daemon) -> None:
    """As a person does: follow the log's address, confirm, and find the account stopped."""
    (line,) = (one for one in daemon.lines if "The page: http://127.0.0.1:" in one)
    page = line.partition("The page: ")[2].split()[0]
    assert "kraken:master" in session.get(f"{page}/", timeout=5).text
    form = session.get(f"{page}/act/stop?account=kraken:master", timeout=5).text
    token = form.partition('name="token" value="')[2].partition('"')[0]
    fields = {"token": token, "account": "kraken:master", "market": ""}
    done = session.post(f"{page}/act/stop", fields, headers={"Origin": page}, timeout=10)
    assert "✅ kraken:master: trading is stopped" in done.text
    until(lambda: "stopped by web 127.0.0.1" in daemon.ask("status").text, "the status says who stopped it")


def test_a_platform_can_ask_the_daemon_and_people_are_notified(tmp_path: Path) -> None:
    port = free_port()
    with inbox() as box, requests.Session() as session:
        watched = {"PORT": str(port), "NIJA_NOTIFY_URLS": box.notify_url, "NIJA_HEARTBEAT_URL": box.heartbeat_url}
        with Daemon(tmp_path, _DEMO | watched) as daemon:
            url = f"http://127.0.0.1:{port}"
            until(lambda: does_useful_work(session, url), "NIJA is working")
            ready = session.get(f"{url}/readyz", timeout=5)
            assert (ready.status_code, ready.json()["ready"]) == (200, True)
            assert "nija_account_equity" in session.get(f"{url}/metrics", timeout=5).text
            # Without a password, PORT serves no page; the demo's is on loopback alone.
            assert session.get(f"{url}/", timeout=5).status_code == 404
            stop_on_the_page(session, daemon)
            until(lambda: len(box.bodies) > 0, "a notification")
            until(lambda: "/ping/hidden-token" in box.paths, "a heartbeat")
            assert daemon.terminate(within=15.0) == 0
        # What happens within a few seconds comes in one message.
        texts = [f"{message['title']}\n{message['message']}" for message in box.bodies]
    assert "🚀 started" in texts[0]
    assert "👋 stopped" in texts[-1]
    assert "/ping/hidden-token" in box.paths
    assert not daemon.said("hidden-token")


def test_a_port_in_use_ends_the_start_with_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))  # noqa: S104  where the daemon listens, too
        taken.listen()
        port = taken.getsockname()[1]
        code, lines = run_to_end(tmp_path, _DEMO | {"PORT": str(port)})
    assert code == 2
    said = f"❌ the health pages cannot be served on port {port} (Address already in use): set PORT to a free port"
    assert len([line for line in lines if said in line]) == 1
    assert not [line for line in lines if "Traceback" in line]
