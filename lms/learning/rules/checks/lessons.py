"""Checks of the Markdown of a package: pictures carry a description, links stay inside the package."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

from lms.core.i18n import N_
from lms.learning.rules.package import Document, FieldPath, Finding

_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")


def check_markdown(document: Document, media: Collection[str]) -> Iterator[Finding]:
    """Findings over every text (fields ending in _zh or _en) of a document; ``media``: its files."""
    for path, text in _texts(document.data, ()):
        for message, params in _complaints(text, media):
            yield Finding(document.file, path, message, params)


def linked_files(document: Document) -> set[str]:
    """Paths inside the package that the document's texts point to."""
    return {
        target
        for _, text in _texts(document.data, ())
        for token in _tokens(text)
        if (target := _inside(_address(token))) is not None
    }


def _texts(data: Any, path: FieldPath) -> Iterator[tuple[FieldPath, str]]:
    if isinstance(data, dict):
        for name, value in data.items():
            yield from _texts(value, (*path, name))
    elif isinstance(data, list):
        for place, value in enumerate(data):
            yield from _texts(value, (*path, place))
    elif isinstance(data, str) and any(str(step).endswith(("_zh", "_en")) for step in path[-2:]):
        yield path, data


def _tokens(text: str) -> Iterator[Token]:
    for token in _MARKDOWN.parse(text):
        yield token
        yield from token.children or ()


def _address(token: Token) -> str:
    """What a picture or link points to; empty for other tokens."""
    if token.type not in ("image", "link_open"):
        return ""
    return str(token.attrGet("src") or token.attrGet("href") or "")


def _complaints(text: str, media: Collection[str]) -> Iterator[tuple[str, dict[str, object]]]:
    for token in _tokens(text):
        if token.type in ("html_block", "html_inline"):
            yield N_("正文不能包含 HTML：%(value)s"), {"value": token.content.strip()[:60]}
            continue
        if token.type not in ("image", "link_open"):
            continue
        address = _address(token)
        if token.type == "image" and not token.content.strip():
            yield N_("图片“%(file)s”缺少文字说明"), {"file": address}
        target = _inside(address)
        if target is None:
            yield N_("链接“%(link)s”必须是课程包内的相对路径"), {"link": address[:120]}
        elif target not in media:
            yield N_("课程包里没有文件“%(file)s”"), {"file": target}


def _inside(address: str) -> str | None:
    """The normalised path inside the package, or None for an address that leaves it."""
    parts = urlsplit(address)
    path = unquote(parts.path)
    if parts.scheme or parts.netloc or not path or "\\" in path or path.startswith("/"):
        return None
    normal = posixpath.normpath(path)
    return None if normal == ".." or normal.startswith("../") else normal
