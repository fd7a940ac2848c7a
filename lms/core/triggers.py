"""Database triggers that keep append-only tables append-only; installed after every migration."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

APPEND_ONLY = ("audit_entry",)
"""Tables whose rows may be neither changed nor deleted."""

_SQLITE = """
CREATE TRIGGER IF NOT EXISTS {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION zhixing_append_only() RETURNS trigger AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$ LANGUAGE plpgsql
"""
_POSTGRESQL = """
CREATE OR REPLACE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
FOR EACH ROW EXECUTE FUNCTION zhixing_append_only()
"""


def install(connection: Connection) -> list[str]:
    """Create the triggers for the append-only tables that exist; return their names."""
    tables = [table for table in APPEND_ONLY if inspect(connection).has_table(table)]
    postgresql = connection.dialect.name == "postgresql"
    if postgresql and tables:
        connection.execute(text(_POSTGRESQL_FUNCTION))
    names = []
    for table in tables:
        for verb in ("update", "delete"):
            template = _POSTGRESQL if postgresql else _SQLITE
            connection.execute(text(template.format(table=table, verb=verb)))
            names.append(f"{table}_no_{verb}")
    return names


def installed(connection: Connection) -> set[str]:
    """Return the names of the triggers of ours that stand in the database."""
    source = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        if connection.dialect.name == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    return {str(name) for (name,) in connection.execute(text(source))}
