"""The pages of appraisal as each role sees them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.appraisal import services
from lms.appraisal.forms import SchemeForm
from lms.appraisal.models import (
    Appraisal,
    AppraisalState,
    Cycle,
    CycleState,
    Scheme,
    SchemeVersion,
    VersionState,
)
from lms.appraisal.services import schemes
from lms.core.jobs import Job, run_inline
from tests.appraisal.conftest import HASH
from tests.appraisal.house import NOW, House, draft, told_again

Story = tuple[House, Cycle]
Enter = Callable[[str], FlaskClient]


@pytest.fixture
def computed(session: Session) -> Story:
    return told_again(session, HASH, computed=True)


@pytest.fixture
def published(session: Session, computed: Story) -> Story:
    house, cycle = computed
    services.publish_by_two(session, cycle, house.person("hr"), house.person("hr2"), now=NOW)
    return computed


def filled(client: FlaskClient, path: str, made: services.SchemeDraft) -> dict[str, Any]:
    """The fields of the editor as a browser would send them for a draft."""
    fields: dict[str, Any] = {}
    with client.application.test_request_context(path):
        form = SchemeForm(meta={"csrf": False})
        form.fill(made)

        def walk(entries: Any) -> None:
            for entry in entries:
                if entry.type in ("FieldList", "FormField"):
                    walk(entry if entry.type == "FieldList" else entry.form)
                elif entry.type not in ("BooleanField", "CSRFTokenField"):
                    value = entry._value() if hasattr(entry, "_value") else entry.data
                    fields[entry.name] = "" if value is None else value

        walk(form)
    return fields


@pytest.mark.requirement("7.08")
def test_a_trainee_reads_the_own_result_down_to_the_source_rows(
    session: Session, published: Story, enter: Enter
) -> None:
    house, cycle = published
    client, me = enter("li"), house.appraisal(cycle, "li").id
    assert f"/appraisal/results/{me}" in client.get("/appraisal/mine").text
    page = client.get(f"/appraisal/results/{me}").text
    assert "89.89" in page
    assert "B 良好" in page
    tree = client.get(f"/appraisal/results/{me}/explain").text
    assert "42.4" in tree
    assert "导入" in tree
    assert "赵主管" in tree


@pytest.mark.requirement("7.07")
def test_anothers_number_in_the_address_is_forbidden(
    session: Session, published: Story, enter: Enter
) -> None:
    house, cycle = published
    client, other = enter("li"), house.appraisal(cycle, "wang").id
    for path in ("", "/explain"):
        assert client.get(f"/appraisal/results/{other}{path}").status_code == 403
    assert client.get("/appraisal/results").status_code == 403
    assert client.get("/appraisal/results/999999").status_code == 404


def test_the_own_result_is_hidden_until_it_is_published(
    session: Session, computed: Story, enter: Enter
) -> None:
    house, cycle = computed
    assert enter("li").get(f"/appraisal/results/{house.appraisal(cycle, 'li').id}").status_code in (403, 404)


def test_a_supervisor_sees_the_own_unit_and_nothing_of_another(
    session: Session, computed: Story, enter: Enter
) -> None:
    house, cycle = computed
    client = enter("sun")
    listed = client.get("/appraisal/results").text
    assert "钱进" in listed
    assert "李明" not in listed
    assert client.get(f"/appraisal/results/{house.appraisal(cycle, 'li').id}").status_code == 403
    assert client.get(f"/appraisal/results/{house.appraisal(cycle, 'qian').id}").status_code == 200


def test_a_supervisor_rates_in_the_grid(session: Session, story: Story, enter: Enter) -> None:
    house, cycle = story
    client, li = enter("zhao"), house.people["li"].id
    page = client.get(f"/appraisal/ratings/{cycle.id}").text
    assert "李明" in page
    assert "钱进" not in page
    bad = client.post(
        f"/appraisal/ratings/{cycle.id}", data={f"level-{li}-service": "1", f"note-{li}-service": ""}
    )
    assert bad.status_code == 422
    assert "请写明依据" in bad.text
    good = client.post(
        f"/appraisal/ratings/{cycle.id}", data={f"level-{li}-service": "3", f"note-{li}-service": ""}
    )
    assert good.status_code == 303
    session.expire_all()
    from lms.appraisal.services import ratings

    assert ratings.rated(session, cycle.id, [li])[li]["service"].level == 3
    assert enter("li").get(f"/appraisal/ratings/{cycle.id}").status_code == 403


def test_hr_designs_activates_and_opens(session: Session, story: Story, enter: Enter) -> None:
    house, _ = story
    client = enter("hr")
    fields = filled(client, "/appraisal/schemes/new", draft(code="NEW"))
    fields["org_unit_id"] = house.units["EAST"].id
    answer = client.post("/appraisal/schemes/new", data=fields)
    assert answer.status_code == 303, answer.text
    version = session.scalars(select(SchemeVersion).join(Scheme).where(Scheme.code == "NEW")).one()
    page = client.get(f"/appraisal/schemes/{version.scheme_id}").text
    assert "得分 = 实际 ÷ 目标 × 100。" in page
    assert client.post(f"/appraisal/schemes/{version.scheme_id}/activate").status_code == 303
    answer = client.post(
        "/appraisal/cycles/new",
        data={
            "code": "NEW-1",
            "name_zh": "城东第三季度",
            "period": "2026q3",
            "version_id": version.id,
            "org_unit_id": house.units["EAST"].id,
            "series": "relationship_manager",
        },
    )
    assert answer.status_code == 303, answer.text
    cycle = session.scalars(select(Cycle).where(Cycle.code == "NEW-1")).one()
    assert client.get(f"/appraisal/cycles/{cycle.id}").status_code == 200
    assert "主管评分" in client.get(f"/appraisal/cycles/{cycle.id}/check").text


@pytest.mark.requirement("2.06")
@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("sections-0-weight", "59", "应为 100"),
        ("sections-0-weight", "-60", "权重不能是负数"),
        ("sections-0-indicators-0-weight", "百", "请填写数字"),
        ("sections-0-indicators-0-measure", "NOTHING", "没有计量项"),
    ],
)
def test_a_wrong_scheme_is_refused_in_clear_words(
    session: Session, story: Story, enter: Enter, field: str, value: str, words: str
) -> None:
    client = enter("hr")
    fields = filled(client, "/appraisal/schemes/new", draft(code="BAD"))
    fields |= {"org_unit_id": story[0].units["HO"].id, field: value}
    answer = client.post("/appraisal/schemes/new", data=fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert "is-invalid" in answer.text
    assert session.scalars(select(Scheme).where(Scheme.code == "BAD")).first() is None


def test_only_business_without_a_reason_is_refused(session: Session, story: Story, enter: Enter) -> None:
    client = enter("hr")
    fields = filled(client, "/appraisal/schemes/new", draft(code="ONLY"))
    fields |= {"org_unit_id": story[0].units["HO"].id, "sections-0-weight": "100"}
    gone = ("sections-1", "sections-2")
    fields = {name: value for name, value in fields.items() if not name.startswith(gone)}
    answer = client.post("/appraisal/schemes/new", data=fields)
    assert answer.status_code == 422
    assert "必须写明理由" in answer.text
    fields["reason_for_full_business"] = "新设支行首年"
    assert client.post("/appraisal/schemes/new", data=fields).status_code == 303


def test_a_row_is_added_without_saving(session: Session, story: Story, enter: Enter) -> None:
    client = enter("hr")
    scheme_id = story[1].scheme_version.scheme_id
    fields = filled(client, f"/appraisal/schemes/{scheme_id}/edit", draft())
    more = {"do": "add sections-0-indicators"}
    answer = client.post(f"/appraisal/schemes/{scheme_id}/draft", data=fields | more)
    assert answer.status_code == 200
    assert 'name="sections-0-indicators-1-code"' in answer.text
    assert len(session.scalars(select(SchemeVersion)).all()) == 1


def test_hr_publishes_through_a_second_person(session: Session, computed: Story, enter: Enter) -> None:
    _, cycle = computed
    client = enter("hr")
    assert client.post(f"/appraisal/cycles/{cycle.id}/publish").status_code == 303
    page = client.get(f"/appraisal/cycles/{cycle.id}").text
    assert "等待另一人复核" in page
    session.expire_all()
    assert cycle.state is CycleState.COMPUTED


def test_the_pages_speak_english(session: Session, published: Story, enter: Enter) -> None:
    house, cycle = published
    client = enter("li")
    client.post("/language/en")
    session.expire_all()
    page = client.get(
        f"/appraisal/results/{house.appraisal(cycle, 'li').id}", headers={"Accept-Language": "en"}
    )
    assert "B Good" in page.text
    assert "How this score came about" in page.text


def test_hr_has_a_cycle_computed_once_at_a_time(session: Session, story: Story, enter: Enter) -> None:
    _, cycle = story
    client = enter("hr")
    assert client.post(f"/appraisal/cycles/{cycle.id}/compute").status_code == 303
    session.expire_all()
    job = session.get_one(Job, cycle.job_id)
    assert (job.kind, job.args) == ("appraisal.compute", {"cycle_id": cycle.id})
    assert client.post(f"/appraisal/cycles/{cycle.id}/compute").status_code == 409
    assert "data-zx-job" in client.get(f"/appraisal/cycles/{cycle.id}").text
    run_inline(job.id)
    session.expire_all()
    assert cycle.state is CycleState.COMPUTED


def test_an_adjustment_is_asked_for_on_the_page_of_the_result(
    session: Session, computed: Story, enter: Enter
) -> None:
    house, cycle = computed
    path = f"/appraisal/results/{house.appraisal(cycle, 'li').id}/adjust"
    client = enter("hr")
    assert client.post(path, data={"points": "1.5", "reason": ""}).status_code == 422
    assert client.post(path, data={"points": "1.5", "reason": "救灾期间代岗"}).status_code == 303
    assert enter("zhao").post(path, data={"points": "1", "reason": "x"}).status_code == 403


def test_a_draft_saved_meanwhile_is_neither_overwritten_nor_activated(
    session: Session, story: Story, enter: Enter
) -> None:
    house, cycle = story
    scheme_id, client = cycle.scheme_version.scheme_id, enter("hr")
    path = f"/appraisal/schemes/{scheme_id}/edit"
    fields = filled(client, path, draft(name_en="Mine"))
    seen = schemes.stamp(cycle.scheme_version)
    # Two savings later the lock of the new draft is that of the version both editors were filled from.
    for name in ("Other", "Other again"):
        services.revise_scheme(session, house.person("hr2"), scheme_id, draft(name_en=name), now=NOW)
    session.commit()
    late = client.post(path, data={**fields, "seen": seen, "org_unit_id": house.units["HO"].id})
    assert late.status_code == 422
    assert "其他人保存了此方案" in late.text
    assert 'value="Mine"' in late.text, "what was typed is kept"
    newest = schemes.latest_version(session, scheme_id)
    shown = schemes.stamp(newest)
    services.revise_scheme(session, house.person("hr2"), scheme_id, draft(name_en="Last"), now=NOW)
    session.commit()
    client.post(f"/appraisal/schemes/{scheme_id}/activate", data={"seen": shown})
    session.expire_all()
    assert schemes.latest_version(session, scheme_id).state is VersionState.DRAFT


@pytest.mark.parametrize("period", ["2026年一季度", "2026Q9", ""])
def test_a_wrong_period_is_refused_in_words(
    session: Session, story: Story, enter: Enter, period: str
) -> None:
    house, cycle = story
    data = {
        "code": "NEW",
        "name_zh": "新考核期",
        "period": period,
        "version_id": cycle.scheme_version_id,
        "org_unit_id": house.units["HO"].id,
        "series": "relationship_manager",
    }
    client = enter("hr")
    answer = client.post("/appraisal/cycles/new", data=data)
    assert answer.status_code == 422
    assert 'value="新考核期"' in answer.text
    taken = client.post("/appraisal/cycles/new", data={**data, "code": cycle.code, "period": "2026Q1"})
    assert taken.status_code == 422
    assert "已存在" in taken.text


@pytest.mark.parametrize("points", ["abc", "NaN", "Infinity", "0.005", "25", "0", "1e40"])
def test_a_wrong_adjustment_is_refused_and_its_reason_kept(
    session: Session, computed: Story, enter: Enter, points: str
) -> None:
    house, cycle = computed
    path = f"/appraisal/results/{house.appraisal(cycle, 'li').id}/adjust"
    answer = enter("hr").post(path, data={"points": points, "reason": "写了很久的理由"})
    assert answer.status_code == 422
    assert "写了很久的理由" in answer.text


def test_a_late_rating_without_a_reason_keeps_what_was_typed(
    session: Session, computed: Story, enter: Enter
) -> None:
    house, cycle = computed
    li = house.people["li"].id
    answer = enter("zhao").post(
        f"/appraisal/ratings/{cycle.id}",
        data={f"level-{li}-general": "2", f"note-{li}-general": "材料屡次返工"},
    )
    assert answer.status_code == 422
    assert "材料屡次返工" in answer.text


@pytest.mark.parametrize("weight", ["NaN", "inf", "abc"])
def test_what_is_no_number_is_said_beside_its_field(
    session: Session, story: Story, enter: Enter, weight: str
) -> None:
    client = enter("hr")
    fields = filled(client, "/appraisal/schemes/new", draft(code="NEW"))
    answer = client.post("/appraisal/schemes/new", data={**fields, "sections-0-indicators-0-weight": weight})
    assert answer.status_code == 422
    assert "请填写数字" in answer.text


def test_the_second_person_reads_words_not_keys(session: Session, computed: Story, enter: Enter) -> None:
    house, cycle = computed
    appraisal = session.scalars(
        select(Appraisal).where(Appraisal.cycle_id == cycle.id, Appraisal.state == AppraisalState.COMPLETE)
    ).first()
    assert appraisal is not None
    services.propose_adjustment(
        session, house.person("hr"), appraisal, Decimal("-1.5"), "客户投诉属实", now=NOW
    )
    session.flush()
    client = enter("hr")
    text = client.get("/proposals").text
    assert '<dt class="col-sm-3">调整分值</dt>' in text
    assert "−1.50" in text
    assert '<dt class="col-sm-3">points</dt>' not in text
    assert f"{appraisal.total}" not in text
    client.post("/language/en")
    english = client.get("/proposals").text
    assert str(cycle.name_en or cycle.name_zh) in english
    assert "Points to add or take" in english
