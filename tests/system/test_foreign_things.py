"""An account with all that its owner may have on it: orders of every kind, margin, staking, fills at price 0."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from brokers.model import Exchange
from brokers.simulator.engine.markets import MarketSpec
from brokers.simulator.foreign_orders import foreign_words
from tests.made_up import accounts
from tests.system import checker
from tests.system.exchange import quick_exchange
from tests.system.settings import buy_and_hold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.system.daemon import Answer
    from tests.system.exchange import RunningExchange

BOTH = ("kraken:master", "coinbase:master")
_FACTOR = 8.0
_KINDS = {"kraken:master": 10, "coinbase:master": 5}
_OWNED = {"USD": Decimal(20_000), "BTC": Decimal("0.5"), "ADA": Decimal(1_000)}


@dataclass(frozen=True, slots=True)
class Aftermath:
    """Of a daemon that found everything there, and of one that lost its disk besides."""

    lines: tuple[tuple[str, ...], ...]
    statuses: tuple[Answer, ...]
    placed: Mapping[str, Mapping[str, Any]]
    state: Mapping[str, Any]


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    folder = tmp_path_factory.mktemp("run")
    (folder / "nija.toml").write_text(buy_and_hold(BOTH))
    lines: list[tuple[str, ...]] = []
    statuses: list[Answer] = []
    with quick_exchange(accounts(*BOTH, balances=_OWNED), _FACTOR) as quick:
        exchange = quick.exchange
        exchange.freeze()
        for account in BOTH:
            _fill_the_account(exchange, account)
        placed = {account: _open_by_hand(exchange, account) for account in BOTH}
        for _ in range(2):
            with quick.daemon(folder) as daemon:
                if lines:
                    daemon.wait_for("The journal was empty", count=len(BOTH))
                else:
                    daemon.wait_for("🛡️ Stop placed", count=len(BOTH))
                statuses.append(daemon.status(lambda text: text.count("not NIJA's, and left alone") == len(BOTH)))
                assert daemon.terminate() == 0
            lines.append(tuple(daemon.lines))
            shutil.rmtree(folder / "data")
        return Aftermath(tuple(lines), tuple(statuses), placed, exchange.state())


def _fill_the_account(exchange: RunningExchange, account: str) -> None:
    place = Exchange(account.partition(":")[0])
    market = exchange.state("markets")["markets"][place]
    price = Decimal(market["prices"]["BTC/USD"])
    spec = _spec(market["specs"]["BTC/USD"])
    for number in range(_KINDS[account]):
        words = foreign_words(place, spec, price, (number + 0.5) / _KINDS[account], Decimal("0.1"))
        exchange.do("orders", account=account, order=dict(words))
    exchange.do("orders", account=account, market="ADA/USD", side="sell", amount="100", limit_price="5")
    exchange.do("mode", exchange=place, market="ADA/USD", mode="away")
    exchange.do("fills", account=account, market="BTC/USD", amount="0.001")
    exchange.do("stake", account=account, currency="BTC", amount="0.1")
    exchange.do("balance", account=account, currency="NEWCOIN", amount="12.5")


def _spec(told: Mapping[str, Any]) -> MarketSpec:
    steps = (Decimal(told[name]) for name in ("amount_step", "price_step", "cost_step", "min_amount", "min_cost"))
    return MarketSpec(told["symbol"], told["base"], told["quote"], *steps)


def _open_by_hand(exchange: RunningExchange, account: str) -> dict[str, Any]:
    books = exchange.books(account)
    return {order["id"]: order for order in books["orders"] if order["id"] in books["open_orders"]}


pytestmark = [pytest.mark.xdist_group("foreign"), pytest.mark.parametrize("account", BOTH)]


def test_nija_trades_and_protects_what_it_bought(foreign: Aftermath, account: str) -> None:
    books = foreign.state["accounts"][account]
    mine = {order["id"] for order in books["orders"] if not order["by_hand"]}
    bought = sum(Decimal(fill["amount"]) for fill in books["fills"] if fill["order_id"] in mine)
    assert checker.open_stops(books) == {"BTC/USD": [bought]}


def test_after_the_loss_of_the_disk_it_finds_its_position_among_them(foreign: Aftermath, account: str) -> None:
    (found,) = [line for line in foreign.lines[1] if "The journal was empty" in line and f"account={account}" in line]
    assert "2 of NIJA's orders were read from the exchange. Open: BTC/USD" in found


def test_the_owners_orders_are_untouched_and_counted(foreign: Aftermath, account: str) -> None:
    placed = foreign.placed[account]
    now = {order["id"]: order for order in foreign.state["accounts"][account]["orders"]}
    assert {name: now[name] for name in placed} == placed
    for status in foreign.statuses:
        assert f"{len(placed)} open orders are not NIJA's, and left alone" in status.text


def test_none_of_his_coins_is_for_sale(foreign: Aftermath, account: str) -> None:
    checker.assert_the_owner_keeps_his_coins(foreign.state, account)


def test_what_cannot_be_read_is_said_in_the_log(foreign: Aftermath, account: str) -> None:
    for status, lines in zip(foreign.statuses, foreign.lines, strict=True):
        of_it = status.text.partition(f"\n{account} (")[2].partition("\n\n")[0]
        said = [line for line in lines if "of the exchange's answers cannot be read" in line and account in line]
        assert bool(said) == ("of the exchange's answers could not be read" in of_it)
