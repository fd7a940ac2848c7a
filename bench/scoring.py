"""How long a full appraisal takes: 600 people × 20 indicators, and 20,000 people, on each engine.

Shared machines are not steady, so every figure is printed beside a reference measured in the same run: the
same scheme for 600 people by a plain Python loop in exact decimals. Run with `python -m bench.scoring`;
it fails when 600 × 20 takes 30 s or more.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from lms.scoring import Scheme, parse, presets, score
from tests.scoring.oracle import oracle

LIMIT_SECONDS = 30.0
REFERENCE_PEOPLE = 600


def scheme() -> Scheme:
    rules = [
        presets.completion_ratio(),
        presets.difference_per_step(unit=0.1, points=10, less_is_better=True),
        presets.bands([(60, 60), (80, 80), (90, 100)], below=0),
        presets.value_as_points(),
    ]
    codes = [f"I{index:02}" for index in range(20)]
    lines = [
        {"code": code, "name_zh": code, "measure": code, "weight": 10} | rules[index % len(rules)]
        for index, code in enumerate(codes)
    ]
    halves = [("business", 60, lines[:10]), ("comprehensive", 40, lines[10:])]
    grades = [
        {"code": "A", "name_zh": "甲", "at_least": 80},
        {"code": "B", "name_zh": "乙", "at_least": None},
    ]
    blocks = [{"code": c, "name_zh": c, "weight": w, "indicators": part} for c, w, part in halves]
    return parse({"code": "BENCH", "name_zh": "基准", "sections": blocks, "grades": grades})


def figures(people: int, measures: tuple[str, ...]) -> dict[tuple[str, str], float]:
    chance = random.Random(20260930)
    return {
        (f"E{who:06}", measure): chance.randrange(1, 12000) / 100
        for who in range(people)
        for measure in measures
    }


def table(values: dict[tuple[str, str], float], name: str) -> pa.Table:
    columns: dict[str, Any] = {"subject": [], "measure": [], name: list(values.values())}
    for subject, measure in values:
        columns["subject"].append(subject)
        columns["measure"].append(measure)
    return pa.table(columns)


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> int:
    rules = scheme()
    few = figures(REFERENCE_PEOPLE, rules.measures())
    reference = timed(lambda: oracle(rules, few, few, {}))
    print(f"reference: {REFERENCE_PEOPLE} people in a plain loop: {reference:.2f} s")
    bar = 0.0
    for people in (600, 20_000):
        values = figures(people, rules.measures())
        facts, targets = table(values, "value"), table(values, "target")
        for backend in ("duckdb", "pandas"):
            seconds = timed(lambda f=facts, t=targets, b=backend: score(rules, f, t, backend=b))
            print(f"{people:>6} × 20 on {backend}: {seconds:.2f} s = {seconds / reference:.2f} × reference")
            bar = max(bar, seconds) if people == 600 else bar
    print(f"600 × 20 must stay under {LIMIT_SECONDS:.0f} s: {'yes' if bar < LIMIT_SECONDS else 'NO'}")
    return 0 if bar < LIMIT_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
