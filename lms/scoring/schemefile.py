"""A scheme version as one YAML file that goes from desk to desk and from bank to bank."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from lms.scoring import fileschema, yamltext
from lms.scoring.document import Scheme, to_dict
from lms.scoring.fileschema import FORMAT
from lms.scoring.parsing import parse, shape_problems
from lms.scoring.problems import InvalidScheme, Problem
from lms.scoring.shortforms import PARTS, expand, shorten

_VALIDATOR = Draft202012Validator(fileschema.FILE)
# These are short, and read better on one line.
_ON_ONE_LINE = {
    "bound",
    "condition",
    "facts",
    "formula",
    "places",
    "reference",
    "rule",
    "step",
    "targets",
    "zero_denominator",
}
# What a reader takes for granted. `weight: null` and `at_least: null` are other words than nothing.
_DEFAULTS: dict[str, Any] = {
    "name_en": "",
    "unit": "",
    "clause_en": "",
    "reason_for_full_business": "",
    "bound": {"floor": None, "cap": None},
    "group": "weighted_mean",
    "missing": "pending",
    "zero_denominator": "pending",
    "coefficients": [],
    "gates": [],
    "grades": [],
    "step": None,
    "value": None,
    "points": None,
    "grade": None,
    "low_closed": True,
    "high_closed": False,
}


def read(
    content: bytes | str,
    *,
    measures: Collection[str] | None = None,
    groupings: Collection[str] | None = None,
) -> Scheme:
    """The scheme that a file describes; measures and groupings are those that exist, None to accept any.

    Raises InvalidScheme with every problem, its path and its line in the file.
    """
    loaded = yamltext.load(content)
    try:
        return from_data(loaded.data, measures=measures, groupings=groupings)
    except InvalidScheme as error:
        placed = (replace(problem, line=loaded.line(problem.path)) for problem in error.problems)
        # One missing field is told once, although the validator finds it once for each.
        problems = {(problem.line, str(problem)): problem for problem in placed}.values()
        raise InvalidScheme(sorted(problems, key=lambda one: one.line or 0)) from error


def write(scheme: Scheme) -> str:
    """The file of a scheme; `read` gives the same scheme again."""
    whole = to_data(scheme)
    examples = {"examples": whole.pop("examples")} if "examples" in whole else {}
    styled = _styled(whole, "") | _styled(examples, "")
    return yaml.dump(styled, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110)


def from_data(
    data: Any, *, measures: Collection[str] | None = None, groupings: Collection[str] | None = None
) -> Scheme:
    """The scheme of a file's plain data, in which rules may stand in a short form.

    Raises InvalidScheme with every problem; its path leads to where it stands in the data.
    """
    try:
        return parse(_document(data), measures=measures, groupings=groupings)
    except InvalidScheme as error:
        short = set(_short_places(data))
        raise InvalidScheme([_placed(problem, short) for problem in error.problems]) from error


def to_data(scheme: Scheme) -> dict[str, Any]:
    """The plain data of a scheme's file: short forms wherever there are, defaults left out."""
    data = to_dict(scheme)
    clauses = {"clauses": data.pop("clauses")} if "clauses" in data else {}
    examples = {"examples": data.pop("examples")} if "examples" in data else {}
    for section, block in zip(scheme.sections, data["sections"], strict=True):
        block["indicators"] = [
            _shortened(item, shorten(line))
            for line, item in zip(section.indicators, block.pop("indicators"), strict=True)
        ]
    whole = {"format": FORMAT} | data | clauses
    for name in ("formulas", "sections", "gates", "grades", "quota", "grade_peers"):
        if name in whole:
            whole[name] = whole.pop(name)
    return dict(_without_defaults(whole)) | examples


def _document(data: Any) -> dict[str, Any]:
    """The JSON object of `parse`, every short form written out."""
    problems = list(shape_problems(_VALIDATOR, data))
    if problems:
        raise InvalidScheme(problems)
    sections = [
        section | {"indicators": [_expanded(line) for line in section["indicators"]]}
        for section in data["sections"]
    ]
    return {name: value for name, value in data.items() if name != "format"} | {"sections": sections}


def _expanded(line: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in line.items() if name != "rule"}
    return rest | expand(line["rule"]) if "rule" in line else rest


def _shortened(item: dict[str, Any], rule: dict[str, Any] | None) -> dict[str, Any]:
    if rule is None:
        return item
    rest = {name: value for name, value in item.items() if name not in PARTS}
    at = list(rest).index("measure") + 1
    return dict([*list(rest.items())[:at], ("rule", rule), *list(rest.items())[at:]])


def _short_places(data: Any) -> Iterator[str]:
    """The paths of the indicators that are written in a short form."""
    sections = data.get("sections") if isinstance(data, dict) else None
    for index, section in enumerate(sections if isinstance(sections, list) else []):
        lines = section.get("indicators") if isinstance(section, dict) else None
        for number, line in enumerate(lines if isinstance(lines, list) else []):
            if isinstance(line, dict) and "rule" in line:
                yield f"sections/{index}/indicators/{number}"


def _placed(problem: Problem, short: set[str]) -> Problem:
    """The problem at the place of the data that it comes from."""
    parts = problem.path.split("/")
    place = "/".join(parts[:4])
    inside = place in short and parts[4:5] and parts[4] in PARTS
    return replace(problem, path=f"{place}/rule") if inside else problem


def _without_defaults(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _without_defaults(item)
            for name, item in value.items()
            if name == "rule" or name not in _DEFAULTS or item != _DEFAULTS[name]
        }
    return [_without_defaults(item) for item in value] if isinstance(value, list) else value


class _Flow(dict[str, Any]):
    """A mapping to be written on one line."""


def _styled(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        styled = {name: _styled(item, name) for name, item in value.items()}
        return _Flow(styled) if key in _ON_ONE_LINE else styled
    if isinstance(value, list):
        each = {
            "segments": "bound",
            "coefficients": "bound",
            "others": "facts",
            "also": "condition",
            "admission": "condition",
        }.get(key, "")
        return [_styled(item, each) for item in value]
    return value


class _Dumper(yaml.SafeDumper):
    """Writes plain data; breaks that only some readers take for breaks are always escaped."""


def _flow(dumper: yaml.SafeDumper, data: _Flow) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", data, flow_style=True)


def _string(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    plain = all(character.isprintable() for character in text)
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


_Dumper.add_representer(_Flow, _flow)
_Dumper.add_representer(str, _string)
