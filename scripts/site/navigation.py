"""The order of the site's pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

_GUIDES: Final = {
    "Models": [
        *("models", "streams", "settings", "thinking", "tools", "attachments", "structured-output", "errors"),
        *("sync", "formatters", "cards", "transports"),
    ],
    "Voice and vectors": ["embedding", "embeddings-at-scale", "speech", "transcription", "realtime"],
    "Applications": ["agents-and-speech", "conversations", "testing-your-application", "container", "cli"],
    "Coming from": ["migration-from-agentscope", "migration"],
    "Extending": ["add-a-provider", "contract-suite", "add-a-capability"],
}


def navigation(pages: Sequence[str]) -> list[Any]:  # Any: MkDocs' own nested form
    """The navigation over all pages; a guide that no section names comes last in "Applications"."""
    left = {page for page in pages if page.startswith("guides/")}
    guides = []
    for title, names in _GUIDES.items():
        chosen = [f"guides/{name}.md" for name in names if f"guides/{name}.md" in left]
        left -= set(chosen)
        if title == "Applications":
            named = {f"guides/{name}.md" for names in _GUIDES.values() for name in names}
            chosen += sorted(left - named)
        guides.append({title: chosen})
    return [
        {"Start": ["index.md", *(page for page in ("start.md",) if page in pages)]},
        {"Guides": guides},
        {"Examples": _under(pages, "examples/")},
        {"Providers": [*_under(pages, "providers/"), "providers.md"]},
        {"Reference": [*_under(pages, "reference/api/"), "reference/settings.md"]},
        {"Protocols": _under(pages, "protocols/")},
        {
            "Project": [
                "architecture.md",
                "performance.md",
                "reliability.md",
                {"Decisions": _under(pages, "decisions/")},
                *_under(pages, "project/"),
            ]
        },
    ]


def _under(pages: Sequence[str], folder: str) -> list[str]:
    """The pages of a folder, its overview first."""
    found = [page for page in pages if page.startswith(folder)]
    return sorted(found, key=lambda page: (page.rpartition("/")[2] not in ("index.md", "README.md"), page))
