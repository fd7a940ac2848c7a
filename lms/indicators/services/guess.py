"""What a file looks like before anybody has said which title is which column."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from lms.core import files
from lms.core.textfile import Layout, Options, preview
from lms.core.textfile.columns import Column, match_header, plain
from lms.core.textfile.rows import Row
from lms.core.textfile.sift import Sifter, shown
from lms.core.textfile.workbook import Workbook
from lms.indicators.models import ImportUpload
from lms.indicators.rules import Spec
from lms.indicators.rules.mapping import Guess, place_title, propose_indicators, unclear_day, wide_columns
from lms.indicators.services.pipeline import columns_of, importer_of, options_of

_LOOKED_AT = 200
_TAIL = 4096
_FIGURE = re.compile(r"^[\s\d.,:/%+\-年月日]*$")


def guess(upload: ImportUpload, specs: Sequence[Spec] = ()) -> Guess:
    """Look at the beginning and the end of a file.

    Raises:
        Rejected: it cannot be read at all.
    """
    columns = [replace(one, required=False) for one in importer_of(upload.kind).columns(upload.data_model)]
    options = Options(**upload.options)
    path = files.path_of(upload.sha256)
    raw = preview(path, columns, replace(options, header_line=0, order=()), first=_LOOKED_AT)
    line = options.header_line
    if line is None:
        line = _header_line(raw.rows, columns, upload, specs)
    header = next((row for row in raw.rows if row.line == line), None)
    below = [row for row in raw.rows if row.line > line]
    titles = tuple(cell.strip() for cell in header.cells) if header else _places(below)
    foot = _foot(upload, raw.layout)
    sifter = Sifter(titles, skip_totals=True)
    return Guess(
        replace(raw.layout, header_line=line, titles=titles),
        titles,
        raw.rows[:8],
        [row for row in below if not sifter.left_out(row)][:20],
        [shown(row.cells) if raw.layout.encoding == "workbook" else row.cells[0] for row in foot],
        bool(foot) and sifter.left_out(_split(foot[-1], raw.layout)),
        "" if options.day_order else unclear_day([row.cells for row in below]),
    )


def meant(upload: ImportUpload, titles: Sequence[str]) -> list[str]:
    """Return of each title of a file what its column will be: a wanted column's name, an indicator, or ""."""
    base = {one.name: one.title for one in importer_of(upload.kind).columns(upload.data_model)}
    base |= {one.name: one.indicator for one in wide_columns(upload.titles)}
    options = options_of(upload)
    if options.header_line == 0:
        names = list(options.order) or list(base)
        return [base.get(names[at], "") if at < len(names) else "" for at in range(len(titles))]
    positions = match_header(titles, columns_of(upload)).positions
    names_at = {place: base[name] for name, place in positions.items()}
    return [names_at.get(at, "") for at in range(len(titles))]


def _header_line(
    rows: Sequence[Row], columns: Sequence[Column], upload: ImportUpload, specs: Sequence[Spec]
) -> int:
    """Return the line that has the most wanted titles; without any, the first full line of words."""
    wide = {plain(one.title) for one in wide_columns(upload.titles)}
    chosen = wide | {plain(title) for title in upload.titles.values() if title}

    def wanted(row: Row) -> int:
        known = len(match_header(row.cells, columns).positions)
        named = sum(plain(cell) in chosen for cell in row.cells)
        return known + named + len(propose_indicators([cell for cell in row.cells if cell.strip()], specs))

    scores = {row.line: wanted(row) for row in rows[:50]}
    best = max(scores, key=lambda line: scores[line], default=0)
    if best and scores[best]:
        return best
    widths = Counter(len(row.cells) for row in rows if any(row.cells))
    usual = max(widths, key=lambda width: (widths[width], width), default=0)
    for row in rows:
        words = [cell for cell in row.cells if cell.strip()]
        if len(words) == usual and not any(_FIGURE.match(cell) for cell in words):
            return row.line
    return rows[0].line if rows else 1


def _places(rows: Sequence[Row]) -> tuple[str, ...]:
    widest = max((len(row.cells) for row in rows), default=0)
    return tuple(place_title(at) for at in range(1, widest + 1))


def _split(row: Row, layout: Layout) -> Row:
    return row if layout.encoding == "workbook" else Row(1, row.cells[0].split(layout.separator or None))


def _foot(upload: ImportUpload, layout: Layout) -> list[Row]:
    """Return the last rows of a workbook, or the last lines, each a cell, of a text that is not packed."""
    if layout.encoding == "workbook":
        with files.path_of(upload.sha256).open("rb") as stream:
            return Workbook(stream, layout.sheet).last(3)
    if layout.packed:
        return []
    with files.path_of(upload.sha256).open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - _TAIL) // 2 * 2)
        text = stream.read().decode(layout.encoding, errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()][1:][-3:]
    return [Row(1, [line]) for line in lines]
