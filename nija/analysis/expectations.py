"""What a user must be told beside any figure of the past (strategy evidence, sections 5 and 6)."""

from __future__ import annotations

PLAN_FOR = (
    "Plan for -15 to +20 % in an ordinary year, a rare large one, one year in three losing, a fall of 30 % some day,"
    " and two to three years without a new high."
)
_COINS_FALL = (
    "NIJA follows trends in coins that could fall for ever. It can lose money for years; in tests an account was"
    " once 30 % below its peak."
)
_FEW_TRADES = (
    "In tests, most of the profit came from a handful of trades in 2016-17 and 2020-21. From 2021 to 2023 the"
    " default strategy earned about nothing while holding the coins lost half; from October 2023 to March 2026 it"
    " earned 13 % (4 % at Coinbase's highest fee) while holding earned 74 % and fell by 55 % on the way."
)
_PATIENCE = (
    "It trades less than once a month in each market, about nine times a year in two. Weeks without an order are"
    " correct behaviour. Faster candles, to see more action, cost more than they can earn."
)
_LOSSES = (
    "In lean times more than half of the trades lost. One loss is 1 to 2 % of the account; a price that jumps past"
    " the stop can make it more. A stop is an order, not a guarantee."
)
_LEAVE_IT = (
    "Switching it off after losses, adding money after wins, or selling winners by hand removes the few trades that"
    " pay for all the others."
)
_SMALL = (
    "Fees, the exchange's minimum order and the price of a server weigh most on small accounts: nija explain shows"
    " yours."
)
_LIMITS = (
    "The tests end in March 2026 and cover BTC, ETH and eight coins that survived; other coins are unproven. The"
    " candles of the last years are Binance's, not Kraken's or Coinbase's. Past results do not predict the future."
    " Taxes are yours."
)
EXPECTATIONS = (_COINS_FALL, _FEW_TRADES, _PATIENCE, _LOSSES, _LEAVE_IT, _SMALL, _LIMITS)
"""In the order of the evidence's section 6."""
