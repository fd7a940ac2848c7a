"""Random histories of openings, moves, closures and mergers: on every day the tree is a tree."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core.audit import SYSTEM
from lms.core.errors import Refused
from lms.people.models import Employee, Employment, Level, OrgPlacement, OrgUnit, Post, Posting
from lms.people.rules import Place, Tree
from lms.people.services import (
    branches,
    close_unit,
    come_back,
    define_post,
    hire,
    leave_bank,
    merge_unit,
    move_unit,
    open_unit,
    post,
    reopen_unit,
    tree_of,
)

FIRST = date(2025, 1, 1)
DAYS = [FIRST + timedelta(days=at) for at in range(0, 60, 3)]
day = st.sampled_from(DAYS)
code = st.integers(0, 11).map(lambda number: f"U{number}")
level = st.integers(1, 4)

acts = st.lists(
    st.one_of(
        st.tuples(st.just("open"), code, level, code, day),
        st.tuples(st.just("move"), code, st.just(0), code, day),
        st.tuples(st.just("close"), code, st.just(0), st.none(), day),
        st.tuples(st.just("merge"), code, st.just(0), code, day),
        st.tuples(st.just("reopen"), code, st.just(0), code, day),
    ),
    max_size=40,
)


def do(tree: Tree, act: tuple[Any, ...]) -> None:
    verb, one, depth, other, when = act
    if verb == "open":
        tree.open(one, depth, one, other if other in tree.levels else "U0", when)
    elif one in tree.levels and (other is None or other in tree.levels):
        if verb == "move":
            tree.move(one, other, when)
        elif verb == "reopen":
            tree.reopen(one, other, when)
        else:
            tree.close(one, when, other)


def refuse_untrue(tree: Tree) -> None:
    for one in tree.levels:
        places = tree.places(one)
        assert places == sorted(places, key=lambda place: place.first)
        for before, after in itertools.pairwise(places):
            assert before.after is not None
            assert before.after <= after.first, "overlapping places"
        assert all(place.after is None or place.after > place.first for place in places)
    for when in DAYS:
        hanging = {one: place for one in tree.levels if (place := tree.place_on(one, when))}
        for one, place in hanging.items():
            if place.parent is None:
                assert tree.levels[one] == 0
                continue
            assert place.parent in hanging, f"{one} hangs under a closed unit on {when}"
            assert tree.levels[place.parent] < tree.levels[one]
            at, steps = one, 0
            while (above := hanging[at].parent) is not None:
                at, steps = above, steps + 1
                assert steps < 9, "a ring"
            assert at == "U0", "an orphan"


@given(acts)
@settings(max_examples=300)
def test_whatever_is_done_every_day_has_one_tree(history: list[tuple[Any, ...]]) -> None:
    tree = Tree()
    tree.add("U0", 0, "U0", [Place("U0", None, FIRST)])
    for act in history:
        before = {one: tree.places(one) for one in tree.levels}
        try:
            do(tree, act)
        except Refused:
            event(f"{act[0]} refused")
            assert {one: tree.places(one) for one in tree.levels} == before, "a refused act left something"
            continue
        event(f"{act[0]} done")
        refuse_untrue(tree)
        for one, places in before.items():
            for when in (each for each in DAYS if each < act[4]):
                was = next((place.parent for place in places if place.on(when)), "closed")
                now = tree.place_on(one, when)
                assert (now.parent if now else "closed") == was, "an earlier day changed"


people = st.lists(
    st.one_of(
        st.tuples(st.just("post"), st.integers(0, 7), code, day),
        st.tuples(st.just("leave"), st.integers(0, 7), code, day),
        st.tuples(st.just("back"), st.integers(0, 7), code, day),
    ),
    max_size=25,
)


@pytest.mark.sampled
@given(acts, people, st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_stored_trees_and_people_stay_whole(
    app: Any, history: list[tuple[Any, ...]], careers: list[tuple[Any, ...]], draw: Any
) -> None:
    from lms.core.db import db

    mixed = [*history, *careers]
    draw.shuffle(mixed)
    with app.app_context():
        session = db.session()
        try:
            play(session, mixed)
        finally:
            session.rollback()
            db.session.remove()


def play(session: Session, mixed: list[tuple[Any, ...]]) -> None:
    open_unit(
        session,
        SYSTEM,
        code="U0",
        name_zh="总行",
        level=Level.HEAD_OFFICE,
        parent=None,
        valid_from=FIRST,
    )
    held = define_post(session, "P", "柜员", "service")
    staff = [hire(session, SYSTEM, number=f"{at}", name=f"甲{at}", hired_on=FIRST) for at in range(8)]
    for one in staff:
        post(session, SYSTEM, one, unit_of(session, "U0"), held, FIRST)
    for act in mixed:
        try:
            with session.begin_nested():
                stored(session, act, staff, held)
        except Refused:
            continue
    refuse_untrue(tree_of(session))
    conserve(session, staff)


def unit_of(session: Session, name: str) -> OrgUnit:
    found = session.scalars(select(OrgUnit).where(OrgUnit.code == name)).first()
    if found is None:
        raise Refused("no unit")
    return found


def stored(session: Session, act: tuple[Any, ...], staff: list[Employee], held: Post) -> None:
    if act[0] in ("post", "leave", "back"):
        one, unit, when = staff[act[1]], unit_of(session, act[2]), act[3]
        if act[0] == "post":
            post(session, SYSTEM, one, unit, held, when)
        elif act[0] == "leave":
            leave_bank(session, SYSTEM, one, when)
        else:
            come_back(session, SYSTEM, one, unit, held, when)
        return
    verb, name, depth, other, when = act
    if verb == "open":
        parent = unit_of(session, other if session.scalar(by_code(other)) else "U0")
        open_unit(
            session,
            SYSTEM,
            code=name,
            name_zh=name,
            level=list(Level)[depth],
            parent=parent,
            valid_from=when,
        )
        return
    unit = unit_of(session, name)
    if verb == "move":
        move_unit(session, SYSTEM, unit, unit_of(session, other), when)
    elif verb == "reopen":
        reopen_unit(session, SYSTEM, unit, unit_of(session, other), when)
    elif verb == "merge":
        merge_unit(session, SYSTEM, unit, unit_of(session, other), when)
    else:
        close_unit(session, SYSTEM, unit, when)


def by_code(name: str) -> Any:
    return select(OrgUnit.id).where(OrgUnit.code == name)


def conserve(session: Session, staff: list[Employee]) -> None:
    """Everybody employed is posted in one open unit; the tree counts each once."""
    ids = {one.id for one in staff}
    for when in DAYS:
        rows = [
            posting
            for posting in session.scalars(select(Posting).where(Posting.employee_id.in_(ids)))
            if posting.valid_from <= when and (posting.valid_to is None or posting.valid_to > when)
        ]
        assert max(Counter(row.employee_id for row in rows).values(), default=0) <= 1
        employed = {
            row.employee_id
            for row in session.scalars(select(Employment).where(Employment.employee_id.in_(ids)))
            if row.valid_from <= when and (row.valid_to is None or row.valid_to > when)
        }
        assert {row.employee_id for row in rows} == employed, "somebody is lost or counted too often"
        units = {
            row.org_unit_id
            for row in session.scalars(select(OrgPlacement))
            if row.valid_from <= when and (row.valid_to is None or row.valid_to > when)
        }
        assert {row.org_unit_id for row in rows} <= units, "somebody is posted in a closed unit"
        roots = branches(session, select(OrgUnit), when)
        assert [root.unit.code for root in roots] == ["U0"]
        assert roots[0].total == len(rows)
        assert roots[0].units == len(units) - 1
