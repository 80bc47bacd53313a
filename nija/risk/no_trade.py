"""Why nothing is opened: one type from the rules to status, notifications and `--json`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Rule(StrEnum):
    """First the limits of the settings and the exchange, then other reasons for not entering a market."""

    PAUSED = "paused"
    DISABLED_MARKET = "disabled_markets"
    STALE_CANDLE = "max_candle_age"
    MIN_BALANCE = "min_balance"
    UNKNOWN = "unknown"
    MAX_POSITIONS = "max_positions"
    NO_STOP = "no_stop"
    PRICE_BELOW_STOP = "price_below_stop"
    FEE_GATE = "fee_gate"
    MAX_POSITION = "max_position"
    MAX_EXPOSURE = "max_exposure"
    AVAILABLE = "available"
    MINIMUM_RISK = "minimum_risk"
    MINIMUM_ORDER = "minimum_order"

    NO_MARKET = "no_market"
    OTHER_QUOTE = "other_quote"
    NO_CANDLE = "no_candle"
    NO_DATA = "no_data"
    NO_PRICE = "no_price"
    NO_SIGNAL = "no_signal"
    WITHIN_BAND = "within_band"
    POSITION_OPEN = "position_open"
    BLOCKED = "blocked"
    ACTED_ON = "acted_on"
    RETRY = "retry"
    REFUSED = "refused"
    ENTRY_REFUSED = "entry_refused"
    ENTRY_FAILED = "entry_failed"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class NoTradeReason:
    """`value` is what the rule saw and `limit` what it requires; both are empty if it compares nothing.

    Both are exact and in the unit of the rule: a fraction, a count, quote currency, or a name. They change with every
    price, so compare `rule` to see whether the reason has changed. `market` is None until the trader fills it in.
    """

    rule: Rule
    text: str
    value: str = ""
    limit: str = ""
    market: str | None = None
