"""How NIJA writes a figure for people: the one owner of every rounding, in the log, the status, notifications, reports.

Money, amounts, percentages and times are cut towards zero: nothing looks like more than it is, and what falls short
of a limit never reads as if it had reached it. A price is rounded to the nearest, half to even. What is not known, or
is no number, reads `unknown`. The rounding in force around the caller makes no difference.

Programs get every digit: JSON, metrics and the journal go through none of this but `exact`.
The module lies below everything else because what brokers and accounts say of a refusal carries figures too.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, ROUND_DOWN, ROUND_HALF_EVEN, ROUND_UP, Context, Decimal
from math import isfinite
from types import MappingProxyType

UNKNOWN = "unknown"
# Money that is counted in cents; everything else is a coin, counted to the last digit.
CASH = frozenset({"USD", "EUR", "GBP", "CAD", "AUD", "CHF", "JPY", "USDC", "USDT", "EURC", "PYUSD", "DAI"})

_CENT = Decimal("0.01")
_UNIT = Decimal(1)
_AMOUNT_STEP = Decimal("0.00000001")
_SIGNIFICANT_DIGITS = 4
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
_SIGNS = MappingProxyType({"USD": "$", "EUR": "€", "GBP": "£", "USDC": "$", "USDT": "$"})
# Those whose sign says which they are.
_NAMED_BY_SIGN = frozenset({"USD", "EUR", "GBP"})
_UNITS = (("d", 86_400, "h", 3_600), ("h", 3_600, "min", 60), ("min", 60, "s", 1))


def money(value: Decimal | None, currency: str, *, beside_code: bool = False) -> str:
    """`$1234.56`, `€5.00`, `$5.00 USDC`, `5.00 CHF`, `0.00250000 BTC`; `beside_code`: the text names the currency."""
    if value is None or not value.is_finite():
        return UNKNOWN
    shown = _cut(value, _CENT if currency in CASH else _AMOUNT_STEP)
    text = f"{'-' if shown < 0 else ''}{_SIGNS.get(currency, '')}{shown.copy_abs():f}"
    return text if beside_code or currency in _NAMED_BY_SIGN else f"{text} {currency}"


def money_enough(value: Decimal, currency: str) -> str:
    """At least `value`, for a deposit: cash in whole units, coins to the last digit."""
    return money(value.quantize(_UNIT if currency in CASH else _AMOUNT_STEP, ROUND_UP, context=_EXACT), currency)


def signed_money(value: Decimal | None, currency: str) -> str:
    """`+$1.20`, `-$0.30`, `+$0.00`."""
    return _signed(money(value, currency))


def price(value: Decimal | None, market: str, step: Decimal | None = None) -> str:
    """`$95000.00`: two decimals; below 1 as many as show four significant digits (`$0.5123`, `$0.00001234`).

    `market` is such as BTC/USD: a price stands beside its market, which names the money. With the market's `step`, in a
    column of prices, the decimals are those of the step.
    """
    if value is None or not value.is_finite():
        return UNKNOWN
    if step is not None:
        step = _decimals_of(step)
    elif value and value.adjusted() < 0:
        step = Decimal((0, (1,), value.adjusted() - _SIGNIFICANT_DIGITS + 1))
    else:
        step = _CENT
    shown = value.quantize(step, rounding=ROUND_HALF_EVEN, context=_EXACT)
    return f"{'-' if shown < 0 else ''}{_SIGNS.get(market.partition('/')[2], '')}{shown.copy_abs():f}"


def amount(value: Decimal | None, step: Decimal | None = None) -> str:
    """`0.00100000` of a coin: eight decimals, the finest step of either exchange, or those of the market's `step`."""
    if value is None or not value.is_finite():
        return UNKNOWN
    return f"{_cut(value, _AMOUNT_STEP if step is None else _decimals_of(step)):f}"


def percent(fraction: Decimal | None, *, signed: bool = False) -> str:
    """`3.25 %`, or `+3.25 %`, of a fraction."""
    if fraction is None or not fraction.is_finite():
        return UNKNOWN
    text = f"{_cut(fraction.scaleb(2, _EXACT), _CENT):f} %"
    return _signed(text) if signed else text


def points(fraction: float) -> str:
    """`+3.2`: a fraction in percent with its sign and one decimal, for a table that says so."""
    return f"{100 * fraction:+.1f}"


def ratio(value: float, places: int = 2) -> str:
    """`1.39`, such as a Sharpe ratio."""
    return f"{value:.{places}f}"


def number(value: Decimal | float | None) -> str:
    """A count or a setting, as short as it can be: `2`, `0.5`, at most eight decimals."""
    if value is None or not isfinite(value):
        return UNKNOWN
    text = exact(_cut(Decimal(str(value)), _AMOUNT_STEP))
    return text.rstrip("0").rstrip(".") if "." in text else text


def exact(value: Decimal | float) -> str:
    """Every digit, and never an exponent: for programs, and to repeat what someone wrote."""
    return f"{Decimal(str(value)):f}"


def duration(length: timedelta | float | None) -> str:
    """`12 s`, `5 min 20 s`, `3 h 12 min`, `4 d`: the two largest units of a length of time, or of so many seconds."""
    seconds = length.total_seconds() if isinstance(length, timedelta) else length
    if seconds is None or not isfinite(seconds):
        return UNKNOWN
    whole = max(0, int(seconds))
    for unit, size, part, part_size in _UNITS:
        if whole >= size:
            parts = whole % size // part_size
            return f"{whole // size} {unit} {parts} {part}" if parts else f"{whole // size} {unit}"
    return f"{whole} s"


def ago(length: timedelta | float | None) -> str:
    """`5 min 20 s ago`, or `unknown`."""
    return UNKNOWN if (text := duration(length)) == UNKNOWN else f"{text} ago"


def _cut(value: Decimal, step: Decimal) -> Decimal:
    shown = value.quantize(step, rounding=ROUND_DOWN, context=_EXACT)
    # Not minus zero.
    return shown or shown.copy_abs()


def _decimals_of(step: Decimal) -> Decimal:
    """The decimals in which every multiple of the step can be written: one for 0.5, none for 10."""
    exponent = step.normalize(_EXACT).as_tuple().exponent
    return Decimal((0, (1,), min(0, exponent if isinstance(exponent, int) else 0)))


def _signed(text: str) -> str:
    return text if text == UNKNOWN or text.startswith("-") else f"+{text}"
