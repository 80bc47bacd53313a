"""The control socket: requests are answered, and no client can harm the daemon."""

from __future__ import annotations

import os
import socket
import stat
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from nija.control.client import ask
from nija.control.server import ControlServer
from nija.control.wire import LARGEST_REQUEST, SOCKET_NAME, ControlError, Unanswered
from tests.nija.control.ending_daemon import ending_daemon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path


@contextmanager
def serving(
    folder: Path, handlers: Mapping[str, Callable[[dict[str, object]], dict[str, object]]]
) -> Iterator[ControlServer]:
    server = ControlServer(folder / SOCKET_NAME, handlers)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def echo(arguments: dict[str, object]) -> dict[str, object]:
    return {"echo": arguments}


def test_a_command_and_its_arguments_reach_the_handler_and_the_answer_comes_back(tmp_path: Path) -> None:
    with serving(tmp_path, {"status": echo}):
        assert ask(tmp_path, "status", account="kraken:tania_gilbert") == {"echo": {"account": "kraken:tania_gilbert"}}


def test_no_socket_means_no_daemon(tmp_path: Path) -> None:
    assert ask(tmp_path, "status") is None
    assert ask(tmp_path / "nowhere", "status") is None


def test_a_socket_left_by_a_killed_daemon_means_no_daemon_and_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / SOCKET_NAME))
    assert ask(tmp_path, "status") is None
    with serving(tmp_path, {"status": echo}):
        assert ask(tmp_path, "status") == {"echo": {}}


def test_a_second_daemon_on_the_same_folder_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    with serving(tmp_path, {"status": echo}):
        with pytest.raises(ControlError, match="another NIJA already serves"):
            ControlServer(tmp_path / SOCKET_NAME, {}).start()
        assert ask(tmp_path, "status") == {"echo": {}}


def test_only_the_owner_may_open_the_socket(tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        with serving(tmp_path, {}):
            assert stat.S_IMODE((tmp_path / SOCKET_NAME).stat().st_mode) == 0o600
    finally:
        os.umask(previous)


def test_a_file_that_is_not_a_socket_is_never_removed(tmp_path: Path) -> None:
    (tmp_path / SOCKET_NAME).write_text("mine")
    with pytest.raises(ControlError, match="move it out of the way"):
        ControlServer(tmp_path / SOCKET_NAME, {}).start()
    assert (tmp_path / SOCKET_NAME).read_text() == "mine"


def test_stopping_removes_the_socket_at_once_and_may_be_repeated(tmp_path: Path) -> None:
    server = ControlServer(tmp_path / SOCKET_NAME, {})
    server.stop()
    server = ControlServer(tmp_path / SOCKET_NAME, {})
    server.start()
    begun = time.monotonic()
    server.stop()
    server.stop()
    assert time.monotonic() - begun < 1.5
    assert not (tmp_path / SOCKET_NAME).exists()
    assert not [thread for thread in threading.enumerate() if thread.name == "control"]


@pytest.mark.parametrize("depth", [1, 2])
def test_a_data_folder_with_a_name_too_long_for_a_socket_works(tmp_path: Path, depth: int) -> None:
    folder = tmp_path
    for _ in range(depth):
        folder /= "d" * 120
    folder.mkdir(parents=True)
    with serving(folder, {"status": echo}):
        assert ask(folder, "status") == {"echo": {}}
    assert not (folder / SOCKET_NAME).exists()


def test_a_refusal_of_a_handler_reaches_the_client_in_its_own_words(tmp_path: Path) -> None:
    def refuse(_: dict[str, object]) -> dict[str, object]:
        raise ValueError("kraken:nobody is no account of this daemon")

    with serving(tmp_path, {"resume": refuse}), pytest.raises(ControlError, match="kraken:nobody"):
        ask(tmp_path, "resume")


def test_a_broken_handler_sends_no_detail_to_the_client_and_logs_the_error(tmp_path: Path) -> None:
    def break_down(_: dict[str, object]) -> dict[str, object]:
        raise RuntimeError("private-key-material")

    with capture_logs() as logged, serving(tmp_path, {"status": echo, "doctor": break_down}):
        with pytest.raises(ControlError, match="RuntimeError") as caught:
            ask(tmp_path, "doctor")
        assert "private-key-material" not in str(caught.value)
        assert ask(tmp_path, "status") == {"echo": {}}
    assert [(line["log_level"], line["exc_info"]) for line in logged] == [("error", True)]


def test_an_unknown_command_is_refused(tmp_path: Path) -> None:
    with serving(tmp_path, {}), pytest.raises(ControlError, match="does not know the command 'dance'"):
        ask(tmp_path, "dance")


def test_a_request_without_end_is_cut_off(tmp_path: Path) -> None:
    with serving(tmp_path, {}), socket.socket(socket.AF_UNIX) as rude:
        rude.settimeout(5)
        rude.connect(str(tmp_path / SOCKET_NAME))
        # The answer may come before everything is sent.
        with suppress(BrokenPipeError):
            rude.sendall(b"x" * (LARGEST_REQUEST + 1))
        assert b"longer than" in rude.recv(10_000)


def test_a_silent_client_does_not_keep_others_waiting(tmp_path: Path) -> None:
    with serving(tmp_path, {"status": echo}), socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(tmp_path / SOCKET_NAME))
        begun = time.monotonic()
        assert ask(tmp_path, "status") == {"echo": {}}
        assert time.monotonic() - begun < 1


def test_a_daemon_that_hangs_is_reported_and_not_mistaken_for_none(tmp_path: Path) -> None:
    release = threading.Event()

    def hang(_: dict[str, object]) -> dict[str, object]:
        release.wait(10)
        return {}

    with serving(tmp_path, {"status": hang}):
        with pytest.raises(ControlError, match="does not answer"):
            ask(tmp_path, "status", timeout=0.2)
        release.set()


def test_a_daemon_that_ends_during_a_request_has_not_answered(tmp_path: Path) -> None:
    with ending_daemon(tmp_path), pytest.raises(Unanswered):
        ask(tmp_path, "status")


def test_many_clients_at_once_each_get_their_own_answer(tmp_path: Path) -> None:
    answers: list[object] = []

    def one(number: int) -> None:
        answer = ask(tmp_path, "status", number=number)
        assert answer is not None
        answers.append(answer["echo"])

    with serving(tmp_path, {"status": echo}):
        threads = [threading.Thread(target=one, args=(number,)) for number in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(answers, key=str) == sorted(({"number": number} for number in range(30)), key=str)
