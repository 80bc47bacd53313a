"""Limits in returns: the value of one unit instead of earnings, also of all accounts together.

Rows of `equity` keep what NIJA had earned until the account's equity is known: see nija/trader/measure.py.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from nija.journal.types import Money, UtcTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("equity", sa.Column("earned", Money(), nullable=True))
    op.add_column("equity", sa.Column("capital", Money(), nullable=True))
    op.add_column("write_offs", sa.Column("price", Money(), nullable=True))
    # What was written off until now was counted as lost: at another price it would now look like a gain.
    op.execute("UPDATE write_offs SET price = '0'")
    op.create_table(
        "portfolio",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("currency", sa.String(length=16), nullable=False),
        sa.Column("opening", Money(), nullable=False),
        sa.Column("latest", Money(), nullable=False),
        sa.Column("peak", Money(), nullable=False),
        sa.Column("updated", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_portfolio")),
    )
