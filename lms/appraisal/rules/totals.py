"""What follows from a total: the grade after adjustments, and how certain a figure is."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal

from lms.scoring import Scheme
from lms.scoring.document import Effect

FLAG_ORDER = ("inferred", "unrecorded", "calculated", "recorded")
"""From the least certain to the most."""


def final_grade(scheme: Scheme, total: Decimal | None, gates: Collection[str]) -> str | None:
    """Return the grade of an adjusted total: by thresholds, not above a cap, none where it is withheld.

    `gates` are the codes of the gates that acted; an adjustment never lifts what a gate caps.
    """
    if total is None or not scheme.grades:
        return None
    acting = [gate for gate in scheme.gates if gate.code in gates]
    if any(gate.effect is Effect.WITHHOLD for gate in acting):
        return None
    codes = [band.code for band in scheme.grades]
    earned = next(
        (
            at
            for at, band in enumerate(scheme.grades)
            if band.at_least is None or total >= Decimal(repr(band.at_least))
        ),
        len(codes) - 1,
    )
    caps = [codes.index(g.grade) for g in acting if g.effect is Effect.CAP_GRADE and g.grade in codes]
    return codes[max([earned, *caps])]


def flag_of(flags: Iterable[str]) -> str:
    """Return the least certain of the flags of a figure's source rows; "" when there are none."""
    present = set(flags)
    return next((flag for flag in FLAG_ORDER if flag in present), "")
