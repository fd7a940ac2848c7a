"""why a cohort was called off, and a lock number against edits at the same time

Revision ID: 0002
Revises: 0001
Create Date: 2026-11-24 06:10:00
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain ADD COLUMN: copying the table would stumble over the rows that refer to it.
    op.add_column("cohort", sa.Column("cancel_reason", sa.String(length=500), nullable=True))
    op.add_column("cohort", sa.Column("lock", sa.Integer(), nullable=False, server_default="1"))


def downgrade() -> None:
    op.drop_column("cohort", "lock")
    op.drop_column("cohort", "cancel_reason")
