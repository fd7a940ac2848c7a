"""What the documentation names exists, and what people can set or call is documented."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

import click
import pytest
from flask import Flask

from lms.appraisal.rules.training import COMPLETION, QUIZ, SITTING
from lms.scoring import document, parse

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
OPERATIONS = [DOCS / "handbook" / language / "operations.md" for language in ("en", "zh")]
UNSET = {"FLASK_APP", "PYTHONPATH", "BASH_SOURCE"}
"""Names the Makefile sets itself, which nobody is asked to set."""


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def roles() -> ModuleType:
    spec = importlib.util.spec_from_file_location("roles", ROOT / "tools" / "roles.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def settings() -> set[str]:
    """Every name that code, tools or Makefile read from the environment."""
    found: set[str] = set()
    for path in [ROOT / "config.py", *(ROOT / "tools").glob("*.py"), *(ROOT / "lms").rglob("*.py")]:
        found |= set(re.findall(r"""environ(?:\.get\(|\[)\s*["'](\w+)""", read(path)))
        found |= set(re.findall(r"""getenv\(\s*["'](\w+)""", read(path)))
    for path in (ROOT / "tools").glob("*.sh"):
        found |= set(re.findall(r"\$\{?([A-Z][A-Z_]+)\b", read(path)))
    makefile = read(ROOT / "Makefile")
    found |= set(re.findall(r"^([A-Z][A-Z_]+) \?=", makefile, re.MULTILINE))
    found |= set(re.findall(r"export ([A-Z][A-Z_]+) :=", makefile))
    return found - UNSET


def commands(app: Flask) -> Iterator[str]:
    """Every command of ours, as it is typed."""

    def below(group: click.Group, words: tuple[str, ...]) -> Iterator[str]:
        for name, command in group.commands.items():
            if isinstance(command, click.Group):
                yield from below(command, (*words, name))
            elif command.callback is not None and command.callback.__module__.startswith("lms."):
                yield " ".join((*words, name))

    yield from below(app.cli, ("flask",))


def test_the_table_of_roles_is_that_of_the_code() -> None:
    assert read(DOCS / "roles.md") == roles().table(), "run: make roles"


@pytest.mark.parametrize("page", OPERATIONS, ids=["en", "zh"])
def test_every_setting_is_documented(page: Path) -> None:
    known = settings()
    assert {"ZHIXING_HOME", "DATABASE_URL", "PORT", "WEB_WORKERS", "DEMO"} <= known
    assert sorted(name for name in known if f"`{name}`" not in read(page)) == []


@pytest.mark.parametrize("page", OPERATIONS, ids=["en", "zh"])
def test_every_command_is_documented_and_every_documented_one_exists(page: Path, app: Flask) -> None:
    known = set(commands(app))
    assert "flask courses publish" in known
    assert set(re.findall(r"^\| `(flask [a-z -]+)`", read(page), re.MULTILINE)) == known


@pytest.mark.parametrize("page", OPERATIONS, ids=["en", "zh"])
def test_every_make_target_is_documented_and_every_documented_one_exists(page: Path) -> None:
    targets = re.search(r"^\.PHONY: (.*)$", read(ROOT / "Makefile"), re.MULTILINE)
    assert targets is not None
    named = set(re.findall(r"^\| `make ([a-z-]+)`", read(page), re.MULTILINE))
    assert named == set(targets[1].split())


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```|`[^`]*`", "", read(page), flags=re.DOTALL))
    paths = [link.partition("#")[0] for link in links if "://" not in link]
    missing = [path for path in paths if path and not (page.parent / unquote(path)).exists()]
    assert missing == []


def test_every_page_of_the_handbook_is_in_both_languages_and_listed() -> None:
    listed = read(DOCS / "handbook" / "README.md")
    english, chinese = (
        {path.name for path in (DOCS / "handbook" / one).glob("*.md")} for one in ("en", "zh")
    )
    assert english == chinese
    assert english
    assert all(f"(en/{name})" in listed and f"(zh/{name})" in listed for name in english)


def test_every_decision_is_listed() -> None:
    listed = read(DOCS / "decisions" / "README.md")
    pages = sorted(path.name for path in (DOCS / "decisions").glob("[0-9]*.md"))
    assert [name[:4] for name in pages] == [f"{number:04}" for number in range(1, len(pages) + 1)]
    assert all(f"({name})" in listed for name in pages)


def test_the_page_on_schemes_names_every_field_and_choice() -> None:
    page = read(DOCS / "handbook" / "scheme-document.md")
    words = set(re.findall(r"\w+", page))
    kinds = [one for one in vars(document).values() if isinstance(one, type)]
    fields = {
        field.name for kind in kinds if dataclasses.is_dataclass(kind) for field in dataclasses.fields(kind)
    }
    choices = {
        str(choice) for kind in kinds if issubclass(kind, StrEnum) and kind is not StrEnum for choice in kind
    }
    # A policy stands in the document as a word, or as points, without a field of its own; a class is `class`.
    assert sorted((fields | choices) - words - {"policy", "kind", "indicator_class"}) == []
    assert all(f"`{measure}`" in page for measure in (QUIZ, SITTING, COMPLETION))


def test_the_example_of_a_scheme_is_one() -> None:
    example = json.loads(read(ROOT / "tests" / "scoring" / "example_scheme.json"))
    assert parse(example).code == example["code"]
