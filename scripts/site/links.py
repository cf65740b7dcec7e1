"""Links of the repository's Markdown, as links of the site."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Set
from typing import Final

from mkdocs.structure.files import File, Files

ROOT_PAGES: Final = {
    "README.md": "index.md",
    "CHANGELOG.md": "project/changelog.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security.md",
}
"""Files beside `docs`, and the pages that show them."""
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?!https?:|mailto:|#)([^)\s#]+)(#[^)\s]*)?\)")
_FENCE = re.compile(r"^(```.*?^```)", re.MULTILINE | re.DOTALL)


def site_links(markdown: str, uri: str, pages: Set[str]) -> str:
    """The page `uri` with links that the site has; of a link to another file of the repository, the text is left."""
    source = next((name for name, page in ROOT_PAGES.items() if page == uri), f"docs/{uri}")
    parts = _FENCE.split(markdown)
    return "".join(part if n % 2 else _replace(part, source, uri, pages) for n, part in enumerate(parts))


def _replace(text: str, source: str, uri: str, pages: Set[str]) -> str:
    def link(found: re.Match[str]) -> str:
        words, target, anchor = found[1], found[2], found[3] or ""
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        page = ROOT_PAGES.get(path) or path.removeprefix("docs/")
        for candidate in (page, f"{page}/index.md", f"{page}/README.md"):
            if candidate in pages:
                return f"[{words}]({posixpath.relpath(candidate, posixpath.dirname(uri) or '.')}{anchor})"
        return words

    return _LINK.sub(link, text)


_PATH = re.compile(r"(?<![\w/\"#])docs/([\w/-]+\.md)(#[\w-]+)?")


def linked_paths(html: str, file: File, files: Files) -> str:
    """The page with links in place of paths like `docs/protocols/gemini.md#usage`; unknown ones are left."""

    def link(found: re.Match[str]) -> str:
        target = files.get_file_from_path(found[1])
        if target is None:
            return found[0]
        return f'<a href="{target.url_relative_to(file)}{found[2] or ""}">{found[0]}</a>'

    return _PATH.sub(link, html)


_BOOSTS: Final = {"guides/": 4.0, "examples/": 2.0, "decisions/": 0.3, "protocols/": 0.5, "project/changelog": 0.2}


def boost_of(uri: str) -> float:
    """How much the search prefers the page."""
    return next((boost for start, boost in _BOOSTS.items() if uri.startswith(start)), 1.0)
