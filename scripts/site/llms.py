"""`llms.txt`: the pages of the site as a list for programs that read text."""

from __future__ import annotations

import re
from typing import Any

from mkdocs.structure.files import Files


def index(nav: list[Any] | None, files: Files) -> str:
    """The list, by section."""
    lines = [
        "# Modelport",
        "",
        "> One neutral model layer over every provider's own wire protocol, without vendor SDKs.",
        "",
    ]
    for section in nav or []:
        for title, pages in section.items():
            lines += [f"## {title}", "", *(_line(files, uri) for uri in _flat(pages)), ""]
    return "\n".join(lines)


def _flat(pages: Any) -> list[str]:  # Any: MkDocs' nested form
    if isinstance(pages, str):
        return [pages]
    if isinstance(pages, dict):
        pages = [page for inner in pages.values() for page in inner]
    return [uri for page in pages for uri in _flat(page)]


def _line(files: Files, uri: str) -> str:
    file = files.get_file_from_path(uri)
    text = file.content_string if file else ""
    title = re.search(r"^# (.+)$", text, re.MULTILINE)
    return f"- [{title[1] if title else uri}]({file.url if file else uri})"
