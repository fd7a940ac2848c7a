"""The pages of parameters as the head office, a branch and others see them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from lms.access.policy import Role
from lms.access.services import grant, open_account
from lms.appraisal import services
from lms.appraisal.models import Cycle, ParametersOf, Scheme, SchemeParameter
from lms.appraisal.services import parameters
from lms.core.audit import SYSTEM
from tests.appraisal.conftest import HASH
from tests.appraisal.house import NOW, SERIES, House, draft
from tests.appraisal.test_parameters import BUSINESS, COMPREHENSIVE, open_both, raise_business
from tests.appraisal.test_queries import counted

Story = tuple[House, Cycle]
Enter = Callable[[str], FlaskClient]
EDIT = "/appraisal/parameters/{unit}/edit?scheme=RM-Q&path={path}"


@pytest.fixture
def story(session: Session, story: Story) -> Story:
    """The same house, with a person who does HR for the branch in the east alone."""
    house, cycle = story
    account = open_account(
        session, SYSTEM, username="east-hr", password_hash=HASH, name="东人事", employee=None, now=NOW
    )
    grant(session, SYSTEM, account, Role.HR, house.units["EAST"], date(2020, 1, 1))
    house.accounts["east-hr"] = account
    return house, cycle


def lines(*values: tuple[str, str, str, str, str], **more: str) -> dict[str, str]:
    """The fields of the form: path, value, below, low, high of each line."""
    fields = {"valid_from": "2026-01-01", "priority": "1", "way": "near", "reason": "试点", "replaces": ""}
    for at, (path, value, below, low, high) in enumerate(values):
        names = ("path", "value", "below", "low", "high")
        for name, text in zip(names, (path, value, below, low, high), strict=True):
            fields[f"lines-{at}-{name}"] = text
    return fields | more


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(SchemeParameter)) or 0


def edit(house: House, unit: str, path: str = BUSINESS) -> str:
    return EDIT.format(unit=house.units[unit].id, path=path)


@pytest.mark.requirement("7.17")
def test_a_branch_sets_what_the_head_office_opened_and_sees_where_it_comes_from(
    session: Session, story: Story, enter: Enter
) -> None:
    house, _ = story
    client = enter("hr")
    page = client.get(edit(house, "HO"))
    assert page.status_code == 200
    assert "权重合计须为 100" in page.text
    answer = client.post(
        edit(house, "HO"),
        data=lines((BUSINESS, "", "range", "50", "70"), (COMPREHENSIVE, "", "range", "15", "30")),
    )
    assert answer.status_code == 303
    client = enter("east-hr")
    form = client.get(edit(house, "EAST"))
    assert "可设 50–70" in form.text
    assert "上级未放开" in form.text, "the weight of training is not opened"
    answer = client.post(
        edit(house, "EAST"),
        data=lines((BUSINESS, "65", "locked", "", ""), (COMPREHENSIVE, "２０", "locked", "", "")),
        follow_redirects=True,
    )
    assert "参数已保存。" in answer.text
    assert "65%" in answer.text
    page = client.get("/appraisal/parameters?touched=y")
    assert "城东支行" in page.text
    assert "可设 50–70" in page.text
    assert "综合 · 权重" in page.text
    assert "培训 · 权重" not in page.text, "nobody has set it"
    preview = client.get(f"/appraisal/parameters/{house.units['EAST'].id}/preview?scheme=RM-Q")
    assert "由 60 改为 65" in preview.text


def test_what_is_refused_stands_beside_its_field_and_nothing_is_stored(
    session: Session, story: Story, enter: Enter
) -> None:
    house, _ = story
    open_both(house)
    before = count(session)
    client = enter("east-hr")
    answer = client.post(
        edit(house, "EAST"),
        data=lines((BUSINESS, "75", "locked", "", ""), (COMPREHENSIVE, "10", "locked", "", "")),
    )
    assert answer.status_code == 422
    assert "75 不在上级允许的范围 50–70 内" in answer.text
    assert "10 不在上级允许的范围 15–30 内" in answer.text
    answer = client.post(edit(house, "EAST"), data=lines((BUSINESS, "65", "locked", "", "")))
    assert answer.status_code == 422
    assert "城东支行，2026年1月1日 起：权重合计为 105，应为 100" in answer.text
    assert 'value="65"' in answer.text, "what was typed stays"
    for wrong in ({"valid_from": ""}, {"priority": "0"}, {"reason": ""}, {"lines-0-value": "六十"}):
        fields = lines((BUSINESS, "65", "locked", "", ""), (COMPREHENSIVE, "20", "locked", "", ""))
        assert client.post(edit(house, "EAST"), data=fields | wrong).status_code == 422, wrong
    nothing = client.post(edit(house, "EAST"), data=lines((BUSINESS, "", "locked", "", "")))
    assert (nothing.status_code, count(session)) == (422, before)
    assert "请填写本级的值，或放开给下级。" in nothing.text


def test_rows_are_changed_and_withdrawn_and_stay_in_the_history(
    session: Session, story: Story, enter: Enter
) -> None:
    house, _ = story
    open_both(house)
    ids = ",".join(str(row.id) for row in raise_business(house))
    client = enter("east-hr")
    page = client.get(f"{edit(house, 'EAST')}&rows={ids}")
    assert 'value="65"' in page.text
    assert f'value="{ids}"' in page.text
    fields = lines((BUSINESS, "68", "locked", "", ""), (COMPREHENSIVE, "17", "locked", "", ""))
    assert client.post(edit(house, "EAST"), data=fields | {"replaces": ids}).status_code == 303
    late = client.post(edit(house, "EAST"), data=fields | {"replaces": ids})
    assert late.status_code == 422
    assert "其他人修改了这些参数" in late.text
    newer = session.scalars(select(SchemeParameter.id).where(SchemeParameter.value == 68)).one()
    both = ",".join(
        str(one)
        for one in session.scalars(
            select(SchemeParameter.id).where(
                SchemeParameter.closed_at.is_(None),
                SchemeParameter.org_unit_id == house.units["EAST"].id,
            )
        )
    )
    gone = client.post(
        edit(house, "EAST"), data=lines(replaces=both, reason="结束", close="1"), follow_redirects=True
    )
    assert "本级设置已撤销。" in gone.text
    history = client.get(edit(house, "EAST"))
    assert history.text.count("已撤换") == 4
    assert str(newer) in both.split(",")


def test_a_switch_is_chosen(session: Session, story: Story, enter: Enter) -> None:
    house, _ = story
    client = enter("hr")
    path = "indicators/B_DEPOSIT/missing"
    page = client.get(edit(house, "HO", path))
    assert "按零分计" in page.text
    fields = {**lines((path, "", "free", "", "")), "lines-0-choice": "zero"}
    assert client.post(edit(house, "HO", path), data=fields).status_code == 303
    row = session.scalars(select(SchemeParameter)).one()
    assert (row.value, row.below.value) == ("zero", "free")
    assert client.post(edit(house, "HO", path), data=fields | {"lines-0-choice": "move"}).status_code == 422


def test_nobody_sets_parameters_of_units_out_of_reach(session: Session, story: Story, enter: Enter) -> None:
    house, _ = story
    open_both(house)
    client = enter("east-hr")
    for unit in ("HO", "WEST"):
        at = house.units[unit].id
        assert client.get(f"/appraisal/parameters/{at}").status_code == 403
        assert client.get(f"/appraisal/parameters/{at}/preview?scheme=RM-Q").status_code == 403
        assert client.get(f"/appraisal/parameters?unit={at}").status_code == 403
        fields = lines((BUSINESS, "65", "locked", "", ""), (COMPREHENSIVE, "20", "locked", "", ""))
        assert client.post(edit(house, unit), data=fields).status_code == 403
    assert client.get(edit(house, "EAST", "no/such/path")).status_code == 404
    sneaked = lines((BUSINESS, "65", "locked", "", ""), ("grades/A/at_least", "80", "locked", "", ""))
    assert client.post(edit(house, "EAST"), data=sneaked).status_code == 404
    assert count(session) == 2
    assert enter("zhao").get("/appraisal/parameters").status_code == 403


def test_a_row_of_another_unit_is_not_replaced(session: Session, story: Story, enter: Enter) -> None:
    house, _ = story
    ids = ",".join(str(row.id) for row in open_both(house))
    answer = enter("east-hr").post(edit(house, "EAST"), data=lines(replaces=ids, reason="越权", close="1"))
    assert answer.status_code == 422
    assert session.scalar(select(func.count()).where(SchemeParameter.closed_at.is_not(None))) == 0


@pytest.mark.requirement("7.17")
def test_a_branch_opens_its_own_cycle_under_a_scheme_that_was_opened_to_it(
    session: Session, story: Story, enter: Enter
) -> None:
    house, cycle = story
    fields: dict[str, Any] = {
        "code": "EAST-Q3",
        "name_zh": "城东自行考核",
        "period": "2026Q3",
        "version_id": cycle.scheme_version_id,
        "org_unit_id": house.units["EAST"].id,
        "series": SERIES,
        "parameters_of": "cycle",
    }
    client = enter("east-hr")
    assert client.post("/appraisal/cycles/new", data=fields).status_code == 422, "not opened yet"
    assert client.post(f"/appraisal/schemes/{cycle.scheme_version.scheme_id}/share").status_code == 403
    enter("hr").post(f"/appraisal/schemes/{cycle.scheme_version.scheme_id}/share", data={"opened": "1"})
    client = enter("east-hr")
    answer = client.post("/appraisal/cycles/new", data=fields, follow_redirects=True)
    assert "考核期已开启" in answer.text
    assert f"/appraisal/schemes/{cycle.scheme_version.scheme_id}" not in answer.text, "not within reach"
    own = session.scalars(select(Cycle).where(Cycle.code == "EAST-Q3")).one()
    assert own.parameters_of is ParametersOf.CYCLE
    assert client.get(f"/appraisal/cycles/{cycle.id}").status_code == 403, "the bank's own cycle"


def test_a_new_version_that_breaks_a_branch_says_where(session: Session, story: Story, enter: Enter) -> None:
    house, cycle = story
    open_both(house)
    raise_business(house)
    made = draft()
    weights = (60.0, 30.0, 10.0)
    shifted = tuple(replace(one, weight=w) for one, w in zip(made.sections, weights, strict=True))
    scheme_id = cycle.scheme_version.scheme_id
    services.revise_scheme(session, house.person("hr"), scheme_id, replace(made, sections=shifted), now=NOW)
    answer = enter("hr").post(f"/appraisal/schemes/{scheme_id}/activate", follow_redirects=True)
    assert "城东支行" in answer.text
    assert "权重合计为 95，应为 100" in answer.text


def test_the_explanation_shows_the_row_that_won(session: Session, story: Story, enter: Enter) -> None:
    house, cycle = story
    open_both(house)
    raise_business(house)
    services.run_cycle(session, cycle, house.person("hr"), NOW)
    page = enter("hr").get(f"/appraisal/results/{house.appraisal(cycle, 'li').id}/explain")
    assert "参数的来源" in page.text
    assert "业绩 · 权重" in page.text
    assert "试点（何人事）" in page.text
    assert "计入参数后的方案指纹" in page.text
    assert "65%" in page.text


def test_the_table_asks_the_same_of_the_store_however_many_rows_there_are(
    session: Session, story: Story, enter: Enter
) -> None:
    house, _ = story
    open_both(house)
    raise_business(house)
    for number in range(2, 8):
        raise_business(house, priority=number)
    client, address = enter("hr"), f"/appraisal/parameters/{house.units['EAST'].id}?scheme=RM-Q"
    assert len(parameters.rows_of(session, session.scalars(select(Scheme.id)).one())) == 16
    with counted(session) as many:
        page = client.get(address)
    assert page.text.count("优先级较低") == 12
    session.execute(update(SchemeParameter).where(SchemeParameter.priority > 1).values(closed_at=NOW))
    with counted(session) as few:
        page = client.get(address)
    assert page.text.count("优先级较低") == 0
    assert len(many) == len(few)


def test_the_pages_speak_english(story: Story, enter: Enter) -> None:
    house, _ = story
    open_both(house)
    raise_business(house)
    client = enter("hr")
    table = client.get(
        f"/appraisal/parameters/{house.units['EAST'].id}?touched=y", headers={"Accept-Language": "en"}
    )
    for words in ("What is struck through has no effect", "May be set: 50–70", "Origin, and what it shadows"):
        assert words in table.text
