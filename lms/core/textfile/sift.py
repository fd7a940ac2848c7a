"""Which rows of a file are data: not blank, not a header again, not a total, and of the right width."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from lms.core.errors import Problem
from lms.core.textfile import typed
from lms.core.textfile.columns import plain
from lms.core.textfile.rows import Row

_TOTAL = re.compile(
    r"^(合计|总计|小计|共计|本页合计|grandtotal|total|subtotal)|(合计|总计|小计)$"
    r"|^(共|总共)\d+(笔|条|户|行|人|张|件)|^(总笔数|总条数|记录数|总记录数)|^(end|eof|trailer)$"
)
# What banks write under their tables, alone in its row.
_REMARK = re.compile(
    r"^(以上|注[:：\d]|备注|说明|声明|特别提示|温馨提示|制表|复核|经办|审核|打印|导出时间|生成时间)|仅供|为准"
)
_REMARK_WORDS = (
    "以上",
    "注",
    "说明",
    "声明",
    "提示",
    "制表",
    "复核",
    "经办",
    "审核",
    "打印",
    "时间",
    "仅供",
    "为准",
)
_UNUSUAL = r"[^\x09\x20-\x7E\x{4E00}-\x{9FFF}]"
_GAP = r"[\s_*:\-]*"


@dataclass(frozen=True)
class Sifter:
    """Judges rows, one at a time; `suspicious` tells which need it."""

    titles: tuple[str, ...]
    skip_totals: bool = False
    control_marks: tuple[str, ...] = ()

    @cached_property
    def width(self) -> int:
        """How many cells a row must have: up to the last titled column."""
        return max((at for at, title in enumerate(self.titles, start=1) if title), default=0)

    @cached_property
    def _plain(self) -> list[str]:
        return [plain(title) for title in self.titles]

    def left_out(self, row: Row) -> bool:
        """Whether a row is no data: blank, the header again, a declared control line, a total."""
        if not row.sound:
            return False
        filled = next((cell for cell in row.cells if cell.strip()), None)
        if filled is None or [plain(cell) for cell in row.cells] == self._plain:
            return True
        if self.control_marks and row.cells[0].strip().startswith(self.control_marks):
            return True
        return self.skip_totals and (
            _TOTAL.search(plain(filled)) is not None
            or (_REMARK.search(filled.strip()) is not None and sum(map(bool, map(str.strip, row.cells))) == 1)
        )

    def problem(self, row: Row) -> Problem | None:
        """Return what is wrong with a row as a whole."""
        if not row.sound:
            return Problem(typed.REASONS["quote"], line=row.line)
        found, widest = len(row.cells), len(self.titles)
        if found < self.width or (found > widest and any(cell.strip() for cell in row.cells[widest:])):
            return Problem(typed.REASONS["cells"], {"wanted": self.width, "found": found}, line=row.line)
        return None

    @cached_property
    def suspicious(self) -> str:
        """A regular expression (RE2) that finds the first cell of every row that may be left out.

        It may find more: a blank cell, the first title in any spelling, all that could be a
        total, and every cell with characters beyond ASCII and common hanzi.
        """
        title = _GAP.join(re.escape(one) for one in self._plain[0]) if self._plain else ""
        found = [r"^\s*$", _UNUSUAL, f"^{_GAP}{title}{_GAP}$"]
        if self.skip_totals:
            words = ("total", "end", "eof", "trailer", "记录数")
            found += ["计", f"^{_GAP}[共总]", *(_GAP.join(word) for word in (*words, *_REMARK_WORDS))]
        found += [r"^\s*" + re.escape(mark) for mark in self.control_marks]
        return "(?i)" + "|".join(f"(?:{one})" for one in found)

    @cached_property
    def codes_pass(self) -> bool:
        """Whether a first cell of ASCII letters and digits is never suspicious."""
        title = self._plain[0] if self._plain else ""
        return not (self.skip_totals or self.control_marks or title.isascii())


def shown(cells: Sequence[str]) -> str:
    """Return a line that was left out, for a person to see."""
    return " ".join(filter(None, (cell.strip() for cell in cells)))[:200]
