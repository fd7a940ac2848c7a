"""Employee numbers as people paste them."""

from __future__ import annotations

import re
import unicodedata

_BREAKS = re.compile(r"[\s,;、,;]+")


def pasted_numbers(text: str) -> list[str]:
    """Return the numbers in a pasted text, each once and in order.

    Blanks, line ends, commas and semicolons (also full-width ones) separate; full-width digits and
    letters become plain, leading zeros stay.
    """
    plain = unicodedata.normalize("NFKC", text).upper()
    return list(dict.fromkeys(number for number in _BREAKS.split(plain) if number))
