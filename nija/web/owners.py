"""/owners: NIJA's owner creates and revokes the links by which the owners of single accounts look at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from accounts.identity import AccountId
from nija.log.event_log import get_log
from nija.web.owner_links import OwnerLinksUnusable
from nija.web.rendering import render
from nija.web.site import caller_of, form_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from nija.web.login import PasswordCheck
    from nija.web.site import Site


class Owners:
    def __init__(self, site: Site, check: PasswordCheck) -> None:
        self._site = site
        self._check = check

    def routes(self) -> list[Route]:
        return [
            Route("/owners", self.show, methods=["GET"]),
            Route("/owners/create", self.create, methods=["POST"]),
            Route("/owners/revoke", self.revoke, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        return self._page(request)

    async def create(self, request: Request) -> Response:
        """The new link is shown once; only its hash is kept."""
        form = form_of(request)
        wanted = form.get("account", "")
        if wanted not in self._accounts() or not self._site.needs_login:
            return self._page(request, status=404, fault="There is no such account.")
        status, fault = await self._check.fault(request, form.get("password", ""))
        if fault:
            return self._page(request, status=status, fault=fault)
        try:
            token = self._site.links.create(AccountId.parse(wanted))
        except OwnerLinksUnusable as error:
            return self._page(request, status=503, fault=str(error))
        get_log("nija.web").info(f"A link for the owner of {wanted} was created, from {caller_of(request).address}")
        return self._page(request, created=_address(request, token), account=wanted)

    async def revoke(self, request: Request) -> Response:
        """Ends the sessions that the link has opened, too."""
        link = form_of(request).get("id", "")
        try:
            is_gone = self._site.links.revoke(link)
        except OwnerLinksUnusable as error:
            return self._page(request, status=503, fault=str(error))
        self._site.sessions.close_link(link)
        if is_gone:
            get_log("nija.web").info(f"A link was revoked, from {caller_of(request).address}", link=link)
        return self._page(request)

    def _accounts(self) -> list[str]:
        return [account.id for account in self._site.context.report().accounts]

    def _page(
        self, request: Request, *, status: int = 200, created: str = "", account: str = "", fault: str = ""
    ) -> Response:
        try:
            links = self._site.links.all()
        except OwnerLinksUnusable as error:
            links, fault = (), str(error)
        return render(
            request,
            "owners.html",
            status,
            links=links,
            accounts=self._accounts(),
            created=created,
            account=account,
            needs_login=self._site.needs_login,
            fault=fault,
        )


def _address(request: Request, token: str) -> str:
    scheme = "https" if caller_of(request).is_encrypted else "http"
    return f"{scheme}://{request.headers.get('host', '')}/owner/{token}"
