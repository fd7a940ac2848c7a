"""What an example may get wrong before it is ever scored: names that the scheme does not know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lms.scoring.document import RESULT, RESULT_GRADE, Asked, Example, Scheme
from lms.scoring.problems import N_, Problem
from lms.scoring.spans import distance


def example_problems(scheme: Scheme) -> Iterator[Problem]:
    """Everything that the examples name and the scheme has not."""
    known = set(scheme.measures()) | {one.code for one in scheme.formulas}
    for name, count in Counter(example.name for example in scheme.examples).items():
        if count > 1:
            yield Problem("examples", N_("算例重名：%(name)s"), {"name": name})
    for index, example in enumerate(scheme.examples):
        path = f"examples/{index}"
        others = [(f"others/{at}", figures) for at, figures in enumerate(example.others)]
        for part, figures in (("facts", example.facts), ("targets", example.targets), *others):
            for figure in figures:
                if figure.measure not in known:
                    yield Problem(
                        f"{path}/{part}/{figure.measure}",
                        N_("方案没有用到计量项 %(code)s"),
                        {"code": figure.measure},
                    )
        yield from _history(scheme, example, path, known)
        yield from _coefficients(scheme, example, path)
        yield from _expected(scheme, example, path)


def _history(scheme: Scheme, example: Example, path: str, known: set[str]) -> Iterator[Problem]:
    grades = {grade.code for grade in scheme.grades}
    for one in example.history:
        place = f"{path}/history/{one.period}"
        apart = distance(one.period, example.period)
        if apart is None or apart[0] < 1:
            message = N_("%(period)s 不是算例考核期 %(now)s 之前同样长短的一期")
            yield Problem(place, message, {"period": one.period, "now": example.period or "–"})
        for figure in (*one.facts, *one.targets):
            if figure.measure not in known and not figure.measure.startswith(RESULT):
                shown = {"code": figure.measure}
                yield Problem(f"{place}/{figure.measure}", N_("方案没有用到计量项 %(code)s"), shown)
            is_grade = figure.measure == RESULT_GRADE
            if is_grade != isinstance(figure.value, str) or (is_grade and figure.value not in grades):
                message = N_("数值要填数字；只有 result.grade 填等级表中的编码")
                yield Problem(f"{place}/facts/{figure.measure}", message)


def _coefficients(scheme: Scheme, example: Example, path: str) -> Iterator[Problem]:
    declared = {(line.code, item.name): item for _, line in scheme.indicators() for item in line.coefficients}
    for own in example.coefficients:
        place = f"{path}/coefficients/{own.indicator}/{own.name}"
        item = declared.get((own.indicator, own.name))
        if item is None:
            yield Problem(
                place,
                N_("指标 %(indicator)s 没有系数 %(name)s"),
                {"indicator": own.indicator, "name": own.name},
            )
            continue
        low = 0.0 if item.low is None else item.low
        high = float("inf") if item.high is None else item.high
        if not low <= own.value <= high:
            yield Problem(
                place,
                N_("系数 %(name)s 为 %(value)s，不在 %(low)s 至 %(high)s 之间"),
                {"name": own.name, "value": own.value, "low": low, "high": high},
            )


def _expected(scheme: Scheme, example: Example, path: str) -> Iterator[Problem]:
    sections = {section.code for section in scheme.sections}
    lines = {line.code for _, line in scheme.indicators()}
    grades = {grade.code for grade in scheme.grades}
    if not example.expect:
        yield Problem(f"{path}/expect", N_("不能为空"))
    for one in example.expect:
        place = f"{path}/expect/{one.what}"
        if one.what is Asked.SECTIONS and one.code not in sections:
            yield Problem(f"{place}/{one.code}", N_("方案没有模块 %(code)s"), {"code": one.code})
        elif one.what is Asked.INDICATORS and one.code not in lines:
            yield Problem(f"{place}/{one.code}", N_("方案没有指标 %(code)s"), {"code": one.code})
        elif one.what is Asked.GRADE and one.value is not None and one.value not in grades:
            yield Problem(place, N_("等级表中没有 %(grade)s"), {"grade": one.value})
