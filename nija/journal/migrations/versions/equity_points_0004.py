"""The curve of the equity between its days, and the prices by which each day was valued."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from nija.journal.types import DecimalText, UtcTime

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("equity", sa.Column("prices", sa.Text(), nullable=True))
    op.create_table(
        "equity_points",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("time", UtcTime(), nullable=False),
        sa.Column("currency", sa.String(length=16), nullable=False),
        sa.Column("equity", DecimalText(), nullable=False),
        sa.Column("earned", DecimalText(), nullable=False),
        sa.Column("unit", DecimalText(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_equity_points")),
    )
    op.create_index("ix_equity_points_account_time", "equity_points", ["account", "time"])
