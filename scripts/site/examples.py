"""The programs of an example, as the end of its page."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_LANGUAGES: Final = {".py": "python", ".toml": "toml", ".yaml": "yaml", ".js": "javascript", ".html": "html"}


def programs(folder: Path) -> str:
    """A heading and a block of code for each file; the rest, such as a notebook, is left out."""
    parts = ["\n\n## The files\n"]
    for file in sorted(folder.rglob("*")):
        language = _LANGUAGES.get(file.suffix)
        if language and not any(part.startswith((".", "__")) for part in file.relative_to(folder).parts):
            text = file.read_text(encoding="utf-8").rstrip()
            parts.append(f"### `{file.relative_to(folder).as_posix()}`\n\n````{language}\n{text}\n````\n")
    return "\n".join(parts) if len(parts) > 1 else ""
