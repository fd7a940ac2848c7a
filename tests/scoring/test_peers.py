"""Compared with the others, weights that move, and gates that multiply: figures to check by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from lms.scoring import presets
from tests.scoring.build import BACKENDS, line, line_row, run, single, steps, total

pytestmark = pytest.mark.parametrize("backend", BACKENDS)

FOUR = {("a", "X"): 100.0, ("b", "X"): 80.0, ("c", "X"): 80.0, ("d", "X"): 60.0, ("e", "X"): None}
"""Four have the figure and one has not; their mean is 80."""


def compared(kind: str, *, less: bool = False) -> dict[str, Any]:
    rule = presets.completion_ratio(cap=None, less_is_better=less)
    return line(**rule | {"reference": {"kind": kind}, "missing": "exclude_and_rescale"})


@pytest.mark.parametrize(
    ("kind", "less", "points"),
    [
        ("peer_mean", False, ["125", "100", "100", "75"]),
        ("peer_best", False, ["100", "80", "80", "60"]),
        ("peer_worst", False, ["166.67", "133.33", "133.33", "100"]),
        ("peer_best", True, ["60", "75", "75", "100"]),
    ],
)
def test_the_others_are_the_reference(backend: str, kind: str, less: bool, points: list[str]) -> None:
    result = run(single(compared(kind, less=less)), FOUR, backend=backend)
    assert [line_row(result, "X", who)["points"] for who in "abcd"] == [Decimal(one) for one in points]
    assert line_row(result, "X", "e")["state"] == "excluded"
    assert steps(result, "X", "a")["reference"][1] == kind


@pytest.mark.parametrize(
    ("position", "direction", "expected"),
    [
        ("rank", "more", [1, 2, 2, 4]),
        ("rank", "less", [4, 2, 2, 1]),
        ("percentile", "more", [100, 66.666666667, 66.666666667, 0]),
        ("percentile", "less", [0, 66.666666667, 66.666666667, 100]),
    ],
)
def test_rank_and_percentile_among_those_with_the_figure(
    backend: str, position: str, direction: str, expected: list[float]
) -> None:
    fall = -10 if position == "rank" else 1
    segment = {"low": None, "high": None, "points": 110 if fall < 0 else 0, "slope": fall, "at": 0}
    rule = line(
        position=position, direction=direction, curve={"segments": [segment]}, reference={"kind": "none"}
    )
    result = run(single(rule | {"missing": "zero"}), FOUR, backend=backend)
    assert [line_row(result, "X", who)["position"] for who in "abcd"] == expected
    assert line_row(result, "X", "e")["points"] == 0


def test_one_alone_is_first_and_leaves_all_others_behind(backend: str) -> None:
    rule = line(**presets.by_percentile([(50, 80), (80, 100)], below=60))
    result = run(single(rule), {("p", "X"): -3.0}, backend=backend)
    assert (line_row(result, "X")["position"], line_row(result, "X")["points"]) == (100, 100)


def test_first_three_places_and_the_rest(backend: str) -> None:
    rule = line(**presets.by_rank([(1, 120), (3, 110)], others=90))
    result = run(single(rule | {"missing": "zero"}), FOUR, backend=backend)
    assert [line_row(result, "X", who)["points"] for who in "abcde"] == [120, 110, 110, 90, 0]


def test_a_missing_figure_may_count_in_full_or_as_the_others_have_it(backend: str) -> None:
    for policy, worth in (("full", 95), ("peer_mean", 80)):
        rule = line(missing=policy, bound={"floor": None, "cap": 95})
        result = run(single(rule), FOUR | {("a", "X"): 100.0}, backend=backend)
        got = line_row(result, "X", "e")
        mean = Decimal("78.75")  # 95 (capped), 80, 80 and 60
        assert (got["state"], got["points"]) == (policy, Decimal(worth) if policy == "full" else mean)
        assert steps(result, "X", "e")["missing"] == (None, f"actual:{policy}")


def test_a_mean_of_nobody_waits(backend: str) -> None:
    result = run(single(line(missing="peer_mean")), {("p", "X"): None, ("q", "X"): None}, backend=backend)
    assert (line_row(result, "X")["state"], total(result)["total"]) == ("missing", None)
    assert total(result)["missing"] == "X"


def test_the_weight_of_what_is_missing_moves_to_the_indicator_named(backend: str) -> None:
    scheme = single(
        line("LOAN", 30, missing="move", moves_to="DEPOSIT"), line("DEPOSIT", 50), line("CARDS", 20)
    )
    facts = {("p", "LOAN"): None, ("p", "DEPOSIT"): 90.0, ("p", "CARDS"): 60.0, ("q", "LOAN"): 100.0}
    facts |= {("q", "DEPOSIT"): 90.0, ("q", "CARDS"): 60.0}
    result = run(scheme, facts, backend=backend)
    assert total(result)["total"] == Decimal(84)  # 90 × 80 % + 60 × 20 %
    assert total(result, "q")["total"] == Decimal(87)
    assert (line_row(result, "LOAN")["state"], line_row(result, "LOAN")["effective_weight"]) == ("moved", 0)
    assert line_row(result, "DEPOSIT")["effective_weight"] == 80


def test_gates_multiply_the_total_when_all_their_conditions_hold(backend: str) -> None:
    gate = {
        "code": "CLAIMS",
        "name_zh": "投诉",
        "condition": {"measure": "complaints", "op": "ge", "value": 3},
        "also": [{"measure": "upheld", "op": "ge", "value": 1}],
        "effect": "multiply",
        "factor": 0.9,
        "clause_zh": "投诉三次以上且经核实的，总分乘以 0.9。",
    }
    scheme = single(line(), gates=[gate])
    facts = {
        ("p", "X"): 95.05, ("p", "complaints"): 3.0, ("p", "upheld"): 1.0,
        ("q", "X"): 95.05, ("q", "complaints"): 3.0, ("q", "upheld"): 0.0,
        ("r", "X"): 95.05, ("r", "complaints"): 3.0,
        ("s", "X"): 95.05, ("s", "upheld"): 0.0,
    }  # fmt: skip
    result = run(scheme, facts, backend=backend)
    assert (total(result)["total"], total(result)["total_before_gates"]) == (
        Decimal("85.55"),
        Decimal("95.05"),
    )
    assert (total(result)["gates"], steps(result, None)["multiplied"]) == ("CLAIMS", (85.55, ""))
    assert total(result, "q")["total"] == Decimal("95.05")
    assert (total(result, "r")["total"], total(result, "r")["missing"]) == (None, "CLAIMS")
    assert total(result, "s")["total"] == Decimal("95.05"), "one condition that fails is enough to know"


def test_for_whom_it_waits_a_missing_figure_is_no_zero(backend: str) -> None:
    from lms.scoring import score
    from tests.scoring.build import facts_table, targets_table

    facts = facts_table({("p", "X"): None, ("q", "X"): None})
    result = score(
        single(line(missing="zero")),
        facts,
        targets_table({}),
        waits=["q"],
        backend=backend,  # type: ignore[arg-type]
    )
    assert [total(result, who)["total"] for who in "pq"] == [Decimal(0), None]
