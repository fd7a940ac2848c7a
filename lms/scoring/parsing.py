"""From a JSON object to a Scheme: shape by JSON Schema, then meaning by `checks`, then frozen dataclasses."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from lms.scoring import checks, schema
from lms.scoring.document import (
    Asked,
    Bound,
    BoundStage,
    Carry,
    Clause,
    Coefficient,
    Condition,
    Curve,
    Direction,
    Earlier,
    Effect,
    Example,
    Expected,
    Figure,
    Formula,
    Gate,
    GateMissing,
    GradeBand,
    Group,
    Indicator,
    IndicatorClass,
    Missing,
    Node,
    Op,
    Operation,
    OwnCoefficient,
    Places,
    PositionKind,
    Quota,
    Reference,
    ReferenceKind,
    Scheme,
    Section,
    Segment,
    Step,
    StepMode,
    Take,
    Weighting,
    ZeroDenominator,
)
from lms.scoring.problems import N_, InvalidScheme, Problem

Data = Mapping[str, Any]
# Who has mended so many reads on; a document made to be wrong everywhere keeps nobody busy.
MOST_PROBLEMS = 200

_VALIDATOR = Draft202012Validator(schema.SCHEME)
_INDICATOR_VALIDATOR = Draft202012Validator(schema.INDICATOR)


def parse(
    document: Data,
    *,
    measures: Collection[str] | None = None,
    groupings: Collection[str] | None = None,
) -> Scheme:
    """The scheme that the JSON object describes.

    `measures` are the measure codes that exist, `groupings` the groupings of peers; when given, any other is
    a problem. Raises InvalidScheme with every problem found: first those of shape; only a document of the
    right shape is asked for meaning.
    """
    _refuse([*_not_finite(document, ""), *shape_problems(_VALIDATOR, document)])
    formulas = enumerate(document.get("formulas", []))
    _refuse(
        [one for at, item in formulas for one in _node_problems(item["formula"], f"formulas/{at}/formula")]
    )
    scheme = _scheme(document)
    _refuse(list(checks.problems(scheme, measures, groupings)))
    return scheme


def parse_indicator(document: Data) -> Indicator:
    """One indicator's rule alone (the preview of a form). Raises InvalidScheme like `parse`."""
    _refuse([*_not_finite(document, ""), *shape_problems(_INDICATOR_VALIDATOR, document)])
    line = _indicator(document)
    _refuse(list(checks.indicator_problems(line, "")))
    return line


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise InvalidScheme(problems)


def _not_finite(value: Any, path: str) -> Iterator[Problem]:
    """JSON has no NaN, but Python's reader lets it through, and a schema's minimum does not stop it."""
    if isinstance(value, float) and not math.isfinite(value):
        yield Problem(path, N_("必须是有限的数"))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _not_finite(item, f"{path}/{key}".lstrip("/"))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _not_finite(item, f"{path}/{index}".lstrip("/"))


def shape_problems(validator: Draft202012Validator, document: Data) -> Iterator[Problem]:
    """What of a JSON object is not of the shape that the validator asks for."""
    found = islice(validator.iter_errors(document), MOST_PROBLEMS)
    for error in sorted(found, key=lambda e: [str(part) for part in e.path]):
        yield _problem(error)


def _problem(error: ValidationError) -> Problem:
    path = "/".join(str(part) for part in error.path)
    rule = error.validator
    value: Any = error.instance
    limit: Any = error.validator_value
    if rule == "required":
        missing = ", ".join(name for name in limit if name not in value)
        return Problem(path, N_("缺少：%(fields)s"), {"fields": missing})
    if rule == "additionalProperties":
        known = error.schema["properties"] if isinstance(error.schema, Mapping) else {}
        extra = ", ".join(str(name) for name in value if name not in known)
        return Problem(path, N_("不认识的字段：%(fields)s"), {"fields": extra})
    if rule == "minimum" and path.endswith("weight"):
        return Problem(path, N_("权重不能是负数：%(value)s"), {"value": value})
    if rule == "minimum":
        return Problem(path, N_("%(value)s 太小，至少为 %(limit)s"), {"value": value, "limit": limit})
    if rule == "maximum":
        return Problem(path, N_("%(value)s 太大，最多为 %(limit)s"), {"value": value, "limit": limit})
    if rule in ("enum", "const"):
        allowed = ", ".join(str(item) for item in (limit if rule == "enum" else [limit]))
        return Problem(
            path, N_("不认识 %(value)s，可以是：%(allowed)s"), {"value": str(value), "allowed": allowed}
        )
    if rule == "pattern":
        return Problem(
            path, N_("编码 %(value)s 不合规：以字母开头，只含字母、数字、点、下划线、短横"), {"value": value}
        )
    if rule == "maxItems":
        return Problem(path, N_("太多，最多 %(limit)s 项"), {"limit": limit})
    if rule in ("minItems", "minLength", "minProperties"):
        return Problem(path, N_("不能为空"))
    if rule == "maxLength":
        return Problem(path, N_("太长，最多 %(limit)s 个字"), {"limit": limit})
    kinds = ", ".join(limit) if isinstance(limit, list) else str(limit)
    return Problem(path, N_("类型不对，应为 %(kinds)s"), {"kinds": kinds})


def _scheme(data: Data) -> Scheme:
    return Scheme(
        code=data["code"],
        name_zh=data["name_zh"],
        name_en=data.get("name_en", ""),
        sections=tuple(_section(item) for item in data["sections"]),
        places=Places(**{name: int(value) for name, value in data.get("places", {}).items()}),
        weighting=Weighting(data.get("weighting", Weighting.PERCENT)),
        bound_stage=BoundStage(data.get("bound_stage", BoundStage.AFTER)),
        gates=tuple(_gate(item) for item in data.get("gates", [])),
        grades=tuple(_grade(item) for item in data.get("grades", [])),
        reason_for_full_business=data.get("reason_for_full_business", "").strip(),
        clauses=tuple(Clause(item["number"], item["text"]) for item in data.get("clauses", [])),
        examples=tuple(_example(item) for item in data.get("examples", [])),
        formulas=tuple(_formula(item) for item in data.get("formulas", [])),
        quota=Quota(data.get("quota", Quota.INTERPOLATED)),
        grade_peers=data.get("grade_peers", ""),
    )


def _section(data: Data) -> Section:
    return Section(
        code=data["code"],
        name_zh=data["name_zh"],
        name_en=data.get("name_en", ""),
        weight=_float(data.get("weight")),
        indicators=tuple(_indicator(item) for item in data["indicators"]),
        group=Group(data.get("group", Group.WEIGHTED_MEAN)),
        bound=_bound(data.get("bound", {})),
        clause=data.get("clause", ""),
        needs=float(data.get("needs", 100)),
    )


def _indicator(data: Data) -> Indicator:
    return Indicator(
        code=data["code"],
        name_zh=data["name_zh"],
        name_en=data.get("name_en", ""),
        unit=data.get("unit", ""),
        weight=_float(data.get("weight")),
        measure=data["measure"],
        position=PositionKind(data["position"]),
        direction=Direction(data["direction"]),
        curve=_curve(data["curve"]),
        reference=_reference(data.get("reference", {"kind": ReferenceKind.TARGET})),
        bound=_bound(data.get("bound", {})),
        coefficients=tuple(_coefficient(item) for item in data.get("coefficients", [])),
        missing=Missing(data.get("missing", Missing.PENDING)),
        zero_denominator=_zero_denominator(data.get("zero_denominator", Missing.PENDING)),
        moves_to=data.get("moves_to"),
        clause=data.get("clause", ""),
        peers=data.get("peers", ""),
        indicator_class=IndicatorClass(data["class"]) if data.get("class") else None,
        point_in_time=data.get("point_in_time"),
    )


def _reference(data: Data) -> Reference:
    return Reference(
        kind=ReferenceKind(data["kind"]),
        value=_float(data.get("value")),
        measure=data.get("measure"),
        back=int(data.get("back", 1)),
        carry=Carry(data.get("carry", Carry.NONE)),
        within_year=data.get("within_year", False),
    )


def _curve(data: Data) -> Curve:
    step = data.get("step")
    return Curve(
        segments=tuple(_segment(item) for item in data["segments"]),
        step=Step(float(step["unit"]), StepMode(step["mode"]), float(step.get("origin", 0)))
        if step
        else None,
    )


def _segment(data: Data) -> Segment:
    return Segment(
        low=_float(data["low"]),
        high=_float(data["high"]),
        points=float(data["points"]),
        slope=float(data.get("slope", 0)),
        at=float(data.get("at", 0)),
        low_closed=data.get("low_closed", True),
        high_closed=data.get("high_closed", False),
    )


def _coefficient(data: Data) -> Coefficient:
    return Coefficient(
        name=data["name"],
        source=data["source"],
        value=float(data.get("value", 1)),
        low=_float(data.get("low")),
        high=_float(data.get("high")),
    )


def _bound(data: Data) -> Bound:
    return Bound(_float(data.get("floor")), _float(data.get("cap")))


def _zero_denominator(data: str | Data) -> ZeroDenominator:
    if isinstance(data, Mapping):
        return ZeroDenominator(None, float(data["points"]))
    return ZeroDenominator(Missing(data))


def _gate(data: Data) -> Gate:
    return Gate(
        code=data["code"],
        name_zh=data["name_zh"],
        name_en=data.get("name_en", ""),
        condition=_condition(data["condition"]),
        effect=Effect(data["effect"]),
        clause_zh=data["clause_zh"],
        clause_en=data.get("clause_en", ""),
        points=_float(data.get("points")),
        grade=data.get("grade"),
        missing=GateMissing(data.get("missing", GateMissing.PENDING)),
        also=tuple(_condition(item) for item in data.get("also", [])),
        factor=_float(data.get("factor")),
        clause=data.get("clause", ""),
    )


def _condition(data: Data) -> Condition:
    value = data["value"]
    return Condition(
        measure=data["measure"],
        op=Op(data["op"]),
        value=value if isinstance(value, str) else float(value),
        periods=_int(data.get("periods")),
        take=Take(data.get("take", Take.TIMES)),
        times=_int(data.get("times")),
        within_year=data.get("within_year", False),
    )


def _grade(data: Data) -> GradeBand:
    return GradeBand(
        code=data["code"],
        name_zh=data["name_zh"],
        name_en=data.get("name_en", ""),
        at_least=_float(data["at_least"]),
        top=_float(data.get("top")),
        admission=tuple(_condition(item) for item in data.get("admission", [])),
        missing=GateMissing(data.get("missing", GateMissing.PENDING)),
        clause=data.get("clause", ""),
    )


def _formula(data: Data) -> Formula:
    return Formula(
        code=data["code"],
        name_zh=data["name_zh"],
        name_en=data.get("name_en", ""),
        unit=data.get("unit", ""),
        tree=_node(data["formula"]),
        clause=data.get("clause", ""),
    )


def _node(data: Any) -> Node:
    if isinstance(data, str):
        return Node(Operation.MEASURE, code=data)
    if not isinstance(data, Mapping):
        return Node(Operation.NUMBER, value=float(data))
    op = next(Operation(name) for name in data if name != "missing")
    if op.leaf:
        return Node(op, code=data[op.value], missing=_float(data.get("missing")))
    return Node(op, parts=tuple(_node(part) for part in data[op.value]))


def _node_problems(data: Any, path: str) -> Iterator[Problem]:
    """What the schema cannot say: one operation a node, two parts where the order matters."""
    if not isinstance(data, Mapping):
        return
    ops = [Operation(name) for name in data if name != "missing"]
    if len(ops) != 1 or ("missing" in data and not ops[0].leaf):
        yield Problem(path, N_("公式的一项只能写一种运算，missing 只能与 measure 或 target 同用"))
        return
    if ops[0].leaf:
        return
    parts = data[ops[0].value]
    if ops[0] in (Operation.DIFFERENCE, Operation.QUOTIENT) and len(parts) != 2:
        yield Problem(f"{path}/{ops[0]}", N_("相减和相除各要两项"))
    for at, part in enumerate(parts):
        yield from _node_problems(part, f"{path}/{ops[0]}/{at}")


def _example(data: Data) -> Example:
    """An example; what it says by code is held in order of the codes, so that one meaning is one document."""
    expect = data["expect"]
    wholes = [
        Expected(what, "", _figure(expect[what])) for what in (Asked.TOTAL, Asked.GRADE) if what in expect
    ]
    parts = [
        Expected(what, code, _figure(value))
        for what in (Asked.SECTIONS, Asked.INDICATORS)
        for code, value in sorted(expect.get(what, {}).items())
    ]
    return Example(
        name=data["name"],
        facts=_figures(data["facts"]),
        expect=(*wholes, *parts),
        others=tuple(_figures(one) for one in data.get("others", [])),
        period=data.get("period", ""),
        history=tuple(
            Earlier(period, _figures(one.get("facts", {})), _figures(one.get("targets", {})))
            for period, one in sorted(data.get("history", {}).items())
        ),
        elapsed=float(data.get("elapsed", 1)),
        targets=_figures(data.get("targets", {})),
        coefficients=tuple(
            OwnCoefficient(indicator, name, float(value))
            for indicator, values in sorted(data.get("coefficients", {}).items())
            for name, value in sorted(values.items())
        ),
    )


def _figures(data: Data) -> tuple[Figure, ...]:
    return tuple(Figure(measure, _figure(value)) for measure, value in sorted(data.items()))


def _figure(value: float | str | None) -> float | str | None:
    return value if isinstance(value, str) else _float(value)


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)


def _int(value: float | None) -> int | None:
    return None if value is None else int(value)
