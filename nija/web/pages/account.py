"""The page of one account."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from starlette.routing import Route

from accounts.identity import AccountId
from nija.web.pages.account_view import (
    account_figures,
    bars,
    heading,
    market_cards,
    position_cards,
    resting_rows,
)
from nija.web.pages.journal_parts import JournalPart, fees_paid, read_part
from nija.web.pages.live import CLOCK, shape_of
from nija.web.pages.orders_view import OrderPage, read_orders
from nija.web.pages.overview import clock_text
from nija.web.pages.overview_view import mode_words, urgent
from nija.web.pages.requests import not_found, page_number
from nija.web.rendering import render, render_part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from brokers.clock import Clock
    from nija.journal.journal import Journal
    from nija.status.report import AccountStatus
    from nija.web.context import Viewer, WebContext
    from nija.web.pages.live import LivePage
    from nija.web.pages.readings import PageReading, PageReadings

_ORDERS_SECONDS = 3.0
_FEES_SECONDS = 60.0


class AccountPages:
    """Every account's page, for those who may see it."""

    def __init__(self, context: WebContext, readings: PageReadings, clock: Clock) -> None:
        self._context = context
        self._readings = readings
        self._orders = JournalPart(context, clock, _ORDERS_SECONDS, _newest_orders)
        self._fees = JournalPart(context, clock, _FEES_SECONDS, _fees)

    def route(self) -> Route:
        return Route("/account/{exchange}/{owner}", self._page)

    def live(self, path: str) -> LivePage | None:
        """The account's page with this path."""
        root, _, name = path.partition("/account/")
        return None if root or not name else _OneAccount(self, name.replace("/", ":", 1))

    def slots(self, account_id: str, reading: PageReading, viewer: Viewer) -> Mapping[str, str] | None:
        account = reading.account(account_id) if viewer.sees(account_id) else None
        if account is None:
            return None
        return {**self._report_slots(account, reading, viewer), "orders": self._orders_part(account, 1)}

    def _report_slots(self, account: AccountStatus, reading: PageReading, viewer: Viewer) -> dict[str, str]:
        fees = self._fees.of(AccountId.parse(account.id))
        return {
            CLOCK: clock_text(reading),
            "heading": render_part("parts/heading.html", heading=heading(account)),
            "urgent": render_part("parts/account_urgent.html", urgent=urgent((account,))),
            "figures": render_part(
                "parts/figures.html", figures=account_figures(account), fees="unknown" if fees is None else fees
            ),
            "limits": render_part("parts/limits.html", bars=bars(account)),
            "positions": render_part(
                "parts/positions.html",
                positions=position_cards(account),
                resting=resting_rows(account),
                is_known=account.is_known,
                may_act=viewer.may_act,
            ),
            **{card.slot: render_part("parts/market.html", card=card) for card in market_cards(account, reading.now)},
        }

    def _orders_part(self, account: AccountStatus, number: int) -> str:
        account_id = AccountId.parse(account.id)
        if number == 1:
            orders = self._orders.of(account_id)
        else:
            orders = read_part(self._context, account_id, partial(read_orders, number=number))
        return render_part("parts/orders.html", orders=orders)

    def _page(self, request: Request) -> Response:
        viewer: Viewer = request.state.viewer
        account_id = f"{request.path_params['exchange']}:{request.path_params['owner']}"
        reading = self._readings.latest()
        account = reading.account(account_id) if viewer.sees(account_id) else None
        if account is None:
            return not_found(request)
        number = page_number(request.query_params.get("orders"))
        live = self._report_slots(account, reading, viewer)
        orders = self._orders_part(account, number)
        slots = {**live, "orders": orders}
        return render(
            request,
            "account.html",
            mode=mode_words(reading.report),
            account=account,
            slots=slots,
            shape=shape_of(slots),
            markets=market_cards(account, reading.now),
            orders_are_live=number == 1,
        )


@dataclass(frozen=True, slots=True)
class _OneAccount:
    pages: AccountPages
    account_id: str

    def slots(self, reading: PageReading, viewer: Viewer) -> Mapping[str, str] | None:
        return self.pages.slots(self.account_id, reading, viewer)


def _newest_orders(journal: Journal) -> OrderPage:
    return read_orders(journal, 1)


def _fees(journal: Journal) -> str:
    return fees_paid(journal.fills.all())
