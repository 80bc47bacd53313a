"""Safeguards of Kraken's broker, of its nonces and of the exchange's clock."""

from __future__ import annotations

from bench.mutations.mutation import Mutation

_KRAKEN = "tests/brokers/kraken/test_kraken_broker.py"
_NONCE = "tests/brokers/test_nonce.py"
_CLOCK = "tests/brokers/test_exchange_clock.py"
_KRAKEN_CLIENT = "tests/brokers/kraken/test_kraken_client.py"
_KRAKEN_LOOKUPS = "tests/brokers/kraken/test_kraken_lookups.py"
_KRAKEN_ORDER_MAPPING = "tests/brokers/kraken/test_kraken_order_mapping.py"

KRAKEN_MUTATIONS = (
    Mutation(
        "an unknown order is not looked for among the closed ones (Kraken)",
        "brokers/kraken/lookups.py",
        ' or self._find("ClosedOrders", asked | {"start": since}, "closed")',
        "",
        (_KRAKEN,),
    ),
    Mutation(
        "an order not found is absent at once (Kraken)",
        "brokers/kraken/recovery.py",
        "settled = request.deadline + absence_margin",
        "settled = request.deadline - timedelta(days=1)",
        (_KRAKEN,),
    ),
    Mutation(
        "an order not found is absent from its deadline on, without a margin (Kraken)",
        "brokers/kraken/recovery.py",
        "settled = request.deadline + absence_margin",
        "settled = request.deadline",
        (_KRAKEN,),
    ),
    Mutation(
        '"could not ask" counts as "not found" (Kraken)',
        "brokers/kraken/recovery.py",
        "    order = lookups.find(request)\n",
        "    try:\n        order = lookups.find(request)\n    except Exception:\n        order = None\n",
        (_KRAKEN,),
    ),
    Mutation(
        "an answer without its list of orders counts as an empty list (Kraken)",
        "brokers/kraken/lookups.py",
        "        if not isinstance(rows, dict):\n",
        "        if rows is None:\n            return {}\n        if not isinstance(rows, dict):\n",
        (_KRAKEN,),
    ),
    Mutation(
        "the nonce mark is not written",
        "brokers/nonce.py",
        "            _write_mark(self._path, value)\n",
        "            pass\n",
        (_NONCE,),
    ),
    Mutation(
        "the nonce mark is not read",
        "brokers/nonce.py",
        "self._last = self._marked = self._floor = _read_mark(self._path)",
        "self._last = self._marked = self._floor = 0",
        (_NONCE,),
    ),
    Mutation(
        "the exchange's clock is measured once and never again",
        "brokers/exchange_clock.py",
        "if self._holds() and self._measured.age() <= max_age:",
        "if self._last is not None:",
        (_CLOCK,),
    ),
    Mutation(
        "a refusal for time leaves the clock as it is",
        "brokers/exchange_clock.py",
        "            and last is not self._doubted\n",
        "",
        (_CLOCK,),
    ),
    Mutation(
        "a row that cannot be read is an absent order (Kraken)",
        "brokers/kraken/lookups.py",
        'if _client_id(rows[exchange_id]) in (params["cl_ord_id"], None):',
        "if False:",
        (_KRAKEN_LOOKUPS,),
    ),
    Mutation(
        "the owner's orders need every field of NIJA's own (Kraken)",
        "brokers/kraken/order_mapping.py",
        "if purpose_of(client_id) is not None:",
        "if True:",
        (_KRAKEN_ORDER_MAPPING, _KRAKEN_LOOKUPS),
    ),
    Mutation(
        "a trade of borrowed coins counts as one of the account's (Kraken)",
        "brokers/kraken/lookups.py",
        " if not _is_margin(row)",
        "",
        (_KRAKEN_LOOKUPS,),
    ),
    Mutation(
        "a balance that nobody has named is zero (Kraken)",
        "brokers/kraken/account_mapping.py",
        "elif not _is_nothing(row):",
        "elif False:",
        ("tests/brokers/kraken/test_kraken_account_mapping.py",),
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
        "brokers/kraken/orders.py",
        "if not may(method, self._key_permissions()):",
        "if True:",
        (_KRAKEN_CLIENT,),
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
        "if now - self._jumped < _SECONDS_APART:",
        "if False:",
        (_KRAKEN_CLIENT,),
    ),
    Mutation(
        "a long history is waited for while nothing is protected (Kraken)",
        "brokers/kraken/limits.py",
        "return 0.0 if method in _BOOKKEEPING or _is_next_page(params) else math.inf",
        "return 0.0 if method in _BOOKKEEPING and not _is_next_page(params) else math.inf",
        (_KRAKEN_CLIENT,),
    ),
    Mutation(
        "a key that cannot see all of its orders is accepted",
        "accounts/connect.py",
        "    _check_history(account, info)\n",
        "",
        ("tests/accounts/test_connect_account.py",),
    ),
    Mutation(
        "a request's cost falls before it has arrived",
        "brokers/throttle.py",
        "                self._in_flight += cost\n                return 0.0\n",
        "                self._level += cost\n                return 0.0\n",
        ("tests/brokers/test_throttle.py",),
    ),
    Mutation(
        "what was under way when the process was killed has arrived long ago",
        "brokers/kraken/budget.py",
        "return max(0.0, level - in_flight - passed * self._tier.rest_decay) + in_flight, locked_for",
        "return max(0.0, level - passed * self._tier.rest_decay), locked_for",
        ("tests/brokers/kraken/test_kraken_budget.py",),
    ),
    Mutation(
        "a key refused while trading is told in words of its own",
        "nija/supervisor/account.py",
        "return self._refuse(key_refused(self.account, error))",
        "return self._fail(failure_kind(error), str(error), str(error), self._refused)",
        ("tests/nija/supervisor/test_account_thread.py",),
    ),
)
