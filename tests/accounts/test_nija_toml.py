from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from accounts.identity import AccountId
from accounts.setting_faults import SettingsError
from accounts.setting_tables import (
    OwnSettings,
    PortfolioSettings,
    RiskSettings,
    TradingSettings,
)
from accounts.settings import Settings, load_settings
from brokers.model import Timeframe
from nija.strategy.registry import STRATEGY_TABLES

if TYPE_CHECKING:
    from pathlib import Path

MASTER = AccountId.parse("kraken:master")
DAIVON = AccountId.parse("kraken:daivon_frazier")
TANIA = AccountId.parse("kraken:tania_gilbert")

DESIGN = """
[trading]
strategy = "trend"
markets = ["BTC/USD", "ETH/USD"]
timeframe = "1d"            # 1m 5m 15m 30m 1h 4h 1d
poll_seconds = 30           # how often the feed asks for a new candle
max_candle_age = 2          # intervals; 0 = never stale

[strategy.trend]
entry = 20                  # candles
exit = 10                   # candles
stop_atr = 3.0
trail_atr = 1.0
fee_gate = 2.0

[risk]
risk_per_trade = 0.02       # of equity
max_position = 0.25         # of equity, per market
max_exposure = 0.50         # of equity, all markets
max_positions = 4
max_daily_loss = 0.08
max_drawdown = 0.35
min_balance = 25            # in quote currency: an account with less is UNDERFUNDED
protective_stops = "exchange"
"""
# The tables of the built-in strategies.
BUILT_IN = tuple(type(table) for _, table in STRATEGY_TABLES() if isinstance(table, BaseModel))
OVERRIDES = """
[accounts."kraken:daivon_frazier"]   # any key of [trading], [strategy.*], [risk], and:
enabled = true
risk_multiplier = 0.5
disabled_markets = ["ETH/USD"]
"""


def load(folder: Path, text: str) -> Settings:
    path = folder / "nija.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, STRATEGY_TABLES)


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(folder, text)
    assert str(folder / "nija.toml") in str(caught.value)
    return [str(fault) for fault in caught.value.faults]


class TestMeaning:
    def test_several_lengths_are_a_list(self, tmp_path: Path) -> None:
        settings = load(tmp_path, "[strategy.trend_ensemble]\nlookbacks = [15, 45]")
        assert settings.strategy.parameters("trend_ensemble")["lookbacks"] == (15, 45)

    def test_the_example_of_the_design_has_the_default_values(self, tmp_path: Path) -> None:
        assert load(tmp_path, DESIGN) == load_settings(None, STRATEGY_TABLES) == load(tmp_path, "")

    def test_the_defaults_are_those_of_the_design(self) -> None:
        settings = load_settings(None, STRATEGY_TABLES).for_account(MASTER)
        assert settings.trading == TradingSettings(
            strategy="trend",
            markets=("BTC/USD", "ETH/USD"),
            timeframe="1d",  # type: ignore[arg-type]  # as the file gives it
            poll_seconds=30,
            max_candle_age=2,
        )
        assert settings.trading.timeframe is Timeframe.D1
        assert settings.parameters == {"entry": 20, "exit": 10, "stop_atr": 3.0, "trail_atr": 1.0, "fee_gate": 2.0}
        assert settings.risk.risk_per_trade == Decimal("0.02")
        assert settings.risk.max_position == Decimal("0.25")
        assert settings.risk.max_exposure == Decimal("0.50")
        assert settings.risk.max_positions == 4
        assert settings.risk.max_daily_loss == Decimal("0.08")
        assert settings.risk.max_drawdown == Decimal("0.35")
        assert settings.risk.min_balance == Decimal(25)
        assert settings.risk.protective_stops == "exchange"
        assert settings.enabled
        assert settings.own.risk_multiplier == 1

    def test_fractions_are_exact(self, tmp_path: Path) -> None:
        settings = load(tmp_path, "[risk]\nrisk_per_trade = 0.1\nmin_balance = 24.99\n")
        assert (settings.risk.risk_per_trade, settings.risk.min_balance) == (Decimal("0.1"), Decimal("24.99"))

    def test_overrides_hold_for_their_account_alone(self, tmp_path: Path) -> None:
        settings = load(tmp_path, DESIGN + OVERRIDES)
        daivon, tania = settings.for_account(DAIVON), settings.for_account(TANIA)
        assert (daivon.own.risk_multiplier, daivon.markets) == (Decimal("0.5"), ("BTC/USD",))
        assert (tania.own.risk_multiplier, tania.markets) == (Decimal(1), ("BTC/USD", "ETH/USD"))
        assert daivon.risk == tania.risk

    def test_any_key_of_any_table_can_be_overridden(self, tmp_path: Path) -> None:
        text = '[accounts."kraken:tania_gilbert"]\nentry = 30\nmax_positions = 1\ntimeframe = "4h"\n'
        settings = load(tmp_path, "[strategy.trend]\nexit = 12\n" + text)
        tania = settings.for_account(TANIA)
        assert tania.parameters == {"entry": 30, "exit": 12, "stop_atr": 3.0, "trail_atr": 1.0, "fee_gate": 2.0}
        assert (tania.risk.max_positions, tania.trading.timeframe) == (1, Timeframe.H4)
        assert settings.for_account(MASTER).parameters["entry"] == 20

    def test_an_account_can_run_another_strategy_with_its_own_parameters(self, tmp_path: Path) -> None:
        text = '[accounts."kraken:tania_gilbert"]\nstrategy = "ema_cross"\nslow = 100\n'
        settings = load(tmp_path, "[strategy.ema_cross]\nfast = 30\n" + text)
        assert settings.for_account(TANIA).parameters == {"fast": 30, "slow": 100, "stop_atr": 3.0, "fee_gate": 2.0}
        assert settings.for_account(MASTER).trading.strategy == "trend"

    def test_a_users_own_class_has_a_free_table(self, tmp_path: Path) -> None:
        text = """
        [trading]
        strategy = "my.rules:Slow"
        [strategy."my.rules:Slow"]
        days = 30
        factor = 1.5
        names = ["a", "b"]
        [accounts."kraken:tania_gilbert"]
        days = 60
        """
        settings = load(tmp_path, text)
        assert settings.for_account(MASTER).parameters == {"days": 30, "factor": 1.5, "names": ("a", "b")}
        assert settings.for_account(TANIA).parameters["days"] == 60

    def test_a_users_own_class_needs_no_table(self, tmp_path: Path) -> None:
        assert load(tmp_path, '[trading]\nstrategy = "my:Slow"\n').for_account(MASTER).parameters == {}

    def test_a_candle_may_be_never_stale(self, tmp_path: Path) -> None:
        assert load(tmp_path, "[trading]\nmax_candle_age = 0\n").trading.max_candle_age == 0

    def test_nothing_can_be_changed_afterwards(self, tmp_path: Path) -> None:
        settings = load(tmp_path, DESIGN + OVERRIDES + '[strategy."my:Slow"]\ndays = 3\n').for_account(DAIVON)
        for table, key in ((settings, "risk"), (settings.risk, "max_positions"), (settings.trading, "markets")):
            with pytest.raises((ValidationError, AttributeError)):
                setattr(table, key, 1)
        with pytest.raises(TypeError):
            settings.parameters["entry"] = 1  # type: ignore[index]  # the type forbids it as well
        with pytest.raises(TypeError):
            settings.strategy.custom["my:Slow"]["days"] = 1

    def test_an_override_without_an_account_is_a_warning_with_the_nearest_one(self, tmp_path: Path) -> None:
        settings = load(tmp_path, '[accounts."kraken:daivon_fraser"]\nenabled = false\n')
        (warning,) = settings.warnings([MASTER, DAIVON])
        assert 'accounts."kraken:daivon_fraser"' in warning
        assert "Did you mean kraken:daivon_frazier?" in warning
        assert load(tmp_path, OVERRIDES).warnings([MASTER, DAIVON]) == ()


class TestFaults:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("[trading]\nmarket = 1", ["trading.market: unknown key", "Did you mean markets?"]),
            ("[tradin]\nmarkets = 1", ["tradin: unknown key", "Did you mean trading?"]),
            ("[strategy.trend]\nentri = 3", ["strategy.trend.entri: unknown key", "Did you mean entry?"]),
            ("[strategy.trent]\nentry = 3", ["strategy.trent: unknown key", "Did you mean trend?"]),
            ("[strategy.custom]\na = 3", ["strategy.custom: unknown key"]),
            ("trading = 3", ["trading: 3: expected a table, written [trading]"]),
            ("[strategy]\ntrend = 3", ["strategy.trend: 3: expected a table, written [strategy.trend]"]),
            ('[trading]\nmarkets = ["btc-usd"]', ['trading.markets.0: "btc-usd": expected "BTC/USD"']),
            ('[trading]\nmarkets = ["ETH/USD", "XBT/USD"]', ['trading.markets.1: "XBT/USD": expected "BTC/USD"']),
            ('[trading]\nmarkets = ["BTC"]', ['"BTC": expected a market in capitals such as "BTC/USD"']),
            ("[trading]\nmarkets = [7]", ["7: expected a market in capitals"]),
            (
                '[accounts."kraken:master"]\nmarkets = ["BTCUSD"]',
                ['accounts."kraken:master".markets.0: "BTCUSD": expected "BTC/USD"'],
            ),
            (
                '[accounts."kraken:master"]\ndisabled_markets = ["XXBTZUSD"]',
                ['accounts."kraken:master".disabled_markets.0: "XXBTZUSD": expected "BTC/USD"'],
            ),
            ("[trading]\nmarkets = []", ["trading.markets: []: expected at least one market"]),
            ('[trading]\nmarkets = ["BTC/USD", "BTC/USD"]', ["each of them once"]),
            ('[trading]\nmarkets = "BTC/USD"', ["trading.markets: ", "expected a"]),
            ('[trading]\ntimeframe = "2d"', ['trading.timeframe: "2d": expected one of "1m", "5m"']),
            ('[trading]\nstrategy = "trned"', ['trading.strategy: "trned": expected one of', "Did you mean trend?"]),
            ("[trading]\npoll_seconds = 0", ["trading.poll_seconds: 0", "expected greater than or equal to"]),
            ("[risk]\nrisk_per_trade = 2", ["risk.risk_per_trade: 2: expected less than or equal to 1"]),
            ("[risk]\nrisk_per_trade = 0", ["risk.risk_per_trade: 0: expected greater than 0"]),
            ('[risk]\nrisk_per_trade = "0.02"', ['risk.risk_per_trade: "0.02": expected a number, without quotes']),
            ("[risk]\nmax_positions = true", ["risk.max_positions: true: expected a whole number"]),
            ("[risk]\nmax_positions = 1.5", ["risk.max_positions: 1.5: expected a whole number"]),
            ("[risk]\nmin_balance = nan", ["risk.min_balance: NaN: expected"]),
            ("[risk]\nmin_balance = inf", ["risk.min_balance: Infinity: expected"]),
            (
                "[strategy.trend_ensemble]\nlookbacks = 20",
                ["strategy.trend_ensemble.lookbacks: 20: expected a list, such as [20, 60]"],
            ),
            (
                "[strategy.trend_ensemble]\nlookbacks = [20, 301]",
                ["lookbacks.1: 301: expected less than or equal to 300"],
            ),
            ("[strategy.trend_ensemble]\nlookbacks = [20, 2.5]", ["lookbacks.1: 2.5: expected a whole number"]),
            ("[strategy.trend_ensemble]\nlookbacks = [20, 20]", ["lookbacks = (20, 20): expected at least one number"]),
            ("[strategy.trend_ensemble]\nlookbacks = []", ["expected at least one number of candles, and each once"]),
            ("[strategy.trend]\nstop_atr = nan", ["strategy.trend.stop_atr: nan: expected"]),
            ('[risk]\nprotective_stops = "no"', ["risk.protective_stops: \"no\": expected 'exchange' or 'local'"]),
            (
                "[strategy.ema_cross]\nfast = 60",
                ["strategy.ema_cross: fast = 60: expected fewer candles than"],
            ),
            ('[accounts."kraken"]\nenabled = true', ['accounts."kraken": an account is written kraken:NAME']),
            ('[accounts."kraken:x"]\nenabled = 1', ['accounts."kraken:x".enabled: 1: expected a valid boolean']),
            (
                '[accounts."kraken:x"]\nrisk_multiplier = 0',
                ['accounts."kraken:x".risk_multiplier: 0: expected greater'],
            ),
            ('[accounts."kraken:x"]\nmax_position = 3', ['accounts."kraken:x".max_position: 3: expected less than']),
            ('[accounts."kraken:x"]\nfast = 3', ['accounts."kraken:x".fast: unknown key']),
            ('[accounts."kraken:x"]\nmax_positons = 3', ["Did you mean max_positions?"]),
            ("[accounts]\nenabled = true", ['accounts."enabled": an account is written']),
        ],
    )
    def test_a_fault_names_the_key_the_value_and_what_was_expected(
        self, tmp_path: Path, text: str, expected: list[str]
    ) -> None:
        (fault,) = faults(tmp_path, text)
        for part in expected:
            assert part in fault

    def test_every_fault_is_reported_at_once(self, tmp_path: Path) -> None:
        assert len(faults(tmp_path, "x = 1\n[risk]\nmax_positions = 0\nmax_drawdown = 9\n[trading]\nmarkets = []")) == 4

    def test_broken_toml_is_reported_with_its_line(self, tmp_path: Path) -> None:
        (fault,) = faults(tmp_path, "[risk]\nmax_positions = = 4\n")
        assert "not valid TOML" in fault
        assert "line 2" in fault

    def test_the_value_of_an_unknown_key_is_not_shown_for_it_may_be_a_secret(self, tmp_path: Path) -> None:
        (fault,) = faults(tmp_path, 'KRAKEN_MASTER_API_SECRET = "hidden"')
        assert "hidden" not in fault

    def test_a_missing_file_is_reported_with_the_variable_that_named_it(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match="NIJA_CONFIG"):
            load_settings(tmp_path / "nowhere.toml", STRATEGY_TABLES)

    def test_a_file_that_is_not_text_is_a_clear_error(self, tmp_path: Path) -> None:
        path = tmp_path / "nija.toml"
        path.write_bytes(b"[risk]\nmax_positions = 4 # \xe4")
        with pytest.raises(SettingsError, match=r"nija\.toml: is not a UTF-8 text file\. Save it again"):
            load_settings(path, STRATEGY_TABLES)

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
    def test_a_file_that_a_windows_editor_saved_is_read_like_any_other(self, tmp_path: Path, encoding: str) -> None:
        path = tmp_path / "nija.toml"
        path.write_bytes("[risk]\r\nmax_positions = 3\r\n".encode(encoding))
        assert load_settings(path, STRATEGY_TABLES).risk.max_positions == 3


class TestPortfolio:
    def test_nothing_is_limited_unless_it_is_written(self, tmp_path: Path) -> None:
        portfolio = load(tmp_path, "[portfolio]\n").portfolio
        assert (portfolio.max_daily_loss, portfolio.max_drawdown) == (None, None)

    def test_its_limits_are_exact(self, tmp_path: Path) -> None:
        portfolio = load(tmp_path, "[portfolio]\nmax_daily_loss = 0.1\n").portfolio
        assert (portfolio.max_daily_loss, portfolio.max_drawdown) == (Decimal("0.1"), None)

    @pytest.mark.parametrize(
        ("line", "told"),
        [
            ("max_daily_loss = 0", "portfolio.max_daily_loss: 0: expected greater than 0"),
            ("max_drawdown = 1.5", "portfolio.max_drawdown: 1.5: expected less than or equal to 1"),
            ('max_drawdown = "10 %"', 'portfolio.max_drawdown: "10 %": expected a number, without quotes'),
            ("max_loss = 0.1", "portfolio.max_loss: unknown key; expected one of max_daily_loss, max_drawdown."),
        ],
    )
    def test_a_fault_names_key_value_and_what_was_expected(self, tmp_path: Path, line: str, told: str) -> None:
        with pytest.raises(SettingsError) as error:
            load(tmp_path, f"[portfolio]\n{line}\n")
        assert told in str(error.value)

    def test_it_cannot_be_set_for_one_account(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match="portfolio"):
            load(tmp_path, '[accounts."kraken:master".portfolio]\nmax_drawdown = 0.1\n')


@pytest.mark.parametrize(
    "model",
    [
        TradingSettings,
        RiskSettings,
        PortfolioSettings,
        OwnSettings,
        *BUILT_IN,
    ],
)
def test_every_key_has_a_description_a_unit_and_a_default(model: type[BaseModel]) -> None:
    for name, key in model.model_fields.items():
        assert key.description, name
        assert isinstance(key.json_schema_extra, dict), name
        assert key.json_schema_extra["unit"], name
        assert not key.is_required(), name


@settings(max_examples=60, deadline=None)
@given(st.decimals(min_value="0.000000001", max_value=1, allow_nan=False, places=9))
def test_no_digit_of_a_fraction_is_lost(tmp_path_factory: pytest.TempPathFactory, fraction: Decimal) -> None:
    folder = tmp_path_factory.getbasetemp()
    assert load(folder, f"[risk]\nmax_position = {fraction:f}\n").risk.max_position == fraction


OVERRIDE = st.dictionaries(
    st.sampled_from(["entry", "exit", "max_positions", "poll_seconds", "risk_multiplier", "enabled"]),
    st.integers(2, 9),
    max_size=4,
).map(lambda keys: {key: "false" if key == "enabled" else str(value) for key, value in keys.items()})


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from([MASTER, DAIVON, TANIA]), OVERRIDE, min_size=2))
def test_no_accounts_settings_leak_into_anothers(
    tmp_path_factory: pytest.TempPathFactory, overrides: dict[AccountId, dict[str, str]]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    tables = {
        account: "\n".join([f'[accounts."{account}"]', *(f"{key} = {value}" for key, value in keys.items()), ""])
        for account, keys in overrides.items()
    }
    together = load(folder, DESIGN + "".join(tables.values()))
    for account, table in tables.items():
        assert together.for_account(account) == load(folder, DESIGN + table).for_account(account)
