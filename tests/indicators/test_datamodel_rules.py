"""What makes a data model sound, what it lacks, and what may change once records exist."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.core.duck import duck
from lms.core.errors import Rejected
from lms.indicators.rules import Aggregate, IndicatorDraft, IndicatorSet
from lms.indicators.rules.conditions import Condition, Op, sql_of
from lms.indicators.rules.datamodel import (
    Feedable,
    FieldDraft,
    MappingDraft,
    ModelDraft,
    change_problems,
    differences,
    lacks,
    model_problems,
    placed,
    with_field,
    without_field,
)
from lms.indicators.rules.kinds import Delivery, FieldKind, FieldRole, FieldUse
from lms.indicators.rules.modelfile import ModelFile, read_model_file, write_model_file
from lms.indicators.rules.naming import code_problem, name_problem, reserved

START = date(2020, 1, 1)
INDICATORS = {
    "BAL": Feedable("BAL", "万元", Aggregate.LAST),
    "CLIENTS": Feedable("CLIENTS", "户", Aggregate.DISTINCT),
    "RATIO": Feedable("RATIO", "%", Aggregate.LAST, derived=True),
}
KEY = FieldDraft("account", "账号", FieldKind.ID, in_key=True, role=FieldRole.ACCOUNT)
DAY = FieldDraft("as_of", "数据日期", FieldKind.DAY, role=FieldRole.DAY)
BALANCE = FieldDraft(
    "balance",
    "余额",
    FieldKind.NUMBER,
    unit="元",
    use=FieldUse.INDICATOR,
    mappings=(MappingDraft("BAL", START),),
)
STATUS = FieldDraft(
    "status", "状态", FieldKind.CHOICE, use=FieldUse.NOT_USED, choices={"open": ("正常",), "shut": ("销户",)}
)
MODEL = ModelDraft("deposit", "存款", Delivery.SNAPSHOT, fields=(KEY, DAY, BALANCE, STATUS))


def told(model: ModelDraft) -> list[str]:
    return [str(problem) for problem in model_problems(model, INDICATORS)]


def with_(**changes: object) -> ModelDraft:
    return with_field(MODEL, replace(BALANCE, **changes), instead_of="balance")  # type: ignore[arg-type]


def test_a_sound_model_has_no_problem_and_lacks_nothing() -> None:
    assert told(MODEL) == []
    assert lacks(MODEL) == []


@pytest.mark.requirement("7.22")
@pytest.mark.parametrize(
    "code",
    [
        "x; drop table", "drop", "select", "table", "user", "_hidden", "1st", "Code", "存款", "a b", 'a"b',
        "a'b", "a\n", "a" * 41, "", "line", "code_map", "pg_catalog", "sqlite_master", "x--", "x.y",
    ],
)  # fmt: skip
def test_hostile_and_reserved_codes_are_refused(code: str) -> None:
    assert code_problem(code) is not None
    assert told(replace(MODEL, code=code))
    assert told(with_(code=code))


@given(st.text(max_size=50))
def test_what_passes_as_a_code_is_plain(code: str) -> None:
    if code_problem(code) is None:
        assert code.isascii()
        assert code.replace("_", "a").isalnum()
        assert code[0].isalpha()
        assert code == code.lower()
        assert len(code) <= 40
        assert code not in reserved()


@given(st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True))
def test_what_passes_as_a_code_is_a_view_and_a_column(code: str) -> None:
    if code_problem(code) is None:
        with duck() as connection:
            connection.execute(f'CREATE VIEW "{code}" AS SELECT 1 AS "{code}"')
            assert connection.execute(f"SELECT {code} FROM {code}").fetchall() == [(1,)]  # noqa: S608


@pytest.mark.parametrize("name", ["", " ", "a\tb", "a\u200bb", "名" * 121, "=1+1", "+x", "@x"])
def test_names_that_nobody_can_read_or_a_spreadsheet_runs_are_refused(name: str) -> None:
    assert name_problem(name) is not None


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"code": "account"}, "重复"),
        ({"name_zh": "账 号"}, "同时属于"),
        ({"titles": ("账号",)}, "同时属于"),
        ({"titles": ("--",)}, "只有符号"),
        ({"kind": FieldKind.DAY, "role": FieldRole.DAY, "unit": ""}, "每种角色最多一个"),
        ({"kind": FieldKind.TEXT}, "不能有单位"),
        ({"unit": "斤"}, "未知"),
        ({"unit": ""}, "请填写单位"),
        ({"unit": "%"}, "不能换算"),
        ({"role": FieldRole.EMPLOYEE}, "类型与其角色不符"),
        ({"choices": {"a": ()}}, "不能有选项"),
        ({"mappings": ()}, "至少选择一个指标"),
        ({"use": FieldUse.NOT_USED}, "用途须为"),
        ({"mappings": (), "use": FieldUse.ROLE}, "请选择角色"),
        ({"mappings": (MappingDraft("NONE", START),)}, "没有代码为"),
        ({"mappings": (MappingDraft("RATIO", START),)}, "由公式计算"),
        ({"mappings": (MappingDraft("BAL", START, coefficient=Decimal(0)),)}, "系数"),
        ({"mappings": (MappingDraft("BAL", START, coefficient=Decimal("NaN")),)}, "系数"),
        ({"mappings": (MappingDraft("BAL", START), MappingDraft("BAL", date(2021, 1, 1)))}, "重叠"),
        ({"mappings": (MappingDraft("BAL", START, START),)}, "结束早于开始"),
    ],
)
def test_an_unsound_field_is_told_by_name(changes: dict[str, object], part: str) -> None:
    assert [line for line in told(with_(**changes)) if part in line], told(with_(**changes))


@pytest.mark.parametrize(
    ("condition", "part"),
    [
        (Condition("nothing", Op.EQ, ("1",)), "没有代码为"),
        (Condition("status", Op.EQ), "缺少比较值"),
        (Condition("status", Op.EQ, ("open", "shut")), "比较值过多"),
        (Condition("status", Op.EMPTY, ("open",)), "比较值过多"),
        (Condition("status", Op.GT, ("open",)), "不能比较大小"),
        (Condition("status", Op.EQ, ("正常",)), "不是“状态”可取的值"),
        (Condition("balance", Op.GE, ("x",)), "不是“余额”可取的值"),
        (Condition("as_of", Op.GE, ("20260930",)), "不是“数据日期”可取的值"),
    ],
)
def test_an_unsound_condition_is_told(condition: Condition, part: str) -> None:
    [line] = told(with_(mappings=(MappingDraft("BAL", START, conditions=(condition,)),)))
    assert part in line


def test_kinds_of_rows_may_count_differently_for_one_indicator() -> None:
    mappings = tuple(
        MappingDraft("BAL", START, coefficient=weight, conditions=(Condition("status", Op.EQ, (code,)),))
        for code, weight in (("open", Decimal(1)), ("shut", Decimal("0.3")))
    )
    assert told(with_(mappings=mappings)) == []


def test_an_identifier_counts_and_so_needs_an_indicator_that_counts() -> None:
    counting = replace(KEY, use=FieldUse.INDICATOR, mappings=(MappingDraft("CLIENTS", START),))
    assert told(with_field(MODEL, counting, instead_of="account")) == []
    money = replace(counting, mappings=(MappingDraft("BAL", START),))
    [line] = told(with_field(MODEL, money, instead_of="account"))
    assert "按记录计数" in line


@pytest.mark.parametrize("choices", [{}, {"a": ("x",), "b": ("X",)}, {"a": ("",)}, {"a": ("x",), "x": ()}])
def test_choices_are_there_named_and_apart(choices: dict[str, tuple[str, ...]]) -> None:
    assert told(with_field(MODEL, replace(STATUS, choices=choices), instead_of="status"))


@pytest.mark.requirement("7.40")
def test_an_undecided_field_is_named_and_a_role_decides() -> None:
    [problem] = lacks(with_field(MODEL, FieldDraft("grade", "评级", FieldKind.TEXT)))
    assert "评级" in str(problem)
    assert lacks(with_field(MODEL, FieldDraft("grade", "客户", FieldKind.ID, role=FieldRole.CUSTOMER))) == []


def test_a_model_needs_fields_a_key_and_by_day_a_day() -> None:
    assert "还没有字段" in str(lacks(replace(MODEL, fields=()))[0])
    assert "没有主键" in str(lacks(without_field(MODEL, "account"))[0])
    for events in (Delivery.DELTA, Delivery.REPLACE_DAY):
        assert lacks(replace(without_field(MODEL, "account"), delivery=events)) == []
    [problem] = lacks(replace(without_field(MODEL, "as_of"), delivery=Delivery.REPLACE_DAY))
    assert "数据日期" in str(problem)


@pytest.mark.requirement("7.21")
@pytest.mark.parametrize(
    ("new", "part"),
    [
        (replace(MODEL, delivery=Delivery.DELTA), "交付方式"),
        (without_field(MODEL, "account"), "不能停用主键"),
        (without_field(MODEL, "as_of"), "不能停用主键或数据日期"),
        (with_(kind=FieldKind.TEXT), "类型"),
        (with_(unit="万元"), "单位"),
        (with_(in_key=True), "是否为主键"),
        (with_field(MODEL, FieldDraft("b", "乙", FieldKind.ID, in_key=True)), "不能是主键"),
        (with_field(MODEL, replace(STATUS, choices={"open": ()}), instead_of="status"), "选项"),
    ],
)
def test_what_would_change_the_meaning_of_records_is_refused(new: ModelDraft, part: str) -> None:
    assert [line for line in map(str, change_problems(MODEL, new, [])) if part in line]


def test_a_new_a_retired_and_a_restored_field_are_no_harm() -> None:
    rate = FieldDraft("rate", "利率", FieldKind.NUMBER, required=False)
    assert change_problems(MODEL, with_field(MODEL, rate), []) == []
    assert change_problems(MODEL, without_field(MODEL, "balance"), []) == []
    assert change_problems(MODEL, with_field(MODEL, rate), [replace(rate, kind=FieldKind.TEXT)])


def test_differences_say_what_changed_and_nothing_when_nothing_did() -> None:
    assert differences(MODEL, MODEL) == []
    new = placed(with_(unit="万元"), "status", 1)
    assert differences(MODEL, new) == [
        {
            "what": "field",
            "field": "balance",
            "name": "余额",
            "attribute": "unit",
            "from": "元",
            "to": "万元",
        },
        {"what": "order"},
    ]
    assert [one["what"] for one in differences(MODEL, without_field(MODEL, "status"))] == ["field_left"]


texts = st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=12)
drafts = st.builds(
    FieldDraft,
    code=st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True),
    name_zh=texts,
    kind=st.sampled_from(FieldKind),
    name_en=st.none() | texts,
    required=st.booleans(),
    in_key=st.booleans(),
    unit=st.sampled_from(["", "元", "%"]),
    role=st.sampled_from(FieldRole),
    use=st.sampled_from(FieldUse),
    titles=st.lists(texts, max_size=3).map(tuple),
    choices=st.dictionaries(texts, st.lists(texts, max_size=2).map(tuple), max_size=3),
    mappings=st.lists(
        st.builds(
            MappingDraft,
            indicator=st.just("BAL"),
            valid_from=st.dates(date(1990, 1, 1), date(2100, 1, 1)),
            coefficient=st.decimals(-999, 999, places=6),
            conditions=st.lists(
                st.builds(
                    Condition, field=texts, op=st.just(Op.IN), values=st.lists(texts, min_size=1).map(tuple)
                ),
                max_size=2,
            ).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
)


@pytest.mark.requirement("7.21")
@given(st.lists(drafts, max_size=4), st.booleans())
def test_a_model_file_is_read_as_it_was_written(fields: list[FieldDraft], as_json: bool) -> None:
    draft = ModelDraft("deposit", "存款", Delivery.DELTA, source="core", fields=tuple(fields))
    file = ModelFile(draft, (IndicatorDraft("BAL", "余额", IndicatorSet.BASIC, "万元"),))
    assert read_model_file(write_model_file(file, as_json=as_json)) == file


@pytest.mark.parametrize(
    "text",
    [
        b"", b"[1]", b"a: [", b"\xff\xfe\x00", b"format: other", b"a: &x 1\nb: *x",
        b"!!python/object:os.system x", b"x: " + b"[" * 100_000, b" " * 600_000,
    ],
)  # fmt: skip
def test_what_is_no_model_file_is_told_in_words(text: bytes) -> None:
    with pytest.raises(Rejected) as told_off:
        read_model_file(text)
    assert "模型文件" in str(told_off.value)


def test_conditions_as_sql_take_an_empty_cell_for_nothing() -> None:
    with duck() as connection:
        connection.execute("CREATE TABLE t (a VARCHAR)")
        connection.executemany("INSERT INTO t VALUES (?)", [["x"], ["it's"], [None]])

        def met(op: Op, *values: str) -> list[str | None]:
            clause = sql_of(Condition("a", op, values), FieldKind.TEXT)
            return [row[0] for row in connection.table("t").filter(clause).fetchall()]

        assert met(Op.EQ, "it's") == ["it's"]
        assert met(Op.NE, "x") == ["it's", None]
        assert met(Op.IN, "x", "y") == ["x"]
        assert met(Op.NOT_IN, "x", "y") == ["it's", None]
        assert met(Op.EMPTY) == [None]
        assert met(Op.FILLED) == ["x", "it's"]
