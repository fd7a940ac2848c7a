"""No page of appraisal asks more of the database when there is more to show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from lms.appraisal import services
from lms.appraisal.models import Cycle
from lms.core.audit import SYSTEM
from lms.people.models import Grade, Post
from lms.people.services import hire, post
from tests.appraisal.house import (
    NOW,
    House,
    active_scheme,
    draft,
    import_actuals,
    import_targets,
    marks,
    open_cycle,
)

Story = tuple[House, Cycle]
Enter = Callable[[str], FlaskClient]


@contextmanager
def counted(session: Session) -> Iterator[list[str]]:
    """The statements that are sent while it is open, from an empty session."""
    session.flush()
    session.expunge_all()
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(connection, "before_cursor_execute", note)


def closed(house: House, cycle: Cycle) -> None:
    services.run_cycle(house.session, cycle, house.person("hr"), NOW)
    services.publish_by_two(house.session, cycle, house.person("hr"), house.person("hr2"), now=NOW)


def grow(house: House, cycle: Cycle, old: Cycle) -> None:
    """Five more managers, three more schemes, a version, and two more cycles, one of them published."""
    session = house.session
    manager = session.scalars(select(Post).where(Post.code == "RM")).one()
    grade = session.scalars(select(Grade)).first()
    for at in range(5):
        person = hire(session, SYSTEM, number=f"M{at:03d}", name=f"新人{at}", hired_on=date(2020, 1, 1))
        post(session, SYSTEM, person, house.units["EAST"], manager, date(2020, 1, 1), grade=grade)
        house.people[f"m{at}"] = person
    session.flush()
    import_targets(session, *(f"M{at:03d},DEPOSIT,100" for at in range(5)))
    import_actuals(session, *(f"M{at:03d},DEPOSIT,2026-08-10,{80 + at}" for at in range(5)))
    services.sync_members(session, cycle)
    services.rate(
        session,
        house.person("zhao"),
        cycle,
        {house.people[f"m{at}"].id: marks() for at in range(3)},
        reason="补评",
        now=NOW,
        day=NOW.date(),
    )
    services.run_cycle(session, cycle, house.person("hr"), NOW)
    for at in range(3):
        active_scheme(house, draft(code=f"MORE-{at}"))
    made = cycle.scheme_version
    services.revise_scheme(session, house.person("hr"), made.scheme_id, draft(name_en="New"), now=NOW)
    closed(house, open_cycle(house, old.scheme_version, code="2025Q4", period="2025Q4"))
    open_cycle(house, old.scheme_version, code="2026Q2", period="2026Q2")


@pytest.mark.requirement("7.20")
def test_no_page_asks_more_for_more_rows(session: Session, story: Story, enter: Enter) -> None:
    house, cycle = story
    old = open_cycle(house, cycle.scheme_version, code="2026Q1", period="2026Q1")
    closed(house, old)
    services.run_cycle(session, cycle, house.person("hr"), NOW)
    li, wang = house.appraisal(old, "li").id, house.appraisal(cycle, "wang").id
    pages: Mapping[str, tuple[str, ...]] = {
        "hr": (
            "/appraisal/schemes",
            f"/appraisal/schemes/{cycle.scheme_version.scheme_id}?version=1",
            f"/appraisal/schemes/{cycle.scheme_version.scheme_id}/edit",
            "/appraisal/schemes/new",
            "/appraisal/cycles",
            f"/appraisal/cycles/{cycle.id}",
            f"/appraisal/cycles/{cycle.id}/check",
            "/appraisal/cycles/new",
            f"/appraisal/results?cycle={cycle.id}",
            f"/appraisal/results/{wang}",
            f"/appraisal/results/{wang}/explain",
        ),
        "zhao": (
            "/",
            "/appraisal/ratings",
            f"/appraisal/ratings/{cycle.id}",
            f"/appraisal/results?cycle={cycle.id}",
        ),
        "li": ("/appraisal/mine", f"/appraisal/results/{li}", f"/appraisal/results/{li}/explain"),
    }

    def asked() -> dict[str, int]:
        found = {}
        for who, paths in pages.items():
            client = enter(who)
            for path in paths:
                with counted(session) as seen:
                    assert client.get(path).status_code == 200, path
                found[f"{who} {path}"] = len(seen)
        return found

    keys: dict[str, Any] = {"cycle": cycle.id, "old": old.id}
    few = asked()
    house = replace(house, units=_again(session, house.units), people=_again(session, house.people))
    house.accounts = _again(session, house.accounts)
    grow(house, session.get_one(Cycle, keys["cycle"]), session.get_one(Cycle, keys["old"]))
    assert asked() == few


def _again(session: Session, things: Mapping[str, Any]) -> dict[str, Any]:
    """The same rows, loaded anew after the session was emptied."""
    return {name: session.merge(thing, load=True) for name, thing in things.items()}
