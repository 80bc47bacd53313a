"""A configuration as one JSON line for the pipe to the child. It holds secrets and must not go anywhere else."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from brokers.model import ApiKey, Exchange
from brokers.simulator.config import Limits, Ports, Retention, SimulatedAccount, SimulatorConfig, Tier
from brokers.simulator.engine.book import DepthProfile


def dump_config(config: SimulatorConfig) -> str:
    limits, depth, ports = config.limits, config.depth, config.ports
    return json.dumps(
        {
            "accounts": [_dump_account(account) for account in config.accounts],
            "speed": config.speed,
            "seed": config.seed,
            "candles": None if config.candles is None else str(config.candles),
            "start": None if config.start is None else config.start.isoformat(),
            "ports": [ports.kraken, ports.coinbase, ports.admin],
            "limits": {name: getattr(limits, name) for name in Limits.__dataclass_fields__},
            "depth": {name: str(getattr(depth, name)) for name in DepthProfile.__dataclass_fields__},
            "retention": asdict(config.retention),
        }
    )


def load_config(text: str) -> SimulatorConfig:
    values = json.loads(text)
    depth = {name: Decimal(value) for name, value in values["depth"].items()}
    return SimulatorConfig(
        accounts=tuple(_load_account(account) for account in values["accounts"]),
        speed=values["speed"],
        seed=values["seed"],
        candles=None if values["candles"] is None else Path(values["candles"]),
        start=None if values["start"] is None else datetime.fromisoformat(values["start"]),
        ports=Ports(*values["ports"]),
        limits=Limits(**(values["limits"] | {"tier": Tier(values["limits"]["tier"])})),
        depth=DepthProfile(**(depth | {"levels": int(depth["levels"])})),  # type: ignore[arg-type]  # one int among them
        retention=Retention(**values["retention"]),
    )


def _dump_account(account: SimulatedAccount) -> dict[str, Any]:
    return {
        "exchange": account.exchange,
        "owner": account.owner,
        "key": account.api_key.key,
        "secret": account.api_key.secret,
        "balances": {currency: str(amount) for currency, amount in account.balances.items()},
        "permissions": sorted(account.permissions),
        "account_uid": account.account_uid,
        "fee_tier": account.fee_tier,
        "nonce_window": account.nonce_window,
    }


def _load_account(values: dict[str, Any]) -> SimulatedAccount:
    return SimulatedAccount(
        exchange=Exchange(values["exchange"]),
        owner=values["owner"],
        api_key=ApiKey(values["key"], values["secret"]),
        balances={currency: Decimal(amount) for currency, amount in values["balances"].items()},
        permissions=frozenset(values["permissions"]),
        account_uid=values["account_uid"],
        fee_tier=values["fee_tier"],
        nonce_window=values["nonce_window"],
    )
