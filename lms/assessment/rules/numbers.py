"""Numbers as people type them: full-width digits, Chinese commas and full stops, units."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal

LONGEST = 40
_SIGNS = str.maketrans({"−": "-", "–": "-", "—": "-", "。": ".", "、": ",", "٬": ",", "’": ","})
_PLAIN = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?")


def fold(text: str) -> str:
    """Return text with one width, one case and no blanks, so that equal readings are equal strings."""
    return "".join(unicodedata.normalize("NFKC", text).translate(_SIGNS).casefold().split())


def read_number(text: str, units: Iterable[str] = ()) -> Decimal | None:
    """Return the number a text says, exactly; None when it says none.

    One of `units` may follow it. A percent sign is a unit where `%` is among the units; where it is not,
    `12%` means 0.12. Commas are read only as thousands: `1,47` says no number rather than 147.
    """
    folded = fold(text)
    if not folded or len(folded) > LONGEST:
        return None
    accepted = sorted({fold(unit) for unit in units if unit}, key=len, reverse=True)
    scale = 0
    for unit in accepted:
        if folded.endswith(unit):
            folded = folded.removesuffix(unit)
            break
    else:
        if folded.endswith("%") and "%" not in accepted:
            folded, scale = folded[:-1], -2
    if _GROUPED.fullmatch(folded):
        folded = folded.replace(",", "")
    return Decimal(folded).scaleb(scale) if _PLAIN.fullmatch(folded) else None


def exact(value: object) -> Decimal:
    """Return a number of a package (int, float or Decimal) as the decimal that was written."""
    return value if isinstance(value, Decimal) else Decimal(str(value))
