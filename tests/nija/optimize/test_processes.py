"""Searches in processes of their own: on several cores, compiled, and under Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from nija.optimize.chosen import TOLERANCE
from nija.optimize.search import Interrupted
from nija.optimize.store import VariantStore
from nija.optimize.study import compute
from nija.optimize.trial import Pass
from tests.nija.optimize.searches import Progress, made_up_study, run

ROOT = Path(__file__).parents[3]
MANY = ("entry=4..20..2", "exit=2,3")


def test_on_two_cores_compiled_a_search_finds_what_the_plain_engine_finds_on_one(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    if find_spec("numba") is None:
        pytest.skip("numba is not installed: pip install 'nija[optimize]'")
    # Kept from run to run: compiling takes longer than all of these searches.
    assert pytestconfig.cache is not None
    cache = pytestconfig.cache.mkdir("numba")
    study, progress = made_up_study(*MANY), Progress()
    plain = run(study, tmp_path / "plain", Progress())
    with closing(VariantStore(tmp_path / "variants.sqlite")) as store:
        compiled = replace(study, how=Pass.COMPILED)
        fast = compute(compiled, store, 2, cache, (progress.begin, progress.advance))
    assert progress.computed == len(study.grid.variants)
    assert list(cache.rglob("*.nbi"))
    for one, other in zip(plain, fast, strict=True):
        assert one.opened.tolist() == other.opened.tolist()
        np.testing.assert_allclose(other.returns, one.returns, rtol=0, atol=TOLERANCE)


def test_ctrl_c_at_a_terminal_ends_all_processes_quietly_and_keeps_what_is_done(tmp_path: Path) -> None:
    program = f"""
if __name__ == "__main__":
    import sys
    from contextlib import closing
    from pathlib import Path
    from nija.optimize.search import Interrupted
    from nija.optimize.store import VariantStore
    from nija.optimize.study import compute
    from tests.nija.optimize.searches import made_up_study
    with closing(VariantStore(Path({str(tmp_path)!r}) / "variants.sqlite")) as store:
        try:
            said = lambda: print("one", flush=True)
            study = made_up_study("entry=4..200..1", "exit=2,3")
            compute(study, store, 2, Path({str(tmp_path)!r}), (lambda whole, done: None, said))
        except Interrupted:
            sys.exit(130)
"""
    script = tmp_path / "search.py"
    script.write_text(program)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(  # noqa: S603  our own program
        [sys.executable, str(script)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "one\n"
        os.killpg(process.pid, signal.SIGINT)
        rest, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "")
    resumed = Progress(stop_after=1)
    with pytest.raises(Interrupted), closing(VariantStore(tmp_path / "variants.sqlite")) as store:
        compute(made_up_study("entry=4..200..1", "exit=2,3"), store, 1, tmp_path, (resumed.begin, resumed.advance))
    # The last one may have been kept and not said.
    assert resumed.found - 1 - len(rest.splitlines()) in (0, 1)
