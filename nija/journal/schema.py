"""The journal's tables. Every table has an `account`, so that one database can serve all of them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Index, Integer, MetaData, String, Table, Text, text

from nija.journal.types import DecimalText, UtcTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)


def _account() -> Column[str]:
    return Column("account", String(64), primary_key=True)


positions = Table(
    "positions",
    metadata,
    _account(),
    Column("id", String(36), primary_key=True),
    Column("market", String(32), nullable=False),
    Column("opened", UtcTime(), nullable=False),
    Column("signal_time", UtcTime()),
    Column("strategy", String(128), nullable=False),
    Column("stop_price", DecimalText()),
    Column("exit_reason", Text()),
    Column("closed", UtcTime()),
    Column("keep", DecimalText()),
    Column("keep_reason", Text()),
    Column("keep_signal", UtcTime()),
)
# One open position per market, whatever else goes wrong.
Index(
    "ix_positions_open",
    positions.c.account,
    positions.c.market,
    unique=True,
    sqlite_where=text("closed IS NULL"),
    postgresql_where=text("closed IS NULL"),
)

intents = Table(
    "intents",
    metadata,
    _account(),
    Column("client_id", String(36), primary_key=True),
    Column("position_id", String(36), nullable=False),
    Column("purpose", String(8), nullable=False),
    Column("market", String(32), nullable=False),
    Column("side", String(4), nullable=False),
    Column("type", String(8), nullable=False),
    Column("amount", DecimalText(), nullable=False),
    Column("limit_price", DecimalText()),
    Column("stop_price", DecimalText()),
    Column("post_only", Boolean(), nullable=False),
    Column("deadline", UtcTime(), nullable=False),
    Column("signal_time", UtcTime()),
    Column("strategy", String(128), nullable=False),
    Column("reason", Text(), nullable=False),
    Column("state", String(16), nullable=False),
    Column("exchange_id", String(64)),
    Column("filled", DecimalText(), nullable=False),
    Column("settled", Boolean(), nullable=False),
    Column("passing", Boolean(), nullable=False),
    Column("outcome", Text(), nullable=False),
    Column("created", UtcTime(), nullable=False),
    Column("updated", UtcTime(), nullable=False),
    ForeignKeyConstraint(["account", "position_id"], ["positions.account", "positions.id"]),
)
Index("ix_intents_exchange_id", intents.c.account, intents.c.exchange_id, unique=True)
Index("ix_intents_position_id", intents.c.account, intents.c.position_id)
Index(
    "ix_intents_unsettled",
    intents.c.account,
    sqlite_where=text("NOT settled"),
    postgresql_where=text("NOT settled"),
)
# A candle is acted on once, unless the order certainly never reached the exchange.
Index(
    "ix_intents_signal",
    intents.c.account,
    intents.c.market,
    intents.c.signal_time,
    unique=True,
    sqlite_where=text("purpose = 'entry' AND NOT passing"),
    postgresql_where=text("purpose = 'entry' AND NOT passing"),
)

transitions = Table(
    "transitions",
    metadata,
    Column("id", Integer(), primary_key=True),
    Column("account", String(64), nullable=False),
    Column("client_id", String(36), nullable=False),
    Column("time", UtcTime(), nullable=False),
    Column("state", String(16), nullable=False),
    Column("filled", DecimalText(), nullable=False),
    Column("note", Text(), nullable=False),
    ForeignKeyConstraint(["account", "client_id"], ["intents.account", "intents.client_id"]),
)
Index("ix_transitions_client_id", transitions.c.account, transitions.c.client_id)

fills = Table(
    "fills",
    metadata,
    _account(),
    Column("fill_id", String(64), primary_key=True),
    Column("client_id", String(36), nullable=False),
    Column("order_id", String(64), nullable=False),
    Column("market", String(32), nullable=False),
    Column("side", String(4), nullable=False),
    Column("amount", DecimalText(), nullable=False),
    Column("price", DecimalText(), nullable=False),
    Column("fee", DecimalText(), nullable=False),
    Column("fee_currency", String(16), nullable=False),
    Column("time", UtcTime(), nullable=False),
    Column("maker", Boolean(), nullable=False),
    Column("booked", UtcTime(), nullable=False),
    ForeignKeyConstraint(["account", "client_id"], ["intents.account", "intents.client_id"]),
)
Index("ix_fills_client_id", fills.c.account, fills.c.client_id)

write_offs = Table(
    "write_offs",
    metadata,
    Column("id", Integer(), primary_key=True),
    Column("account", String(64), nullable=False),
    Column("position_id", String(36), nullable=False),
    Column("amount", DecimalText(), nullable=False),
    Column("reason", Text(), nullable=False),
    Column("time", UtcTime(), nullable=False),
    Column("price", DecimalText()),
    ForeignKeyConstraint(["account", "position_id"], ["positions.account", "positions.id"]),
)
Index("ix_write_offs_position_id", write_offs.c.account, write_offs.c.position_id)

equity = Table(
    "equity",
    metadata,
    _account(),
    Column("day", String(10), primary_key=True),
    Column("currency", String(16), nullable=False),
    Column("opening", DecimalText(), nullable=False),
    Column("latest", DecimalText(), nullable=False),
    Column("peak", DecimalText(), nullable=False),
    Column("updated", UtcTime(), nullable=False),
    Column("earned", DecimalText()),
    Column("capital", DecimalText()),
    Column("prices", Text()),
)

# The same between the rows of `equity`, some minutes apart: the curve of a day.
equity_points = Table(
    "equity_points",
    metadata,
    Column("id", Integer(), primary_key=True),
    Column("account", String(64), nullable=False),
    Column("time", UtcTime(), nullable=False),
    Column("currency", String(16), nullable=False),
    Column("equity", DecimalText(), nullable=False),
    Column("earned", DecimalText(), nullable=False),
    Column("unit", DecimalText(), nullable=False),
)
Index("ix_equity_points_account_time", equity_points.c.account, equity_points.c.time)

# One row per account: its copy of the portfolio's figures.
portfolio = Table(
    "portfolio",
    metadata,
    _account(),
    Column("day", String(10), nullable=False),
    Column("currency", String(16), nullable=False),
    Column("opening", DecimalText(), nullable=False),
    Column("latest", DecimalText(), nullable=False),
    Column("peak", DecimalText(), nullable=False),
    Column("updated", UtcTime(), nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("id", Integer(), primary_key=True),
    Column("account", String(64), nullable=False),
    Column("time", UtcTime(), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("market", String(32)),
    Column("detail", Text(), nullable=False),
)
Index("ix_events_account_time", events.c.account, events.c.time)

halts = Table(
    "latches",
    metadata,
    _account(),
    Column("name", String(32), primary_key=True),
    Column("reason", Text(), nullable=False),
    Column("since", UtcTime(), nullable=False),
)

# Whose journal this is. `fingerprint`: the first 16 hex digits of the SHA-256 of the exchange's account id.
identity = Table(
    "identity",
    metadata,
    _account(),
    Column("fingerprint", String(16), nullable=False),
    Column("first_seen", UtcTime(), nullable=False),
)

# The owner's share by currency as of `time`; and what is missing since when.
holdings = Table(
    "holdings",
    metadata,
    _account(),
    Column("currency", String(32), primary_key=True),
    Column("amount", DecimalText(), nullable=False),
    Column("is_known", Boolean(), nullable=False),
    Column("missing", DecimalText(), nullable=False),
    Column("missing_since", UtcTime()),
    Column("time", UtcTime(), nullable=False),
)

marks = Table(
    "marks",
    metadata,
    _account(),
    Column("name", String(32), primary_key=True),
    Column("time", UtcTime(), nullable=False),
)
