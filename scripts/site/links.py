"""Links of the repository's Markdown, as links of the site."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Set
from typing import Final

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
