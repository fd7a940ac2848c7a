"""From text cells to values, whole columns at a time, in DuckDB.

A cell becomes a value or a reason why not; the reasons are keys of `REASONS`. Cells in their
plainest spelling (2026-09-30, 1234.50, E00017) are told by one test each and skip all others:
the plain spelling of a kind must give what its full rule would give.
"""

# ruff: noqa: S608  the queries are made of our own column names, never of a file's text
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from lms.core.duck import literal, quoted
from lms.core.i18n import N_
from lms.core.textfile.columns import Column, Kind
from lms.core.textfile.units import COUNTS, UNITS

REASONS = {
    "blank": N_("不能为空。"),
    "number": N_("“%(value)s”不是有效的数字。"),
    "integer": N_("“%(value)s”不是有效的整数。"),
    "day": N_("“%(value)s”不是有效的日期，请写成 2026-09-30。"),
    "order": N_("“%(value)s”看不出日和月哪个在前：请写成 2026-09-30，或在“读取”一步选择日期的顺序。"),
    "month": N_("“%(value)s”不是有效的月份，请写成 2026-09。"),
    "moment": N_("“%(value)s”不是有效的时间，请写成 2026-09-30 12:30:00。"),
    "flag": N_("“%(value)s”不是“是”或“否”。"),
    "choice": N_("“%(value)s”不是可选的值。"),
    "mangled": N_("“%(value)s”是被表格软件改写过的长号码，后几位已丢失：请把该列设为文本后重新导出。"),
    "long": N_("内容过长。"),
    "characters": N_("含有无法识别的字符。"),
    "cells": N_("本行应有 %(wanted)s 列，实际有 %(found)s 列。"),
    "quote": N_("本行的引号有误，或有一格过长。"),
}
"""What is wrong with a cell or a row, as gettext ids."""

_SPACE = r"[\s\x{00A0}\x{3000}\x{FEFF}\x{200B}]"
_SHORT_UNITS = ("百万", "万", "亿", "千")
_UNITS = "|".join(sorted((*UNITS, *_SHORT_UNITS), key=len, reverse=True))
_NUMBER = (
    r"^(\()?([+-])?(¥|￥|RMB|CNY)? *([+-])?"
    r"(\d{1,3}(?:,\d{3})+|\d+)?(\.\d+)?\.?(E[+-]\d{2,3})?(-)? *"
    rf"({_UNITS})?(\))?$"
)
_CLOCK = r"\d{1,2}:\d{2}(:\d{2}(\.\d{1,6})?)?"
_YEAR_LAST = r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})((?: +|T)\d{1,2}:\d{2}.*)?$"
TURNED = {"dmy": r"\3-\2-\1", "mdy": r"\3-\1-\2"}
"""The orders of a date that ends with its year (day first, month first), and how it is turned round."""
_YES = ("是", "y", "yes", "1", "true", "t", "有", "√")
_NO = ("否", "n", "no", "0", "false", "f", "无", "×")

MACROS = rf"""
CREATE MACRO trimmed(s) AS regexp_replace(s, '^{_SPACE}+|{_SPACE}+$', '', 'g');
CREATE MACRO narrow(s) AS translate(s,
    '０１２３４５６７８９．，－＋％（）￥−／：　', '0123456789.,-+%()¥-/: ');
CREATE MACRO nothing(s) AS regexp_matches(s, '^(-+|—+|/|(?i:n/?a|null))?$');
CREATE MACRO odd(s) AS regexp_matches(s, '[\x00-\x08\x0B\x0C\x0E-\x1F\x7F\x{{FFFD}}]');
CREATE MACRO bare_id(s) AS
    trimmed(regexp_replace(regexp_replace(narrow(s), '^="(.*)"$', '\1'), '^''', ''));
CREATE MACRO mangled(s) AS regexp_matches(s, '^\d(\.\d+)?E\+\d{{2,3}}$');
CREATE MACRO number_parts(s) AS regexp_extract(s, '{_NUMBER}',
    ['opened', 'sign', 'currency', 'sign2', 'whole', 'fraction', 'power', 'behind', 'unit', 'closed']);
CREATE MACRO number_value(p) AS CASE
    WHEN p.whole = '' AND p.fraction = '' THEN NULL
    WHEN (p.opened = '') <> (p.closed = '') THEN NULL
    WHEN (p.opened <> '')::INT + (p.sign <> '')::INT + (p.sign2 <> '')::INT + (p.behind <> '')::INT > 1
        THEN NULL
    ELSE TRY_CAST(
        CASE WHEN p.opened <> '' OR '-' IN (p.sign, p.sign2, p.behind) THEN '-' ELSE '' END
        || replace(p.whole, ',', '') || p.fraction || p.power AS DECIMAL(28, 8)) END;
CREATE MACRO number_unit(p) AS CASE
    WHEN p.unit IN ('万', '亿', '千', '百万') THEN p.unit || '元'
    WHEN p.unit = '' AND p.currency <> '' THEN '元' ELSE p.unit END;
CREATE MACRO day_of(s, serials) AS CASE
    WHEN regexp_matches(s, '^\d{{4}}([-/.])\d{{1,2}}[-/.]\d{{1,2}}(( +|T)\d{{1,2}}:\d{{2}}.*)?$')
        THEN TRY_CAST(regexp_replace(s, '^(\d+)[-/.](\d+)[-/.](\d+).*$', '\1-\2-\3') AS DATE)
    WHEN regexp_matches(s, '^\d{{8}}(\d{{6}})?$')
        THEN TRY_CAST(regexp_replace(s, '^(\d{{4}})(\d\d)(\d\d).*$', '\1-\2-\3') AS DATE)
    WHEN regexp_matches(s, '^\d{{4}} *年 *\d{{1,2}} *月 *\d{{1,2}} *日$')
        THEN TRY_CAST(regexp_replace(s, '^(\d+) *年 *(\d+) *月 *(\d+) *日$', '\1-\2-\3') AS DATE)
    WHEN regexp_matches(s, '^\d{{1,2}}\.\d{{1,2}}\.\d{{4}}$')
        THEN TRY_CAST(regexp_replace(s, '^(\d+)\.(\d+)\.(\d+)$', '\3-\2-\1') AS DATE)
    WHEN regexp_matches(s, '^\d{{1,2}}-[A-Za-z]{{3}}-\d{{4}}$')
        THEN CAST(TRY_STRPTIME(s, '%d-%b-%Y') AS DATE)
    WHEN serials AND regexp_matches(s, '^[2-7]\d{{4}}(\.\d+)?$')
        THEN DATE '1899-12-30' + CAST(floor(CAST(s AS DOUBLE)) AS INTEGER)
    END;
CREATE MACRO day_first(s) AS CASE WHEN regexp_matches(s, '{_YEAR_LAST}')
    THEN TRY_CAST(regexp_replace(s, '{_YEAR_LAST}', '{TURNED["dmy"]}') AS DATE) END;
CREATE MACRO month_first(s) AS CASE WHEN regexp_matches(s, '{_YEAR_LAST}')
    THEN TRY_CAST(regexp_replace(s, '{_YEAR_LAST}', '{TURNED["mdy"]}') AS DATE) END;
CREATE MACRO month_of(s) AS CASE
    WHEN regexp_matches(s, '^\d{{4}}[-/.]\d{{1,2}}([-/.]0?1)?$')
        THEN TRY_CAST(regexp_replace(s, '^(\d+)[-/.](\d+).*$', '\1-\2-01') AS DATE)
    WHEN regexp_matches(s, '^\d{{6}}$')
        THEN TRY_CAST(regexp_replace(s, '^(\d{{4}})(\d\d)$', '\1-\2-01') AS DATE)
    WHEN regexp_matches(s, '^\d{{4}} *年 *\d{{1,2}} *月份?$')
        THEN TRY_CAST(regexp_replace(s, '^(\d+) *年 *(\d+).*$', '\1-\2-01') AS DATE)
    END;
CREATE MACRO moment_of(s) AS CASE
    WHEN regexp_matches(s, '^\d{{14}}$') THEN TRY_STRPTIME(s, '%Y%m%d%H%M%S')
    WHEN regexp_matches(s, '^\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}(( +|T){_CLOCK})?$')
        THEN TRY_CAST(regexp_replace(
            regexp_replace(s, '^(\d+)[-/.](\d+)[-/.](\d+)', '\1-\2-\3'), '( +|T)(\d{{1,2}}:\d\d)$', ' \2:00')
            AS TIMESTAMP)
    ELSE CAST(day_of(s, false) AS TIMESTAMP)
    END;
"""

_WORD = r"0-9A-Za-z_.,()\x{4E00}-\x{9FFF}（）、，。："
_PLAIN = {
    Kind.TEXT: rf"[{_WORD}]([{_WORD}\- ]*[{_WORD}\-])?",
    Kind.ID: r"[0-9A-Za-z_.\-]+",
    Kind.INTEGER: r"-?[0-9]{1,18}",
}
"""Spellings, as whole cells, that need no cleaning."""

SIMPLE = {Kind.TEXT: "utf8_is_alnum", Kind.ID: "ascii_is_alnum"}
"""Arrow's name for a still plainer spelling, which is found out before DuckDB sees the rows."""


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the macros that turn text into values."""
    connection.execute(MACROS)


@dataclass(frozen=True)
class _Rule:
    """How a kind becomes a value, in SQL, step by step.

    * early: a value of cell `c` that tells whether it is plain; plain, short: whether cell `c` needs
      no cleaning (`s` knows it already for some), and its value then.
    * clean: the cleaned text of a cell `c`; part: what is worked out of that text `t` once.
    * value: of text `t` and part `m`; reason: why text `t` and value `v` are wrong, or NULL.
    * unit: of part `m`, for numbers.
    """

    plain: str
    short: str
    clean: str
    value: str
    reason: str
    part: str = "NULL"
    unit: str = ""
    early: str = "NULL"


def typed_sql(
    source: str,
    columns: Sequence[Column],
    units: Mapping[str, str],
    *,
    serials: bool,
    orders: Mapping[str, str] | None = None,
    plainly: bool = True,
) -> str:
    """Return the query that gives `line`, the values, and `wrong`: NULL or `position:reason …`.

    `source` has `line` and the columns as text. `units` are those that the header writes, `orders`
    (keys of `TURNED`) those of the day and moment columns whose dates end with the year.
    `plainly=False` takes no short cut for plain spellings; the answer is the same.
    """
    orders = orders or {}
    rules = [_rule(column, serials=serials, order=orders.get(column.name, "")) for column in columns]
    levels: list[list[str]] = [[], [], [], [], []]
    values, wrong = [], []
    for at, (column, rule) in enumerate(zip(columns, rules, strict=True)):

        def own(sql: str, at: int = at) -> str:
            return _OWN.sub(lambda found: f"{found[1]}{at}", sql)

        plain = f"coalesce({rule.plain}, false)" if plainly else "false"
        name = quoted(column.name)
        simple = f"simple{at}" if column.kind in SIMPLE else "false"
        levels[0].append(
            own(f"coalesce({name}, '') AS $c, {simple} AS $s, {rule.early.format(c=name)} AS $e")
        )
        levels[1].append(own(f"$c, $e, {plain} AS $p"))
        levels[2].append(own(f"$c, $e, $p, CASE WHEN $p THEN NULL ELSE {rule.clean} END AS $t"))
        levels[3].append(own(f"$c, $e, $p, $t, CASE WHEN $p THEN NULL ELSE {rule.part} END AS $m"))
        levels[4].append(own(f"$p, $t, CASE WHEN $p THEN {rule.short} ELSE {rule.value} END AS $v"))
        values.append(own(f"$v AS {name}"))
        if rule.unit:
            header = literal(units.get(column.name, ""))
            unit = f"CASE WHEN $p THEN {header} ELSE coalesce(nullif({rule.unit}, ''), {header}) END"
            levels[4].append(own(f"{unit} AS $u"))
            values.append(own(f"$u AS {quoted(column.name + '_unit')}"))
        wrong.append(own(f"CASE WHEN NOT $p THEN '{at}:' || ({rule.reason}) END"))
    query = source
    for level in levels:
        query = f"(SELECT line, {', '.join(level)} FROM {query})"
    told = f"nullif(concat_ws(' ', {', '.join(wrong)}), '') AS wrong"
    return f"SELECT line, {', '.join(values)}, {told} FROM {query}"


_OWN = re.compile(r"\$([csepmtvu])\b")


def evidence_sql(source: str, columns: Sequence[Column]) -> str:
    """Return the query that counts, column after column, the dates that can only be read with the day
    first, and those only with the month first.
    """
    counted = []
    for column in columns:
        cell = f"narrow(trimmed(coalesce({quoted(column.name)}, '')))"
        first, second = f"day_first({cell})", f"month_first({cell})"
        counted += [f"count({first}) FILTER ({second} IS NULL)", f"count({second}) FILTER ({first} IS NULL)"]
    return f"SELECT {', '.join(counted)} FROM {source}"


def _rule(column: Column, *, serials: bool, order: str) -> _Rule:
    blank = "NULL" if column.blank else "'blank'"
    empty = "$c = '' OR " if column.blank else ""
    plain = f"{empty}regexp_full_match($c, '{_PLAIN.get(column.kind, '')}')"
    nothing = f"WHEN nothing($t) THEN {blank}"
    text = "narrow(trimmed($c))"
    match column.kind:
        case Kind.NUMBER:
            reason = f"CASE {nothing} WHEN $v IS NULL THEN 'number' END"
            # What casts is a number; only powers and underscores are for the full rule to judge.
            spelled = " OR ".join(f"contains($c, '{one}')" for one in "eE_")
            plain = f"{empty}($e IS NOT NULL AND NOT ({spelled}))"
            early = "TRY_CAST({c} AS DECIMAL(28, 8))"
            parts = "number_parts($t)"
            return _Rule(plain, "$e", text, "number_value($m)", reason, parts, "number_unit($m)", early)
        case Kind.INTEGER:
            counted = ", ".join(map(literal, ("", *COUNTS)))
            value = (
                f"CASE WHEN $m.currency = '' AND $m.unit IN ({counted}) "
                "AND number_value($m) = floor(number_value($m)) THEN TRY_CAST(number_value($m) AS BIGINT) END"
            )
            reason = f"CASE {nothing} WHEN $v IS NULL THEN 'integer' END"
            return _Rule(plain, "TRY_CAST($c AS BIGINT)", text, value, reason, "number_parts($t)")
        case Kind.DAY | Kind.MONTH | Kind.MOMENT:
            value = {
                Kind.DAY: f"day_of($t, {str(serials).lower()})",
                Kind.MONTH: "month_of($t)",
                Kind.MOMENT: "moment_of($t)",
            }[column.kind]
            wrong = f"'{column.kind}'"
            if column.kind is not Kind.MONTH and order:
                text = f"regexp_replace({text}, '{_YEAR_LAST}', '{TURNED[order]}\\4')"
            elif column.kind is not Kind.MONTH:
                unclear = "coalesce(day_first($t), month_first($t)) IS NOT NULL"
                wrong = f"CASE WHEN {unclear} THEN 'order' ELSE {wrong} END"
            reason = f"CASE {nothing} WHEN (year($v) BETWEEN 1900 AND 2200) IS NOT TRUE THEN {wrong} END"
            if column.kind is Kind.DAY:
                early = "TRY_CAST({c} AS DATE)"
                iso = "($c LIKE '____-__-__' AND $e BETWEEN DATE '1900-01-01' AND DATE '2200-12-31')"
                return _Rule(f"{empty}{iso}", "$e", text, value, reason, early=early)
            sql_type = "DATE" if column.kind is Kind.MONTH else "TIMESTAMP"
            return _Rule(f"{empty}false", f"CAST(NULL AS {sql_type})", text, value, reason)
        case Kind.CHOICE | Kind.FLAG:
            return _choice(column, empty, blank)
        case Kind.TEXT | Kind.ID:
            return _text(column, empty, blank)


def _choice(column: Column, empty: str, blank: str) -> _Rule:
    flags = {"true": _YES, "false": _NO}
    spelled = (
        flags if column.kind is Kind.FLAG else {literal(key): all_ for key, all_ in column.choices.items()}
    )
    whens = " ".join(
        f"WHEN lower($c) IN ({', '.join(literal(one.lower()) for one in spellings)}) THEN {value}"
        for value, spellings in spelled.items()
    )
    known = ", ".join(literal(one.lower()) for spellings in spelled.values() for one in spellings)
    kind = column.kind.value
    return _Rule(
        plain=f"{empty}lower($c) IN ({known})",
        short=f"CASE WHEN $c = '' THEN NULL {whens} END",
        clean="trimmed($c)",
        value=f"CASE {whens} END".replace("$c", "$t"),
        reason=f"CASE WHEN $t = '' THEN {blank} WHEN $v IS NULL THEN '{kind}' END",
    )


def _text(column: Column, empty: str, blank: str) -> _Rule:
    is_id = column.kind is Kind.ID
    mangled = "WHEN mangled($t) THEN 'mangled'" if is_id else ""
    return _Rule(
        plain=f"CASE WHEN $s OR {empty}false THEN length($c) <= {column.longest} "
        f"ELSE regexp_full_match($c, '{_PLAIN[column.kind]}') AND length($c) <= {column.longest} END",
        short="nullif($c, '')",
        clean="bare_id(trimmed($c))" if is_id else r"regexp_replace(trimmed($c), '^''([=+@-])', '\1')",
        value="nullif($t, '')",
        reason=(
            f"CASE WHEN $t = '' THEN {blank} WHEN odd($t) THEN 'characters' {mangled} "
            f"WHEN length($t) > {column.longest} THEN 'long' END"
        ),
    )
