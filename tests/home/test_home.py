"""The front page's first steps, and the one search box within scope."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.home.services import start
from lms.people.models import Employee
from lms.people.services import define_grade
from tests.queries import counted

Enter = Callable[..., Any]


def test_an_administrator_sees_what_comes_next(session: Session, bank: Any, sign_in: Enter) -> None:
    page = sign_in("admin").get("/").text
    assert "开始使用" in page
    assert 'href="/admin/indicators"' in page.split("待办事项")[0].split("开始使用")[1]
    taken = {step.endpoint: step.taken for step in start.steps(session, bank.person("admin"))}
    assert taken["admin.open_accounts"]
    assert not taken["appraisal.cycles"]


def test_a_step_is_taken_when_its_thing_is_there(session: Session, bank: Any) -> None:
    first = start.steps(session, bank.person("admin"))[0]
    assert first.taken  # the demo bank has grades
    define_grade(session, "ZZ", "级", 98)
    assert start.steps(session, bank.person("admin"))[0].taken


@pytest.mark.parametrize("username", ["trainee", "trainer", "supervisor", "audit", "compliance"])
def test_others_are_not_bothered_with_it(bank: Any, sign_in: Enter, username: str) -> None:
    assert "开始使用" not in sign_in(username).get("/").text


def test_the_steps_are_gone_when_all_are_taken(whole_bank: Any) -> None:
    assert start.steps(whole_bank.session, whole_bank.person("admin")) == []


def test_search_finds_people_only_within_reach(session: Session, bank: Any, sign_in: Enter) -> None:
    own, boss = bank.employee("trainee"), bank.employee("hr")
    assert own.name in sign_in("admin").get(f"/search?q={own.number}").text
    client = sign_in("trainee")
    assert f"/people/{own.id}" in client.get(f"/search?q={own.number}").text
    assert f"/people/{boss.id}" not in client.get(f"/search?q={boss.number}").text
    assert client.get(f"/people/{boss.id}").status_code == 403


@pytest.mark.parametrize("how", ["name", "name_pinyin", "name_initials", "number"])
def test_people_are_found_by_name_pinyin_initials_and_number(bank: Any, sign_in: Enter, how: str) -> None:
    own = bank.employee("trainee")
    assert (
        f"/people/{own.id}" in sign_in("trainee").get("/search", query_string={"q": getattr(own, how)}).text
    )


@pytest.mark.parametrize("words", ["%", "_", "\\", "'", '"><script>', "%' OR 1=1 --", "x" * 5000])
def test_signs_of_the_search_language_are_plain_words(bank: Any, sign_in: Enter, words: str) -> None:
    answer = sign_in("admin").get("/search", query_string={"q": words})
    assert answer.status_code == 200
    assert "/people/" not in answer.text
    assert "<script>" not in answer.text.replace("<script src", "")


@pytest.mark.parametrize("page", ["-1", "0", "abc", "9" * 30, "9" * 5000, "1e3", ""])
def test_any_page_number_shows_a_page(bank: Any, sign_in: Enter, page: str) -> None:
    client = sign_in("admin")
    for address in ("/search?q=1", "/proposals?"):
        assert client.get(f"{address}&page={page}").status_code == 200


def test_search_needs_no_more_queries_for_more_people(session: Session, bank: Any, sign_in: Enter) -> None:
    one = session.scalars(select(Employee).order_by(Employee.id)).first()
    assert one is not None
    client = sign_in("admin")
    client.get(f"/search?q={one.number}")
    with counted() as few:
        client.get(f"/search?q={one.number}")
    with counted() as many:
        found = client.get("/search", query_string={"q": one.number[:1]}).text
    assert found.count('"/people/') > 1
    assert 0 < len(many) <= len(few) + 1
