"""From text cells to values, whole columns at a time, in DuckDB.

A cell becomes a value or a reason why not; the reasons are keys of `REASONS`.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from lms.core.i18n import N_
from lms.core.textfile.columns import Column, Kind
from lms.core.textfile.units import UNITS

REASONS = {
    "blank": N_("不能为空。"),
    "number": N_("“%(value)s”不是有效的数字。"),
    "day": N_("“%(value)s”不是有效的日期，请写成 2026-09-30。"),
    "choice": N_("“%(value)s”不是可选的值。"),
    "long": N_("内容过长。"),
    "characters": N_("含有无法识别的字符。"),
    "cells": N_("本行应有 %(wanted)s 列，实际有 %(found)s 列。"),
    "quote": N_("本行的引号有误。"),
}
"""What is wrong with a cell or a row, as gettext ids."""

_SPACE = r"[\s\x{00A0}\x{3000}\x{FEFF}\x{200B}]"
_SHORT_UNITS = ("百万", "万", "亿", "千")
_UNITS = "|".join(sorted((*UNITS, *_SHORT_UNITS), key=len, reverse=True))
_NUMBER = (
    r"^(\()?([+-])?(¥|￥|RMB|CNY)? *([+-])?"
    r"(\d{1,3}(?:,\d{3})+|\d+)?(\.\d+)?\.? *"
    rf"({_UNITS})?(\))?$"
)

MACROS = rf"""
CREATE MACRO trimmed(s) AS regexp_replace(s, '^{_SPACE}+|{_SPACE}+$', '', 'g');
CREATE MACRO narrow(s) AS translate(s, '０１２３４５６７８９．，－＋％（）￥−／　', '0123456789.,-+%()¥-/ ');
CREATE MACRO nothing(s) AS regexp_matches(s, '^(-+|—+|/|(?i:n/?a|null))?$');
CREATE MACRO odd(s) AS regexp_matches(s, '[\x00-\x08\x0B\x0C\x0E-\x1F\x7F\x{{FFFD}}]');
CREATE MACRO bare_id(s) AS regexp_replace(regexp_replace(narrow(s), '^="(.*)"$', '\1'), '^''', '');
CREATE MACRO number_parts(s) AS regexp_extract(s, '{_NUMBER}',
    ['opened', 'sign', 'currency', 'sign2', 'whole', 'fraction', 'unit', 'closed']);
CREATE MACRO number_value(p) AS CASE
    WHEN p.whole = '' AND p.fraction = '' THEN NULL
    WHEN (p.opened = '') <> (p.closed = '') OR (p.sign <> '' AND p.sign2 <> '') THEN NULL
    WHEN p.opened <> '' AND (p.sign <> '' OR p.sign2 <> '') THEN NULL
    ELSE TRY_CAST(
        CASE WHEN p.opened <> '' OR '-' IN (p.sign, p.sign2) THEN '-' ELSE '' END
        || replace(p.whole, ',', '') || p.fraction AS DECIMAL(28, 8)) END;
CREATE MACRO number_unit(p) AS CASE
    WHEN p.unit IN ('万', '亿', '千', '百万') THEN p.unit || '元'
    WHEN p.unit = '' AND p.currency <> '' THEN '元' ELSE p.unit END;
CREATE MACRO day_of(s, serials) AS CASE
    WHEN regexp_matches(s, '^\d{{4}}([-/.])\d{{1,2}}[-/.]\d{{1,2}}(( +|T)\d{{1,2}}:\d{{2}}.*)?$')
        THEN TRY_CAST(regexp_replace(s, '^(\d+)[-/.](\d+)[-/.](\d+).*$', '\1-\2-\3') AS DATE)
    WHEN regexp_matches(s, '^\d{{8}}$')
        THEN TRY_CAST(regexp_replace(s, '^(\d{{4}})(\d\d)(\d\d)$', '\1-\2-\3') AS DATE)
    WHEN regexp_matches(s, '^\d{{4}} *年 *\d{{1,2}} *月 *\d{{1,2}} *日$')
        THEN TRY_CAST(regexp_replace(s, '^(\d+) *年 *(\d+) *月 *(\d+) *日$', '\1-\2-\3') AS DATE)
    WHEN regexp_matches(s, '^\d{{1,2}}\.\d{{1,2}}\.\d{{4}}$')
        THEN TRY_CAST(regexp_replace(s, '^(\d+)\.(\d+)\.(\d+)$', '\3-\2-\1') AS DATE)
    WHEN serials AND regexp_matches(s, '^[2-7]\d{{4}}(\.\d+)?$')
        THEN DATE '1899-12-30' + CAST(floor(CAST(s AS DOUBLE)) AS INTEGER)
    END;
"""


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the macros that turn text into values."""
    connection.execute(MACROS)


def column_sql(column: Column, *, unit: str, serials: bool) -> tuple[list[str], str]:
    """Return the value expressions of a column (as `expr AS name`) and its reason expression.

    The reason is NULL for a good cell. `unit` is the one written in the header.
    """
    cell = f"trimmed(coalesce(\"{column.name}\", ''))"
    blank = "NULL" if column.blank else "'blank'"
    if column.kind is Kind.NUMBER:
        text = f"narrow({cell})"
        parts = f"number_parts({text})"
        value = f"number_value({parts})"
        written = f"coalesce(nullif(number_unit({parts}), ''), '{unit}')"
        reason = f"CASE WHEN nothing({text}) THEN {blank} WHEN {value} IS NULL THEN 'number' END"
        return [f'{value} AS "{column.name}"', f'{written} AS "{column.name}_unit"'], reason
    if column.kind is Kind.DAY:
        text = f"narrow({cell})"
        value = f"day_of({text}, {str(serials).lower()})"
        inside = f"year({value}) BETWEEN 1900 AND 2200"
        reason = f"CASE WHEN nothing({text}) THEN {blank} WHEN ({inside}) IS NOT TRUE THEN 'day' END"
        return [f'{value} AS "{column.name}"'], reason
    if column.kind is Kind.CHOICE:
        whens = " ".join(
            f"WHEN lower({cell}) IN ({_texts(spellings)}) THEN {_texts([key])}"
            for key, spellings in column.choices.items()
        )
        value = f"CASE {whens} END"
        reason = f"CASE WHEN {cell} = '' THEN {blank} WHEN {value} IS NULL THEN 'choice' END"
        return [f'{value} AS "{column.name}"'], reason
    text = f"bare_id({cell})" if column.kind is Kind.ID else f"regexp_replace({cell}, '^''([=+@-])', '\\1')"
    reason = (
        f"CASE WHEN {text} = '' THEN {blank} WHEN odd({text}) THEN 'characters' "
        f"WHEN length({text}) > {column.longest} THEN 'long' END"
    )
    return [f"nullif({text}, '') AS \"{column.name}\""], reason


def _texts(values: Sequence[str]) -> str:
    """Return SQL literals; quotes are doubled."""
    return ", ".join("'" + value.lower().replace("'", "''") + "'" for value in values)
