"""Files of a data model's records, and the records that count."""

# ruff: noqa: S608  the queries are made of checked names of fields and of our own figures
from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core import parquet
from lms.core.audit import Acting
from lms.core.duck import duck, literal
from lms.core.errors import Problem
from lms.core.i18n import N_
from lms.core.periods import Period
from lms.core.textfile import UNITS, Column, Kind, Sheet, factor
from lms.indicators.models import DataField, DataModel, ImportBatch, ImportUpload
from lms.indicators.rules import Checked
from lms.indicators.rules.kinds import CodeKind, Delivery, FieldKind, FieldRole
from lms.indicators.services.codes import register_code_maps
from lms.indicators.services.datamodels import fields_in_force, refuse_unready
from lms.indicators.services.pipeline import Overtaken, Part, digest_of
from lms.indicators.services.store import day_field, open_view, stored_schema
from lms.people.models import Employee, OrgUnit

_LIMIT = 9_000_000_000_000
"""Beyond it a figure fits neither the exact columns nor a float without loss."""


def columns_of_model(model: DataModel) -> list[Column]:
    """Return the columns that a file of a model has."""
    return [
        Column(
            field.code,
            tuple(dict.fromkeys(filter(None, (field.name_zh, field.name_en, *field.titles, field.code)))),
            Kind(field.kind.value),
            required=field.required,
            blank=not field.required,
            choices={code: (code, *spellings) for code, spellings in field.choices.items()},
            longest=500 if field.kind is FieldKind.TEXT else 200,
        )
        for field in fields_in_force(model)
    ]


class RecordsImporter:
    """One batch a file; its records are one Parquet file of the model's schema."""

    def columns(self, model: DataModel | None) -> Sequence[Column]:
        """Return the columns of the model's fields."""
        assert model is not None, "an upload of records names its data model"
        return columns_of_model(model)

    def check(self, session: Session, upload: ImportUpload, sheet: Sheet) -> tuple[Checked, list[Problem]]:
        """Check rows against their model; codes that nobody knows are counted, not refused.

        Raises:
            Rejected: no file of this model may be imported now.
        """
        model = upload.data_model
        assert model is not None
        refuse_unready(model)
        period = Period.parse(upload.period)
        fields = fields_in_force(model)
        with duck() as connection:
            connection.register("given", sheet.table)
            connection.execute(f"CREATE TABLE converted AS {_converted(fields, period)}")
            connection.execute(f"CREATE TABLE checked AS {_marked(model, fields)}")
            reasons = _reasons(model, fields, period)
            problems = [one for reason in reasons for one in reason.found(connection)]
            bad = " OR ".join(f"({reason.where})" for reason in reasons)
            names = ", ".join(f'"{field.code}"' for field in fields)
            unit_first = ", ".join(
                f'"{f.code}"' for f in fields if f.role in (FieldRole.UNIT, FieldRole.EMPLOYEE)
            )
            connection.execute(
                f"CREATE TABLE good AS SELECT {names}, _line, _day FROM checked WHERE NOT ({bad})"
            )
            order = ", ".join(filter(None, ("_day", unit_first, "_line")))
            rows = pa.table(connection.sql(f"SELECT * FROM good ORDER BY {order}").to_arrow_table())
            digest = _digest(connection, fields)
            notes = list(_notes(session, connection, model, fields))
        problems.sort(key=lambda problem: problem.line or 0)
        return Checked(rows, problems, {model.code: digest}, notes=notes), []

    def parts(self, upload: ImportUpload, checked: Checked) -> list[Part]:
        """Return all rows as one part."""
        if not checked.rows.num_rows:
            return []
        days: Any = pa.compute.min_max(checked.rows.column("_day")).as_py()
        [(code, digest)] = checked.digests.items()
        return [
            Part(
                None,
                checked.rows,
                digest_of(upload, code, digest),
                first_day=days["min"],
                last_day=days["max"],
            )
        ]

    def write(self, upload: ImportUpload, part: Part) -> Part:
        """Write the records in the model's schema; the file's name tells the version they were checked by."""
        model = upload.data_model
        assert model is not None
        path = f"records/{model.code}/{upload.period}/{upload.id}-v{model.version}.parquet"
        schema = stored_schema(fields_in_force(model))
        parquet.write(path, part.rows.select(schema.names).cast(schema))
        return replace(part, files=[path])

    def apply(self, session: Session, actor: Acting, batch: ImportBatch, part: Part) -> None:
        """Nothing to write: the batch names the file.

        Raises:
            Overtaken: the model was changed since the check.
        """
        model = batch.upload.data_model
        assert model is not None
        session.refresh(model, with_for_update=True)
        if not all(path.endswith(f"-v{model.version}.parquet") for path in part.files):
            raise Overtaken(N_("检查之后数据模型有改动，请重新导入这个文件。"))


def _converted(fields: Sequence[DataField], period: Period) -> str:
    """Return the rows, and for each number by what it is to be multiplied; null for a foreign unit."""
    parts = []
    for field in fields:
        if field.kind is FieldKind.NUMBER:
            written = f"coalesce(\"{field.code}_unit\", '')"
            times = [
                f"WHEN '{unit}' THEN CAST({number} AS DECIMAL(18, 8))"
                for unit in ("", *UNITS)
                if (number := factor(unit, field.unit)) is not None
            ]
            parts.append(f'"{field.code}" AS "{field.code}", {written} AS "_written_{field.code}"')
            parts.append(f'CASE {written} {" ".join(times)} END AS "_times_{field.code}"')
        elif field.kind is FieldKind.CHOICE:
            parts.append(_choice_as_defined(field))
        else:
            parts.append(f'"{field.code}"')
    own = day_field(fields)
    day = f'"{own}"' if own else f"DATE '{period.last}'"
    return f"SELECT {', '.join(parts)}, line AS _line, {day} AS _day FROM given"


def _choice_as_defined(field: DataField) -> str:
    """Return a choice with its code in the case in which it was defined; reading tells no cases apart."""
    codes = {code.lower(): code for code in field.choices}
    whens = " ".join(f"WHEN {literal(low)} THEN {literal(code)}" for low, code in codes.items())
    return f'CASE lower("{field.code}") {whens} END AS "{field.code}"'


def _marked(model: DataModel, fields: Sequence[DataField]) -> str:
    """Return the converted rows, each with the first line of its key.

    A snapshot and a day's events have a key once a day; of a delta it is once in the file. Without
    a key each row is its own.
    """
    numbers = [field.code for field in fields if field.kind is FieldKind.NUMBER]
    rows = "SELECT *"
    if numbers:
        given = ", ".join(f'"{code}"' for code in numbers)
        rows += f" EXCLUDE ({given}), {', '.join(map(_in_own_unit, numbers))}"
    key = [f'"{field.code}"' for field in fields if field.in_key]
    if not key:
        return f"SELECT *, _line AS _first FROM ({rows} FROM converted)"
    by = ", ".join(key if model.delivery is Delivery.DELTA else ["_day", *key])
    return f"SELECT *, min(_line) OVER (PARTITION BY {by}) AS _first FROM ({rows} FROM converted)"


def _in_own_unit(code: str) -> str:
    """Return a number in its field's unit (null when it is too large), and as it was read."""
    scaled = f'CASE WHEN abs("{code}") < {_LIMIT} THEN "{code}" * "_times_{code}" END'
    return (
        f"CASE WHEN abs({scaled}) < {_LIMIT} THEN CAST({scaled} AS DECIMAL(28, 8)) END "
        f'AS "{code}", "{code}" AS "_read_{code}"'
    )


@dataclass(frozen=True)
class _Reason:
    """Why rows cannot be taken over: a clause, and what is said of them."""

    where: str
    message: str
    field: str
    value: str = "NULL"
    detail: str = "NULL"

    def found(self, connection: duckdb.DuckDBPyConnection) -> Iterator[Problem]:
        rows = connection.execute(
            f"SELECT _line, CAST({self.value} AS VARCHAR), CAST({self.detail} AS VARCHAR) "
            f"FROM checked WHERE {self.where} ORDER BY _line"
        ).fetchall()
        for line, value, detail in rows:
            shown = _shown(value)
            params = {"value": shown, "detail": detail or ""}
            yield Problem(self.message, params, field=self.field, line=line, value=shown)


def _shown(text: str | None) -> str:
    """Return a figure without the zeros that its column's places add."""
    if text is None:
        return ""
    head, dot, tail = text.partition(".")
    return f"{head}.{tail}".rstrip("0").rstrip(".") if dot and (head + tail).lstrip("-").isdigit() else text


def _reasons(model: DataModel, fields: Sequence[DataField], period: Period) -> list[_Reason]:
    found = []
    for field in fields:
        if field.kind is FieldKind.NUMBER:
            code, unit = field.code, (field.unit or "—")
            found.append(
                _Reason(
                    f'"_read_{code}" IS NOT NULL AND "_times_{code}" IS NULL',
                    N_("单位“%(value)s”与字段的单位“%(detail)s”不符。"),
                    field.name_zh,
                    f'"_written_{code}"',
                    f"'{unit}'",
                )
            )
            found.append(
                _Reason(
                    f'"_read_{code}" IS NOT NULL AND "_times_{code}" IS NOT NULL AND "{code}" IS NULL',
                    N_("数值 %(value)s 过大。"),
                    field.name_zh,
                    f'"_read_{code}"',
                )
            )
    day = next((field for field in fields if field.role is FieldRole.DAY), None)
    if day is not None:
        found.append(
            _Reason(
                f"NOT (_day >= DATE '{period.first}' AND _day < DATE '{period.after}')",
                N_("日期 %(value)s 不在 %(detail)s 期内。"),
                day.name_zh,
                "_day",
                f"'{period.code}'",
            )
        )
    if keys := [field for field in fields if field.in_key]:
        found.append(
            _Reason(
                "_line > _first",
                N_("与第 %(detail)s 行重复：主键相同（%(value)s）。"),
                keys[0].name_zh,
                "concat_ws('，', " + ", ".join(f'CAST("{key.code}" AS VARCHAR)' for key in keys) + ")",
                "_first",
            )
        )
    return found


def _digest(connection: duckdb.DuckDBPyConnection, fields: Sequence[DataField]) -> str:
    """Return what two files of the same sound records share, in any order of their rows."""
    cells = ", ".join(f'coalesce(CAST("{field.code}" AS VARCHAR), chr(30))' for field in fields)
    names = "|".join(field.code for field in fields)
    count, mixed, total = connection.execute(
        f"SELECT count(*), bit_xor(md5_number(row)), sum(CAST(md5_number_upper(row) AS HUGEINT)) "
        f"FROM (SELECT concat_ws(chr(31), {cells}, CAST(_day AS VARCHAR)) AS row FROM good)"
    ).fetchall()[0]
    return f"{names}|{count}|{mixed}|{total}"


def _notes(
    session: Session, connection: duckdb.DuckDBPyConnection, model: DataModel, fields: Sequence[DataField]
) -> Iterator[Problem]:
    """Yield how many records nobody will be found for: they wait in suspense, they are not lost."""
    wanted = [field for field in fields if field.role in (FieldRole.EMPLOYEE, FieldRole.UNIT)]
    if not wanted:
        return
    register_code_maps(session, connection)
    for field in wanted:
        of_people = field.role is FieldRole.EMPLOYEE
        connection.register("known_given", _known_people(session) if of_people else _known_units(session))
        kind = CodeKind.EMPLOYEE if of_people else CodeKind.UNIT
        message = _NOBODY if of_people else _NOWHERE
        code = f'"{field.code}"'
        rows, codes = connection.execute(
            f"SELECT count(*), count(DISTINCT {code}) FROM good WHERE {code} IS NOT NULL "
            f"AND NOT EXISTS (FROM code_map m WHERE m.kind = ? AND m.source = ? AND m.code = good.{code} "
            "AND good._day >= m.valid_from AND good._day < m.valid_to) "
            f"AND NOT EXISTS (FROM known_given k WHERE k.number = good.{code} "
            "AND coalesce(good._day >= k.since, true) AND coalesce(good._day < k.until, true))",
            [kind.value, model.source],
        ).fetchall()[0]
        if rows:
            params = {"rows": rows, "codes": codes, "field": field.name_zh}
            yield Problem(message, params, field=field.name_zh)


_NOBODY = N_("%(rows)s 行的“%(field)s”（%(codes)s 个代码）无人对应，导入后列入挂账。")
_NOWHERE = N_("%(rows)s 行的“%(field)s”（%(codes)s 个代码）没有对应机构，导入后列入挂账。")


def _known_people(session: Session) -> pa.Table:
    rows = session.execute(select(Employee.number, Employee.hired_on, Employee.left_on)).all()
    return pa.table(
        {
            "number": pa.array([number for number, _, _ in rows], pa.string()),
            "since": pa.array([hired for _, hired, _ in rows], pa.date32()),
            "until": pa.array([left for _, _, left in rows], pa.date32()),
        }
    )


def _known_units(session: Session) -> pa.Table:
    codes = list(session.scalars(select(OrgUnit.code)))
    return pa.table(
        {
            "number": pa.array(codes, pa.string()),
            "since": pa.array([None] * len(codes), pa.date32()),
            "until": pa.array([None] * len(codes), pa.date32()),
        }
    )


def records(
    session: Session, model: DataModel, *, page: int = 1, per_page: int = 50
) -> tuple[list[dict[str, Any]], int]:
    """Return one page of the records that count, newest day first, and how many there are."""
    with duck(files=True) as connection:
        open_view(session, connection, model)
        total = connection.execute(f'SELECT count(*) FROM "{model.code}"').fetchall()[0][0]
        rows = connection.execute(
            f'SELECT * FROM "{model.code}" ORDER BY _day DESC, _batch DESC, _line '
            "LIMIT $limit OFFSET $offset",
            {"limit": per_page, "offset": max(page - 1, 0) * per_page},
        )
        names = [name for name, *_ in rows.description or ()]
        found = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
    return found, int(total)


def uploads_of(session: Session, batches: Collection[int]) -> dict[int, int]:
    """Return the upload of each batch."""
    rows = session.execute(
        select(ImportBatch.id, ImportBatch.upload_id).where(ImportBatch.id.in_(sorted(batches)))
    )
    return dict(rows.all())
