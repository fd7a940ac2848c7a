"""What follows from a total: grade and place after adjustments, and how certain a figure is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

from lms.scoring import Scheme
from lms.scoring.document import Effect

FLAG_ORDER = ("inferred", "unrecorded", "calculated", "recorded")
"""From the least certain to the most."""


def final_grade(
    scheme: Scheme,
    total: Decimal | None,
    gates: Collection[str],
    steps: Collection[Mapping[str, Any]] = (),
) -> str | None:
    """Return the grade of an adjusted total: as the scheme says, not above a cap, none where it is withheld.

    `gates` are the codes of the gates that acted; an adjustment never lifts what a gate caps. `steps` are
    those of the trace about the total: which grades kept the person out, and the cut-offs of quotas as they
    were computed; an adjustment moves nobody else.
    """
    if total is None or not scheme.grades:
        return None
    acting = [gate for gate in scheme.gates if gate.code in gates]
    if any(gate.effect is Effect.WITHHOLD for gate in acting):
        return None
    codes = [band.code for band in scheme.grades]
    caps = [codes.index(g.grade) for g in acting if g.effect is Effect.CAP_GRADE and g.grade in codes]
    refused = {step["detail"] for step in steps if step["step"] == "refused"}
    cut_offs = {step["detail"]: step["value"] for step in steps if step["step"] == "cut_off"}
    for band in scheme.grades[max([0, *caps]) :]:
        low_enough = band.at_least is None or total >= Decimal(repr(band.at_least))
        within = band.top is None or _reaches(total, cut_offs.get(band.code))
        if low_enough and within and band.code not in refused:
            return band.code
    return codes[-1]


def _reaches(total: Decimal, cut_off: float | None) -> bool:
    return cut_off is not None and total >= Decimal(repr(cut_off))


def places_of(totals: Mapping[int, Decimal | None]) -> dict[int, int]:
    """Return the place of everybody with a total: 1 is best, equal totals share the better place.

    >>> places_of({1: Decimal(80), 2: None, 3: Decimal(90), 4: Decimal(80)})
    {3: 1, 1: 2, 4: 2}
    """
    known = sorted(((total, one) for one, total in totals.items() if total is not None), key=lambda p: -p[0])
    places: dict[int, int] = {}
    place, before = 0, None
    for at, (total, one) in enumerate(known, start=1):
        if total != before:
            place, before = at, total
        places[one] = place
    return places


def flag_of(flags: Iterable[str]) -> str:
    """Return the least certain of the flags of a figure's source rows; "" when there are none."""
    present = set(flags)
    return next((flag for flag in FLAG_ORDER if flag in present), "")
