"""Limits in returns: the value of one unit instead of earnings, also of all accounts together.

Rows of `equity` keep what NIJA had earned until the account's equity is known: see nija/trader/return_tracker.py.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from nija.journal.types import DecimalText, UtcTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("equity", sa.Column("earned", DecimalText(), nullable=True))
    op.add_column("equity", sa.Column("capital", DecimalText(), nullable=True))
    op.add_column("write_offs", sa.Column("price", DecimalText(), nullable=True))
    # What was written off until now was counted as lost: at another price it would now look like a gain.
    op.execute("UPDATE write_offs SET price = '0'")
    op.create_table(
        "portfolio",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("currency", sa.String(length=16), nullable=False),
        sa.Column("opening", DecimalText(), nullable=False),
        sa.Column("latest", DecimalText(), nullable=False),
        sa.Column("peak", DecimalText(), nullable=False),
        sa.Column("updated", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_portfolio")),
    )
