"""What a bank's trainer asks of the shipped courses before using them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from lms.assessment.rules.paper import draw
from lms.assessment.rules.question import Asked, QuestionType

COURSES = Path(__file__).parents[2] / "courses"


def questions(code: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in sorted((COURSES / code / "questions").glob("*.yaml")):
        bank = yaml.safe_load(path.read_text("utf-8"))
        for one in bank["questions"]:
            found.append({**one, "tags": [*bank.get("tags", []), *one.get("tags", [])]})
    return found


def paper(code: str, used: Counter[str], seed: str) -> list[str]:
    quiz = yaml.safe_load((COURSES / code / "quizzes.yaml").read_text("utf-8"))["quizzes"][0]
    asked = [Asked(q["code"], QuestionType(q["type"]), q, tags=tuple(q["tags"])) for q in questions(code)]
    return [one.code for one in draw(quiz["sections"], asked, used, seed)]


@pytest.mark.parametrize("code", ["C01", "C02"])
def test_the_longest_choice_does_not_give_the_answer_away(code: str) -> None:
    singles = [one for one in questions(code) if one["type"] == "single"]
    told = [one["code"] for one in singles if longest(one) == one["answer"]]
    assert len(told) <= 0.4 * len(singles), told


def longest(question: dict[str, Any]) -> str:
    return str(max(question["options"], key=lambda option: len(option["text_zh"]))["key"])


@pytest.mark.parametrize("code", ["C01", "C02"])
def test_every_question_says_why(code: str) -> None:
    assert [one["code"] for one in questions(code) if len(one["explanation_zh"]) < 8] == []


def test_a_second_paper_of_the_sales_cycle_is_mostly_new() -> None:
    assert len(questions("C02")) >= 120
    first = paper("C02", Counter(), "one")
    second = paper("C02", Counter(first), "two")
    assert len(first) == len(second) == 60
    assert len(set(first) & set(second)) < 30
    by_code = {one["code"]: one for one in questions("C02")}
    for step in range(1, 10):
        assert sum(f"step-{step}" in by_code[code]["tags"] for code in first) == 6


def test_the_induction_asks_twenty_of_the_stated_mix() -> None:
    bank = {one["code"]: one["type"] for one in questions("C01")}
    mix = Counter(bank[code] for code in paper("C01", Counter(), "one"))
    assert mix == {"numeric": 8, "single": 6, "true_false": 4, "ordering": 2}
