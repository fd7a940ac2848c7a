"""Every term once, and no table or room without one."""

from __future__ import annotations

import pkgutil
import re
from collections import Counter
from pathlib import Path

import pytest

import lms
from lms.access.policy import Role
from lms.core.db import Model
from tests import stores

stores.import_rooms()

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
UNNAMED = {
    "Credential": "the password of an account, never shown",
    "LoginSession": "a signed-in browser, never shown",
    "SignInFailure": "what throttling counts, never shown",
    "JobStep": "a line in the plan of a job",
    "DocumentCounter": "where the numbers of documents come from",
}
"""Tables that nobody speaks of, and why."""


def rows() -> list[tuple[str, str, str]]:
    """The rows of all tables: English, Chinese and code name."""
    found = []
    for line in TEXT.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and cells[0] != "English":
            assert len(cells) == 4, line
            found.append((cells[0], cells[1], cells[2].strip("`")))
    return found


def models() -> set[str]:
    return {
        mapper.class_.__name__ for mapper in Model.registry.mappers if mapper.class_.__module__[:4] == "lms."
    }


def rooms() -> set[str]:
    house = Path(lms.__file__).parent
    return {f"lms.{path.name}" for path in house.iterdir() if path.is_dir() and list(path.rglob("*.py"))}


@pytest.mark.parametrize("column", [0, 1], ids=["English", "Chinese"])
def test_a_word_means_one_thing(column: int) -> None:
    words = Counter(row[column].lower() for row in rows())
    assert words, "the glossary is empty"
    assert [word for word, times in words.items() if times > 1 or not word] == []


def test_every_table_has_a_word() -> None:
    named = {code.partition(".")[0] for _, _, code in rows()}
    assert models() - named == set(UNNAMED)


def test_every_room_and_role_has_a_word() -> None:
    codes = {code for _, _, code in rows()}
    assert rooms() <= codes
    assert {f"Role.{role.name}" for role in Role} <= codes


def test_every_code_name_is_in_the_code() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "lms").rglob("*.py"))
    missing = []
    for _, _, name in rows():
        owner, _, field = name.partition(".")
        if owner == "lms":
            known = resolved(name)
        else:
            known = not owner or bool(re.search(rf"^class {owner}\b", code, re.MULTILINE))
            known = known and (not field or bool(re.search(rf"^    {field}\b", code, re.MULTILINE)))
        missing += [] if known else [name]
    assert missing == []


def resolved(name: str) -> bool:
    try:
        pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True
