"""Half-open days `[valid_from, valid_to)`: the one check."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from lms.core.errors import Refused
from lms.core.i18n import N_


def refuse_overlap(spans: Iterable[tuple[date, date | None]]) -> None:
    """Refuse spans that are empty, turned round or overlapping.

    Raises:
        Refused: naming the first day that is covered twice.
    """
    last: date | None = None
    opened = False
    for first, after in sorted(spans, key=lambda span: span[0]):
        if after is not None and after <= first:
            raise Refused(N_("结束日期必须晚于开始日期 %(day)s。"), day=first.isoformat())
        if opened or (last is not None and first < last):
            raise Refused(N_("有效期在 %(day)s 重叠。"), day=first.isoformat())
        last, opened = after, after is None
