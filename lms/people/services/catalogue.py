"""Posts and grades: defined, renamed, retired; those who hold a retired one keep it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.core.audit import Acting, record
from lms.core.dated import valid_on
from lms.core.errors import Refused
from lms.core.i18n import N_
from lms.people.models import Grade, Post, Posting

Named = TypeVar("Named", Post, Grade)


def define_post(session: Session, code: str, name_zh: str, series: str, name_en: str | None = None) -> Post:
    """Return the post with a code, defining it when it is new."""
    found = session.scalar(select(Post).where(Post.code == code))
    if found is None:
        found = Post(code=code, name_zh=name_zh, name_en=name_en, series=series)
        session.add(found)
        session.flush()
    return found


def define_grade(session: Session, code: str, name_zh: str, rank: int, name_en: str | None = None) -> Grade:
    """Return the grade with a code, defining it when it is new."""
    found = session.scalar(select(Grade).where(Grade.code == code))
    if found is None:
        found = Grade(code=code, name_zh=name_zh, name_en=name_en, rank=rank)
        session.add(found)
        session.flush()
    return found


def add_post(
    session: Session, actor: Acting, *, code: str, name_zh: str, name_en: str | None, series: str
) -> Post:
    """Define a post that was not there.

    Raises:
        Refused: when the code or the Chinese name is taken.
    """
    _refuse_taken(session, Post, code, name_zh)
    post = define_post(session, code, name_zh, series, name_en)
    record(session, actor, "people:post:define", f"post:{post.id}", code=code)
    return post


def add_grade(
    session: Session, actor: Acting, *, code: str, name_zh: str, name_en: str | None, rank: int
) -> Grade:
    """Define a grade that was not there.

    Raises:
        Refused: when the code, the Chinese name or the rank is taken.
    """
    _refuse_taken(session, Grade, code, name_zh)
    _refuse_rank(session, rank, None)
    grade = define_grade(session, code, name_zh, rank, name_en)
    record(session, actor, "people:grade:define", f"grade:{grade.id}", code=code)
    return grade


def revise_post(
    session: Session, actor: Acting, post: Post, *, name_zh: str, name_en: str | None, series: str
) -> None:
    """Rename a post or put it into another series.

    Raises:
        Refused: when the Chinese name is taken.
    """
    _refuse_taken(session, Post, None, name_zh, but=post)
    before = {"name_zh": post.name_zh, "name_en": post.name_en, "series": post.series}
    post.name_zh, post.name_en, post.series = name_zh, name_en, series
    session.flush()
    record(session, actor, "people:post:revise", f"post:{post.id}", before=before)


def revise_grade(
    session: Session, actor: Acting, grade: Grade, *, name_zh: str, name_en: str | None, rank: int
) -> None:
    """Rename a grade or give it another rank.

    Raises:
        Refused: when the Chinese name or the rank is taken.
    """
    _refuse_taken(session, Grade, None, name_zh, but=grade)
    _refuse_rank(session, rank, grade)
    before = {"name_zh": grade.name_zh, "name_en": grade.name_en, "rank": grade.rank}
    grade.name_zh, grade.name_en, grade.rank = name_zh, name_en, rank
    session.flush()
    record(session, actor, "people:grade:revise", f"grade:{grade.id}", before=before)


def retire(session: Session, actor: Acting, one: Post | Grade, day: date | None) -> None:
    """Give a post or grade to nobody from a day on; None brings it back."""
    one.retired_on = day
    session.flush()
    thing = one.__tablename__
    shown = day.isoformat() if day else None
    record(session, actor, f"people:{thing}:retire", f"{thing}:{one.id}", day=shown)


def posts(session: Session) -> Sequence[Post]:
    """Return all posts, by series and code."""
    return session.scalars(select(Post).order_by(Post.series, Post.code)).all()


def grades(session: Session) -> Sequence[Grade]:
    """Return all grades, the lowest first."""
    return session.scalars(select(Grade).order_by(Grade.rank, Grade.code)).all()


def holders(session: Session, day: date) -> tuple[dict[int, int], dict[int, int]]:
    """Return how many people hold each post, and each grade, on a day."""
    held = []
    for column in (Posting.post_id, Posting.grade_id):
        rows = session.execute(
            select(column, func.count()).where(column.is_not(None), valid_on(Posting, day)).group_by(column)
        )
        held.append({int(key): int(count) for key, count in rows if key is not None})
    return held[0], held[1]


def refuse_retired(one: Post | Grade | None, day: date) -> None:
    """Refuse to give a post or grade that is retired on a day."""
    if one is not None and one.retired_on is not None and one.retired_on <= day:
        raise Refused(
            N_("“%(name)s”自 %(day)s 起停用，不能再任用。"), name=one.name_zh, day=one.retired_on.isoformat()
        )


def _refuse_taken(
    session: Session, model: type[Named], code: str | None, name_zh: str, *, but: Named | None = None
) -> None:
    if code is not None and session.scalar(select(model.id).where(model.code == code)) is not None:
        raise Refused(N_("代码 %(code)s 已被使用。"), code=code)
    named = session.scalar(select(model).where(model.name_zh == name_zh).limit(1))
    if named is not None and named is not but:
        raise Refused(N_("名称“%(name)s”已被 %(code)s 使用。"), name=name_zh, code=named.code)


def _refuse_rank(session: Session, rank: int, but: Grade | None) -> None:
    same = session.scalar(select(Grade).where(Grade.rank == rank).limit(1))
    if same is not None and same is not but:
        raise Refused(N_("级序 %(rank)s 已被“%(name)s”使用。"), rank=rank, name=same.name_zh)
