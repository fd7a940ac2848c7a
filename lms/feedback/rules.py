"""What an answer may be, when figures may be shown, and what looks like clicking through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from lms.core.i18n import N_

LEAST_SHOWN = 5
"""Figures of fewer answers than this could point to a person."""
HASTY_SECONDS = 20

Question = Mapping[str, Any]
Answers = Mapping[str, Any]


@dataclass(frozen=True)
class Fault:
    """What is wrong with the answer to a question: its code, a message id and values."""

    code: str
    message: str
    params: Mapping[str, Any]


def asked(question: Question, answers: Answers) -> bool:
    """Whether a question is put at all, given the answers before it."""
    condition = question.get("only_if")
    return condition is None or answers.get(condition["question"]) == condition["answer"]


def read_answers(
    questions: Sequence[Question], raw: Mapping[str, Sequence[str]]
) -> tuple[Answers, list[Fault]]:
    """Turn submitted texts into answers by question code, with every fault found.

    `raw` holds the texts of each field, none or several. Scale and number answers become
    int, yes/no become bool, multiple choices become lists of option keys.
    """
    answers: dict[str, Any] = {}
    faults: list[Fault] = []
    for question in questions:
        code = question["code"]
        texts = [text.strip() for text in raw.get(code, ()) if text.strip()]
        if not asked(question, answers):
            continue
        if not texts:
            if question.get("required", True):
                faults.append(Fault(code, N_("请回答这个问题。"), {}))
            continue
        value, fault = _READERS[question["type"]](question, texts)
        if fault is not None:
            faults.append(fault)
        else:
            answers[code] = value
    return answers, faults


Reading = tuple[Any, Fault | None]


def _whole(question: Question, texts: Sequence[str]) -> Reading:
    least, most = question["min"], question["max"]
    try:
        value = int(texts[0])
    except ValueError:
        value = None
    if value is None or not least <= value <= most:
        params = {"least": least, "most": most}
        return None, Fault(question["code"], N_("请填写 %(least)s 到 %(most)s 之间的整数。"), params)
    return value, None


def _yes_no(question: Question, texts: Sequence[str]) -> Reading:
    if texts[0] not in ("yes", "no"):
        return None, Fault(question["code"], N_("请选择是或否。"), {})
    return texts[0] == "yes", None


def _options(question: Question, texts: Sequence[str]) -> Reading:
    keys = {option["key"] for option in question["options"]}
    if not set(texts) <= keys:
        return None, Fault(question["code"], N_("请从列出的选项中选择。"), {})
    chosen = [option["key"] for option in question["options"] if option["key"] in texts]
    return (chosen[0] if question["type"] == "single" else chosen), None


def _text(question: Question, texts: Sequence[str]) -> Reading:
    longest = question.get("max_length", 2000)
    if len(texts[0]) > longest:
        return None, Fault(question["code"], N_("最多 %(longest)s 个字。"), {"longest": longest})
    return texts[0], None


_READERS = {
    "scale": _whole,
    "number": _whole,
    "yes_no": _yes_no,
    "single": _options,
    "multiple": _options,
    "text": _text,
}


def straight_lined(questions: Sequence[Question], answers: Answers, seconds: int) -> bool:
    """Whether all scales got the same place in very little time: marked, never deleted."""
    places = [
        Decimal(answers[q["code"]] - q["min"]) / (q["max"] - q["min"])
        for q in questions
        if q["type"] == "scale" and q["code"] in answers and q["max"] > q["min"]
    ]
    return len(places) >= 3 and len(set(places)) == 1 and seconds < HASTY_SECONDS


@dataclass(frozen=True)
class Summary:
    """What the answers to one question come to."""

    code: str
    count: int
    mean: Decimal | None
    distribution: tuple[tuple[str, int], ...]
    texts: tuple[str, ...]


def summarise(question: Question, responses: Sequence[Answers]) -> Summary:
    """Return count, mean (two places, half up), distribution and free texts of a question."""
    given = [response[question["code"]] for response in responses if question["code"] in response]
    kind, mean = question["type"], None
    distribution: list[tuple[str, int]] = []
    if kind in ("scale", "number") and given:
        mean = (Decimal(sum(given)) / len(given)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    if kind == "scale":
        distribution = [(str(at), given.count(at)) for at in range(question["min"], question["max"] + 1)]
    elif kind == "yes_no":
        distribution = [("yes", given.count(True)), ("no", given.count(False))]
    elif kind in ("single", "multiple"):
        picks = [key for value in given for key in ([value] if kind == "single" else value)]
        distribution = [(option["key"], picks.count(option["key"])) for option in question["options"]]
    texts = tuple(sorted(given)) if kind == "text" else ()
    return Summary(question["code"], len(given), mean, tuple(distribution), texts)


def may_show(answers: int, least: int = LEAST_SHOWN) -> bool:
    """Whether figures of so many answers may be shown."""
    return answers >= max(least, 1)


def rate_percent(given: int, asked_people: int) -> Decimal | None:
    """Return the share of people who answered in percent with one place, or None of nobody."""
    if asked_people == 0:
        return None
    return (Decimal(given) * 100 / asked_people).quantize(Decimal("0.1"), ROUND_HALF_UP)
