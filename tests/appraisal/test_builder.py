"""The scheme editor in the browser's eyes: rows, presets, the preview on real people, examples of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms import scoring
from lms.appraisal import services
from lms.appraisal.models import Cycle, SchemeVersion
from lms.appraisal.rules.draft import Mode, StandardDraft
from lms.appraisal.services import schemes
from lms.core import db as core_db
from lms.core.periods import Period
from lms.indicators.models import Target
from lms.scoring.examples import run_examples
from tests.appraisal.conftest import HASH
from tests.appraisal.house import House, draft, import_actuals, told_again
from tests.appraisal.test_pages import filled
from tests.appraisal.test_queries import _again, counted, grow

pytestmark = pytest.mark.sampled

Story = tuple[House, Cycle]
Enter = Callable[[str], FlaskClient]
PART = {"X-Zhixing-Part": "preview"}


@pytest.fixture
def computed(session: Session) -> Story:
    return told_again(session, HASH, computed=True)


def path_of(story: Story) -> str:
    return f"/appraisal/schemes/{story[1].scheme_version.scheme_id}"


def fields_of(client: FlaskClient, made: services.SchemeDraft | None = None, **more: str) -> dict[str, Any]:
    fields = filled(client, "/", made or draft())
    del fields["org_unit_id"]  # stands only on the page of a new scheme
    return fields | more


def look(client: FlaskClient, path: str, fields: dict[str, Any]) -> str:
    answer = client.post(f"{path}/draft", data=fields | {"do": "preview"}, headers=PART)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.text)


def test_the_preview_shows_a_person_before_and_as_typed(
    session: Session, computed: Story, enter: Enter
) -> None:
    client, path = enter("hr"), path_of(computed)
    session.commit()
    versions = session.scalar(select(func.count(SchemeVersion.id)))
    text = look(client, path, fields_of(client, preview_person="E001"))
    assert "李明" in text
    assert re.search(r"<strong>89\.89</strong> B <span[^>]*>现行 89\.89 B", text), (
        "the very total of the cycle"
    )
    # 60 % of 92.4 become 60 % of 46.2.
    changed = fields_of(client, preview_person="E001") | {"sections-0-indicators-0-base": "50"}
    text = look(client, path, changed)
    assert re.search(r"<strong>62\.17</strong> D <span[^>]*>现行 89\.89 B", text)
    assert "80 % → 40 分；100 % → 50 分" in text
    assert "−27.72" in text or "-27.72" in text
    assert session.scalar(select(func.count(SchemeVersion.id))) == versions


def test_the_preview_finds_people_by_name_and_number(computed: Story, enter: Enter) -> None:
    client, path = enter("hr"), path_of(computed)
    by_name = look(client, path, fields_of(client, preview_words="王"))
    assert "王芳" in by_name
    assert "李明" not in by_name
    assert "钱进" in look(client, path, fields_of(client, preview_words="e003"))
    assert "没有找到这样的人员" in look(client, path, fields_of(client, preview_words="无此人"))


def test_while_weights_are_wrong_every_indicator_is_tried_by_itself(computed: Story, enter: Enter) -> None:
    client = enter("hr")
    fields = fields_of(client, preview_person="E001") | {"sections-0-weight": "59"}
    text = look(client, path_of(computed), fields)
    assert "应为 100，还差 1" in text
    assert 'data-zx-field="sections-2-weight"' in text
    assert "暂无总分" in text
    assert "92.40" in text


def test_a_field_that_cannot_be_read_is_told_in_the_preview(computed: Story, enter: Enter) -> None:
    client = enter("hr")
    for typed, words in (("百", "请填写数字"), ("inf", "请填写数字"), ("1e12", "数字太大")):
        fields = fields_of(client) | {"sections-0-indicators-0-base": typed}
        text = look(client, path_of(computed), fields)
        assert words in text
        assert 'data-zx-field="sections-0-indicators-0-base"' in text


def test_an_indicator_that_no_data_feeds_is_named_with_its_last_period(
    session: Session, computed: Story, enter: Enter
) -> None:
    client, made = enter("hr"), draft()
    row = replace(made.sections[0].indicators[0], code="B_NPL", name_zh="不良率", measure="NPL")
    made = replace(made, sections=(replace(made.sections[0], indicators=(row,)), *made.sections[1:]))
    text = look(client, path_of(computed), fields_of(client, made))
    assert "业绩 › 不良率：2026Q3 没有人有 NPL 的数据，此前两年也没有" in text
    import_actuals(session, "E001,NPL,2026-02-10,1.5", period="2026Q1")
    session.commit()
    assert "最近有数据的期间是 2026Q1" in look(client, path_of(computed), fields_of(client, made))


def test_a_target_of_zero_is_a_warning(session: Session, computed: Story, enter: Enter) -> None:
    session.scalars(select(Target).order_by(Target.id)).first().value = Decimal(0)  # type: ignore[union-attr]
    session.commit()
    client = enter("hr")
    text = look(client, path_of(computed), fields_of(client))
    assert "业绩 › 存款：有 1 人的目标值为 0" in text


def test_the_preview_stays_within_reach(computed: Story, enter: Enter) -> None:
    assert enter("zhao").post(f"{path_of(computed)}/draft", data={"do": "preview"}).status_code == 403
    client = enter("hr")
    assert client.post("/appraisal/schemes/999999/draft", data={"do": "preview"}).status_code == 404
    assert client.get(f"{path_of(computed)}/draft").status_code == 302


def test_the_preview_holds_no_lock_of_writers(
    computed: Story, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    whole = services.known_measures

    def watched(session: Session) -> Any:
        seen.append(core_db.is_reading())
        return whole(session)

    monkeypatch.setattr(services, "known_measures", watched)
    client = enter("hr")
    look(client, path_of(computed), fields_of(client))
    assert seen
    assert all(seen)


def test_the_preview_asks_no_more_for_more_people_and_rows(
    session: Session, computed: Story, enter: Enter
) -> None:
    house, cycle = computed
    client, path = enter("hr"), path_of(computed)
    keys = {"cycle": cycle.id}

    def asked() -> int:
        with counted(session) as seen:
            text = look(client, path, fields_of(client))
        assert "89.89" in text
        return len(seen)

    few = asked()
    house = replace(house, units=_again(session, house.units), people=_again(session, house.people))
    house.accounts = _again(session, house.accounts)
    this = session.get_one(Cycle, keys["cycle"])
    grow(house, this, this)
    assert asked() == few


def test_a_preset_shows_its_own_fields_and_keeps_the_others(computed: Story, enter: Enter) -> None:
    client, name = enter("hr"), "sections-0-indicators-0"
    fields = fields_of(client) | {f"{name}-mode": "bands", f"{name}-step": "7", "do": "preset"}
    page = client.post(f"{path_of(computed)}/draft", data=fields).text
    assert "低于第一档得分" in page
    assert re.search(rf'<input type="hidden" name="{name}-step" value="7">', page)
    assert re.search(rf'<select[^>]* id="{name}-position"', page)
    assert f'value="add {name}-standards"' in page
    more = client.post(f"{path_of(computed)}/draft", data=fields | {"do": f"add {name}-standards"}).text
    assert f'id="{name}-standards-0-at"' in more


def test_a_segment_table_begins_with_what_the_preset_said(computed: Story, enter: Enter) -> None:
    client, name = enter("hr"), "sections-0-indicators-0"
    fields = fields_of(client) | {f"{name}-mode": "segments", "do": "preset"}
    page = client.post(f"{path_of(computed)}/draft", data=fields).text
    found = dict(re.findall(rf'name="{name}-segments-0-(\w+)"[^>]*value="([^"]*)"', page))
    assert {key: found[key] for key in ("low", "high", "at", "points", "slope")} == {
        "low": "",
        "high": "",
        "at": "1",
        "points": "100",
        "slope": "100",
    }
    assert re.search(rf'id="{name}-position".*?<option selected value="ratio">', page, re.DOTALL)


def test_a_scheme_of_bands_ranks_and_segments_is_typed_and_saved(
    session: Session, computed: Story, enter: Enter
) -> None:
    house, _ = computed
    client, made = enter("hr"), draft(code="NEW")
    first = replace(made.sections[0].indicators[0], weight=60.0)
    bands = (StandardDraft(0.8, 80.0), StandardDraft(1.0, 100.0))
    rows = (
        replace(first, mode=Mode.BANDS, position="ratio", below=0.0, standards=bands),
        replace(
            first,
            code="PLACE",
            weight=40.0,
            mode=Mode.RANK,
            below=60.0,
            standards=(StandardDraft(1.0, 100.0), StandardDraft(3.0, 80.0)),
            missing="move",
            moves_to="B_DEPOSIT",
        ),
    )
    made = replace(made, sections=(replace(made.sections[0], indicators=rows), *made.sections[1:]))
    fields = fields_of(client, made, org_unit_id=str(house.units["HO"].id))
    assert client.post("/appraisal/schemes/new", data=fields).status_code == 303
    session.expire_all()
    saved = session.scalars(select(SchemeVersion).order_by(SchemeVersion.id.desc())).first()
    assert saved is not None
    assert scoring.parse(saved.document) == schemes.check(made)


def test_a_real_person_becomes_a_worked_example_without_a_name(
    session: Session, computed: Story, enter: Enter
) -> None:
    client, path = enter("hr"), path_of(computed)
    fields = fields_of(client, preview_person="E001", do="example")
    page = client.post(f"{path}/draft", data=fields).text
    (content,) = re.findall(r'name="examples-0-content"[^>]*value="([^"]*)"', page)
    example = json.loads(content.replace("&#34;", '"').replace("&quot;", '"'))
    assert example["name"] == "2026Q3 实际数据 1"
    assert example["facts"]["DEPOSIT"] == 92.4
    assert (example["expect"]["total"], example["expect"]["grade"]) == (89.89, "B")
    assert "李明" not in json.dumps(example, ensure_ascii=False)
    assert "E001" not in json.dumps(example)
    kept = {"examples-0-name": example["name"], "examples-0-content": json.dumps(example)}
    fields = fields_of(client, seen=schemes.stamp(computed[1].scheme_version)) | kept
    assert client.post(f"{path}/edit", data=fields).status_code == 303
    session.expire_all()
    version = schemes.latest_version(session, computed[1].scheme_version.scheme_id)
    parsed = scoring.parse(version.document)
    outcomes = run_examples(parsed)
    assert len(outcomes) > 10
    assert all(one.agrees for one in outcomes)
    # Kept by its name from now on, and removed when that is asked for.
    again = fields_of(client, schemes.editable(version), seen=schemes.stamp(version))
    client.post(f"{path}/edit", data=again)
    session.expire_all()
    version = schemes.latest_version(session, version.scheme_id)
    assert scoring.parse(version.document) == parsed
    again = fields_of(client, schemes.editable(version), seen=schemes.stamp(version))
    client.post(f"{path}/edit", data=again | {"examples-0-drop": "y"})
    session.expire_all()
    assert "examples" not in schemes.latest_version(session, version.scheme_id).document


def test_an_example_among_peers_holds_with_the_peers_it_brings(
    session: Session, computed: Story, enter: Enter
) -> None:
    client, path, made = enter("hr"), path_of(computed), draft()
    first = made.sections[0].indicators[0]
    places = (StandardDraft(1.0, 100.0), StandardDraft(2.0, 80.0))
    row = replace(first, mode=Mode.RANK, standards=places, below=60.0)
    made = replace(made, sections=(replace(made.sections[0], indicators=(row,)), *made.sections[1:]))
    page = client.post(
        f"{path}/draft", data=fields_of(client, made, preview_person="E001", do="example")
    ).text
    (content,) = re.findall(r'name="examples-0-content"[^>]*value="([^"]*)"', page)
    example = json.loads(content.replace("&#34;", '"'))
    assert len(example["others"]) == 2
    assert example["expect"]["indicators"]["B_DEPOSIT"] == 80
    parsed = scoring.parse(scoring.to_dict(schemes.check(made)) | {"examples": [example]})
    assert all(one.agrees for one in run_examples(parsed))


@pytest.mark.parametrize("content", ["{", "[1]", "7"])
def test_an_example_that_was_tampered_with_is_dropped(
    session: Session, computed: Story, enter: Enter, content: str
) -> None:
    client, path = enter("hr"), path_of(computed)
    fields = fields_of(client, seen=schemes.stamp(computed[1].scheme_version))
    fields |= {"examples-0-name": "x", "examples-0-content": content}
    assert client.post(f"{path}/edit", data=fields).status_code == 303
    session.expire_all()
    version = schemes.latest_version(session, computed[1].scheme_version.scheme_id)
    assert "examples" not in version.document


def test_a_gate_that_the_editor_cannot_show_is_shown_and_kept(
    session: Session, computed: Story, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = computed[1].scheme_version
    gate = version.document["gates"][0] | {"later": 1}
    whole = replace(draft(), gates=(gate,))
    monkeypatch.setattr(schemes, "editable", lambda _version: whole)
    client, path = enter("hr"), path_of(computed)
    page = client.get(f"{path}/edit").text
    assert "此门槛超出编辑器所能表达的范围" in page
    assert gate["clause_zh"] in page
    assert 'id="gates-0-limit"' not in page


def test_totals_are_spread_over_round_ranges() -> None:
    from lms.appraisal.rules.preview import PersonRow, spread

    rows = [
        PersonRow(str(at), Decimal(60), "C", Decimal(total), "B")
        for at, total in enumerate(("59.99", "61", "75.5", "88.88", "90"))
    ]
    found = spread(rows)
    assert found.edges == (55, 60, 65, 70, 75, 80, 85, 90, 95)
    assert found.after == (1, 1, 0, 0, 1, 0, 1, 1)
    assert found.before == (0, 5, 0, 0, 0, 0, 0, 0)
    assert spread([PersonRow("x", None, None, None, None)]).edges == ()


@pytest.mark.usefixtures("today")
def test_figures_are_those_that_a_cycle_freezes(session: Session, computed: Story) -> None:
    from lms.appraisal import evidence

    cycle = computed[1]
    scheme = scoring.parse(cycle.scheme_version.document)
    frozen = evidence.gather(session, cycle, scheme)
    people, span = evidence.members(session, cycle.id), Period.parse(cycle.period)
    facts, targets = evidence.figures(session, cycle, scheme.measures(), people, span)
    assert facts.equals(frozen.facts)
    assert targets.equals(frozen.targets)
