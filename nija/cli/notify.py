"""`nija notify test`: one message to everybody who would be notified."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from accounts.identity import AccountId
from accounts.setting_faults import SettingsError
from accounts.settings import load_settings
from nija.cli.context import FAILED, SetupFault, print_fault, read_context
from nija.notify.message import Message
from nija.notify.recipient import apprise_url
from nija.notify.wording import Severity
from nija.strategy.registry import STRATEGY_TABLES
from nija.telegram.notifications import audiences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nija.notify.audience import Audience

_NONE_SET = (
    "nobody would be notified: set NIJA_NOTIFY_URLS, or NIJA_TELEGRAM_TOKEN and NIJA_TELEGRAM_CHATS "
    "(docs/notifications.md shows how)"
)
_NONE_SET_FOR = (
    'nobody would be notified of {0} alone: set notify_urls or telegram_chat in [accounts."{0}"] of nija.toml'
)
_NOT_VALID = "this is not a URL that apprise knows; see https://github.com/caronc/apprise/wiki"

notify = typer.Typer(name="notify", help="Test the notifications.", no_args_is_help=True, add_completion=False)


@notify.callback()
def notifications() -> None:
    """Test the notifications."""


@notify.command("test")
def send_test(
    account: Annotated[
        str | None, typer.Argument(metavar="[ACCOUNT]", help="Only to the owner of this account.")
    ] = None,
) -> None:
    """Send one message to every target that is set, and say which accepted it.

    Exit code: 0 all of them accepted it, 2 one did not, or none is set.
    """
    try:
        found = _audiences(account)
    except (SetupFault, SettingsError, ValueError) as error:
        print_fault(error)
        raise typer.Exit(FAILED) from error
    troubled = False
    for audience in found:
        for name, trouble in _sent(audience):
            troubled |= bool(trouble)
            sys.stdout.write(f"❌ {name}: {trouble}\n" if trouble else f"✅ {name} accepted it\n")
            sys.stdout.flush()
    if troubled:
        raise typer.Exit(FAILED)


def _audiences(account: str | None) -> tuple[Audience, ...]:
    """All of them, or those of one account. Raises SetupFault, SettingsError, ValueError."""
    context = read_context()
    found = audiences(context.settings, load_settings(context.settings.config, STRATEGY_TABLES))
    if account is None:
        if not found:
            raise ValueError(_NONE_SET)
        return found
    wanted = AccountId.parse(account)
    own = tuple(audience for audience in found if audience.only == wanted)
    if not own:
        raise ValueError(_NONE_SET_FOR.format(wanted))
    return own


def _sent(audience: Audience) -> Iterator[tuple[str, str]]:
    """The name of each target, and why it did not accept the message; empty if it did."""
    whose = "NIJA" if audience.only is None else f"{audience.only} at NIJA"
    text = Message(f"{whose}: a test", "Notifications arrive here. Nothing has happened.", Severity.INFO)
    for name, url in zip(audience.names(), audience.urls, strict=True):
        recipient = apprise_url(name, url)
        yield name, _NOT_VALID if recipient is None else recipient.send(text)
    for one in audience.recipients:
        yield one.name, one.send(text)
