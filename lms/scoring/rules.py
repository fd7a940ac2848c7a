"""The rules, each written once as Narwhals expressions over the columns of `tables` and the joined figures.

Every function takes a lazy frame and gives it back with columns added; it runs on whatever engine the frame
comes from. Positions and points are snapped to nine decimals, so that 8.1 / 9 meets the threshold 0.9.
"""

from __future__ import annotations

from functools import reduce

import narwhals as nw

from lms.scoring.checks import WEIGHT_UNITS
from lms.scoring.conditions import COMPARE, test
from lms.scoring.document import (
    BoundStage,
    Condition,
    Effect,
    Gate,
    GateMissing,
    GradeBand,
    Op,
    PositionKind,
    Scheme,
)
from lms.scoring.frames import Frame
from lms.scoring.quantise import from_units, quantise, sign, snap, units_at_least

# Points are held within this before rounding: sums of weight × points stay exact in a double.
POINTS_LIMIT = 1_000_000.0
# A denominator nearer to zero than this is zero.
ZERO = 1e-9

# Typed columns of nothing that `tables.with_nulls` adds: pandas cannot make a typed null out of a literal.
_NO_TEXT = nw.col("no_text")
_NO_NUMBER = nw.col("no_number")
_NO_COUNT = nw.col("no_count")
_FULL = 100.0 * WEIGHT_UNITS


def col(name: str) -> nw.Expr:
    """A column."""
    return nw.col(name)


def reference(frame: Frame) -> Frame:
    """`reference`: what was given before, the target, the constant, or null for a rule without any."""
    return frame.with_columns(
        reference=nw.when(col("reference_given"))
        .then(col("given_reference"))
        .when(col("reference_kind") == "target")
        .then(col("target"))
        .otherwise(col("reference_value"))
    )


def lack(frame: Frame) -> Frame:
    """`lack` (what is missing: actual, target or denominator) and `policy` (what that does; null if none).

    For whom `waits`, a missing figure is never a zero, whatever the rule says.
    """
    kind = col("position_kind")
    alone = kind.is_in([PositionKind.VALUE.value, PositionKind.RANK.value, PositionKind.PERCENTILE.value])
    zero = (
        ((kind == "ratio") & (col("reference").abs() < ZERO))
        | ((kind == "inverse") & (col("actual").abs() < ZERO))
        | ((kind == "relative") & (col("reference").abs() < ZERO))
    )
    lacking = (
        nw.when(col("actual").is_null())
        .then(nw.lit("actual"))
        .when(~alone & col("reference").is_null())
        .then(nw.lit("target"))
        .when(zero)
        .then(nw.lit("denominator"))
        .otherwise(_NO_TEXT)
    )
    return frame.with_columns(lack=lacking).with_columns(
        policy=nw.when(col("lack") == "denominator")
        .then(col("zero_policy"))
        .when(~col("lack").is_null() & col("waits") & (col("missing_policy") == "zero"))
        .then(nw.lit("pending"))
        .when(~col("lack").is_null())
        .then(col("missing_policy"))
        .otherwise(_NO_TEXT)
    )


def position(frame: Frame) -> Frame:
    """`position`: x, x/t, t/x, x−t, (x−t)/|t| or the standing among peers; null where anything is missing."""
    x, t, kind = col("actual"), col("reference"), col("position_kind")
    safe = nw.when(col("lack").is_null())
    divisor = nw.when(col("lack").is_null() & (kind == "inverse")).then(x)
    divisor = divisor.when(col("lack").is_null() & (kind == "ratio")).then(t)
    divisor = divisor.when(col("lack").is_null() & (kind == "relative")).then(t.abs())
    dividend = nw.when(kind == "ratio").then(x).when(kind == "inverse").then(t).otherwise(x - t)
    return (
        frame.with_columns(divisor=divisor.otherwise(_NO_NUMBER), dividend=dividend)
        .with_columns(
            position=safe.then(
                nw.when(kind == "value")
                .then(x)
                .when(kind == "difference")
                .then(x - t)
                .when(kind.is_in(["rank", "percentile"]))
                .then(col("standing"))
                .otherwise(col("dividend") / col("divisor"))
            ).otherwise(_NO_NUMBER)
        )
        .with_columns(position=snap(col("position")))
    )


def step(frame: Frame) -> Frame:
    """`stepped`: the position moved to where its broken step counts, away from the origin on both sides."""
    steps = snap((col("position") - col("step_origin")) / col("step_unit"))
    frame = frame.with_columns(steps=steps)
    size, mode = col("steps").abs(), col("step_mode")
    counted = (
        nw.when(mode == "whole")
        .then(size.floor())
        .when(mode == "started")
        .then(size.ceil())
        .when(mode == "half_up")
        .then((size + 0.5).floor())
        .otherwise(size)
    )
    moved = snap(col("step_origin") + sign(col("steps")) * counted * col("step_unit"))
    return frame.with_columns(stepped=nw.when(mode.is_null()).then(col("position")).otherwise(moved))


def curve(frame: Frame, pieces: int) -> Frame:
    """`piece` (which segment, from 0) and `raw_points` on it; the policy's points for a zero denominator."""
    u = col("stepped")
    piece: nw.Expr = _NO_COUNT
    points: nw.Expr = _NO_NUMBER
    for k in reversed(range(pieces)):
        high = col(f"high_{k}")
        reaches = col(f"last_{k}") | (u < high) | (col(f"high_closed_{k}") & (u == high))
        reaches = reaches.fill_null(value=False) & ~u.is_null()
        piece = nw.when(reaches).then(nw.lit(k)).otherwise(piece)
        line = col(f"points_{k}") + col(f"slope_{k}") * (u - col(f"at_{k}"))
        points = nw.when(reaches).then(line).otherwise(points)
    points = nw.when(col("policy") == "points").then(col("zero_points")).otherwise(points)
    return frame.with_columns(piece=piece, raw_points=snap(points.clip(-POINTS_LIMIT, POINTS_LIMIT)))


def bounded(points: nw.Expr) -> nw.Expr:
    """Points between the columns `floor` and `cap`, where there are any."""
    low, high = col("floor"), col("cap")
    return nw.when(points < low).then(low).when(points > high).then(high).otherwise(points)


def adjust(frame: Frame, stage: BoundStage, factors: int) -> Frame:
    """`coefficient` (product of all), `bounded` and `adjusted`: bounds before or after the coefficients."""
    product = reduce(
        lambda product, k: product * nw.coalesce(col(f"factor_{k}"), nw.lit(1.0)), range(factors), nw.lit(1.0)
    )
    frame = frame.with_columns(coefficient=product)
    raw, factor = col("raw_points"), col("coefficient")
    if stage is BoundStage.BEFORE:
        frame = frame.with_columns(bounded=bounded(raw))
        adjusted = snap(col("bounded") * factor)
    else:
        frame = frame.with_columns(multiplied=snap(raw * factor))
        frame = frame.with_columns(bounded=bounded(col("multiplied")))
        adjusted = col("bounded")
    return frame.with_columns(adjusted=adjusted.clip(-POINTS_LIMIT, POINTS_LIMIT))


STATES = {
    "zero": "zero",
    "full": "full",
    "peer_mean": "peer_mean",
    "previous": "previous",
    "exclude_and_rescale": "excluded",
    "move": "moved",
}
"""What becomes of an indicator by the policy that acts; `ok` without any, `missing` while one waits."""


def line_points(frame: Frame, places: int, *, averaged: bool) -> Frame:
    """`state` and `point_units` (whole units of 10^-places, null when missing, excluded or moved).

    `averaged`: whether any rule of the scheme asks for the mean of the peers' points.
    """
    policy = col("policy")
    state: nw.Expr = nw.lit("missing")
    for acting, name in STATES.items():
        state = nw.when(policy == acting).then(nw.lit(name)).otherwise(state)
    state = nw.when(policy.is_null() | (policy == "points")).then(nw.lit("ok")).otherwise(state)
    frame = frame.with_columns(
        state=state, own_units=nw.when(state == "ok").then(quantise(col("adjusted"), places))
    )
    mean: nw.Expr = _NO_NUMBER
    if averaged:
        frame = _peer_points(frame)
        mean = col("peer_units") / nw.when(col("peer_count") > 0).then(col("peer_count")).otherwise(
            _NO_NUMBER
        )
    return frame.with_columns(
        point_units=nw.when(col("state") == "zero")
        .then(nw.lit(0))
        .when(col("state") == "full")
        .then(quantise(bounded(nw.lit(100.0)), places))
        .when(col("state") == "peer_mean")
        .then(quantise(from_units(mean, places), places))
        .when(col("state") == "previous")
        .then(quantise(snap(col("previous_points")), places))
        .otherwise(col("own_units"))
    ).with_columns(
        state=nw.when(col("state").is_in(["peer_mean", "previous"]) & col("point_units").is_null())
        .then(nw.lit("missing"))
        .otherwise(col("state"))
    )


def _peer_points(frame: Frame) -> Frame:
    """`peer_units` and `peer_count` of the same indicator; whole units add up exactly in whatever order."""
    scored = nw.when(~col("own_units").is_null())
    return frame.with_columns(
        peer_units=scored.then(col("own_units").cast(nw.Float64)).otherwise(nw.lit(0.0)),
        peer_count=scored.then(nw.lit(1.0)).otherwise(nw.lit(0.0)),
    ).with_columns(
        peer_units=col("peer_units").sum().over("place", "peer_group"),
        peer_count=col("peer_count").sum().over("place", "peer_group"),
    )


def moved_weights(frame: Frame) -> Frame:
    """`weight_counted`: the weight with what other indicators of the same person leave to this one."""
    moved = (
        frame.filter(col("state") == "moved")
        .group_by("subject", "moves_to")
        .agg(col("weight_units").sum().alias("moved_units"))
        .rename({"moves_to": "indicator"})
    )
    return frame.join(moved, on=["subject", "indicator"], how="left").with_columns(
        weight_counted=col("weight_units") + nw.coalesce(col("moved_units"), nw.lit(0.0))
    )


def line_weights(frame: Frame, places: int, *, shifted: bool) -> Frame:
    """`counted` (weight still in the section), `effective_weight` (%) and `contribution_units` (10^-6).

    What exclude_and_rescale takes out leaves its weight to the others of its own section, nowhere else; what
    moves leaves it to the indicator it names. `shifted`: whether any rule of the scheme does either.
    """
    mean, present = col("group") == "weighted_mean", ~col("state").is_in(["excluded", "moved"])
    counts = nw.when(mean & present if shifted else mean)
    frame = frame.with_columns(counted=counts.then(col("weight_counted")).otherwise(nw.lit(0.0)))
    if shifted:
        frame = frame.with_columns(section_counted=col("counted").sum().over("subject", "section"))
    whole = col("section_counted")
    share = nw.when(mean & (whole > 0)).then(col("counted") / whole).otherwise(_NO_NUMBER)
    points = from_units(col("point_units"), places)
    part = nw.when(mean).then(points * share).when(col("group") == "sum").then(points).otherwise(_NO_NUMBER)
    return frame.with_columns(
        effective_weight=snap(share * 100.0),
        contribution_units=quantise(part, 6),
    )


def sections(lines: Frame, rules: Frame, item_places: int, places: int) -> Frame:
    """One row a subject and section: `grouped`, `state`, `point_units`. Incomplete if anything is pending."""
    summed = (
        lines.with_columns(
            product=(col("counted") * col("point_units").cast(nw.Float64)).fill_null(0.0),
            units=col("point_units").cast(nw.Float64),
            waiting=nw.when(col("state") == "missing").then(nw.lit(1)).otherwise(nw.lit(0)),
            present=nw.when(col("point_units").is_null()).then(nw.lit(0)).otherwise(nw.lit(1)),
        )
        .with_columns(added=col("units").fill_null(0.0))
        .group_by("subject", "section")
        .agg(
            col("product").sum().alias("products"),
            col("counted").sum().alias("weights"),
            col("added").sum().alias("sum_units"),
            col("units").min().alias("min_units"),
            col("units").max().alias("max_units"),
            col("waiting").sum().alias("waiting"),
            col("present").sum().alias("present"),
        )
        .join(rules, on="section", how="inner")
    )
    group = col("group")
    usable = (
        (col("waiting") == 0) & (col("present") > 0) & ((group != "weighted_mean") | (col("weights") > 0))
    )
    divisor = nw.when(col("weights") > 0).then(col("weights")).otherwise(_NO_NUMBER)
    units = (
        nw.when(group == "weighted_mean")
        .then(col("products") / divisor)
        .when(group == "sum")
        .then(col("sum_units"))
        .when(group == "min")
        .then(col("min_units"))
        .when((group == "all_of") & (col("min_units") >= col("needs")))
        .then(nw.lit(100.0 * 10.0**item_places))
        .when(group == "all_of")
        .then(nw.lit(0.0))
        .otherwise(col("max_units"))
    )
    return (
        summed.with_columns(usable=usable)
        .with_columns(
            grouped=nw.when(col("usable")).then(from_units(units, item_places)).otherwise(_NO_NUMBER),
            state=nw.when(col("usable")).then(nw.lit("complete")).otherwise(nw.lit("incomplete")),
        )
        .with_columns(point_units=quantise(bounded(col("grouped")), places))
    )


def section_shares(frame: Frame, weighting: str, places: int) -> Frame:
    """`share_units`: the section's part of the total in units of 10^-places · 10^-6."""
    units = col("point_units").cast(nw.Float64)
    weight = col("weight_units") if weighting == "percent" else nw.lit(_FULL)
    return frame.with_columns(
        share_units=units * weight, contribution_units=quantise(units * weight / (_FULL * 10.0**places), 6)
    )


def totals(frame: Frame, count: int, section_places: int, places: int) -> Frame:
    """One row a subject: `composite` and `before_units`, null unless all `count` sections are complete."""
    summed = (
        frame.with_columns(
            complete=nw.when(col("state") == "complete").then(nw.lit(1)).otherwise(nw.lit(0)),
            share_units=col("share_units").fill_null(0.0),
        )
        .group_by("subject")
        .agg(col("complete").sum().alias("complete"), col("share_units").sum().alias("shares"))
    )
    value = snap(col("shares") / (_FULL * 10.0**section_places))
    return summed.with_columns(composite=nw.when(col("complete") == count).then(value)).with_columns(
        before_units=quantise(col("composite"), places)
    )


def holds(value: nw.Expr, op: Op, limit: float) -> nw.Expr:
    """Whether a value meets a condition; null when it is missing."""
    met: nw.Expr = COMPARE[op](snap(value), limit)
    return met


def all_hold(scheme: Scheme, conditions: tuple[Condition, ...], column: str) -> tuple[nw.Expr, nw.Expr]:
    """Whether it is not known that all conditions hold, and whether one is known to fail.

    Their values are in `column_0`, `column_1`, …; one that fails is enough to know.
    """
    lacking: nw.Expr = nw.lit(value=False)
    failing: nw.Expr = nw.lit(value=False)
    for number, condition in enumerate(conditions):
        value = col(f"{column}_{number}")
        lacking = lacking | value.is_null()
        failing = failing | (~holds(value, *test(scheme, condition))).fill_null(value=False)
    return lacking & ~failing, failing


def gate_flags(frame: Frame, scheme: Scheme) -> Frame:
    """`unknown_k` and `applied_k` for gate k, and `waiting`: any gate still to be known."""
    gates = scheme.gates
    if not gates:
        return frame.with_columns(waiting=nw.lit(value=False))
    unknown, applied = {}, {}
    waiting: nw.Expr = nw.lit(value=False)
    for k, gate in enumerate(gates):
        unknown[f"unknown_{k}"], failing = all_hold(scheme, gate.conditions, f"gate_{k}")
        if_missing = gate.missing is GateMissing.APPLY
        applied[f"applied_{k}"] = nw.when(col(f"unknown_{k}")).then(nw.lit(if_missing)).otherwise(~failing)
        if gate.missing is GateMissing.PENDING:
            waiting = waiting | col(f"unknown_{k}")
    return frame.with_columns(**unknown).with_columns(waiting=waiting, **applied)


def gated_total(frame: Frame, gates: tuple[Gate, ...], places: int) -> Frame:
    """`total_units` after the gates: all factors, then the lowest total set, then the lowest cap.

    The order in which the gates stand is no matter.
    """
    factor: nw.Expr = nw.lit(1.0)
    for k, gate in sorted(enumerate(gates), key=lambda one: one[1].code):
        if gate.effect is Effect.MULTIPLY and gate.factor is not None:
            factor = nw.when(col(f"applied_{k}")).then(factor * gate.factor).otherwise(factor)
    frame = frame.with_columns(multiplier=factor)
    multiplied = quantise(snap(from_units(col("before_units"), places) * col("multiplier")), places)
    frame = frame.with_columns(multiplied_units=multiplied)
    total = col("multiplied_units")
    for effect in (Effect.SET_TOTAL, Effect.CAP_TOTAL):
        limit: nw.Expr = _NO_COUNT
        for k, gate in enumerate(gates):
            if gate.effect is effect and gate.points is not None:
                own = quantise(nw.lit(gate.points), places)
                lower = limit.is_null() | (own < limit)
                limit = nw.when(col(f"applied_{k}") & lower).then(own).otherwise(limit)
        frame = frame.with_columns(**{effect.value: limit})
        changes = ~col(effect.value).is_null()
        if effect is Effect.CAP_TOTAL:
            changes = changes & (total > col(effect.value))
        total = nw.when(changes).then(col(effect.value)).otherwise(total)
    known = ~col("before_units").is_null() & ~col("waiting")
    return frame.with_columns(total_units=nw.when(known).then(total).otherwise(_NO_COUNT))


def grade(frame: Frame, scheme: Scheme) -> Frame:
    """`grade` on the gated total, and the total where it must wait for what a grade asks for.

    The best grade not above a cap whose threshold and cut-off (`cut_off_i`, null: none reaches it) the total
    reaches and whose admission does not fail (`refused_i`); null where withheld or incomplete.
    """
    order = {band.code: index for index, band in enumerate(scheme.grades)}
    best: nw.Expr = nw.lit(0)
    withheld: nw.Expr = nw.lit(value=False)
    for k, gate in enumerate(scheme.gates):
        if gate.effect is Effect.CAP_GRADE and gate.grade is not None:
            lowered = col(f"applied_{k}") & (best < order[gate.grade])
            best = nw.when(lowered).then(nw.lit(order[gate.grade])).otherwise(best)
        if gate.effect is Effect.WITHHOLD:
            withheld = withheld | col(f"applied_{k}")
    refused, unsure = {}, {}
    for index, band in enumerate(scheme.grades):
        unknown, failing = all_hold(scheme, band.admission, f"admission_{index}")
        unsure[f"unsure_{index}"] = unknown
        refused[f"refused_{index}"] = failing | (unknown & (band.missing is GateMissing.APPLY))
    frame = frame.with_columns(best=best, withheld=withheld, **refused, **unsure)
    earned: nw.Expr = nw.lit(len(order) - 1)
    for index, band in reversed(list(enumerate(scheme.grades))):
        earned = nw.when(_reaches(index, band, scheme.places.total)).then(nw.lit(index)).otherwise(earned)
    frame = frame.with_columns(grade_index=earned)
    waits: nw.Expr = nw.lit(value=False)
    for index, band in enumerate(scheme.grades):
        if band.admission and band.missing is GateMissing.PENDING:
            waits = waits | ((col("grade_index") == index) & col(f"unsure_{index}"))
    frame = frame.with_columns(grade_waits=waits & ~col("total_units").is_null())
    frame = frame.with_columns(
        total_units=nw.when(col("grade_waits")).then(_NO_COUNT).otherwise(col("total_units"))
    )
    named: nw.Expr = _NO_TEXT
    for code, index in order.items():
        named = nw.when(col("grade_index") == index).then(nw.lit(code)).otherwise(named)
    none = col("total_units").is_null() | col("withheld")
    return frame.with_columns(grade=nw.when(none).then(_NO_TEXT).otherwise(named))


def _reaches(index: int, band: GradeBand, places: int) -> nw.Expr:
    reaches = (col("best") <= index) & ~col(f"refused_{index}")
    if band.at_least is not None:
        reaches = reaches & (col("total_units") >= units_at_least(band.at_least, places))
    if band.top is not None:
        reaches = reaches & (col("total_units") >= col(f"cut_off_{index}")).fill_null(value=False)
    return reaches


def gate_list(frame: Frame, gates: tuple[Gate, ...]) -> Frame:
    """`gates`: the codes of the gates that apply, each followed by a comma."""
    if not gates:
        return frame.with_columns(gates=nw.lit(""))
    parts = [
        nw.when(col(f"applied_{k}")).then(nw.lit(f"{gate.code},")).otherwise(nw.lit(""))
        for k, gate in enumerate(gates)
    ]
    return frame.with_columns(gates=nw.concat_str(*parts))
