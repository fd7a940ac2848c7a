"""One value and the cell it stands in, both ways."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import date, time, timedelta
from typing import Any, Final

from lms.scoring.problems import N_
from lms.scoring.workbook import notation, words
from lms.scoring.workbook.notation import NONES
from lms.scoring.workbook.problem import CellError
from lms.scoring.workbook.tables import Column, Kind

Cell = str | float | int
LONGEST = 32_767
"""So many characters go into a cell."""


class Nothing:
    """What an empty cell says: the default."""


NOTHING: Final = Nothing()
_FIGURE = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_FLAGS = {"是": True, "yes": True, "true": True, "否": False, "no": False, "false": False}


def told(column: Column, value: Any, lang: str) -> Cell:
    """The cell of a value: a number, or a text that `read` turns into the same value.

    Raises:
        CellError: it is too long for a cell.
    """
    cell = _told(column, value, lang)
    if isinstance(cell, str) and len(cell) > LONGEST:
        raise CellError(N_("太长，最多 %(limit)s 个字"), {"limit": LONGEST})
    return cell


def _told(column: Column, value: Any, lang: str) -> Cell:
    if isinstance(value, bool):
        return words.FLAGS[value][lang == "en"] if column.kind is Kind.FLAG else json.dumps(value)
    if column.kind is Kind.NOTATION and column.notation:
        return notation.told(column.notation, value)
    if column.kind is Kind.WORD_OR_POINTS and isinstance(value, dict) and list(value) == ["points"]:
        return _number(value["points"])
    if isinstance(value, int | float) and column.kind is not Kind.TEXT:
        return _number(value)
    if isinstance(value, str):
        return words.choice(field_of(column), value, lang) if column.words else _quoted(value)
    if value is None and column.nullable:
        return notation.NONE if lang == "zh" else "none"
    return notation.as_json(value)


def _number(value: float) -> Cell:
    """A workbook writes sixteen figures; a number that has more goes as text."""
    return value if float(f"{value:.16G}") == value else repr(value)


def _quoted(text: str) -> str:
    """The text itself, in quotes where a cell or a reader would change it."""
    plain = bool(text) and text == text.strip() and not text.startswith(('"', "{", "["))
    plain = plain and text.lower() not in NONES and notation.is_plain(text)
    return text if plain else json.dumps(text)


def field_of(column: Column) -> str:
    """Under which name the words of a column's choices stand."""
    return "gate.missing" if column.words == ("pending", "pass", "apply") else column.name


def read(column: Column, cell: Any, *, percent: bool = False) -> Any:
    """What a cell says, NOTHING when it is empty; `percent`: it is shown as a percentage.

    Raises:
        CellError: it says nothing that this column can hold.
    """
    if isinstance(cell, str):
        cell = cell.replace("\r\n", "\n").strip()
    if cell == "" or cell is None:
        return NOTHING
    if isinstance(cell, date | time | timedelta):
        raise CellError(N_("表格软件把内容变成了日期：请先把单元格设为文本格式，再填写"), {})
    return _READERS[column.kind](column, cell, percent)


def _text(column: Column, cell: Any, percent: bool) -> Any:
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, int | float):
        if not float(cell).is_integer() and column.name in ("clause", "number"):
            message = N_("编号 %(value)s 是数字，3.10 会变成 3.1：请先把单元格设为文本格式，再填写")
            raise CellError(message, {"value": f"{cell:g}"})
        return f"{cell:.15g}"
    text = str(cell)
    if text.startswith('"') and text.endswith('"'):
        try:
            said = json.loads(text)
        except ValueError:
            return text
        return said if isinstance(said, str) else text
    return None if column.nullable and text.lower() in NONES else text


def _figure(column: Column, cell: Any, percent: bool) -> Any:
    if isinstance(cell, bool):
        raise CellError(N_("“%(text)s”不是数字"), {"text": str(cell).upper()})
    if isinstance(cell, str):
        if cell.lower() in NONES:
            return None
        text = unicodedata.normalize("NFKC", cell.replace("−", "-")).replace(" ", "")
        text = re.sub(r"(?<=\d),(?=\d{3}(\D|\Z))", "", text)
        percent = text.endswith("%")
        if not _FIGURE.fullmatch(text.removesuffix("%")):
            raise CellError(N_("“%(text)s”不是数字"), {"text": cell[:40]})
        value = float(text.removesuffix("%")) / (100 if percent else 1)
    else:
        value = float(cell)
    if percent and column.kind is not Kind.PERCENT:
        shown = f"{round(value * 100, 10):g}%"
        message = N_(
            "单元格是百分数 %(shown)s：此列请填普通数字，单位是百分数时填 %(high)s，是比率时填 %(low)s"
        )
        raise CellError(message, {"shown": shown, "high": shown.removesuffix("%"), "low": f"{value:g}"})
    return _whole(round(value * 100, 10) if percent else value)


def _whole(value: float) -> int | float:
    return int(value) if value.is_integer() else value


def _flag(column: Column, cell: Any, percent: bool) -> Any:
    said = str(cell).lower()
    if said not in _FLAGS:
        raise CellError(N_("“%(text)s”应为“是”或“否”"), {"text": str(cell)[:40]})
    return _FLAGS[said]


def _word(column: Column, cell: Any, percent: bool) -> Any:
    return words.code_of(field_of(column), str(cell))


def _word_or_points(column: Column, cell: Any, percent: bool) -> Any:
    said = _word(column, cell, percent)
    if said in column.words:
        return said
    bare = cell.removesuffix("分") if isinstance(cell, str) else cell
    try:
        return {"points": _figure(column, bare, percent)}
    except CellError:
        return said


def _noted(column: Column, cell: Any, percent: bool) -> Any:
    assert column.notation is not None
    number = isinstance(cell, float) and not isinstance(cell, bool)
    return notation.read(column.notation, f"{cell:.15g}" if number else str(cell))


def _any(column: Column, cell: Any, percent: bool) -> Any:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return _figure(column, cell, percent)
    text = str(cell)
    if column.nullable and text.lower() in NONES:
        return None
    if text.startswith(("{", "[")) or text in ("true", "false"):
        try:
            return json.loads(text, parse_constant=_refuse)
        except (ValueError, RecursionError):
            raise CellError(N_("JSON 写法有误"), {}) from None
    return _text(column, cell, percent)


def _refuse(_: str) -> Any:
    raise ValueError


_READERS = {
    Kind.TEXT: _text,
    Kind.NUMBER: _figure,
    Kind.PERCENT: _figure,
    Kind.FLAG: _flag,
    Kind.WORD: _word,
    Kind.WORD_OR_POINTS: _word_or_points,
    Kind.NOTATION: _noted,
    Kind.ANY: _any,
}
