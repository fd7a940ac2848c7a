"""Where figures come from: actuals, the records of data models, typed values.

Each origin is a piece of SQL with the same columns, so that one relation unites them all. `officer` and
`branch` are codes as their system writes them; what they mean is told by `attribution`.
"""

# ruff: noqa: S608  the queries are made of checked names and quoted texts
from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from lms.core import parquet
from lms.core.duck import create_table, literal, quoted
from lms.indicators.models import (
    CodeMap,
    DataField,
    DataModel,
    FieldMapping,
    HiddenValue,
    ImportBatch,
    Indicator,
    TypedValue,
)
from lms.indicators.rules import BatchState, ImportKind
from lms.indicators.rules.kinds import Delivery, FieldRole
from lms.indicators.services import store
from lms.indicators.services.ledgers import ledger_indicators, names_employees
from lms.people.models import Employee, OrgUnit

VALUE = pa.decimal128(28, 8)
BEGIN, NEVER = date(1900, 1, 1), date(9999, 1, 1)
DIRECT = "*"
"""The system of what names employees and units by their own numbers and codes."""
KEYS = ("system", "officer", "branch", "customer", "indicator", "day", "item", "slot")
CLEAN = ", ".join(f"nullif(trim({key}), '') AS {key}" for key in ("officer", "branch", "customer"))
_KINDS = {"batch": "BIGINT", "line": "BIGINT", "day": "DATE"}
_TYPED: dict[str, pa.DataType] = {
    "officer": pa.string(),
    "branch": pa.string(),
    "indicator": pa.string(),
    "day": pa.date32(),
    "value": VALUE,
    "flag": pa.string(),
    "reference": pa.string(),
}


@dataclass(frozen=True)
class Ask:
    """What is asked for: the values of indicators in `[first, after)`, of these people or of everybody.

    `holding`: also every earlier value that may still hold. `states`: also the last earlier snapshot.
    """

    codes: tuple[str, ...]
    first: date
    after: date
    employees: tuple[str, ...] | None = None
    holding: bool = False
    states: bool = False

    @classmethod
    def of(
        cls,
        codes: Collection[str],
        first: date,
        after: date,
        employees: Collection[str] | None = None,
        *,
        holding: bool = False,
        states: bool = False,
    ) -> Ask:
        """Ask for codes and people in any collection."""
        people = None if employees is None else tuple(sorted(set(employees)))
        return cls(tuple(sorted(set(codes))), first, after, people, holding, states)


@dataclass(frozen=True)
class Origin:
    """Rows from one place: SQL of their source, of the clause, and of each column."""

    name: str
    snapshot: bool
    relation: str
    where: str
    columns: Mapping[str, str]
    indicator: str | None = None
    """Set where all rows are of one indicator."""
    system: str = DIRECT

    def rows(self) -> str:
        """Return the query of the rows, all columns of `entry`."""
        chosen = ", ".join(f"{sql} AS {name}" for name, sql in self.columns.items())
        return (
            f"SELECT {literal(self.name)} AS origin, {str(self.snapshot).lower()} AS snapshot, "
            f"* REPLACE ({CLEAN}) FROM (SELECT {chosen} FROM {self.relation} WHERE {self.where})"
        )

    def summed(self, aggregates: Mapping[str, str]) -> str:
        """Return the query of aggregates by day and code, origin and snapshot beside them."""
        columns = {"slot": "0", **self.columns}
        constant = [name for name, sql in columns.items() if sql.isdigit() or sql.startswith(("'", "NULL"))]
        varying = {name: sql for name, sql in columns.items() if name not in constant}
        keys = [key for key in KEYS if key in varying]
        given = ", ".join(
            f"{sql} AS {name}" for name, sql in columns.items() if name in varying or name not in KEYS
        )
        # Codes are cleaned after they were grouped, and what is the same in all rows is no key.
        fixed = ", ".join(f"{columns[key]} AS {key}" for key in KEYS if key in constant)
        results = ", ".join(f"{sql} AS {name}" for name, sql in aggregates.items())
        inner = (
            f"SELECT {', '.join(keys)}, {results} "
            f"FROM (SELECT {given} FROM {self.relation} WHERE {self.where}) GROUP BY {', '.join(keys)}"
        )
        names = ", ".join(["origin", "snapshot", *KEYS, *aggregates])
        return (
            f"SELECT {names} FROM (SELECT * REPLACE ({CLEAN}) FROM (SELECT {literal(self.name)} AS origin, "
            f"{str(self.snapshot).lower()} AS snapshot, {fixed}{', ' if fixed else ''}* FROM ({inner})))"
        )

    def without(self, *names: str) -> Origin:
        """Return the same with some columns left empty, so that they are neither read nor told apart."""
        nothing = {name: f"NULL::{_KINDS.get(name, 'VARCHAR')}" for name in names}
        return replace(self, columns={**self.columns, **nothing})


def origins(session: Session, connection: duckdb.DuckDBPyConnection, ask: Ask) -> list[Origin]:
    """Prepare the connection (which may read files) and return all origins of what is asked."""
    create_table(connection, "code_wanted", pa.table({"indicator": pa.array(ask.codes, pa.string())}))
    create_table(
        connection,
        "employee_wanted",
        pa.table({"number": pa.array(ask.employees or (), pa.string())}),
    )
    typed = _typed(session, connection, ask)
    models = _models(session, ask.codes)
    told = ledger_indicators(models)  # what a ledger tells is what the others add up to: it counts not twice
    records = [
        one
        for model in models
        for one in _records(session, connection, model, ask)
        if names_employees(model) or one.indicator not in told
    ]
    return [_actuals(session, connection, ask), typed, *records]


def imported(session: Session, connection: duckdb.DuckDBPyConnection, ask: Ask) -> Origin | None:
    """Prepare the connection and return the actuals as they were imported, whatever was typed over them.

    None when there are none.
    """
    if not session.execute(_batches_of_actuals(ask.first, ask.after).limit(1)).all():
        return None
    origins(session, connection, Ask((), ask.first, ask.after))
    create_table(connection, "code_wanted", pa.table({"indicator": pa.array(ask.codes, pa.string())}))
    return _actuals(session, connection, ask)


# ---------------------------------------------------------------- actuals and typed values


def _batches_of_actuals(first: date, after: date) -> Select[int, Any]:
    return (
        select(ImportBatch.id, ImportBatch.files)
        .where(
            ImportBatch.kind == ImportKind.ACTUALS,
            ImportBatch.state == BatchState.COMMITTED,
            ImportBatch.first_day < after,
            ImportBatch.last_day >= first,
        )
        .order_by(ImportBatch.id)
    )


def _actuals(session: Session, connection: duckdb.DuckDBPyConnection, ask: Ask) -> Origin:
    begin = BEGIN if ask.holding else ask.first
    batches = session.execute(_batches_of_actuals(begin, ask.after)).all()
    files = [(batch, parquet.path(file)) for batch, paths in batches for file in paths]
    create_table(
        connection,
        "actual_file",
        pa.table(
            {
                "batch": pa.array([batch for batch, _ in files], pa.int64()),
                "filename": pa.array([file for _, file in files], pa.string()),
            }
        ),
    )
    hidden = session.execute(
        select(HiddenValue.batch_id, HiddenValue.line, HiddenValue.indicator)
        .join(ImportBatch, ImportBatch.id == HiddenValue.batch_id)
        .where(ImportBatch.kind == ImportKind.ACTUALS)
    ).all()
    create_table(
        connection,
        "actual_hidden",
        pa.table(
            {
                "batch": pa.array([batch for batch, _, _ in hidden], pa.int64()),
                "line": pa.array([line for _, line, _ in hidden], pa.int64()),
                "indicator": pa.array([code for _, _, code in hidden], pa.string()),
            }
        ),
    )
    listed = ", ".join(literal(file) for _, file in files)
    relation = (
        f"read_parquet([{listed}], filename = true) actual JOIN actual_file USING (filename) "
        "ANTI JOIN actual_hidden hidden ON hidden.batch = actual_file.batch AND hidden.line = actual.line "
        "AND hidden.indicator = actual.indicator ANTI JOIN typed ON typed.officer = employee_number "
        "AND typed.indicator = actual.indicator AND typed.day = actual.day"
    )
    if not files:
        relation = (
            "(SELECT NULL::VARCHAR employee_number, NULL::VARCHAR indicator, NULL::DATE AS day, "
            "NULL::DECIMAL(28, 8) AS value, NULL::VARCHAR flag, NULL::VARCHAR reference, NULL::BIGINT batch, "
            "NULL::BIGINT line) actual"
        )
    people = "" if ask.employees is None else "AND employee_number IN (SELECT number FROM employee_wanted)"
    return Origin(
        name="direct",
        snapshot=False,
        relation=relation,
        where=f"actual.day >= DATE '{begin}' AND actual.day < DATE '{ask.after}' "
        f"AND actual.indicator IN (SELECT indicator FROM code_wanted) {people}",
        columns={
            "source": "'imported'",
            "system": literal(DIRECT),
            "officer": "employee_number",
            "branch": "NULL::VARCHAR",
            "customer": "NULL::VARCHAR",
            "indicator": "actual.indicator",
            "day": "actual.day",
            "value": "actual.value",
            "item": "CAST(actual.value AS VARCHAR)",
            "flag": "actual.flag",
            "batch": "batch",
            "line": "line",
            "reference": "actual.reference",
        },
    )


def _typed(session: Session, connection: duckdb.DuckDBPyConnection, ask: Ask) -> Origin:
    wanted = (
        select(
            Employee.number,
            OrgUnit.code,
            Indicator.code,
            TypedValue.day,
            TypedValue.value,
            TypedValue.flag,
            TypedValue.id,
        )
        .join(Indicator, Indicator.id == TypedValue.indicator_id)
        .outerjoin(Employee, Employee.id == TypedValue.employee_id)
        .outerjoin(OrgUnit, OrgUnit.id == TypedValue.org_unit_id)
        .where(
            TypedValue.superseded_at.is_(None),
            TypedValue.value.is_not(None),
            Indicator.code.in_(ask.codes),
            TypedValue.day < ask.after,
        )
        .order_by(TypedValue.id)
    )
    if not ask.holding:
        wanted = wanted.where(TypedValue.day >= ask.first)
    people = None if ask.employees is None else set(ask.employees)
    rows = [
        (number, unit, code, day, Decimal(value or 0), flag.value if flag else None, f"typed_value:{row_id}")
        for number, unit, code, day, value, flag, row_id in session.execute(wanted)
        if people is None or number in people
    ]
    schema = pa.schema(_TYPED)
    content = pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)
    create_table(connection, "typed", content)
    return Origin(
        name="direct",
        snapshot=False,
        relation="typed",
        where="true",
        columns={
            "source": "'typed'",
            "system": literal(DIRECT),
            "officer": "officer",
            "branch": "branch",
            "customer": "NULL::VARCHAR",
            "indicator": "indicator",
            "day": "day",
            "value": "value",
            "item": "CAST(value AS VARCHAR)",
            "flag": "flag",
            "batch": "NULL::BIGINT",
            "line": "NULL::BIGINT",
            "reference": "reference",
        },
    )


# ---------------------------------------------------------------- records


def feeding(session: Session, codes: Collection[str]) -> list[str]:
    """Return the codes of the data models that feed any of these indicators."""
    return [model.code for model in _models(session, codes)]


def _models(session: Session, codes: Collection[str]) -> list[DataModel]:
    mapped = (
        select(DataField.model_id)
        .join(FieldMapping, FieldMapping.field_id == DataField.id)
        .join(Indicator, Indicator.id == FieldMapping.indicator_id)
        .where(Indicator.code.in_(sorted(set(codes))))
    )
    found = session.scalars(
        select(DataModel)
        .where(DataModel.id.in_(mapped))
        .order_by(DataModel.code)
        .options(
            selectinload(DataModel.fields)
            .selectinload(DataField.mappings)
            .selectinload(FieldMapping.indicator)
        )
    )
    return list(found)


def _records(
    session: Session, connection: duckdb.DuckDBPyConnection, model: DataModel, ask: Ask
) -> list[Origin]:
    snapshot = model.delivery is Delivery.SNAPSHOT
    begin = _state_before(session, model, ask.first) if snapshot and ask.states else ask.first
    store.open_view(session, connection, model, first=begin, after=ask.after)
    roles = store.role_columns(model)
    officer = _code(roles.get(FieldRole.EMPLOYEE))
    where = "true" if ask.employees is None else _officers(session, model.source, officer, ask.employees)
    found = []
    for field in model.fields:
        for mapping in field.mappings:
            if mapping.indicator.code in ask.codes:
                columns = {
                    "source": "'imported'",
                    "system": literal(model.source),
                    "officer": officer,
                    "branch": _code(roles.get(FieldRole.UNIT)),
                    "customer": _code(roles.get(FieldRole.CUSTOMER)),
                    "indicator": literal(mapping.indicator.code),
                    "day": "_day",
                    "value": store.value_sql(field, mapping),
                    "item": f"CAST({quoted(field.code)} AS VARCHAR)",
                    "flag": "NULL::VARCHAR",
                    "batch": "_batch",
                    "line": "_line",
                    "reference": _code(
                        roles.get(FieldRole.REFERENCE) or roles.get(FieldRole.ACCOUNT) or None
                    ),
                }
                filled = f"{quoted(field.code)} IS NOT NULL"
                counted = store.condition_sql(mapping, model.fields)
                clause = f"{where} AND {filled}{_within(mapping, ask)} AND {counted}"
                relation = quoted(model.code)
                found.append(
                    Origin(
                        model.code, snapshot, relation, clause, columns, mapping.indicator.code, model.source
                    )
                )
    return found


def snapshot_days(
    session: Session, connection: duckdb.DuckDBPyConnection, ask: Ask
) -> list[tuple[str, date]]:
    """Return the days of which the snapshot models behind what is asked know the whole state, by model."""
    found: set[tuple[str, date]] = set()
    for model in _models(session, ask.codes):
        if model.delivery is not Delivery.SNAPSHOT:
            continue
        begin = _state_before(session, model, ask.first) if ask.states else ask.first
        spans = session.execute(
            select(ImportBatch.first_day, ImportBatch.last_day).where(
                ImportBatch.kind == ImportKind.RECORDS,
                ImportBatch.data_model_id == model.id,
                ImportBatch.state == BatchState.COMMITTED,
                ImportBatch.first_day < ask.after,
                ImportBatch.last_day >= begin,
            )
        ).all()
        days = [first for first, last in spans if first == last]
        if len(days) < len(spans):  # a file of several days tells only by its rows which
            days = [
                row[0] for row in connection.sql(f"SELECT DISTINCT _day FROM {quoted(model.code)}").fetchall()
            ]
        found.update((model.code, day) for day in days if day is not None)
    return sorted(found)


def _state_before(session: Session, model: DataModel, first: date) -> date:
    """Return a day from which on the last state before `first` is read."""
    earlier = session.execute(
        select(ImportBatch.first_day, ImportBatch.last_day).where(
            ImportBatch.kind == ImportKind.RECORDS,
            ImportBatch.data_model_id == model.id,
            ImportBatch.state == BatchState.COMMITTED,
            ImportBatch.first_day < first,
        )
    ).all()
    spans = [(min(last, first - timedelta(days=1)), begin) for begin, last in earlier if begin and last]
    return max(spans)[1] if spans else first


def _code(column: str | None) -> str:
    return "NULL::VARCHAR" if column is None else column


def _officers(session: Session, system: str, officer: str, employees: Sequence[str]) -> str:
    """Return the clause for the officers' codes that may stand for these people."""
    mapped = set(
        session.scalars(
            select(CodeMap.code)
            .join(Employee, Employee.id == CodeMap.employee_id)
            .where(CodeMap.source == system, Employee.number.in_(employees))
        )
        if len(employees) <= 500
        else session.scalars(select(CodeMap.code).where(CodeMap.source == system))
    )
    listed = ", ".join(map(literal, sorted(mapped.union(employees))))
    return f"trim({officer}) IN ({listed or 'NULL'})"


def _within(mapping: FieldMapping, ask: Ask) -> str:
    clause = ""
    if mapping.valid_from > BEGIN:
        clause += f" AND _day >= DATE '{mapping.valid_from}'"
    if mapping.valid_to is not None and mapping.valid_to < NEVER:
        clause += f" AND _day < DATE '{mapping.valid_to}'"
    return clause
