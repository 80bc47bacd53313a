from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from accounts.data_dir import DataDirUnusable, ensure_directory
from accounts.ownership import KeyInUse, KeyOwnership, read_holder
from tests.fakes import ManualClock

KEY = "0123abcd"
OTHER_PROCESS = """
import sys, time
from pathlib import Path
from accounts.ownership import KeyOwnership
from brokers.clock import SystemClock
owner = KeyOwnership(Path(sys.argv[1]), sys.argv[2], SystemClock(), "nija run")
print("mine", flush=True)
sys.stdin.read()
"""


def other_process(folder: Path) -> subprocess.Popen[str]:
    """A process that holds the key until its standard input ends or it is killed."""
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-c", OTHER_PROCESS, str(folder), KEY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "mine\n"
    return process


def test_a_second_owner_gets_an_error_with_who_has_the_key_and_since_when(tmp_path: Path) -> None:
    with (
        KeyOwnership(tmp_path, KEY, ManualClock(), "nija run"),
        pytest.raises(KeyInUse) as caught,
    ):
        KeyOwnership(tmp_path, KEY, ManualClock())
    holder = caught.value.holder
    assert holder is not None
    assert (holder.pid, holder.since, holder.command) == (os.getpid(), "2023-11-14T22:13:20+00:00", "nija run")
    assert f"process {os.getpid()} (nija run) since 2023-11-14T22:13:20+00:00" in str(caught.value)


def test_keys_are_owned_apart(tmp_path: Path) -> None:
    with KeyOwnership(tmp_path, KEY, ManualClock()), KeyOwnership(tmp_path, "ffff0000", ManualClock()):
        pass


def test_a_released_key_can_be_taken_again_and_releasing_twice_is_harmless(tmp_path: Path) -> None:
    first = KeyOwnership(tmp_path, KEY, ManualClock())
    first.release()
    with KeyOwnership(tmp_path, KEY, ManualClock()):
        first.release()
        with pytest.raises(KeyInUse) as caught:
            KeyOwnership(tmp_path, KEY, ManualClock())
        assert caught.value.holder is not None
    assert read_holder(tmp_path, KEY) is None


def test_another_thread_may_release(tmp_path: Path) -> None:
    owner = KeyOwnership(tmp_path, KEY, ManualClock())
    thread = threading.Thread(target=owner.release)
    thread.start()
    thread.join()
    KeyOwnership(tmp_path, KEY, ManualClock()).release()


def test_another_process_keeps_the_key_until_it_is_killed(tmp_path: Path) -> None:
    with other_process(tmp_path) as process:
        with pytest.raises(KeyInUse) as caught:
            KeyOwnership(tmp_path, KEY, ManualClock())
        assert caught.value.holder is not None
        assert caught.value.holder.pid == process.pid
        process.kill()
        process.wait(10)
        with KeyOwnership(tmp_path, KEY, ManualClock()):
            holder = read_holder(tmp_path, KEY)
            assert holder is not None
            assert holder.pid == os.getpid()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x"}', "\0"])
def test_a_damaged_note_of_the_holder_does_not_hide_the_refusal(tmp_path: Path, text: str) -> None:
    with KeyOwnership(tmp_path, KEY, ManualClock()):
        (tmp_path / "locks" / f"{KEY}.json").write_text(text)
        with pytest.raises(KeyInUse, match="another process"):
            KeyOwnership(tmp_path, KEY, ManualClock())


def test_a_data_folder_that_cannot_be_made_is_reported_with_its_variable(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(DataDirUnusable, match="NIJA_DATA_DIR"):
        KeyOwnership(tmp_path / "data", KEY, ManualClock())


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DataDirUnusable, match="/proc/nija"):
        ensure_directory(Path("/proc/nija"))


def test_a_new_data_folder_is_its_owners_alone(tmp_path: Path) -> None:
    KeyOwnership(tmp_path / "data", KEY, ManualClock()).release()
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "data", tmp_path / "data" / "locks")] == [0o700, 0o700]


def test_a_usable_folder_is_left_empty(tmp_path: Path) -> None:
    assert list(ensure_directory(tmp_path / "a" / "b").iterdir()) == []
