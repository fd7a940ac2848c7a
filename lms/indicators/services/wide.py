"""Wide files: a row has one value an indicator. They are checked value by value and kept row by row.

Each value gets a line number of its own for the checks, made of its row's line and its column; a row
with one bad value is not taken over at all, so that it can be mended and brought again alone.
"""

# ruff: noqa: S608  the queries are made of our own column names and of quoted codes
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from lms.core.duck import Rows, literal
from lms.core.errors import Problem
from lms.core.textfile import Sheet
from lms.indicators.rules import Checked, ImportKind
from lms.indicators.rules.checks import OF_A_VALUE, OF_OTHER_LINES
from lms.indicators.rules.mapping import WideColumn

_WIDEST = 10_000
"""More columns than any file has; line × this + column is the number of a value."""
_SHARED = {
    ImportKind.ACTUALS: ("employee", "day", "flag", "reference"),
    ImportKind.TARGETS: ("employee", "unit"),
}
_VALUE = {ImportKind.ACTUALS: ("value", "value_unit"), ImportKind.TARGETS: ("target", "target_unit")}


def unfolded(
    sheet: Sheet, kind: ImportKind, columns: Sequence[WideColumn], day: date, flag: str | None
) -> Sheet:
    """Return a wide sheet with one row a value; `day` and `flag` are for rows that do not tell theirs."""
    room = sheet.good.room
    have = {name for name, *_ in room.connection.sql(f"DESCRIBE {sheet.good.query}").fetchall()}
    default = {"day": f"DATE '{day}'", "flag": literal(flag) if flag else "NULL"}
    shared = [
        f"coalesce({name if name in have else 'NULL'}, {default.get(name, 'NULL')}) AS {name}"
        for name in _SHARED[kind]
    ]
    cells = ", ".join(
        f"{{'at': {at}, 'indicator': {literal(one.indicator)}, 'value': \"{one.name}\", "
        f"'unit': \"{one.name}_unit\"}}"
        for at, one in enumerate(columns)
    )
    value, unit = _VALUE[kind]
    query = (
        f"SELECT line * {_WIDEST} + cell.at AS line, {', '.join(_SHARED[kind])}, "
        f"cell.indicator AS indicator, cell.value AS {value}, cell.unit AS {unit} "
        f"FROM (SELECT line, {', '.join(shared)}, unnest([{cells}]) AS cell FROM ({sheet.good.query})) "
        "WHERE cell.value IS NOT NULL"
    )
    room.connection.execute(f"CREATE OR REPLACE TABLE unfolded AS {query}")
    return replace(sheet, good=room.rows("SELECT * FROM unfolded"))


def folded(checked: Checked, sheet: Sheet, columns: Sequence[WideColumn]) -> Checked:
    """Return checked values under the lines of their rows, without the rows that have a bad one."""
    assert isinstance(checked.good, Rows)
    run = checked.good.room.connection.execute
    run(f"CREATE OR REPLACE TABLE sound AS {checked.good.query}")
    run(
        f"CREATE OR REPLACE TABLE spoiled AS SELECT DISTINCT line // {_WIDEST} AS line "
        f"FROM ({sheet.good.query}) value ANTI JOIN sound USING (line)"
    )
    run(f"UPDATE sound SET line = line // {_WIDEST}")
    good = checked.good.room.rows("SELECT * FROM sound ANTI JOIN spoiled USING (line)")
    spans = {}
    if checked.spans and any(first for _, first, _ in checked.spans.values()):
        found = run(
            f"SELECT indicator_set, count(*), min(day), max(day) FROM ({good.query}) GROUP BY ALL"
        ).fetchall()
        spans = {one: (count, first, last) for one, count, first, last in found}
    counted = run("SELECT count(*) FROM spoiled").fetchall()
    told = {(one.line, one.field, one.message): one for one in _folded(checked.problems, columns)}
    return replace(checked, good=good, problems=list(told.values()), bad=int(counted[0][0]), spans=spans)


def _folded(problems: Sequence[Problem], columns: Sequence[WideColumn]) -> Iterator[Problem]:
    """Give each problem the line of its row and, if it is about a value, the title of its column.

    What several values of a row share is told once by the caller.
    """
    for problem in problems:
        line, at = divmod(problem.line or 0, _WIDEST)
        params = dict(problem.params)
        if problem.message in OF_OTHER_LINES:
            params["detail"] = str(int(params["detail"]) // _WIDEST)
        field = columns[at].title if problem.message in OF_A_VALUE else problem.field
        yield Problem(problem.message, params, field=field, line=line, value=problem.value)
