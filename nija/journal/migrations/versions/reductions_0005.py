"""Positions that are to be sold in part: the amount to keep, why, and the candle of the decision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from nija.journal.types import DecimalText, UtcTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("positions", sa.Column("keep", DecimalText(), nullable=True))
    op.add_column("positions", sa.Column("keep_reason", sa.Text(), nullable=True))
    op.add_column("positions", sa.Column("keep_signal", UtcTime(), nullable=True))
