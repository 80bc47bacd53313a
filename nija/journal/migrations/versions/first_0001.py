"""The journal as it first was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from nija.journal.types import DecimalText, UtcTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    _equity()
    _events()
    _keys()
    _latches()
    _marks()
    _positions()
    _intents()
    _write_offs()
    _fills()
    _transitions()


def _equity() -> None:
    op.create_table(
        "equity",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("currency", sa.String(length=16), nullable=False),
        sa.Column("opening", DecimalText(), nullable=False),
        sa.Column("latest", DecimalText(), nullable=False),
        sa.Column("peak", DecimalText(), nullable=False),
        sa.Column("updated", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("account", "day", name=op.f("pk_equity")),
    )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("time", UtcTime(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("market", sa.String(length=32), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_account_time", "events", ["account", "time"], unique=False)


def _keys() -> None:
    op.create_table(
        "keys",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=8), nullable=False),
        sa.Column("account_uid", sa.String(length=128), nullable=False),
        sa.Column("permissions", sa.Text(), nullable=False),
        sa.Column("first_seen", UtcTime(), nullable=False),
        sa.Column("last_seen", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("account", "fingerprint", name=op.f("pk_keys")),
    )


def _latches() -> None:
    op.create_table(
        "latches",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("account", "name", name=op.f("pk_latches")),
    )


def _marks() -> None:
    op.create_table(
        "marks",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("time", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("account", "name", name=op.f("pk_marks")),
    )


def _positions() -> None:
    op.create_table(
        "positions",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("market", sa.String(length=32), nullable=False),
        sa.Column("opened", UtcTime(), nullable=False),
        sa.Column("signal_time", UtcTime(), nullable=True),
        sa.Column("strategy", sa.String(length=128), nullable=False),
        sa.Column("stop_price", DecimalText(), nullable=True),
        sa.Column("exit_reason", sa.Text(), nullable=True),
        sa.Column("closed", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("account", "id", name=op.f("pk_positions")),
    )
    op.create_index(
        "ix_positions_open",
        "positions",
        ["account", "market"],
        unique=True,
        sqlite_where=sa.text("closed IS NULL"),
        postgresql_where=sa.text("closed IS NULL"),
    )


def _intents() -> None:
    op.create_table(
        "intents",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=36), nullable=False),
        sa.Column("position_id", sa.String(length=36), nullable=False),
        sa.Column("purpose", sa.String(length=8), nullable=False),
        sa.Column("market", sa.String(length=32), nullable=False),
        sa.Column("side", sa.String(length=4), nullable=False),
        sa.Column("type", sa.String(length=8), nullable=False),
        sa.Column("amount", DecimalText(), nullable=False),
        sa.Column("limit_price", DecimalText(), nullable=True),
        sa.Column("stop_price", DecimalText(), nullable=True),
        sa.Column("post_only", sa.Boolean(), nullable=False),
        sa.Column("deadline", UtcTime(), nullable=False),
        sa.Column("signal_time", UtcTime(), nullable=True),
        sa.Column("strategy", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("exchange_id", sa.String(length=64), nullable=True),
        sa.Column("filled", DecimalText(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("passing", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("created", UtcTime(), nullable=False),
        sa.Column("updated", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account", "position_id"],
            ["positions.account", "positions.id"],
            name=op.f("fk_intents_account_position_id"),
        ),
        sa.PrimaryKeyConstraint("account", "client_id", name=op.f("pk_intents")),
    )
    op.create_index("ix_intents_exchange_id", "intents", ["account", "exchange_id"], unique=True)
    op.create_index("ix_intents_position_id", "intents", ["account", "position_id"], unique=False)
    op.create_index(
        "ix_intents_signal",
        "intents",
        ["account", "market", "signal_time"],
        unique=True,
        sqlite_where=sa.text("purpose = 'entry' AND NOT passing"),
        postgresql_where=sa.text("purpose = 'entry' AND NOT passing"),
    )
    op.create_index(
        "ix_intents_unsettled",
        "intents",
        ["account"],
        unique=False,
        sqlite_where=sa.text("NOT settled"),
        postgresql_where=sa.text("NOT settled"),
    )


def _write_offs() -> None:
    op.create_table(
        "write_offs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("position_id", sa.String(length=36), nullable=False),
        sa.Column("amount", DecimalText(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("time", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account", "position_id"],
            ["positions.account", "positions.id"],
            name=op.f("fk_write_offs_account_position_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_write_offs")),
    )
    op.create_index("ix_write_offs_position_id", "write_offs", ["account", "position_id"], unique=False)


def _fills() -> None:
    op.create_table(
        "fills",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("fill_id", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=36), nullable=False),
        sa.Column("order_id", sa.String(length=64), nullable=False),
        sa.Column("market", sa.String(length=32), nullable=False),
        sa.Column("side", sa.String(length=4), nullable=False),
        sa.Column("amount", DecimalText(), nullable=False),
        sa.Column("price", DecimalText(), nullable=False),
        sa.Column("fee", DecimalText(), nullable=False),
        sa.Column("fee_currency", sa.String(length=16), nullable=False),
        sa.Column("time", UtcTime(), nullable=False),
        sa.Column("maker", sa.Boolean(), nullable=False),
        sa.Column("booked", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account", "client_id"], ["intents.account", "intents.client_id"], name=op.f("fk_fills_account_client_id")
        ),
        sa.PrimaryKeyConstraint("account", "fill_id", name=op.f("pk_fills")),
    )
    op.create_index("ix_fills_client_id", "fills", ["account", "client_id"], unique=False)


def _transitions() -> None:
    op.create_table(
        "transitions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=36), nullable=False),
        sa.Column("time", UtcTime(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("filled", DecimalText(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account", "client_id"],
            ["intents.account", "intents.client_id"],
            name=op.f("fk_transitions_account_client_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transitions")),
    )
    op.create_index("ix_transitions_client_id", "transitions", ["account", "client_id"], unique=False)
