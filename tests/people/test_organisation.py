"""Units are opened in order of level, and moved without rewriting the past."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from lms.core.audit import SYSTEM
from lms.core.errors import Refused
from lms.people.models import Level, OrgUnit
from lms.people.services import children, find_unit, move_unit, open_unit, path_to, subtree

OPENED, MOVED, BEFORE = date(2025, 1, 1), date(2026, 7, 1), date(2026, 6, 30)


def opened(session: Session, code: str, level: Level, parent: OrgUnit | None) -> OrgUnit:
    return open_unit(
        session, SYSTEM, code=code, name_zh=f"机构{code}", level=level, parent=parent, valid_from=OPENED
    )


@pytest.fixture
def tree(session: Session) -> dict[str, OrgUnit]:
    head = opened(session, "H", Level.HEAD_OFFICE, None)
    north, south = (opened(session, code, Level.TIER_1, head) for code in "NS")
    city = opened(session, "C", Level.TIER_2, north)
    office = opened(session, "O", Level.OFFICE, city)
    return {unit.code: unit for unit in (head, north, south, city, office)}


def below(session: Session, unit: OrgUnit, day: date) -> set[int]:
    return set(session.scalars(subtree(unit.id, day)))


def test_a_unit_hangs_under_its_parent(session: Session, tree: dict[str, OrgUnit]) -> None:
    assert [u.code for u in path_to(session, tree["O"].id, OPENED)] == ["H", "N", "C", "O"]
    assert [u.code for u in children(session, tree["H"].id, OPENED)] == ["N", "S"]


@pytest.mark.parametrize(
    ("code", "level", "parent"),
    [
        ("X", Level.TIER_1, None),
        ("X", Level.TIER_1, "C"),
        ("X", Level.TIER_2, "C"),
        ("C", Level.OFFICE, "N"),
    ],
)
def test_a_wrong_level_or_taken_code_is_refused(
    session: Session, tree: dict[str, OrgUnit], code: str, level: Level, parent: str | None
) -> None:
    with pytest.raises(Refused):
        opened(session, code, level, tree[parent] if parent else None)
    assert find_unit(session, "X") is None


def test_a_move_keeps_the_days_before_it(session: Session, tree: dict[str, OrgUnit]) -> None:
    move_unit(session, SYSTEM, tree["C"], tree["S"], MOVED)
    moved = {tree["C"].id, tree["O"].id}
    assert below(session, tree["N"], BEFORE) == {tree["N"].id} | moved
    assert below(session, tree["S"], BEFORE) == {tree["S"].id}
    assert below(session, tree["N"], MOVED) == {tree["N"].id}
    assert below(session, tree["S"], MOVED) == {tree["S"].id} | moved


def test_a_ring_and_a_move_before_opening_are_refused(session: Session, tree: dict[str, OrgUnit]) -> None:
    for under in ("N", "C", "O"):
        with pytest.raises(Refused):
            move_unit(session, SYSTEM, tree["N"], tree[under], MOVED)
    with pytest.raises(Refused):
        move_unit(session, SYSTEM, tree["C"], tree["S"], date(2024, 12, 31))
