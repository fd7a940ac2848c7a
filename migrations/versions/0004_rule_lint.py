"""rule lint

Revision ID: 0004
Revises: 0003
Create Date: 2026-11-24 08:40:00.000000
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain ADD COLUMN: copying the tables would stumble over the rows that refer to them.
    op.add_column("indicator", sa.Column("indicator_class", sa.String(length=40), nullable=True))
    op.add_column("indicator", sa.Column("point_in_time", sa.Boolean(), nullable=True))
    op.add_column("scheme_version", sa.Column("lint", sa.Text(), nullable=True))
    op.add_column(
        "scheme_version",
        sa.Column("lint_reason", sa.String(length=1000), nullable=False, server_default=""),
    )
    op.create_table(
        "lint_rule",
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("check", sa.String(length=40), nullable=False),
        sa.Column("severity", sa.String(length=40), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("threshold", sa.BigInteger(), nullable=True),
        sa.Column("classes", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("title_zh", sa.String(length=200), nullable=False),
        sa.Column("title_en", sa.String(length=200), nullable=True),
        sa.Column("advice_zh", sa.String(length=500), nullable=False),
        sa.Column("advice_en", sa.String(length=500), nullable=True),
        sa.Column("source_zh", sa.String(length=200), nullable=False),
        sa.Column("source_en", sa.String(length=200), nullable=True),
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("article", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("by_name", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_lint_rule_days")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lint_rule")),
    )
    op.create_index("ix_lint_rule_code", "lint_rule", ["code"])
    op.create_table(
        "target_excess",
        sa.Column("org_unit_id", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("indicator_id", sa.Integer(), nullable=False),
        sa.Column("parent", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("maker_name", sa.String(length=80), nullable=False),
        sa.Column("checker_name", sa.String(length=80), nullable=False),
        sa.Column("decided_at", sa.DateTime(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["indicator_id"], ["indicator.id"], name=op.f("fk_target_excess_indicator_id_indicator")
        ),
        sa.ForeignKeyConstraint(
            ["org_unit_id"], ["org_unit.id"], name=op.f("fk_target_excess_org_unit_id_org_unit")
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_target_excess_proposal_id_proposal")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target_excess")),
        sa.UniqueConstraint("proposal_id", name=op.f("uq_target_excess_proposal_id")),
    )
    op.create_index("ix_target_excess_unit", "target_excess", ["org_unit_id", "period"])


def downgrade() -> None:
    op.drop_index("ix_target_excess_unit", "target_excess")
    op.drop_table("target_excess")
    op.drop_index("ix_lint_rule_code", "lint_rule")
    op.drop_table("lint_rule")
    op.drop_column("scheme_version", "lint_reason")
    op.drop_column("scheme_version", "lint")
    op.drop_column("indicator", "point_in_time")
    op.drop_column("indicator", "indicator_class")
