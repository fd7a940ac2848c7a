"""Code maps: what the codes of other systems mean here."""

from __future__ import annotations

from datetime import date

import duckdb
import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.indicators.models import CodeMap
from lms.people.models import Employee, OrgUnit

_NEVER = date(9999, 1, 1)
_TYPES: dict[str, pa.DataType] = {
    "kind": pa.string(),
    "source": pa.string(),
    "code": pa.string(),
    "employee_number": pa.string(),
    "unit_code": pa.string(),
    "valid_from": pa.date32(),
    "valid_to": pa.date32(),
}
_SCHEMA = pa.schema(_TYPES)


def register_code_maps(session: Session, connection: duckdb.DuckDBPyConnection) -> None:
    """Create the table `code_map` in a connection; `valid_to` is never null there.

    An officer's code that stands for a unit (`unit_code`) is that unit's pool.
    """
    rows = session.execute(
        select(
            CodeMap.kind,
            CodeMap.source,
            CodeMap.code,
            Employee.number,
            OrgUnit.code,
            CodeMap.valid_from,
            CodeMap.valid_to,
        )
        .outerjoin(Employee, Employee.id == CodeMap.employee_id)
        .outerjoin(OrgUnit, OrgUnit.id == CodeMap.org_unit_id)
        .order_by(CodeMap.id)
    ).all()
    table = pa.Table.from_pylist(
        [
            dict(zip(_SCHEMA.names, (kind.value, *meaning, valid_to or _NEVER), strict=True))
            for kind, *meaning, valid_to in rows
        ],
        schema=_SCHEMA,
    )
    connection.register("_code_map", table)
    connection.execute("CREATE OR REPLACE TABLE code_map AS FROM _code_map")
