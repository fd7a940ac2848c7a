"""The bank's nightly jobs: a file in, a report out, and an exit code that tells."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.core import files
from lms.indicators.models import ImportBatch, ImportUpload
from lms.indicators.rules import BatchState
from lms.indicators.services import actuals
from tests.indicators.conftest import Bring

HEADER = "工号,指标,日期,数值\n"


@pytest.fixture
def run(app: Flask, figures: Session, tmp_path: Path) -> Any:
    """Call `flask data import` on a text; returns exit code and output."""

    def call(text: str, *options: str, command: str = "import") -> tuple[int, str]:
        arguments = ["data", command, *options]
        if command == "import":
            file = tmp_path / "night.csv"
            file.write_text(text, encoding="gb18030")
            arguments = ["data", "import", str(file), *options]
        figures.commit()
        done = app.test_cli_runner().invoke(args=arguments)
        figures.expire_all()
        return done.exit_code, done.output

    return call


def values(session: Session) -> list[Any]:
    table = actuals(session, None, ["SCORE"], date(2026, 7, 1), date(2026, 10, 1))
    return table.column("value").to_pylist()


GOOD = HEADER + "0001,SCORE,2026-07-31,5\n"
BAD = GOOD + "0009,SCORE,2026-07-31,5\n"
ACTUALS = ("--kind", "actuals", "--period", "2026Q3")


def test_a_good_file_is_imported_and_told(run: Any, figures: Session) -> None:
    code, output = run(GOOD, *ACTUALS)
    batch = figures.scalars(select(ImportBatch)).one()
    assert (code, batch.state) == (0, BatchState.COMMITTED)
    assert f"batches: {batch.id}" in output
    assert values(figures) == [5]


def test_a_bad_file_ends_with_1_and_names_line_and_field(run: Any, figures: Session) -> None:
    code, output = run(BAD, *ACTUALS)
    assert code == 1
    assert "3:工号: 没有工号为“0009”的员工" in output
    assert values(figures) == []
    code, output = run(BAD, *ACTUALS, "--policy", "good_rows", "--json")
    told = json.loads(output)
    assert (code, told["state"], told["good"], told["bad"]) == (0, "committed", 1, 1)
    assert told["problems"][0]["line"] == 3
    assert values(figures) == [5]


def test_a_file_that_is_written_to_while_it_is_read_brings_nothing(
    run: Any, figures: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = files.keep

    def meanwhile(content: Any, **limit: Any) -> tuple[str, int]:
        kept = keep(content, **limit)
        with (tmp_path / "night.csv").open("a") as late:
            late.write("0002,SCORE,2026-07-31,6\n")
        return kept

    monkeypatch.setattr(files, "keep", meanwhile)
    code, output = run(GOOD, *ACTUALS)
    assert code == 1
    assert "文件在读取过程中被改动" in output
    assert figures.scalars(select(ImportUpload)).all() == []
    monkeypatch.setattr(files, "keep", keep)
    assert run(GOOD, *ACTUALS)[0] == 0


def test_a_file_that_goes_away_is_told_without_a_traceback(
    run: Any, figures: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: Any, **__: Any) -> Any:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(files, "keep", gone)
    code, output = run(GOOD, *ACTUALS, "--json")
    assert (code, json.loads(output)["state"]) == (1, "refused")
    assert "night.csv" in json.loads(output)["problems"][0]


def test_the_order_of_dates_can_be_declared(run: Any, figures: Session) -> None:
    unclear = HEADER + "0001,SCORE,01/08/2026,5\n"
    code, output = run(unclear, *ACTUALS)
    assert code == 1
    assert "日和月哪个在前" in output
    assert run(unclear, *ACTUALS, "--day-order", "dmy")[0] == 0
    table = actuals(figures, None, ["SCORE"], date(2026, 7, 1), date(2026, 10, 1))
    assert table.column("day").to_pylist() == [date(2026, 8, 1)]


def test_a_dry_run_leaves_nothing(run: Any, figures: Session) -> None:
    assert run(GOOD, *ACTUALS, "--dry-run")[0] == 0
    assert run(BAD, *ACTUALS, "--dry-run")[0] == 1
    assert figures.scalars(select(ImportUpload)).all() == []


def test_the_same_file_again_is_refused_with_1(run: Any, figures: Session) -> None:
    assert run(GOOD, *ACTUALS)[0] == 0
    code, output = run(GOOD, *ACTUALS, "--json")
    assert (code, json.loads(output)["state"]) == (1, "refused")
    assert len(values(figures)) == 1


@pytest.mark.parametrize(
    "options",
    [
        ("--period", "2026Q3"),
        (*ACTUALS, "--model", "savings"),
        ("--model", "nothing", "--period", "2026Q3"),
        ("--kind", "other", "--period", "2026Q3"),
        ("--kind", "actuals"),
    ],
    ids=["neither", "both", "no such model", "no such kind", "no period"],
)
def test_a_wrong_call_ends_with_2(run: Any, options: tuple[str, ...]) -> None:
    assert run(GOOD, *options)[0] == 2


def test_a_batch_is_withdrawn_by_command(run: Any, bring: Bring, figures: Session) -> None:
    batch = bring("0001,SCORE,2026-07-31,5,,\n").batches[0].id
    code, output = run("", str(batch), "--reason", "重报", "--dry-run", "--json", command="withdraw")
    assert (code, json.loads(output)["values"], values(figures)) == (0, 1, [5])
    assert run("", str(batch), "--reason", "重报", command="withdraw")[0] == 0
    assert values(figures) == []
    assert run("", str(batch), "--reason", "重报", command="withdraw")[0] == 1
    assert run("", "999", "--reason", "重报", command="withdraw")[0] == 2
