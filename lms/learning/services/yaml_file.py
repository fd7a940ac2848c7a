"""One YAML file read safely: plain values only, no tricks, and the line of every field kept."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from lms.core.i18n import N_
from lms.learning.rules.package import FieldPath, Finding

LARGEST_FILE = 1024 * 1024
DEEPEST = 40

# The C parser is an order of magnitude faster; both are safe loaders and build the same values.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class YamlFile:
    """A parsed file: its path in the package, its values, and where they stand in the text."""

    file: str
    data: Any
    root: yaml.Node | None

    def line(self, path: FieldPath) -> int | None:
        """Line (from 1) of the field, or of the nearest part around it when the field is absent."""
        node, line = self.root, _line(self.root)
        for step in path:
            if isinstance(node, yaml.MappingNode):
                pair = next(((k, v) for k, v in node.value if k.value == str(step)), None)
                if pair is None:
                    break
                line, node = _line(pair[0]), pair[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = _line(node)
            else:
                break
        return line


def parse(file: str, content: bytes) -> tuple[YamlFile | None, list[tuple[Finding, int | None]]]:
    """The file's values, or the findings (with their lines) that forbid reading them."""
    if len(content) > LARGEST_FILE:
        return None, [(Finding(file, (), N_("文件超过 %(limit)s 字节"), {"limit": LARGEST_FILE}), None)]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None, [(Finding(file, (), N_("文件不是 UTF-8 编码"), {}), None)]
    try:
        tricks = list(_tricks(file, text))
        if tricks:
            return None, tricks
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
            data = None if root is None else loader.construct_document(root)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        detail = getattr(error, "problem", None) or str(error).splitlines()[0]
        line = mark.line + 1 if mark is not None else None
        return None, [(Finding(file, (), N_("YAML 写法有误：%(detail)s"), {"detail": detail}), line)]
    except ValueError as error:  # a date such as 2026-02-30 is a well-formed scalar without a value
        return None, [(Finding(file, (), N_("YAML 写法有误：%(detail)s"), {"detail": str(error)}), None)]
    parsed = YamlFile(file, data, root)
    doubled = [(Finding(file, path, N_("字段重复"), {}), line) for path, line in _doubled(root, ())]
    odd = [(Finding(file, path, N_("应为有限的数字"), {}), parsed.line(path)) for path in _infinite(data, ())]
    return (None, doubled + odd) if doubled or odd else (parsed, [])


def _tricks(file: str, text: str) -> Iterator[tuple[Finding, int | None]]:
    """Anchors, aliases, tags and bottomless nesting: nothing a course needs, each a way to hide something."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = _marked(event)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            yield Finding(file, (), N_("不能使用 YAML 的锚点和引用（& 和 *）"), {}), line
        elif getattr(event, "tag", None):
            yield Finding(file, (), N_("不能使用 YAML 的类型标签（!）"), {}), line
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                yield Finding(file, (), N_("嵌套超过 %(limit)s 层"), {"limit": DEEPEST}), line
                return
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _doubled(node: yaml.Node | None, path: FieldPath) -> Iterator[tuple[FieldPath, int | None]]:
    """Keys written twice in one mapping: YAML would silently keep the last."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                yield (*path, name), _line(key)
            seen.add(name)
            yield from _doubled(value, (*path, name))
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            yield from _doubled(value, (*path, place))


def _infinite(data: Any, path: FieldPath) -> Iterator[FieldPath]:
    """Numbers no scale holds (.inf, .nan)."""
    if isinstance(data, dict):
        for name, value in data.items():
            yield from _infinite(value, (*path, str(name)))
    elif isinstance(data, list):
        for place, value in enumerate(data):
            yield from _infinite(value, (*path, place))
    elif isinstance(data, float) and not math.isfinite(data):
        yield path


def _line(node: yaml.Node | None) -> int | None:
    return None if node is None else _marked(node)


def _marked(thing: Any) -> int | None:
    return None if thing.start_mark is None else thing.start_mark.line + 1
