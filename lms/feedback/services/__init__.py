"""The verbs of feedback: install forms, open waves, answer, read."""

from lms.feedback.services.answering import answer, may_answer, my_waves, todo
from lms.feedback.services.forms import forms_for, install_package, open_wave
from lms.feedback.services.results import Results, results, waves

__all__ = [
    "Results",
    "answer",
    "forms_for",
    "install_package",
    "may_answer",
    "my_waves",
    "open_wave",
    "results",
    "todo",
    "waves",
]
