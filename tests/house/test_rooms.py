"""Rooms, floors and doors: what import-linter cannot say."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import grimp
import pytest

import lms

HOUSE = Path(lms.__file__).parent
FLOORS = {"rules", "models", "reach", "services", "forms", "views", "api", "jobs", "cli"}
"""`reach` is where a room says how rights reach its rows, for its own models and those above."""
OWN_FLOORS = {
    "appraisal": {"evidence"},  # the one place where training and business results meet
    "access": {"actions", "meanings", "policy"},
}
"""What a room has besides the floors, because the plan gives it a name of its own."""
TOOLS = {"core", "scoring", "web", "reports", "demo"}
"""Rooms without the floors: what they hold stands in their own docstrings."""
DOORS = {"services", "models", "reach"}
OPEN = {"core": None, "scoring": None, "web": None, "access": {"actions", "meanings", "policy"}}
"""Doors beyond services and models: None means that the whole room is a tool for others."""
ABOVE_ALL = {"app"}


def rooms() -> list[str]:
    return sorted(path.name for path in HOUSE.iterdir() if path.is_dir() and list(path.rglob("*.py")))


@pytest.mark.parametrize("room", [room for room in rooms() if room not in TOOLS])
def test_a_room_holds_floors(room: str) -> None:
    modules = {
        path.stem
        for path in (HOUSE / room).iterdir()
        if path.suffix == ".py" or (path.is_dir() and list(path.glob("*.py")))
    } - {"__init__"}
    assert modules <= FLOORS | OWN_FLOORS.get(room, set())


@pytest.mark.parametrize("room", rooms())
def test_a_room_says_what_it_is(room: str) -> None:
    text = (HOUSE / room / "__init__.py").read_text(encoding="utf-8")
    assert text.lstrip().startswith('"""')


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("lms")


def intrusions(imports: Iterator[tuple[str, str]]) -> list[str]:
    """Return the imports that enter a room otherwise than through its doors."""
    found = []
    for importer, imported in imports:
        mine, theirs = importer.split(".")[1:2], imported.split(".")[1:2]
        if not theirs or mine == theirs or (mine and mine[0] in ABOVE_ALL):
            continue
        room, inner = theirs[0], imported.split(".")[2:3]
        extra = OPEN.get(room, set())
        if extra is None or not inner or inner[0] in DOORS | extra:
            continue
        if inner[0] == "rules" and {"forms", "rules"} & set(importer.split(".")):
            continue  # forms and rules may name values of a room below: neither touches models
        found.append(f"{importer} -> {imported}")
    return found


def test_a_room_is_entered_through_its_services_and_models() -> None:
    house = graph()
    pairs = (
        (importer, imported)
        for importer in house.modules
        for imported in house.find_modules_directly_imported_by(importer)
    )
    assert not intrusions(pairs)


def test_another_door_is_noticed() -> None:
    assert intrusions(iter([("lms.appraisal.services", "lms.learning.rules")]))
    assert not intrusions(iter([("lms.appraisal.services", "lms.learning.services.outcomes")]))
    assert not intrusions(iter([("lms.appraisal.views", "lms.web.guard")]))
