"""Titles chosen by people, saved in versions that follow each other by date; superseded targets."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lms.core.audit import SYSTEM
from lms.core.errors import Refused, Rejected
from lms.core.textfile import Options
from lms.indicators.models import ImportMapping, ImportUpload
from lms.indicators.rules import BatchState, ImportKind, UploadDraft
from lms.indicators.services import (
    actuals,
    apply_mapping,
    choose,
    effect_of,
    fitting,
    guess,
    hold,
    look,
    receive,
    save_mapping,
    specs,
    targets,
    version_for,
    withdraw,
)
from tests.indicators.conftest import NOW, Bring

OLD = {"employee": "客户经理", "indicator": "项目", "day": "账期", "value": "旧数"}
NEW = {**OLD, "value": "新数"}


def received(session: Session, text: str, period: str = "2026Q3", **more: Any) -> ImportUpload:
    kind = more.pop("kind", ImportKind.ACTUALS)
    draft = UploadDraft(kind, "f.csv", hold(text.encode()), period, **more)
    return receive(session, SYSTEM, draft, now=NOW)


def saved(session: Session, titles: dict[str, str], day: date) -> ImportMapping:
    upload = received(session, f"{day}\n")
    choose(session, SYSTEM, upload, titles)
    return save_mapping(session, SYSTEM, upload, "核心系统", day, now=NOW)


@pytest.mark.requirement("7.36")
def test_an_old_period_is_read_by_the_old_version(figures: Session) -> None:
    saved(figures, OLD, date(2025, 1, 1))
    saved(figures, NEW, date(2026, 7, 1))
    for period, wanted in (("2026Q2", "旧数"), ("2026Q3", "新数"), ("2026", "旧数")):
        found = version_for(figures, "核心系统", ImportKind.ACTUALS, None, period)
        assert found.titles["value"] == wanted
    with pytest.raises(Refused):
        version_for(figures, "核心系统", ImportKind.ACTUALS, None, "2024Q4")
    with pytest.raises(Refused):
        version_for(figures, "核心系统", ImportKind.TARGETS, None, "2026Q3")


@pytest.mark.requirement("7.36")
def test_a_file_is_read_by_the_mapping_whose_titles_it_has(figures: Session) -> None:
    saved(figures, OLD, date(2025, 1, 1))
    between = saved(figures, NEW, date(2026, 7, 1))
    text = "客户经理,项目,账期,旧数,新数\n0001,SCORE,2026-08-01,5,6\n"
    upload = received(figures, text)
    mapping = fitting(figures, upload, guess(upload).titles)
    assert mapping is not None
    assert mapping.id == between.id
    apply_mapping(figures, SYSTEM, upload, mapping)
    assert dict(look(upload).matched)["新数"] == "新数"
    assert fitting(figures, upload, ["客户经理", "项目"]) is None


def test_versions_never_overlap_whatever_the_order_of_saving(figures: Session) -> None:
    saved(figures, OLD, date(2025, 1, 1))
    saved(figures, NEW, date(2027, 1, 1))
    saved(figures, {**OLD, "value": "中数"}, date(2026, 1, 1))
    again = saved(figures, NEW, date(2026, 1, 1))
    spans = [(one.valid_from.year, one.valid_to and one.valid_to.year) for one in _all(figures)]
    assert spans == [(2025, 2026), (2026, 2027), (2027, None)]
    assert again.titles["value"] == "新数"


def _all(session: Session) -> list[ImportMapping]:
    return session.query(ImportMapping).order_by(ImportMapping.valid_from).all()


def test_a_name_is_of_one_kind(figures: Session) -> None:
    saved(figures, OLD, date(2025, 1, 1))
    upload = received(figures, "x\n", kind=ImportKind.TARGETS)
    with pytest.raises(Refused):
        save_mapping(figures, SYSTEM, upload, "核心系统", date(2026, 1, 1), now=NOW)


def test_what_was_left_to_the_guess_is_not_saved(figures: Session) -> None:
    upload = received(figures, "x\n", options=Options(separator="|", control_marks=("H|",)))
    mapping = save_mapping(figures, SYSTEM, upload, "夜间", date(2026, 1, 1), now=NOW)
    figures.refresh(mapping)
    assert mapping.options == {"separator": "|", "control_marks": ["H|"]}


@pytest.mark.parametrize(
    "titles",
    [
        {**OLD, "value": ""},
        {**OLD, "value": "项目"},
        {"employee": "客户经理", "indicator:SCORE": "客户经理"},
        {"indicator:SCORE": "得分"},
    ],
)
def test_a_choice_that_cannot_be_is_refused(figures: Session, titles: dict[str, str]) -> None:
    upload = received(figures, "x\n")
    with pytest.raises(Rejected):
        choose(figures, SYSTEM, upload, titles)
    assert upload.titles == {}


def test_a_file_with_strange_titles_is_guessed(figures: Session) -> None:
    text = "某行导出;;\n\n客户经理;服务评分;发卡量\n0001;5;6\n0002;7;8\n合计;12;14\n"
    seen = guess(received(figures, text), specs(figures))
    assert (seen.layout.separator, seen.layout.header_line) == (";", 3)
    assert seen.titles == ("客户经理", "服务评分", "发卡量")
    assert seen.sample(1) == "5"
    assert seen.total
    assert seen.foot[-1] == "合计;12;14"


def test_a_file_of_which_no_title_is_known_shows_its_first_full_line_of_words(figures: Session) -> None:
    seen = guess(received(figures, "说明\n甲,乙,丙\n1,2,3\n4,5,6\n"))
    assert (seen.layout.header_line, seen.titles) == (2, ("甲", "乙", "丙"))


@pytest.mark.requirement("7.29")
def test_superseded_targets_come_back_when_the_newer_batch_is_withdrawn(
    bring: Bring, figures: Session
) -> None:
    def aims() -> dict[str, float]:
        rows = targets(figures, ["SCORE", "AUM"], "2026Q3").to_pylist()
        return {row["indicator"]: row["target"] for row in rows}

    header = "工号,指标,目标值\n"
    first = bring("0001,SCORE,80\n0001,AUM,5\n", header=header, kind=ImportKind.TARGETS)
    refused = bring("0001,SCORE,90\n", header=header, kind=ImportKind.TARGETS)
    assert refused.state is BatchState.REJECTED
    newer = bring("0001,SCORE,90\n", header=header, kind=ImportKind.TARGETS, supersede=True)
    assert aims() == {"SCORE": 90.0, "AUM": 5.0}
    effect = effect_of(figures, newer.batches[0])
    assert (effect.values, effect.people, effect.indicators) == (1, 1, ["SCORE"])
    assert [batch.id for batch in effect.returning] == [first.batches[0].id]
    under = effect_of(figures, first.batches[0])
    assert (under.values, [batch.id for batch in under.above]) == (1, [newer.batches[0].id])
    withdraw(figures, SYSTEM, newer.batches[0], "目标有误", now=NOW)
    assert aims() == {"SCORE": 80.0, "AUM": 5.0}


def test_the_effect_of_a_basic_batch_includes_its_change(bring: Bring, figures: Session) -> None:
    upload = bring("0001,BAL,2026-07-31,10,,\n0001,BAL_CHG,2026-07-31,1,计算,\n")
    effect = effect_of(figures, upload.batches[1])
    assert (len(effect.batches), effect.values, effect.people) == (2, 2, 1)
    assert effect.indicators == ["BAL", "BAL_CHG"]
    assert actuals(figures, None, ["BAL"], date(2026, 7, 1), date(2026, 8, 1)).num_rows == 1
