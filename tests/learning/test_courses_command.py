from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

import lms.admin.cli  # noqa: F401  (the tables of every room with a part in a course)
from lms.learning.models import CourseVersion
from lms.learning.services import package_folders

SHIPPED = package_folders()


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of a shipped package, to be spoilt."""
    return Path(shutil.copytree(next(one for one in SHIPPED if one.name == "C01"), tmp_path / "C01"))


def test_check_says_what_a_good_package_holds(app: Flask, session: Session, package: Path) -> None:
    answer = app.test_cli_runner().invoke(args=["courses", "check", str(package)])
    assert answer.exit_code == 0, answer.output
    assert answer.output.startswith("C01: ok (")


def test_check_names_file_line_and_field_of_each_problem(app: Flask, session: Session, package: Path) -> None:
    course = package / "course.yaml"
    text = course.read_text(encoding="utf-8")
    line = next(n for n, one in enumerate(text.splitlines(), 1) if one.startswith("hours:"))
    lines = ["hours: -1" if n == line else one for n, one in enumerate(text.splitlines(), 1)]
    course.write_text("\n".join(lines), encoding="utf-8")
    answer = app.test_cli_runner().invoke(args=["courses", "check", str(package)])
    assert answer.exit_code == 1
    assert f"C01/course.yaml:{line}: hours: " in answer.output


def test_check_tells_a_missing_quiz_file_and_a_missing_folder(
    app: Flask, session: Session, package: Path
) -> None:
    (package / "quizzes.yaml").unlink()
    answer = app.test_cli_runner().invoke(args=["courses", "check", str(package), "C77"])
    assert answer.exit_code == 1
    assert "C01/quizzes.yaml: " in answer.output
    assert "C77/" in answer.output


def test_publishing_twice_keeps_one_version(app: Flask, session: Session, package: Path) -> None:
    for _ in range(2):
        answer = app.test_cli_runner().invoke(args=["courses", "publish", str(package)])
        assert answer.exit_code == 0, answer.output
        assert answer.output.strip() == "C01: version 1"
    assert session.scalar(select(func.count()).select_from(CourseVersion)) == 1


def test_a_bad_package_publishes_nothing(app: Flask, session: Session, package: Path) -> None:
    (package / "quizzes.yaml").unlink()
    answer = app.test_cli_runner().invoke(args=["courses", "publish", str(package)])
    assert answer.exit_code == 1
    assert session.scalar(select(func.count()).select_from(CourseVersion)) == 0
