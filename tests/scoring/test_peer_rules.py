"""Rules that compare people: what is wrong with them is named, and a scheme file holds them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from lms.scoring import InvalidScheme, parse, schemefile
from lms.scoring.examples import run_examples
from tests.scoring.build import document, line, section

MISTAKES = [
    ({"missing": "move"}, "moves_to", "缺数据时移分，要填同一模块中的另一个指标"),
    ({"missing": "move", "moves_to": "X"}, "moves_to", "缺数据时移分，要填同一模块中的另一个指标"),
    ({"moves_to": "Y"}, "moves_to", "只有缺数据时移分的指标才填移往的指标"),
    ({"missing": "move", "moves_to": "Z"}, "moves_to", "移往的指标 Z 自己也移分，不能再移"),
    ({"position": "rank"}, "direction", "方向为越多越好，但得分随完成情况变好而下降"),
    (
        {"position": "percentile", "reference": {"kind": "target"}},
        "reference",
        "按名次计分不与目标比较，参照应为 none",
    ),
    (
        {"direction": "range", "position": "ratio", "reference": {"kind": "peer_best"}},
        "direction",
        "与同组比较时，方向须为越多越好或越少越好",
    ),
    ({"reference": {"kind": "peer_mean", "value": 3}}, "reference/value", "只有常数参照才填数值"),
]


@pytest.mark.parametrize(("change", "path", "message"), MISTAKES)
def test_a_mistake_is_named(change: dict[str, Any], path: str, message: str) -> None:
    others = [line("Y", 20), line("Z", 20, missing="move", moves_to="Y")]
    with pytest.raises(InvalidScheme) as refused:
        parse(document(section("only", 100, line("X", 60) | change, *others)))
    found = [(problem.path, str(problem).partition(": ")[2]) for problem in refused.value.problems]
    assert (f"sections/0/indicators/0/{path}", message) in found


def test_an_example_has_peers_of_its_own_and_its_file_keeps_them() -> None:
    text = """
format: zhixing-scheme/1
code: PLACES
name_zh: 名次
sections:
- code: only
  name_zh: 全部
  weight: 100
  indicators:
  - code: X
    name_zh: 存款
    weight: 60
    measure: X
    rule: {preset: by_rank, places: [[1, 120], [3, 110]], others: 80}
  - code: Y
    name_zh: 贷款
    weight: 40
    measure: Y
    rule: {preset: completion_ratio, reference: {kind: peer_mean}}
    missing: move
    moves_to: X
examples:
- name: 第二名，与平均值持平
  facts: {X: 90, Y: 20}
  others: [{X: 95, Y: 10}, {X: 80, Y: 30}]
  expect: {indicators: {X: 110, Y: 100}, total: 106}
- name: 独自一人
  facts: {X: 1}
  expect: {total: 120}
"""
    scheme = schemefile.read(text)
    assert [one.got for one in run_examples(scheme)] == [
        Decimal(106),
        Decimal(110),
        Decimal(100),
        Decimal(120),
    ]
    assert all(one.agrees for one in run_examples(scheme))
    again = schemefile.write(scheme)
    assert schemefile.read(again) == scheme
    for words in ("by_rank", "peer_mean", "moves_to", "- {X: 95, Y: 10}"):
        assert words in again
