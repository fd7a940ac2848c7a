"""Short notations for what has several parts and still goes into one cell.

    pairs         0.8 → 60；1 → 100                          (from, or up to which place → points)
    segments      (-∞, 0.8) → 0；[0.8, +∞) → 60 + 200×(u−0.8)
    conditions    NPL_RATIO > 2；CONFIRMED_BREACHES ≥ 1
    coefficients  region = 1 [0.8, 1.2] 地区系数表           (name = value [lowest, highest] source)

`told` gives the notation of a value, or JSON where no notation gives exactly the value back; `read` reads
both, and is lenient with what an input method makes of signs.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from lms.scoring.document import Op
from lms.scoring.problems import N_
from lms.scoring.wordings import SIGNS
from lms.scoring.workbook.problem import CellError

NONE = "无"
"""The word for "there is none" where an empty cell means the default."""
NONES = frozenset({NONE, "none", "null"})


class Notation(StrEnum):
    """Which notation a column is written in."""

    PAIRS = "pairs"
    SEGMENTS = "segments"
    CONDITIONS = "conditions"
    COEFFICIENTS = "coefficients"


_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
_PAIR = re.compile(rf"({_NUMBER})(?:->|:|=>)({_NUMBER})")
_SEGMENT = re.compile(
    rf"([\[(])(-∞|{_NUMBER}),(\+?∞|{_NUMBER})([\])])(?:->|:|=>)({_NUMBER})"
    rf"(?:([-+])({_NUMBER})\*\(u([-+])({_NUMBER})\))?"
)
_CONDITION = re.compile(rf"([A-Za-z][\w.\-]*?)(>=|<=|!=|<>|=>|=<|>|<|==?)({_NUMBER})", re.ASCII)
_COEFFICIENT = re.compile(
    r"([A-Za-z][A-Za-z0-9_.\-]*)\s*[=＝]\s*([-+−－＋.．eE\d]+)\s*"
    r"(?:[\[【［]([^,，\]】］]*)[,，]([^\]】］]*)[\]】］])?\s*(\S.*)"
)
_ESCAPED = re.compile(r"_x[0-9A-Fa-f]{4}_")
_OPS = {">": "gt", ">=": "ge", "=>": "ge", "<": "lt", "<=": "le", "=<": "le"}
_OPS |= {"=": "eq", "==": "eq", "!=": "ne", "<>": "ne"}
_SAME = str.maketrans(
    {
        "→": "->",
        "－": "-",
        "−": "-",
        "–": "-",
        "×": "*",
        "≥": ">=",
        "≤": "<=",
        "≠": "!=",
        "【": "[",
        "】": "]",
    }
    | {"；": ";", "，": ",", "、": ",", "～": "~"}
)


def number(value: float | None) -> str:
    """A number so that it reads back the same: 60, 0.1."""
    if value is None:
        return NONE
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def told(notation: Notation, value: Any) -> str:
    """The cell of a value; JSON where the notation would lose something."""
    try:
        brief = [_brief(item) for item in value]
        text = "；".join(_WRITERS[notation](item) for item in brief)
        if is_plain(text) and read(notation, text) == brief:
            return text
    except (CellError, KeyError, TypeError, ValueError):
        pass
    return as_json(value)


def is_plain(text: str) -> bool:
    """Whether a cell keeps every character of it."""
    return all(one.isprintable() or one in "\n\u3000" for one in text) and not _ESCAPED.search(text)


def as_json(value: Any) -> str:
    """JSON that a cell keeps."""
    text = json.dumps(value, ensure_ascii=False)
    return text if is_plain(text) else json.dumps(value)


def read(notation: Notation, text: str) -> Any:
    """The value that a cell says.

    Raises:
        CellError: it is neither in the notation nor JSON.
    """
    if text.startswith("[{") or (notation is Notation.PAIRS and text.startswith("[")):
        try:
            return json.loads(text)
        except ValueError:
            raise CellError(N_("JSON 写法有误"), {}) from None
    parts = [part.strip() for part in re.split(r"[；;\n]", text) if part.strip()]
    return [_READERS[notation](part) for part in parts]


def _number(text: str) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() else value


def _plain(text: str) -> str:
    """The text with signs as a keyboard has them, without spaces."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text.translate(_SAME)))


def _misread(text: str, example: str) -> CellError:
    return CellError(N_("看不懂“%(text)s”，请照此书写：%(example)s"), {"text": text, "example": example})


def _pair_text(pair: list[float]) -> str:
    start, points = pair
    return f"{number(start)} → {number(points)}"


def _pair(text: str) -> list[float]:
    found = _PAIR.fullmatch(_plain(text))
    if not found:
        raise _misread(text, "0.8 → 60；1 → 100")
    return [_number(part) for part in found.groups()]


def _segment_text(piece: dict[str, Any]) -> str:
    # Whether an open end is closed says nothing, so that the usual sign stands for the default.
    left, right = "[" if piece.get("low_closed", True) else "(", "]" if piece.get("high_closed") else ")"
    low = "(-∞" if piece["low"] is None else left + number(piece["low"])
    high = "+∞)" if piece["high"] is None else number(piece["high"]) + right
    slope, at = piece.get("slope", 0), piece.get("at", 0)
    line = ""
    if "slope" in piece or "at" in piece:
        minus, away = "−" if slope < 0 else "+", "+" if at < 0 else "−"
        line = f" {minus} {number(abs(slope))}×(u{away}{number(abs(at))})"
    return f"{low}, {high} → {number(piece['points'])}{line}"


def _segment(text: str) -> dict[str, Any]:
    found = _SEGMENT.fullmatch(_plain(text))
    if not found:
        raise _misread(text, "[0.8, 1) → 60 + 200×(u−0.8)")
    left, low, high, right, points, sign, slope, away, at = found.groups()
    piece: dict[str, Any] = {
        "low": None if low == "-∞" else _number(low),
        "high": None if high.endswith("∞") else _number(high),
        "points": _number(points),
    }
    if slope is not None:
        piece["slope"] = _number(sign + slope)
        piece["at"] = _number(("-" if away == "+" else "+") + at)
    if left == "(" and piece["low"] is not None:
        piece["low_closed"] = False
    if right == "]" and piece["high"] is not None:
        piece["high_closed"] = True
    return piece


def _condition_text(condition: dict[str, Any]) -> str:
    return f"{condition['measure']} {SIGNS[Op(condition['op'])]} {number(condition['value'])}"


def _condition(text: str) -> dict[str, Any]:
    found = _CONDITION.fullmatch(_plain(text))
    if not found:
        raise _misread(text, "CONFIRMED_BREACHES ≥ 1")
    measure, op, value = found.groups()
    return {"measure": measure, "op": _OPS[op], "value": _number(value)}


def _coefficient_text(item: dict[str, Any]) -> str:
    low, high = item.get("low"), item.get("high")
    limits = f" [{number(low)}, {number(high)}]" if "low" in item or "high" in item else ""
    return f"{item['name']} = {number(item.get('value', 1))}{limits} {item['source']}"


def _coefficient(text: str) -> dict[str, Any]:
    found = _COEFFICIENT.fullmatch(text)
    if not found:
        raise _misread(text, "region = 1 [0.8, 1.2] 地区系数表")
    name, value, low, high, source = found.groups()
    try:
        item: dict[str, Any] = {"name": name, "source": source, "value": _number(_plain(value))}
        if low is not None:
            item |= {"low": _limit(low), "high": _limit(high)}
    except ValueError:
        raise _misread(text, "region = 1 [0.8, 1.2] 地区系数表") from None
    return item


def _limit(text: str) -> float | None:
    plain = _plain(text)
    return None if plain in ("", *NONES) else _number(plain)


def _brief(item: Any) -> Any:
    """A part without what it would have anyway."""
    if not isinstance(item, dict):
        return item
    for names in (("slope", "at"), ("low", "high") if "source" in item else ()):
        if not any(item.get(name) for name in names):
            item = {name: value for name, value in item.items() if name not in names}
    return item


_WRITERS: dict[Notation, Callable[[Any], str]] = {
    Notation.PAIRS: _pair_text,
    Notation.SEGMENTS: _segment_text,
    Notation.CONDITIONS: _condition_text,
    Notation.COEFFICIENTS: _coefficient_text,
}
_READERS: dict[Notation, Callable[[str], Any]] = {
    Notation.PAIRS: _pair,
    Notation.SEGMENTS: _segment,
    Notation.CONDITIONS: _condition,
    Notation.COEFFICIENTS: _coefficient,
}
