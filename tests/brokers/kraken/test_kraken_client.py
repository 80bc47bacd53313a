"""What krakenex would do wrong, and every way in which a request can end."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

import krakenex
import pytest

from brokers.client_order_id import Purpose, new_client_id
from brokers.errors import (
    BadAnswer,
    BudgetSpent,
    DeadlineTooNear,
    InvalidSignature,
    LockedOut,
    MarketRefused,
    NonceRejected,
    OrderRejected,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from brokers.kraken.broker import KrakenBroker
from brokers.model import ApiKey, OrderRequest, OrderType, Side
from brokers.nonce import Nonce
from tests.brokers.kraken.canned import KEY, SECRET, CannedKraken

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from brokers.kraken.public import KrakenPublic
    from tests.fakes import ManualClock

TXID = "OUF4EM-FRGI2-MQMWZD"
PLACED = {"descr": {"order": "buy"}, "txid": [TXID]}


def market_buy(clock: ManualClock, amount: str = "0.001") -> OrderRequest:
    deadline = datetime.fromtimestamp(clock.time(), UTC) + timedelta(seconds=30)
    return OrderRequest(new_client_id(Purpose.ENTRY), "BTC/USD", Side.BUY, OrderType.MARKET, Decimal(amount), deadline)


def trade_row(number: int) -> dict[str, object]:
    return {
        "ordertxid": TXID,
        "pair": "XXBTZUSD",
        "time": 1_600_000_000 + number,
        "type": "buy",
        "ordertype": "market",
        "price": "100.0",
        "cost": "0.1",
        "fee": "0.0004",
        "vol": "0.001",
        "maker": False,
    }


class TestWhatIsSent:
    def test_the_signature_covers_exactly_the_sent_body(self, broker: KrakenBroker, canned: CannedKraken) -> None:
        canned.say("BalanceEx", {})
        broker.balances()
        asked = canned.calls("BalanceEx")[0]
        signer = krakenex.API(KEY.key, SECRET)
        assert asked.headers["API-Sign"] == signer._sign(asked.params, "/0/private/BalanceEx")
        signer.close()

    def test_nonces_are_microseconds_and_grow_within_one_millisecond(
        self, broker: KrakenBroker, canned: CannedKraken
    ) -> None:
        """Krakenex's own: one distinct nonce in 1,000 quick calls."""
        canned.say("BalanceEx", {})
        for _ in range(10):
            broker.balances()
        nonces = [int(asked.params["nonce"]) for asked in canned.calls("BalanceEx")]
        assert all(earlier < later for earlier, later in pairwise(nonces))
        assert nonces[0] > 1_600_000_000_000_000

    def test_nonces_of_several_threads_arrive_in_order(
        self, make_broker: Callable[..., KrakenBroker], canned: CannedKraken
    ) -> None:
        broker = make_broker(tier="pro")
        canned.say("QueryOrders", {})
        threads = [threading.Thread(target=lambda: [broker.orders([TXID]) for _ in range(10)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        nonces = [int(asked.params["nonce"]) for asked in canned.calls("QueryOrders")]
        assert len(nonces) == 40
        assert all(earlier < later for earlier, later in pairwise(nonces))

    def test_tiny_amounts_are_sent_without_an_exponent(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.say("AddOrder", PLACED)
        broker.place(market_buy(clock, "0.00001"))
        assert canned.calls("AddOrder")[0].params["volume"] == "0.00001"

    def test_the_answers_digits_are_kept(self, broker: KrakenBroker, canned: CannedKraken) -> None:
        canned.raw("BalanceEx", '{"error":[],"result":{"XXBT":{"balance":0.1234567890123456789,"hold_trade":"0"}}}')
        assert broker.balances()["BTC"].total == Decimal("0.1234567890123456789")

    def test_requests_name_their_sender(self, broker: KrakenBroker, canned: CannedKraken) -> None:
        canned.say("BalanceEx", {})
        broker.balances()
        assert canned.asked[-1].headers["User-Agent"] == "nija"

    def test_an_order_is_sent_as_requested_and_never_as_a_dry_run(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.say("AddOrder", PLACED)
        request = market_buy(clock)
        broker.place(request)
        params = canned.calls("AddOrder")[0].params
        params.pop("nonce")
        assert params == {
            "pair": "XXBTZUSD",
            "type": "buy",
            "ordertype": "market",
            "volume": "0.001",
            "oflags": "fciq",
            "cl_ord_id": request.client_id,
            "deadline": "2023-11-14T22:13:50.000000Z",
        }

    def test_fills_are_requested_unmerged(self, broker: KrakenBroker, canned: CannedKraken) -> None:
        """By default Kraken merges the taker fills of an order into one row."""
        canned.say("TradesHistory", {"trades": {}, "count": 0})
        broker.fills(datetime(2023, 11, 14, tzinfo=UTC))
        assert canned.calls("TradesHistory")[0].params["consolidate_taker"] == "false"

    def test_after_the_machine_slept_the_clock_is_measured_again_before_an_order(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.say("AddOrder", PLACED)
        broker.place(market_buy(clock))
        broker.place(market_buy(clock))
        assert len(canned.calls("Time")) == 1
        clock.wall += 3_600
        canned.answers["Time"].clear()
        canned.say("Time", {"unixtime": int(clock.wall)})
        broker.place(market_buy(clock))
        assert broker.exchange_time().timestamp() == pytest.approx(clock.wall, abs=1)


class TestHowAPlacementEnds:
    @pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 522, 524, 525, 429, 403])
    def test_a_page_from_the_edge_leaves_the_outcome_unknown_and_nothing_is_sent_again(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock, status: int
    ) -> None:
        canned.raw("AddOrder", "<html>Cloudflare</html>", status)
        with pytest.raises(OutcomeUnknown):
            broker.place(market_buy(clock))
        assert len(canned.calls("AddOrder")) == 1

    @pytest.mark.parametrize(
        "text",
        [
            "<html>maintenance</html>",
            '{"error":[],"resu',
            "",
            "[]",
            '"ok"',
            '{"error":[]}',
            '{"error":[],"result":{}}',
            '{"error":[],"result":[]}',
            '{"error":"EOrder:Insufficient funds"}',
            '{"error":[],"result":{"descr":{"order":"buy"}}}',
            '{"error":[],"result":{"txid":[]}}',
            '{"error":["WGeneral:Hm"]}',
            '{"error":["EService:Unavailable"]}',
            '{"error":["EGeneral:Internal error"]}',
            '{"error":["EService:Deadline elapsed"]}',
        ],
    )
    def test_an_answer_that_does_not_say_leaves_the_outcome_unknown(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock, text: str
    ) -> None:
        canned.raw("AddOrder", text)
        with pytest.raises(OutcomeUnknown):
            broker.place(market_buy(clock))
        assert len(canned.calls("AddOrder")) == 1

    def test_a_connection_that_closes_without_an_answer_leaves_the_outcome_unknown(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        broker.markets()
        canned.raw("AddOrder", "", 0)
        with pytest.raises(OutcomeUnknown):
            broker.place(market_buy(clock))
        assert len(canned.calls("AddOrder")) == 1

    def test_a_redirect_is_not_followed_with_the_signed_headers(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.raw("AddOrder", "", 307)
        with pytest.raises(OutcomeUnknown):
            broker.place(market_buy(clock))
        assert canned.calls("Elsewhere") == []

    def test_an_exchange_that_cannot_be_reached_has_certainly_not_placed_it(
        self, make_broker: Callable[..., KrakenBroker], public: KrakenPublic, clock: ManualClock
    ) -> None:
        public.symbols()
        broker = make_broker(base_url="http://127.0.0.1:9")
        with pytest.raises(Unavailable, match="cannot be reached"):
            broker.place(market_buy(clock))

    def test_an_id_that_is_not_unique_means_that_the_earlier_attempt_is_alive(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.refuse("AddOrder", "EGeneral:Invalid arguments:cl_ord_id not unique")
        with pytest.raises(OutcomeUnknown):
            broker.place(market_buy(clock))

    def test_a_warning_with_a_result_is_not_a_failure(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.raw("AddOrder", json.dumps({"error": ["WOrder:Slow"], "result": PLACED}))
        assert broker.place(market_buy(clock)) == "OUF4EM-FRGI2-MQMWZD"

    def test_a_refusal_is_a_refusal(self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock) -> None:
        canned.refuse("AddOrder", "EOrder:Insufficient funds")
        with pytest.raises(OrderRejected):
            broker.place(market_buy(clock))

    def test_an_order_without_time_left_is_not_sent(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.say("AddOrder", PLACED)
        broker.sync_clock()
        request = market_buy(clock)
        clock.advance(29)
        with pytest.raises(DeadlineTooNear, match="not sent"):
            broker.place(request)
        assert canned.calls("AddOrder") == []

    @pytest.mark.parametrize(
        ("error", "outcome"),
        [("EService:Deadline elapsed", OutcomeUnknown), ("EGeneral:Invalid arguments:deadline", DeadlineTooNear)],
    )
    def test_after_a_rejected_timestamp_the_clock_is_measured_again_however_recent(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock, error: str, outcome: type[Exception]
    ) -> None:
        canned.refuse("AddOrder", error)
        broker.sync_clock()
        with pytest.raises(outcome):
            broker.place(market_buy(clock))
        assert len(canned.calls("Time")) == 1
        broker.sync_clock()
        broker.sync_clock()
        assert len(canned.calls("Time")) == 2

    def test_a_deadline_further_off_than_kraken_takes_is_brought_nearer(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.say("AddOrder", PLACED)
        deadline = datetime.fromtimestamp(clock.time(), UTC) + timedelta(hours=1)
        broker.place(
            OrderRequest(
                new_client_id(Purpose.ENTRY), "BTC/USD", Side.BUY, OrderType.MARKET, Decimal("0.001"), deadline
            )
        )
        assert canned.calls("AddOrder")[0].params["deadline"] == "2023-11-14T22:14:19.500000Z"


NOTHING: dict[str, object] = {}


class TestPreviews:
    def test_everything_is_checked_and_nothing_placed(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.say("AddOrder", {"descr": {"order": "buy 0.001 XBTUSD @ market"}})
        broker.preview(market_buy(clock))
        (sent,) = canned.calls("AddOrder")
        assert sent.params["validate"] == "true"

    def test_a_preview_that_lacks_only_held_coins_passes(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.refuse("AddOrder", "EOrder:Insufficient funds")
        broker.preview(market_buy(clock))

    def test_any_other_refusal_is_raised(self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock) -> None:
        canned.refuse("AddOrder", "EOrder:Order minimum not met")
        with pytest.raises(OrderRejected):
            broker.preview(market_buy(clock))

    def test_an_answer_that_was_lost_left_no_order(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.refuse("AddOrder", "EService:Unavailable")
        with pytest.raises(Unavailable):
            broker.preview(market_buy(clock))


class TestNonceRefusals:
    def test_a_read_is_tried_again_once_after_a_leap(self, broker: KrakenBroker, canned: CannedKraken) -> None:
        canned.refuse("BalanceEx", "EAPI:Invalid nonce")
        canned.say("BalanceEx", NOTHING)
        broker.balances()
        nonces = [int(asked.params["nonce"]) for asked in canned.calls("BalanceEx")]
        assert len(nonces) == 2
        assert nonces[1] - nonces[0] >= 10_000_000

    def test_the_first_refusal_says_that_another_program_uses_the_key(
        self, broker: KrakenBroker, canned: CannedKraken
    ) -> None:
        canned.refuse("BalanceEx", "EAPI:Invalid nonce")
        canned.say("BalanceEx", NOTHING)
        assert broker.another_program() is None
        broker.balances()
        told = broker.another_program()
        assert told is not None
        assert "another program" in told.text
        assert "2023-11-14 22:13" in told.text
        assert not told.is_certain

    def test_an_order_is_not_sent_again_but_the_next_one_has_leapt(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.refuse("AddOrder", "EAPI:Invalid nonce")
        canned.say("AddOrder", PLACED)
        with pytest.raises(NonceRejected, match="a key of its own"):
            broker.place(market_buy(clock))
        assert len(canned.calls("AddOrder")) == 1
        broker.place(market_buy(clock))
        nonces = [int(asked.params["nonce"]) for asked in canned.calls("AddOrder")]
        assert nonces[1] - nonces[0] >= 10_000_000

    def test_two_programs_on_one_key_never_race_into_a_lockout(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.refuse("BalanceEx", "EAPI:Invalid nonce")
        for _ in range(120):
            with pytest.raises(NonceRejected):
                broker.balances()
            clock.advance(1.0)
        assert len(canned.calls("BalanceEx")) <= 5

    def test_a_call_withheld_to_avoid_a_lockout_says_so(self, broker: KrakenBroker, canned: CannedKraken) -> None:
        canned.refuse("BalanceEx", "EAPI:Invalid nonce")
        for _ in range(2):
            with pytest.raises(NonceRejected) as caught:
                broker.balances()
        assert "Not sent" in str(caught.value)
        assert "a key of its own" in str(caught.value)

    def test_nonces_far_ahead_are_caught_up_with_by_ever_longer_jumps(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.refuse("BalanceEx", "EAPI:Invalid nonce")
        for _ in range(3):
            with pytest.raises(NonceRejected):
                broker.balances()
            clock.advance(61.0)
        nonces = [int(asked.params["nonce"]) for asked in canned.calls("BalanceEx")]
        assert nonces[-1] - nonces[0] >= 86_400_000_000


def key_info(**changes: object) -> dict[str, object]:
    return {"permissions": ["query-funds"], "iban": "AA00", "validUntil": "0"} | changes


class TestWhatTheStoredNonceTells:
    def connected(self, broker: KrakenBroker, canned: CannedKraken, stored: int) -> KrakenBroker:
        canned.answers["GetApiKeyInfo"].clear()
        canned.say("GetApiKeyInfo", key_info(nonce=str(stored)))
        broker.connect()
        return broker

    def test_a_fresh_data_folder_says_nothing(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        earlier = int(clock.time() * 1_000_000) - 1
        assert self.connected(broker, canned, earlier).another_program() is None

    def test_our_own_last_nonce_says_nothing(
        self, make_broker: Callable[..., KrakenBroker], canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.say("BalanceEx", NOTHING)
        first = make_broker()
        first.balances()
        first.close()
        clock.advance(60.0)
        last = int(canned.calls("BalanceEx")[-1].params["nonce"])
        again = self.connected(make_broker(), canned, last)
        assert again.another_program() is None
        own = int(canned.calls("GetApiKeyInfo")[-1].params["nonce"])
        assert self.connected(again, canned, own).another_program() is None

    def test_a_nonce_above_our_mark_that_we_never_sent_is_another_programs(
        self, make_broker: Callable[..., KrakenBroker], canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.say("BalanceEx", NOTHING)
        first = make_broker()
        first.balances()
        first.close()
        clock.advance(60.0)
        theirs = int(canned.calls("BalanceEx")[-1].params["nonce"]) + 30_000_000
        again = self.connected(make_broker(), canned, theirs)
        told = again.another_program()
        assert told is not None
        assert "did not send" in told.text
        assert told.is_certain

    def test_while_it_runs_a_nonce_that_is_not_its_own_is_another_programs(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        self.connected(broker, canned, 1)
        theirs = int(canned.calls("GetApiKeyInfo")[-1].params["nonce"]) + 1
        assert self.connected(broker, canned, theirs).another_program() is not None


class TestRefusalsOfOneMarket:
    @pytest.mark.parametrize(
        "error",
        [
            "EAccount:Invalid permissions:USDT trading restricted for DE.",
            "EBM:limit exceeded:CAL",
            "EQuery:Unknown asset pair",
        ],
    )
    def test_a_restriction_concerns_the_market_alone_and_says_what_to_do(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock, error: str
    ) -> None:
        canned.refuse("AddOrder", error)
        with pytest.raises(MarketRefused, match=error) as refused:
            broker.place(market_buy(clock))
        assert "nija.toml" in refused.value.remedy

    def test_a_denied_order_with_a_key_that_may_trade_concerns_the_market(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.refuse("AddOrder", "EGeneral:Permission denied")
        canned.say("GetApiKeyInfo", key_info(permissions=["modify-trades"]))
        with pytest.raises(MarketRefused, match="BTC/USD") as refused:
            broker.place(market_buy(clock))
        assert "key has permission" in refused.value.remedy

    def test_a_denied_order_with_a_key_that_may_not_trade_concerns_the_account(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.refuse("AddOrder", "EGeneral:Permission denied")
        canned.say("GetApiKeyInfo", key_info(permissions=["query-funds", "close-trades"]))
        with pytest.raises(PermissionDenied, match="Create & Modify Orders"):
            broker.place(market_buy(clock))

    def test_where_the_key_cannot_be_looked_at_the_account_is_not_blamed(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.refuse("AddOrder", "EGeneral:Permission denied")
        canned.refuse("GetApiKeyInfo", "EService:Unavailable")
        with pytest.raises(Unavailable):
            broker.place(market_buy(clock))

    def test_a_denied_amendment_concerns_the_market_if_the_key_may_cancel(
        self, broker: KrakenBroker, canned: CannedKraken
    ) -> None:
        canned.refuse("AmendOrder", "EGeneral:Permission denied")
        canned.say("GetApiKeyInfo", key_info(permissions=["close-trades"]))
        with pytest.raises(MarketRefused):
            broker.amend_stop(TXID, "BTC/USD", Decimal("0.001"), Decimal(100))

    def test_an_order_in_a_market_that_is_not_listed_is_not_sent(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        with pytest.raises(MarketRefused, match="LUNA/USD"):
            broker.place(replace(market_buy(clock), market="LUNA/USD"))
        assert canned.calls("AddOrder") == []

    def test_an_account_that_needs_the_trading_agreement_sends_it_from_then_on(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.refuse("AddOrder", "EOrder:Trading agreement required")
        canned.say("AddOrder", PLACED)
        first = market_buy(clock)
        assert broker.place(first) == TXID
        assert broker.place(market_buy(clock)) == TXID
        sent = [asked.params for asked in canned.calls("AddOrder")]
        assert [params.get("trading_agreement") for params in sent] == [None, "agree", "agree"]
        assert [params["cl_ord_id"] for params in sent[:2]] == [first.client_id] * 2

    def test_an_agreement_that_is_not_taken_says_the_remedy(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.refuse("AddOrder", "EOrder:Trading agreement required")
        with pytest.raises(MarketRefused) as refused:
            broker.place(market_buy(clock))
        assert "log in to Kraken" in refused.value.remedy
        assert len(canned.calls("AddOrder")) == 2


class TestReads:
    @pytest.mark.parametrize("text", ["<html>502</html>", '{"error":[],"resu', '{"error":["EService:Busy"]}'])
    def test_a_passing_fault_is_tried_again(self, broker: KrakenBroker, canned: CannedKraken, text: str) -> None:
        canned.raw("BalanceEx", text)
        canned.say("BalanceEx", {"ZUSD": {"balance": "12.5", "hold_trade": "0"}})
        assert broker.balances()["USD"].total == Decimal("12.5")

    def test_a_connection_lost_without_an_answer_is_tried_again(
        self, broker: KrakenBroker, canned: CannedKraken
    ) -> None:
        canned.raw("BalanceEx", "", 0)
        canned.say("BalanceEx", {})
        assert broker.balances() == {}

    def test_an_empty_account_answers_without_a_result(self, broker: KrakenBroker, canned: CannedKraken) -> None:
        canned.raw("BalanceEx", '{"error":[]}')
        assert broker.balances() == {}

    @pytest.mark.parametrize("error", ["EAPI:Invalid key", "EAPI:Invalid signature", "EGeneral:Permission denied"])
    def test_a_refused_key_is_not_tried_again(self, broker: KrakenBroker, canned: CannedKraken, error: str) -> None:
        canned.refuse("BalanceEx", error)
        with pytest.raises(Exception, match=error):
            broker.balances()
        assert len(canned.calls("BalanceEx")) == 1

    def test_a_locked_out_key_sends_nothing_for_fifteen_minutes(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.refuse("BalanceEx", "EGeneral:Temporary lockout")
        canned.say("BalanceEx", {})
        with pytest.raises(LockedOut):
            broker.balances()
        clock.advance(899)
        with pytest.raises(LockedOut) as caught:
            broker.balances()
        assert caught.value.retry_after == pytest.approx(1.0)
        assert len(canned.calls("BalanceEx")) == 1
        clock.advance(2)
        assert broker.balances() == {}

    def test_an_answer_of_another_shape_is_said_to_be_so(self, broker: KrakenBroker, canned: CannedKraken) -> None:
        canned.say("BalanceEx", {"ZUSD": "12.5"})
        with pytest.raises(BadAnswer, match="balances"):
            broker.balances()

    def test_a_secret_that_is_not_base64_is_an_invalid_signature(
        self, canned: CannedKraken, public: KrakenPublic, clock: ManualClock, tmp_path: Path
    ) -> None:
        nonce = Nonce(tmp_path / "other", clock=clock)
        broker = KrakenBroker(ApiKey("K" * 56, "abc"), base_url=canned.url, nonce=nonce, clock=clock, public=public)
        with pytest.raises(InvalidSignature, match="base64"):
            broker.balances()
        broker.close()

    def test_no_error_names_the_key_or_the_secret(self, broker: KrakenBroker, canned: CannedKraken) -> None:
        canned.refuse("BalanceEx", "EAPI:Invalid key")
        with pytest.raises(Unauthorized) as caught:
            broker.balances()
        shown = f"{caught.value!r} {broker!r} {vars(broker)!r}"
        assert KEY.key not in shown
        assert SECRET not in shown


class TestRateLimits:
    def test_no_more_calls_are_made_than_the_documented_counter_allows(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.say("QueryOrders", {})
        for _ in range(30):
            broker.orders([TXID])
        assert sum(clock.sleeps) == pytest.approx((30 - 15) / 0.33, abs=0.1)

    def test_a_history_costs_four(self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock) -> None:
        canned.say("TradesHistory", {"trades": {}, "count": 0})
        for _ in range(2):
            broker.fills(datetime(2023, 1, 1, tzinfo=UTC))
        with pytest.raises(BudgetSpent) as spent:
            broker.fills(datetime(2023, 1, 1, tzinfo=UTC))
        clock.advance(spent.value.retry_after)
        broker.fills(datetime(2023, 1, 1, tzinfo=UTC))

    def test_bookkeeping_calls_fail_fast_and_keep_the_reserve(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.say("BalanceEx", {})
        canned.say("QueryOrders", {})
        for _ in range(11):
            broker.balances()
        waited = sum(clock.sleeps)
        with pytest.raises(BudgetSpent):
            broker.balances()
        for _ in range(3):
            broker.orders([TXID])
        broker.balances(protects=True)
        assert sum(clock.sleeps) == waited

    def test_a_long_history_is_read_in_slices_and_never_waited_for(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        """If the call blocked, hundreds of pages would delay every exit of the account for an hour."""
        rows = {f"T{number:05}-AAAAA-AAAAAA": trade_row(number) for number in range(120)}
        newest_first = list(reversed(rows.items()))
        for begin in (0, 49, 98, 0):
            canned.say("TradesHistory", {"trades": dict(newest_first[begin : begin + 50]), "count": 120})
        broker.markets()
        before = list(clock.sleeps)
        ever = datetime(1970, 1, 1, tzinfo=UTC)
        with pytest.raises(BudgetSpent, match="99 rows") as spent:
            broker.fills(ever)
        assert clock.sleeps == before
        clock.advance(spent.value.retry_after)
        with pytest.raises(BudgetSpent, match="120 rows"):
            broker.fills(ever)
        clock.advance(60)
        assert len(broker.fills(ever)) == 120
        assert len(canned.calls("TradesHistory")) == 4

    def test_a_call_deferred_for_a_minute_gets_its_turn(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        """Otherwise an account whose other calls use up the budget would never see its fills again."""
        canned.say("QueryOrders", {})
        canned.say("TradesHistory", {"trades": {}, "count": 0})
        for _ in range(15):
            broker.orders([TXID])
        began = clock.monotonic()
        while clock.monotonic() - began < 57.0:
            broker.orders([TXID])
            with pytest.raises(BudgetSpent):
                broker.fills(datetime(2023, 1, 1, tzinfo=UTC))
        for _ in range(3):
            broker.orders([TXID])
        broker.fills(datetime(2023, 1, 1, tzinfo=UTC))

    def test_fills_that_a_stop_waits_for_use_the_reserve(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        """Otherwise a position stays unprotected while reading balances every second uses up the budget."""
        canned.say("BalanceEx", {})
        canned.say("TradesHistory", {"trades": {}, "count": 0})
        ever = datetime(2023, 1, 1, tzinfo=UTC)
        for _ in range(11):
            broker.balances(protects=True)
        waited = sum(clock.sleeps)
        with pytest.raises(BudgetSpent):
            broker.fills(ever)
        broker.fills(ever, protects=True)
        assert sum(clock.sleeps) == waited

    def test_an_expensive_call_gets_its_turn_although_cheaper_ones_fit(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        """An account that lost its disk keeps requesting its fills after its balances."""
        canned.say("QueryOrders", {})
        canned.say("BalanceEx", {})
        canned.say("TradesHistory", {"trades": {}, "count": 0})
        for _ in range(9):
            broker.orders([TXID])
        began = clock.monotonic()
        while clock.monotonic() - began < 57.0:
            broker.balances()
            with pytest.raises(BudgetSpent):
                broker.fills(datetime(2023, 1, 1, tzinfo=UTC))
            clock.advance(3.0)
        clock.advance(1.0)
        broker.balances()
        clock.advance(2.5)
        broker.fills(datetime(2023, 1, 1, tzinfo=UTC))

    def test_after_a_refusal_the_counter_is_taken_to_be_full(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.refuse("QueryOrders", "EAPI:Rate limit exceeded")
        canned.say("QueryOrders", {})
        broker.orders([TXID])
        assert sum(clock.sleeps) >= 10.0

    def test_entries_keep_a_reserve_for_stops(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.say("AddOrder", PLACED)
        for _ in range(40):
            broker.place(market_buy(clock))
        waited = sum(clock.sleeps)
        stop = OrderRequest(
            new_client_id(Purpose.STOP),
            "BTC/USD",
            Side.SELL,
            OrderType.STOP,
            Decimal("0.001"),
            datetime.fromtimestamp(clock.time(), UTC) + timedelta(seconds=30),
            stop_price=Decimal(100),
        )
        broker.place(stop)
        assert sum(clock.sleeps) == waited
        broker.place(market_buy(clock))
        assert sum(clock.sleeps) > waited

    def test_an_order_whose_turn_would_come_after_its_deadline_is_not_sent(
        self, broker: KrakenBroker, canned: CannedKraken, clock: ManualClock
    ) -> None:
        canned.refuse("AddOrder", "EOrder:Rate limit exceeded")
        with pytest.raises(RateLimited):
            broker.place(market_buy(clock))
        deadline = datetime.fromtimestamp(clock.time(), UTC) + timedelta(seconds=5)
        request = OrderRequest(
            new_client_id(Purpose.ENTRY), "BTC/USD", Side.BUY, OrderType.MARKET, Decimal("0.001"), deadline
        )
        with pytest.raises(RateLimited, match="not sent"):
            broker.place(request)
        assert len(canned.calls("AddOrder")) == 1

    def test_a_number_is_never_cancelled_for_it_would_name_a_group_of_orders(
        self, broker: KrakenBroker, canned: CannedKraken
    ) -> None:
        with pytest.raises(Exception, match="not an order id"):
            broker.cancel("7")
        assert canned.calls("CancelOrder") == []
