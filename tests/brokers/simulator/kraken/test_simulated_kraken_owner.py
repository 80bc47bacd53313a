"""Kraken with an owner: manual actions, and how the owner's orders, coins and keys are listed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from brokers.client_order_id import Purpose, new_client_id
from brokers.model import Exchange, Side
from brokers.simulator.config import SimulatorConfig
from brokers.simulator.engine.hands import Hands
from brokers.simulator.engine.markets import Mode
from brokers.simulator.engine.orders import Amendment
from brokers.simulator.engine.refusals import Barrier, RefusedError, Restriction
from brokers.simulator.foreign_orders import foreign_words
from tests.simulator_desk import Desk, make_desk
from tests.simulator_fixtures import UNLIMITED, usd_accounts

if TYPE_CHECKING:
    from brokers.simulator.clock import SimulatedClock
    from brokers.simulator.mounted import MountedFace

D = Decimal
BALANCES = {"USD": D(20_000), "BTC": D(2)}


@pytest.fixture
def desk() -> Desk:
    return make_desk(SimulatorConfig(usd_accounts(balances=BALANCES), limits=UNLIMITED))


@pytest.fixture
def hands(desk: Desk) -> Hands:
    return Hands(desk.engine, desk.account)


def face(desk: Desk) -> MountedFace:
    return desk.world.faces[Exchange.KRAKEN]


def by_hand(desk: Desk, **words: Any) -> dict[str, Any]:  # noqa: ANN401  the words of AddOrder
    """By default a sell of 0.5 BTC, as listed by OpenOrders."""
    ticket = face(desk).by_hand({"pair": "XBTUSD", "type": "sell", "volume": "0.5"} | words)
    order = Hands(desk.engine, desk.account).place(ticket)
    shown: dict[str, Any] = desk.result("OpenOrders")["open"][order.id]
    return shown


def stop(desk: Desk, price: str = "45000") -> str:
    client_id = new_client_id(Purpose.STOP)
    return desk.add(type="sell", ordertype="stop-loss", volume="0.5", price=price, cl_ord_id=client_id)


class TestOrdersOfEveryKind:
    def test_a_trailing_stop_keeps_its_relative_price(self, desk: Desk) -> None:
        row = by_hand(desk, ordertype="trailing-stop", price="+5%")
        assert (row["descr"]["ordertype"], row["descr"]["price"]) == ("trailing-stop", "+5%")
        assert row["descr"]["order"] == "sell 0.50000000 XBTUSD @ trailing stop +5%"
        assert "cl_ord_id" not in row
        assert desk.result("BalanceEx")["XXBT"]["hold_trade"] == "0.5000000000"

    def test_an_order_on_margin_says_so_and_binds_nothing(self, desk: Desk) -> None:
        row = by_hand(desk, type="buy", ordertype="limit", price="30000", leverage="5")
        assert row["descr"]["leverage"] == "5:1"
        assert row["descr"]["order"] == "buy 0.50000000 XBTUSD @ limit 30000.0 with 5:1 leverage"
        assert desk.result("BalanceEx")["ZUSD"]["hold_trade"] == "0.0000"

    def test_an_iceberg_shows_only_its_visible_part(self, desk: Desk) -> None:
        row = by_hand(desk, ordertype="iceberg", price="60000", displayvol="0.1")
        assert (row["descr"]["ordertype"], row["displayvol"]) == ("iceberg", "0.10000000")

    def test_every_kind_is_placed_shown_and_cancelled(self, desk: Desk, hands: Hands) -> None:
        spec, price = desk.engine.exchange.spec("BTC/USD"), desk.engine.exchange.price("BTC/USD")
        for tenth in range(10):
            hands.place(face(desk).by_hand(foreign_words(Exchange.KRAKEN, spec, price, tenth / 10, D(1))))
        kinds = [row["descr"]["ordertype"] for row in desk.result("OpenOrders")["open"].values()]
        assert len(kinds) == 10
        assert {"trailing-stop-limit", "take-profit-limit", "iceberg", "market"} <= set(kinds)
        assert hands.cancel_all() == 10
        assert desk.result("ClosedOrders")["count"] == 10

    def test_a_key_still_may_not_trade_on_margin(self, desk: Desk) -> None:
        assert desk.refused(type="buy", ordertype="market", volume="0.1", leverage="5") == "EGeneral:Permission denied"

    def test_invalid_orders_are_reported(self, desk: Desk) -> None:
        with pytest.raises(ValueError, match="Invalid arguments:ordertype"):
            by_hand(desk, ordertype="wish")

    def test_a_fill_at_price_nothing_is_a_row_like_any_other(self, desk: Desk, hands: Hands) -> None:
        order = hands.receive_fill("BTC/USD", Side.BUY, D("0.01"))
        [row] = desk.result("TradesHistory")["trades"].values()
        assert (row["price"], row["cost"], row["fee"], row["vol"]) == ("0.00000", "0.00000", "0.00000", "0.01000000")
        assert desk.order(order.id)["status"] == "closed"
        assert desk.account.balances == {"USD": D(20_000), "BTC": D("2.01")}

    def test_a_fill_on_margin_says_so_and_moves_no_coins(self, desk: Desk, hands: Hands) -> None:
        hands.receive_fill("BTC/USD", Side.BUY, D("0.1"), D(50_000), "5")
        [row] = desk.result("TradesHistory")["trades"].values()
        assert (row["leverage"], row["margin"], row["cost"]) == ("5", "1000.00000", "5000.00000")
        assert desk.account.balances == BALANCES


class TestHands:
    def test_move_and_resize_a_stop_of_nijas(self, desk: Desk, hands: Hands) -> None:
        txid = stop(desk)
        hands.amend(txid, Amendment(stop_price=D("47000"), amount=D("0.7")))
        row = desk.order(txid)
        assert (row["descr"]["price"], row["vol"], row["misc"]) == ("47000.0", "0.70000000", "amended")

    def test_cancel_orders_of_nijas_and_keep_note_of_it(self, desk: Desk, hands: Hands) -> None:
        first, second = stop(desk), stop(desk)
        hands.cancel(first)
        desk.result("CancelOrder", txid=second)
        ended = [desk.account.orders[txid].ended_by_hand for txid in (first, second)]
        assert ended == [True, False]

    def test_stake_coins_away_under_another_name(self, desk: Desk, hands: Hands) -> None:
        hands.stake("BTC", D("1.5"), "M")
        assert desk.result("Balance") == {"ZUSD": "20000.0000", "XXBT": "0.5000000000", "XBT.M": "1.5000000000"}
        desk.owner = "daivon_frazier"
        Hands(desk.engine, desk.account).stake("BTC", D(1), "B")
        assert desk.result("Balance")["XXBT.B"] == "1.0000000000"

    def test_bound_coins_cannot_be_staked(self, desk: Desk, hands: Hands) -> None:
        by_hand(desk, ordertype="limit", price="60000", volume="1.5")
        with pytest.raises(RefusedError):
            hands.stake("BTC", D(1))

    def test_hold_a_currency_that_no_list_of_assets_names(self, desk: Desk, hands: Hands) -> None:
        hands.deposit("NEWCOIN", D(3))
        assert desk.result("Balance")["NEWCOIN"] == "3.00000000"
        assert "NEWCOIN" not in desk.public("Assets")["result"]


class TestMarkets:
    @pytest.mark.parametrize("mode", [Mode.CANCEL_ONLY, Mode.POST_ONLY, Mode.LIMIT_ONLY, Mode.REDUCE_ONLY])
    def test_a_mode_is_shown_and_refuses_by_its_name(self, desk: Desk, mode: Mode) -> None:
        desk.engine.set_mode(mode, "BTC/USD")
        assert desk.public("AssetPairs", pair="XBTUSD")["result"]["XXBTZUSD"]["status"] == mode.value
        refused = desk.refused(type="buy", ordertype="market", volume="0.1")
        assert refused == f"EService:Market in {mode.value} mode"
        assert list(desk.world.records.violations) == []

    def test_a_stop_rests_through_cancel_only_and_wakes_up_afterwards(self, desk: Desk) -> None:
        txid = stop(desk)
        desk.engine.set_mode(Mode.CANCEL_ONLY, "BTC/USD")
        desk.price("BTC/USD", "44000")
        assert desk.order(txid)["status"] == "open"
        assert desk.error("AmendOrder", txid=txid, trigger_price="40000") == "EService:Market in cancel_only mode"
        desk.engine.set_mode(Mode.ONLINE, "BTC/USD")
        assert desk.order(txid)["status"] == "closed"

    def test_a_stop_can_be_cancelled_in_cancel_only(self, desk: Desk) -> None:
        txid = stop(desk)
        desk.engine.set_mode(Mode.CANCEL_ONLY, "BTC/USD")
        assert desk.result("CancelOrder", txid=txid) == {"count": 1}

    def test_a_stop_at_market_waits_while_only_limits_trade(self, desk: Desk) -> None:
        txid = stop(desk)
        desk.engine.set_mode(Mode.LIMIT_ONLY, "BTC/USD")
        desk.price("BTC/USD", "44000")
        assert desk.order(txid)["status"] == "open"

    def test_a_delisted_market_is_gone_and_its_orders_are_not(self, desk: Desk) -> None:
        txid = stop(desk)
        desk.engine.set_mode(Mode.AWAY, "BTC/USD")
        assert "XXBTZUSD" not in desk.public("AssetPairs")["result"]
        assert desk.public("Ticker", pair="ETHUSD,XBTUSD")["error"] == ["EQuery:Unknown asset pair"]
        assert desk.refused(type="buy", ordertype="market", volume="0.1") == "EQuery:Unknown asset pair"
        assert desk.order(txid)["descr"]["pair"] == "XBTUSD"
        desk.engine.set_mode(Mode.ONLINE, "BTC/USD")
        assert desk.result("CancelOrder", txid=txid) == {"count": 1}

    def test_a_tick_becomes_coarser_while_a_stop_rests(self, desk: Desk) -> None:
        txid = stop(desk, "45000.1")
        relist(desk, price_step="10")
        pair = desk.public("AssetPairs", pair="XBTUSD")["result"]["XXBTZUSD"]
        assert (pair["tick_size"], pair["pair_decimals"]) == ("10", 1)
        assert desk.order(txid)["descr"]["price"] == "45000.1"
        refused = desk.error("AmendOrder", txid=txid, trigger_price="45001")
        assert refused == "EOrder:Tick size check failed"
        assert list(desk.world.records.violations) == []
        desk.result("AmendOrder", txid=txid, trigger_price="45010")

    def test_coarser_lots_keep_resting_orders_and_allow_moving_them(self, desk: Desk) -> None:
        client_id = new_client_id(Purpose.STOP)
        txid = desk.add(type="sell", ordertype="stop-loss", volume="0.12345678", price="45000", cl_ord_id=client_id)
        relist(desk, amount_step="0.001")
        assert desk.public("AssetPairs", pair="XBTUSD")["result"]["XXBTZUSD"]["lot_decimals"] == 3
        desk.result("AmendOrder", txid=txid, trigger_price="46000")
        assert desk.refused(type="buy", ordertype="market", volume="0.0011") == "EGeneral:Invalid arguments:volume"

    def test_a_finer_tick_has_more_decimals(self, desk: Desk) -> None:
        relist(desk, price_step="0.001")
        desk.add(type="buy", ordertype="limit", volume="0.1", price="30000.123")

    @pytest.mark.parametrize(
        ("barrier", "text"),
        [
            (Barrier.COUNTRY, "EAccount:Invalid permissions:XBT trading restricted for US:WA."),
            (Barrier.PERMISSION, "EGeneral:Permission denied"),
            (Barrier.AGREEMENT, "EOrder:Trading agreement required"),
        ],
    )
    def test_one_market_is_restricted_for_one_account(self, desk: Desk, barrier: Barrier, text: str) -> None:
        txid = stop(desk)
        desk.account.restrictions["BTC/USD"] = Restriction(barrier, "US:WA")
        assert desk.refused(type="buy", ordertype="market", volume="0.1") == text
        desk.result("AddOrder", pair="ETHUSD", type="buy", ordertype="market", volume="0.1")
        assert desk.result("CancelOrder", txid=txid) == {"count": 1}
        desk.owner = "tania_gilbert"
        desk.add(type="buy", ordertype="market", volume="0.1")

    def test_an_agreement_that_is_sent_opens_the_market(self, desk: Desk) -> None:
        desk.account.restrictions["BTC/USD"] = Restriction(Barrier.AGREEMENT)
        desk.add(type="buy", ordertype="limit", volume="0.1", price="30000")
        desk.add(type="buy", ordertype="market", volume="0.1", trading_agreement="agree")
        refused = desk.refused(type="buy", ordertype="market", volume="0.1", trading_agreement="yes")
        assert refused == "EGeneral:Invalid arguments:trading_agreement"


def relist(desk: Desk, **changes: str) -> None:
    exchange = desk.engine.exchange
    changed = exchange.spec("BTC/USD").changed({name: D(value) for name, value in changes.items()})
    exchange.change_market(face(desk).list_anew(changed))


class TestKeys:
    def key(self, desk: Desk) -> Any:  # noqa: ANN401  Kraken's own kind of key
        return face(desk).key_states[desk.owner]

    def test_a_bounded_history_hides_rows_outside_and_says_so(self, desk: Desk) -> None:
        old = desk.add(type="buy", ordertype="market", volume="0.1")
        desk.advance(1_000)
        self.key(desk).query_from = desk.clock.time() - 10
        resting = stop(desk)
        new = desk.add(type="buy", ordertype="market", volume="0.1")
        assert list(desk.result("ClosedOrders")["closed"]) == [new]
        assert desk.result("TradesHistory")["count"] == 1
        assert desk.error("QueryOrders", txid=old) == "EOrder:Invalid order"
        assert list(desk.result("OpenOrders")["open"]) == [resting]
        info = desk.result("GetApiKeyInfo")
        assert (info["queryFrom"], info["queryTo"]) == (str(int(desk.clock.time() - 10)), "0")

    def test_an_end_of_history_hides_later_rows(self, desk: Desk) -> None:
        self.key(desk).query_to = desk.clock.time()
        desk.advance(10)
        desk.add(type="buy", ordertype="market", volume="0.1")
        assert desk.result("TradesHistory")["count"] == 0

    def test_an_expired_key_is_refused(self, desk: Desk) -> None:
        self.key(desk).valid_until = desk.clock.time() + 60
        assert desk.result("GetApiKeyInfo")["validUntil"] == str(int(desk.clock.time() + 60))
        desk.advance(61)
        assert desk.error("Balance") == "EAPI:Invalid key"

    def test_permissions_change_while_it_runs(self, desk: Desk) -> None:
        self.key(desk).permissions = frozenset({"query-funds", "withdraw-funds"})
        assert desk.result("GetApiKeyInfo")["permissions"] == ["query-funds", "withdraw-funds"]
        assert desk.refused(type="buy", ordertype="market", volume="0.1") == "EGeneral:Permission denied"

    def test_another_address_than_the_listed_ones_is_refused(self, desk: Desk) -> None:
        self.key(desk).ip_allowlist = ("10.0.0.1",)
        assert desk.error("Balance") == "EGeneral:Permission denied"
        self.key(desk).ip_allowlist = ("127.0.0.1",)
        assert desk.result("GetApiKeyInfo")["ipAllowlist"] == ["127.0.0.1"]

    def test_a_nonce_of_another_program_is_reported_and_refuses_lower_ones(self, desk: Desk) -> None:
        self.key(desk).last_nonce = desk.nonce + 1_000
        assert desk.error("Balance") == "EAPI:Invalid nonce"
        desk.nonce += 1_000
        assert desk.result("GetApiKeyInfo")["nonce"] == str(desk.nonce)


class TestClock:
    def clock(self, desk: Desk) -> SimulatedClock:
        return face(desk).clock

    def test_an_offset_shows_in_the_time_and_moves_deadlines(self, desk: Desk) -> None:
        self.clock(desk).set_wrong(offset=40)
        assert desk.public("Time")["result"]["unixtime"] == int(desk.clock.time() + 40)
        late = deadline(desk.clock.time() + 30)
        refused = desk.refused(type="buy", ordertype="market", volume="0.1", deadline=late)
        assert refused == "EService:Deadline elapsed"
        desk.add(type="buy", ordertype="market", volume="0.1", deadline=deadline(desk.clock.time() + 70))

    def test_a_drift_grows_and_stays_when_it_ends(self, desk: Desk) -> None:
        self.clock(desk).set_wrong(drift_ppm=463)
        desk.advance(86_400)
        assert self.clock(desk).time() - desk.clock.time() == pytest.approx(40, abs=0.1)
        self.clock(desk).set_wrong(drift_ppm=0)
        desk.advance(86_400)
        assert self.clock(desk).time() - desk.clock.time() == pytest.approx(40, abs=0.1)

    def test_the_other_exchange_keeps_its_own(self, desk: Desk) -> None:
        self.clock(desk).set_wrong(offset=40)
        assert desk.world.faces[Exchange.COINBASE].clock.time() == desk.clock.time()


def deadline(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()


class TestGaps:
    def test_a_stop_sells_at_the_price_after_the_gap(self, desk: Desk) -> None:
        txid = stop(desk)
        desk.engine.exchange.board.gap("BTC/USD", D("0.8"))
        assert D("39900") < D(desk.order(txid)["price"]) < D("40000")

    def test_the_source_continues_from_there(self, desk: Desk) -> None:
        desk.engine.exchange.board.gap("BTC/USD", D("0.8"))
        desk.price("BTC/USD", "51000")
        assert desk.engine.exchange.board.last("BTC/USD") == D("40800")

    def test_candles_show_it_from_its_moment_on(self, desk: Desk) -> None:
        board = desk.engine.exchange.board
        before = board.candles("BTC/USD", 60)[-1]
        board.gap("BTC/USD", D("0.8"))
        rows = board.candles("BTC/USD", 60)
        assert rows[-2] == replace(rows[-2], close=before.close)
        assert (rows[-1].open, rows[-1].high, rows[-1].low) == (D("50000"), D("50000"), D("40000"))
        desk.advance(60)
        assert board.candles("BTC/USD", 60)[-1].open == D("40000")


def test_two_programs_on_one_key_make_each_others_nonces_invalid(desk: Desk) -> None:
    other = make_desk(SimulatorConfig(usd_accounts(balances=BALANCES), limits=UNLIMITED))
    other.world, other.clock = desk.world, desk.clock
    other.nonce = desk.nonce + 10**9
    desk.add(type="buy", ordertype="market", volume="0.1")
    other.add(type="buy", ordertype="market", volume="0.1")
    assert desk.error("Balance") == "EAPI:Invalid nonce"
    assert other.result("GetApiKeyInfo")["nonce"] == str(other.nonce)
