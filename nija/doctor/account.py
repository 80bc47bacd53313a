"""Checks one account's facts: its key and permissions, its money, and what it can trade."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from accounts.connect import EXPIRY_NOTICE
from accounts.identity import short_name
from accounts.market_advice import market_advice
from brokers.exchanges import described
from brokers.figures import ago, money, money_enough, percent
from brokers.model import ZERO
from nija.doctor.exchanges import clock_finding
from nija.doctor.failures import failure_finding, permission_remedy
from nija.doctor.finding import Finding, Level, broken, fine, warning
from nija.doctor.markets import check_markets, enough_for_all, quote_of
from nija.doctor.pause import pause_words
from nija.health.judgement import SILENT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from decimal import Decimal

    from accounts.identity import AccountId
    from accounts.setting_tables import AccountSettings
    from nija.doctor.facts import AccountFacts, KeyRights


@dataclass(frozen=True, slots=True)
class AccountCheck:
    """`is_connected`: the key works and NIJA may use it, whether or not the account can trade now."""

    findings: tuple[Finding, ...]
    is_connected: bool


def check_account(
    account: AccountId, facts: AccountFacts, settings: AccountSettings, now: datetime, *, allow_withdrawal: bool = False
) -> AccountCheck:
    """From the key to the markets. With a broken key, the rest is not checked."""
    if facts.failure is not None:
        return AccountCheck((failure_finding(account, facts.failure),), is_connected=False)
    findings = tuple(_check_key(account, facts, now, allow_withdrawal=allow_withdrawal))
    if facts.key is None or any(finding.level is Level.BROKEN for finding in findings):
        return AccountCheck(findings, is_connected=False)
    connected = fine(f"{account.label} {account.exchange.upper()} CONNECTED!")
    return AccountCheck((*findings, connected, *_check_use(account, facts, settings, now)), is_connected=True)


def _check_use(account: AccountId, facts: AccountFacts, settings: AccountSettings, now: datetime) -> Iterator[Finding]:
    """What the account can do. Before its first cycle, a daemon knows neither its money nor its markets."""
    if not facts.state or facts.last_work is not None:
        yield from _check_money(facts, settings)
        yield from check_markets(facts, settings, is_funded=_worth(facts, settings) >= settings.risk.min_balance)
        yield from _check_pause(account, facts, now)
    yield from _check_work(facts, now)
    yield from _check_troubles(facts)


def _check_key(account: AccountId, facts: AccountFacts, now: datetime, *, allow_withdrawal: bool) -> Iterator[Finding]:
    key = facts.key
    if key is None:
        yield warning(
            f"Not connected to {short_name(account.exchange)} yet ({facts.state or 'waiting'})",
            "NIJA connects accounts one after another: wait a few seconds, then try again",
        )
        return
    accepted = "Signature and nonce are" if described(account.exchange).uses_nonces else "Signature is"
    yield fine(f"{accepted} accepted (key {facts.fingerprint})")
    yield from _check_permissions(account, key)
    yield from _check_withdrawal(account, key, allowed=allow_withdrawal)
    yield from _check_history(account, key)
    skew = clock_finding(key.clock_skew, short_name(account.exchange))
    if skew.level is not Level.OK:
        yield skew
    yield from _check_addresses(account, key)
    yield from _check_expiry(account, key, now)


def _check_permissions(account: AccountId, key: KeyRights) -> Iterator[Finding]:
    for permission in described(account.exchange).permissions.needed:
        if permission.name in key.missing:
            yield broken(
                f"{permission.label}: off, but needed",
                f"Without it, {short_name(account.exchange)} answers Permission denied. {permission_remedy(account)}",
            )
        else:
            yield fine(permission.label)


def _check_withdrawal(account: AccountId, key: KeyRights, *, allowed: bool) -> Iterator[Finding]:
    permissions = described(account.exchange).permissions
    plainest = permissions.withdrawing[0]
    if not key.can_withdraw:
        yield fine(f"{plainest.label}: off")
    elif allowed:
        yield warning(
            f"{plainest.label}: on, and allowed by NIJA_ALLOW_WITHDRAWAL_KEYS", "Whoever gets this key gets the money"
        )
    else:
        named = plainest.label if plainest.name in key.permissions else "Withdrawal (withdrawal addresses)"
        yield broken(
            f"{named} must be off: the key can move money out",
            f"NIJA refuses such a key. Create a new one without {named}, put it into {account.env_prefix}_API_KEY and "
            f"{account.env_prefix}_API_SECRET (nija setup does that), and delete this one",
        )
    for permission in permissions.needless:
        if permission.name in key.permissions:
            yield warning(
                f"{permission.label}: on, but not needed", "Switch it off in the settings of the key: less is safer"
            )


def _check_history(account: AccountId, key: KeyRights) -> Iterator[Finding]:
    settings = described(account.exchange).key_guide.history_settings
    for setting, moment in zip(settings, (key.history_from, key.history_until), strict=True):
        if moment is not None:
            yield broken(
                f"{setting}: {moment:%Y-%m-%d %H:%M} UTC, but NIJA must be able to look up every order",
                f"Clear {setting} in the settings of the key, or create a new one without it and put it into "
                f"{account.env_prefix}_API_KEY and {account.env_prefix}_API_SECRET",
            )


def _check_addresses(account: AccountId, key: KeyRights) -> Iterator[Finding]:
    if key.ip_allowlist:
        yield fine(f"IP whitelist: {', '.join(key.ip_allowlist)}", "Update it when this machine's address changes")
    elif described(account.exchange).tells_ip_allowlist:
        yield Finding(
            Level.OK,
            "IP whitelist: none, so the key works from everywhere",
            "If this machine has a fixed address, add it to the key's settings: a stolen key is then worthless",
            sign="💡",
        )


def _check_expiry(account: AccountId, key: KeyRights, now: datetime) -> Iterator[Finding]:
    if key.expires is None:
        return
    left = key.expires - now
    remedy = f"Create a new key and put it into {account.env_prefix}_API_KEY and {account.env_prefix}_API_SECRET"
    if left <= timedelta(0):
        yield broken(f"The key expired on {key.expires:%Y-%m-%d}", remedy)
    elif left < EXPIRY_NOTICE:
        yield warning(f"The key expires on {key.expires:%Y-%m-%d %H:%M} UTC", f"{remedy} before then")
    else:
        yield fine(f"The key is valid until {key.expires:%Y-%m-%d}")


def _check_money(facts: AccountFacts, settings: AccountSettings) -> Iterator[Finding]:
    quote = quote_of(settings)
    balance = facts.held(quote).total
    yield Finding(Level.OK, f"Balance: {money(balance, quote)}", sign="💰")
    yield _check_funding(facts, settings)
    if facts.maker is not None and facts.taker is not None:
        yield fine(f"Fees of this account: maker {percent(facts.maker)}, taker {percent(facts.taker)}")


def _worth(facts: AccountFacts, settings: AccountSettings) -> Decimal:
    return facts.equity if facts.equity is not None else facts.held(quote_of(settings)).total


def _check_funding(facts: AccountFacts, settings: AccountSettings) -> Finding:
    quote, least, worth = quote_of(settings), settings.risk.min_balance, _worth(facts, settings)
    if worth >= least:
        return fine("FUNDED - Ready to trade")
    title = f"UNDERFUNDED - needs at least {money(least, quote)}"
    others = [holding.currency for holding in facts.holdings if holding.total > ZERO and holding.currency != quote]
    advice = _advice(facts, settings)
    if facts.equity is None and any(symbol.partition("/")[0] in others for symbol in settings.markets):
        return warning(
            title,
            "Positions that NIJA opened count too, once it runs. "
            f"If these coins are your own, deposit {quote}.{advice}",
        )
    hint = advice or (
        f" The account holds {', '.join(others)}: convert some, or choose other markets." if others else ""
    )
    enough = enough_for_all(facts, settings)
    amount = money_enough(max(least, enough or least) - worth, quote)
    reach = " (enough for every market of this account)" if enough is not None else ""
    lower = ", or lower min_balance in nija.toml" if enough is None or enough <= worth else ""
    return broken(title, f"Deposit {amount} or more in {quote}{reach}{lower}.{hint}")


def _advice(facts: AccountFacts, settings: AccountSettings) -> str:
    """A sentence to append, or nothing."""
    advice = market_advice(
        settings.account,
        {holding.currency: holding.total for holding in facts.holdings},
        {market.symbol: market for market in facts.alternatives},
        settings.trading.markets,
        settings.risk.min_balance,
    )
    return f" {advice}." if advice else ""


def _check_pause(account: AccountId, facts: AccountFacts, now: datetime) -> Iterator[Finding]:
    why = "; ".join(pause_words(halt, now) for halt in facts.halts) or facts.paused
    if not why:
        return
    again = f"nija resume {account}"
    if facts.another_program:
        yield warning(
            f"Nothing new is opened: {why}",
            "Resting stops stay as they are, and nothing is sold. Stop every other program that has a key of this "
            f"account (a second NIJA, an old bot); then {again} ends the pause",
        )
    else:
        yield warning(f"Nothing new is opened: {why}", f"Stops and exits go on. {again} ends the pause")


def _check_work(facts: AccountFacts, now: datetime) -> Iterator[Finding]:
    if facts.state in ("", "CONNECTING", "CONFIGURED"):
        return
    if facts.last_work is None:
        yield warning("The daemon has done no work for this account yet", "Wait a minute, then check nija status")
    elif (now - facts.last_work).total_seconds() > SILENT_SECONDS:
        yield broken(
            f"The daemon's last useful work was {ago(now - facts.last_work)}", "Look at nija.log and restart NIJA"
        )
    else:
        yield fine(f"The daemon's last useful work was {ago(now - facts.last_work)}")


def _check_troubles(facts: AccountFacts) -> Iterator[Finding]:
    for trouble in facts.troubles:
        yield warning(trouble, "For its current state, see nija status and nija.log")
