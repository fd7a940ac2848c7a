"""data models and provenance

Revision ID: 0003
Revises: 0002
Create Date: 2026-11-24 06:14:14.612497
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "data_model",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name_zh", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=True),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("delivery", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("shipped", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("defined_at", sa.DateTime(), nullable=False),
        sa.Column("lock", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_model")),
        sa.UniqueConstraint("code", name=op.f("uq_data_model_code")),
        sa.UniqueConstraint("name_zh", name=op.f("uq_data_model_name_zh")),
    )
    op.create_table(
        "recalculation",
        sa.Column("cause", sa.String(length=120), nullable=False),
        sa.Column("items", sa.Text(), nullable=False),
        sa.Column("actor_label", sa.String(length=120), nullable=False),
        sa.Column("computed_at", sa.DateTime(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recalculation")),
    )
    op.create_table(
        "code_map",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("employee_id", sa.Integer(), nullable=True),
        sa.Column("org_unit_id", sa.Integer(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("actor_label", sa.String(length=120), nullable=False),
        sa.Column("mapped_at", sa.DateTime(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(employee_id IS NULL) <> (org_unit_id IS NULL)", name=op.f("ck_code_map_meaning")
        ),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_code_map_days")),
        sa.ForeignKeyConstraint(
            ["employee_id"], ["employee.id"], name=op.f("fk_code_map_employee_id_employee")
        ),
        sa.ForeignKeyConstraint(
            ["org_unit_id"], ["org_unit.id"], name=op.f("fk_code_map_org_unit_id_org_unit")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_map")),
    )
    with op.batch_alter_table("code_map", schema=None) as batch_op:
        batch_op.create_index("ix_code_map_code", ["kind", "source", "code", "valid_from"], unique=False)
        batch_op.create_index(batch_op.f("ix_code_map_employee_id"), ["employee_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_code_map_org_unit_id"), ["org_unit_id"], unique=False)

    op.create_table(
        "data_field",
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name_zh", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("in_key", sa.Boolean(), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("use", sa.String(length=40), nullable=False),
        sa.Column("titles", sa.Text(), nullable=False),
        sa.Column("choices", sa.Text(), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.Column("until", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["data_model.id"], name=op.f("fk_data_field_model_id_data_model")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_field")),
        sa.UniqueConstraint("model_id", "code", name=op.f("uq_data_field_model_id_code")),
    )
    op.create_table(
        "data_model_change",
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("actor_label", sa.String(length=120), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["data_model.id"], name=op.f("fk_data_model_change_model_id_data_model")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_model_change")),
    )
    with op.batch_alter_table("data_model_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_data_model_change_model_id"), ["model_id"], unique=False)

    op.create_table(
        "derivation",
        sa.Column("indicator_id", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("signature", sa.String(length=64), nullable=False),
        sa.Column("file", sa.String(length=255), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("computed_at", sa.DateTime(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["indicator_id"], ["indicator.id"], name=op.f("fk_derivation_indicator_id_indicator")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_derivation")),
        sa.UniqueConstraint("indicator_id", "period", name=op.f("uq_derivation_indicator_id_period")),
    )
    op.create_table(
        "feed",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name_zh", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("data_model_id", sa.Integer(), nullable=True),
        sa.Column("mapping_name", sa.String(length=120), nullable=False),
        sa.Column("file_pattern", sa.String(length=200), nullable=False),
        sa.Column("control_pattern", sa.String(length=200), nullable=False),
        sa.Column("ready_pattern", sa.String(length=200), nullable=False),
        sa.Column("rhythm", sa.String(length=40), nullable=False),
        sa.Column("due_days", sa.Integer(), nullable=False),
        sa.Column("due_minutes", sa.Integer(), nullable=False),
        sa.Column("shortest_percent", sa.BigInteger(), nullable=True),
        sa.Column("policy", sa.String(length=40), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["data_model_id"], ["data_model.id"], name=op.f("fk_feed_data_model_id_data_model")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed")),
        sa.UniqueConstraint("code", name=op.f("uq_feed_code")),
    )
    op.create_table(
        "import_mapping",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("data_model_id", sa.Integer(), nullable=True),
        sa.Column("titles", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("actor_label", sa.String(length=120), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_import_mapping_days")),
        sa.ForeignKeyConstraint(
            ["data_model_id"], ["data_model.id"], name=op.f("fk_import_mapping_data_model_id_data_model")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_mapping")),
        sa.UniqueConstraint("name", "valid_from", name=op.f("uq_import_mapping_name_valid_from")),
    )
    op.create_table(
        "typed_value",
        sa.Column("indicator_id", sa.Integer(), nullable=False),
        sa.Column("employee_id", sa.Integer(), nullable=True),
        sa.Column("org_unit_id", sa.Integer(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("flag", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("stored_file_id", sa.Integer(), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("actor_label", sa.String(length=120), nullable=False),
        sa.Column("typed_at", sa.DateTime(), nullable=False),
        sa.Column("superseded_at", sa.DateTime(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(employee_id IS NULL) <> (org_unit_id IS NULL)", name=op.f("ck_typed_value_subject")
        ),
        sa.ForeignKeyConstraint(
            ["employee_id"], ["employee.id"], name=op.f("fk_typed_value_employee_id_employee")
        ),
        sa.ForeignKeyConstraint(
            ["indicator_id"], ["indicator.id"], name=op.f("fk_typed_value_indicator_id_indicator")
        ),
        sa.ForeignKeyConstraint(
            ["org_unit_id"], ["org_unit.id"], name=op.f("fk_typed_value_org_unit_id_org_unit")
        ),
        sa.ForeignKeyConstraint(
            ["stored_file_id"], ["stored_file.id"], name=op.f("fk_typed_value_stored_file_id_stored_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_typed_value")),
    )
    with op.batch_alter_table("typed_value", schema=None) as batch_op:
        batch_op.create_index("ix_typed_value_day", ["indicator_id", "day"], unique=False)
        batch_op.create_index(batch_op.f("ix_typed_value_employee_id"), ["employee_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_typed_value_org_unit_id"), ["org_unit_id"], unique=False)
        batch_op.create_index(
            "uq_typed_value_employee",
            ["indicator_id", "employee_id", "day"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL AND employee_id IS NOT NULL"),
            postgresql_where=sa.text("superseded_at IS NULL AND employee_id IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_typed_value_org_unit",
            ["indicator_id", "org_unit_id", "day"],
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL AND org_unit_id IS NOT NULL"),
            postgresql_where=sa.text("superseded_at IS NULL AND org_unit_id IS NOT NULL"),
        )

    op.create_table(
        "field_mapping",
        sa.Column("field_id", sa.Integer(), nullable=False),
        sa.Column("indicator_id", sa.Integer(), nullable=False),
        sa.Column("coefficient", sa.BigInteger(), nullable=False),
        sa.Column("conditions", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_field_mapping_days")),
        sa.ForeignKeyConstraint(
            ["field_id"], ["data_field.id"], name=op.f("fk_field_mapping_field_id_data_field")
        ),
        sa.ForeignKeyConstraint(
            ["indicator_id"], ["indicator.id"], name=op.f("fk_field_mapping_indicator_id_indicator")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_field_mapping")),
    )
    with op.batch_alter_table("field_mapping", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_field_mapping_field_id"), ["field_id"], unique=False)
        batch_op.create_index("ix_field_mapping_indicator", ["indicator_id"], unique=False)

    op.create_table(
        "balance",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("signature", sa.String(length=64), nullable=False),
        sa.Column("file", sa.String(length=255), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("differences", sa.Integer(), nullable=False),
        sa.Column("suspended", sa.Integer(), nullable=False),
        sa.Column("computed_at", sa.DateTime(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_balance")),
        sa.UniqueConstraint("day", name=op.f("uq_balance_day")),
    )
    op.create_table(
        "arrival",
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("control", sa.Text(), nullable=True),
        sa.Column("message", sa.String(length=500), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("upload_id", sa.Integer(), nullable=True),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("dismissed_at", sa.DateTime(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feed.id"], name=op.f("fk_arrival_feed_id_feed")),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["import_upload.id"], name=op.f("fk_arrival_upload_id_import_upload")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrival")),
        sa.UniqueConstraint("feed_id", "day", "attempt", name=op.f("uq_arrival_feed_id_day_attempt")),
    )
    with op.batch_alter_table("arrival", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_arrival_day"), ["day"], unique=False)

    op.create_table(
        "hidden_value",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("indicator", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("actor_label", sa.String(length=120), nullable=False),
        sa.Column("hidden_at", sa.DateTime(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_hidden_value_batch_id_import_batch")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hidden_value")),
        sa.UniqueConstraint(
            "batch_id", "line", "indicator", name=op.f("uq_hidden_value_batch_id_line_indicator")
        ),
    )
    op.create_table(
        "target_answer",
        sa.Column("target_id", sa.Integer(), nullable=False),
        sa.Column("employee_id", sa.Integer(), nullable=False),
        sa.Column("answer", sa.String(length=40), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("answered_at", sa.DateTime(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["employee_id"], ["employee.id"], name=op.f("fk_target_answer_employee_id_employee")
        ),
        sa.ForeignKeyConstraint(["target_id"], ["target.id"], name=op.f("fk_target_answer_target_id_target")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target_answer")),
        sa.UniqueConstraint("target_id", name=op.f("uq_target_answer_target_id")),
    )
    with op.batch_alter_table("target_answer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_target_answer_employee_id"), ["employee_id"], unique=False)

    with op.batch_alter_table("import_batch", schema=None) as batch_op:
        batch_op.add_column(sa.Column("data_model_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("reason", sa.String(length=500), nullable=True))
        batch_op.create_index(batch_op.f("ix_import_batch_data_model_id"), ["data_model_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_import_batch_data_model_id_data_model"), "data_model", ["data_model_id"], ["id"]
        )

    with op.batch_alter_table("import_upload", schema=None) as batch_op:
        batch_op.add_column(sa.Column("data_model_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("mapping_id", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("compute_changes", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(sa.Column("supersede", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("titles", sa.Text(), server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("extra", sa.Text(), server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("notes", sa.Text(), server_default="[]", nullable=False))
        batch_op.create_foreign_key(
            batch_op.f("fk_import_upload_mapping_id_import_mapping"), "import_mapping", ["mapping_id"], ["id"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_import_upload_data_model_id_data_model"), "data_model", ["data_model_id"], ["id"]
        )

    with op.batch_alter_table("target", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_target_batch_id_line"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_target_batch_id_line_indicator_id"), ["batch_id", "line", "indicator_id"]
        )

    with op.batch_alter_table("indicator", schema=None) as batch_op:
        batch_op.add_column(sa.Column("formula", sa.Text(), nullable=True))
        batch_op.add_column(
            sa.Column("income_counts", sa.Boolean(), server_default=sa.true(), nullable=False)
        )
        batch_op.add_column(sa.Column("by_hand", sa.Boolean(), server_default=sa.false(), nullable=False))

    with op.batch_alter_table("org_unit", schema=None) as batch_op:
        batch_op.add_column(sa.Column("successor_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_org_unit_successor_id_org_unit"), "org_unit", ["successor_id"], ["id"]
        )

    for table in ("post", "grade"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("retired_on", sa.Date(), nullable=True))

    op.create_table(
        "employment",
        sa.Column("employee_id", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name=op.f("ck_employment_days")),
        sa.ForeignKeyConstraint(
            ["employee_id"], ["employee.id"], name=op.f("fk_employment_employee_id_employee")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employment")),
    )
    with op.batch_alter_table("employment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_employment_employee_id"), ["employee_id"], unique=False)
    op.execute(
        "INSERT INTO employment (employee_id, valid_from, valid_to) SELECT id, hired_on, left_on FROM employee"
    )


def downgrade() -> None:
    with op.batch_alter_table("employment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_employment_employee_id"))

    op.drop_table("employment")
    for table in ("post", "grade"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("retired_on")

    with op.batch_alter_table("org_unit", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_org_unit_successor_id_org_unit"), type_="foreignkey")
        batch_op.drop_column("successor_id")

    with op.batch_alter_table("indicator", schema=None) as batch_op:
        batch_op.drop_column("by_hand")
        batch_op.drop_column("income_counts")
        batch_op.drop_column("formula")

    with op.batch_alter_table("target", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_target_batch_id_line_indicator_id"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_target_batch_id_line"), ["batch_id", "line"])

    with op.batch_alter_table("import_upload", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_import_upload_data_model_id_data_model"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_import_upload_mapping_id_import_mapping"), type_="foreignkey")
        batch_op.drop_column("extra")
        batch_op.drop_column("notes")
        batch_op.drop_column("titles")
        batch_op.drop_column("supersede")
        batch_op.drop_column("compute_changes")
        batch_op.drop_column("mapping_id")
        batch_op.drop_column("data_model_id")

    with op.batch_alter_table("import_batch", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_import_batch_data_model_id_data_model"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_import_batch_data_model_id"))
        batch_op.drop_column("reason")
        batch_op.drop_column("data_model_id")

    with op.batch_alter_table("target_answer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_target_answer_employee_id"))

    op.drop_table("target_answer")
    op.drop_table("hidden_value")
    with op.batch_alter_table("arrival", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_arrival_day"))

    op.drop_table("arrival")
    op.drop_table("balance")
    with op.batch_alter_table("field_mapping", schema=None) as batch_op:
        batch_op.drop_index("ix_field_mapping_indicator")
        batch_op.drop_index(batch_op.f("ix_field_mapping_field_id"))

    op.drop_table("field_mapping")
    with op.batch_alter_table("typed_value", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_typed_value_org_unit",
            sqlite_where=sa.text("superseded_at IS NULL AND org_unit_id IS NOT NULL"),
            postgresql_where=sa.text("superseded_at IS NULL AND org_unit_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "uq_typed_value_employee",
            sqlite_where=sa.text("superseded_at IS NULL AND employee_id IS NOT NULL"),
            postgresql_where=sa.text("superseded_at IS NULL AND employee_id IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_typed_value_org_unit_id"))
        batch_op.drop_index(batch_op.f("ix_typed_value_employee_id"))
        batch_op.drop_index("ix_typed_value_day")

    op.drop_table("typed_value")
    op.drop_table("import_mapping")
    op.drop_table("feed")
    op.drop_table("derivation")
    with op.batch_alter_table("data_model_change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_data_model_change_model_id"))

    op.drop_table("data_model_change")
    op.drop_table("data_field")
    with op.batch_alter_table("code_map", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_code_map_org_unit_id"))
        batch_op.drop_index(batch_op.f("ix_code_map_employee_id"))
        batch_op.drop_index("ix_code_map_code")

    op.drop_table("code_map")
    op.drop_table("recalculation")
    op.drop_table("data_model")
