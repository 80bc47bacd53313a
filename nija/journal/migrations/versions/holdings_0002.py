"""Whose journal it is, and what the owner holds beside NIJA; the table `keys` was never written."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from nija.journal.types import DecimalText, UtcTime

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "identity",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=16), nullable=False),
        sa.Column("first_seen", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_identity")),
    )
    op.create_table(
        "holdings",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=32), nullable=False),
        sa.Column("amount", DecimalText(), nullable=False),
        sa.Column("is_known", sa.Boolean(), nullable=False),
        sa.Column("missing", DecimalText(), nullable=False),
        sa.Column("missing_since", UtcTime(), nullable=True),
        sa.Column("time", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("account", "currency", name=op.f("pk_holdings")),
    )
    op.drop_table("keys")
