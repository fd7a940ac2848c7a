"""What no template and no script of ours may hold: other hosts, inline style, inline script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STATIC = sorted(
    path for path in (ROOT / "static").rglob("*") if path.suffix in (".js", ".css", ".svg", ".html")
)

NAMESPACES = ("http://www.w3.org/",)
"""Names that look like addresses and are never asked."""
HOST = re.compile(r"""(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}[^\s"'<>)]*""", re.IGNORECASE)
STYLE = re.compile(r"""<[^>]*\sstyle\s*=""", re.IGNORECASE)
HANDLER = re.compile(r"""<[a-z][^>]*\son[a-z]+\s*=\s*["']""", re.IGNORECASE)
INLINE = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>|<style\b|javascript:", re.IGNORECASE)
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


def foreign(text: str) -> list[str]:
    return [found for found in HOST.findall(text) if not found.startswith(NAMESPACES)]


def inline(text: str) -> list[str]:
    bare = COMMENT.sub("", text)
    return [match.group() for rule in (STYLE, HANDLER, INLINE) for match in rule.finditer(bare)]


@pytest.mark.parametrize("path", TEMPLATES + STATIC, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_asks_no_other_host(path: Path) -> None:
    assert not foreign(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_needs_no_inline_style_or_script(path: Path) -> None:
    assert not inline(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        '<p class="a" style="color: red">',
        '<a href="#" onclick="go()">',
        "<script>go()</script>",
        '<a href="javascript:go()">',
        "<style>p {}</style>",
    ],
)
def test_inline_things_are_noticed(text: str) -> None:
    assert inline(text)


def test_other_hosts_are_noticed() -> None:
    assert foreign('<script src="//cdn.example.com/x.js">')
    assert foreign("@import url(https://fonts.example.com/css)")
    assert not foreign('<svg xmlns="http://www.w3.org/2000/svg">')
