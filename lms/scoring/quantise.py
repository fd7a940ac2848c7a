"""Rounding, the only place where it happens.

float64 carries a figure like 89.885 a hair beside its decimal value, and every engine's own round() deals
with that in its own way. Here a value within half a billionth below a tie counts as the tie and goes away
from zero, on every engine alike; the result is an integer number of units of 10^-places.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

import narwhals as nw

SNAP_PLACES = 9
_TIE = 5e-10


def sign(expr: nw.Expr) -> nw.Expr:
    """−1 below zero, else 1."""
    return nw.when(expr < 0).then(nw.lit(-1.0)).otherwise(nw.lit(1.0))


def quantise(expr: nw.Expr, places: int) -> nw.Expr:
    """The float expression rounded half up (away from zero) as Int64 units of 10^-places; null stays null."""
    scale = 10.0**places
    return (sign(expr) * (expr.abs() * scale + (0.5 + _TIE * scale)).floor()).cast(nw.Int64)


def snap(expr: nw.Expr) -> nw.Expr:
    """The float nearest to the value's ninth decimal: 8.1 / 9 becomes the same float as 0.9.

    Thresholds and steps are compared with what a person would write down, not with the noise of a division.
    """
    scale = 10.0**SNAP_PLACES
    # The sign goes into the divisor: by a plain literal polars multiplies with the reciprocal, a hair beside.
    # Adding zero turns minus zero into zero.
    return (expr.abs() * scale + 0.5).floor() / (sign(expr) * scale) + 0.0


def from_units(expr: nw.Expr, places: int) -> nw.Expr:
    """Units of 10^-places back as the float nearest to the decimal."""
    return snap(expr / 10.0**places)


def quantise_decimal(value: Decimal, places: int) -> int:
    """The exact value rounded half up (away from zero), in units of 10^-places."""
    return int(value.scaleb(places).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def units_at_least(value: float, places: int) -> int:
    """The smallest number of units of 10^-places that is not below the value as it is written."""
    return int(Decimal(repr(value)).scaleb(places).to_integral_value(rounding=ROUND_CEILING))
