"""The same figures as a table, for those who read rather than see a chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from lms.web.charts.scale import Figure, Series, Show, show_plain
from lms.web.charts.svg import tag

ABSENT = "—"


@dataclass(frozen=True, slots=True)
class DataTable:
    """A header and rows of words; the first cell of a row names it."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def html(self, caption: str) -> Markup:
        """As an HTML table that folds on phones."""
        head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in self.header)))
        body = tag("tbody", *(self._row(row) for row in self.rows))
        return tag(
            "table", tag("caption", caption), head, body, class_="table table-sm zx-fold zx-chart-data"
        )

    def _row(self, row: tuple[str, ...]) -> Markup:
        named = tag("th", row[0], scope="row")
        cells = (
            tag("td", cell, class_="num", data_label=name)
            for name, cell in zip(self.header[1:], row[1:], strict=True)
        )
        return tag("tr", named, *cells)


def data_table(
    heading: str, labels: Sequence[str], series: Sequence[Series], *, show: Show = show_plain
) -> DataTable:
    """One row a label, one column a series. ValueError if a series is not as long as the labels."""
    columns = [[_cell(value, show) for value in one.values] for one in series]
    rows = tuple(tuple(row) for row in zip(labels, *columns, strict=True))
    return DataTable((heading, *(one.name for one in series)), rows)


def _cell(value: Figure | None, show: Show) -> str:
    return ABSENT if value is None else show(value)
