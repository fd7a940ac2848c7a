"""The parameters of a scheme: their paths, setting them, and what a changed scheme must still be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.scoring import InvalidScheme, Scheme, parse, presets, schemefile, sha256, to_dict
from lms.scoring.parameters import Parameter, apply, by_codes, fits, parameters, siblings
from tests.scoring.build import document, line, run, section, total

SHIPPED = Path(__file__).parents[2] / "lms/demo/schemes"


def banded() -> Scheme:
    """Two sections 60 and 40: bands from 80 and 100, and a plain value with a coefficient and a bound."""
    bands = presets.bands([(80.0, 60.0), (100.0, 90.0)], below=20.0)
    plain = presets.value_as_points(floor=0.0, cap=120.0)
    return parse(
        document(
            section("business", 60, line("A", 30, **bands), line("B", 70, **plain)),
            section(
                "other",
                40,
                line(
                    "C",
                    100,
                    **plain,
                    coefficients=[{"name": "region", "source": "总行", "value": 1, "low": 0.8, "high": 1.2}],
                ),
            ),
            gates=[
                {
                    "code": "G",
                    "name_zh": "违规",
                    "condition": {"measure": "A", "op": "lt", "value": 10},
                    "effect": "cap_grade",
                    "grade": "B",
                    "clause_zh": "违规最高 B",
                }
            ],
            grades=[
                {"code": "A", "name_zh": "优", "at_least": 90},
                {"code": "B", "name_zh": "良", "at_least": None},
            ],
        )
    )


def named(scheme: Scheme) -> dict[str, Parameter]:
    return {one.path: one for one in parameters(scheme)}


def test_paths_values_units_and_choices() -> None:
    found = named(banded())
    numbers = {path: (one.value, one.unit) for path, one in found.items() if not one.is_switch}
    assert numbers == {
        "sections/business/weight": (60, "%"),
        "indicators/A/weight": (30, "%"),
        "indicators/A/curve/1/points": (20, "points"),
        "indicators/A/curve/2/points": (60, "points"),
        "indicators/A/curve/3/points": (90, "points"),
        "indicators/A/curve/1/until": (80, ""),
        "indicators/A/curve/2/until": (100, ""),
        "indicators/B/weight": (70, "%"),
        "indicators/B/bound/floor": (0, "points"),
        "indicators/B/bound/cap": (120, "points"),
        "indicators/B/curve/points": (0, "points"),
        "indicators/B/curve/slope": (1, "points"),
        "sections/other/weight": (40, "%"),
        "indicators/C/weight": (100, "%"),
        "indicators/C/bound/floor": (0, "points"),
        "indicators/C/bound/cap": (120, "points"),
        "indicators/C/curve/points": (0, "points"),
        "indicators/C/curve/slope": (1, "points"),
        "indicators/C/coefficients/region/value": (1, ""),
        "indicators/C/coefficients/region/low": (0.8, ""),
        "indicators/C/coefficients/region/high": (1.2, ""),
        "gates/G/condition/value": (10, ""),
        "grades/A/at_least": (90, "points"),
    }
    assert found["gates/G/grade"].choices == ("A", "B")
    assert found["indicators/A/missing"].value == "pending"
    assert "move" not in found["indicators/A/missing"].choices
    assert fits(found["indicators/A/missing"], "zero")
    assert not fits(found["indicators/A/missing"], "move")
    assert not fits(found["indicators/A/missing"], 1.0)
    assert not fits(found["indicators/A/weight"], "zero")


def test_a_threshold_ends_one_band_and_begins_the_next() -> None:
    scheme = apply(banded(), {"indicators/A/curve/2/until": 95.0, "indicators/A/curve/3/points": 100.0})
    scored = run(scheme, {("p", "A"): 96.0, ("p", "B"): 50.0, ("p", "C"): 50.0})
    assert str(total(scored)["total"]) == "59.00"  # (100 × 30% + 50 × 70%) × 60% + 50 × 40%


def test_weights_move_together_or_not_at_all() -> None:
    weights = ("sections/business/weight", "sections/other/weight")
    assert siblings(weights[0], banded()) == weights
    assert siblings("indicators/B/weight", banded()) == ("indicators/A/weight", "indicators/B/weight")
    assert siblings("grades/A/at_least", banded()) == ("grades/A/at_least",)
    changed = apply(banded(), {weights[0]: 65.0, weights[1]: 35.0})
    assert [one.weight for one in changed.sections] == [65, 35]
    with pytest.raises(InvalidScheme) as caught:
        apply(banded(), {weights[0]: 65.0})
    (problem,) = caught.value.problems
    assert (problem.path, dict(problem.params)) == ("sections", {"total": "105"})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("indicators/A/curve/1/until", 100.5),
        ("indicators/B/bound/floor", 121.0),
        ("indicators/B/weight", -1.0),
        ("indicators/C/coefficients/region/value", 1.3),
        ("indicators/B/curve/slope", -1.0),
    ],
)
def test_what_makes_no_scheme_is_refused(path: str, value: float) -> None:
    with pytest.raises(InvalidScheme):
        apply(banded(), {path: value})


def test_a_path_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        apply(banded(), {"indicators/Z/weight": 1.0})


def test_places_of_problems_are_told_by_codes() -> None:
    data = to_dict(banded())
    assert by_codes(data, "sections/0/indicators") == "sections/business/indicators"
    assert by_codes(data, "sections/1/indicators/0/coefficients/0/value") == (
        "indicators/C/coefficients/region/value"
    )
    assert by_codes(data, "gates/0/grade") == "gates/G/grade"
    assert by_codes(data, "sections/0/indicators/0/curve/segments/1") == "indicators/A/curve/segments/2"


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_parameter_of_a_shipped_scheme_has_a_path_of_its_own_and_can_be_set(path: Path) -> None:
    scheme = schemefile.read(path.read_text(encoding="utf-8"))
    found = parameters(scheme)
    assert len({one.path for one in found}) == len(found) > 50
    assert apply(scheme, {one.path: one.value for one in found}) is scheme
    taken = {one.path: [c for c in one.choices if said(scheme, one.path, c) == c] for one in found}
    # A second kind of grouping asks for nothing else; an indicator may always wait for its figures.
    assert all(one.value in taken[one.path] for one in found if one.is_switch)
    assert all("pending" in taken[path] for path in taken if path.endswith("/missing"))


def said(scheme: Scheme, path: str, choice: str) -> Any:
    """What the scheme says at a path once a choice is set; None where it would be no scheme."""
    try:
        return named(apply(scheme, {path: choice}))[path].value
    except InvalidScheme:
        return None


def test_a_line_made_flat_can_be_raised_again() -> None:
    slope = "indicators/C/curve/slope"
    flat = apply(banded(), {slope: 0.0})
    assert named(flat)[slope].value == 0.0
    assert sha256(apply(flat, {slope: named(banded())[slope].value})) == sha256(banded())


@given(st.data())
def test_what_is_set_is_what_stands_there_and_nothing_else_changes(data: st.DataObject) -> None:
    scheme = banded()
    known = [one for one in parameters(scheme) if not one.is_switch]
    chosen = data.draw(st.lists(st.sampled_from(known), unique_by=lambda one: one.path, max_size=3))
    values: dict[str, Any] = {
        one.path: float(data.draw(st.integers(0, 120), label=one.path)) for one in chosen
    }
    try:
        changed = apply(scheme, values)
    except InvalidScheme:
        return
    before, after = named(scheme), named(changed)
    assert list(before) == list(after)
    for path, one in after.items():
        assert one.value == values.get(path, before[path].value)
    back = apply(changed, {path: before[path].value for path in values})
    assert sha256(back) == sha256(scheme)
