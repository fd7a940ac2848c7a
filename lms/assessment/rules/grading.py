"""What an answer earns: an exact fraction of the question's points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise

from lms.assessment.rules.answers import Answer, units_of
from lms.assessment.rules.numbers import exact, fold, read_number
from lms.assessment.rules.question import Asked, MultipleCredit, QuestionType

PLACES = Decimal("0.000001")
NOTHING, ALL = Fraction(0), Fraction(1)


def credit(asked: Asked, answer: Answer, rule: MultipleCredit = MultipleCredit.PARTIAL) -> Fraction:
    """Return the share of the points, 0 to 1, that a cleaned answer earns."""
    if answer is None or not asked.graded:
        return NOTHING
    if asked.type is QuestionType.MULTIPLE:
        return _multiple(asked, answer, rule)
    return _CREDIT[asked.type](asked, answer)


def points(asked: Asked, answer: Answer, rule: MultipleCredit = MultipleCredit.PARTIAL) -> Decimal:
    """Return the points earned, to six places, half up."""
    share = credit(asked, answer, rule)
    earned = asked.max_points * share.numerator / share.denominator
    return earned.quantize(PLACES, ROUND_HALF_UP)


def _all_if(right: object) -> Fraction:
    return ALL if right else NOTHING


def _same(asked: Asked, answer: Answer) -> Fraction:
    return _all_if(answer == asked.content["answer"])


def _multiple(asked: Asked, answer: Answer, rule: MultipleCredit) -> Fraction:
    """Right picks less wrong picks over the number of right ones, never below nothing."""
    right, picked = set(asked.content["answer"]), set(answer)
    if rule is MultipleCredit.ALL_OR_NOTHING:
        return _all_if(picked == right)
    return max(NOTHING, Fraction(len(picked & right) - len(picked - right), len(right)))


def _ordering(asked: Asked, answer: Answer) -> Fraction:
    """Right neighbours: the pairs of steps that follow each other as they should, over all such pairs."""
    wanted = set(pairwise(asked.content["answer"]))
    return Fraction(sum(pair in wanted for pair in pairwise(answer)), len(wanted))


def _matching(asked: Asked, answer: Answer) -> Fraction:
    key: Mapping[str, str] = asked.content["answer"]
    return Fraction(sum(answer.get(left) == right for left, right in key.items()), len(key))


def _numeric(asked: Asked, answer: Answer) -> Fraction:
    value = read_number(answer, units_of(asked))
    if value is None:
        return NOTHING
    return _all_if(abs(value - exact(asked.content["answer"])) <= exact(asked.content.get("tolerance", 0)))


def _short(asked: Asked, answer: Answer) -> Fraction:
    said = _words(answer)
    return _all_if(any(said == _words(form) for form in asked.content["answer"]))


def _words(text: str) -> str:
    """Letters, digits and hanzi only: punctuation and blanks never decide."""
    folded = fold(text)
    return "".join(sign for sign in folded if sign.isalnum()) or folded


_CREDIT: Mapping[QuestionType, Callable[[Asked, Answer], Fraction]] = {
    QuestionType.SINGLE: _same,
    QuestionType.TRUE_FALSE: _same,
    QuestionType.ORDERING: _ordering,
    QuestionType.MATCHING: _matching,
    QuestionType.NUMERIC: _numeric,
    QuestionType.SHORT: _short,
}
