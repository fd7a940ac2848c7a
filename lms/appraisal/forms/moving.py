"""Adding, moving and removing rows of a form that was sent, before it is read: what was typed stays typed.

A row's fields are called list-place-field, rows within rows list-place-list-place-field. An action is a word
and the list or row it is about: "add sections-0-indicators", "up sections-0-indicators-2", "remove grades-1".
"""

from __future__ import annotations

from collections.abc import Mapping

from werkzeug.datastructures import MultiDict

MOVES = ("add", "up", "down", "remove")


def rearranged(
    sent: MultiDict[str, str], action: str, fresh: Mapping[str, Mapping[str, str]]
) -> MultiDict[str, str]:
    """Return the fields after an action; an action about nothing that is there changes nothing.

    `fresh` has the fields of a new row by the name of its list ("indicators").
    """
    word, _, target = action.partition(" ")
    if word == "add" and target:
        return _added(sent, target, fresh)
    if word not in MOVES or "-" not in target:
        return sent
    rows, _, place = target.rpartition("-")
    places = _places(sent, rows)
    if not place.isdigit() or int(place) not in places:
        return sent
    at = places.index(int(place))
    if word == "remove":
        return _kept(sent, f"{target}-")
    to = at + (1 if word == "down" else -1)
    if not 0 <= to < len(places):
        return sent
    return _swapped(sent, f"{target}-", f"{rows}-{places[to]}-")


def moved_to(sent: MultiDict[str, str], action: str) -> str:
    """Return the name of the row that an action made or moved, as it is called afterwards; "" for none."""
    word, _, target = action.partition(" ")
    rows = target if word == "add" else target.rpartition("-")[0]
    places = _places(sent, rows)
    if word == "add":
        return f"{rows}-{max(places, default=-1) + 1}"
    place = target.rpartition("-")[2]
    if not place.isdigit() or int(place) not in places:
        return ""
    at = places.index(int(place)) + {"up": -1, "down": 1}.get(word, 0)
    return f"{rows}-{places[min(max(at, 0), len(places) - 1)]}"


def _places(sent: MultiDict[str, str], rows: str) -> list[int]:
    """The numbers of the rows of a list that were sent, in order."""
    heads = {name[len(rows) + 1 :].split("-", 1)[0] for name in sent if name.startswith(f"{rows}-")}
    return sorted(int(head) for head in heads if head.isdigit())


def _added(
    sent: MultiDict[str, str], rows: str, fresh: Mapping[str, Mapping[str, str]]
) -> MultiDict[str, str]:
    kind = rows.rpartition("-")[2]
    if kind not in fresh:
        return sent
    place = max(_places(sent, rows), default=-1) + 1
    made = sent.copy()
    for name, value in fresh[kind].items():
        made[f"{rows}-{place}-{name}"] = value
    return made


def _kept(sent: MultiDict[str, str], gone: str) -> MultiDict[str, str]:
    return MultiDict([(name, value) for name, value in sent.items(multi=True) if not name.startswith(gone)])


def _swapped(sent: MultiDict[str, str], one: str, other: str) -> MultiDict[str, str]:
    def called(name: str) -> str:
        if name.startswith(one):
            return other + name[len(one) :]
        if name.startswith(other):
            return one + name[len(other) :]
        return name

    return MultiDict([(called(name), value) for name, value in sent.items(multi=True)])
