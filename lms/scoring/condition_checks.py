"""What conditions, gates and grades may get wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import pairwise

from lms.scoring.document import (
    RESULT,
    RESULT_GRADE,
    RESULT_INDICATOR,
    RESULT_SECTION,
    RESULT_TOTAL,
    Condition,
    Effect,
    Scheme,
    Take,
)
from lms.scoring.problems import N_, Problem


def condition_problems(scheme: Scheme, measures: Collection[str] | None) -> Iterator[Problem]:
    """Everything wrong with the conditions; `measures` are the codes that exist, None to accept any."""
    for path, condition in scheme.conditions():
        yield from _measure(scheme, condition, f"{path}/measure", measures)
        yield from _value(scheme, condition, f"{path}/value")
        yield from _periods(condition, path)


def gate_problems(scheme: Scheme) -> Iterator[Problem]:
    """Effects that lack what they need."""
    grades = {grade.code for grade in scheme.grades}
    for index, gate in enumerate(scheme.gates):
        path = f"gates/{index}"
        if gate.effect is Effect.MULTIPLY and gate.factor is None:
            yield Problem(f"{path}/factor", N_("乘以系数的门槛要填系数"))
        if gate.effect in (Effect.CAP_TOTAL, Effect.SET_TOTAL) and gate.points is None:
            yield Problem(f"{path}/points", N_("限制总分的门槛要填分数"))
        if gate.effect is Effect.CAP_GRADE and gate.grade not in grades:
            yield Problem(
                f"{path}/grade", N_("等级表中没有 %(grade)s"), {"grade": gate.grade if gate.grade else "–"}
            )


def grade_problems(scheme: Scheme) -> Iterator[Problem]:
    """Grades that are out of order, ask for nothing, or leave a total without any."""
    if not scheme.grades:
        return
    for index, (better, worse) in enumerate(pairwise(scheme.grades), start=1):
        if better.at_least is None and better.top is None:
            yield Problem(f"grades/{index - 1}", N_("除最低一级外，等级要有最低分 at_least 或名额 top"))
        if _not_falling(better.at_least, worse.at_least) or _not_falling(worse.top, better.top):
            yield Problem(f"grades/{index}", N_("等级要从高到低排列，最低分依次下降，名额依次增加"))
    last = scheme.grades[-1]
    if last.at_least is not None or last.top is not None or last.admission:
        yield Problem(
            f"grades/{len(scheme.grades) - 1}", N_("最低一级不设最低分、名额和条件，使每个总分都有等级")
        )


def _not_falling(higher: float | None, lower: float | None) -> bool:
    return higher is not None and lower is not None and lower >= higher


def _measure(
    scheme: Scheme, condition: Condition, path: str, measures: Collection[str] | None
) -> Iterator[Problem]:
    code = condition.measure
    if not code.startswith(RESULT):
        yield from known_measure(scheme, code, path, measures)
        return
    results = {RESULT_TOTAL, RESULT_GRADE}
    results |= {RESULT_SECTION + section.code for section in scheme.sections}
    results |= {RESULT_INDICATOR + line.code for _, line in scheme.indicators()}
    if code not in results:
        message = N_(
            "没有考核结果 %(code)s：可以写 result.section. 加模块编码、result.indicator. 加指标编码，"
            "以往各期还有 result.total 和 result.grade"
        )
        yield Problem(path, message, {"code": code})


def known_measure(
    scheme: Scheme, code: str, path: str, measures: Collection[str] | None
) -> Iterator[Problem]:
    """A problem where the code is neither a measure that exists nor a formula of the scheme."""
    if code.startswith(RESULT):
        yield Problem(path, N_("考核结果 %(code)s 只能用在门槛和等级的条件里"), {"code": code})
    elif measures is not None and code not in measures and code not in {one.code for one in scheme.formulas}:
        yield Problem(path, N_("没有计量项 %(code)s"), {"code": code})


def _value(scheme: Scheme, condition: Condition, path: str) -> Iterator[Problem]:
    is_grade = isinstance(condition.value, str)
    if is_grade != (condition.measure == RESULT_GRADE):
        yield Problem(path, N_("条件的值要填数字；只有 result.grade 填等级编码"))
    elif is_grade and condition.value not in {grade.code for grade in scheme.grades}:
        yield Problem(path, N_("等级表中没有 %(grade)s"), {"grade": condition.value})
    if is_grade and condition.take is not Take.TIMES:
        yield Problem(path, N_("等级只能按次数计，不能求和或平均"))


def _periods(condition: Condition, path: str) -> Iterator[Problem]:
    over = condition.periods or (1 if condition.of_the_past else None)
    if over is None:
        if condition.times is not None or condition.take is not Take.TIMES or condition.within_year:
            yield Problem(path, N_("看几期要填 periods，才能填 times、take 或 within_year"))
    elif condition.times is not None:
        if condition.take is not Take.TIMES:
            yield Problem(f"{path}/times", N_("求和或平均的条件不填次数 times"))
        elif condition.times > over:
            shown = {"times": condition.times, "periods": over}
            yield Problem(f"{path}/times", N_("%(periods)s 期里不会有 %(times)s 次"), shown)
