"""Courses, cohorts and what people did in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.admin.services.publishing import publish_package
from lms.assessment.models import Question, QuestionType, Quiz
from lms.assessment.services import sit
from lms.core.audit import SYSTEM, Actor
from lms.core.clock import midnight
from lms.demo.staff import Bank
from lms.feedback.models import Form, Wave
from lms.feedback.services import answer, forms_for, open_wave
from lms.learning.models import Cohort, CourseVersion, Enrolment, Lesson
from lms.learning.services import (
    close_cohort,
    complete_lesson,
    enrol_many,
    open_cohort,
    package_folders,
    read_packages,
)
from lms.people.models import Employee
from lms.roleplay.models import Scenario
from lms.roleplay.services import scenarios_for, schedule, submit

HOUR = timedelta(hours=1)


def publish_courses(session: Session, now: datetime) -> dict[str, CourseVersion]:
    """Publish every shipped package; return versions by course code."""
    folders = {folder.name: folder for folder in package_folders()}
    root = next(iter(folders.values())).parent
    return {
        package.code: publish_package(session, package, SYSTEM, now, folder=folders.get(package.code))
        for package in read_packages(root)
    }


def run_course(
    session: Session,
    bank: Bank,
    version: CourseVersion,
    people: Sequence[Employee],
    *,
    number: str,
    name_zh: str,
    name_en: str,
    starts_on: date,
    skill: dict[str, float],
    played: int,
    draw: Random,
) -> Cohort:
    """Hold a course from roster to feedback; the first `played` people also play a scenario."""
    morning = midnight(starts_on) + 9 * HOUR
    cohort = open_class(session, bank, version, number, name_zh, name_en, starts_on, len(people))
    enrolments = enrol_many(session, SYSTEM, cohort.id, [one.id for one in people], now=morning)
    lessons = list(session.scalars(select(Lesson).where(Lesson.course_version_id == version.id)))
    quizzes = list(session.scalars(select(Quiz).where(Quiz.course_version_id == version.id)))
    questions = list(session.scalars(select(Question).where(Question.course_version_id == version.id)))
    graded = [question for question in questions if question.asked.graded]
    by_person = {one.id: one for one in people}
    for enrolment in enrolments:
        employee = by_person[enrolment.employee_id]
        for lesson in lessons:
            complete_lesson(
                session, Actor(employee_id=employee.id), enrolment.id, lesson.id, now=morning + 3 * HOUR
            )
        for quiz in quizzes:
            chance = min(max(draw.gauss(0.88 + 0.04 * skill[employee.number], 0.06), 0.45), 1.0)
            answers = {question.code: _answer(question, draw.random() < chance) for question in graded}
            begun = morning + 27 * HOUR
            actor = Actor(employee_id=employee.id, label=employee.name)
            done = begun + timedelta(minutes=12)
            sit(session, actor, quiz, enrolment, answers, started_at=begun, submitted_at=done)
    _play(session, bank, cohort, enrolments[:played], by_person, skill, draw, at=morning + 30 * HOUR)
    form = next((form for form in forms_for(session, cohort) if form.wave == 1), None)
    if form is not None:
        opened = starts_on + timedelta(days=1)
        wave = open_wave(
            session, SYSTEM, form=form, cohort=cohort, opens_on=opened, due_on=opened + timedelta(days=3)
        )
        for enrolment in enrolments:
            if draw.random() < 0.86:
                tell(session, wave, form, enrolment.employee_id, draw, midnight(opened) + 30 * HOUR)
    close_cohort(session, SYSTEM, cohort)
    return cohort


def open_class(
    session: Session,
    bank: Bank,
    version: CourseVersion,
    number: str,
    name_zh: str,
    name_en: str,
    starts_on: date,
    size: int,
    *,
    days: int = 2,
) -> Cohort:
    """Open a cohort with the two first trainers."""
    return open_cohort(
        session,
        SYSTEM,
        number=number,
        name_zh=name_zh,
        name_en=name_en,
        course_version_id=version.id,
        org_unit_id=bank.head_office.id,
        starts_on=starts_on,
        ends_on=starts_on + timedelta(days=days - 1),
        location="总行培训中心",
        capacity=max(size, 1),
        trainer_ids=[bank.people["trainer"].id, bank.people["trainer2"].id],
    )


def plan_sitting(
    session: Session, bank: Bank, enrolment: Enrolment, scenario: Scenario, at: datetime
) -> None:
    """Schedule a sitting before both trainers."""
    scorers = [bank.people["trainer"].id, bank.people["trainer2"].id]
    schedule(session, SYSTEM, enrolment=enrolment, scenario=scenario, scorer_ids=scorers, at=at)


def _play(
    session: Session,
    bank: Bank,
    cohort: Cohort,
    enrolments: Sequence[Enrolment],
    people: dict[int, Employee],
    skill: dict[str, float],
    draw: Random,
    *,
    at: datetime,
) -> None:
    scenarios = scenarios_for(session, cohort)
    if not scenarios:
        return
    scorers = [bank.people["trainer"], bank.people["trainer2"]]
    for order, enrolment in enumerate(enrolments):
        scenario = scenarios[order % len(scenarios)]
        sitting = schedule(
            session,
            SYSTEM,
            enrolment=enrolment,
            scenario=scenario,
            scorer_ids=[one.id for one in scorers],
            at=at + order * timedelta(minutes=12),
        )
        criteria = scenario.rubric.content["criteria"]
        for scorer in scorers:
            mean = 3.35 + 0.25 * skill[people[enrolment.employee_id].number]
            levels = {c["code"]: min(4, max(2, round(draw.gauss(mean, 0.6)))) for c in criteria}
            submit(
                session,
                Actor(employee_id=scorer.id, label=scorer.name),
                sitting,
                scorer.id,
                levels=levels,
                remarks={},
                overall=draw.choice(
                    (
                        "开场自然，提问到位。",
                        "准备充分，下一步要说得更具体。",
                        "倾听很好，异议处理可再从容些。",
                    )
                ),
                now=at + order * timedelta(minutes=12) + HOUR,
            )


def tell(session: Session, wave: Wave, form: Form, employee_id: int, draw: Random, at: datetime) -> None:
    """Let a person fill the form: every question that must be answered, and some of the rest."""
    raw: dict[str, list[str]] = {}
    for question in form.questions:
        condition = question.get("only_if")
        if condition and not _holds(condition, raw):
            continue
        if not question.get("required", True) and draw.random() < 0.5:
            continue
        raw[question["code"]] = _said(question, draw)
    answer(
        session,
        Actor(employee_id=employee_id),
        wave,
        employee_id,
        raw,
        seconds=draw.randrange(90, 600),
        now=at,
    )


def _holds(condition: dict[str, object], raw: dict[str, list[str]]) -> bool:
    given = raw.get(str(condition["question"]), [""])[0]
    wanted = condition["answer"]
    return given == ({True: "yes", False: "no"}[wanted] if isinstance(wanted, bool) else wanted)


def _said(question: dict[str, object], draw: Random) -> list[str]:
    kind = question["type"]
    if kind == "number":
        return [str(draw.randint(1, 3))]
    if kind == "scale":
        least, most = int(str(question["min"])), int(str(question["max"]))
        if least < 0:
            return [str(draw.choice((0, 0, 0, 1, -1)))]
        return [str(max(least, round(most - abs(draw.gauss(0, (most - least) * 0.22)))))]
    if kind == "yes_no":
        return ["yes" if draw.random() < 0.12 else "no"]
    if kind in ("single", "multiple"):
        options: list[dict[str, str]] = question["options"]  # type: ignore[assignment]
        return [draw.choice(options)["key"]]
    return [
        draw.choice(
            ("演练时两位老师的点评很具体。", "案例就是我们柜台上发生的事。", "希望多给一些分行的真实案例。")
        )
    ]


def _answer(question: Question, right: bool) -> object:
    """Return the right answer of a question, or a plausible wrong one."""
    key = question.content["answer"]
    if question.type is QuestionType.NUMERIC:
        return str(key if right else float(key) + 7)
    if question.type is QuestionType.SHORT:
        return key[0] if right else "不清楚"
    if right:
        return key
    if question.type is QuestionType.SINGLE:
        return next(option["key"] for option in question.content["options"] if option["key"] != key)
    if question.type is QuestionType.TRUE_FALSE:
        return not key
    if question.type is QuestionType.MULTIPLE:
        return key[:1]
    if question.type is QuestionType.ORDERING:
        return [key[1], key[0], *key[2:]]
    rights = list(key.values())
    return dict(zip(key, rights[1:] + rights[:1], strict=True))
