"""Markdown of lessons as safe HTML."""

from __future__ import annotations

from collections.abc import Callable

import nh3
from markdown_it import MarkdownIt

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": False}).enable("table")
_TAGS = {
    *("p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "strong", "em", "code", "pre", "blockquote"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "a", "img"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}


def to_html(text: str, address: Callable[[str], str] | None = None) -> str:
    """Return Markdown as HTML that carries no script, style or foreign tag.

    `address` turns the package path of a picture or link into the address where it is served; without
    it, pictures and links are left out. A heading of the first level becomes one of the third: the
    page has its own two.
    """
    tokens = _MARKDOWN.parse(text.replace("\r\n", "\n"))
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
        for child in token.children or ():
            for name in ("src", "href"):
                target = child.attrGet(name)
                if target is not None:
                    child.attrSet(name, address(str(target)) if address else "")
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return nh3.clean(
        html,
        tags=_TAGS if address else _TAGS - {"a", "img"},
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https"},
        link_rel=None,
    )
