"""Which rows of a file can be taken over, and why the others cannot."""

# ruff: noqa: S608  the queries are made of our own column names, never of a file's text
from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from lms.core.duck import duck
from lms.core.errors import Problem
from lms.core.i18n import N_
from lms.core.periods import Period
from lms.core.textfile import UNITS, factor
from lms.indicators.rules.kinds import IndicatorSet

_SINGLE = (IndicatorSet.BASIC, IndicatorSet.CHANGE, IndicatorSet.OTHER)
"""Sets with one value a person, indicator and day; the others know many business events a day."""

_AMOUNT = pa.decimal128(28, 8)
_LIMIT = 9_000_000_000_000
"""Beyond it a figure fits neither the exact columns nor a float without loss."""
_REASONS = {
    "employee": (N_("没有工号为“%(value)s”的员工。"), N_("工号")),
    "unit": (N_("没有代码为“%(value)s”的机构。"), N_("机构代码")),
    "subject": (N_("每行须填写工号或机构代码中的一个。"), N_("工号")),
    "indicator": (N_("没有代码或名称为“%(value)s”的指标。"), N_("指标")),
    "period": (N_("日期 %(value)s 不在 %(detail)s 期内。"), N_("日期")),
    "written": (N_("单位“%(value)s”与指标的单位“%(detail)s”不符。"), N_("数值")),
    "large": (N_("数值 %(value)s 过大。"), N_("数值")),
    "minimum": (N_("%(value)s 小于指标允许的最小值 %(detail)s。"), N_("数值")),
    "maximum": (N_("%(value)s 大于指标允许的最大值 %(detail)s。"), N_("数值")),
    "whole": (N_("%(value)s 不是整数，该指标只能是整数。"), N_("数值")),
    "flag": (N_("变动指标集的每个值须注明“计算”或“推算”。"), N_("计算/推算")),
    "double": (N_("与第 %(detail)s 行重复：同一工号、指标和日期。"), N_("日期")),
    "double_target": (N_("与第 %(detail)s 行重复：同一对象和指标。"), N_("指标")),
    "pair": (
        N_("基本指标与其变动指标须一同导入：缺少同一工号、同一日期的“%(value)s”，或该行有误。"),
        N_("指标"),
    ),
    "exists": (N_("该值已由批次 %(detail)s 导入。"), N_("日期")),
    "exists_target": (N_("该目标值已由批次 %(detail)s 导入。"), N_("指标")),
}


@dataclass(frozen=True)
class Spec:
    """An indicator as the checks need it; `base` is the code of what a change indicator is the change of."""

    code: str
    name_zh: str
    name_en: str | None
    indicator_set: IndicatorSet
    unit: str
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    whole: bool = False
    base: str | None = None


@dataclass(frozen=True)
class Checked:
    """The good rows, in the units of their indicators, and what is wrong with the rest.

    `digests` tells two files of the same content, by set ("" where there are no sets).
    `notes` are worth knowing, though they hinder nothing.
    """

    rows: pa.Table
    problems: list[Problem]
    digests: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[Problem] = ()


def check_actuals(
    rows: pa.Table, specs: Sequence[Spec], employees: Collection[str], period: Period, existing: pa.Table
) -> Checked:
    """Check rows of actuals.

    `rows`: line, employee, indicator, day, value, value_unit, flag, reference, as read.
    `existing`: employee, indicator, day, reference, batch of values that already count.
    The good rows come as line, employee, indicator (code), indicator_set, day, value
    (in the indicator's unit), flag, reference, paired (a basic value with its change), by line.
    """
    single = ", ".join(f"'{one.value}'" for one in _SINGLE)
    twin = f"(joined.indicator_set IN ({single}) OR joined.reference IS NOT NULL)"
    key = "employee, code, day, CASE WHEN indicator_set IN (" + single + ") THEN NULL ELSE reference END"
    reasons = {
        "employee": ("known.number IS NULL", "joined.employee", "NULL"),
        "indicator": ("code IS NULL", "joined.indicator", "NULL"),
        "period": (
            f"NOT (joined.day >= DATE '{period.first}' AND joined.day < DATE '{period.after}')",
            "joined.day",
            f"'{period.code}'",
        ),
        **_value_reasons("joined.value"),
        "flag": ("indicator_set = 'change' AND flag IS NULL", "NULL", "NULL"),
        "double": (f"{twin} AND joined.line > first_line", "NULL", "first_line"),
        "exists": (
            f"existing.batch IS NOT NULL AND {twin}",
            "joined.day",
            "existing.batch",
        ),
    }
    query = f"""
        FROM (SELECT *, min(line) OVER (PARTITION BY {key}) AS first_line FROM rows
              LEFT JOIN spelling ON lower(indicator) = spelled LEFT JOIN spec USING (code)) joined
        LEFT JOIN known ON joined.employee = known.number
        LEFT JOIN factor ON value_unit = written AND unit = wanted
        LEFT JOIN existing ON joined.employee = existing.employee AND code = existing.indicator
            AND joined.day = existing.day
            AND (indicator_set IN ({single}) OR joined.reference = existing.reference)"""
    columns = (
        "joined.line AS line, joined.employee AS employee, code AS indicator, indicator_set, "
        "joined.day AS day, "
        f"CAST({_scaled('joined.value')} AS DECIMAL(28, 8)) AS value, flag, joined.reference AS reference, "
        "indicator_set = 'basic' AND coalesce(code IN (SELECT base FROM spec), false) AS paired"
    )
    tables = {"rows": rows, "existing": existing, "known": _numbers(employees)}
    return _checked(tables, specs, reasons, query, columns, _UNPAIRED)


def check_targets(
    rows: pa.Table,
    specs: Sequence[Spec],
    employees: Collection[str],
    units: Collection[str],
    existing: pa.Table,
) -> Checked:
    """Check rows of targets.

    `rows`: line, employee, unit, indicator, target, target_unit. `existing`: subject_kind,
    subject, indicator, batch. The good rows come as line, subject_kind (employee or unit),
    subject (number or code), indicator (code), value, by line.
    """
    reasons = {
        "subject": ("(joined.employee IS NULL) = (joined.unit IS NULL)", "NULL", "NULL"),
        "employee": ("joined.employee IS NOT NULL AND known.number IS NULL", "joined.employee", "NULL"),
        "unit": ("joined.unit IS NOT NULL AND known_unit.number IS NULL", "joined.unit", "NULL"),
        "indicator": ("code IS NULL", "joined.indicator", "NULL"),
        **_value_reasons("joined.target"),
        "double_target": ("code IS NOT NULL AND joined.line > first_line", "joined.indicator", "first_line"),
        "exists_target": ("existing.batch IS NOT NULL", "joined.indicator", "existing.batch"),
    }
    query = """
        FROM (SELECT rows.*, spec.* RENAME (unit AS own_unit),
                CASE WHEN rows.unit IS NULL THEN 'employee' ELSE 'unit' END AS subject_kind,
                coalesce(rows.employee, rows.unit) AS subject,
                min(line) OVER (PARTITION BY rows.employee, rows.unit, code) AS first_line
              FROM rows LEFT JOIN spelling ON lower(indicator) = spelled LEFT JOIN spec USING (code)) joined
        LEFT JOIN known ON joined.employee = known.number
        LEFT JOIN known_unit ON joined.unit = known_unit.number
        LEFT JOIN factor ON target_unit = written AND own_unit = wanted
        LEFT JOIN existing ON joined.subject_kind = existing.subject_kind
            AND joined.subject = existing.subject AND code = existing.indicator"""
    columns = (
        "joined.line AS line, joined.subject_kind AS subject_kind, joined.subject AS subject, "
        f"code AS indicator, CAST({_scaled('joined.target')} AS DECIMAL(28, 8)) AS value"
    )
    tables = {
        "rows": rows,
        "existing": existing,
        "known": _numbers(employees),
        "known_unit": _numbers(units),
    }
    reasons["written"] = (reasons["written"][0], "target_unit", "own_unit")
    return _checked(tables, specs, reasons, query, columns)


def check_sets(counts: Mapping[IndicatorSet, int], *, split: bool) -> list[Problem]:
    """Return what forbids these sets in one upload.

    A batch belongs to one set, so several need consent to be split; only the basic set comes
    with its change set by itself.
    """
    if len(counts) < 2 or split or set(counts) == {IndicatorSet.BASIC, IndicatorSet.CHANGE}:
        return []
    shown = ", ".join(f"{one.value} {count}" for one, count in sorted(counts.items()))
    return [Problem(N_("文件含有多个指标集（%(sets)s），请同意按指标集拆分后再导入。"), {"sets": shown})]


_UNPAIRED = """
    coalesce(
        (SELECT any_value(change.code) FROM spec change
            WHERE c.indicator_set = 'basic' AND change.base = c.indicator
            AND NOT EXISTS (FROM plain g WHERE NOT g.bad AND g.employee = c.employee AND g.day = c.day
                AND g.indicator = change.code)
            AND NOT EXISTS (FROM existing e WHERE e.employee = c.employee AND e.day = c.day
                AND e.indicator = change.code)),
        (SELECT any_value(own.base) FROM spec own WHERE own.code = c.indicator AND own.base IS NOT NULL
            AND EXISTS (FROM plain g WHERE g.bad AND NOT g.is_exists AND g.employee = c.employee
                AND g.day = c.day AND g.indicator = own.base)))"""
"""The code that a row's value lacks beside it: a basic value's change, or a bad basic value's own."""


def _value_reasons(value: str) -> dict[str, tuple[str, str, str]]:
    scaled = _scaled(value)
    return {
        "written": ("code IS NOT NULL AND times IS NULL", "value_unit", "unit"),
        "large": (f"abs({value}) >= {_LIMIT} OR abs({scaled}) >= {_LIMIT}", value, "NULL"),
        "minimum": (f"{scaled} < minimum", value, "minimum"),
        "maximum": (f"{scaled} > maximum", value, "maximum"),
        "whole": (f"whole AND {scaled} <> floor({scaled})", value, "NULL"),
    }


def _scaled(value: str) -> str:
    """Return the SQL of a value in its indicator's unit; too large a value must not overflow."""
    return f"(CASE WHEN abs({value}) < {_LIMIT} THEN {value} * times END)"


def _checked(
    tables: Mapping[str, pa.Table],
    specs: Sequence[Spec],
    reasons: Mapping[str, tuple[str, str, str]],
    query: str,
    columns: str,
    unpaired: str = "NULL",
) -> Checked:
    marks = [f"coalesce({wrong}, false) AS is_{name}" for name, (wrong, _, _) in reasons.items()]
    shown = [
        f"CAST({text} AS VARCHAR) AS {letter}_{name}"
        for name, pair in reasons.items()
        for letter, text in zip("vd", pair[1:], strict=True)
    ]
    names = [*reasons, "pair"]
    helpers = ", ".join(f"{letter}_{name}" for letter in ("is", "v", "d") for name in names)
    own = " OR ".join(f"is_{name}" for name in reasons)
    with duck() as connection:
        for name, table in {**tables, **_catalogue(specs)}.items():
            connection.register(f"{name}_given", table)
            connection.execute(f"CREATE TABLE {name} AS FROM {name}_given")
        connection.execute(
            f"CREATE TABLE plain AS SELECT *, {own} AS bad FROM (SELECT {columns}, "
            f"{', '.join([*marks, *shown])} {query} QUALIFY row_number() OVER (PARTITION BY joined.line) = 1)"
        )
        connection.execute(
            "CREATE TABLE checked AS SELECT *, v_pair IS NOT NULL AS is_pair, NULL AS d_pair "
            f"FROM (SELECT *, CASE WHEN NOT bad THEN {unpaired} END AS v_pair FROM plain c)"
        )
        good = connection.sql(
            f"SELECT * EXCLUDE (bad, {helpers}) FROM checked WHERE NOT (bad OR is_pair) ORDER BY line"
        ).to_arrow_table()
        faults = connection.sql(
            f"SELECT line, {helpers} FROM checked WHERE bad OR is_pair ORDER BY line"
        ).fetchall()
        digests = _digests(connection, good.column_names)
    return Checked(good, [problem for row in faults for problem in _problems(row, names)], digests)


_OWN = ("line", "paired")
"""Columns that are not content."""


def _digests(connection: duckdb.DuckDBPyConnection, columns: Sequence[str]) -> dict[str, str]:
    """Return a SHA-256 of each set's sound content, whether it counts already or not, in any order."""
    doubled = "is_exists" if "indicator_set" in columns else "is_exists_target"
    group = "indicator_set" if "indicator_set" in columns else "''"
    parts = ", ".join(f"coalesce(CAST({name} AS VARCHAR), '')" for name in columns if name not in _OWN)
    rows = connection.sql(
        f"SELECT {group}, sha256(string_agg(content, chr(10) ORDER BY content)) FROM (SELECT *, "
        f"concat_ws('|', {parts}) AS content FROM checked WHERE NOT bad OR {doubled}) GROUP BY 1"
    ).fetchall()
    return dict(rows)


def _problems(row: tuple[Any, ...], names: list[str]) -> list[Problem]:
    line, count = row[0], len(names)
    found = []
    for at, name in enumerate(names):
        if row[1 + at]:
            message, column = _REASONS[name]
            value, detail = _shown(row[1 + count + at]), _shown(row[1 + 2 * count + at])
            params = {"value": value, "detail": detail}
            found.append(Problem(message, params, field=column, line=line, value=value))
    return found


def _shown(text: str | None) -> str:
    """Return a figure without the zeros that its column's places add."""
    if text is None:
        return ""
    head, dot, tail = text.partition(".")
    if dot and head.lstrip("-").isdigit() and tail.isdigit():
        return f"{head}.{tail}".rstrip("0").rstrip(".")
    return text


def _numbers(numbers: Collection[str]) -> pa.Table:
    return pa.table({"number": pa.array(sorted(numbers), pa.string())})


def _catalogue(specs: Sequence[Spec]) -> dict[str, pa.Table]:
    """Return the indicators, all spellings of each, and what units convert to theirs."""
    spelled: dict[str, str] = {}
    for names in ("name_en", "name_zh", "code"):  # a code wins over another indicator's name
        spelled.update({name.lower(): spec.code for spec in specs if (name := getattr(spec, names))})
    wanted = sorted({spec.unit for spec in specs})
    factors = [(one, unit, times) for unit in wanted for one in ("", *UNITS) if (times := factor(one, unit))]
    return {
        "spelling": pa.table(
            {
                "spelled": pa.array(list(spelled), pa.string()),
                "code": pa.array(list(spelled.values()), pa.string()),
            }
        ),
        "spec": pa.table(
            {
                "code": pa.array([spec.code for spec in specs], pa.string()),
                "indicator_set": pa.array([spec.indicator_set.value for spec in specs], pa.string()),
                "unit": pa.array([spec.unit for spec in specs], pa.string()),
                "minimum": pa.array([spec.minimum for spec in specs], _AMOUNT),
                "maximum": pa.array([spec.maximum for spec in specs], _AMOUNT),
                "whole": pa.array([spec.whole for spec in specs], pa.bool_()),
                "base": pa.array([spec.base for spec in specs], pa.string()),
            }
        ),
        "factor": pa.table(
            {
                "written": pa.array([one for one, _, _ in factors], pa.string()),
                "wanted": pa.array([unit for _, unit, _ in factors], pa.string()),
                "times": pa.array([times for _, _, times in factors], pa.decimal128(18, 8)),
            }
        ),
    }
