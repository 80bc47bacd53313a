"""Coinbase with an owner: manual actions, how the owner's orders are listed, and what closed products refuse."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from brokers.client_order_id import Purpose, new_client_id
from brokers.model import Exchange, Side
from brokers.simulator.config import SimulatorConfig
from brokers.simulator.engine.hands import Hands
from brokers.simulator.engine.markets import Mode
from brokers.simulator.engine.orders import Amendment
from brokers.simulator.engine.refusals import Barrier, Restriction
from brokers.simulator.foreign_orders import foreign_words
from tests.brokers.simulator.coinbase.coinbase_desk import Desk, make_desk
from tests.simulator_fixtures import UNLIMITED, usd_accounts

if TYPE_CHECKING:
    from brokers.simulator.mounted import MountedFace

D = Decimal
MARKET = {"market_market_ioc": {"base_size": "0.1"}}
BALANCES = {"USD": D(20_000), "BTC": D(2)}


@pytest.fixture
def desk() -> Desk:
    return make_desk(SimulatorConfig(usd_accounts(balances=BALANCES), limits=UNLIMITED))


@pytest.fixture
def hands(desk: Desk) -> Hands:
    return Hands(desk.engine, desk.account)


def face(desk: Desk) -> MountedFace:
    return desk.world.faces[Exchange.COINBASE]


def by_hand(desk: Desk, configuration: dict[str, Any], side: str = "SELL", **words: str) -> Any:  # noqa: ANN401  an order's JSON
    body = {"product_id": "BTC-USD", "side": side, "order_configuration": configuration}
    ticket = face(desk).by_hand(body | words)
    return desk.order(Hands(desk.engine, desk.account).place(ticket).id)


def stop(desk: Desk, price: str = "45000", limit: str = "43000") -> str:
    terms = {"base_size": "0.5", "limit_price": limit, "stop_price": price}
    configuration = {"stop_limit_stop_limit_gtc": terms | {"stop_direction": "STOP_DIRECTION_STOP_DOWN"}}
    return desk.placed(configuration, side="SELL", client_order_id=new_client_id(Purpose.STOP))


def open_ids(desk: Desk, **query: str) -> list[str]:
    orders = desk.get("/orders/historical/batch", order_status="OPEN", **query).json["orders"]
    return [order["order_id"] for order in orders]


class TestOrdersOfEveryKind:
    def test_a_twap_is_shown_as_it_was_sent_and_binds_its_coins(self, desk: Desk) -> None:
        terms = {"base_size": "0.5", "limit_price": "60000", "end_time": "2100-01-01T00:00:00Z", "number_buckets": "5"}
        shown = by_hand(desk, {"twap_limit_gtd": terms})
        assert (shown["order_type"], shown["status"], shown["order_configuration"]) == (
            "TWAP", "OPEN", {"twap_limit_gtd": terms},
        )  # fmt: skip
        assert shown["outstanding_hold_amount"] == "0.5"

    def test_every_kind_is_placed_listed_and_cancelled(self, desk: Desk, hands: Hands) -> None:
        spec, price = desk.engine.exchange.spec("BTC/USD"), desk.engine.exchange.price("BTC/USD")
        for fifth in range(5):
            hands.place(face(desk).by_hand(foreign_words(Exchange.COINBASE, spec, price, fifth / 5, D(1))))
        orders = desk.get("/orders/historical/batch", order_status="OPEN").json["orders"]
        assert [order["order_type"] for order in orders] == ["SCALED", "TWAP", "STOP_LIMIT", "LIMIT", "BRACKET"]
        assert hands.cancel_all() == 5
        assert open_ids(desk) == []

    def test_an_order_without_words_has_those_of_its_kind(self, desk: Desk, hands: Hands) -> None:
        order = hands.trade("BTC/USD", Side.SELL, D("0.5"), limit=D(60_000))
        assert desk.order(order.id)["order_configuration"] == {
            "limit_limit_gtc": {"base_size": "0.5", "limit_price": "60000"}
        }
        order = hands.trade("BTC/USD", Side.SELL, D("0.5"), limit=D(43_000), stop=D(45_000))
        assert desk.order(order.id)["order_configuration"]["stop_limit_stop_limit_gtc"] == {
            "base_size": "0.5", "limit_price": "43000", "stop_price": "45000",
            "stop_direction": "STOP_DIRECTION_STOP_DOWN",
        }  # fmt: skip

    def test_an_order_of_the_simple_pages_is_not_among_the_advanced_ones(self, desk: Desk) -> None:
        configuration = {"limit_limit_gtc": {"base_size": "0.5", "limit_price": "60000"}}
        simple = by_hand(desk, configuration, order_placement_source="RETAIL_SIMPLE")
        assert simple["order_placement_source"] == "RETAIL_SIMPLE"
        assert open_ids(desk) == []
        assert open_ids(desk, order_placement_source="RETAIL_SIMPLE") == [simple["order_id"]]

    def test_invalid_orders_are_reported(self, desk: Desk) -> None:
        with pytest.raises(ValueError, match="unknown order configuration wish"):
            by_hand(desk, {"wish": {}})

    def test_a_fill_at_price_nothing_is_a_row_like_any_other(self, desk: Desk, hands: Hands) -> None:
        hands.receive_fill("BTC/USD", Side.BUY, D("0.01"))
        [fill] = desk.get("/orders/historical/fills").json["fills"]
        assert (fill["price"], fill["size"], fill["commission"]) == ("0", "0.01", "0")


def test_the_owner_moves_a_stop_of_nijas(desk: Desk, hands: Hands) -> None:
    order_id = stop(desk)
    hands.amend(order_id, Amendment(stop_price=D(47_000), limit_price=D(45_000)))
    terms = desk.order(order_id)["order_configuration"]["stop_limit_stop_limit_gtc"]
    assert (terms["stop_price"], terms["limit_price"], terms["base_size"]) == ("47000", "45000", "0.5")


def test_staked_coins_leave_the_wallet(desk: Desk, hands: Hands) -> None:
    hands.stake("BTC", D("1.5"))
    wallets = {row["currency"]: row["available_balance"]["value"] for row in desk.get("/accounts").json["accounts"]}
    assert wallets == {"USD": "20000", "BTC": "0.5"}


class TestProducts:
    @pytest.mark.parametrize(
        ("mode", "flag", "codes"),
        [
            (Mode.CANCEL_ONLY, "cancel_only", ("ORDER_ENTRY_DISABLED", "PREVIEW_TRADING_DISABLED")),
            (Mode.POST_ONLY, "post_only", ("ORDER_ENTRY_DISABLED", "PREVIEW_NOT_ALLOWED_BY_MARKET_STATE")),
            (Mode.LIMIT_ONLY, "limit_only", ("ORDER_ENTRY_DISABLED", "PREVIEW_NOT_ALLOWED_BY_MARKET_STATE")),
            (Mode.HALTED, "trading_disabled", ("ORDER_ENTRY_DISABLED", "PREVIEW_PRODUCT_TRADING_HALTED")),
            (Mode.AUCTION, "auction_mode", ("ORDER_ENTRY_DISABLED", "PREVIEW_NOT_ALLOWED_BY_MARKET_STATE")),
            (Mode.VIEW_ONLY, "view_only", ("UNTRADABLE_PRODUCT", "PREVIEW_UNTRADABLE_PRODUCT")),
            (Mode.DISABLED, "is_disabled", ("UNTRADABLE_PRODUCT", "PREVIEW_UNTRADABLE_PRODUCT")),
        ],
    )
    def test_each_flag_closes_a_product(self, desk: Desk, mode: Mode, flag: str, codes: tuple[str, str]) -> None:
        resting = stop(desk)
        desk.engine.set_mode(mode, "BTC/USD")
        product = desk.get("/products/BTC-USD").json
        flags = {
            "cancel_only",
            "post_only",
            "limit_only",
            "trading_disabled",
            "auction_mode",
            "view_only",
            "is_disabled",
        }
        assert {name for name in flags if product[name]} == {flag}
        assert desk.refused(MARKET) == codes
        assert desk.post("/orders/preview", product_id="BTC-USD", side="BUY", order_configuration=MARKET).json[
            "errs"
        ] == [codes[1]]
        assert desk.post("/orders/batch_cancel", order_ids=[resting]).json["results"][0]["success"]
        assert desk.violations() == []

    def test_a_stop_rests_through_a_halt_and_wakes_up_afterwards(self, desk: Desk) -> None:
        order_id = stop(desk)
        desk.engine.set_mode(Mode.HALTED, "BTC/USD")
        desk.price("BTC/USD", "44000")
        assert desk.order(order_id)["status"] == "OPEN"
        desk.engine.set_mode(Mode.ONLINE, "BTC/USD")
        assert desk.order(order_id)["status"] == "FILLED"

    def test_a_stop_limit_wakes_up_also_while_only_limits_trade(self, desk: Desk) -> None:
        order_id = stop(desk)
        desk.engine.set_mode(Mode.LIMIT_ONLY, "BTC/USD")
        desk.price("BTC/USD", "44000")
        assert desk.order(order_id)["status"] == "FILLED"

    def test_a_product_goes_away_and_comes_back(self, desk: Desk) -> None:
        desk.engine.set_mode(Mode.AWAY, "BTC/USD")
        assert "BTC-USD" not in [
            row["product_id"] for row in desk.public("/api/v3/brokerage/market/products").json["products"]
        ]
        assert desk.get("/products/BTC-USD").status == 404
        assert desk.refused(MARKET)[0] == "INVALID_PRODUCT_ID"
        assert desk.violations() == []
        desk.engine.set_mode(Mode.ONLINE, "BTC/USD")
        desk.placed(MARKET)

    def test_increments_change_while_orders_rest(self, desk: Desk) -> None:
        order_id = stop(desk, "45000.01")
        exchange = desk.engine.exchange
        changes = {"price_step": D(1), "amount_step": D("0.01"), "min_cost": D(10)}
        exchange.change_market(face(desk).list_anew(exchange.spec("BTC/USD").changed(changes)))
        product = desk.get("/products/BTC-USD").json
        assert (product["price_increment"], product["base_increment"], product["quote_min_size"]) == ("1", "0.01", "10")
        assert desk.order(order_id)["order_configuration"]["stop_limit_stop_limit_gtc"]["stop_price"] == "45000.01"
        refused = desk.refused({"limit_limit_gtc": {"base_size": "0.1", "limit_price": "30000.5"}})
        assert refused[0] == "INVALID_PRICE_PRECISION"
        assert desk.refused({"market_market_ioc": {"quote_size": "9"}})[1] == "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL"

    def test_a_stop_limit_is_jumped_past_by_a_gap(self, desk: Desk) -> None:
        order_id = stop(desk)
        desk.engine.exchange.board.gap("BTC/USD", D("0.8"))
        shown = desk.order(order_id)
        assert (shown["status"], shown["trigger_status"], shown["filled_size"]) == ("OPEN", "STOP_TRIGGERED", "0")


class TestRestrictions:
    @pytest.mark.parametrize(
        ("barrier", "codes"),
        [
            (Barrier.COUNTRY, ("GEOFENCING_RESTRICTION", "PREVIEW_GEOFENCING_RESTRICTION")),
            (Barrier.INELIGIBLE, ("INELIGIBLE_PAIR", "UNKNOWN_PREVIEW_FAILURE_REASON")),
        ],
    )
    def test_one_product_is_refused_in_its_own_words(
        self, desk: Desk, barrier: Barrier, codes: tuple[str, str]
    ) -> None:
        desk.account.restrictions["BTC/USD"] = Restriction(barrier)
        assert desk.refused(MARKET) == codes
        desk.placed(MARKET, product_id="ETH-USD")
        assert desk.violations() == []

    def test_one_product_is_forbidden(self, desk: Desk) -> None:
        desk.account.restrictions["BTC/USD"] = Restriction(Barrier.PERMISSION)
        reply = desk.post("/orders", client_order_id="x", product_id="BTC-USD", side="BUY", order_configuration=MARKET)
        assert (reply.status, reply.json["error"]) == (403, "PERMISSION_DENIED")
        desk.placed(MARKET, product_id="ETH-USD")
        assert desk.violations() == []


class TestKeys:
    def test_rights_are_taken_and_given_while_it_runs(self, desk: Desk) -> None:
        face(desk).key_states["master"].permissions = frozenset({"query-funds", "withdraw-funds"})
        told = desk.get("/key_permissions").json
        assert (told["can_view"], told["can_trade"], told["can_transfer"]) == (True, False, True)

    def test_another_address_than_the_listed_ones_is_refused(self, desk: Desk) -> None:
        face(desk).key_states["master"].ip_allowlist = ("10.0.0.1",)
        assert desk.get("/accounts").status == 401

    def test_an_expired_key_is_refused(self, desk: Desk) -> None:
        face(desk).key_states["master"].valid_until = desk.clock.time() + 60
        assert desk.get("/accounts").status == 200
        desk.advance(61)
        assert desk.get("/accounts").status == 401

    def test_tokens_are_judged_by_the_exchanges_own_clock(self, desk: Desk) -> None:
        face(desk).clock.set_wrong(offset=-5)
        assert desk.get("/accounts").status == 401
        face(desk).clock.set_wrong(offset=121)
        assert desk.get("/accounts").status == 401
        assert desk.public("/api/v3/brokerage/time").json["epochSeconds"] == str(int(desk.clock.time() + 121))
