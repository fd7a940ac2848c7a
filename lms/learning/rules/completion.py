"""When a course is completed: lessons, quizzes and feedback; having been there is not enough."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from lms.learning.rules.states import EnrolmentState, OutcomeKind


@dataclass(frozen=True)
class Required:
    """What a course version asks for: the codes of its lessons, quizzes and feedback forms."""

    lessons: frozenset[str]
    quizzes: frozenset[str]
    forms: frozenset[str]


@dataclass(frozen=True)
class Event:
    """One outcome: its kind, the code of the quiz or form (None when not told), and whether passed."""

    kind: OutcomeKind
    item: str | None = None
    passed: bool | None = None


@dataclass(frozen=True)
class Standing:
    """Where somebody stands: what is done, what is missing, and the state that follows."""

    state: EnrolmentState
    lessons_done: int
    lessons_total: int
    quizzes_passed: int
    quizzes_total: int
    feedback_given: int
    feedback_total: int
    missing_lessons: frozenset[str]
    missing_quizzes: frozenset[str]
    missing_forms: frozenset[str]

    @property
    def percent(self) -> Decimal:
        """Share of all required steps that are done, 0–100, whole percents; 100 only when all are."""
        total = self.lessons_total + self.quizzes_total + self.feedback_total
        done = self.lessons_done + self.quizzes_passed + self.feedback_given
        if done == total:
            return Decimal(100)
        return min(whole_percent(done, total), Decimal(99))


def whole_percent(part: int, whole: int) -> Decimal:
    """Return part of whole in whole percents, half up; `whole` must be above 0."""
    return (Decimal(part) * 100 / whole).quantize(Decimal(1), ROUND_HALF_UP)


def standing(required: Required, lessons_done: Collection[str], events: Iterable[Event]) -> Standing:
    """Decide from the evidence alone; more evidence never takes a completion away.

    An outcome that does not name its quiz or form counts for the only one there is, else for none.
    """
    told = list(events)
    lessons = required.lessons & set(lessons_done)
    quizzes = _reached(required.quizzes, told, OutcomeKind.QUIZ)
    forms = _reached(required.forms, told, OutcomeKind.FEEDBACK)
    missing = required.lessons - lessons, required.quizzes - quizzes, required.forms - forms
    present = any(one.kind is OutcomeKind.ATTENDANCE and one.passed is not False for one in told)
    return Standing(
        state=_state(missing, present=present, started=bool(lessons or told)),
        lessons_done=len(lessons),
        lessons_total=len(required.lessons),
        quizzes_passed=len(quizzes),
        quizzes_total=len(required.quizzes),
        feedback_given=len(forms),
        feedback_total=len(required.forms),
        missing_lessons=missing[0],
        missing_quizzes=missing[1],
        missing_forms=missing[2],
    )


def _reached(wanted: frozenset[str], events: Iterable[Event], kind: OutcomeKind) -> frozenset[str]:
    only = next(iter(wanted)) if len(wanted) == 1 else None
    fitting = [one for one in events if one.kind is kind and _counts(one)]
    return wanted & {one.item if one.item is not None else only for one in fitting}


def _counts(event: Event) -> bool:
    """A quiz counts when passed; feedback counts by having been given, whatever it says."""
    return event.passed is True if event.kind is OutcomeKind.QUIZ else True


def _state(
    missing: tuple[frozenset[str], frozenset[str], frozenset[str]], *, present: bool, started: bool
) -> EnrolmentState:
    if not any(missing):
        return EnrolmentState.COMPLETED
    if present or not missing[0]:
        return EnrolmentState.ATTENDED
    return EnrolmentState.LEARNING if started else EnrolmentState.ENROLLED
