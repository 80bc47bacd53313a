from __future__ import annotations

import errno
import logging
import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nija.log.file import LogFileUnusable, open_log_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from nija.log.file import LogFile


def say(log_file: LogFile, text: str) -> None:
    log_file.handle(logging.makeLogRecord({"msg": text, "levelno": logging.INFO, "levelname": "INFO"}))


def test_the_total_stays_bounded_and_the_newest_lines_stay(tmp_path: Path) -> None:
    log_file = open_log_file(tmp_path / "nija.log", rotate_bytes=1000, rotated_files=2)
    for number in range(500):
        say(log_file, f"line {number:03} {'x' * 40}")
    log_file.close()
    files = sorted(tmp_path.iterdir())
    assert [path.name for path in files] == ["nija.log", "nija.log.1", "nija.log.2"]
    assert sum(path.stat().st_size for path in files) <= 3000
    lines = "".join(path.read_text() for path in reversed(files)).splitlines()
    assert [line.split()[1] for line in lines] == [f"{number:03}" for number in range(500 - len(lines), 500)]


def test_a_reader_that_follows_the_file_goes_on_reading_after_a_rotation(tmp_path: Path) -> None:
    path = tmp_path / "nija.log"
    log_file = open_log_file(path, rotate_bytes=200, rotated_files=1)
    say(log_file, "first")
    with path.open() as follower:
        place = path.stat().st_ino
        for number in range(20):
            say(log_file, f"line {number}")
        say(log_file, "last")
        log_file.close()
        assert path.stat().st_ino == place
        assert "last" in follower.read()


def mode(path: Path) -> str:
    return f"{stat.S_IMODE(path.stat().st_mode):o}"


def test_only_the_owner_may_read_the_file_and_the_rotated_ones(tmp_path: Path) -> None:
    log_file = open_log_file(tmp_path / "nija.log", rotate_bytes=20, rotated_files=2)
    for number in range(9):
        say(log_file, f"a line of some length {number}")
    log_file.close()
    assert {path.name: mode(path) for path in tmp_path.iterdir()} == dict.fromkeys(
        ("nija.log", "nija.log.1", "nija.log.2"), "600"
    )


def test_files_that_an_earlier_version_left_readable_are_closed_to_others(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("nija.log", "nija.log.1")]
    for file in files:
        file.write_text("before\n")
        file.chmod(0o644)
    open_log_file(files[0]).close()
    assert [mode(file) for file in files] == ["600", "600"]
    assert files[0].read_text() == "before\n"


def test_the_rights_of_a_device_stay(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o644)
    pipe.chmod(0o644)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        log_file = open_log_file(pipe, rotate_bytes=0)
        assert mode(pipe) == "644"
        log_file.close()
    finally:
        os.close(reader)


def test_a_folder_that_is_missing_is_made(tmp_path: Path) -> None:
    open_log_file(tmp_path / "logs" / "nija.log").close()
    assert (tmp_path / "logs" / "nija.log").exists()


@pytest.mark.parametrize("taken_away", [lambda path: path.rename(path.with_name("kept.log")), Path.unlink])
def test_a_file_that_is_renamed_or_deleted_is_made_again_with_the_next_line(
    tmp_path: Path, taken_away: Callable[[Path], object]
) -> None:
    path = tmp_path / "nija.log"
    log_file = open_log_file(path)
    say(log_file, "before")
    taken_away(path)
    say(log_file, "after")
    say(log_file, "and on")
    log_file.close()
    assert path.read_text() == "after\nand on\n"


def test_a_file_whose_place_someone_else_took_is_written_to_and_not_emptied(tmp_path: Path) -> None:
    path = tmp_path / "nija.log"
    log_file = open_log_file(path)
    say(log_file, "before")
    path.rename(tmp_path / "nija.log.1")
    path.write_text("theirs\n")
    say(log_file, "after")
    log_file.close()
    assert path.read_text() == "theirs\nafter\n"


@pytest.mark.parametrize("name", ["", "a-file/nija.log"])
def test_a_file_that_cannot_be_written_is_reported_with_its_variable(tmp_path: Path, name: str) -> None:
    (tmp_path / "a-file").touch()
    with pytest.raises(LogFileUnusable) as caught:
        open_log_file(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)
    assert "NIJA_LOG_FILE" in str(caught.value)


def test_a_full_disk_is_reported_once_and_raises_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    log_file = open_log_file(Path("/dev/full"), rotate_bytes=0)
    say(log_file, "one")
    say(log_file, "two")
    with pytest.raises(OSError, match="No space left"):
        log_file.close()
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert "/dev/full" in told[0]


def test_a_rotation_on_a_full_disk_gives_up_the_old_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: str, destination: str) -> None:
        Path(destination).write_text(Path(source).read_text()[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    log_file = open_log_file(tmp_path / "nija.log", rotate_bytes=100, rotated_files=1)
    for number in range(20):
        say(log_file, f"line {number}")
    log_file.close()
    assert [path.name for path in tmp_path.iterdir()] == ["nija.log"]
    assert "line 19" in (tmp_path / "nija.log").read_text()
