from __future__ import annotations

import pytest

from brokers.errors import (
    BrokerError,
    DeadlineTooNear,
    InvalidSignature,
    LockedOut,
    MarketRefused,
    NonceRejected,
    OrderNotFound,
    OrderRejected,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    RequestRefused,
    Unauthorized,
    Unavailable,
)
from brokers.kraken.errors import Action, DeadlineMissed, UnknownPair, error_of
from brokers.kraken.refusals import AgreementNeeded

NOW = 1_700_000_000.0

# (string, what a read gets, what placing an order gets), after the documented catalogue.
CATALOGUE: list[tuple[str, type[BrokerError], type[BrokerError]]] = [
    ("EAPI:Invalid key", Unauthorized, Unauthorized),
    ("EAPI:Invalid signature", InvalidSignature, InvalidSignature),
    ("EAPI:Invalid nonce", NonceRejected, NonceRejected),
    ("EAPI:Rate limit exceeded", RateLimited, RateLimited),
    ("EAPI:Bad request", RequestRefused, OrderRejected),
    ("EAPI:Invalid arguments:volume", RequestRefused, OrderRejected),
    ("EGeneral:Permission denied", PermissionDenied, PermissionDenied),
    ("EGeneral:Invalid arguments", RequestRefused, OrderRejected),
    ("EGeneral:Invalid arguments:deadline", DeadlineTooNear, DeadlineTooNear),
    ("EGeneral:Invalid arguments:Index unavailable", RequestRefused, OrderRejected),
    ("EGeneral:Invalid arguments:cl_ord_id", RequestRefused, OrderRejected),
    ("EGeneral:Invalid arguments:cl_ord_id not unique", OutcomeUnknown, OutcomeUnknown),
    ("EGeneral:Too many requests", RateLimited, RateLimited),
    ("EGeneral:Temporary lockout", LockedOut, LockedOut),
    ("EGeneral:Internal error", Unavailable, OutcomeUnknown),
    ("EGeneral:Internal error:1234", Unavailable, OutcomeUnknown),
    ("EGeneral:Unknown method", RequestRefused, OrderRejected),
    ("EQuery:Unknown asset pair", UnknownPair, MarketRefused),
    ("EOrder:Insufficient funds", RequestRefused, OrderRejected),
    ("EOrder:Order minimum not met", RequestRefused, OrderRejected),
    ("EOrder:Cost minimum not met", RequestRefused, OrderRejected),
    ("EOrder:Tick size check failed", RequestRefused, OrderRejected),
    (
        "EOrder:Invalid price:XBTUSD price can only be specified up to 1 decimals.",
        RequestRefused,
        OrderRejected,
    ),
    ("EOrder:Post only order", RequestRefused, OrderRejected),
    ("EOrder:Rate limit exceeded", RateLimited, RateLimited),
    ("EOrder:Domain rate limit exceeded", RateLimited, RateLimited),
    ("EOrder:Orders limit exceeded", RequestRefused, OrderRejected),
    ("EOrder:Unknown order", OrderNotFound, OrderRejected),
    ("EOrder:Invalid order", OrderNotFound, OrderRejected),
    ("EService:Unavailable", Unavailable, OutcomeUnknown),
    ("EService:Busy", Unavailable, OutcomeUnknown),
    ("EService:Timeout", Unavailable, OutcomeUnknown),
    ("EService:Throttled:1700000007", RateLimited, RateLimited),
    ("EService:Deadline elapsed", DeadlineMissed, DeadlineMissed),
    ("EService:Market in cancel_only mode", Unavailable, Unavailable),
    ("EService:Market in post_only mode", Unavailable, Unavailable),
    ("EDatabase:Internal error", Unavailable, OutcomeUnknown),
    ("EAuth:Account temporary disabled", Unauthorized, Unauthorized),
    ("EAuth:Account unconfirmed", Unauthorized, Unauthorized),
    ("EAuth:Too many requests", RateLimited, RateLimited),
    ("ETrade:User Locked", Unauthorized, Unauthorized),
    ("EAccount:Invalid permissions", PermissionDenied, PermissionDenied),
    ("EAccount:Invalid permissions:USDT trading restricted for DE.", RequestRefused, MarketRefused),
    ("EBM:limit exceeded:CAL", RequestRefused, MarketRefused),
    ("EOrder:Trading agreement required", RequestRefused, AgreementNeeded),
    ("ETrade:Invalid request", RequestRefused, OrderRejected),
]


@pytest.mark.parametrize(("text", "on_read", "on_place"), CATALOGUE)
def test_every_documented_string_has_its_meaning(
    text: str, on_read: type[BrokerError], on_place: type[BrokerError]
) -> None:
    assert type(error_of([text], Action.READ, NOW)) is on_read
    assert type(error_of([text], Action.PLACE, NOW)) is on_place


@pytest.mark.parametrize(("text", "on_place"), [(text, on_place) for text, _, on_place in CATALOGUE])
def test_blanks_around_the_colons_change_nothing(text: str, on_place: type[BrokerError]) -> None:
    spaced = text.replace(":", ": ") + " "
    assert type(error_of([spaced], Action.PLACE, NOW)) is on_place


def test_a_throttle_is_waited_out_until_the_moment_it_names() -> None:
    error = error_of(["EService: Throttled: 1700000007"], Action.READ, NOW)
    assert isinstance(error, RateLimited)
    assert error.retry_after == 7.0


def test_a_lockout_lasts_fifteen_minutes() -> None:
    error = error_of(["EGeneral:Temporary lockout"], Action.READ, NOW)
    assert isinstance(error, LockedOut)
    assert error.retry_after == 900.0


def test_a_warning_alone_is_not_an_error() -> None:
    assert error_of(["WGeneral:Danger"], Action.PLACE, NOW) is None


def test_a_warning_does_not_hide_the_error_beside_it() -> None:
    assert isinstance(error_of(["WGeneral:Danger", "EAPI:Invalid key"], Action.READ, NOW), Unauthorized)


def test_of_several_strings_the_one_that_leaves_an_order_in_doubt_decides() -> None:
    error = error_of(["EOrder:Insufficient funds", "EService:Unavailable"], Action.PLACE, NOW)
    assert isinstance(error, OutcomeUnknown)


def test_a_string_nobody_documented_leaves_an_order_in_doubt() -> None:
    assert isinstance(error_of(["EHouse:On fire"], Action.PLACE, NOW), OutcomeUnknown)
    assert isinstance(error_of(["EHouse:On fire"], Action.READ, NOW), RequestRefused)


def test_a_refused_order_carries_the_exchanges_own_code() -> None:
    error = error_of(["EOrder:Insufficient funds"], Action.PLACE, NOW)
    assert isinstance(error, OrderRejected)
    assert error.reason == "EOrder:Insufficient funds"


def test_a_gone_order_is_not_found_when_it_is_cancelled_or_amended() -> None:
    assert isinstance(error_of(["EOrder:Unknown order"], Action.CHANGE, NOW), OrderNotFound)
