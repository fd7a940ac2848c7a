"""Measures: the values of a period become one figure, for employees, customers and org units.

A figure of units is rolled up by the tree as it stood each day, so that the units below a unit always add up
to it and a moved unit counts above its new parent from that day on only.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import duckdb
import pyarrow as pa
import pyarrow.compute
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core.duck import create_table
from lms.indicators.models import Indicator
from lms.indicators.rules import Aggregate
from lms.indicators.services.attribution import register_tree
from lms.indicators.services.facts import day_facts
from lms.indicators.services.origins import Ask

# The stubs of pyarrow do not know that a scalar may stand beside a column.
pc: Any = pyarrow.compute

Kind = Literal["employee", "unit", "customer"]
Span = tuple[date, date]


@dataclass(frozen=True)
class _Subject:
    """Who a figure is of: the SQL of the name, of the days, and of the rows it comes from."""

    name: str
    begins: str
    ends: str
    relation: str


_SUBJECTS = {
    "employee": _Subject(
        "employee_number", "fact.start", "fact.stop", "(FROM day_fact WHERE employee_number IS NOT NULL) fact"
    ),
    "customer": _Subject(
        "fact.customer", "fact.start", "fact.stop", "(FROM day_fact WHERE customer IS NOT NULL) fact"
    ),
    "unit": _Subject(
        "above.ancestor",
        "greatest(fact.start, above.since)",
        "least(fact.stop, above.until)",
        "day_fact fact JOIN above ON above.unit = fact.unit AND above.since < fact.stop "
        "AND above.until > fact.start",
    ),
    "place": _Subject(
        "coalesce(fact.unit, '') || '/' || fact.place", "fact.start", "fact.stop", "day_fact fact"
    ),
}


def plain_measures(
    session: Session,
    kind: Kind,
    subjects: Collection[str] | None,
    codes: Collection[str],
    spans: Sequence[Span],
) -> list[pa.Table]:
    """Return for each span subject, measure, value (float64): each indicator's aggregate, formulas aside.

    None means all subjects. A pair without any value has no row.

    A daily average of values that come one by one holds each until the next one, beginning with the last one
    before the span, over the days for which one is known. One of snapshots is the mean of the whole states
    over the days for which a state is known, a subject that is not in a state having nothing that day. `last`
    of snapshots is the last state of the span; count, distinct and mean of snapshots are of that state too.
    """
    if not codes or not spans:
        return [pa.Table.from_batches([], SCHEMA) for _ in spans]
    first, after = min(span[0] for span in spans), max(span[1] for span in spans)
    employees = subjects if kind == "employee" else None
    ask = _ask(session, codes, first, after, employees)
    with day_facts(session, ask, spans, subject=kind) as connection:
        if kind == "unit":
            register_tree(session, connection)
        table = _measured(connection, kind, spans, None if subjects is None else sorted(set(subjects)))
    return [
        table.filter(pc.equal(table["span"], pa.scalar(at))).drop_columns(["span"])
        for at in range(len(spans))
    ]


@dataclass(frozen=True)
class Standing:
    """What of an indicator belongs to managers, to pools and to nobody, in one unit itself ("": unknown)."""

    unit: str
    managers: float
    pool: float
    suspense: float

    @property
    def total(self) -> float:
        """The whole: nothing is ever left out."""
        return self.managers + self.pool + self.suspense


def balance(session: Session, code: str, first: date, after: date) -> list[Standing]:
    """Return by unit how an additive indicator splits into managers, pool and suspense."""
    ask = _ask(session, [code], first, after, None)
    with day_facts(session, ask, [(first, after)], subject="place") as connection:
        rows = _measured(connection, "place", [(first, after)], None).to_pylist()
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        unit, _, place = str(row["subject"]).rpartition("/")
        found.setdefault(unit, {})[place] = float(row["value"])
    return [
        Standing(unit, of.get("manager", 0.0), of.get("pool", 0.0), of.get("suspense", 0.0))
        for unit, of in sorted(found.items())
    ]


_TYPES: dict[str, pa.DataType] = {"subject": pa.string(), "measure": pa.string(), "value": pa.float64()}
SCHEMA = pa.schema(_TYPES)


def _ask(
    session: Session, codes: Collection[str], first: date, after: date, employees: Collection[str] | None
) -> Ask:
    wanted = select(Indicator.aggregate).where(Indicator.code.in_(sorted(set(codes))))
    found = set(session.scalars(wanted))
    return Ask.of(
        codes,
        first,
        after,
        employees,
        holding=Aggregate.DAILY_AVG in found,
        states=bool(found & {Aggregate.DAILY_AVG, Aggregate.LAST}),
    )


def _measured(
    connection: duckdb.DuckDBPyConnection, kind: str, spans: Sequence[Span], subjects: Sequence[str] | None
) -> pa.Table:
    create_table(
        connection,
        "span",
        pa.table(
            {
                "span": pa.array(range(len(spans)), pa.int64()),
                "first": pa.array([first for first, _ in spans], pa.date32()),
                "after": pa.array([after for _, after in spans], pa.date32()),
            }
        ),
    )
    create_table(connection, "subject_wanted", pa.table({"subject": pa.array(subjects or (), pa.string())}))
    of = _SUBJECTS[kind]
    query = _MEASURES.format(
        subject=of.name,
        begins=of.begins,
        ends=of.ends,
        relation=of.relation,
        chosen="true" if subjects is None else "subject IN (SELECT subject FROM subject_wanted)",
        days="sum(days)" if kind in ("employee", "customer") else "any_value(known_days)",
    )
    table = pa.table(connection.sql(query).to_arrow_table())
    return table.cast(pa.schema([pa.field("span", pa.int64()), *SCHEMA]))


_MEASURES = """
    WITH part AS MATERIALIZED (
        FROM (SELECT span.*, fact.origin, fact.snapshot, fact.indicator, fact.aggregate, fact.day, fact.item,
            fact.total, fact.n, fact.latest, fact.held,
            coalesce(fact.employee_number, fact.officer, fact.unit, fact.customer, '') AS owner,
            {subject} AS subject, {begins} AS begins, {ends} AS ends
            FROM {relation}, span)
        WHERE begins < after AND (ends > first OR (snapshot AND ends = first)) AND {chosen}),
    inside AS (FROM part WHERE begins = day AND day >= first AND day < after),
    lasting AS (
        SELECT *, CASE WHEN held IS NULL THEN date_diff('day', greatest(begins, first), least(ends, after))
            WHEN ends > first THEN held ELSE 0 END AS days
        FROM part WHERE aggregate = 'daily_avg'),
    state AS (
        SELECT span, origin, max(day) FILTER (day >= first) AS last_day,
            date_diff('day', greatest(min(day), any_value(first)), any_value(after)) AS known_days
        FROM snapshot_day, span WHERE day < after GROUP BY span, origin),
    begun AS (
        SELECT span, indicator, date_diff('day', greatest(min(day), any_value(first)), any_value(after))
            AS known_days
        FROM lasting WHERE origin = 'direct' GROUP BY span, indicator),
    newest AS (
        SELECT span, indicator, origin, owner, max(day) AS day
        FROM inside WHERE NOT snapshot AND aggregate = 'last' GROUP BY span, indicator, origin, owner),
    found AS (
        SELECT span, subject, indicator, aggregate, CASE aggregate
            WHEN 'count' THEN CAST(sum(n) AS DOUBLE)
            WHEN 'distinct' THEN CAST(count(DISTINCT item) AS DOUBLE)
            ELSE CAST(sum(total) AS DOUBLE) END AS value, sum(n) AS n
        FROM inside WHERE NOT snapshot AND aggregate NOT IN ('last', 'daily_avg')
        GROUP BY span, subject, indicator, aggregate
        UNION ALL
        SELECT span, subject, indicator, aggregate, CAST(sum(latest) AS DOUBLE), 1
        FROM inside JOIN newest USING (span, indicator, origin, owner, day)
        WHERE NOT snapshot GROUP BY span, subject, indicator, aggregate
        UNION ALL
        SELECT span, subject, indicator, aggregate, CAST(sum(latest * days) AS DOUBLE) / {days}, 1
        FROM lasting JOIN begun USING (span, indicator)
        WHERE origin = 'direct' AND days > 0 GROUP BY span, subject, indicator, aggregate
        UNION ALL
        SELECT span, subject, indicator, aggregate,
            CAST(sum(total) AS DOUBLE) / date_diff('day', any_value(first), any_value(after)), 1
        FROM inside WHERE NOT snapshot AND origin <> 'direct' AND aggregate = 'daily_avg'
        GROUP BY span, subject, indicator, aggregate
        UNION ALL
        SELECT span, subject, indicator, aggregate,
            CAST(sum(CAST(total AS DECIMAL(28, 8)) * days) AS DOUBLE) / any_value(known_days), 1
        FROM lasting JOIN state USING (span, origin)
        WHERE snapshot GROUP BY span, subject, indicator, aggregate, origin
        UNION ALL
        SELECT span, subject, indicator, aggregate, CASE aggregate
            WHEN 'sum' THEN CAST(sum(total) FILTER (begins = day AND day >= first) AS DOUBLE)
            WHEN 'count' THEN CAST(coalesce(sum(n) FILTER (begins = day AND day = last_day), 0) AS DOUBLE)
            WHEN 'distinct' THEN CAST(count(DISTINCT item) FILTER (begins = day AND day = last_day) AS DOUBLE)
            ELSE CAST(coalesce(sum(total) FILTER (begins = day AND day = last_day), 0) AS DOUBLE) END,
            sum(n) FILTER (begins = day AND day = last_day)
        FROM part JOIN state USING (span, origin)
        WHERE snapshot AND aggregate <> 'daily_avg' AND last_day IS NOT NULL
        GROUP BY span, subject, indicator, aggregate, origin)
    SELECT span, subject, indicator AS measure,
        CASE aggregate WHEN 'mean' THEN sum(value) / sum(n) ELSE sum(value) END AS value
    FROM found GROUP BY span, subject, indicator, aggregate HAVING value IS NOT NULL
    ORDER BY span, subject, measure
"""
"""Each kind of origin and aggregate gives its part; the parts of one figure add up, a mean divides last."""
