"""Database triggers: append-only tables stay so, published results stay as they are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, inspect, text

APPEND_ONLY = ("audit_entry",)
"""Tables whose rows may be neither changed nor deleted."""


@dataclass(frozen=True)
class Guard:
    """One trigger: `verb` on `table` is refused where `when` holds ({row} is the row as SQL calls it)."""

    table: str
    verb: str
    words: str
    when: str = "1 = 1"

    @property
    def name(self) -> str:
        """What the trigger is called in the database."""
        return f"{self.table}_no_{self.verb}"

    @property
    def condition(self) -> str:
        """The condition about the row that would be added, changed or deleted."""
        return self.when.format(row="NEW" if self.verb == "insert" else "OLD")


_OF_CYCLE = "EXISTS (SELECT 1 FROM cycle c WHERE c.id = {row}.cycle_id AND c.state = 'published')"
_OF_APPRAISAL = (
    "EXISTS (SELECT 1 FROM appraisal a JOIN cycle c ON c.id = a.cycle_id"
    " WHERE a.id = {row}.appraisal_id AND c.state = 'published')"
)
PUBLISHED = {
    "cycle": "{row}.state = 'published'",
    "appraisal": _OF_CYCLE,
    "appraisal_section": _OF_APPRAISAL,
    "appraisal_line": _OF_APPRAISAL,
    "adjustment": _OF_APPRAISAL,
    "comprehensive_rating": _OF_CYCLE,
}
"""Tables of results, and when a row belongs to a published cycle: from then on it stays as it is."""


def guards(tables: Collection[str]) -> list[Guard]:
    """Return the triggers that belong to the tables that exist."""
    changing = ("update", "delete")
    found = [
        Guard(table, verb, f"{table} is append-only")
        for table in APPEND_ONLY
        for verb in changing
        if table in tables
    ]
    if not {"cycle", "appraisal"}.issubset(tables):
        return found
    for table, when in PUBLISHED.items():
        # Nothing is added to what was decided either; results are written before publishing, in bulk.
        verbs = ("insert", *changing) if table == "adjustment" else changing
        if table in tables:
            found += [Guard(table, verb, f"{table} belongs to a published cycle", when) for verb in verbs]
    return found


_SQLITE = """
CREATE TRIGGER IF NOT EXISTS {name} BEFORE {verb} ON {table}
WHEN {condition}
BEGIN SELECT RAISE(ABORT, '{words}'); END
"""
_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION zhixing_{name}() RETURNS trigger AS
$$ BEGIN
  IF {condition} THEN RAISE EXCEPTION '{words}'; END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$ LANGUAGE plpgsql
"""
_POSTGRESQL = """
CREATE OR REPLACE TRIGGER {name} BEFORE {verb} ON {table}
FOR EACH ROW EXECUTE FUNCTION zhixing_{name}()
"""


def install(connection: Connection) -> list[str]:
    """Create the triggers of the tables that exist; return their names."""
    postgresql = connection.dialect.name == "postgresql"
    templates = (_POSTGRESQL_FUNCTION, _POSTGRESQL) if postgresql else (_SQLITE,)
    names = []
    for guard in guards(inspect(connection).get_table_names()):
        for template in templates:
            connection.execute(
                text(
                    template.format(
                        name=guard.name,
                        verb=guard.verb,
                        table=guard.table,
                        words=guard.words,
                        condition=guard.condition,
                    )
                )
            )
        names.append(guard.name)
    return names


def installed(connection: Connection) -> set[str]:
    """Return the names of the triggers of ours that stand in the database."""
    source = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        if connection.dialect.name == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    return {str(name) for (name,) in connection.execute(text(source))}
