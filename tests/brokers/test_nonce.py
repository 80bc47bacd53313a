from __future__ import annotations

import os
import random
import threading
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokers import nonce as nonce_module
from brokers.errors import BrokerError
from brokers.nonce import Nonce, NonceMarkError
from tests.fakes import ManualClock

SECOND = 1_000_000


class NoOffset(random.Random):
    def uniform(self, a: float, b: float) -> float:
        return a


class FullOffset(random.Random):
    def uniform(self, a: float, b: float) -> float:
        return b


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "marks" / "kraken-0011aabb.nonce"


def open_nonce(path: Path, clock: ManualClock, rng: random.Random | None = None) -> Nonce:
    return Nonce(path, clock=clock, rng=rng or NoOffset())


def test_a_nonce_is_the_clock_in_microseconds(path: Path) -> None:
    clock = ManualClock(wall=1_700_000_000.25)
    assert open_nonce(path, clock).next() == 1_700_000_000_250_000


def test_the_start_offset_is_added_to_the_clock_so_a_nonce_is_never_below_it(path: Path) -> None:
    clock = ManualClock()
    nonce = Nonce(path, clock=clock, offset_max=5.0, rng=FullOffset())
    assert nonce.next() == int((clock.wall + 5.0) * SECOND)


def test_the_start_offset_differs_from_broker_to_broker_and_stays_within_its_bound(tmp_path: Path) -> None:
    clock = ManualClock()
    offsets = {
        Nonce(tmp_path / str(n), clock=clock, rng=random.Random(n)).next() - int(clock.wall * SECOND) for n in range(20)
    }
    assert len(offsets) == 20
    assert all(0 <= offset <= 5 * SECOND for offset in offsets)


def test_a_stalled_clock_still_gives_growing_nonces(path: Path) -> None:
    nonce = open_nonce(path, ManualClock())
    values = [nonce.next() for _ in range(1_000)]
    assert all(earlier < later for earlier, later in pairwise(values))


def test_a_nonce_never_repeats_after_a_clock_step_back(path: Path) -> None:
    clock = ManualClock()
    nonce = open_nonce(path, clock)
    before = nonce.next()
    clock.wall -= 3_600
    assert nonce.next() > before


def test_after_a_kill_nonces_continue_above_the_last_one_even_if_the_clock_went_back(path: Path) -> None:
    clock = ManualClock()
    killed = open_nonce(path, clock)
    before = [killed.next() for _ in range(3)][-1]
    clock.wall -= 86_400
    assert open_nonce(path, clock).next() > before


def test_an_orderly_restart_continues_without_a_gap(path: Path) -> None:
    clock = ManualClock()
    nonce = open_nonce(path, clock)
    last = nonce.next()
    nonce.close()
    assert open_nonce(path, clock).next() == last + 1


def test_a_nonce_used_after_close_is_marked_again(path: Path) -> None:
    clock = ManualClock()
    nonce = open_nonce(path, clock)
    nonce.next()
    nonce.close()
    after_close = [nonce.next() for _ in range(2)][-1]
    assert open_nonce(path, clock).next() > after_close


def test_requests_within_a_block_cost_no_write(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[int] = []
    really_write = nonce_module._write_mark

    def counted(path: Path, value: int) -> None:
        writes.append(value)
        really_write(path, value)

    monkeypatch.setattr(nonce_module, "_write_mark", counted)
    clock = ManualClock()
    nonce = open_nonce(path, clock)
    for _ in range(90):
        nonce.next()
        clock.advance(0.1)
    assert len(writes) == 1


def test_repeated_kills_do_not_let_the_mark_run_away_from_the_clock(path: Path) -> None:
    clock = ManualClock()
    for _ in range(60):
        open_nonce(path, clock).next()
        clock.advance(0.1)
    assert int(path.read_text()) < (clock.wall + 15) * SECOND


def test_the_mark_is_readable_by_its_owner_only(path: Path) -> None:
    open_nonce(path, ManualClock()).next()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_the_mark_is_replaced_in_one_step_leaving_no_draft_behind(path: Path) -> None:
    open_nonce(path, ManualClock()).next()
    assert list(path.parent.iterdir()) == [path]


def test_the_mark_is_on_the_disk_before_it_takes_the_old_ones_place(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def noted_fsync(descriptor: int) -> None:
        steps.append("fsync")
        fsync(descriptor)

    def noted_replace(draft: Path, target: Path) -> Path:
        steps.append("replace")
        return replace(draft, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    open_nonce(path, ManualClock()).next()
    assert steps == ["fsync", "replace", "fsync"]


@pytest.mark.parametrize("content", [b"", b"\n", b"12a", b"-5\n", b"\xff\xfe", b"9" * 40, b"1 2\n"])
def test_a_damaged_mark_is_refused_with_its_name_and_the_remedy(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(NonceMarkError, match="damaged") as caught:
        open_nonce(path, ManualClock()).next()
    assert str(path) in str(caught.value)
    assert "delete the file" in str(caught.value)


def test_an_unreadable_mark_is_refused_with_its_name(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(NonceMarkError, match="Cannot read") as caught:
        open_nonce(path, ManualClock()).next()
    assert str(path) in str(caught.value)


def test_a_damaged_mark_is_left_as_it_is_by_a_close(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"damaged")
    nonce = open_nonce(path, ManualClock())
    with pytest.raises(NonceMarkError):
        nonce.jump(0)
    nonce.close()
    assert path.read_bytes() == b"damaged"


def test_the_mark_is_read_on_first_use_after_the_previous_process_released_it(path: Path) -> None:
    clock = ManualClock()
    waiting = open_nonce(path, clock)
    before = open_nonce(path, clock)
    last = [before.next() for _ in range(3)][-1]
    assert waiting.next() > last


def test_a_mark_that_cannot_be_written_gives_out_no_nonce(path: Path) -> None:
    nonce = open_nonce(path, ManualClock())
    path.with_name(f"{path.name}.new").mkdir(parents=True)
    with pytest.raises(NonceMarkError, match="no request is sent"):
        nonce.next()


def test_a_mark_error_is_a_broker_error_so_that_an_account_survives_a_full_disk() -> None:
    assert issubclass(NonceMarkError, BrokerError)


@pytest.mark.parametrize(("attempt", "stride"), [(0, 10), (1, 600), (2, 86_400), (7, 86_400)])
def test_each_refusal_jumps_further_ahead(path: Path, attempt: int, stride: int) -> None:
    nonce = open_nonce(path, ManualClock())
    before = nonce.next()
    nonce.jump(attempt)
    assert nonce.next() == before + stride * SECOND + 1


def test_a_jump_survives_a_kill(path: Path) -> None:
    clock = ManualClock()
    nonce = open_nonce(path, clock)
    nonce.jump(2)
    jumped = nonce.next()
    assert open_nonce(path, clock).next() > jumped


def test_threads_never_share_a_nonce_and_each_sees_its_own_grow(path: Path) -> None:
    nonce = open_nonce(path, ManualClock())
    seen: list[list[int]] = [[] for _ in range(8)]

    def draw(mine: list[int]) -> None:
        mine.extend(nonce.next() for _ in range(500))

    threads = [threading.Thread(target=draw, args=(mine,)) for mine in seen]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({value for mine in seen for value in mine}) == 8 * 500
    assert all(earlier < later for mine in seen for earlier, later in pairwise(mine))


STEPS = st.lists(
    st.one_of(
        st.just("next"),
        st.just("next"),
        st.just("kill"),
        st.just("close"),
        st.integers(min_value=0, max_value=3),
        st.floats(min_value=-100_000, max_value=100_000),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, seed=st.integers(min_value=0, max_value=2**32))
def test_nonces_grow_through_any_order_of_clock_steps_kills_restarts_and_jumps(
    steps: list[str | int | float], seed: int
) -> None:
    clock, chance, given_out = ManualClock(), random.Random(seed), [0]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mark"
        nonce = Nonce(path, clock=clock, rng=chance)
        for step in steps:
            if step == "next":
                given_out.append(nonce.next())
            elif step == "kill":
                nonce = Nonce(path, clock=clock, rng=chance)
            elif step == "close":
                nonce.close()
            elif isinstance(step, int):
                nonce.jump(step)
            elif isinstance(step, float):
                clock.wall += step
    assert all(earlier < later for earlier, later in pairwise(given_out))


class Killed(BaseException):
    """The process is gone: nothing after this point runs."""


@pytest.mark.parametrize("point", ["open", "write", "fsync", "close", "replace"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_at_any_step_of_writing_the_mark_repeats_no_nonce(
    path: Path, monkeypatch: pytest.MonkeyPatch, point: str, when: str
) -> None:
    clock = ManualClock()
    first = open_nonce(path, clock)
    given_out = [first.next()]
    clock.advance(60)
    owner = Path if point == "replace" else os
    really = getattr(owner, point)

    def die(*args: object, **kwargs: object) -> None:
        if when == "after":
            really(*args, **kwargs)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(owner, point, die)
        with pytest.raises(Killed):
            first.next()
    clock.wall -= 7_200
    reborn = open_nonce(path, clock)
    given_out.extend(reborn.next() for _ in range(3))
    assert all(earlier < later for earlier, later in pairwise(given_out))
