"""/act: stop trading, resume, sell everything, sell one position; each is confirmed on a page of its own first."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from anyio.to_thread import run_sync
from starlette.routing import Route

from nija.control.commands import send_to
from nija.control.result_lines import result_line
from nija.control.wire import ControlError
from nija.trader.commands import Command, Instruction
from nija.web.consequences import consequences
from nija.web.pages.overview_view import mode_words
from nija.web.rendering import render
from nija.web.site import caller_of, form_of, viewer_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from nija.status.report import AccountStatus
    from nija.web.login import PasswordCheck
    from nija.web.site import Site

# By the last part of the address.
_COMMANDS = MappingProxyType(
    {"stop": Command.STOP_TRADING, "resume": Command.RESUME, "flatten": Command.FLATTEN, "close": Command.CLOSE}
)
_ONLY_SHOWS = (
    "Without a password this page only shows. Make one with `nija web password`, set NIJA_WEB_PASSWORD_HASH and "
    "restart NIJA; or use the commands, such as `nija stop-trading`."
)


class Actions:
    """Every form comes back with the session's token, and with the password unless this is a demo without one."""

    def __init__(self, site: Site, check: PasswordCheck) -> None:
        self._site = site
        self._check = check

    def routes(self) -> list[Route]:
        return [
            Route("/act", self.show, methods=["GET"]),
            Route("/act/{name}", self.confirm, methods=["GET"]),
            Route("/act/{name}", self.act, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """What can be done, by account."""
        accounts = self._site.context.report().accounts
        return render(request, "act.html", accounts=accounts, fault="" if self._may_act else _ONLY_SHOWS)

    async def confirm(self, request: Request) -> Response:
        """What will happen, and the form that does it."""
        return self._form(request, request.query_params)

    async def act(self, request: Request) -> Response:
        form = form_of(request)
        if not self._may_act or not viewer_of(request).may_act:
            return self._form(request, form, 403)
        instruction, accounts = self._wanted(request, form)
        if instruction is None or not accounts:
            return _unknown(request)
        if self._site.needs_login:
            status, fault = await self._check.fault(request, form.get("password", ""))
            if fault:
                return self._form(request, form, status, fault)
        return await self._done(request, instruction, form.get("account") or None)

    @property
    def _may_act(self) -> bool:
        return self._site.needs_login or self._site.acts_without_password

    def _form(self, request: Request, asked: Mapping[str, str], status: int = 200, fault: str = "") -> Response:
        instruction, accounts = self._wanted(request, asked)
        if instruction is None or not accounts:
            return _unknown(request)
        account = asked.get("account", "")
        return render(
            request,
            "act_confirm.html",
            status,
            mode=mode_words(self._site.context.report()),
            name=request.path_params["name"],
            account=account,
            market=instruction.market or "",
            what=consequences(instruction, accounts, every=not account),
            needs_password=self._site.needs_login,
            may_act=self._may_act,
            fault=fault if self._may_act else _ONLY_SHOWS,
        )

    def _wanted(
        self, request: Request, asked: Mapping[str, str]
    ) -> tuple[Instruction | None, tuple[AccountStatus, ...]]:
        """The command with who gives it, and the accounts it is for; None or none if these do not exist."""
        command = _COMMANDS.get(request.path_params["name"])
        account, market = asked.get("account", ""), asked.get("market", "")
        accounts = tuple(one for one in self._site.context.report().accounts if account in ("", one.id))
        if command is None:
            return None, accounts
        by = f"web {caller_of(request).address}"
        if command is not Command.CLOSE:
            return Instruction(command, by), accounts
        held = any(position.market == market for one in accounts for position in one.positions)
        return Instruction(command, by, market) if held else None, accounts

    async def _done(self, request: Request, instruction: Instruction, account: str | None) -> Response:
        """Waits at most a few seconds for the accounts' answers."""
        try:
            results = await run_sync(partial(send_to, self._site.queues(), account, instruction))
        except (ControlError, ValueError) as error:
            return render(request, "act_done.html", 503, lines=[f"❌ Nothing was done: {error}"])
        return render(request, "act_done.html", lines=[result_line(instruction, result) for result in results])


def _unknown(request: Request) -> Response:
    lines = ["❌ There is no such account, position or command any more. Nothing was done."]
    return render(request, "act_done.html", 404, lines=lines)
