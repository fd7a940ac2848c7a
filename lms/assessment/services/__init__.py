"""The verbs of quizzes: install, start, save, hand in, expire, and what there is to see."""

from lms.assessment.services.attempts import (
    Saved,
    expire_overdue,
    save_answer,
    save_answers,
    sit,
    start_attempt,
    submit,
)
from lms.assessment.services.bank import find_quiz, install_package
from lms.assessment.services.overview import (
    QuestionRate,
    QuizOverview,
    cohort_attempts,
    cohorts,
    overview,
    question_rates,
)
from lms.assessment.services.paper import Paper, PaperItem, paper
from lms.assessment.services.result import Result, ResultItem, result
from lms.assessment.services.state import QuizState, attempts_at, own_attempts, quiz_state, todo

__all__ = [
    "Paper",
    "PaperItem",
    "QuestionRate",
    "QuizOverview",
    "QuizState",
    "Result",
    "ResultItem",
    "Saved",
    "attempts_at",
    "cohort_attempts",
    "cohorts",
    "expire_overdue",
    "find_quiz",
    "install_package",
    "overview",
    "own_attempts",
    "paper",
    "question_rates",
    "quiz_state",
    "result",
    "save_answer",
    "save_answers",
    "sit",
    "start_attempt",
    "submit",
    "todo",
]
