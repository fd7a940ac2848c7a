"""Which rows of a file can be taken over, and why the others cannot."""

# ruff: noqa: S608  the queries are made of our own column names, never of a file's text
from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa

from lms.core.duck import Rows, literal
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


OF_OTHER_LINES = frozenset(_REASONS[name][0] for name in ("double", "double_target"))
"""Messages whose detail is the number of another line."""
OF_A_VALUE = frozenset(
    message for message, field in _REASONS.values() if field in ("数值", "指标", "计算/推算")
)
"""Messages about one value, not about the whole row."""
UNPAIRED = _REASONS["pair"][0]
ALREADY_A_TARGET = _REASONS["exists_target"][0]


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

    `good` are the rows where they are: in memory, or (of large files) in DuckDB; `rows` brings them
    into memory. `digests` tells two files of the same content, by set ("" where there are no sets).
    `bad`: how many rows have a problem. `spans`: of each set the number of good rows, their first and
    last day. `notes` are worth knowing, though they hinder nothing.
    """

    good: pa.Table | Rows
    problems: list[Problem]
    digests: Mapping[str, str] = field(default_factory=dict)
    bad: int | None = None
    spans: Mapping[str, tuple[int, date, date]] = field(default_factory=dict)
    notes: Sequence[Problem] = ()

    @property
    def rows(self) -> pa.Table:
        """The good rows, in memory."""
        return self.good.by_line() if isinstance(self.good, Rows) else self.good


def check_actuals(
    rows: Rows,
    specs: Sequence[Spec],
    employees: Collection[str],
    period: Period,
    existing: pa.Table,
    *,
    alone: bool = False,
) -> Checked:
    """Check rows of actuals; `alone`: a basic value may come without its change value.

    `rows`: line, employee, indicator, day, value, value_unit, flag, reference, as read.
    `existing`: employee, indicator, day, reference, batch of values that already count.
    The good rows come as line, employee, indicator (code), indicator_set, day, value
    (in the indicator's unit), flag, reference, paired (a basic value with its change).
    """
    reasons = {
        "employee": ("known IS NULL", "employee", "NULL"),
        "indicator": ("code IS NULL", "indicator", "NULL"),
        "period": (
            f"NOT (day >= DATE '{period.first}' AND day < DATE '{period.after}')",
            "day",
            f"'{period.code}'",
        ),
        **_value_reasons("value_unit"),
        "flag": ("indicator_set = 'change' AND flag IS NULL", "NULL", "NULL"),
        "double": ("first_line IS NOT NULL", "NULL", "first_line"),
        "exists": ("batch IS NOT NULL", "day", "batch"),
    }
    return _Check(
        rows=rows,
        tables={"existing": existing, "known": _numbers(employees), "spelling": _spelling(specs)},
        times=_times({spec.unit for spec in specs}),
        joined="""
            SELECT r.*, s.* EXCLUDE (spelled), value AS written, value_unit AS written_unit,
                CASE WHEN single IS NOT TRUE THEN reference END AS event
            FROM {rows} r LEFT JOIN spelling s ON lower(r.indicator) = spelled""",
        numbers={"known": "employee"},
        reasons=reasons,
        twin="(single OR reference IS NOT NULL)",
        key=("employee", "code", "day", "event"),
        same="j.employee = e.employee AND j.code = e.indicator AND j.day = e.day "
        "AND (j.single OR j.reference = e.reference)",
        columns="line, employee, code AS indicator, indicator_set, day, "
        "scaled AS value, flag, reference, "
        "indicator_set = 'basic' AND paired AND line NOT IN (SELECT line FROM bare) AS paired",
        content=("scaled", "flag", "CASE WHEN single THEN reference END"),
        group="indicator_set",
        day="day",
        pairs=any(spec.base for spec in specs),
        alone=alone,
    ).made()


def check_targets(
    rows: Rows,
    specs: Sequence[Spec],
    employees: Collection[str],
    units: Collection[str],
    existing: pa.Table,
) -> Checked:
    """Check rows of targets.

    `rows`: line, employee, unit, indicator, target, target_unit. `existing`: subject_kind,
    subject, indicator, batch. The good rows come as line, subject_kind (employee or unit),
    subject (number or code), indicator (code), value.
    """
    reasons = {
        "subject": ("(employee IS NULL) = (own_unit IS NULL)", "NULL", "NULL"),
        "employee": ("employee IS NOT NULL AND known IS NULL", "employee", "NULL"),
        "unit": ("own_unit IS NOT NULL AND known_unit IS NULL", "own_unit", "NULL"),
        "indicator": ("code IS NULL", "indicator", "NULL"),
        **_value_reasons("target_unit"),
        "double_target": ("first_line IS NOT NULL", "indicator", "first_line"),
        "exists_target": ("batch IS NOT NULL", "indicator", "batch"),
    }
    return _Check(
        rows=rows,
        tables={
            "existing": existing,
            "known": _numbers(employees),
            "known_unit": _numbers(units),
            "spelling": _spelling(specs),
        },
        times=_times({spec.unit for spec in specs}),
        joined="""
            SELECT r.* RENAME (unit AS own_unit), s.* EXCLUDE (spelled),
                target AS written, target_unit AS written_unit,
                CASE WHEN r.unit IS NULL THEN 'employee' ELSE 'unit' END AS subject_kind,
                coalesce(r.employee, r.unit) AS subject
            FROM {rows} r LEFT JOIN spelling s ON lower(r.indicator) = spelled""",
        numbers={"known": "employee", "known_unit": "own_unit"},
        reasons=reasons,
        twin="code IS NOT NULL",
        key=("employee", "own_unit", "code"),
        same="j.subject_kind = e.subject_kind AND j.subject = e.subject AND j.code = e.indicator",
        columns="line, subject_kind, subject, code AS indicator, scaled AS value",
        content=("scaled",),
    ).made()


def check_sets(counts: Mapping[IndicatorSet, int], *, split: bool) -> list[Problem]:
    """Return what forbids these sets in one upload.

    A batch belongs to one set, so several need consent to be split; only the basic set comes
    with its change set by itself.
    """
    if len(counts) < 2 or split or set(counts) == {IndicatorSet.BASIC, IndicatorSet.CHANGE}:
        return []
    shown = ", ".join(f"{one.value} {count}" for one, count in sorted(counts.items()))
    return [Problem(N_("文件含有多个指标集（%(sets)s），请同意按指标集拆分后再导入。"), {"sets": shown})]


_SCALED = (
    f"CASE WHEN abs(written) < {_LIMIT} THEN CASE WHEN times = 1 THEN written "
    "ELSE TRY_CAST(written * times AS DECIMAL(28, 8)) END END AS scaled"
)
"""A value in its indicator's unit, NULL when it is too large (multiplying is slow, and mostly by 1)."""


def _value_reasons(unit: str) -> dict[str, tuple[str, str, str]]:
    return {
        "written": ("code IS NOT NULL AND times IS NULL", unit, "unit"),
        "large": (
            f"abs(written) >= {_LIMIT} OR (times IS NOT NULL AND scaled IS NULL) OR abs(scaled) >= {_LIMIT}",
            "written",
            "NULL",
        ),
        "minimum": ("scaled < minimum", "written", "minimum"),
        "maximum": ("scaled > maximum", "written", "maximum"),
        "whole": ("CASE WHEN whole THEN scaled <> floor(scaled) END", "written", "NULL"),
    }


PROBLEMS_LIMIT = 100_000
"""So many bad rows are told one by one."""

_SORTED_AT_ONCE = 4_000_000

_TOLD_ELSEWHERE = ("double", "double_target", "exists", "exists_target")
"""Reasons that lie in other rows: tables of their own say which lines."""


@dataclass(frozen=True)
class _Check:
    """How rows of one kind are checked, in SQL; no row becomes a Python object unless it is bad.

    * joined: the rows of `{rows}` with their indicators beside them; `written` is the value as written,
      in `written_unit`. times: by what it is to be multiplied. numbers: tables of known numbers, and the
      column that is looked up there.
    * reasons: why a row is bad: a condition, and the value and detail that are shown.
    * twin: which rows may come only once by `key`; same: when row `j` is one of `existing` (`e`).
    * columns: of a good row; content: what beside the key makes two files the same; group: by what
      it is told.
    """

    rows: Rows
    tables: Mapping[str, pa.Table]
    joined: str
    numbers: Mapping[str, str]
    times: str
    reasons: Mapping[str, tuple[str, str, str]]
    twin: str
    key: Sequence[str]
    same: str
    columns: str
    content: Sequence[str]
    group: str = "''"
    day: str = "CAST(NULL AS DATE)"
    pairs: bool = False
    alone: bool = False

    def made(self) -> Checked:
        """Return what is good and what is wrong.

        One pass marks each row with what the others need of it (a few numbers); only bad
        rows are looked at again, and the good ones stay a query.
        """
        run = self.rows.room.connection.execute
        for name, table in self.tables.items():
            self.rows.room.connection.register(f"{name}_given", table)
            run(f"CREATE OR REPLACE TABLE {name} AS FROM {name}_given")
            self.rows.room.connection.unregister(f"{name}_given")
        own = " OR ".join(
            f"coalesce({wrong}, false)"
            for name, (wrong, _, _) in self.reasons.items()
            if name not in _TOLD_ELSEWHERE
        )
        run(
            f"CREATE OR REPLACE TABLE mark AS SELECT line, {own} AS wrong, {self.group} AS part, "
            f"{self.day} AS day, CASE WHEN {self.twin} THEN keyed END AS twin, "
            f"hash(keyed, {', '.join(self.content)}) AS content "
            f"FROM (SELECT *, hash({', '.join(self.key)}) AS keyed FROM ({self._joined()}))"
        )
        run(f"CREATE OR REPLACE TABLE doubled AS {self._doubles()}")
        run(
            f"CREATE OR REPLACE TABLE present AS SELECT j.line, min(e.batch) AS batch "
            f"FROM (SELECT * FROM ({self._joined()}) WHERE {self.twin}) j JOIN existing e ON {self.same} "
            "GROUP BY j.line"
            if self.tables["existing"].num_rows
            else "CREATE OR REPLACE TABLE present (line BIGINT, batch BIGINT)"
        )
        run(
            "CREATE OR REPLACE TABLE fault AS SELECT DISTINCT line FROM (SELECT line FROM mark WHERE wrong "
            "UNION ALL SELECT line FROM doubled UNION ALL SELECT line FROM present)"
        )
        run("CREATE OR REPLACE TABLE lonely (line BIGINT, code VARCHAR)")
        run("CREATE OR REPLACE TABLE bare (line BIGINT, code VARCHAR)")
        if self.pairs:
            self._find_lonely()
        run("CREATE OR REPLACE TABLE bad AS SELECT line FROM fault UNION ALL SELECT line FROM lonely")
        good = f"SELECT {self.columns} FROM ({self._joined(looked_up=False)}) ANTI JOIN bad USING (line)"
        problems, bad = self._problems()
        digests, spans = self._summed()
        return Checked(self.rows.room.rows(good), problems, digests, bad, spans)

    def _joined(self, only: str = "", *, looked_up: bool = True) -> str:
        rows = f"({self.rows.query})"
        if only:
            rows = f"(SELECT * FROM {rows} WHERE line IN (SELECT line FROM {only}))"
        joined = f"SELECT *, {self.times} AS times FROM ({self.joined.format(rows=rows)})"
        scaled = f"SELECT *, {_SCALED} FROM ({joined})"
        for table, column in self.numbers.items() if looked_up else ():
            scaled = (
                f"SELECT q.*, {table}.number AS {table} FROM ({scaled}) q "
                f"LEFT JOIN {table} ON q.{column} = {table}.number"
            )
        return scaled

    def _doubles(self) -> str:
        """The query of rows that came before: first by hash, then exactly among the few that are left."""
        connection = self.rows.room.connection
        count = connection.sql("SELECT count(twin) FROM mark").fetchall()[0][0]
        parts = count // _SORTED_AT_ONCE + 1
        several: list[int] = []
        for part in range(parts):  # sorting so many is faster than grouping them
            found = connection.sql(f"SELECT twin FROM mark WHERE twin % {parts} = {part}").to_arrow_table()
            twins = np.sort(found.column("twin").to_numpy())
            several += np.unique(twins[1:][twins[1:] == twins[:-1]]).tolist()
        connection.register("several", pa.table({"twin": pa.array(several, pa.uint64())}))
        connection.execute(
            "CREATE OR REPLACE TABLE again AS SELECT line FROM mark SEMI JOIN several USING (twin)"
        )
        connection.unregister("several")
        return (
            f"SELECT line, first_line FROM (SELECT line, min(line) OVER (PARTITION BY {', '.join(self.key)}) "
            f"AS first_line FROM ({self._joined('again')})) WHERE line > first_line"
        )

    def _find_lonely(self) -> None:
        """Note the basic values without their change, and the changes whose basic value is bad."""
        run = self.rows.room.connection.execute
        run(
            "CREATE OR REPLACE TABLE paired AS SELECT line, employee, code, day, base, indicator_set, "
            "line IN (SELECT line FROM fault) AS bad, line IN (SELECT line FROM present) AS present "
            f"FROM ({self._joined()}) WHERE paired OR base IS NOT NULL"
        )
        run(
            "INSERT INTO bare SELECT c.line, any_value(change.code) FROM paired c "
            "JOIN (SELECT DISTINCT code, base FROM spelling WHERE base IS NOT NULL) change "
            "ON change.base = c.code ANTI JOIN (SELECT * FROM paired WHERE NOT bad) g "
            "ON g.employee = c.employee AND g.day = c.day AND g.code = change.code "
            "ANTI JOIN existing e ON e.employee = c.employee AND e.day = c.day AND e.indicator = change.code "
            "WHERE c.indicator_set = 'basic' AND NOT c.bad GROUP BY c.line"
        )
        if not self.alone:
            run("INSERT INTO lonely FROM bare")
        run(
            "INSERT INTO lonely SELECT c.line, any_value(c.base) FROM paired c "
            "SEMI JOIN (SELECT * FROM paired WHERE bad AND NOT present) g "
            "ON g.employee = c.employee AND g.day = c.day AND g.code = c.base "
            "WHERE c.base IS NOT NULL AND NOT c.bad "
            "AND c.line NOT IN (SELECT line FROM lonely) GROUP BY c.line"
        )

    def _problems(self) -> tuple[list[Problem], int]:
        """Return the problems by line, and how many rows have one."""
        names = [*self.reasons, "pair"]
        reasons = {**self.reasons, "pair": ("lacking IS NOT NULL", "lacking", "NULL")}
        shown = [
            f"{sql} AS {letter}_{name}"
            for name, (wrong, value, detail) in reasons.items()
            for letter, sql in (
                ("is", f"coalesce({wrong}, false)"),
                ("v", f"CAST({value} AS VARCHAR)"),
                ("d", f"CAST({detail} AS VARCHAR)"),
            )
        ]
        helpers = ", ".join(f"{letter}_{name}" for letter in ("is", "v", "d") for name in names)
        run = self.rows.room.connection.execute
        run(f"CREATE OR REPLACE TABLE told AS SELECT line FROM bad ORDER BY line LIMIT {PROBLEMS_LIMIT}")
        found = run(
            f"SELECT line, {helpers} FROM (SELECT j.line AS line, {', '.join(shown)} "
            f"FROM ({self._joined('told')}) j LEFT JOIN doubled USING (line) LEFT JOIN present USING (line) "
            "LEFT JOIN (SELECT line, code AS lacking FROM lonely) USING (line)) ORDER BY line"
        ).fetchall()
        counted = run("SELECT count(*) FROM bad").fetchall()
        return [problem for row in found for problem in _problems(row, names)], int(counted[0][0])

    def _summed(self) -> tuple[dict[str, str], dict[str, tuple[int, date, date]]]:
        """Return by set a SHA-256 of the sound content, in any order, and the span of the good rows.

        Content that counts already is sound.
        """
        run = self.rows.room.connection.execute
        run(
            "CREATE OR REPLACE TABLE odd AS SELECT DISTINCT line, sound FROM ("
            "SELECT line, line IN (SELECT line FROM present) AS sound FROM fault "
            "UNION ALL SELECT line, true FROM lonely)"
        )
        rows = run(
            "SELECT part, count(*) FILTER (sound), sum(content) FILTER (sound), "
            "bit_xor(content) FILTER (sound), count(*) FILTER (good), min(day) FILTER (good), "
            "max(day) FILTER (good) FROM (SELECT part, content, day, odd.sound IS NOT FALSE AS sound, "
            "odd.sound IS NULL AS good FROM mark LEFT JOIN odd USING (line) WHERE part IS NOT NULL) "
            "GROUP BY part"
        ).fetchall()
        digests = {
            part: sha256(f"{count}|{total}|{mixed}".encode()).hexdigest()
            for part, count, total, mixed, *_ in rows
            if count
        }
        return digests, {part: (count, first, last) for part, *_, count, first, last in rows if count}


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


def _times(units: Collection[str]) -> str:
    """Return the SQL of what a `written_unit` is in terms of an indicator's `unit`, NULL when nothing.

    An unwritten unit is the indicator's own, so most rows need no comparing.
    """
    whens = [
        f"WHEN unit = {literal(wanted)} AND written_unit = {literal(one)} "
        f"THEN CAST({times:f} AS DECIMAL(18, 8))"
        for wanted in sorted(units)
        for one in UNITS
        if one != wanted and (times := factor(one, wanted))
    ]
    return (
        "CASE WHEN unit IS NULL THEN NULL WHEN written_unit = '' OR written_unit = unit "
        f"THEN CAST(1 AS DECIMAL(18, 8)) {' '.join(whens)} END"
    )


def _spelling(specs: Sequence[Spec]) -> pa.Table:
    """Return the indicators by each of their spellings."""
    spelled: dict[str, str] = {}
    for names in ("name_en", "name_zh", "code"):  # a code wins over another indicator's name
        spelled.update({name.lower(): spec.code for spec in specs if (name := getattr(spec, names))})
    by_code = {spec.code: spec for spec in specs}
    bases = {spec.base for spec in specs}
    meant = [by_code[code] for code in spelled.values()]
    return pa.table(
        {
            "spelled": pa.array(list(spelled), pa.string()),
            "code": pa.array([spec.code for spec in meant], pa.string()),
            "indicator_set": pa.array([spec.indicator_set.value for spec in meant], pa.string()),
            "single": pa.array([spec.indicator_set in _SINGLE for spec in meant], pa.bool_()),
            "unit": pa.array([spec.unit for spec in meant], pa.string()),
            "minimum": pa.array([spec.minimum for spec in meant], _AMOUNT),
            "maximum": pa.array([spec.maximum for spec in meant], _AMOUNT),
            "whole": pa.array([spec.whole for spec in meant], pa.bool_()),
            "base": pa.array([spec.base for spec in meant], pa.string()),
            "paired": pa.array([spec.code in bases for spec in meant], pa.bool_()),
        }
    )
