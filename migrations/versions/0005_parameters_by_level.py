"""parameters of schemes by org level, schemes open to the units below, whose parameters a cycle takes

Revision ID: 0005
Revises: 0004
Create Date: 2026-11-24 16:40:00
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scheme_parameter",
        sa.Column("scheme_id", sa.Integer(), nullable=False),
        sa.Column("org_unit_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(length=300), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("below", sa.String(length=40), nullable=False),
        sa.Column("low", sa.BigInteger(), nullable=True),
        sa.Column("high", sa.BigInteger(), nullable=True),
        sa.Column("way", sa.String(length=40), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("set_by", sa.String(length=120), nullable=False),
        sa.Column("set_at", sa.DateTime(), nullable=False),
        sa.Column("closed_by", sa.String(length=120), nullable=True),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("closed_reason", sa.String(length=1000), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("priority >= 1", name=op.f("ck_scheme_parameter_priority")),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_scheme_parameter_days")
        ),
        sa.ForeignKeyConstraint(
            ["org_unit_id"], ["org_unit.id"], name=op.f("fk_scheme_parameter_org_unit_id_org_unit")
        ),
        sa.ForeignKeyConstraint(
            ["scheme_id"], ["scheme.id"], name=op.f("fk_scheme_parameter_scheme_id_scheme")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheme_parameter")),
    )
    op.create_index("ix_scheme_parameter_path", "scheme_parameter", ["scheme_id", "path"])
    op.create_index(op.f("ix_scheme_parameter_org_unit_id"), "scheme_parameter", ["org_unit_id"])
    # Plain ADD COLUMN: copying these tables would stumble over the rows that refer to them.
    op.add_column("scheme", sa.Column("open_below", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column(
        "cycle", sa.Column("parameters_of", sa.String(length=40), nullable=False, server_default="person")
    )


def downgrade() -> None:
    op.drop_column("cycle", "parameters_of")
    op.drop_column("scheme", "open_below")
    op.drop_table("scheme_parameter")
