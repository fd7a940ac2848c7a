"""flask scheme …: what it prints, writes and refuses, and that a file needs no database."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from lms.appraisal.models import VersionState
from lms.appraisal.services import schemes
from lms.appraisal.services.scheme_files import scheme_of
from lms.scoring import workbook
from lms.scoring.schemefile import read
from lms.scoring.yamltext import LARGEST
from tests.appraisal import docx
from tests.appraisal.house import build
from tests.scoring.test_schemefile import FILE, changed

pytestmark = pytest.mark.sampled


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "npl.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


@pytest.fixture
def no_database(app: Flask) -> Iterator[None]:
    """Any statement to any database fails the test."""

    def refuse(*_: Any) -> None:
        raise AssertionError("asked the database")

    event.listen(Engine, "before_cursor_execute", refuse)
    yield
    event.remove(Engine, "before_cursor_execute", refuse)


def call(app: Flask, *words: object, code: int = 0) -> str:
    done = app.test_cli_runner().invoke(args=["scheme", *map(str, words)])
    assert done.exit_code == code, done.output
    return str(done.output)


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))


@pytest.mark.requirement("7.17")
def test_check_prints_each_expected_and_got(app: Flask, file: Path, no_database: None) -> None:
    told = call(app, "check", file)
    assert "NPL: ok (1 sections, 1 indicators, 0 gates, 3 examples)" in told
    assert "clause 4 has no rule: 解释权归总行。" in told
    assert "ok    地区系数: total: expected 90, got 90.00" in told
    file.write_text(changed("{total: 90}", "{total: 91}"), encoding="utf-8")
    told = call(app, "check", file, code=1)
    assert "WRONG 地区系数: total: expected 91, got 90.00" in told
    assert "1 results differ" in told


def test_check_names_file_line_and_place(app: Flask, file: Path, no_database: None) -> None:
    file.write_text(changed("unit: 0.1, ", ""), encoding="utf-8")
    assert f"{file}:19: sections/0/indicators/0/rule: 缺少：unit" in call(app, "check", file, code=1)


def test_a_file_of_fifty_megabytes_is_refused_unread(app: Flask, tmp_path: Path, no_database: None) -> None:
    large = tmp_path / "large.yaml"
    with large.open("wb") as target:
        target.truncate(50 * 1024 * 1024)
    assert f"文件超过 {LARGEST} 字节" in call(app, "check", large, code=1)


@pytest.mark.requirement("7.17")
def test_score_writes_results_and_trace(app: Flask, file: Path, tmp_path: Path, no_database: None) -> None:
    facts, own = tmp_path / "facts.csv", tmp_path / "own.csv"
    out, trace = tmp_path / "out.csv", tmp_path / "trace.csv"
    facts.write_text(
        'subject,measure,value,target\nE1,NPL_RATIO,1.85,2\n=E2,NPL_RATIO,"1,002",1002\nE3,NPL_RATIO,,2\n'
    )
    own.write_text("subject,indicator,name,value,source\nE1,NPL_RATIO,region,0.8,表\n", encoding="utf-8")
    told = call(app, "score", file, "--facts", facts, "--coefficients", own, "--out", out, "--trace", trace)
    assert "3 scored" in told
    rows = {row["subject"]: row for row in table(out)}
    assert (
        rows["E1"]
        | {
            "total": "92.00",
            "rank": "2",
            "business": "92.00",
            "business/NPL_RATIO": "92.00",
            "state": "complete",
        }
        == rows["E1"]
    )
    assert rows["'=E2"]["total"] == "100.00"
    assert (rows["E3"]["total"], rows["E3"]["missing"]) == ("", "NPL_RATIO")
    steps = [row for row in table(trace) if row["subject"] == "E1" and row["step"] == "coefficient"]
    assert [(row["value"], row["detail"]) for row in steps] == [("0.8", "region: 表")]


BAD = [
    ("subject,measure\n", "facts.csv:1: 缺少：value"),
    ("subject,measure,value\nE1,NPL_RATIO,inf\n", "facts.csv:2: value: 数值 inf 无法计分"),
    ('subject,measure,value\nE1,NPL_RATIO,"1,5"\n', "facts.csv:2: value: 数值 1,5 无法计分"),
    ("subject,measure,value,target\n\nE1,NPL_RATIO,1,x\n", "facts.csv:3: target: 数值 x 无法计分"),
    ("subject,measure,value\n,NPL_RATIO,1\n", "facts.csv:2: subject: 不能为空"),
    ("subject,measure,value\nE1,A,1\nE1,A,2\n", "facts.csv:3: 与第 2 行重复"),
    ('subject,measure,value\nE1,A,"1"x\n', "facts.csv:2: CSV 写法有误"),
]


@pytest.mark.parametrize(("text", "told"), BAD, ids=[told for _, told in BAD])
def test_a_bad_row_is_named_with_line_and_field(
    app: Flask, file: Path, tmp_path: Path, no_database: None, text: str, told: str
) -> None:
    facts, out = tmp_path / "facts.csv", tmp_path / "out.csv"
    facts.write_text(text)
    assert told in call(app, "score", file, "--facts", facts, "--out", out, code=1)
    assert not out.exists()


def test_a_target_of_zero_is_named(app: Flask, file: Path, tmp_path: Path, no_database: None) -> None:
    rule = "{preset: difference_per_step, unit: 0.1, points: 10, less_is_better: true}"
    file.write_text(changed(rule, "{preset: completion_ratio}"), encoding="utf-8")
    facts, targets, out = (tmp_path / name for name in ("facts.csv", "targets.csv", "out.csv"))
    facts.write_text("subject,measure,value\nE1,NPL_RATIO,1\n")
    targets.write_text("subject,measure,target\nE1,NPL_RATIO,0\n")
    told = call(app, "score", file, "--facts", facts, "--targets", targets, "--out", out)
    assert "E1: the target of NPL_RATIO is 0" in told
    assert [(row["total"], row["missing"]) for row in table(out)] == [("", "NPL_RATIO")]


@pytest.mark.requirement("7.17")
def test_a_file_goes_in_and_out_and_is_compared(
    app: Flask, session: Session, file: Path, tmp_path: Path
) -> None:
    build(session)
    session.commit()
    rated = FILE.replace("NPL_RATIO", "training.quiz")
    file.write_text(FILE, encoding="utf-8")
    assert "没有计量项 NPL_RATIO" in call(app, "import", file, "--unit", "HO", code=1)
    file.write_text(rated, encoding="utf-8")
    assert "请指定所属机构" in call(app, "import", file, code=1)
    assert "no org unit NOWHERE" in call(app, "import", file, "--unit", "NOWHERE", code=2)
    assert "NPL: version 1 is a draft" in call(app, "import", file, "--unit", "HO")
    found = scheme_of(session, "NPL")
    assert found is not None
    assert schemes.latest_version(session, found.id).state is VersionState.DRAFT
    back = tmp_path / "back.yaml"
    call(app, "export", "NPL", "--output", back)
    assert call(app, "diff", file, back) == "0 differences\n"
    back.write_text(
        rated.replace("points: 10,", "points: 20,").replace("{total: 90}", "{total: 80}"), "utf-8"
    )
    told = call(app, "diff", "NPL@1", back)
    assert "sections/business/indicators/training.quiz/rule: 由 " in told
    assert "examples/地区系数: 由 " in told
    assert "neither a file nor CODE@N" in call(app, "diff", "NPL", back, code=2)
    assert "has no version 7" in call(app, "export", "NPL", "--version", 7, code=2)
    assert "there is no scheme X" in call(app, "export", "X", code=2)


def test_a_file_without_a_row_scores_nobody(
    app: Flask, file: Path, tmp_path: Path, no_database: None
) -> None:
    facts, out = tmp_path / "facts.csv", tmp_path / "out.csv"
    facts.write_text("subject,measure,value\n")
    assert "0 scored" in call(app, "score", file, "--facts", facts, "--out", out)
    assert table(out) == []


@pytest.mark.requirement("7.17")
def test_a_workbook_does_what_the_file_does(
    app: Flask, file: Path, tmp_path: Path, no_database: None
) -> None:
    book, facts, out = tmp_path / "npl.xlsx", tmp_path / "facts.csv", tmp_path / "out.csv"
    book.write_bytes(workbook.write(read(FILE)))
    assert call(app, "check", book) == call(app, "check", file)
    assert call(app, "diff", file, book) == "0 differences\n"
    facts.write_text("subject,measure,value,target\nE1,NPL_RATIO,1.85,2\n")
    assert "1 scored" in call(app, "score", book, "--facts", facts, "--out", out)
    assert table(out)[0]["total"] == "115.00"
    book.write_bytes(b"no workbook")
    assert f"{book}: 无法打开工作簿" in call(app, "check", book, code=1)
    with book.open("wb") as target:
        target.truncate(50 * 1024 * 1024)
    assert "文件超过" in call(app, "check", book, code=1)


def test_problems_are_told_in_english_when_asked(app: Flask, file: Path, no_database: None) -> None:
    file.write_text(changed("unit: 0.1, ", ""), encoding="utf-8")
    told = call(app, "check", file, "--lang", "en", code=1)
    assert f"{file}:19: sections/0/indicators/0/rule: missing: unit" in told.replace("Missing", "missing")


@pytest.mark.requirement("7.17")
def test_a_stored_version_goes_out_as_a_workbook_and_comes_in_again(
    app: Flask, session: Session, tmp_path: Path
) -> None:
    build(session)
    session.commit()
    book, back = tmp_path / "in.xlsx", tmp_path / "back.xlsx"
    wanted = read(FILE.replace("NPL_RATIO", "training.quiz"))
    book.write_bytes(workbook.write(wanted))
    assert "NPL: version 1 is a draft" in call(app, "import", book, "--unit", "HO")
    call(app, "export", "NPL", "--output", back, "--lang", "en")
    assert workbook.read(back.read_bytes()) == wanted
    rules, red = tmp_path / "rules.docx", tmp_path / "red.docx"
    assert "NPL: " in call(app, "document", "NPL", "--out", rules, "--lang", "en")
    told = docx.read(rules.read_bytes())
    assert ("row", "Version", "Version 1") in told
    assert ("row", "State", "draft, not in force") in told
    assert any("measure: Quiz results" in line[1] for line in told)
    other = tmp_path / "other.yaml"
    other.write_text(
        FILE.replace("NPL_RATIO", "training.quiz")
        .replace("points: 10,", "points: 20,")
        .split("examples:")[0],
        encoding="utf-8",
    )
    call(app, "document", other, "--against", "NPL@1", "--out", red)
    assert "200" in docx.changes(red.read_bytes(), "ins")
    assert "100" in docx.changes(red.read_bytes(), "del")
    assert "neither a file nor CODE@N" in call(app, "document", "NPL@x", "--out", red, code=2)


def test_rules_of_a_file_need_no_database(app: Flask, file: Path, tmp_path: Path, no_database: None) -> None:
    rules = tmp_path / "rules.docx"
    call(app, "document", file, "--out", rules)
    assert ("Heading2", "第 3.10 条") in docx.read(rules.read_bytes())
