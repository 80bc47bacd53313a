"""The keys that are set up already: whether one works, and which exchange account it belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from accounts.credentials import discover
from accounts.settings import load_settings
from brokers.clock import utc_now
from nija.control.client import ask
from nija.control.wire import ControlError
from nija.doctor.account import check_account
from nija.doctor.finding import Level
from nija.doctor.probe import Probe
from nija.doctor.running import read_answer
from nija.strategy.registry import STRATEGY_TABLES
from nija.wizard.candidate import KEYS_FAULTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from accounts.credentials import Credentials
    from accounts.environment import ProcessSettings
    from accounts.identity import AccountId
    from brokers.clock import Clock
    from brokers.model import ApiKey
    from nija.doctor.facts import AccountFacts


class KeyHealth(Enum):
    WORKS = auto()
    FAULTY = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class PresentKey:
    """`reason` says why it does not work, or why that is not known. `account_uid` is empty if it is not known."""

    account: AccountId
    api_key: ApiKey = field(repr=False)
    health: KeyHealth
    reason: str
    account_uid: str


class PresentKeys:
    """Asks a running daemon about its keys, and the exchange about all others, under each key's lock."""

    def __init__(self, values: Mapping[str, str], process: ProcessSettings, clock: Clock) -> None:
        self._credentials = {found.account: found for found in discover(values).credentials}
        self._process = process
        self._clock = clock

    def of(self, account: AccountId) -> PresentKey | None:
        """The account's key; None if it has none, or one that cannot be used."""
        found = self._credentials.get(account)
        return next(self._look_at([found])) if found is not None else None

    def of_others(self, account: AccountId) -> Iterator[PresentKey]:
        """The keys of all other accounts at the same exchange."""
        same = [one for one in self._credentials.values() if one.account.exchange == account.exchange]
        yield from self._look_at([one for one in same if one.account != account])

    def _look_at(self, credentials: list[Credentials]) -> Iterator[PresentKey]:
        known = self._known_to_the_daemon() if credentials else {}
        settings = load_settings(self._process.config, STRATEGY_TABLES)
        probe = Probe(self._process, self._clock)
        try:
            for one in credentials:
                facts = known.get(str(one.account))
                # In demo and paper mode the daemon's accounts have made-up keys.
                if facts is None or facts.fingerprint != one.api_key.fingerprint:
                    facts = probe.ask(one, settings.for_account(one.account), only_key=True)
                yield self._present(one, facts)
        finally:
            probe.close()

    def _known_to_the_daemon(self) -> Mapping[str, AccountFacts]:
        """By account id; nothing without a daemon, or with one that does not answer."""
        try:
            answer = ask(self._process.data_dir, "doctor")
            return read_answer(answer) if answer is not None else {}
        except (ControlError, ValueError):
            return {}

    def _present(self, credentials: Credentials, facts: AccountFacts) -> PresentKey:
        account, process = credentials.account, self._process
        settings = load_settings(process.config, STRATEGY_TABLES).for_account(account)
        now = utc_now(self._clock)
        check = check_account(account, facts, settings, now, allow_withdrawal=process.allow_withdrawal_keys)
        uid = facts.key.account_uid if facts.key is not None else ""
        if check.is_connected:
            return PresentKey(account, credentials.api_key, KeyHealth.WORKS, "", uid)
        is_unknown = facts.failure.kind not in KEYS_FAULTS if facts.failure is not None else facts.key is None
        first = next(finding for finding in check.findings if finding.level is not Level.OK)
        health = KeyHealth.UNKNOWN if is_unknown else KeyHealth.FAULTY
        return PresentKey(account, credentials.api_key, health, first.title, uid)
