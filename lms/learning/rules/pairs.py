"""How many of the differences between a wrong and a right scene somebody noticed."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from lms.learning.rules.completion import whole_percent


def found_percent(found: Collection[int], total: int) -> Decimal:
    """Return the share of the listed differences that were found, in whole percents.

    `found` are places in the list, from 0; places outside it and repetitions count nothing.
    """
    return whole_percent(len({place for place in found if 0 <= place < total}), total)
