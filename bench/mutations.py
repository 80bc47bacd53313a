"""Safeguards: each taken away by replacing a piece of text, and the tests that must notice that."""

from __future__ import annotations

from dataclasses import dataclass

DESK = "tests/nija/orders/test_order_desk.py"
FILLS = "tests/nija/orders/test_fills_count_once.py"
CHAOS = "tests/nija/orders/test_order_desk_chaos.py"
RECONCILE = "tests/nija/reconcile/test_reconcile.py"
STORES = "tests/nija/journal/test_journal_stores.py"
KRAKEN = "tests/brokers/kraken/test_kraken_broker.py"
COINBASE = "tests/brokers/coinbase/test_coinbase_recovery.py"
KILL_SWITCH = "tests/nija/control/test_kill_switch.py"
COMMANDS = "tests/nija/trader/test_commands.py"
ACCOUNT_THREAD = "tests/nija/supervisor/test_account_thread.py"
OPEN_POSITIONS = "tests/nija/supervisor/test_open_positions.py"
COINBASE_BROKER = "tests/brokers/coinbase/test_coinbase_broker.py"
NONCE = "tests/brokers/test_nonce.py"
FEED_ALONE = "tests/nija/test_feed_alone.py"
FEED_AGES = "tests/nija/test_feed_ages.py"
JUDGEMENT = "tests/nija/health/test_health_judgement.py"
CLOCK = "tests/brokers/test_exchange_clock.py"
KRAKEN_CLIENT = "tests/brokers/kraken/test_kraken_client.py"
KRAKEN_RECORDS = "tests/brokers/kraken/test_kraken_records.py"
KRAKEN_ROWS = "tests/brokers/kraken/test_kraken_rows.py"


@dataclass(frozen=True, slots=True)
class Mutation:
    """`old` must stand in `file` exactly once. `tests` are those that should notice."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


_INTEND = "self._book.intend(intent, plan)\n"
_SENT = "sent = self._book.move(intent, replace(intent, state=OrderState.SENT), Step.SENT)\n"
_PLACE = "exchange_id = self._broker.place(sent.request)\n"
_IN_ORDER = f"        {_INTEND}        {_SENT}        try:\n            {_PLACE}"


def _sent_first(before: str, after: str) -> str:
    """The order is placed between what stands `before` and what stands `after` it, whatever the answer."""
    late = "".join(f"                {line}\n" for line in after.splitlines())
    return (
        f"{before}        try:\n"
        f"            try:\n"
        f"                exchange_id = self._broker.place(intent.request)\n"
        f"            except BrokerError:\n{late}"
        f"                raise\n" + late.replace(" " * 16, " " * 12)
    )


MUTATIONS = (
    Mutation(
        "the order is journaled only after it was sent",
        "nija/orders/sending.py",
        _IN_ORDER,
        _sent_first("", _INTEND + _SENT),
        (DESK, CHAOS),
    ),
    Mutation(
        "that it is being sent is journaled only after it was sent",
        "nija/orders/sending.py",
        _IN_ORDER,
        _sent_first(f"        {_INTEND}", _SENT),
        (DESK, CHAOS),
    ),
    Mutation(
        "an order that was being sent when the process ended counts as never sent",
        "nija/orders/resolution.py",
        "if intent.state is OrderState.INTENDED:",
        "if intent.state in (OrderState.INTENDED, OrderState.SENT):",
        (DESK, CHAOS),
    ),
    Mutation(
        "an unknown order is not looked for among the closed ones (Kraken)",
        "brokers/kraken/records.py",
        ' or self._find("ClosedOrders", asked | {"start": since}, "closed")',
        "",
        (KRAKEN,),
    ),
    Mutation(
        "an order not found is absent at once (Kraken)",
        "brokers/kraken/desk.py",
        "settled = request.deadline + self._absence_margin",
        "settled = request.deadline - timedelta(days=1)",
        (KRAKEN,),
    ),
    Mutation(
        "an order not found is absent from its deadline on, without a margin (Kraken)",
        "brokers/kraken/desk.py",
        "settled = request.deadline + self._absence_margin",
        "settled = request.deadline",
        (KRAKEN,),
    ),
    Mutation(
        "an order not found is absent from its deadline on, without a margin (Coinbase)",
        "brokers/coinbase/recovery.py",
        "absent_from = request.deadline + timedelta(seconds=TOKEN_LIFE) + _LISTING_MARGIN",
        "absent_from = request.deadline",
        (COINBASE,),
    ),
    Mutation(
        "what is not yet determined counts as absent",
        "nija/orders/resolution.py",
        "case Absent(reason):",
        "case Absent(reason) | Undetermined(reason):",
        (DESK, CHAOS),
    ),
    Mutation(
        '"could not ask" counts as "not found" (Kraken)',
        "brokers/kraken/desk.py",
        "        order = self._records.find(request)\n",
        "        try:\n            order = self._records.find(request)\n"
        "        except Exception:\n            order = None\n",
        (KRAKEN,),
    ),
    Mutation(
        "an answer without its list of orders counts as an empty list (Kraken)",
        "brokers/kraken/records.py",
        "        if not isinstance(rows, dict):\n",
        "        if rows is None:\n            return {}\n        if not isinstance(rows, dict):\n",
        (KRAKEN,),
    ),
    Mutation(
        "no balance at all counts as nothing left",
        "nija/reconcile/compare.py",
        "    if not view.balances:\n        return\n",
        "",
        (RECONCILE,),
    ),
    Mutation(
        "Coinbase is sent the order again with a new id",
        "brokers/coinbase/recovery.py",
        "order_id = orders.create(request, market)",
        "order_id = orders.create("
        '__import__("dataclasses").replace(request, client_id=str(__import__("uuid").uuid4())), market)',
        (COINBASE,),
    ),
    Mutation(
        "an order of NIJA's that is listed but cannot be read counts as absent",
        "brokers/coinbase/orders.py",
        "order = order_of(row)\n                if order.client_id",
        "order = next(iter(read_rows([row], order_of, name_of, {})), None)\n"
        "                if order is not None and order.client_id",
        (COINBASE,),
    ),
    Mutation(
        "an order is sent after its deadline",
        "brokers/coinbase/broker.py",
        "if not _NO_TIME < left <= LONGEST_DEADLINE:",
        "if False:",
        (COINBASE,),
    ),
    Mutation(
        "a new stop is not previewed before the old one goes",
        "brokers/coinbase/orders.py",
        "        if refusing:\n",
        "        if False:\n",
        (COINBASE_BROKER,),
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
        "brokers/coinbase/unread.py",
        "            unread[name(row)] = str(error)\n",
        "            raise\n",
        (COINBASE_BROKER,),
    ),
    Mutation(
        "a stop is sent off the market's tick",
        "brokers/coinbase/order_format.py",
        "stop = _on_tick(request.stop_price, market)",
        "stop = request.stop_price",
        ("tests/brokers/coinbase/test_coinbase_order_format.py",),
    ),
    Mutation(
        "an order that rested and ended just now is missed",
        "brokers/coinbase/ended.py",
        "return [*made, *self._by_ids(sorted(self._open))]",
        "return made",
        ("tests/brokers/coinbase/test_coinbase_ended_orders.py",),
    ),
    Mutation(
        "a candle is taken in the very second of its end",
        "brokers/coinbase/candles.py",
        "SETTLED_AFTER = 3.0",
        "SETTLED_AFTER = 0.0",
        ("tests/brokers/coinbase/test_coinbase_market_data.py",),
    ),
    Mutation(
        "a fill that is booked is booked again",
        "nija/orders/book.py",
        "fill.order_id == intent.exchange_id and not self._journal.fills.has(fill.id)",
        "fill.order_id == intent.exchange_id",
        (DESK, FILLS),
    ),
    Mutation(
        "the journal takes a fill's id twice",
        "nija/journal/fills.py",
        "        if self.has(fill.id):\n            return False\n",
        "",
        (STORES, RECONCILE),
    ),
    Mutation(
        "the stop is sized by what was ordered, not by what filled",
        "nija/orders/stops.py",
        "        amount = self._holdings.sellable(plan.market)\n",
        "        amount = self._book._journal.intents.get(plan.id).request.amount\n",
        (DESK, CHAOS),
    ),
    Mutation(
        "a position is sold without its stop being cancelled first",
        "nija/orders/exits.py",
        "        for order in orders:\n"
        "            self._stops.withdraw(order)\n"
        "        orders = self._book.orders(plan.market)\n"
        "        if any(not order.state.is_final for order in orders):\n"
        '            return _working("the exchange has not yet said what became of an order")\n',
        "",
        (DESK, CHAOS),
    ),
    Mutation(
        "a market that is refused takes every price along",
        "nija/market_data/prices.py",
        "            tickers |= self._isolate(together)\n",
        "            raise\n",
        (FEED_ALONE,),
    ),
    Mutation(
        "a market that hangs takes every price along",
        "nija/market_data/prices.py",
        "(isinstance(error, Unavailable) and not exchange_answers)",
        "isinstance(error, Unavailable)",
        (FEED_ALONE,),
    ),
    Mutation(
        "an old price counts as a price",
        "nija/market_data/snapshot.py",
        "if now - self.read[market] <= max_age}",
        "if market in self.read}",
        (FEED_AGES,),
    ),
    Mutation(
        "a candle stays as it was first read",
        "nija/market_data/series.py",
        "taken = fresh.time >= known.time[-1]",
        "taken = fresh.time > known.time[-1]",
        (FEED_AGES,),
    ),
    Mutation(
        "a strategy waits in silence for candles that never come",
        "nija/market_data/signals.py",
        "            self._check_length(want, len(candles))\n",
        "",
        (FEED_AGES,),
    ),
    Mutation(
        "an account without market data counts as working",
        "nija/health/judgement.py",
        "        and (not account.markets or not all(map(stale, account.markets)))\n",
        "",
        (JUDGEMENT,),
    ),
    Mutation(
        "an account whose exchange answers nothing counts as working",
        "nija/health/judgement.py",
        "        and not _is_over(account.last_answer_age, SILENT_SECONDS)\n",
        "",
        (JUDGEMENT,),
    ),
    Mutation(
        "a position that is not protected is no fault",
        "nija/health/judgement.py",
        "(*at_work, *_protection(account), *_another_program(account))",
        "(*at_work, *_another_program(account))",
        (JUDGEMENT,),
    ),
    Mutation(
        "a cycle that fails shows what was before it",
        "nija/trader/trader.py",
        "            self._show_desk()\n",
        "            pass\n",
        ("tests/nija/supervisor/test_account_view.py",),
    ),
    Mutation(
        "the nonce mark is not written",
        "brokers/nonce.py",
        "            _write_mark(self._path, value)\n",
        "            pass\n",
        (NONCE,),
    ),
    Mutation(
        "the nonce mark is not read",
        "brokers/nonce.py",
        "self._last = self._marked = self._floor = _read_mark(self._path)",
        "self._last = self._marked = self._floor = 0",
        (NONCE,),
    ),
    Mutation(
        "the owner's own orders are cancelled",
        "nija/reconcile/reconciler.py",
        "            case FindingKind.FOREIGN_ORDER:\n",
        "            case FindingKind.FOREIGN_ORDER:\n                self._broker.cancel(finding.subject)\n",
        (RECONCILE,),
    ),
    Mutation(
        "a latch is not written down",
        "nija/journal/latches.py",
        "            self._link.write(insert(latches), values)\n",
        "",
        (STORES, KILL_SWITCH),
    ),
    Mutation(
        "a key of another exchange account is taken",
        "nija/supervisor/account.py",
        "        self._check_identity(journal, connected.info)\n",
        "",
        (ACCOUNT_THREAD,),
    ),
    Mutation(
        "whose journal it is is not written down",
        "nija/supervisor/account.py",
        "            journal.identity.remember(info.account_uid, utc_now(self._parts.clock))\n",
        "            pass\n",
        (ACCOUNT_THREAD,),
    ),
    Mutation(
        "a command counts only once it is in the journal",
        "nija/trader/commands.py",
        "            latches = _after(latches, message)\n",
        "            pass\n",
        (COMMANDS,),
    ),
    Mutation(
        "a command that could not be written is not written later",
        "nija/trader/commands.py",
        "        return bool(self._arrived) or (bool(self._unwritten) and self._clock.monotonic() >= self._write_at)\n",
        "        return bool(self._arrived)\n",
        (COMMANDS,),
    ),
    Mutation(
        "a command that nobody will take any more is waited for",
        "nija/trader/commands.py",
        "            self._is_closed = True\n",
        "",
        (COMMANDS,),
    ),
    Mutation(
        "one broken journal ends a command to all accounts",
        "nija/control/commands.py",
        "            return CommandResult(str(account), Became.FAILED, str(error))\n",
        "            raise\n",
        (KILL_SWITCH,),
    ),
    Mutation(
        "an account obeys only while it trades",
        "nija/supervisor/listener.py",
        "            self.obey()\n            self._clock.sleep(",
        "            self._clock.sleep(",
        (ACCOUNT_THREAD,),
    ),
    Mutation(
        "a database's pool limits the accounts",
        "nija/journal/opening.py",
        "create_engine(database_url, poolclass=NullPool)",
        "create_engine(database_url, pool_timeout=1)",
        (KILL_SWITCH,),
    ),
    Mutation(
        "a journal is checked, and moved, from under its owner",
        "nija/journal/opening.py",
        '            connection, close = self._connect(account, "rw")\n',
        '            self.open(account).close()\n            connection, close = self._connect(account, "rw")\n',
        (KILL_SWITCH, "tests/nija/journal/test_journal_opening.py"),
    ),
    Mutation(
        "a switched-off account enters",
        "nija/trader/trader.py",
        "paused=SWITCHED_OFF if self._plan.is_switched_off else paused_by(self._brakes.latches)",
        "paused=paused_by(self._brakes.latches)",
        ("tests/nija/trader/test_trader.py",),
    ),
    Mutation(
        "a switched-off account with an open position is left alone",
        "nija/supervisor/open_positions.py",
        "        yield credentials, plan\n",
        "        yield from ()\n",
        (OPEN_POSITIONS,),
    ),
    Mutation(
        "accounts connect in any order",
        "nija/supervisor/open_positions.py",
        "    return sorted(traded, key=lambda one: holds(journals, one[0].account) is Holds.NOTHING)\n",
        "    return list(traded)\n",
        (OPEN_POSITIONS,),
    ),
    Mutation(
        "a journal is put away from under a running NIJA",
        "nija/cli/forget.py",
        "        _refuse_beside_a_daemon(desk, account)\n",
        "",
        ("tests/nija/cli/test_forget.py",),
    ),
    Mutation(
        "the exchange's clock is measured once and never again",
        "brokers/exchange_clock.py",
        "if self._holds() and self._measured.age() <= max_age:",
        "if self._last is not None:",
        (CLOCK,),
    ),
    Mutation(
        "a refusal for time leaves the clock as it is",
        "brokers/exchange_clock.py",
        "last is not self._doubted and ",
        "",
        (CLOCK,),
    ),
    Mutation(
        "a row that cannot be read is an absent order (Kraken)",
        "brokers/kraken/records.py",
        'if _client_id(rows[exchange_id]) in (params["cl_ord_id"], None):',
        "if False:",
        (KRAKEN_RECORDS,),
    ),
    Mutation(
        "the owner's orders need every field of NIJA's own (Kraken)",
        "brokers/kraken/rows.py",
        "if purpose_of(client_id) is not None:",
        "if True:",
        (KRAKEN_ROWS, KRAKEN_RECORDS),
    ),
    Mutation(
        "a trade of borrowed coins counts as one of the account's (Kraken)",
        "brokers/kraken/records.py",
        " if not _is_margin(row)",
        "",
        (KRAKEN_RECORDS,),
    ),
    Mutation(
        "a balance that nobody has named is zero (Kraken)",
        "brokers/kraken/wire.py",
        "elif not _is_nothing(row):",
        "elif False:",
        ("tests/brokers/kraken/test_kraken_wire.py",),
    ),
    Mutation(
        "a restricted market fails the account (Kraken)",
        "brokers/kraken/errors.py",
        '    ("EAccount:Invalid permissions:", _Meaning.RESTRICTED),\n',
        "",
        ("tests/brokers/kraken/test_kraken_errors.py",),
    ),
    Mutation(
        "an order that is denied fails the account, whatever the key may do (Kraken)",
        "brokers/kraken/desk.py",
        "if not may(method, self._records.key_permissions()):",
        "if True:",
        (KRAKEN_CLIENT,),
    ),
    Mutation(
        "one unknown pair takes every price (Kraken)",
        "brokers/kraken/market_data.py",
        "        except UnknownPair:\n",
        "        except ZeroDivisionError:\n",
        ("tests/brokers/kraken/test_kraken_market_data.py",),
    ),
    Mutation(
        "while the mode of all of Kraken is not known, its markets count as open",
        "brokers/kraken/public.py",
        "mode = _UNKNOWN_MODE\n",
        'mode = "online"\n',
        ("tests/brokers/kraken/test_kraken_markets.py",),
    ),
    Mutation(
        "a refused nonce is outbid again and again",
        "brokers/kraken/nonce_guard.py",
        "if now - self._leaped < _SECONDS_APART:",
        "if False:",
        (KRAKEN_CLIENT,),
    ),
    Mutation(
        "a long history is waited for while nothing is protected (Kraken)",
        "brokers/kraken/limits.py",
        "return 0.0 if method in _CAN_WAIT or _is_next_page(params) else math.inf",
        "return 0.0 if method in _CAN_WAIT and not _is_next_page(params) else math.inf",
        (KRAKEN_CLIENT,),
    ),
    Mutation(
        "a key that cannot see all of its orders is accepted",
        "accounts/connect.py",
        "    _check_history(account, info)\n",
        "",
        ("tests/accounts/test_connect_account.py",),
    ),
)
