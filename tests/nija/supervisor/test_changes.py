"""What an edit changes, decided by comparing two configurations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from accounts.identity import AccountId
from nija.supervisor.changes import AccountChange, ChangeKind, Changes, compare, needs_restart, refusal
from nija.supervisor.configuration import Configuration, read_configuration
from nija.supervisor.source import FileWatch
from tests import made_up

if TYPE_CHECKING:
    from pathlib import Path

MASTER, DAIVON = AccountId.parse("kraken:master"), AccountId.parse("kraken:daivon_frazier")
KEYS = made_up.credentials(made_up.accounts("kraken:master", "kraken:daivon_frazier"))
OTHERS = made_up.credentials(made_up.accounts("kraken:master", "kraken:daivon_frazier", seed=12))
ALONE = {name: value for name, value in KEYS.items() if "MASTER" in name}


def configured(folder: Path, toml: str = "", **environ: str) -> Configuration:
    (folder / "nija.toml").write_text(toml)
    return read_configuration(environ, folder)


def switched_off(account: AccountId) -> str:
    return f'[accounts."{account}"]\nenabled = false\n'


def test_the_same_configuration_changes_nothing(tmp_path: Path) -> None:
    assert compare(configured(tmp_path, **KEYS), configured(tmp_path, **KEYS)) == Changes()


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [(ALONE, KEYS, ChangeKind.ADDED), (KEYS, ALONE, ChangeKind.REMOVED)],
    ids=["added", "removed"],
)
def test_an_account_comes_or_goes(
    tmp_path: Path, before: dict[str, str], after: dict[str, str], kind: ChangeKind
) -> None:
    changes = compare(configured(tmp_path, **before), configured(tmp_path, **after))
    assert changes.accounts == (AccountChange(DAIVON, kind),)


def test_a_new_key_is_told_together_with_the_settings_that_changed(tmp_path: Path) -> None:
    before = configured(tmp_path, **ALONE)
    after = configured(tmp_path, "[risk]\nmax_drawdown = 0.5\n", **{name: OTHERS[name] for name in ALONE})
    assert compare(before, after).accounts == (AccountChange(MASTER, ChangeKind.NEW_KEY, ("max_drawdown",)),)


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [("", switched_off(MASTER), ChangeKind.SWITCHED_OFF), (switched_off(MASTER), "", ChangeKind.SWITCHED_ON)],
    ids=["off", "on"],
)
def test_an_account_is_switched(tmp_path: Path, before: str, after: str, kind: ChangeKind) -> None:
    changes = compare(configured(tmp_path, before, **ALONE), configured(tmp_path, after, **ALONE))
    assert changes.accounts == (AccountChange(MASTER, kind, ("enabled",)),)


def test_a_common_setting_changes_every_account_that_does_not_override_it(tmp_path: Path) -> None:
    own = f'[accounts."{DAIVON}"]\nmax_drawdown = 0.5\n'
    before = configured(tmp_path, "[risk]\nmax_drawdown = 0.4\n" + own, **KEYS)
    after = configured(tmp_path, "[risk]\nmax_drawdown = 0.3\n" + own, **KEYS)
    assert compare(before, after).accounts == (AccountChange(MASTER, ChangeKind.SETTINGS, ("max_drawdown",)),)


def test_a_limit_that_is_set_to_its_default_is_a_change(tmp_path: Path) -> None:
    after = configured(tmp_path, "[risk]\nmax_position = 0.25\n", **ALONE)
    (change,) = compare(configured(tmp_path, **ALONE), after).accounts
    assert change.keys == ("max_position",)


def test_another_strategy_names_its_own_parameters_too(tmp_path: Path) -> None:
    before, after = configured(tmp_path, **ALONE), configured(tmp_path, '[trading]\nstrategy = "ema_cross"\n', **ALONE)
    (change,) = compare(before, after).accounts
    assert change.keys[0] == "strategy"
    assert "entry" in change.keys


def test_parameters_of_a_strategy_that_nobody_uses_change_nothing(tmp_path: Path) -> None:
    after = configured(tmp_path, "[strategy.ema_cross]\nfast = 7\n", **ALONE)
    assert compare(configured(tmp_path, **ALONE), after) == Changes()


def test_limits_of_all_accounts_together_are_a_change_of_their_own(tmp_path: Path) -> None:
    after = configured(tmp_path, "[portfolio]\nmax_drawdown = 0.3\n", **ALONE)
    assert compare(configured(tmp_path, **ALONE), after) == Changes(portfolio=True)


def test_settings_of_the_process_wait_for_the_next_start_and_are_named(tmp_path: Path) -> None:
    before = configured(tmp_path, **ALONE)
    after = configured(tmp_path, **ALONE, NIJA_DATA_DIR="elsewhere", KRAKEN_API_URL="http://127.0.0.1:1")
    assert needs_restart(before, after) == (
        "NIJA_DATA_DIR takes effect at the next start",
        "KRAKEN_API_URL takes effect at the next start",
    )
    assert needs_restart(before, before) == ()


def test_another_settings_file_is_read_at_once(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("[risk]\nmax_drawdown = 0.5\n")
    before, after = configured(tmp_path, **ALONE), configured(tmp_path, **ALONE, NIJA_CONFIG=str(other))
    assert needs_restart(before, after) == ()
    assert compare(before, after).accounts == (AccountChange(MASTER, ChangeKind.SETTINGS, ("max_drawdown",)),)


def test_credentials_do_not_turn_a_demo_into_real_trading(tmp_path: Path) -> None:
    (text,) = needs_restart(configured(tmp_path), configured(tmp_path, **ALONE))
    assert text == "the demo goes on: restart NIJA to trade kraken:master with real money"


def test_removing_the_last_account_does_not_ask_for_the_demo(tmp_path: Path) -> None:
    assert needs_restart(configured(tmp_path, **ALONE), configured(tmp_path)) == ()


def test_another_mode_waits_for_the_next_start(tmp_path: Path) -> None:
    (text,) = needs_restart(configured(tmp_path, **ALONE), configured(tmp_path, **ALONE, NIJA_MODE="paper"))
    assert text == "NIJA goes on in mode live: mode paper begins at the next start"


def test_a_new_fault_of_credentials_refuses_the_edit_and_names_the_variable(tmp_path: Path) -> None:
    half = {name: value for name, value in KEYS.items() if name != "KRAKEN_USER_DAIVON_FRAZIER_API_SECRET"}
    (text,) = refusal(configured(tmp_path, **ALONE), configured(tmp_path, **half))
    assert text.startswith("KRAKEN_USER_DAIVON_FRAZIER_API_SECRET: is not set")


def test_a_fault_that_was_there_before_refuses_nothing(tmp_path: Path) -> None:
    half = {name: value for name, value in KEYS.items() if name != "KRAKEN_USER_DAIVON_FRAZIER_API_SECRET"}
    after = configured(tmp_path, "[risk]\nmax_drawdown = 0.5\n", **half)
    assert refusal(configured(tmp_path, **half), after) == ()


def test_a_variable_of_env_that_the_environment_sets_to_something_else_is_known(tmp_path: Path) -> None:
    name = next(iter(ALONE))
    (tmp_path / ".env").write_text(f"{name}=x\nPORT=8080\n")
    assert configured(tmp_path, **ALONE, PORT="8080").overridden == (name,)


class TestFileWatch:
    def test_an_edit_counts_once_it_has_settled(self, tmp_path: Path) -> None:
        files = (tmp_path / ".env", tmp_path / "nija.toml")
        watch = FileWatch()
        watch.take(files)
        assert not watch.is_edited(files)
        files[0].write_text("half")
        assert not watch.is_edited(files)
        files[0].write_text("half and whole")
        assert not watch.is_edited(files)
        assert watch.is_edited(files)

    def test_what_was_taken_is_no_edit_any_more(self, tmp_path: Path) -> None:
        files = (tmp_path / ".env",)
        files[0].write_text("A=1")
        watch = FileWatch()
        watch.take(files)
        assert not watch.is_edited(files)
        assert not watch.is_edited(files)

    def test_a_deleted_file_is_an_edit(self, tmp_path: Path) -> None:
        files = (tmp_path / ".env",)
        files[0].write_text("A=1")
        watch = FileWatch()
        watch.take(files)
        files[0].unlink()
        assert not watch.is_edited(files)
        assert watch.is_edited(files)
