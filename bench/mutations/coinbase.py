"""Safeguards of Coinbase's broker."""

from __future__ import annotations

from bench.mutations.mutation import Mutation

_COINBASE = "tests/brokers/coinbase/test_coinbase_recovery.py"
_COINBASE_BROKER = "tests/brokers/coinbase/test_coinbase_broker.py"

COINBASE_MUTATIONS = (
    Mutation(
        "an order not found is absent from its deadline on, without a margin (Coinbase)",
        "brokers/coinbase/recovery.py",
        "absent_from = request.deadline + timedelta(seconds=TOKEN_LIFE) + ABSENCE_MARGIN",
        "absent_from = request.deadline",
        (_COINBASE,),
    ),
    Mutation(
        "Coinbase is sent the order again with a new id",
        "brokers/coinbase/recovery.py",
        "order_id = orders.create(request, market)",
        "order_id = orders.create("
        '__import__("dataclasses").replace(request, client_id=str(__import__("uuid").uuid4())), market)',
        (_COINBASE,),
    ),
    Mutation(
        "an order of NIJA's that is listed but cannot be read counts as absent",
        "brokers/coinbase/lookups.py",
        "order = order_of(row)\n                if order.client_id",
        "order = next(iter(read_rows([row], order_of, order_name, {})), None)\n"
        "                if order is not None and order.client_id",
        (_COINBASE,),
    ),
    Mutation(
        "an order is sent after its deadline",
        "brokers/coinbase/broker.py",
        "if not _NO_TIME < left <= LONGEST_DEADLINE:",
        "if False:",
        (_COINBASE,),
    ),
    Mutation(
        "a new stop is not previewed before the old one goes",
        "brokers/coinbase/orders.py",
        "        if refusing:\n",
        "        if False:\n",
        (_COINBASE_BROKER,),
    ),
    Mutation(
        "one market that is not for this account fails the account",
        "brokers/coinbase/errors.py",
        "if attempt.is_new_order and not concerns_key(said.code, said.detail):",
        "if False:",
        ("tests/brokers/coinbase/test_coinbase_client.py",),
    ),
    Mutation(
        "one unreadable order hides all others",
        "brokers/unread_rows.py",
        "            unread[name(row)] = str(error)\n",
        "            raise\n",
        (_COINBASE_BROKER,),
    ),
    Mutation(
        "a stop is sent off the market's tick",
        "brokers/coinbase/order_mapping.py",
        "stop = _on_tick(request.stop_price, market)",
        "stop = request.stop_price",
        ("tests/brokers/coinbase/test_coinbase_order_body.py",),
    ),
    Mutation(
        "an order that rested and ended just now is missed",
        "brokers/coinbase/ended_orders.py",
        "return [*created, *self._by_ids(sorted(self._open))]",
        "return created",
        ("tests/brokers/coinbase/test_coinbase_ended_orders.py",),
    ),
    Mutation(
        "a candle is taken in the very second of its end",
        "brokers/coinbase/candles.py",
        "SETTLED_AFTER = 3.0",
        "SETTLED_AFTER = 0.0",
        ("tests/brokers/coinbase/test_coinbase_market_data.py",),
    ),
)
