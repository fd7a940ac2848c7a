"""YAML read as plain data: text, numbers, yes and no, nothing that builds objects or multiplies itself.

The parser only says how the text is built; the values are made here. So no tag is ever followed, `NO` stays a
text, and every value has its line.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from lms.scoring.problems import N_, InvalidScheme, Problem

LARGEST = 1024 * 1024
DEEPEST = 24
# A scheme of a hundred indicators in full has some five thousand.
MOST_PARTS = 50_000
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?\Z", re.ASCII)
_INFINITE = re.compile(r"[-+]?\.(inf|nan)\Z", re.IGNORECASE)
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
# "3.10" is the tenth clause of chapter three, not a number.
_ALWAYS_TEXT = {"clause", "number"}


@dataclass(slots=True)
class Loaded:
    """A file's data, and the line of each of its places."""

    data: Any = None
    lines: dict[str, int] = field(default_factory=dict)

    def line(self, path: str) -> int | None:
        """The line (from 1) of a place, or of the nearest one around it."""
        while path not in self.lines and path:
            path = path.rpartition("/")[0]
        return self.lines.get(path)


def load(content: bytes | str) -> Loaded:
    """Return what a file says.

    Raises InvalidScheme, naming places and lines: too large, not UTF-8, not YAML, references, tags, too deep,
    too much, a key twice, an infinite number.
    """
    text = _text(content)
    try:
        tricks = list(_tricks(text))
        node = None if tricks else yaml.compose(text, _Loader)
    except yaml.YAMLError as error:
        raise InvalidScheme([_syntax(error)]) from error
    if tricks:
        raise InvalidScheme(tricks)
    loaded, problems = Loaded(), list[Problem]()
    if node is not None:
        loaded.data = _value(node, "", "", loaded, problems)
    if problems:
        raise InvalidScheme(problems)
    return loaded


def _text(content: bytes | str) -> str:
    if len(content) > LARGEST:
        raise InvalidScheme([Problem("", N_("文件超过 %(limit)s 字节"), {"limit": LARGEST})])
    if isinstance(content, str):
        return content.removeprefix("\ufeff")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidScheme([Problem("", N_("文件不是 UTF-8 编码"), line=line)]) from error


def _tricks(text: str) -> Iterator[Problem]:
    """The first of each: references, tags, bottomless nesting. Seen before anything is built of them."""
    depth, told = 0, set[str]()
    for count, event in enumerate(yaml.parse(text, _Loader)):
        line = event.start_mark.line + 1 if event.start_mark else None
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            yield Problem("", N_("嵌套超过 %(limit)s 层"), {"limit": DEEPEST}, line)
            return
        if count > MOST_PARTS:
            yield Problem("", N_("文件内容太多，最多 %(limit)s 个字段和值"), {"limit": MOST_PARTS}, line)
            return
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            found = N_("不能使用 YAML 的锚点和引用（& 和 *）")
        elif getattr(event, "tag", None):
            found = N_("不能使用 YAML 的类型标签（!）")
        else:
            continue
        if found not in told:
            told.add(found)
            yield Problem("", found, {}, line)


def _syntax(error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    detail = getattr(error, "problem", None) or str(error).splitlines()[0]
    if mark is None:
        return Problem("", N_("YAML 写法有误：%(detail)s"), {"detail": detail})
    return Problem(
        "",
        N_("第 %(line)s 行第 %(column)s 列的 YAML 写法有误：%(detail)s"),
        {"line": mark.line + 1, "column": mark.column + 1, "detail": detail},
        mark.line + 1,
    )


def _value(node: Any, path: str, key: str, loaded: Loaded, problems: list[Problem]) -> Any:
    line = loaded.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, loaded, problems)
    if isinstance(node, yaml.SequenceNode):
        return [
            _value(item, f"{path}/{index}".lstrip("/"), "", loaded, problems)
            for index, item in enumerate(node.value)
        ]
    text = str(node.value)
    plain = node.style not in ("'", '"', "|", ">") and key not in _ALWAYS_TEXT
    if plain and text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if plain and (_NUMBER.match(text) or _INFINITE.match(text)):
        value = float(text) if _NUMBER.match(text) else math.inf
        if not math.isfinite(value):
            problems.append(Problem(path, N_("必须是有限的数"), {}, line))
        whole = text.lstrip("+-")
        return int(text) if whole.isdecimal() and len(whole) < 16 else value
    if "\0" in text:
        problems.append(Problem(path, N_("文本中有不可用的字符"), {}, line))
    return text


def _mapping(node: yaml.MappingNode, path: str, loaded: Loaded, problems: list[Problem]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            problems.append(Problem(path, N_("字段名必须是文字"), {}, line))
            continue
        name = str(key.value)
        place = f"{path}/{name}".lstrip("/")
        if name in data:
            problems.append(Problem(place, N_("字段重复"), {}, line))
            continue
        loaded.lines[place] = line
        data[name] = _value(value, place, name, loaded, problems)
    return data
