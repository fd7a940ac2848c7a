"""Units as files write them, and what one is in terms of another."""

from __future__ import annotations

from decimal import Decimal

_MONEY = {
    "元": Decimal(1),
    "千元": Decimal(1_000),
    "万元": Decimal(10_000),
    "百万元": Decimal(1_000_000),
    "亿元": Decimal(100_000_000),
}
_PARTS = {"%": Decimal(1), "‰": Decimal("0.1")}
COUNTS = ("户", "笔", "人", "次", "分", "件", "张", "个", "天", "小时")
"""Units of what is counted, which do not convert."""
_SHORT = {
    "万": "万元",
    "亿": "亿元",
    "千": "千元",
    "百万": "百万元",
    "rmb": "元",
    "人民币元": "元",
    "yuan": "元",
}

UNITS = (*_MONEY, *_PARTS, *COUNTS)
"""Units that may stand behind a number or in a header."""


def plain_unit(text: str) -> str:
    """Return the usual spelling of a unit (`万` is `万元`)."""
    unit = text.strip().lower()
    return _SHORT.get(unit, unit)


def factor(written: str, wanted: str) -> Decimal | None:
    """Return by what a number in unit `written` is multiplied to stand in unit `wanted`.

    An unwritten unit is taken as the wanted one. None when the two cannot be told apart
    from a mistake (percent for money).
    """
    written, wanted = plain_unit(written), plain_unit(wanted)
    if not written or written == wanted:
        return Decimal(1)
    for scale in (_MONEY, _PARTS):
        if written in scale and wanted in scale:
            return scale[written] / scale[wanted]
    return None
